"""Space on the disk that is kept for when there is no other: deleting from a file of SQLite needs some first."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from flowbook.whole_files import hand_over

SIZE = 1024 * 1024
"""Bytes: SQLite's index of changes (32 KB), what waited beside the file when a process was killed, and what the
deletion of one large run changes."""

_NO_SPACE = {10: "disk I/O error", 13: "database or disk is full", 14: "unable to open database file"}
"""SQLite's codes of what it says then, also where it makes a file beside: https://www.sqlite.org/rescode.html"""

_PAGES_AT_ONCE = 16


def may_be_full(error: sqlite3.OperationalError) -> bool:
    """Whether that may be for want of space."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code is None:  # Python 3.10 does not tell it
        return str(error).startswith(tuple(_NO_SPACE.values()))
    return code & 0xFF in _NO_SPACE


def is_full(folder: Path) -> bool:
    """Whether the disk of a folder has no space left."""
    with contextlib.suppress(OSError, AttributeError):
        return _free(folder) < SIZE // 4
    return False


def _free(folder: Path) -> int:
    space = os.statvfs(folder)
    return space.f_bavail * space.f_frsize


class Reserve:
    """The file beside the history at ``path`` that holds nothing but its place."""

    def __init__(self, path: Path) -> None:
        self._file = path.with_name(f"{path.name}-reserve")

    def keep(self) -> None:
        """Make it, if there is space for it and as much again."""
        if self._file.exists():
            return
        with contextlib.suppress(OSError, AttributeError):  # a system that does not tell keeps none
            if _free(self._file.parent) > 2 * SIZE:
                _fill(self._file)

    @contextlib.contextmanager
    def given_up(self) -> Iterator[None]:
        """Within, its place is free for others; it is made again afterwards."""
        self._file.unlink(missing_ok=True)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                _fill(self._file)


def _fill(file: Path) -> None:
    unfinished = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as made:
            hand_over(made.fileno(), file.parent)
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(made.fileno(), 0, SIZE)
            else:
                made.write(os.urandom(SIZE))  # what can be packed takes no place
        unfinished.replace(file)
    finally:
        unfinished.unlink(missing_ok=True)


def missing(connection: sqlite3.Connection, path: Path) -> int:
    """How many bytes are missing for bringing into the file what waits beside it; 0 when they are there."""
    size, pages = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_size", "page_count"))
    return max(int(size) * int(pages) - path.stat().st_size - _free(path.parent), 0)


def give_back_in_between(connection: sqlite3.Connection) -> None:
    """Within a transaction: commit it, make the file smaller by what is free, in steps that need little space, and
    begin another one.
    """
    connection.execute("COMMIT")
    _checkpoint(connection)
    can = connection.execute("PRAGMA auto_vacuum").fetchone()[0] == 2
    while can and connection.execute("PRAGMA freelist_count").fetchone()[0]:
        connection.executescript(f"PRAGMA incremental_vacuum({_PAGES_AT_ONCE})")
        _checkpoint(connection)
    connection.execute("BEGIN IMMEDIATE")


def _checkpoint(connection: sqlite3.Connection) -> None:
    with contextlib.suppress(sqlite3.OperationalError):  # there will be more space, or fewer readers, later
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
