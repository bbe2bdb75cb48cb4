"""What is due when."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable

Action = Callable[[], None]


class Agenda:
    """Actions with the time when they are due, for the one thread that watches a run.

    That thread sleeps until something is due or it is woken; nothing polls. ``lock`` is the run's, and held by whoever
    calls a method.
    """

    def __init__(self, lock: threading.Lock) -> None:
        self._changed = threading.Condition(lock)
        self._due: list[tuple[float, int, Action]] = []
        self._sequence = itertools.count()

    def put(self, seconds: float, action: Action) -> None:
        """Have ``action`` done in ``seconds``."""
        due = time.monotonic() + seconds
        first = self._due[0][0] if self._due else None
        heapq.heappush(self._due, (due, next(self._sequence), action))
        if first is None or due < first:
            self._changed.notify()

    def take(self, limit: float | None) -> Action | None:
        """What is due now; else sleep until something is, or ``limit`` (as of time.monotonic), and return None."""
        now = time.monotonic()
        if self._due and self._due[0][0] <= now:
            return heapq.heappop(self._due)[2]
        ends = [self._due[0][0]] if self._due else []
        if limit is not None:
            ends.append(limit)
        self._changed.wait(max(min(ends) - now, 0) if ends else None)
        return None

    def wake(self) -> None:
        """Have the watching thread look at the run again."""
        self._changed.notify()
