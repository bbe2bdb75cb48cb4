"""What calls elsewhere say, told together: each message by itself would wake the process at the other end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

TELL_SECONDS = 0.05
"""What quick calls say is told together, at most so much later."""


class Together:
    """Tells messages by ``tell``: at once after a quiet moment, else a moment later together with what follows."""

    def __init__(self, tell: Callable[[list[bytes]], None]) -> None:
        self._tell_all = tell
        self._held: list[bytes] = []
        self._last = 0.0
        self._lock = threading.Lock()
        self._waits = threading.Event()
        self._over = threading.Event()
        self._late: threading.Thread | None = None

    def add(self, message: bytes) -> None:
        """Have a message told."""
        with self._lock:
            self._held.append(message)
            if time.monotonic() - self._last >= TELL_SECONDS:
                self._tell()
                return
            self._waits.set()
            if self._late is None:
                self._late = threading.Thread(target=self._tell_later, name="flowbook-told", daemon=True)
                self._late.start()

    def _tell_later(self) -> None:
        while self._waits.wait() and not self._over.wait(TELL_SECONDS):
            with self._lock:
                self._tell()

    def _tell(self) -> None:
        """Tell what is held back. The lock is held."""
        self._waits.clear()
        if self._held:
            held, self._held = self._held, []
            self._tell_all(held)
        self._last = time.monotonic()

    def close(self) -> None:
        """Tell the rest."""
        self._over.set()
        with self._lock:
            self._tell()
            self._waits.set()  # for the thread, which ends
