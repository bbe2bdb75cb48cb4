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
        self._due = 0.0
        self._last = 0.0
        self._over = False
        self._changed = threading.Condition()
        self._late: threading.Thread | None = None

    def add(self, message: bytes, within: float = TELL_SECONDS, *, later: bool = False) -> None:
        """Have a message told, ``within`` so many seconds after the last; ``later`` never at once, even if none was."""
        with self._changed:
            now = time.monotonic()
            due = (now if later else self._last) + within
            self._due = min(self._due, due) if self._held else due
            self._held.append(message)
            if now >= self._due:
                self._tell()
                return
            self._changed.notify()
            if self._late is None:
                self._late = threading.Thread(target=self._tell_later, name="flowbook-told", daemon=True)
                self._late.start()

    def _tell_later(self) -> None:
        with self._changed:
            while not self._over:
                left = self._due - time.monotonic() if self._held else None
                if left is not None and left <= 0:
                    self._tell()
                else:
                    self._changed.wait(left)

    def _tell(self) -> None:
        """Tell what is held back. The lock is held."""
        held, self._held = self._held, []
        if held:
            self._tell_all(held)
        self._last = time.monotonic()

    def close(self) -> None:
        """Tell the rest."""
        with self._changed:
            self._over = True
            self._tell()
            self._changed.notify()
