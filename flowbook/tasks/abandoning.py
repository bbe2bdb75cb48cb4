"""Calls that cannot be interrupted, in threads of their own: who waits for one can go, and the call is left behind."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar, cast

T = TypeVar("T")


class Abandonable(threading.Thread, Generic[T]):
    """One call in a thread of its own, with the context variables of who makes it. :meth:`start` it.

    ``woken`` is set at its end, and by whoever has who waits look whether to wait on. ``let_go`` gets what the call
    gives after it was abandoned, such as a connection that is to be closed then.
    """

    def __init__(self, call: Callable[[], T], name: str, let_go: Callable[[T], object] | None = None) -> None:
        super().__init__(name=name, daemon=True)
        self.woken = threading.Event()
        self._call = call
        self._let_go = let_go
        self._context = contextvars.copy_context()
        self._lock = threading.Lock()
        self._ended = self._abandoned = False
        self._value: T | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        """Make the call."""
        try:
            self._value = self._context.run(self._call)
        except BaseException as error:  # noqa: BLE001 - handed to the caller, who raises it
            self._error = error
        with self._lock:
            self._ended = True
            left = self._abandoned and self._error is None
        self.woken.set()
        if left:
            self._tidy_up()

    def abandon(self) -> None:
        """Wait no longer; what it gives all the same is let go."""
        with self._lock:
            already, self._abandoned = self._abandoned, True
            left = self._ended and self._error is None and not already
        if left:
            self._tidy_up()

    def outcome(self) -> T:
        """What it gave, once it has ended; what it raised is raised."""
        if self._error is not None:
            raise self._error
        return cast(T, self._value)

    def _tidy_up(self) -> None:
        if self._let_go is not None:
            with suppress(Exception):  # nobody waits for it any more
                self._let_go(cast(T, self._value))
