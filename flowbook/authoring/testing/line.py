"""A connection that fails as told, in front of a real server: for protocols that are not HTTP."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

Failing = Literal["", "refused", "broken off", "cut off", "silent"]

_PIECE = 65_536


class FaultyLine:
    """Hands on what client and server say, until so many bytes of the server's have passed; then it fails.

    ``port`` is where it listens, on 127.0.0.1. ``fails`` says how: "refused" (nobody listens), "broken off" (a reset),
    "cut off" (an end as if all had been said), "silent" (nothing more comes), or "" (it does not). ``passed`` is how
    many bytes the server has said since :meth:`set`, ``sent`` how many the client has; ``failed`` whether it did fail.
    """

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self._server = (host, port)
        self._lines: list[socket.socket] = []
        self._lock = threading.Lock()
        self._listening: socket.socket | None = None
        self.port = 0
        self.set("")

    def set(self, fails: Failing, after: int = 0) -> FaultyLine:
        """Fail so from now on, ``after`` that many bytes of the server's; connections that are open are closed."""
        self._close_lines()
        with self._lock:
            self.fails: Failing = fails
            self.after = after
            self.passed = self.sent = 0
            self.failed = False
        self._listen(fails != "refused")
        return self

    def close(self) -> None:
        """Listen no more, and close what is open."""
        self._listen(False)
        self._close_lines()

    def _listen(self, wanted: bool) -> None:
        if not wanted and self._listening is not None:
            with suppress(OSError):
                self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
            self._listening = None
        elif wanted and self._listening is None:
            # The same port again when it has been refused for a while: what was connected may linger there.
            self._listening = socket.create_server(("127.0.0.1", self.port), backlog=16)
            self.port = self._listening.getsockname()[1]
            threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                try:
                    server = socket.create_connection(self._server)
                except OSError:
                    client.close()
                    continue
                with self._lock:
                    self._lines += [client, server]
                threading.Thread(target=self._ask, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while piece := client.recv(_PIECE):
                self.sent += len(piece)
                server.sendall(piece)
            server.shutdown(socket.SHUT_WR)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while piece := server.recv(_PIECE):
                with self._lock:
                    left = self.after - self.passed if self.fails else len(piece)
                    passing = piece[: max(0, left)]
                    self.passed += len(passing)
                client.sendall(passing)
                if len(passing) < len(piece):
                    self._fail(server, client)
                    return
            client.shutdown(socket.SHUT_WR)

    def _fail(self, server: socket.socket, client: socket.socket) -> None:
        self.failed = True
        if self.fails == "silent":
            return
        if self.fails == "broken off":
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.shutdown(socket.SHUT_RD)  # or who reads from it in another thread keeps it open
        else:
            client.shutdown(socket.SHUT_RDWR)
        client.close()
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)

    def _close_lines(self) -> None:
        with self._lock:
            lines, self._lines = self._lines, []
        for line in lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()


@contextmanager
def faulty_line(port: int, host: str = "127.0.0.1") -> Iterator[FaultyLine]:
    """A :class:`FaultyLine` in front of the server at ``host`` and ``port``, for the length of a ``with`` block."""
    line = FaultyLine(port, host)
    try:
        yield line
    finally:
        line.close()
