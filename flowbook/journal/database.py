"""The SQLite file and its one writer.

Rows wait in a buffer and are committed together: by a writer thread a moment after the first of them came, or at once
by whoever calls :meth:`Database.commit`. So thousands of quick nodes cost a few commits, and order is kept. The thread
is there only while there is something to write.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import shutil
import sqlite3
import tempfile
import threading
import time
import uuid
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from flowbook.errors import StoreDamaged, StoreError
from flowbook.journal.retention import give_back
from flowbook.journal.schema import SCHEMA_VERSION, STEPS

BATCH_SECONDS = 0.05
IDLE_SECONDS = 1.0
PATIENCE_SECONDS = 30.0
"""How long a file is waited for that another process has locked."""
BUSY_SECONDS = 0.1
"""How long SQLite waits for it at a time."""
PAUSE_SECONDS = 0.01
_SQLITE_BUSY = 5

# In the order in which a batch is written, which is that in which these rows come about.
_INSERT = {
    "started": "INSERT OR IGNORE INTO nodes"
    " VALUES (?, ?, 'running', '', 'none', NULL, 1, ?, 0, ?, 0, NULL, NULL, 'run', NULL, '')",
    "finished": "INSERT OR REPLACE INTO nodes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "item started": "INSERT OR REPLACE INTO items"
    " VALUES (?, ?, ?, ?, 'running', '', 'none', NULL, 1, ?, 0, ?, 0, NULL, NULL, 'run', '')",
    "item": "INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "items done": "DELETE FROM items WHERE run = ? AND node = ?",
    "output": "INSERT INTO output VALUES (?, ?, ?, ?, ?, ?, ?)",
    "attempt": "INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    "items left": "UPDATE items SET status = 'unknown', cause = 'cancelled', message = ?"
    " WHERE run = ? AND status = 'running'",
    "run": "UPDATE runs SET status = ?, seconds = ?, message = ? WHERE number = ?",
}

ENDED = _INSERT["finished"]
"""Records how a node ended, in place of what is recorded of it."""

ROWS_TOGETHER = 62
"""Rows of ended nodes that one statement inserts, so that the interpreter's lock is handed over once for all of them.

