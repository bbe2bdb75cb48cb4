"""Where the tape comes in, while one is used: urllib3, psycopg2, smtplib and, when it plays, every socket."""

from __future__ import annotations

import importlib
import importlib.util
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flowbook.cassettes.places import here, tape_here

Replaced = tuple[Any, str, Any]
_SEAMS = {
    "urllib3.connectionpool": "flowbook.cassettes.web",
    "smtplib": "flowbook.cassettes.mail",
    "psycopg2": "flowbook.cassettes.database",
}

_lock = threading.Lock()
_users = 0
_replaced: list[Replaced] = []


@contextmanager
def inserted() -> Iterator[None]:
    """Have the seams in place inside of the ``with`` block; nested and parallel uses share them."""
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            _put_in_place()
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                while _replaced:
                    owner, name, before = _replaced.pop()
                    setattr(owner, name, before)


def _put_in_place() -> None:
    for library, seam in _SEAMS.items():
        if importlib.util.find_spec(library.partition(".")[0]) is None:
            continue  # nothing can be asked by it
        for owner, name, make in importlib.import_module(seam).changes(importlib.import_module(library)):
            _replace(owner, name, make)
    for name in ("connect", "connect_ex"):
        _replace(socket.socket, name, _guarded)


def _replace(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    before = getattr(owner, name)
    _replaced.append((owner, name, before))
    setattr(owner, name, make(before))


def _guarded(connect: Any) -> Any:
    """Nothing of a call that a tape answers leaves the machine, by whichever library."""

    def guarded(self: socket.socket, address: Any) -> Any:
        tape = tape_here()
        if tape is not None and tape.replaying:
            self.close()  # who made it closes it only for errors of the network
            raise tape.missing(here(), "connection", {"to": str(address)})
        return connect(self, address)

    return guarded
