"""The SQLite file of the history."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import shutil
import sqlite3
import tempfile
import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from flowbook.errors import StoreDamaged, StoreError
from flowbook.journal.batches import Batch, Batches, Busy, Hurried, never, settled
from flowbook.journal.kept import KeptFile, connected, make_whole
from flowbook.journal.reserve import Reserve, give_back_in_between, is_full, may_be_full, missing
from flowbook.journal.schema import SCHEMA_VERSION, STEPS
from flowbook.journal.statements import STATEMENTS, Row, Usual
from flowbook.journal.tables import Connection, Space, asked

BUSY_SECONDS = 0.1
"""How long SQLite waits at a time for a file that another process has locked."""
_SQLITE_BUSY = 5
Found = TypeVar("Found")


class DiskFull(StoreError):
    """There may be no space to write in."""


_USUAL = (
    Usual(90, kind="none", data=None, handled=0, params=None, source="run", reuse=None, worker=""),
    Usual(80, handled=0, source="run", reuse=None, worker=""),
)
"""Rows of ended nodes of which one statement inserts many: the interpreter's lock is handed over once for all of them.

SQLite before 3.32 takes 999 values a statement."""


def _is_busy(error: sqlite3.OperationalError) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # Python 3.10 tells only SQLite's name for it: https://www.sqlite.org/rescode.html#busy
        return str(error) == "database is locked"
    return bool(code & 0xFF == _SQLITE_BUSY)


class Database(Batches):
    """The journal's SQLite file at ``path``, made when it is first needed; in memory when ``path`` is None."""

    def __init__(self, path: Path | None) -> None:
        super().__init__()
        self.path = path
        self.read_only = False
        self._copied: object = None
        self._forget_copy: Callable[[], object] = never
        self._connection: sqlite3.Connection | None = None
        self._file = None if path is None else KeptFile(path)
        self._reserve = None if path is None else Reserve(path)
        self._full: sqlite3.OperationalError | None = None

    def _commit(self) -> None:
        batch = self._taken()
        if not batch:
            return
        try:
            self._insert(batch)
        except StoreError:
            for kind, rows in batch.items():
                self._waits[kind].extendleft(reversed(rows))
            raise

    @contextlib.contextmanager
    def transaction(self, hurried: Hurried = never) -> Iterator[sqlite3.Connection]:
        """The connection, inside a transaction of its own; what waited was written before."""
        self._patiently(self._begin, hurried)
        try:
            connection = self._open()
            with self._errors(), connection:
                yield connection
        finally:
            self._db.release()

    def _begin(self) -> None:
        """Begin a transaction, and keep the lock of the database for it."""
        self._commit()
        with self._errors():
            if self._full is not None:
                self._let_go()  # there may be space by now
            connection = self._open()
            if self._full is not None:
                raise self._full
            if self.read_only:
                raise StoreError(
                    f"the run history {self.path} cannot be written.",
                    "Use a folder that you may write to, or Workspace(memory=True) to keep nothing.",
                )
            connection.execute("BEGIN IMMEDIATE")  # what is looked at is still so when it is changed
            self._db.acquire()

    def deleting(self, act: Callable[[sqlite3.Connection, Callable[[], object]], Found]) -> Found:
        """See :class:`~flowbook.journal.tables.Tables`. On a full disk it is done again in the space that was kept for
        that, and then step by step.
        """
        try:
            with self.transaction() as connection:
                connection.execute("PRAGMA secure_delete = FAST")  # what goes need not be written once more
                return act(connection, lambda: None)
        except DiskFull:
            if self._reserve is None:
                raise
        with self._reserve.given_up():
            try:
                with self.transaction() as connection:
                    connection.execute("PRAGMA secure_delete = FAST")
                    self._check_space(connection)
                    give_back_in_between(connection)
                    return act(connection, functools.partial(give_back_in_between, connection))
            finally:
                with self._db:
                    self._let_go()  # the index of changes and these themselves take space too

    def _check_space(self, connection: sqlite3.Connection) -> None:
        lacking = missing(connection, self.path) if self.path is not None else 0
        if lacking:
            raise StoreError(
                f"the disk is full, and the run history {self.path} has changes that wait beside it.",
                f"Make {lacking / 1e6:,.1f} MB free elsewhere on that disk; then 'flowbook runs prune' makes more.",
            )

    def keep_reserve(self) -> None:
        """Keep the space that deleting on a full disk needs."""
        if self._reserve is not None and self.path is not None and self.path.exists() and not self.read_only:
            self._reserve.keep()

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection, self.read_only, self._full = None, False, None
        self._forget_copy()

    def number_on(self, connection: Connection) -> None:
        """SQLite always does."""

    def give_back(self, *, rewrite: bool) -> None:
        """Make the file smaller by what is free in it, unless another process uses it just now."""
        with self._db:
            connection = self._open()
            with contextlib.suppress(sqlite3.OperationalError):  # locked, or no space to rewrite it in: another time
                _give_back(connection, rewrite=rewrite)

    def space(self, connection: Connection) -> Space:
        """What the runs take up in the file, while some are deleted."""
        return _Pages(connection)

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """The rows of a query, including all that was appended before."""
        found: list[sqlite3.Row] = []

        def read() -> None:
            self._commit()
            with self._errors():
                if self.path is None or self._connection is not None or self.path.exists():
                    found.extend(self._open().execute(sql, asked(values)))

        self._patiently(read, never)
        return found

    def close(self) -> None:
        """Write what waits and close the file, even when that cannot be written: StoreError then."""
        try:
            self.commit(lambda: self._in_haste)
        finally:
            with self._db:
                with self._lock:
                    self._closed = True
                    self._filled.notify_all()
                if self._connection is not None:
                    self._connection.close()
                    self._connection = None

    def _insert(self, batch: Batch, connection: sqlite3.Connection | None = None) -> None:
        by_kind = settled(batch)
        with self._errors():
            connection = connection or self._open()
            with connection:
                for kind, sql in STATEMENTS.items():
                    given = by_kind.get(kind, [])
                    if kind == "finished":
                        given = _insert_together(connection, given)
                    if given:
                        connection.executemany(sql, given)

    def renew(self) -> None:
        """See :class:`~flowbook.journal.tables.Tables`: a file that was moved away, or replaced, is let go of."""
        with self._db:
            connection = self._connection
            if connection is None or self.read_only or self.going or connection.in_transaction:
                return
            if self._file is not None and self._file.is_another:
                with contextlib.suppress(StoreError):
                    if batch := self._taken():
                        self._insert(batch, connection)  # of runs that ended there
                self._file.let_go(connection)
                self._connection = None

    def _open(self) -> sqlite3.Connection:
        self.renew()
        if self.read_only and self._connection is not None and self.path and _stamp(self.path) != self._copied:
            self._let_go()  # others have written, or it may be written now
        if self._connection is None:
            connection = self._connect(":memory:") if self.path is None else self._connect_to(self.path)
            # A workspace that is dropped without a word lets go of its file all the same.
            weakref.finalize(self, connection.close).atexit = False
            self._connection = connection
            if self._file is not None:
                self._file.connected()
            self._closed = False
        return self._connection

    def _connect_to(self, path: Path) -> sqlite3.Connection:
        if not path.exists():
            self._make(path)
        elif not path.is_file():
            raise StoreError(f"the run history {path} cannot be used: it is no file.", "Move away what is there.")
        elif not path.stat().st_size:
            raise StoreDamaged(
                f"the run history {path} is empty: what was in it is lost.",
                "Bring it back from a copy, or move the file away to start a new history; workflows are not in it.",
            )
        if _writable(path):
            try:
                return self._connect(str(path))
            except sqlite3.OperationalError as error:
                if not may_be_full(error):
                    raise
                self._full = error
        self.read_only, self._copied = True, _stamp(path)
        return self._glimpse(path)

    def _glimpse(self, path: Path) -> sqlite3.Connection:
        """A connection that only reads: SQLite needs to write beside a file in order to read it safely."""
        waiting = path.with_name(f"{path.name}-wal")
        if self._full is not None and not (waiting.exists() and waiting.stat().st_size):
            return self._connect(f"{path.as_uri()}?immutable=1")
        try:
            return self._connect(str(self._copy(path)))
        except OSError as error:
            raise self._full or error from None

    def _copy(self, path: Path) -> Path:
        folder = tempfile.TemporaryDirectory(prefix="flowbook-")
        self._forget_copy = weakref.finalize(self, folder.cleanup)
        for name in (path.name, f"{path.name}-wal"):
            if (path.parent / name).exists():
                shutil.copyfile(path.parent / name, Path(folder.name) / name)
        return Path(folder.name) / path.name

    def _make(self, path: Path) -> None:
        """Make the file with its schema, and what is kept beside it for a full disk."""
        make_whole(path, self._connect)
        self.keep_reserve()

    def _connect(self, target: str) -> sqlite3.Connection:
        return connected(target, self._prepare, timeout=BUSY_SECONDS, uri=target.startswith("file:"))

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.row_factory = sqlite3.Row
        # A text that is none is the problem of whoever reads it, not of all that is read with it.
        connection.text_factory = functools.partial(str, encoding="utf-8", errors="replace")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if not version:  # a new file: in another it has no effect, and is written all the same
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        if self.path is not None:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"the run history {self.path} was written by a newer Flowbook (format {version}).", "Update Flowbook."
            )
        if version < SCHEMA_VERSION:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                version = connection.execute("PRAGMA user_version").fetchone()[0]  # another process may have been first
                for step in STEPS[version:]:
                    step(connection)
                connection.execute(f"PRAGMA user_version = {max(version, SCHEMA_VERSION)}")

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            kind = Busy if _is_busy(error) else DiskFull if may_be_full(error) else StoreError
            full = kind is DiskFull and self.path is not None and is_full(self.path.parent)
            raise kind(
                f"the run history {self.path} cannot be used: {'the disk is full' if full else error}.",
                "Check the folder's permissions and free space (flowbook runs prune makes some). To keep nothing at "
                "all: FLOWBOOK_MEMORY_ONLY=1, or Workspace(memory=True).",
            ) from None
        except sqlite3.DatabaseError as error:
            raise StoreDamaged(
                f"the run history {self.path} is damaged: {error}.",
                "Nothing was overwritten. Move the file away to start a new history; workflows are not in it.",
            ) from None


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)


