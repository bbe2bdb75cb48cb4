"""Whether a request may still begin: asked at the connection itself, right before bytes leave.

Looking up a name, connecting and agreeing on encryption can take seconds. A request that was given up meanwhile, by a
cancelled run or as its time was over, must not be sent after all: nobody would hear what came of it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, TypeVar

from flowbook.tasks.context import Context, current

T = TypeVar("T")


class GivenUp(Exception):
    """Nobody waits for the request any more: what was about to be sent was not."""


class Beginning:
    """The permission of one request to begin; ``cancelled`` tells whether its run was asked to end."""

    def __init__(self, cancelled: Callable[[], bool]) -> None:
        self._cancelled = cancelled
        self._lock = threading.Lock()
        self._begun = False
        self._over = False

    def go_on(self) -> None:
        """Count as begun; GivenUp when that is not allowed any more."""
        with self._lock:
            if self._over or self._cancelled():
                raise GivenUp
            self._begun = True

    def give_up(self) -> bool:
        """Let nothing more be sent; whether something was."""
        with self._lock:
            self._over = True
            return self._begun

    @property
    def given_up(self) -> bool:
        """Whether nobody waits any more."""
        return self._over


_beginning: ContextVar[Beginning | None] = ContextVar("flowbook_http_beginning", default=None)


@contextmanager
def asked(beginning: Beginning) -> Iterator[None]:
    """Ask ``beginning`` before anything is sent inside of the ``with`` block, in this thread."""
    token = _beginning.set(beginning)
    try:
        yield
    finally:
        _beginning.reset(token)


def sent(call: Callable[[], T], doing: str, let_go: Callable[[T], object], context: Context | None = None) -> T:
    """What ``call()`` gives, which sends a request by connections that are held (:func:`hold`).

    For the libraries of vendors, which talk HTTP by themselves; :class:`flowbook.http.Session` does it by itself. As
    :meth:`~flowbook.tasks.Context.wait_for`: TaskFailed when the run is cancelled meanwhile, and then no request begins
    that had not. ``context`` is the task's, for threads of the library's own.
    """
    context = context or current()
    start = Beginning(lambda: context.cancelled)

    def ask() -> T:
        with asked(start):
            return call()

    try:
        return context.wait_for(ask, doing, let_go)
    finally:
        start.give_up()


def hold(manager: Any) -> Any:
    """Have the connections of a pool manager of urllib3 ask before they send; the manager itself."""
    manager.pool_classes_by_scheme = {
        scheme: _asking_pool(pool) for scheme, pool in manager.pool_classes_by_scheme.items()
    }
    return manager


@cache
def _asking_pool(pool: Any) -> Any:
    if issubclass(pool.ConnectionCls, _Asking):
        return pool
    connection = type(pool.ConnectionCls.__name__, (_Asking, pool.ConnectionCls), {})
    return type(pool.__name__, (pool,), {"ConnectionCls": connection})


class _Asking:
    """A connection of http.client, all of whose bytes go through ``send``."""

    def send(self, data: Any) -> None:
        """Connect first, as http.client does by itself in here, and ask after that."""
        here: Any = self
        if here.sock is None and here.auto_open:
            here.connect()
        beginning = _beginning.get()
        if beginning is not None:
            beginning.go_on()
        super().send(data)  # type: ignore[misc]
