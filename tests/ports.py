"""Ports of 127.0.0.1: free ones for servers to come, and one where nothing listens."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


def free_port() -> int:
    """A port that nobody listens at now."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """As many free ports, each another: they are held until all are found."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


@contextmanager
def refusing_port() -> Iterator[int]:
    """A port that refuses connections: it is taken, so that no other server can get it, but nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])
