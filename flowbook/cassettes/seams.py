"""Where the tape comes in, while one is used: urllib3, psycopg2, smtplib and, when it plays, every socket."""

from __future__ import annotations

import importlib
import importlib.util
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from typing import Any

from flowbook.cassettes.places import here, is_kept, tape_here
from flowbook.cassettes.tape import NotOnCassette

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
    for name in ("sendto", "sendmsg"):
        if hasattr(socket.socket, name):  # sendmsg is not on Windows
            _replace(socket.socket, name, _guarded_datagrams)
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        _replace(socket, name, _guarded_names)


def _replace(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    before = getattr(owner, name)
    _replaced.append((owner, name, before))
    setattr(owner, name, make(before))


def _guarded(connect: Any) -> Any:
    """Nothing of a call that a tape answers leaves the machine, by whichever library."""

    def guarded(self: socket.socket, address: Any) -> Any:
        with _closing(self):  # who made it closes it only for errors of the network
            _pass_by(address)
        return connect(self, address)

    return guarded


def _guarded_datagrams(send: Any) -> Any:
    def guarded(self: socket.socket, *given: Any) -> Any:
        if len(given) > 1 and isinstance(given[-1], (tuple, str, bytes)):  # else it is connected
            _pass_by(given[-1])
        return send(self, *given)

    return guarded


def _guarded_names(look_up: Any) -> Any:
    """A question for an address goes to servers of names; played, none is asked."""

    def guarded(host: Any, *given: Any, **more: Any) -> Any:
        tape = tape_here()
        if tape is not None and tape.replaying and not _is_here(host):
            _pass_by((host, *given[:1]))
        return look_up(host, *given, **more)

    return guarded


def _is_here(host: Any) -> bool:
    """Whether a name means this machine, or is an address already."""
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if not name or name in ("localhost", socket.gethostname()):
        return True
    with suppress(ValueError):
        ip_address(str(name).partition("%")[0])
        return True
    return False


def _pass_by(address: Any) -> None:
    tape = tape_here()
    if tape is not None and not is_kept():
        shown = ":".join(map(str, address[:2])) if isinstance(address, tuple) else str(address)
        tape.pass_by(here(), shown)


@contextmanager
def _closing(connection: socket.socket) -> Iterator[None]:
    try:
        yield
    except NotOnCassette:
        connection.close()
        raise
