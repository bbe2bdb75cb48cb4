"""What lists show of the folders that come with Flowbook: ``flowbook/catalog/shipped/``, a file for each."""

from __future__ import annotations

import json
from pathlib import Path

from flowbook.catalog.briefs import SHIPPED, shipped_document
from flowbook.catalog.loading import Snapshot, stamp_of
from generating.integrations import built_in

_AGAIN = "run: python docs/generate.py"


def briefs() -> dict[Path, str]:
    """The files: their path → their content."""
    made = {}
    for folder in built_in():
        document = shipped_document(folder, Snapshot.read(folder.path, stamp_of(folder.path)))
        text = json.dumps(document, ensure_ascii=False, indent=1)
        made[SHIPPED / f"{folder.name}.json"] = text + "\n"
    return made


def write_briefs() -> None:
    """Write those that changed, and take away those of folders that are gone."""
    made = briefs()
    SHIPPED.mkdir(exist_ok=True)
    for path in set(SHIPPED.glob("*.json")) - made.keys():
        path.unlink()
    for path, text in made.items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def stale_briefs() -> list[str]:
    """Those that are no longer what they should be, each with what to do."""
    made = briefs()
    kept = {path: path.read_text(encoding="utf-8") for path in SHIPPED.glob("*.json")}
    changed = sorted(path.stem for path in made.keys() | kept.keys() if made.get(path) != kept.get(path))
    return [
        f"flowbook/catalog/shipped/{name}.json is not what integrations/{name} says now. {_AGAIN}" for name in changed
    ]
