"""What one node printed and displayed, as chunks that are appended to and dropped, so that little travels."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from typing import Any

TEXT_LIMIT = 200_000  # characters of text that are kept of one node: the last
CHUNK = 8_000  # characters after which a new chunk begins
SHOWN_TYPES = (
    "image/png", "image/jpeg", "image/gif", "image/svg+xml", "text/html", "application/json", "text/plain",
)  # fmt: skip


class NodeFeed:
    """The output of one node.

    A chunk is ``{"s": stream, "t": text, "i": item}`` or ``{"s": "display", "b": bundle, "i": item}``. The operations
    that :meth:`take` gives are ``["new", chunk]``, ``["more", text]`` (append to the last chunk), ``["drop", count]``
    (take the oldest chunks away) and ``["all", chunks]`` (these in place of those that were).
    """

    __slots__ = ("_chunks", "_length", "_operations")

    def __init__(self) -> None:
        self._chunks: deque[dict[str, Any]] = deque()
        self._length = 0
        self._operations: list[list[Any]] = []

    def append(self, stream: str, text: str, bundle: Mapping[str, Any] | None = None, item: int | None = None) -> None:
        """Take in a piece of output."""
        if bundle is not None:
            self._add({"s": "display", "b": shown(bundle, text), "i": item})
            return
        text = text[-TEXT_LIMIT:]
        while text:
            last = self._chunks[-1] if self._chunks else None
            if last is not None and last["s"] == stream and last["i"] == item and len(last["t"]) < CHUNK:
                room = CHUNK - len(last["t"])
                self._extend(last, text[:room])
                text = text[room:]
            else:
                self._add({"s": stream, "t": text[:CHUNK], "i": item})
                text = text[CHUNK:]
        self._forget()

    def chunks(self) -> list[dict[str, Any]]:
        """All that is kept."""
        return [dict(chunk) for chunk in self._chunks]

    def take(self) -> list[list[Any]]:
        """The operations since this was asked last."""
        operations, self._operations = self._operations, []
        if len(operations) > 1 and sum(map(_length, operations)) > TEXT_LIMIT:
            return [["all", self.chunks()]]
        return operations

    def _add(self, chunk: dict[str, Any]) -> None:
        self._chunks.append(chunk)
        self._length += len(chunk.get("t", ""))
        self._operations.append(["new", dict(chunk)])

    def _extend(self, last: dict[str, Any], text: str) -> None:
        last["t"] += text
        self._length += len(text)
        newest = self._operations[-1] if self._operations else None
        if newest is None or newest[0] == "drop":
            self._operations.append(["more", text])
        elif newest[0] == "more":
            newest[1] += text
        else:
            newest[1]["t"] += text

    def _forget(self) -> None:
        """Drop the oldest chunks of text beyond the limit, and the displays before them."""
        dropped = 0
        while self._length > TEXT_LIMIT and len(self._chunks) > 1:
            self._length -= len(self._chunks.popleft().get("t", ""))
            dropped += 1
        if dropped:
            self._operations.append(["drop", dropped])


def _length(operation: list[Any]) -> int:
    kind, what = operation
    return len(what) if kind == "more" else len(what.get("t", "")) if kind == "new" else 0


def shown(bundle: Mapping[str, Any], text: str) -> dict[str, Any]:
    """The one content of a MIME bundle that the panel shows, with the plain text beside it."""
    for kind in SHOWN_TYPES:
        content = bundle.get(kind)
        if content is None:
            continue
        if not isinstance(content, str):
            content = json.dumps(content, indent=2, ensure_ascii=False, default=str)
        return {"kind": kind, "content": content, "text": str(bundle.get("text/plain", ""))[:2_000]}
    return {"kind": "text/plain", "content": text or f"[a display of {', '.join(bundle)}]", "text": ""}
