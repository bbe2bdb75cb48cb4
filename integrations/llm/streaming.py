"""An answer that comes in pieces: server-sent events, shown as they come and put together.

Facts: https://platform.openai.com/docs/api-reference/chat-streaming and https://html.spec.whatwg.org/#server-sent-events
"""

from __future__ import annotations

from typing import Any

from flowbook import TaskFailed
from flowbook.json_text import parse_json


class Stream:
    """Takes the bytes of an answer; ``completion()`` is what the same answer would have been in one piece."""

    def __init__(self, show: Any) -> None:
        self._show = show
        self._rest = b""
        self._texts: list[str] = []
        self._calls: dict[int, dict[str, Any]] = {}
        self._finish: str | None = None
        self._usage: dict[str, Any] = {}
        self._fault: Any = None
        self.events = 0

    def take(self, piece: bytes) -> None:
        """Take what came next; a piece may end anywhere."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            if line.startswith(b"data:"):
                self._event(line[5:].strip())

    def _event(self, data: bytes) -> None:
        if data == b"[DONE]":
            return
        try:
            event = parse_json(data)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            return
        self.events += 1
        self._fault = event.get("error") or self._fault
        self._usage = event.get("usage") or self._usage
        for choice in event.get("choices") or ():
            delta = choice.get("delta") or {}
            for part in delta.get("tool_calls") or ():
                self._part_of_call(part)
            text = delta.get("content") or ""
            if text:
                self._texts.append(text)
                self._show(text)
            self._finish = choice.get("finish_reason") or self._finish

    def _part_of_call(self, part: dict[str, Any]) -> None:
        """A tool call comes in pieces, too: first its id and name, then its arguments bit by bit."""
        call = self._calls.setdefault(part.get("index") or 0, {"id": "", "name": "", "arguments": ""})
        function = part.get("function") or {}
        call["id"] = part.get("id") or call["id"]
        if function.get("name"):
            call["name"] = function["name"]
            self._show(f"[{call['name']}] ")
        written = function.get("arguments") or ""
        call["arguments"] += written
        self._show(written)

    def completion(self) -> dict[str, Any]:
        """The whole answer. Raises TaskFailed when the service told of a fault, or stopped in the middle."""
        if self._fault:
            words = self._fault.get("message") if isinstance(self._fault, dict) else self._fault
            raise TaskFailed(f"The model's service failed while it answered: {str(words)[:500]}")
        if self._finish is None:
            raise TaskFailed("The answer of the model ended in the middle.", {"text": "".join(self._texts)})
        message: dict[str, Any] = {"role": "assistant", "content": "".join(self._texts)}
        if self._calls:
            message["tool_calls"] = [
                {"id": call["id"], "type": "function",
                 "function": {"name": call["name"], "arguments": call["arguments"]}}
                for _, call in sorted(self._calls.items())
            ]  # fmt: skip
        return {"choices": [{"message": message, "finish_reason": self._finish}], "usage": self._usage}
