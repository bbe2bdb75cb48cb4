"""The files that SQL may read: each opened by us, for reading, under a name that says nothing of its place.

DuckDB's own ``allowed_paths`` opens a file for writing too, and since version 2 a query can write (COPY in a WITH). So
DuckDB never opens a file of the workspace: it asks this file system, which knows the node's files and nothing else.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from pathlib import Path
from typing import Any

from fsspec.spec import AbstractFileSystem

SCHEME = "flowbook"
_SPECIAL = re.compile(r"[^\w.\- ]")


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
