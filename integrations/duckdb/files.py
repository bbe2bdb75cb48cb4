"""Which files a table is, each inside of the workspace, and what is in them."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from flowbook import TaskFailed, current

from .models import File

MOST_FILES = 10_000
_ENDINGS = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet",
    ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl",
}  # fmt: skip
_PACKED = (".gz", ".zst")


def files_of(pattern: str) -> list[Path]:
    """The files that a path or a pattern names, each inside of the workspace; TaskFailed when there is none."""
    if not glob.has_magic(pattern):
        return [current().file(pattern)]
    found = sorted(_matching(pattern))
    if not found:
        raise TaskFailed(
            f"There is no file like {pattern!r}.", hint="A relative path starts at the workspace's folder."
        )
    if len(found) > MOST_FILES:
        raise TaskFailed(f"More than {MOST_FILES:,} files are like {pattern!r}.", hint="Name fewer.", permanent=True)
    return found


def _matching(pattern: str) -> Iterator[Path]:
    parts = PurePosixPath(pattern.replace(os.sep, "/")).parts
    fixed = next(number for number, part in enumerate(parts) if glob.has_magic(part))
    rest = str(PurePosixPath(*parts[fixed:]))
    if ".." in parts[fixed:]:
        raise TaskFailed(f"{pattern!r} leads out of what it is like.", hint="Leave out the ..", permanent=True)
    base = current().path(str(PurePosixPath(*parts[:fixed])) or ".")
    for number, name in enumerate(glob.iglob(rest, root_dir=base, recursive=True)):
        path = base / name
        if path.is_file() and number <= MOST_FILES:
            yield current().path(str(path))


def format_of(file: File) -> str:
    """What is in a file, by what was said, else by how its name ends."""
    return file.format or format_by(file.path)


def format_by(name: str) -> str:
    """What a file's name tells of its content: csv, parquet, json or jsonl; TaskFailed when it tells nothing."""
    path = PurePosixPath(name.lower())
    ending = PurePosixPath(path.stem).suffix if path.suffix in _PACKED else path.suffix
    if ending not in _ENDINGS:
        hint = "Give its format: csv, parquet, json or jsonl."
        raise TaskFailed(f"The name of {name!r} does not say what is in it.", hint=hint, permanent=True)
    return _ENDINGS[ending]
