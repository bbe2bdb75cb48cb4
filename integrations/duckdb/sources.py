"""The files that SQL may read: each opened by us, for reading, under a name that says nothing of its place.

DuckDB's own ``allowed_paths`` opens a file for writing too, and since version 2 a query can write (COPY in a WITH). So
DuckDB never opens a file of the workspace: it asks this file system, which knows the node's files and nothing else.
"""

from __future__ import annotations

import datetime as dt
import glob
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from fsspec.spec import AbstractFileSystem

from flowbook import TaskFailed, current

from .models import File

SCHEME = "flowbook"
MOST_FILES = 10_000
_SPECIAL = re.compile(r"[^\w.\- ]")
_ENDINGS = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet",
    ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl",
}  # fmt: skip
_PACKED = (".gz", ".zst")


class Sources(AbstractFileSystem):  # type: ignore[misc]
    """A file system with the files of :meth:`add` in it, to be read."""

    protocol = SCHEME
    cachable = False

    def __init__(self) -> None:
        super().__init__()
        self._files: dict[str, Path] = {}

    def add(self, path: Path) -> str:
        """The address under which a file can be read from now on."""
        name = f"{len(self._files)}/{_SPECIAL.sub('_', path.name)}"
        self._files[name] = path
        return f"{SCHEME}://{name}"

    def addresses(self) -> list[str]:
        """All of them."""
        return [f"{SCHEME}://{name}" for name in self._files]

    def open(self, path: str, mode: str = "rb", *args: Any, **options: Any) -> io.FileIO:
        """The file, open to be read; PermissionError for anything else."""
        if mode != "rb":
            raise PermissionError("The files of a query are read, never written.")
        return _Reading(self._of(path))

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        """Its size in bytes, and when it was changed."""
        found = self._of(path).stat()
        return {"name": path, "size": found.st_size, "type": "file", "mtime": found.st_mtime}

    def exists(self, path: str, **options: Any) -> bool:
        """Whether it is one of the files."""
        return _name(path) in self._files

    def glob(self, path: str, **options: Any) -> list[str]:
        """The file itself: names hold no pattern."""
        return [path] if self.exists(path) else []

    def modified(self, path: str) -> dt.datetime:
        """When it was changed."""
        return dt.datetime.fromtimestamp(self._of(path).stat().st_mtime, dt.timezone.utc)

    def _of(self, path: str) -> Path:
        found = self._files.get(_name(path))
        if found is None:
            raise FileNotFoundError(path)
        return found


class _Reading(io.FileIO):
    """A file that closes itself: DuckDB lets go of files without a word."""

    def __del__(self) -> None:
        self.close()


def _name(path: str) -> str:
    return path.removeprefix(f"{SCHEME}://").lstrip("/")


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
