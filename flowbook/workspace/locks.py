"""What only one of those who use a workspace may do at a time, by its name."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from flowbook.errors import StoreError
from flowbook.whole_files import make_empty, make_own_folder


class Taken(Exception):
    """Somebody else has the lock."""


class Locks(Protocol):
    """Locks among all threads and processes, on all machines, that use one workspace."""

    def held(self, name: str, *, seconds: float | None, every: float = 0.5) -> AbstractContextManager[None]:
        """Hold the lock ``name``, waiting for it so many ``seconds`` (None: for ever), looking ``every`` so many.

        Raises Taken when others still have it then, StoreError when there can be none. Whoever ends without a word
        holds it no more.
        """


class ThreadLocks:
    """Of a workspace in memory: there are no other processes."""

    def __init__(self) -> None:
        self._locks: dict[str, threading.RLock] = {}
        self._making = threading.Lock()

    @contextmanager
    def held(self, name: str, *, seconds: float | None, every: float = 0.5) -> Iterator[None]:
        """Hold the lock ``name``; see :class:`Locks`."""
        with self._making:
            lock = self._locks.setdefault(name, threading.RLock())
        if not lock.acquire(timeout=-1 if seconds is None else seconds):
            raise Taken(name)
        try:
            yield
        finally:
            lock.release()


class FileLocks:
    """Files in a folder, locked by the system."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def held(self, name: str, *, seconds: float | None, every: float = 0.5) -> Iterator[None]:
        """Hold the lock ``name``; see :class:`Locks`."""
        from filelock import FileLock, Timeout

        file = self._folder / f"{name}.lock"
        lock = FileLock(file, thread_local=False)
        try:
            make_own_folder(self._folder)
            make_empty(file, 0o644)
            lock.acquire(timeout=-1 if seconds is None else seconds, poll_interval=every)
        except Timeout:
            raise Taken(name) from None
        except (OSError, NotImplementedError) as error:
            raise StoreError.no_lock(file, error) from None
        try:
            yield
        finally:
            lock.release()
