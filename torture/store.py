"""The store's file changed by something else: bit flips, every swap of two fields or records, every part of it taken
away or put in from elsewhere. Nothing changed is used, nor made ours by the next save."""

from __future__ import annotations

import contextlib
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
SOME = 0.2  # in a small part, of the swaps of what has not the same name
TASKS = 'def test_connection(credentials):\n    """Try."""\n    return {"success": True, "message": ""}\n'


def run(scale: float, seed: int, folder: Path) -> Iterator[str]:
    """Flip single bits of the file, then swap each field of the integrations with each other one."""
    names = NAMES[:2] if scale < 0.1 else NAMES
    other = _made(folder / "other", names)
    strange = json.loads((folder / "other" / ".flowbook" / "flowbook.json").read_bytes())
    other.close()
    ws = _made(folder, names)
    path = folder / ".flowbook" / "flowbook.json"
    earlier = json.loads(path.read_bytes())
    for name in names:
        ws.update_integration(name, {field: f"https://{name}.example/new/{field}" for field, _ in _FIELDS})
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
        if scale < 0.1 and first[-1] != second[-1] and some.random() > SOME:
            continue
        swapped = json.loads(content)
        one, two = _at(swapped, first), _at(swapped, second)
        if one == two:
            continue
        _put(swapped, first, two)
        _put(swapped, second, one)
        swaps += 1
        ends = _used(ws, path, json.dumps(swapped).encode(), expected, f"{first} with {second}")
        refused += ends["refused"] > 0
    yield f"{swaps:,} swaps of two fields or records: {refused:,} refused, the others without effect, 0 used"
    ends = {"refused": 0, "as it was": 0}
    changes = 0
    for what, changed in _parts(document, {"earlier": earlier, "of another store": strange}):
        changes += 1
        for end, count in _used(ws, path, json.dumps(changed).encode(), expected, what, saving=True).items():
            ends[end] += count
    path.write_bytes(content)
    ws.close()
    uses = f"{ends['refused']:,} uses refused, {ends['as it was']:,} as it was, 0 changed"
    yield f"{changes:,} parts taken away or put in from elsewhere, with a save after each: {uses}"


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


def _used(
    ws: Workspace, path: Path, content: bytes, expected: dict[str, Any], what: str, *, saving: bool = False
) -> dict[str, int]:
    """Use every integration of the changed store: each use is refused, or gives what was saved under that name.

    With ``saving`` something is saved then, and each is used again.
    """
    path.write_bytes(content)
    ws.store.reload()
    ends = {"refused": 0, "as it was": 0}
    for number, (name, was) in enumerate([*expected.items(), *expected.items()] if saving else expected.items()):
        if number == len(expected):
            with contextlib.suppress(FlowbookError):
                ws.create_integration("New", "plain", {"token": "tok-of-the-new-one"})
        try:
            values = ws.credentials.of(name)[0]
        except FlowbookError:
            ends["refused"] += 1
            continue
        assert values == was, f"{name} was used as it was changed: {what}"
        ends["as it was"] += 1
    return ends


def _places(document: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Every integration's record, and every field of it."""
    for id, record in document["integrations"].items():
        yield ("integrations", id)
        yield from (("integrations", id, name) for name in ("name", "revision", "saved_at", "document"))
        for name, value in record["document"].items():
            yield ("integrations", id, "document", name)
            if isinstance(value, dict):
                for field, sealed in value.items():
                    yield ("integrations", id, "document", name, field)
                    if isinstance(sealed, dict):
                        yield from (("integrations", id, "document", name, field, part) for part in sealed)


def _parts(document: dict[str, Any], others: dict[str, dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(what was done, the store's document) with each part taken away, and with each as another document has it.

    The parts are those of integrations, put in under the id of the one of that name here, too, and the store's own
    documents.
    """
    ids = {record["name"]: id for id, record in document["integrations"].items()}
    own = [("meta", key, *rest) for key in document["meta"] for rest in ((), ("value",))]
    seals = _seals(document)
    for place in [*_places(document), *own]:
        changed = json.loads(json.dumps(document))
        del _at(changed, place[:-1])[place[-1]]
        yield f"{place} taken away", changed
    for keys in ([], *([key] for key in seals), seals):
        for held in ({}, {"token": "tok-of-somebody-else"}):
            changed = json.loads(json.dumps(document))
            for key in keys:
                del changed["meta"][key]
            for record in changed["integrations"].values():
                record["document"]["fields"].update(base_url="https://evil.example", **held)
            yield f"meta {keys} taken away, {held}", changed
    for whose, other in others.items():
        here = {id: ids[record["name"]] for id, record in other["integrations"].items()}
        for place in _places(other):
            changed = json.loads(json.dumps(document))
            _put(changed, place, _at(other, place))
            yield f"{place} {whose}", changed
            changed = json.loads(json.dumps(document))
            _put(changed, (place[0], here[place[1]], *place[2:]), _at(other, place))
            yield f"{place} {whose}, under its id here", changed
        for key, there in zip(seals, _seals(other), strict=True):
            changed = json.loads(json.dumps(document))
            changed["meta"][key]["value"] = other["meta"][there]["value"]
            yield f"{changed['meta'][key]['key']} {whose}", changed


def _seals(document: dict[str, Any]) -> list[str]:
    """Under what keys the vault's header and the signature are, in that order."""
    keys = {row["key"]: key for key, row in document["meta"].items()}
    return [keys["vault"], keys["seals"]]


def _at(document: Any, place: tuple[str, ...]) -> Any:
    for name in place:
        document = document[name]
    return document


def _put(document: Any, place: tuple[str, ...], value: Any) -> None:
    for name in place[:-1]:
        document = document[name] if isinstance(document, dict) and name in document else {}
    if isinstance(document, dict):
        document[place[-1]] = json.loads(json.dumps(value))
