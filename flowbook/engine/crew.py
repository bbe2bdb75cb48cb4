"""The threads that do the work of a run."""

from __future__ import annotations

import functools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from flowbook.calling.routing import displays_to_sink
from flowbook.engine.agenda import Agenda

LOOK_SECONDS = 0.001
"""How long what is ready may wait before it is looked whether more workers are needed."""
QUICK = 4
"""Units that a worker takes within that time when they are so quick that more workers would only be in its way."""
CROWDED = (0.8, 1.15)
"""Processor time in a second, of all threads, between which several workers do what one would: they take turns."""
DISMISSED = object()
"""What a worker is answered that was let go of: it ends."""

Unit = TypeVar("Unit")


class Crew(Generic[Unit]):
    """At most ``size`` workers, hired when there is work.

    ``perform(unit)`` does a unit of work without the lock and returns the one that this worker does next, None for
    whichever is ready, or :data:`DISMISSED` for a worker that was let go of. ``lock`` is the run's, and held by whoever
    calls a method.
    """

    def __init__(
        self, lock: threading.Lock, agenda: Agenda, perform: Callable[[Unit], object], size: int, name: str
    ) -> None:
        self._ready: deque[Unit] = deque()
        self._lock = lock
        self._work = threading.Condition(lock)
        self._agenda = agenda
        self._perform = perform
        self._size = size
        self._name = name
        self._idle = 0
        self._workers = 0
        self._wanted = size
        self._taken = 0
        self._looking = False
        self._closed = False

    def put(self, units: Iterable[Unit]) -> None:
        """Have units done after those that are ready; once the crew is closed, they are dropped."""
        if not self._closed:
            self._ready.extend(units)
            self._offer()

    def put_first(self, unit: Unit) -> None:
        """Have a unit done before those that are ready."""
        if not self._closed:
            self._ready.appendleft(unit)
            self._offer()

    def exchange(self, units: Sequence[Unit]) -> Unit | None:
        """Have units done, and take the next one for the worker that asks; None when there is none."""
        if self._closed:
            return None
        if len(units) == 1 and not self._ready:
            return units[0]
        self._ready.extend(units)
        return self._take() if self._ready and not self._too_many() else None

    def more(self, count: Callable[[int], int], fits: Callable[[Unit], bool]) -> list[Unit]:
        """Take more of the ready units for the worker that asks: up to ``count(ready)`` of the front that fit."""
        most, taken = count(len(self._ready)), list[Unit]()
        while len(taken) < most and self._ready and fits(self._ready[0]):
            taken.append(self._ready.popleft())
        self._taken += len(taken)
        return taken

    def resize(self, size: int) -> None:
        """Have at most ``size`` workers from now on; those that are too many wait once they have done their unit."""
        self._wanted = size if self._wanted == self._size else min(self._wanted, size)
        self._size = size
        self._offer()

    def let_go(self) -> None:
        """Count a worker no longer: it hangs in a call that nobody waits for."""
        self._workers -= 1
        self._offer()

    def close(self) -> None:
        """Begin nothing more, and send the workers home."""
        self._closed = True
        self._ready.clear()
        self._work.notify_all()

    def _take(self) -> Unit:
        unit = self._ready.popleft()
        self._taken += 1
        if self._ready:
            self._offer()
        return unit

    def _too_many(self) -> bool:
        return self._workers - self._idle > self._wanted

    def _offer(self) -> None:
        """See to it that what is ready gets done.

        One worker that goes through many quick nodes is faster than eight that take turns at the interpreter, so
        more are hired only when what is ready is not taken quickly: the watching thread looks a moment later.
        """
        if self._ready and self._workers == self._idle:
            self._hire(1)
        if self._ready and not self._looking:
            self._looking = True
            seen = (self._taken, time.monotonic(), time.process_time())
            self._agenda.put(LOOK_SECONDS, functools.partial(self._look, *seen))

    def _look(self, taken_before: int, began: float, busy_before: float) -> None:
        """Hire for what is still ready, unless it is taken quickly: then keep one worker. Takes the lock itself."""
        with self._lock:
            self._looking = False
            if not self._ready or self._closed:
                return
            working = self._workers - self._idle
            taken, seconds = self._taken - taken_before, time.monotonic() - began
            least, most = CROWDED
            if working > 1 and taken >= QUICK and least < (time.process_time() - busy_before) / seconds < most:
                self._wanted = 1
            elif working < self._size:
                if taken < QUICK * max(working, 1):
                    self._wanted = self._size
                    self._hire(min(len(self._ready), self._size - working))
                self._offer()

    def _hire(self, count: int) -> None:
        """Wake or start ``count`` workers."""
        woken = min(count, self._idle)
        if woken:
            self._work.notify(woken)
        for _ in range(min(count - woken, self._size - self._workers)):
            self._workers += 1
            threading.Thread(target=self._serve, name=f"{self._name}-{self._workers}", daemon=True).start()

    def _next(self) -> Unit | None:
        """Wait for a unit, and take it; None when the crew is closed. Takes the lock itself."""
        with self._work:
            while not self._ready or self._too_many():
                if self._closed:
                    return None
                self._offer()  # who stays may hang in a call
                self._idle += 1
                self._work.wait()
                self._idle -= 1
            return self._take()

    def _serve(self) -> None:
        """What a worker does, until it is dismissed or the crew is closed. Takes the lock itself."""
        with displays_to_sink():
            unit: Unit | None = None
            while True:
                if unit is None:
                    unit = self._next()
                if unit is None:
                    return
                following = self._perform(unit)
                if following is DISMISSED:
                    return
                unit = following  # type: ignore[assignment]
