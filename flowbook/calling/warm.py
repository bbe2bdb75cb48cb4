"""Processes that are kept from one run of a workspace for the next: to begin one takes longer than many a run."""

from __future__ import annotations

import os
import sys
import threading
import time
import weakref
from typing import Protocol

KEPT_SECONDS = 60.0
"""How long a process is kept that no run takes."""


class Idle(Protocol):
    """A process that has no call."""

    @property
    def surroundings(self) -> tuple[object, ...]:
        """The folder, environment and module path that it was begun with."""

    def alive(self) -> bool:
        """Whether it is still there."""

    def hang_up(self) -> None:
        """Have it end by itself."""

    def gone(self) -> None:
        """Wait for its end, and let go of what belongs to it."""


def surroundings() -> tuple[object, ...]:
    """What a process gets from this one as it is begun: folder, environment, module path."""
    try:
        folder = os.getcwd()
    except OSError:  # it was deleted
        folder = ""
    return folder, dict(os.environ), tuple(sys.path)


class Warm:
    """The processes that are kept. One that was begun in other surroundings than those of now is not taken."""

    def __init__(self) -> None:
        self._kept: list[tuple[float, Idle]] = []
        self._lock = threading.Lock()
        self._looking = False

    def take(self) -> Idle | None:
        """A process that was kept, the last one first; None when there is none that fits."""
        now, found, unfit = surroundings(), None, list[Idle]()
        with self._lock:
            while self._kept and found is None:
                _, process = self._kept.pop()
                if process.alive() and process.surroundings == now:
                    found = process
                else:
                    unfit.append(process)
        _end(unfit)
        return found

    def keep(self, processes: list[Idle], most: int) -> None:
        """Keep processes for the next run, ``most`` in all; the others end."""
        with self._lock:
            room = max(most - len(self._kept), 0)
            self._kept += [(time.monotonic(), process) for process in processes[:room]]
            look, self._looking = bool(self._kept) and not self._looking, self._looking or bool(self._kept)
        _end(processes[room:])
        if look:
            _look_later(weakref.ref(self))

    def look(self) -> bool:
        """End those that were kept for long; whether there are any left."""
        with self._lock:
            ends = time.monotonic() - KEPT_SECONDS
            old = [process for since, process in self._kept if since <= ends]
            self._kept = [(since, process) for since, process in self._kept if since > ends]
            self._looking = bool(self._kept)
        _end(old)
        return self._looking

    def close(self) -> None:
        """End all of them."""
        with self._lock:
            kept, self._kept = [process for _, process in self._kept], []
        _end(kept)

    def __del__(self) -> None:
        self.close()


def _end(processes: list[Idle]) -> None:
    for process in processes:
        process.hang_up()
    for process in processes:
        process.gone()


def _look_later(warm: weakref.ref[Warm]) -> None:
    """Look after a while; whoever drops it before has its processes ended by that."""

    def look() -> None:
        kept = warm()
        if kept is not None and kept.look():
            _look_later(warm)

    timer = threading.Timer(KEPT_SECONDS / 4, look)
    timer.name, timer.daemon = "flowbook-warm", True
    timer.start()
