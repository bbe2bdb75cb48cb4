"""Ports of 127.0.0.1: free ones for servers to come, and one where nothing listens."""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

PORTS = range(20_000, 32_000)
"""Below those that systems give to who connects or asks for any, so that nobody else gets one by chance while the
server that it is for has not started yet, or is restarted.

https://www.rfc-editor.org/rfc/rfc6335#section-6, and Linux's own: ``/proc/sys/net/ipv4/ip_local_port_range``.
"""


def free_port() -> int:
    """A port that nobody listens at, and that no other call gets while this process lives."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """As many free ports, each another."""
    found = []
    first = random.SystemRandom().randrange(len(PORTS))  # to shuffle all of them took longer than all else here
    for port in chain(PORTS[first:], PORTS[:first]):
        if _is_free(port) and _is_mine(port):
            found.append(port)
        if len(found) == count:
            return found
    raise RuntimeError(f"Of the ports {PORTS.start} to {PORTS.stop - 1}, {len(found)} are free; {count} are needed.")


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _is_mine(port: int) -> bool:
    """Whether no other process of these tests has it; they are told by locks, which end with their processes."""
    folder = Path(tempfile.gettempdir()) / f"flowbook-test-ports-{os.getuid()}"
    folder.mkdir(exist_ok=True)
    file = os.open(folder / str(port), os.O_CREAT | os.O_RDWR)  # open until the process ends, and the lock with it
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return False
    return True


@contextmanager
def refusing_port() -> Iterator[int]:
    """A port that refuses connections: it is taken, so that no other server can get it, but nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])
