"""What is other in a workflow than in the version that was trusted; versions are kept beside the grants for that."""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flowbook.json_text import parse_json
from flowbook.models.documents import hash_of
from flowbook.trust.grants import write_private
from flowbook.whole_files import text_in

FOLDER = "versions"
_HASH = re.compile(r"[0-9a-f]{64}\Z")


def keep_version(folder: Path, document: dict[str, Any]) -> None:
    """Keep what was consented to, so that later it can be said what changed since."""
    path = folder / FOLDER / f"{hash_of(document)}.json"
    if path.exists():
        return
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, json.dumps(document, ensure_ascii=True, sort_keys=True))
    except OSError:
        return  # then the whole of it is shown again, and no differences


def kept_version(folder: Path, hash: str) -> dict[str, Any] | None:
    """What was consented to by that hash; None when it is not there, or is not that any more."""
    if not _HASH.match(hash):
        return None
    try:
        document = parse_json(text_in(os.path.join(folder, FOLDER, f"{hash}.json")))
        return document if isinstance(document, dict) and hash_of(document) == hash else None
    except (OSError, ValueError):
        return None


def changes_between(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """Line by line what was added (+), taken away (-) and changed."""
    before, after = old.get("nodes", {}), new.get("nodes", {})
    yield from (f"+ node {id} ({after[id].get('task')})" for id in after if id not in before)
    yield from (f"- node {id} ({before[id].get('task')})" for id in before if id not in after)
    for id in after:
        if id in before and before[id] != after[id]:
            yield from _of_node(id, before[id], after[id])
    for part in ("edges", "inputs", "code", "workflows"):
        if old.get(part) != new.get(part):
            yield f"{part}:"
            yield from _lines(old.get(part), new.get(part))


def _of_node(id: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) == new.get(name):
            continue
        yield f"node {id}, {name}:"
        yield from _lines(old.get(name), new.get(name))


def _lines(old: Any, new: Any) -> Iterator[str]:
    before, after = _text(old).splitlines(), _text(new).splitlines()
    for line in difflib.unified_diff(before, after, lineterm="", n=1):
        if not line.startswith(("---", "+++", "@@")):
            yield f"  {line}"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)
    return text.replace("\\n", "\n")
