"""The sign to stop that a run gives its tasks, and the moment that the process waits for those that tidy up."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from flowbook.tasks.children import Child

_MOST_HELD = 1000  # of what a call starts by the thousands, the last ones
WIND_UP_SECONDS = 3.0
"""How long the end of the process waits for what was told to stop."""


class Stop:
    """An event that can be waited for, and that calls back when it is set."""

    __slots__ = ("__weakref__", "_callbacks", "_children", "_event", "_lock", "_started")

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], object]] = []
        self._children: WeakSet[Child] | None = None
        self._started: list[Child] | None = None  # those that nobody else holds

    def is_set(self) -> bool:
        """Whether the sign was given."""
        return self._event.is_set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the sign; True when it was given."""
        return self._event.wait(seconds)

    def set(self) -> None:
        """Give the sign: call everybody back who asked for it (in this thread, each once), and end the children.

        Until who was called back is removed (:meth:`remove`), :func:`wind_up` waits for it.
        """
        with self._lock:
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
            children = [*(self._children or ()), *(self._started or ())]
            self._children = self._started = None
            _winding.update((id(self), id(callback)) for callback in callbacks)
        for callback in callbacks:
            callback()
        for child in children:
            _end(child)

    def add(self, callback: Callable[[], object]) -> None:
        """Have ``callback`` called at the sign; at once when it was given already."""
        with self._lock:
            if not self._event.is_set():
                self._callbacks.append(callback)
                return
        callback()

    def remove(self, callback: Callable[[], object]) -> None:
        """Call ``callback`` no more, and wait for it no longer."""
        with self._lock:
            _winding.discard((id(self), id(callback)))
            if callback in self._callbacks:
                self._callbacks.remove(callback)

    def adopt(self, child: Child, *, hold: bool = False) -> None:
        """End ``child`` at the sign, with the processes it started; at once when it was given already.

        It is held for that only with ``hold``: without, it is no more ended when nobody else knows it.
        """
        with self._lock:
            if not self._event.is_set():
                if hold:
                    self._started = [*(self._started or ())[-_MOST_HELD:], child]
                    return
                if self._children is None:
                    self._children = WeakSet()
                self._children.add(child)
                return
        _end(child)


_winding: set[tuple[int, int]] = set()


def wind_up() -> None:
    """Wait, a moment at most, until all that was told to stop has: a query is cancelled in its server, say."""
    ends = time.monotonic() + WIND_UP_SECONDS
    while _winding and time.monotonic() < ends:
        time.sleep(0.01)


atexit.register(wind_up)


def _end(child: Child) -> None:
    from flowbook.tasks.children import end

    end(child)
