"""Making many objects at once that live on.

Python looks through all that is alive once a quarter as many objects are new. Making what ten thousand nodes need, none
of it garbage, a quarter of the time went into that; reading a large store, half of it.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_users = 0
_paused = False


@contextmanager
def lasting() -> Iterator[None]:
    """Look for no garbage inside of the ``with`` block; from several threads, until the last one leaves.

    For what takes a moment, and makes hardly any garbage: other threads' waits, too.
    """
    global _users, _paused
    with _lock:
        _users += 1
        if _users == 1:
            _paused = gc.isenabled()
            gc.disable()
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users and _paused:
                gc.enable()


def keep_what_is_loaded() -> None:
    """Never look through what is alive now, not even at the end: for a process that is Flowbook's own.

    Modules stay until it ends. Looking through them again and again, and once more at the end, took a fifth of a short
    run.
    """
    gc.freeze()
