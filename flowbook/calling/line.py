"""The line between a process and the one that makes its calls: messages as pickles, each with its length before it."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, BinaryIO

_LENGTH = 8
_TOLD = b"told "


HERE = "have the node's calls made here: 'where: here' and no 'isolate'"
"""What always helps when something cannot travel."""


class Unsendable(Exception):
    """What cannot be sent; its text says where in it the thing is that cannot, and why, ``advice`` what to do."""

    def __init__(self, why: str, instead: str = "Give it plain data") -> None:
        super().__init__(why)
        self.advice = f"{instead}, or {HERE}"


class Line:
    """Two pipes. Any thread may send, whole messages; one receives."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._sending = threading.Lock()

    def send(self, message: bytes) -> None:
        """Send a message (see :func:`packed`). OSError when nobody is there any more."""
        with self._sending:
            self._outgoing.write(len(message).to_bytes(_LENGTH, "big"))
            self._outgoing.write(message)
            self._outgoing.flush()

    def receive(self) -> bytes:
        """The next message; EOFError when there will be none."""
        return self._exactly(int.from_bytes(self._exactly(_LENGTH), "big"))

    def _exactly(self, size: int) -> bytes:
        found = self._incoming.read(size)
        if len(found) < size:
            raise EOFError
        return found

    def hang_up(self) -> None:
        """Send nothing more."""
        with suppress(OSError):  # nobody is there any more
            self._outgoing.close()


def stop_of(number: int) -> bytes:
    """The message that the order of that number, counted from 1, is to stop."""
    return b"stop %d" % number


def is_stop(message: bytes, number: int) -> bool:
    """Whether a message says that the order of that number is to stop."""
    return message == stop_of(number)


def told_of(content: bytes) -> bytes:
    """The message that answers what a call has asked."""
    return _TOLD + content


def told_in(message: bytes) -> bytes | None:
    """The content of such a message; None for another one."""
    return message[len(_TOLD) :] if message.startswith(_TOLD) else None


def is_order(message: bytes) -> bool:
    """Whether a message is a pickle. https://docs.python.org/3/library/pickletools.html (PROTO begins it)."""
    return message[:1] == pickle.PROTO


def packed(value: Any, about: str = "") -> bytes:
    """A value as it is sent; Unsendable when it cannot be. ``about`` is what it is called in that."""
    try:
        return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 - how an object refuses is its own affair
        place, why = _culprit(value, about, error)
        raise Unsendable(f"{place} cannot be sent to another process: {why}") from None


_MOST_DEEP = 40
"""How deep the part is looked for: each step packs what is left, and people read no longer a path."""


def _culprit(value: Any, place: str, why: Exception) -> tuple[str, str]:
    """The innermost part of plain data that cannot be sent, and why not."""
    seen: set[int] = set()
    while id(value) not in seen and len(seen) < _MOST_DEEP:
        seen.add(id(value))
        for inner, part in _parts(value, place):
            try:
                pickle.dumps(part, pickle.HIGHEST_PROTOCOL)
            except Exception as error:  # noqa: BLE001 - as above
                value, place, why = part, inner, error
                break
    kind = type(value)
    return f"{place or 'it'} (a {kind.__module__}.{kind.__qualname__})".replace("builtins.", ""), str(why)


def _parts(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((f"{place}.{key}" if place else str(key), part) for key, part in value.items())
    elif isinstance(value, (list, tuple)):
        yield from ((f"{place}[{index}]", part) for index, part in enumerate(value))
