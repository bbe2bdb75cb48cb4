"""Ending a statement that takes too long, or whose run was cancelled: in the server, or else here."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

GRACE_SECONDS = 3.0


class Watch:
    """Lives as long as a task's connection; ``reason`` is why it ended what runs there: "cancelled" or "timeout".

    The server is asked first (``kill``, over a connection of its own); when nothing has come back soon after, as on a
    dead network, the socket is shut, so that the waiting task ends anyhow.
    """

    def __init__(self, line: socket.socket, timeout: float | None, kill: Callable[[], None]) -> None:
        self.reason = ""
        self._line = line
        self._kill = kill
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._timer = threading.Timer(timeout, self._end, ["timeout"]) if timeout is not None else None

    def __enter__(self) -> Watch:
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        if self._timer is not None:
            self._timer.cancel()

    def cancel(self) -> None:
        """End what runs, without waiting for it."""
        threading.Thread(target=self._end, args=["cancelled"], name="flowbook-mysql-cancel", daemon=True).start()

    def _end(self, reason: str) -> None:
        with self._lock:
            if self.reason or self._over.is_set():
                return
            self.reason = reason
        threading.Thread(target=self._ask, name="flowbook-mysql-kill", daemon=True).start()
        if not self._over.wait(GRACE_SECONDS):
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)

    def _ask(self) -> None:
        with suppress(Exception):  # whatever it is, the socket is shut
            self._kill()
