"""What is known of the line to a server without asking: that it is at its end, or that a session there is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from flowbook.json_text import parse_json
from flowbook.mcp.complaints import Complaints

_SESSION = "Mcp-Session-Id"
_REFUSED = (400, 404)
_WITHOUT_WORDS = "Session terminated"

MOST_AT_ONCE = 10_000
"""Messages that a server may send before it has to keep to so many a second."""
A_SECOND = 1_000
_OF_WORDS = 10
"""How many messages a line that is none counts for."""

TOO_MANY = f"it sends more than {A_SECOND:,} messages a second without an end"


class Line:
    """The line of one session, as it is seen from here."""

    def __init__(self) -> None:
        self.ended = False
        self.broken = ""  # what the server sent that is no message, or too many of them, in words
        self.complaints: Complaints | None = None  # of a process
        self._refused: set[str] = set()
        self._told: Callable[[], None] | None = None
        self._left = float(MOST_AT_ONCE)
        self._last = time.monotonic()

    def breaks(self, words: str) -> None:
        """Say what was wrong with what came: nothing more is read."""
        self.broken = self.broken or words
        if self._told is not None:
            self._told()

    def when_broken(self, told: Callable[[], None]) -> None:
        """Have ``told`` called, from the loop in the background, when the line breaks; now if it has."""
        self._told = told
        if self.broken:
            told()

    def takes(self, found: Any) -> bool:
        """Whether what was read may be passed on. A flood keeps this process busy, and from letting the server go."""
        now = time.monotonic()
        self._left = min(self._left + (now - self._last) * A_SECOND, MOST_AT_ONCE)
        self._left -= _OF_WORDS if isinstance(found, Exception) else 1
        self._last = now
        if self._left < 0:
            self.breaks(TOO_MANY)
        return not self.broken

    def hears(self, stream: Any) -> Any:
        """The stream that the session reads by; its end is seen."""
        return _Heard(stream, self)

    def has_refused(self, error: Exception) -> bool:
        """Whether the server did nothing of what failed so, since it knows the session no more.

        404 says that, and 400 where the official library for TypeScript is used as its examples do:
        https://modelcontextprotocol.io/specification/2025-06-18/basic/transports#session-management.
        """
        return str(error) in self._refused

    async def note(self, response: Any) -> None:
        """Look at an answer over HTTP."""
        asked = response.request
        if asked.method == "POST" and _SESSION in asked.headers and response.status_code in _REFUSED:
            self._refused.add(_words_of(await response.aread()))


def _words_of(body: bytes) -> str:
    """What the library raises for such an answer."""
    try:
        return str(parse_json(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return _WITHOUT_WORDS


class _Heard:
    """A stream of messages, as the library wants it."""

    def __init__(self, stream: Any, line: Line) -> None:
        self._stream = stream
        self._line = line

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    async def __aenter__(self) -> _Heard:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> Any:
        self._line.ended = True
        return await self._stream.__aexit__(*error)

    def __aiter__(self) -> _Heard:
        return self

    async def __anext__(self) -> Any:
        try:
            found = await self._stream.__anext__()
        except StopAsyncIteration:
            self._line.ended = True
            raise
        if not self._line.takes(found):
            self._line.ended = True
            raise StopAsyncIteration
        return found
