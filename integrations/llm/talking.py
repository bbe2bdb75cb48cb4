"""A conversation with a model, up to its answer: with the tools that it uses, and mended until it fits."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from flowbook import TaskFailed

from .asking import ask, body_of, fitting, messages_of, session
from .models import Chat, Credentials
from .tools import Tools


class Talk:
    """What was said so far, and the tokens of it. A context: the session with the service is open inside."""

    def __init__(
        self, credentials: Credentials, params: Chat, model: str, tools: Tools | None = None, rounds: int = 0
    ) -> None:
        self.usage: dict[str, int] = {}
        self._params = params
        self._credentials = credentials
        self._model = model
        self._tools = tools
        self._rounds = rounds
        self._messages = messages_of(params)
        self._body = body_of(params, model)
        self._requests = 0
        self._open = ExitStack()
        if tools is not None and tools.described:
            self._body["tools"] = tools.described

    def __enter__(self) -> Talk:
        self._service = self._open.enter_context(session(self._credentials, self._params.timeout))
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def to_the_end(self) -> dict[str, Any]:
        """The data of the answer. Raises TaskFailed when it never fits the output_schema, or calls do not end."""
        schema = self._params.output_schema
        for _ in range(self._params.repairs + 1):
            text = self._answer()
            data = {"text": text, "value": None, "model": self._model, "usage": self.usage, "requests": self._requests}
            if schema is None:
                return data
            data["value"], fault = fitting(text, schema)
            if not fault:
                return data
            words = f"That does not fit the JSON Schema: {fault} Answer again, with JSON only."
            self._messages += [{"role": "assistant", "content": text}, {"role": "user", "content": words}]
        raise TaskFailed(f"The answer does not fit output_schema: {fault}", data)

    def _answer(self) -> str:
        """The next text of the model, after the calls that it wants made."""
        while True:
            said = ask(self._service, {**self._body, "messages": self._messages}, self._params.stream, self.usage)
            self._requests += 1
            calls = said.get("tool_calls")
            if not calls or self._tools is None:
                return str(said["content"])
            if self._rounds <= 0:
                raise TaskFailed(
                    "The model asked for tools again and again.", {"calls": self._tools.calls}, "Raise rounds."
                )
            self._rounds -= 1
            self._messages.append({"role": "assistant", "content": said.get("content"), "tool_calls": calls})
            self._messages += [self._tools.answer(call) for call in calls]
