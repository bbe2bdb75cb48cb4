"""PostgreSQL's messages as a cassette holds them.

Facts: https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

from flowbook.cassettes.content import bytes_of, told

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102

Message = tuple[bytes, bytes]
"""Its type and its content."""


class Messages:
    """Takes bytes as they come, and gives whole messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def take(self, content: bytes) -> Iterator[Message]:
        """The messages that are complete with these bytes."""
        self._buffer += content
        while len(self._buffer) >= 5:
            (length,) = struct.unpack_from("!I", self._buffer, 1)
            if len(self._buffer) < length + 1:
                return
            message = bytes(self._buffer[:1]), bytes(self._buffer[5 : length + 1])
            del self._buffer[: length + 1]
            yield message


def packed(message: Message) -> bytes:
    """A message as it is sent."""
    kind, content = message
    return kind + struct.pack("!I", len(content) + 4) + content


def written(message: Message) -> dict[str, Any]:
    """A message as plain JSON; a row by its columns, so that a secret in it can be left out."""
    kind, content = message
    if kind == b"D":
        return {"type": "D", "row": list(_columns(content))}
    return {"type": kind.decode("latin-1"), "is": told(content)}


def read(given: dict[str, Any]) -> Message:
    """The message that :func:`written` made it of."""
    kind = str(given["type"]).encode("latin-1")
    if "row" not in given:
        return kind, bytes_of(given["is"])
    parts = [struct.pack("!H", len(given["row"]))]
    for column in given["row"]:
        content = None if column is None else bytes_of(column)
        parts.append(struct.pack("!i", -1) if content is None else struct.pack("!i", len(content)) + content)
    return kind, b"".join(parts)


def _columns(content: bytes) -> Iterator[Any]:
    (count,) = struct.unpack_from("!H", content)
    at = 2
    for _ in range(count):
        (length,) = struct.unpack_from("!i", content, at)
        at += 4
        if length < 0:
            yield None
            continue
        yield told(content[at : at + length])
        at += length


def error(words: str) -> bytes:
    """An error of the server, after which it waits for the next query."""
    fields = b"SERROR\0VERROR\0CXX000\0M" + words.encode() + b"\0\0"
    return packed((b"E", fields)) + packed((b"Z", b"I"))


def exactly(connection: Any, size: int) -> bytes:
    """So many bytes of a connection; EOFError when it ends before."""
    found = b""
    while len(found) < size:
        chunk = connection.recv(size - len(found))
        if not chunk:
            raise EOFError
        found += chunk
    return found


def startup(connection: Any) -> tuple[int, bytes]:
    """The first packet of a connection: its code, and the whole of it."""
    head = exactly(connection, 8)
    length, code = struct.unpack("!II", head)
    return code, head + exactly(connection, length - 8)
