"""What one call prints and displays, on its way to those who want to see it."""

from __future__ import annotations

import base64
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flowbook.calling.redact import Redact
from flowbook.tasks.contract import well_formed

FLUSH_SECONDS = 0.1
FLUSH_CHARACTERS = 16_384
OUTPUT_LIMIT = 1_000_000  # characters, of which so many at the end:
ENDING_LIMIT = OUTPUT_LIMIT // 4
DISPLAY_LIMIT = 5_000_000
RAISED_LIMIT = 2_000
_PNG = "iVBORw0KGgo"  # how base64 of a PNG begins


class _Ending:
    """The end of what a stream gets over the limit."""

    __slots__ = ("_pieces", "_size", "left_out")

    def __init__(self) -> None:
        self._pieces: deque[str] = deque()
        self._size = 0
        self.left_out = 0

    def add(self, text: str) -> None:
        kept = text[-ENDING_LIMIT:]
        self.left_out += len(text) - len(kept)
        self._pieces.append(kept)
        self._size += len(kept)
        while self._size - len(self._pieces[0]) >= ENDING_LIMIT:
            gone = len(self._pieces.popleft())
            self._size -= gone
            self.left_out += gone

    def text(self, redact: Redact) -> str:
        """What is kept, without secrets, also without the end of one that the cut went through."""
        text = "".join(self._pieces)
        if not self.left_out:
            return redact(text)
        cut = max(len(text) - ENDING_LIMIT, 0)
        line = text.find("\n", cut) + 1
        if line:
            cut, shown = line, redact(text[line:])
        else:
            shown = redact(text[cut:])[redact.longest :]
        return f"\n[output cut: {self.left_out + cut:,} characters left out]\n{shown}"


