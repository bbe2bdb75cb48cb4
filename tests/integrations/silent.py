"""Servers that accept and say nothing more, as a machine behind a firewall or a hung one does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress


@contextmanager
def silent_server(greeting: bytes = b"") -> Iterator[int]:
    """The port of a server that accepts every connection, says the greeting, and nothing more."""
    kept: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    line, _ = listening.accept()
                    kept.append(line)
                    line.sendall(greeting)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            thread.join(5)
            for line in kept:
                line.close()


@contextmanager
def full_server() -> Iterator[int]:
    """The port of a server whose queue is full: who connects waits, as for a machine that a firewall hides."""
    with socket.socket() as listening, ExitStack() as kept:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        while True:
            line = kept.enter_context(socket.socket())
            line.settimeout(0.3)
            try:
                line.connect(listening.getsockname())
            except TimeoutError:
                break
        yield listening.getsockname()[1]
