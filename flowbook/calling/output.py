"""What one call prints and displays, on its way to those who want to see it."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from typing import Any

from flowbook.calling.redact import Redact
from flowbook.tasks.contract import well_formed

FLUSH_SECONDS = 0.1
FLUSH_CHARACTERS = 16_384
OUTPUT_LIMIT = 1_000_000
DISPLAY_LIMIT = 5_000_000


class Output:
    """What one call prints and displays: redacted, in few pieces, and no more than a limit.

    Whole lines are emitted as they come, at most every 0.1 s (``later`` asks for the flush that is then due); a piece
    of a line is held back until it is long enough that no secret can stand across its end.
    """

    __slots__ = (
        "_emit",
        "_flushed",
        "_held",
        "_later",
        "_lock",
        "_redact",
        "_room",
        "_room_display",
        "_waiting",
    )

    def __init__(
        self,
        emit: Callable[[str, str, dict[str, Any] | None], None],
        redact: Redact,
        later: Callable[[Output], None],
    ) -> None:
        self._emit = emit
        self._redact = redact
        self._later = later
        self._lock = threading.Lock()
        self._held: dict[str, list[str]] = {}
        self._flushed = 0.0
        self._room = OUTPUT_LIMIT
        self._room_display = DISPLAY_LIMIT
        self._waiting = False

    def write(self, stream: str, text: str) -> None:
        """Take text printed to ``stream``."""
        if not text:
            return
        with self._lock:
            if self._room <= 0:
                return
            self._room -= len(text)
            held = self._held.setdefault(stream, [])
            held.append(text if text.isascii() else well_formed(text))
            if self._room <= 0:
                held.append(f"\n[output cut: more than {OUTPUT_LIMIT:,} characters]\n")
            now = time.monotonic()
            quiet = now - self._flushed >= FLUSH_SECONDS and "\n" in text
            due = quiet or sum(map(len, held)) >= FLUSH_CHARACTERS
            ask = not due and not self._waiting
            if due:
                self._flush(now)
            elif ask:
                self._waiting = True
        if ask:
            self._later(self)

    def display(self, bundle: dict[str, Any]) -> None:
        """Take a rich display (MIME type → content)."""
        with self._lock:
            self._flush(time.monotonic())
            self._room_display -= sum(map(_size, bundle.values()))
            if self._room_display < 0:
                plain = str(bundle.get("text/plain", ""))[:1000]
                bundle = {"text/plain": f"{plain}\n[display left out: more than {DISPLAY_LIMIT:,} bytes]"}
            clean = {kind: self._clean(kind, content) for kind, content in bundle.items()}
            self._emit("display", str(clean.get("text/plain", "")), clean)

    def _clean(self, kind: str, content: Any) -> Any:
        """Content without secrets, bytes as base64 as in a notebook; in base64 of a picture none can be seen."""
        if isinstance(content, (bytes, bytearray)):
            content = base64.b64encode(content).decode("ascii")
        if not isinstance(content, str):
            return self._redact.redact_json(content)
        return content if kind.startswith("image/p") else self._redact(well_formed(content))

    def traceback(self, text: str) -> None:
        """Take a traceback."""
        with self._lock:
            self._flush(time.monotonic(), everything=True)
            self._emit("traceback", self._redact(well_formed(text)), None)

    def flush(self, *, everything: bool = False) -> None:
        """Emit what is held back; ``everything`` also the end of an unfinished line."""
        if not self._held:
            return
        with self._lock:
            self._waiting = False
            self._flush(time.monotonic(), everything=everything)

    def _flush(self, now: float, *, everything: bool = False) -> None:
        self._flushed = now
        for stream, pieces in self._held.items():
            if not pieces:
                continue
            text = "".join(pieces)
            end = len(text) if everything else self._safe_end(text)
            if end:
                self._held[stream] = [text[end:]] if end < len(text) else []
                self._emit(stream, self._redact(text[:end]), None)
            else:
                self._held[stream] = [text]

    def _safe_end(self, text: str) -> int:
        """Up to where no secret can go on in text still to come."""
        longest = self._redact.longest
        if not longest:
            return len(text)
        # The redactor also knows the single lines of a secret of several lines, so a line's end is always safe.
        return max(len(text) - longest + 1, text.rfind("\n") + 1, text.rfind("\r") + 1)


def _size(content: Any) -> int:
    """The characters of a display's content, also of the texts inside of JSON."""
    if isinstance(content, (str, bytes, bytearray)):
        return len(content)
    if isinstance(content, dict):
        return sum(_size(key) + _size(value) for key, value in content.items())
    return sum(map(_size, content)) if isinstance(content, (list, tuple)) else 1