class Output:
    """What one call prints and displays: redacted, in few pieces, and no more than a limit: the beginning as it comes,
    and of what is over the limit the end, since that is where an error says what it is.

    Whole lines are emitted as they come, at most every 0.1 s (``later`` asks for the flush that is then due); a piece
    of a line is held back until it is long enough that no secret can stand across its end.
    """

    __slots__ = (
        "_busy",
        "_emit",
        "_endings",
        "_flushed",
        "_held",
        "_held_size",
        "_later",
        "_lock",
        "_meanwhile",
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
        self._lock = threading.RLock()
        self._busy = False
        self._meanwhile: deque[tuple[str, str]] = deque()
        self._held: dict[str, list[str]] = {}
        self._held_size = 0  # characters of all streams; counted as they come, for a loop may print a million pieces
        self._flushed = 0.0
        self._room = OUTPUT_LIMIT - ENDING_LIMIT
        self._endings: dict[str, _Ending] = {}
        self._room_display = DISPLAY_LIMIT
        self._waiting = False

    def write(self, stream: str, text: str) -> None:
        """Take text printed to ``stream``."""
        if not text:
            return
        with self._lock:
            if self._busy:
                self._meanwhile.append((stream, text))
                return
            self._busy = True
            try:
                ask = self._take(stream, text)
                ask = self._take_meanwhile() or ask
            finally:
                self._busy = False
        if ask:
            self._later(self)

    def _take(self, stream: str, text: str) -> bool:
        """Take text; whether a flush is to be asked for."""
        now = time.monotonic()
        held = self._held.setdefault(stream, [])
        text = text if text.isascii() else well_formed(text)
        if len(text) > self._room:
            self._over(stream, text, now)
            return False
        self._room -= len(text)
        held.append(text)
        self._held_size += len(text)
        quiet = now - self._flushed >= FLUSH_SECONDS and "\n" in text
        if quiet or self._held_size >= FLUSH_CHARACTERS:
            self._flush(now)
            return False
        ask, self._waiting = not self._waiting, True
        return ask

    def _take_meanwhile(self) -> bool:
        """Take what was printed while other output went out, as a finalizer may; as :meth:`_take`."""
        ask = False
        while self._meanwhile:
            ask = self._take(*self._meanwhile.popleft()) or ask
        return ask

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """While something goes out. What is printed in the same thread meanwhile goes after it."""
        ask = False
        with self._lock:
            outermost, self._busy = not self._busy, True
            try:
                yield
                if outermost:
                    ask = self._take_meanwhile()
            finally:
                self._busy = not outermost
        if ask:
            self._later(self)

    def _over(self, stream: str, text: str, now: float) -> None:
        """Take text that is over the limit: what still fits goes out, the end is kept for later."""
        fits = max(self._room, 0)
        self._room -= len(text)
        if fits:
            self._held[stream].append(text[:fits])
        self._flush(now)
        ending = self._endings.setdefault(stream, _Ending())
        for rest in self._held[stream]:  # held back, since a secret may go on in what follows
            ending.add(rest)
        self._held[stream] = []
        ending.add(text[fits:])

    def display(self, bundle: dict[str, Any]) -> None:
        """Take a rich display (MIME type → content)."""
        with self._alone():
            self._flush(time.monotonic())
            self._room_display -= sum(map(_size, bundle.values()))
            if self._room_display < 0:
                # Cut when it is clean: half of a secret would not be found any more.
                plain = self._redact(well_formed(str(bundle.get("text/plain", ""))))[:1000]
                bundle = {"text/plain": f"{plain}\n[display left out: more than {DISPLAY_LIMIT:,} bytes]"}
            clean = {kind: self._clean(kind, content) for kind, content in bundle.items()}
            self._emit("display", str(clean.get("text/plain", "")), clean)

    def _clean(self, kind: str, content: Any) -> Any:
        """Content without secrets, bytes as base64 as in a notebook; in base64 of a picture none can be seen."""
        if isinstance(content, (bytes, bytearray)):
            content = base64.b64encode(content).decode("ascii")
        if not isinstance(content, str):
            return self._redact.redact_json(content)
        picture = kind == "image/png" and content.startswith(_PNG)
        return content if picture else self._redact(well_formed(content))

    def traceback(self, text: str, raised: dict[str, str]) -> None:
        """Take a traceback, and what was raised."""
        with self._alone():
            self._flush(time.monotonic(), everything=True)
            known = {name: self._redact(well_formed(value))[:RAISED_LIMIT] for name, value in raised.items()}
            self._emit("traceback", self._redact(well_formed(text)), known)

    def flush(self, *, everything: bool = False) -> None:
        """Emit what is held back; ``everything`` also the end of an unfinished line."""
        if not self._held:
            return
        with self._alone():
            self._waiting = False
            self._flush(time.monotonic(), everything=everything)

    def _flush(self, now: float, *, everything: bool = False) -> None:
        self._flushed = now
        for stream, pieces in list(self._held.items()):
            if not pieces:
                continue
            text = "".join(pieces)
            end = len(text) if everything else self._safe_end(text)
            if end:
                self._held[stream] = [text[end:]] if end < len(text) else []
                self._emit(stream, self._redact(text[:end]), None)
            else:
                self._held[stream] = [text]
        self._held_size = sum(len(text) for pieces in self._held.values() for text in pieces)
        if everything:
            endings, self._endings = self._endings, {}
            for stream, ending in endings.items():
                self._emit(stream, ending.text(self._redact), None)

    def _safe_end(self, text: str) -> int:
        """Up to where no secret can go on in text still to come."""
        longest = self._redact.longest
        if not longest:
            return len(text)
        # The redactor also knows the single lines of a secret of several lines, so a line's end is always safe.
        line = max(text.rfind("\n"), text.rfind("\r")) + 1
        end = len(text) - longest + 1
        while end > line and self._cuts_a_secret(text, end, longest):
            end -= 1
        return max(end, line)

    def _cuts_a_secret(self, text: str, at: int, longest: int) -> bool:
        """Whether a secret that is there as a whole would go out in two parts, in neither of which it is found."""
        before, after = text[max(at - longest, 0) : at], text[at : at + longest]
        return self._redact(before + after) != self._redact(before) + self._redact(after)


def _size(content: Any) -> int:
    """The characters of a display's content, also of the texts inside of JSON."""
    if isinstance(content, (str, bytes, bytearray)):
        return len(content)
    if isinstance(content, dict):
        return sum(_size(key) + _size(value) for key, value in content.items())
    return sum(map(_size, content)) if isinstance(content, (list, tuple)) else 1
