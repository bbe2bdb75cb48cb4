"""A file of SQLite that a connection is kept to, and what is to be done when it is not there any more.

It may be moved away, or another one be brought in its place, beside a process that goes on: what that wrote then would
be in a file which nobody can reach. The changes that wait beside a file (``-wal``) go by its name, so SQLite would take
them for those of the next one there: https://sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flowbook.whole_files import make_empty


class KeptFile:
    """The file at ``path``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: object = None
        self._waiting: object = None

    def connected(self) -> None:
        """Remember which file it is; a connection to it was just made."""
        self._file, self._waiting = _identity(self._path), _identity(_beside(self._path, "-wal"))

    @property
    def is_another(self) -> bool:
        """Whether what is there now, if anything, is not what was connected to."""
        return _identity(self._path) != self._file

    def let_go(self, connection: sqlite3.Connection) -> None:
        """Close the connection to a file that is not there any more, with all in it that belongs in it."""
        with contextlib.suppress(sqlite3.Error):
            if not self._path.exists():  # else others may have changes waiting there, for another file, by now
                connection.execute("PRAGMA wal_checkpoint").fetchall()
        connection.close()
        if self._waiting is not None and _identity(_beside(self._path, "-wal")) == self._waiting:
            _forget_waiting(self._path)


def tidy(path: Path) -> None:
    """Delete the changes that wait for a file which was moved away without them; before another one is made."""
    # In this order: who makes a file has it before there are changes to it.
    if _beside(path, "-wal").exists() and not path.exists():
        _forget_waiting(path)


def _forget_waiting(path: Path) -> None:
    for ending in ("-wal", "-shm"):
        _beside(path, ending).unlink(missing_ok=True)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _identity(path: Path) -> object:
    """Which file it is; None when there is none."""
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_dev, state.st_ino


def connected(target: str, prepare: Callable[[sqlite3.Connection], None], **settings: Any) -> sqlite3.Connection:
    """A connection that is prepared, for threads that take turns at it; ``settings`` as of ``sqlite3.connect``."""
    connection: sqlite3.Connection = sqlite3.connect(target, check_same_thread=False, **settings)
    try:
        prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def make_whole(path: Path, connect: Callable[[str], sqlite3.Connection]) -> None:
    """Make a file of SQLite, which ``connect`` gives its schema, at once: another process never meets one half made.

    While a file gets its schema and turns to WAL, SQLite waits for nobody: "database is locked" comes at once.
    """
    tidy(path)
    new = path.with_name(f"{path.name}.{uuid.uuid4().hex}.new")
    try:
        make_empty(new, 0o644)
        connect(str(new)).close()
        try:
            os.link(new, path)
        except FileExistsError:
            pass  # another process was faster
        except OSError:  # a file system without links
            if not path.exists():
                new.replace(path)
    finally:
        for name in (new.name, f"{new.name}-wal", f"{new.name}-shm"):
            new.with_name(name).unlink(missing_ok=True)