def _stamp(path: Path) -> object:
    """What changes when a history that cannot be written is written by others, or can be."""
    found: list[object] = [_writable(path)]
    for name in (path.name, f"{path.name}-wal"):
        with contextlib.suppress(OSError):
            state = path.with_name(name).stat()
            found.append((name, state.st_mtime_ns, state.st_size, state.st_ino))
    return found


def _insert_together(connection: sqlite3.Connection, rows: list[Row]) -> list[Row]:
    """Insert rows of ended nodes, many with each statement; those that are left over."""
    for usual in _USUAL:
        fitting = [row for row in rows if usual.fits(row)]
        left = [row for row in rows if not usual.fits(row)] if len(fitting) < len(rows) else []
        whole = len(fitting) - len(fitting) % usual.rows
        for begin in range(0, whole, usual.rows):
            own = map(usual.own, fitting[begin : begin + usual.rows])
            connection.execute(usual.statement, list(itertools.chain.from_iterable(own)))
        rows = fitting[whole:] + left
    return rows


class _Pages:
    """The pages of the file that hold something."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def used(self) -> int:
        """How many bytes of the file hold something."""
        size, pages, free = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_size", "page_count", "freelist_count")
        )
        return int(size * (pages - free))

    def deleted(self, number: int) -> None:
        """A run was deleted: the file tells by itself."""


def _give_back(connection: sqlite3.Connection, *, rewrite: bool) -> None:
    """Make the file smaller by what is free in it.

    A file that Flowbook 0.1 made can only be rewritten as a whole, once: that is done with ``rewrite``.
    """
    free: int = connection.execute("PRAGMA freelist_count").fetchone()[0]
    if not free:
        return
    if connection.execute("PRAGMA auto_vacuum").fetchone()[0] == 2:
        connection.executescript("PRAGMA incremental_vacuum")  # which, unlike execute, goes on to the last page
    elif rewrite:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("VACUUM")
    else:
        return
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
