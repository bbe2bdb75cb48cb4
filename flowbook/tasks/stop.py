"""The sign to stop that a run gives its tasks."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Stop:
    """An event that can be waited for, and that calls back when it is set."""

    __slots__ = ("_callbacks", "_event", "_lock")

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], object]] = []

    def is_set(self) -> bool:
        """Whether the sign was given."""
        return self._event.is_set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the sign; True when it was given."""
        return self._event.wait(seconds)

    def set(self) -> None:
        """Give the sign, and call everybody back who asked for it (in this thread, each once)."""
        with self._lock:
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def add(self, callback: Callable[[], object]) -> None:
        """Have ``callback`` called at the sign; at once when it was given already."""
        with self._lock:
            if not self._event.is_set():
                self._callbacks.append(callback)
                return
        callback()

    def remove(self, callback: Callable[[], object]) -> None:
        """Call ``callback`` no more."""
        with self._lock:
            if callback in self._callbacks:
                self._callbacks.remove(callback)
