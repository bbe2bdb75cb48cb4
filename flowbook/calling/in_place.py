"""What is in place in this process while runs go on: the routers of its output, and the changes in other libraries."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flowbook.calling import patches
from flowbook.calling.routing import Router

_lock = threading.Lock()
_active = 0


def put_in_place() -> None:
    """Have the routers in place until :func:`release` was called as often as this."""
    global _active
    with _lock:
        _active += 1
        if _active == 1:
            patches.make()
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if stream is not None and not isinstance(stream, Router):
                setattr(sys, name, Router(name, stream))


def release() -> None:
    """Take the routers away when nobody needs them any more."""
    global _active
    with _lock:
        _active -= 1
        if not _active:
            patches.take_back()
            for name in ("stdout", "stderr"):
                stream = getattr(sys, name)
                if isinstance(stream, Router):
                    setattr(sys, name, stream.behind)


def in_use() -> bool:
    """Whether a run goes on, or a call that its run no longer waits for."""
    return _active > 0


@contextmanager
def routed() -> Iterator[None]:
    """Have the routers in place inside the ``with`` block; nested and parallel uses share them."""
    put_in_place()
    try:
        yield
    finally:
        release()
