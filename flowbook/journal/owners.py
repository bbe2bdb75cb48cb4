"""Which process the runs of a history belong to, and whether it still lives."""

from __future__ import annotations

import contextlib
import os
import re
import threading
import uuid
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from flowbook.errors import StoreError
from flowbook.whole_files import make_empty, make_own_folder

if TYPE_CHECKING:
    from filelock import BaseFileLock


_ID = re.compile("[0-9a-f]{32}")


class Owner:
    """This process, as the owner of the runs that it records: it holds a lock file in ``folder`` while it lives.

    Without a folder nobody else can see its runs, so there is nothing to hold.
    """

    def __init__(self, folder: Path | None) -> None:
        self.id = uuid.uuid4().hex
        self._folder = folder
        self._lock: BaseFileLock | None = None
        self._guard = threading.Lock()

    def claim(self) -> None:
        """Hold the lock file from now on, so that others can tell whether its runs still go on.

        Raises StoreError when it cannot be.
        """
        with self._guard:
            if self._folder is None or (self._lock is not None and Path(self._lock.lock_file).exists()):
                return
            from filelock import FileLock

            if self._lock is not None:  # somebody has tidied it away
                self._lock.release()

            file = self._folder / f"{self.id}.lock"
            # Not bound to this thread: whichever one collects a workspace that was dropped lets go of it.
            lock = FileLock(file, thread_local=False)
            try:
                make_own_folder(self._folder)
                make_empty(file, 0o644)
                lock.acquire()
            except (OSError, NotImplementedError) as error:
                raise StoreError.no_lock(file, error) from None
            self._lock = lock
            # A workspace that is dropped without a word leaves no lock behind.
            weakref.finalize(self, _release, lock, os.getpid()).atexit = False

    def release(self) -> None:
        """Let go of the lock file."""
        with self._guard:
            lock, self._lock = self._lock, None
            if lock is not None:
                _release(lock, os.getpid())

    def is_gone(self, owner: str) -> bool:
        """Whether another owner lives no more. Raises StoreError when that cannot be seen."""
        if self._folder is None:
            return False
        if not _ID.fullmatch(str(owner)):
            return True  # no owner was ever called so: it names no file to look at, or to remove
        from filelock import FileLock, Timeout

        file = self._folder / f"{owner}.lock"
        if not file.exists():
            return True
        try:
            with FileLock(file, timeout=0):
                pass
        except Timeout:
            return False
        except (OSError, NotImplementedError) as error:
            raise StoreError.no_lock(file, error) from None
        _remove(file)
        return True


def _release(lock: BaseFileLock, process: int) -> None:
    """Let go of a process's lock, unless this is another one that was forked from it."""
    if os.getpid() == process and lock.is_locked:
        with contextlib.suppress(OSError):  # the system lets go of it with the file that is closed
            lock.release()
        _remove(Path(lock.lock_file))


def _remove(file: Path) -> None:
    """Tidy a lock file away; one that stays says nothing, as nobody holds it."""
    with contextlib.suppress(OSError):
        file.unlink(missing_ok=True)
