"""The tables of what starts runs, and one transaction at a time over them.

The SQL above this module is the same for every database: ``?`` stands for a value, conflicts are told by
``ON CONFLICT``, and :attr:`Rows.skip_locked` is what a query says that takes rows away from others.
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from flowbook.errors import StoreDamaged, StoreError
from flowbook.journal.kept import KeptFile, connected, make_whole
from flowbook.journal.tables import asked

PATIENCE_SECONDS = 30.0
"""How long a file is waited for that another process has locked."""

SCHEMA = (
    "CREATE TABLE schedules (id TEXT PRIMARY KEY, workflow TEXT NOT NULL, cron TEXT NOT NULL, zone TEXT NOT NULL,"
    " inputs TEXT NOT NULL, if_running TEXT NOT NULL, catch_up TEXT NOT NULL, paused INTEGER NOT NULL,"
    " upto DOUBLE PRECISION NOT NULL, next_at DOUBLE PRECISION NOT NULL)",
    "CREATE TABLE fires (schedule TEXT NOT NULL, due_at DOUBLE PRECISION NOT NULL, run TEXT NOT NULL,"
    " how TEXT NOT NULL, PRIMARY KEY (schedule, due_at))",
    "CREATE TABLE queue (run TEXT PRIMARY KEY, workflow TEXT NOT NULL, inputs TEXT NOT NULL, source TEXT NOT NULL,"
    " schedule TEXT, if_running TEXT NOT NULL, status TEXT NOT NULL, queued_at DOUBLE PRECISION NOT NULL,"
    " owner TEXT NOT NULL, outcome TEXT NOT NULL, code INTEGER, message TEXT NOT NULL, ended_at DOUBLE PRECISION)",
    "CREATE INDEX queue_by_status ON queue (status, queued_at)",
    "CREATE INDEX queue_by_source ON queue (source, queued_at)",
    # Whatever servers do at the same moment: of one schedule no two runs are ever taken.
    "CREATE UNIQUE INDEX one_of_a_schedule ON queue (schedule) WHERE status = 'taken'",
    "CREATE TABLE hooks (id TEXT PRIMARY KEY, workflow TEXT NOT NULL, kind TEXT NOT NULL, respond TEXT NOT NULL,"
    " digest TEXT NOT NULL, sealed TEXT NOT NULL)",
    "CREATE TABLE deliveries (hook TEXT NOT NULL, delivery TEXT NOT NULL, run TEXT NOT NULL,"
    " at DOUBLE PRECISION NOT NULL, PRIMARY KEY (hook, delivery))",
)
VERSION = 1


class Taken(Exception):
    """Another one was faster: the row is there already, or is somebody's."""


class Transaction(Protocol):
    """One transaction; all of it, or nothing, takes effect."""

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> int:
        """Carry out a statement; how many rows it changed. Raises Taken for a row that may not be there twice."""

    def read(self, sql: str, values: Sequence[Any] = (), /) -> list[Mapping[str, Any]]:
        """The rows of a query."""


class Rows(Protocol):
    """The tables, wherever they are. Every method may raise StoreError."""

    @property
    def skip_locked(self) -> str:
        """What ends a query for rows to be changed: those that others are about to change are not among them."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """A transaction: written for good when the block ends, undone when it raises."""

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[Mapping[str, Any]]:
        """The rows of a query; none where nothing was ever written."""

    def close(self) -> None:
        """Let go of all that is held; it may be used again."""


class _Sqlite:
    """A transaction of SQLite."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, values: Sequence[Any] = ()) -> int:
        try:
            return self._connection.execute(sql, asked(values)).rowcount
        except sqlite3.IntegrityError as error:
            raise Taken(str(error)) from None

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[Mapping[str, Any]]:
        return [dict(row) for row in self._connection.execute(sql, asked(values))]


class SqliteRows:
    """The tables in the SQLite file ``path``, made when something is first written; in memory when it is None.

    What is committed has reached the disk (``synchronous = FULL``): it is acknowledged to others then.
    """

    skip_locked = ""  # whoever writes has the file for himself

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._file = None if path is None else KeptFile(path)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """See :class:`Rows`."""
        with self._lock, self._errors():
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield _Sqlite(connection)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[Mapping[str, Any]]:
        """See :class:`Rows`."""
        with self._lock, self._errors():
            self._renew()
            if self._connection is None and self._path is not None and not self._path.exists():
                return []
            return _Sqlite(self._open()).read(sql, values)

    def close(self) -> None:
        """See :class:`Rows`."""
        with self._lock:
            if self._connection is not None and self._path is not None:
                self._connection.close()
                self._connection = None

    def _renew(self) -> None:
        """Let go of a file that was moved away, or replaced."""
        connection = self._connection
        if self._file is None or connection is None or connection.in_transaction or not self._file.is_another:
            return
        self._file.let_go(connection)
        self._connection = None

    def _open(self) -> sqlite3.Connection:
        self._renew()
        if self._connection is None:
            if self._path is not None and not self._path.exists():
                make_whole(self._path, self._connect)
            connection = self._connect(":memory:" if self._path is None else str(self._path))
            weakref.finalize(self, connection.close).atexit = False
            self._connection = connection
            if self._file is not None:
                self._file.connected()
        return self._connection

    def _connect(self, target: str) -> sqlite3.Connection:
        return connected(target, self._prepare, timeout=PATIENCE_SECONDS, isolation_level=None)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.row_factory = sqlite3.Row
        if self._path is not None:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        if connection.execute("PRAGMA user_version").fetchone()[0] == VERSION:
            return
        connection.execute("BEGIN IMMEDIATE")
        version = connection.execute("PRAGMA user_version").fetchone()[0]  # another process may have been first
        if version > VERSION:
            connection.execute("ROLLBACK")
            raise StoreError(f"{self._path} was written by a newer Flowbook (format {version}).", "Update Flowbook.")
        if version < VERSION:
            for statement in SCHEMA:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise StoreError(
                f"schedules, hooks and the queue ({self._path}) cannot be used: {error}.",
                "Check the folder's permissions and free space.",
            ) from None
        except sqlite3.DatabaseError as error:
            raise StoreDamaged(
                f"{self._path}, with schedules, hooks and the queue, is damaged: {error}.",
                "Nothing was overwritten. Bring it back from a copy, or move it away and add them again.",
            ) from None
