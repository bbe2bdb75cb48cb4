"""The tasks. Facts: https://platform.openai.com/docs/api-reference, which other services keep to."""

from __future__ import annotations

import base64
import json
import mimetypes
import sys
from typing import Any

from flowbook import Result, TaskFailed, current, http, json_schema, task

from .models import Chat, Credentials, Embed, Nothing
from .streaming import Stream

_MOST_IMAGE = 20_000_000  # bytes; https://platform.openai.com/docs/guides/images-vision


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: Nothing) -> Result:
    """Try the address and the key by asking which models there are."""
    names = _models(credentials)
    if credentials.model and credentials.model not in names:
        raise TaskFailed(
            f"The service answers, but has no model {credentials.model!r}.", {"models": names}, permanent=True
        )
    return Result.ok(f"Connected: there are {len(names)} models.", {"models": names})


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_models(credentials: Credentials, params: Nothing) -> Result:
    """The names of the models there are. Data: a list of names."""
    names = _models(credentials)
    return Result.ok(f"{len(names)} models", names)


@task(effects="read", network=True, reads_files=["images"], writes_files=False, runs_code=False, reusable=True)
def chat(credentials: Credentials, params: Chat) -> Result:
    """Ask a model.

    Data: {"text", "value", "model", "usage" (prompt_tokens, completion_tokens, total_tokens), "requests"}; value is the
    answer as data when there is an output_schema. An answer that does not fit it is given back to be mended.
    """
    model = _model(credentials, params.model)
    body = {"model": model, **{name: value for name in ("temperature", "max_tokens", "seed")
                               if (value := getattr(params, name)) is not None}}  # fmt: skip
    if params.output_schema is not None:
        shape = {"name": "answer", "schema": params.output_schema}
        body["response_format"] = {"type": "json_schema", "json_schema": shape}
    messages = _messages(params)
    usage: dict[str, int] = {}
    with _session(credentials, params.timeout) as session:
        for asked in range(1, params.repairs + 2):
            text = _ask(session, {**body, "messages": messages}, params.stream, usage)
            data = {"text": text, "value": None, "model": model, "usage": usage, "requests": asked}
            if params.output_schema is None:
                break
            data["value"], fault = _fitting(text, params.output_schema)
            if not fault:
                break
            messages += [
                {"role": "assistant", "content": text},
                {
                    "role": "user",
                    "content": f"That does not fit the JSON Schema: {fault} Answer again, with JSON only.",
                },
            ]
        else:
            raise TaskFailed(f"The answer does not fit output_schema: {fault}", data)
    return Result.ok(f"{model} answered with {usage.get('completion_tokens', 0)} tokens", data)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False, reusable=True)
def embed(credentials: Credentials, params: Embed) -> Result:
    """Turn texts into vectors. Data: {"vectors" (in the order of the texts), "model", "usage"}."""
    model = _model(credentials, params.model)
    more = {} if params.dimensions is None else {"dimensions": params.dimensions}
    vectors: list[list[float]] = []
    usage: dict[str, int] = {}
    with _session(credentials, 120) as session:
        for start in range(0, len(params.texts), params.batch):
            texts = params.texts[start : start + params.batch]
            answer = session.post("embeddings", json={"model": model, "input": texts, **more}, retry=True).json
            found = sorted(_list(answer, "data"), key=lambda one: one.get("index", 0))
            if len(found) != len(texts):
                raise TaskFailed(f"The service gave {len(found)} vectors for {len(texts)} texts.")
            vectors += [one.get("embedding") for one in found]
            _add(usage, answer)
            current().progress(len(vectors), len(params.texts))
    return Result.ok(f"{len(vectors)} vectors", {"vectors": vectors, "model": model, "usage": usage})


def _session(credentials: Credentials, timeout: float) -> http.Session:
    key = credentials.api_key.reveal() if credentials.api_key else ""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return http.Session(
        credentials.base_url,
        service="The model's service",
        headers=headers,
        secrets=[key] if key else [],
        timeout=timeout,
    )


def _models(credentials: Credentials) -> list[str]:
    with _session(credentials, 30) as session:
        return sorted(str(one.get("id")) for one in _list(session.get("models").json, "data"))


def _model(credentials: Credentials, wanted: str | None) -> str:
    model = wanted or credentials.model
    if not model:
        raise TaskFailed("No model is named.", hint="Give the node or the integration a model.", permanent=True)
    return model


def _messages(params: Chat) -> list[dict[str, Any]]:
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


def _ask(session: http.Session, body: dict[str, Any], stream: bool, usage: dict[str, int]) -> str:
    """One answer's text; its tokens are added to ``usage``."""
    if stream:
        pieces = Stream(_show)
        streamed = {**body, "stream": True, "stream_options": {"include_usage": True}}
        response = session.post("chat/completions", json=streamed, parse=False, seen=pieces.take)
        answer = pieces.completion() if pieces.events else response.json
        _show("\n")
    else:
        answer = session.post("chat/completions", json=body, retry=True).json
    _add(usage, answer)
    choices = _list(answer, "choices")
    message = (choices[0].get("message") if choices else None) or {}
    if message.get("refusal"):
        raise TaskFailed(f"The model refuses: {message['refusal']}", permanent=True)
    text = message.get("content")
    if not isinstance(text, str):
        raise TaskFailed("The answer of the model's service holds no text.", hint="Does base_url end with /v1?")
    finish = choices[0].get("finish_reason")
    if finish == "length":
        raise TaskFailed("The answer was cut off at max_tokens.", {"text": text}, "Raise max_tokens.", permanent=True)
    if finish == "content_filter":
        raise TaskFailed("The service's filter withheld the answer.", {"text": text}, permanent=True)
    return text


def _show(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _add(usage: dict[str, int], answer: Any) -> None:
    found = answer.get("usage") if isinstance(answer, dict) else None
    for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
        if isinstance(found, dict) and isinstance(found.get(name), int):
            usage[name] = usage.get(name, 0) + found[name]


def _list(answer: Any, name: str) -> list[dict[str, Any]]:
    found = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise TaskFailed(f"The answer of the model's service has no {name}.", hint="Does base_url end with /v1?")
    return found


def _fitting(text: str, schema: dict[str, Any]) -> tuple[Any, str]:
    """The answer as data, and what is wrong with it; models like to put JSON into a block of Markdown."""
    plain = text.strip()
    if plain.startswith("```"):
        plain = plain.partition("\n")[2].rpartition("```")[0]
    try:
        value = json.loads(plain)
    except RecursionError:
        return None, "it is nested too deeply."
    except ValueError:
        return None, "it is not JSON."
    try:
        return value, json_schema.fault_in(value, schema)
    except ValueError as error:
        raise TaskFailed(f"output_schema: {error}", permanent=True) from None
