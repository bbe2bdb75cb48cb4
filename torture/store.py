"""The store's file changed by something else: bit flips, and every swap of two fields. Nothing changed is used."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

from flowbook.errors import FlowbookError
from flowbook.models import Parameter
from flowbook.workspace import Workspace

FLIPS = 10_000
NAMES = ("One", "Two", "Three")  # in a small part the first two, between which and in which all kinds of swaps are
TASKS = 'def test_connection(credentials):\n    """Try."""\n    return {"success": True, "message": ""}\n'


def run(scale: float, seed: int, folder: Path) -> Iterator[str]:
    """Flip single bits of the file, then swap each field of the integrations with each other one."""
    names = NAMES[:2] if scale < 0.1 else NAMES
    ws = _made(folder, names)
    path = folder / ".flowbook" / "flowbook.json"
    content = path.read_bytes()
    expected = {name: ws.credentials.of(name)[0] for name in names}
    some = random.Random(seed)
    ends = {"refused": 0, "as it was": 0}
    for _ in range(int(FLIPS * scale)):
        changed = bytearray(content)
        place = some.randrange(len(changed) * 8)
        changed[place // 8] ^= 1 << place % 8
        for end, count in _used(ws, path, bytes(changed), expected, f"bit {place}").items():
            ends[end] += count
    uses = f"{ends['refused']:,} uses refused, {ends['as it was']:,} as it was, 0 changed"
    yield f"{int(FLIPS * scale):,} bit flips: {uses}"
    document = json.loads(content)
    swaps = refused = 0
    for first, second in combinations(list(_places(document)), 2):
        swapped = json.loads(content)
        one, two = _at(swapped, first), _at(swapped, second)
        if one == two:
            continue
        _put(swapped, first, two)
        _put(swapped, second, one)
        swaps += 1
        ends = _used(ws, path, json.dumps(swapped).encode(), expected, f"{first} with {second}")
        refused += ends["refused"] > 0
    path.write_bytes(content)
    ws.close()
    yield f"{swaps:,} swaps of two fields: {refused:,} refused, the others without effect, 0 used"


def _made(folder: Path, names: tuple[str, ...]) -> Workspace:
    (folder / "integrations" / "plain").mkdir(parents=True)
    (folder / "integrations" / "plain" / "tasks.py").write_text(TASKS)
    ws = Workspace(folder)
    ws.create_type("plain", [Parameter(name=name, type=kind) for name, kind in _FIELDS])
    for name in names:
        ws.create_integration(name, "plain", {field: f"https://{name}.example/{field}" for field, _ in _FIELDS})
    return ws


_FIELDS: tuple[tuple[str, Any], ...] = (
    ("token", "password"),
    ("spare", "password"),
    ("base_url", "url"),
    ("note", "text"),
)


def _used(ws: Workspace, path: Path, content: bytes, expected: dict[str, Any], what: str) -> dict[str, int]:
    """Use every integration of the changed store: each use is refused, or gives what was saved under that name."""
    path.write_bytes(content)
    ws.store.reload()
    ends = {"refused": 0, "as it was": 0}
    for name, was in expected.items():
        try:
            values = ws.credentials.of(name)[0]
        except FlowbookError:
            ends["refused"] += 1
            continue
        assert values == was, f"{name} was used as it was changed: {what}"
        ends["as it was"] += 1
    return ends


def _places(document: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Every field of every integration's record."""
    for id, record in document["integrations"].items():
        yield from (("integrations", id, name) for name in ("name", "revision", "saved_at", "document"))
        for name, value in record["document"].items():
            yield ("integrations", id, "document", name)
            if isinstance(value, dict):
                for field, sealed in value.items():
                    yield ("integrations", id, "document", name, field)
                    if isinstance(sealed, dict):
                        yield from (("integrations", id, "document", name, field, part) for part in sealed)


def _at(document: Any, place: tuple[str, ...]) -> Any:
    for name in place:
        document = document[name]
    return document


def _put(document: Any, place: tuple[str, ...], value: Any) -> None:
    for name in place[:-1]:
        document = document[name] if isinstance(document, dict) and name in document else {}
    if isinstance(document, dict):
        document[place[-1]] = json.loads(json.dumps(value))
