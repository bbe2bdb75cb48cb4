"""Rows on their way into the history: they wait in a buffer and are committed together, in order.

By a writer thread a moment after the first of them came, or at once by whoever calls :meth:`Batches.commit`. So
thousands of quick nodes cost a few commits, and order is kept. The thread is there only while there is something to
write.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Collection, Iterator

from flowbook.errors import StoreError
from flowbook.journal.statements import STATEMENTS, Row

BATCH_SECONDS = 0.05
IDLE_SECONDS = 1.0
PATIENCE_SECONDS = 30.0
"""How long a database is waited for that another process has locked, or that cannot be reached just now."""
AGAIN_SECONDS = 1.0
"""How long it is waited for once it was in vain."""
PAUSE_SECONDS = 0.01

Batch = dict[str, list[Row]]

Hurried = Callable[[], bool]
"""Whether who asks for something has no time to wait until others let go of the database."""


def never() -> bool:
    """There is time."""
    return False


class Busy(StoreError):
    """The database cannot be used just now: another process has it locked, or it is not there for a moment."""


class Batches(ABC):
    """The rows that wait for one database, and the thread that writes them."""

    def __init__(self) -> None:
        self._db = threading.RLock()
        self._lock = threading.Lock()
        self._filled = threading.Condition(self._lock)
        self._waits: dict[str, deque[Row]] = {kind: deque() for kind in STATEMENTS}
        self._waiting = False
        self._writer: threading.Thread | None = None
        self._closed = False
        self._thread = threading.local()
        self._in_haste = False  # what could not be written at once was not waited for
        self._gave_up = False  # it was waited for in vain
        self.going: Collection[str] = ()

    def renew(self) -> None:  # noqa: B027 - a connection to a server tells by itself when it is over
        """See :class:`~flowbook.journal.tables.Tables`."""

    @abstractmethod
    def _commit(self) -> None:
        """Write all that waits. Raises Busy when that may succeed later, StoreError when it does not."""

    def append(self, kind: str, row: Row) -> None:
        """Have a row written with the next commit (see ``STATEMENTS`` for the kinds)."""
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

    def commit(self, hurried: Hurried = never) -> None:
        """Write all that waits; returns when it is committed. Raises StoreError when it cannot be.

        While another process has the database locked, or it is gone for a moment, it is waited for, as long as nobody
        is ``hurried``.
        """
        self._patiently(self._commit, hurried)

    def _patiently(self, act: Callable[[], None], hurried: Hurried) -> None:
        """Do something with the lock of the database held, again and again while it is locked by others.

        The database itself waits only for a moment each time, since no Ctrl-C is heard meanwhile, and nobody holds the
        lock of it in between: one who is hurried need not wait for one who is not. Once it was waited for in vain, all
        who come later wait for a moment only, until it is back: else a run would wait at each thing that it records.
        """
        ends = time.monotonic() + (min(AGAIN_SECONDS, PATIENCE_SECONDS) if self._gave_up else PATIENCE_SECONDS)
        while True:
            try:
                with self._db:
                    act()
                    self._in_haste = self._gave_up = False
                    return
            except Busy:
                in_time = time.monotonic() < ends
                if not in_time or hurried() or getattr(self._thread, "at_once", False):
                    self._in_haste = in_time and self._has_rows()
                    self._gave_up |= not in_time
                    raise
            time.sleep(PAUSE_SECONDS)

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """Within, this thread waits for nobody who has the database locked: StoreError."""
        self._thread.at_once = True
        try:
            yield
        finally:
            self._thread.at_once = False

    def _has_rows(self) -> bool:
        return any(self._waits.values())

    def _taken(self) -> Batch:
        """All rows that wait, by kind. Kinds that come later in a run are taken first: what was appended before any row
        that is taken is taken too. The lock of the database is held, so nobody else takes rows.
        """
        batch: Batch = {}
        for kind, waits in reversed(self._waits.items()):
            if waits:
                batch[kind] = list(map(deque.popleft, itertools.repeat(waits, len(waits))))
        return batch

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


def settled(batch: Batch) -> Batch:
    """A batch without the rows that others in it make superfluous: the starts of what ended, all but the last end of a
    node, items of what is whole."""
    by_kind = dict(batch)
    ended = {row[:2]: row for row in by_kind.get("finished", ())}
    if ended:
        by_kind["finished"] = list(ended.values())
    if ended and "started" in by_kind:
        by_kind["started"] = [row for row in by_kind["started"] if row[:2] not in ended]
    if "items done" in by_kind and "item" in by_kind:
        whole = set(by_kind["items done"])
        by_kind["item"] = [row for row in by_kind["item"] if row[:2] not in whole]
    return by_kind
