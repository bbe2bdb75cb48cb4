"""Asking a model: a session with the service, what it is sent, and what is read out of its answer."""

from __future__ import annotations

import base64
import mimetypes
import sys
from typing import Any

from flowbook import TaskFailed, current, http, json_schema
from flowbook.json_text import TooDeep, parse_json

from .models import Chat, Credentials
from .streaming import Stream

_MOST_IMAGE = 20_000_000  # bytes; https://platform.openai.com/docs/guides/images-vision


def body_of(params: Chat, model: str) -> dict[str, Any]:
    """What is asked for beside the messages."""
    body = {"model": model, **{name: value for name in ("temperature", "max_tokens", "seed")
                               if (value := getattr(params, name)) is not None}}  # fmt: skip
    if params.output_schema is not None:
        shape = {"name": "answer", "schema": params.output_schema}
        body["response_format"] = {"type": "json_schema", "json_schema": shape}
    return body


def session(credentials: Credentials, timeout: float) -> http.Session:
    """A session with the service; ``timeout`` in seconds."""
    key = credentials.api_key.reveal() if credentials.api_key else ""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return http.Session(
        credentials.base_url,
        service="The model's service",
        headers=headers,
        secrets=[key] if key else [],
        timeout=timeout,
    )


def model_of(credentials: Credentials, wanted: str | None) -> str:
    """The model to be asked. Raises TaskFailed when none is named."""
    model = wanted or credentials.model
    if not model:
        raise TaskFailed("No model is named.", hint="Give the node or the integration a model.", permanent=True)
    return model


def messages_of(params: Chat) -> list[dict[str, Any]]:
    """What is said to the model, as the API has it."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": params.system}] if params.system else []
    messages += [{"role": one.role, "content": one.content} for one in params.messages]
    if params.images:
        parts: list[dict[str, Any]] = [{"type": "text", "text": params.prompt}] if params.prompt else []
        messages.append({"role": "user", "content": parts + [_image(name) for name in params.images]})
    elif params.prompt:
        messages.append({"role": "user", "content": params.prompt})
    return messages


def _image(name: str) -> dict[str, Any]:
    path = current().file(name)
    content = path.read_bytes()
    if len(content) > _MOST_IMAGE:
        raise TaskFailed(f"The image {path.name} is larger than {_MOST_IMAGE // 1_000_000} MB.", permanent=True)
    kind = mimetypes.guess_type(path.name)[0] or "image/png"
    return {"type": "image_url", "image_url": {"url": f"data:{kind};base64,{base64.b64encode(content).decode()}"}}


def ask(session: http.Session, body: dict[str, Any], stream: bool, usage: dict[str, int]) -> dict[str, Any]:
    """The message that a model answers with: its "content", a text, or the "tool_calls" that it wants made.

    Its tokens are added to ``usage``. Raises TaskFailed for an answer that is none, was refused or cut off.
    """
    if stream:
        pieces = Stream(_show)
        streamed = {**body, "stream": True, "stream_options": {"include_usage": True}}
        response = session.post("chat/completions", json=streamed, parse=False, seen=pieces.take)
        answer = pieces.completion() if pieces.events else response.json
        _show("\n")
    else:
        answer = session.post("chat/completions", json=body, retry=True).json
    add(usage, answer)
    choices = listed(answer, "choices")
    message = (choices[0].get("message") if choices else None) or {}
    if message.get("refusal"):
        raise TaskFailed(f"The model refuses: {message['refusal']}", permanent=True)
    text, finish = message.get("content"), choices[0].get("finish_reason") if choices else None
    if not isinstance(text, str) and not (message.get("tool_calls") and "tools" in body):
        raise TaskFailed("The answer of the model's service holds no text.", hint="Does base_url end with /v1?")
    if finish == "length":
        raise TaskFailed("The answer was cut off at max_tokens.", {"text": text}, "Raise max_tokens.", permanent=True)
    if finish == "content_filter":
        raise TaskFailed("The service's filter withheld the answer.", {"text": text}, permanent=True)
    return message


def _show(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def add(usage: dict[str, int], answer: Any) -> None:
    """Add the tokens of an answer."""
    found = answer.get("usage") if isinstance(answer, dict) else None
    for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
        if isinstance(found, dict) and isinstance(found.get(name), int):
            usage[name] = usage.get(name, 0) + found[name]


def listed(answer: Any, name: str) -> list[dict[str, Any]]:
    """A list of objects in an answer. Raises TaskFailed when there is none."""
    found = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise TaskFailed(f"The answer of the model's service has no {name}.", hint="Does base_url end with /v1?")
    return found


def fitting(text: str, schema: dict[str, Any]) -> tuple[Any, str]:
    """The answer as data, and what is wrong with it; models like to put JSON into a block of Markdown."""
    plain = text.strip()
    if plain.startswith("```"):
        plain = plain.partition("\n")[2].rpartition("```")[0]
    try:
        value = parse_json(plain)
    except TooDeep:
        return None, "it is nested too deeply."
    except ValueError:
        return None, "it is not JSON."
    try:
        return value, json_schema.fault_in(value, schema)
    except ValueError as error:
        raise TaskFailed(f"output_schema: {error}", permanent=True) from None
