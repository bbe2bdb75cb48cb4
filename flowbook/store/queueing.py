"""Waiting for a lock that other processes want too: in turn, and for as long as the others get on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from flowbook.whole_files import make_empty

if TYPE_CHECKING:
    from filelock import BaseFileLock

_OFTEN = 0.005  # only one process at a time waits at the lock itself, so it may look often
_NOW_AND_THEN = 0.05


@contextlib.contextmanager
def held_in_turn(lock: Path, queue: Path, seconds: float, progress: Callable[[], object]) -> Iterator[None]:
    """Hold the file ``lock``; who has just held it stands behind those that wait.

    A lock that is looked at now and then is got by chance: one process that saves again and again kept another out for
    as long as it went on. So only who holds ``queue`` asks for the lock. Raises :class:`filelock.Timeout` when for
    ``seconds`` there was no ``progress`` (which tells a state by a value), and OSError for a bad folder.
    """
    from filelock import FileLock

    def made(path: Path) -> BaseFileLock:
        make_empty(path)
        return FileLock(path, timeout=seconds, mode=0o600, thread_local=False)

    held, turn = made(lock), made(queue)
    _acquire(turn, _NOW_AND_THEN, progress)
    try:
        _acquire(held, _OFTEN, progress)
    finally:
        turn.release()
    try:
        yield
    finally:
        held.release()


def _acquire(lock: BaseFileLock, every: float, progress: Callable[[], object]) -> None:
    from filelock import Timeout

    while True:
        before = progress()
        try:
            lock.acquire(poll_interval=every)
            return
        except Timeout:
            if progress() == before:
                raise
