"""Folders that are made of something (an API's description, a server's tools), and renewed when that changes.

What was made stands in a folder of its own, beside what people write, with a record of what it was made of.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowbook.errors import AlreadyExists, FileFormatError, InputError, NotFound
from flowbook.formats.files import replace_file
from flowbook.json_text import parse_json


@dataclass(frozen=True)
class Made:
    """What was written: the files, the names of the tasks, and what could not be made into one, and why."""

    files: tuple[Path, ...]
    tasks: tuple[str, ...]
    left_out: tuple[str, ...]


def check_new(folder: Path) -> None:
    """Raises AlreadyExists when the folder is there."""
    if folder.exists():
        raise AlreadyExists(f"{folder} is there already.", "Choose another name, or renew it with --update.")


def record_of(folder: Path, path: str, what: str) -> dict[str, Any]:
    """The record at ``path`` in ``folder``, which was made of a ``what``; none of its files was edited since.

    Raises NotFound without a record, FileFormatError for a damaged one, and InputError for an edited file.
    """
    try:
        record = parse_json((folder / path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound(f"folder made of a {what}", folder.name, hint="Make it, without --update.") from None
    except (OSError, ValueError):
        record = None
    if not isinstance(record, dict) or not isinstance(record.get("files"), dict) or "source" not in record:
        raise FileFormatError(f"{folder / path}: is damaged.", "Make the folder anew under another name.")
    edited = [name for name, digest in record["files"].items() if _digest(folder / name) not in (digest, "")]
    if edited:
        raise InputError(
            f"{folder / edited[0]} was edited since it was made, and would be lost.",
            "Move what you wrote into tasks.py, delete the file, and try again.",
        )
    return record


def write_folder(
    folder: Path, path: str, facts: Mapping[str, Any], made: Mapping[str, str], own: Mapping[str, str]
) -> tuple[Path, ...]:
    """Write the texts of ``made`` with their record at ``path``, which says the ``facts``, and those of ``own``."""
    digests = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in made.items()}
    record = json.dumps({**facts, "files": digests}, indent=2, ensure_ascii=False) + "\n"
    texts = {**made, path: record, **own}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        replace_file(folder / name, text)
    return tuple(folder / name for name in sorted(texts))


def _digest(path: Path) -> str:
    """The SHA-256 of a file; "" when it is not there."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