SQLite before 3.32 takes 999 values a statement."""
_TOGETHER = _INSERT["finished"] + ", (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)" * (ROWS_TOGETHER - 1)

Row = tuple[Any, ...]
Batch = dict[str, list[Row]]


Hurried = Callable[[], bool]
"""Whether who asks for something has no time to wait until others let go of the file."""


def _never() -> bool:
    return False


class _Busy(StoreError):
    """Another process has the file locked."""


def _is_busy(error: sqlite3.OperationalError) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # Python 3.10 tells only SQLite's name for it: https://www.sqlite.org/rescode.html#busy
        return str(error) == "database is locked"
    return bool(code & 0xFF == _SQLITE_BUSY)


class Database:
    """The journal's SQLite file at ``path``, made when it is first needed; in memory when ``path`` is None."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.read_only = False
        self._connection: sqlite3.Connection | None = None
        self._db = threading.RLock()
        self._lock = threading.Lock()
        self._filled = threading.Condition(self._lock)
        self._waits: dict[str, deque[Row]] = {kind: deque() for kind in _INSERT}
        self._waiting = False
        self._writer: threading.Thread | None = None
        self._closed = False
        self._thread = threading.local()
        self._in_haste = False  # what could not be written at once was not waited for

    def append(self, kind: str, row: Row) -> None:
        """Have a row written with the next commit (see ``_INSERT`` for the kinds)."""
        # Appending to a deque is one step of the interpreter; the lock is only needed when the writer is asleep.
        self._waits[kind].append(row)
        if self._writer is None or self._waiting:
            self._wake()

    def _wake(self) -> None:
        with self._lock:
            if self._writer is None:
                self._writer = threading.Thread(target=self._write, name="flowbook-journal", daemon=True)
                self._writer.start()
            self._waiting = False
            self._filled.notify()

    def commit(self, hurried: Hurried = _never) -> None:
        """Write all that waits; returns when it is committed. Raises StoreError when it cannot be.

        While another process has the file locked it is waited for, as long as nobody is ``hurried``.
        """
        self._patiently(self._commit, hurried)

    def _patiently(self, act: Callable[[], None], hurried: Hurried) -> None:
        """Do something with the lock of the database held, again and again while the file is locked by others.

        SQLite itself waits only for a moment each time, since no Ctrl-C is heard meanwhile, and nobody holds the lock
        of the database in between: one who is hurried need not wait for one who is not.
        """
        ends = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with self._db:
                    act()
                    self._in_haste = False
                    return
            except _Busy:
                in_time = time.monotonic() < ends
                if not in_time or hurried() or getattr(self._thread, "at_once", False):
                    self._in_haste = in_time and self._has_rows()
                    raise
            time.sleep(PAUSE_SECONDS)

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """Within, this thread waits for nobody who has the file locked: StoreError."""
        self._thread.at_once = True
        try:
            yield
        finally:
            self._thread.at_once = False

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

    def _has_rows(self) -> bool:
        return any(self._waits.values())

    def _taken(self) -> Batch:
        """All rows that wait, by kind. Kinds that come later in a run are taken first: what was appended before any row
        that is taken is taken too. The lock of the database is held, so nobody else takes rows.
        """
        batch: Batch = {}
        for kind, waits in reversed(self._waits.items()):
            if waits:
                batch[kind] = [waits.popleft() for _ in range(len(waits))]
        return batch

    @contextlib.contextmanager
    def transaction(self, hurried: Hurried = _never) -> Iterator[sqlite3.Connection]:
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
            connection = self._open()
            if self.read_only:
                raise StoreError(
                    f"the run history {self.path} cannot be written.",
                    "Use a folder that you may write to, or Workspace(memory=True) to keep nothing.",
                )
            connection.execute("BEGIN IMMEDIATE")  # what is looked at is still so when it is changed
            self._db.acquire()

    def give_back(self, *, rewrite: bool) -> None:
        """Make the file smaller by what is free in it, unless another process uses it just now."""
        with self._db:
            connection = self._open()
            with contextlib.suppress(sqlite3.OperationalError):  # locked, or no space to rewrite it in: another time
                give_back(connection, rewrite=rewrite)

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """The rows of a query, including all that was appended before."""
        found: list[sqlite3.Row] = []

        def read() -> None:
            self._commit()
            with self._errors():
                if self.path is None or self._connection is not None or self.path.exists():
                    found.extend(self._open().execute(sql, values))

        self._patiently(read, _never)
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

    def _write(self) -> None:
        pause = threading.Event()
        while True:
            with self._filled:
                self._waiting = True  # before looking, so that whoever fills it after that wakes this thread
                if not (self._has_rows() or self._closed):
                    self._filled.wait(IDLE_SECONDS)
                if self._closed or not self._has_rows():
                    # Nobody is needed: a thread that waits would keep a journal that was dropped open for ever.
                    self._writer = None  # before looking again: whoever fills it after that starts another one
                    if self._closed or not self._has_rows():
                        return
                    self._writer = threading.current_thread()
                self._waiting = False
            pause.wait(BATCH_SECONDS)
            try:
                self.commit()
            except StoreError:
                # The rows are kept; whoever commits next (a write task, the end of the run) is told.
                pause.wait(1)

    def _insert(self, batch: Batch) -> None:
        by_kind = dict(batch)
        if "started" in by_kind and "finished" in by_kind:
            ended = {row[:2] for row in by_kind["finished"]}
            by_kind["started"] = [row for row in by_kind["started"] if row[:2] not in ended]
        if "items done" in by_kind and "item" in by_kind:
            whole = set(by_kind["items done"])
            by_kind["item"] = [row for row in by_kind["item"] if row[:2] not in whole]
        with self._errors():
            connection = self._open()
            with connection:
                for kind, sql in _INSERT.items():
                    given = by_kind.get(kind, [])
                    if kind == "finished":
                        given = _insert_together(connection, given)
                    if given:
                        connection.executemany(sql, given)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = self._connect(":memory:") if self.path is None else self._connect_to(self.path)
            # A workspace that is dropped without a word lets go of its file all the same.
            weakref.finalize(self, connection.close).atexit = False
            self._connection = connection
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
        if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
            return self._connect(str(path))
        self.read_only = True
        # SQLite needs to write beside a file in order to read it safely, so what is read is a copy.
        folder = tempfile.TemporaryDirectory(prefix="flowbook-")
        weakref.finalize(self, folder.cleanup)
        for name in (path.name, f"{path.name}-wal"):
            if (path.parent / name).exists():
                shutil.copyfile(path.parent / name, Path(folder.name) / name)
        return self._connect(str(Path(folder.name) / path.name))

    def _make(self, path: Path) -> None:
        """Make the file with its schema, at once: another process never meets one that is half made."""
        new = path.with_name(f"{path.name}.{uuid.uuid4().hex}.new")
        try:
            self._connect(str(new)).close()
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

    def _connect(self, target: str) -> sqlite3.Connection:
        connection = sqlite3.connect(target, timeout=BUSY_SECONDS, check_same_thread=False)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.row_factory = sqlite3.Row
        # A text that is none is the problem of whoever reads it, not of all that is read with it.
        connection.text_factory = functools.partial(str, encoding="utf-8", errors="replace")
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # takes effect in a new file alone
        if self.path is not None:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
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
            raise (_Busy if _is_busy(error) else StoreError)(
                f"the run history {self.path} cannot be used: {error}.",
                "Check the folder's permissions and free space. To keep nothing at all: FLOWBOOK_MEMORY_ONLY=1, or "
                "Workspace(memory=True).",
            ) from None
        except sqlite3.DatabaseError as error:
            raise StoreDamaged(
                f"the run history {self.path} is damaged: {error}.",
                "Nothing was overwritten. Move the file away to start a new history; workflows are not in it.",
            ) from None


def _insert_together(connection: sqlite3.Connection, rows: list[Row]) -> list[Row]:
    """Insert rows of ended nodes, many with each statement; those that are left over."""
    whole = len(rows) - len(rows) % ROWS_TOGETHER
    for begin in range(0, whole, ROWS_TOGETHER):
        connection.execute(_TOGETHER, list(itertools.chain.from_iterable(rows[begin : begin + ROWS_TOGETHER])))
    return rows[whole:]
