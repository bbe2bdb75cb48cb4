"""How much a server may say at once: more is not kept, nor read on, as a line without an end would fill the memory."""

from __future__ import annotations

import codecs
import importlib
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

from flowbook.mcp.line import Line

MOST_BYTES = 16 * 1024**2
"""Of one message. The library joins what it reads anew with each piece, so that long ones also take long."""

TOO_LONG = f"it sent a message of more than {MOST_BYTES >> 20} MiB"
NO_TEXT = "it sent something that is no text in UTF-8"
ENCODING = "flowbook_mcp_messages"
"""UTF-8 of which no line is too long: what the library is told to read a process by."""

reading: ContextVar[Line] = ContextVar("reading")
"""The line that what is read in this context belongs to."""

_UTF_8 = codecs.lookup("utf-8")
_Decoder: Any = _UTF_8.incrementaldecoder


class _Bounded(_Decoder):  # type: ignore[misc]
    """Counts the bytes since the last end of a line."""

    def __init__(self, errors: str = "strict") -> None:
        super().__init__(errors)
        self._line = reading.get()
        self._count = 0

    def decode(self, input: bytes, final: bool = False) -> str:
        self._count = _left(input, self._count)
        if self._count > MOST_BYTES:
            self._line.breaks(TOO_LONG)
            raise ValueError(TOO_LONG)
        try:
            text: str = super().decode(input, final)
        except ValueError:
            self._line.breaks(NO_TEXT)
            raise
        return text


def _left(piece: bytes, before: int) -> int:
    """How many bytes there are since the last end of a line, after this piece."""
    end = piece.rfind(b"\n")
    return before + len(piece) if end < 0 else len(piece) - 1 - end


def _codec(name: str) -> codecs.CodecInfo | None:
    if name != ENCODING:
        return None
    return codecs.CodecInfo(
        _UTF_8.encode,
        _UTF_8.decode,
        _UTF_8.streamreader,
        _UTF_8.streamwriter,
        _UTF_8.incrementalencoder,
        _Bounded,
        name,
    )


codecs.register(_codec)


async def bound(response: Any, line: Line) -> None:
    """Have an answer over HTTP end with an error when it, or one event of a stream, is too long."""
    httpx = importlib.import_module(type(response).__module__.partition(".")[0])  # httpx, or what came after it
    inner, whole = response.stream, "text/event-stream" not in response.headers.get("Content-Type", "")

    class Counted(httpx.AsyncByteStream):  # type: ignore[misc, name-defined]
        async def __aiter__(self) -> AsyncIterator[bytes]:
            count = 0
            async for piece in inner:
                count = count + len(piece) if whole else _left(piece, count)
                if count > MOST_BYTES:
                    line.breaks(TOO_LONG)
                    raise httpx.ReadError(TOO_LONG, request=response.request)
                yield piece

        async def aclose(self) -> None:
            await inner.aclose()

    response.stream = Counted()
