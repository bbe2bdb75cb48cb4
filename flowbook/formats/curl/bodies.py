"""The body of a curl command as the params of ``http.request``."""

from __future__ import annotations

import json
import math
import re
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from flowbook.formats.curl import sensitive
from flowbook.formats.curl.inputs import Inputs, is_variable
from flowbook.formats.curl.reading import Sending
from flowbook.json_text import parse_json

FORM = "application/x-www-form-urlencoded"

_NAMED = re.compile(
    r'"([\w.-]{1,100})"\s*:\s*"((?:[^"\\]|\\.)*)"'  # as in JSON,
    r"|(?:(?<=&)|\A)([\w.\[\]-]{1,100})=([^&\n]*)"  # in a form,
    r"|<([\w.:-]{1,100})>([^<>]*)</"  # and in XML
)


def body_of(sending: Sending, inputs: Inputs) -> dict[str, Any]:
    """The params for the body; headers that ``http.request`` sends by itself then are taken out of ``sending``."""
    if sending.form:
        return _multipart(sending, inputs)
    if sending.file:
        return _file(sending)
    if not sending.data or "get" in sending.switches:
        return {}
    text = ("" if sending.as_json else "&").join(sending.data)
    if "upload" in sending.switches and not sending.has("content-type"):
        sending.note("--upload-file: curl does not say of what kind the text is, the node does")
        return {"body": _hidden_in(text, inputs), "body_type": "text"}
    return _structured(sending, inputs, text) or _plain(sending, inputs, text)


def _structured(sending: Sending, inputs: Inputs, text: str) -> dict[str, Any]:
    """The params for JSON and for a form; {} when the text is neither."""
    kind = sending.header("content-type") or FORM
    media = kind.partition(";")[0].strip().lower()
    if media == "application/json" or media.endswith("+json"):
        found = _json(text)
        if isinstance(found, (dict, list)):
            if kind == "application/json":
                _drop(sending, "content-type")
            return {"body": _hidden(found, inputs)}
    elif media == FORM and not isinstance(_json(text), (dict, list)):
        fields = fields_of(text)
        if fields is not None:
            if kind.lower() == FORM:
                _drop(sending, "content-type")
            return {"body": _hidden(fields, inputs), "body_type": "form"}
    return {}


def _plain(sending: Sending, inputs: Inputs, text: str) -> dict[str, Any]:
    if not sending.has("content-type"):
        sending.headers.append(("Content-Type", FORM))
        if text.lstrip()[:1] in ("{", "["):
            sending.note("curl calls this JSON a form: if the service minds, set the header Content-Type")
    return {"body": _hidden_in(text, inputs)}


def fields_of(text: str) -> dict[str, Any] | None:
    """The fields of a form or query; None for what is none, or would be another when it is written again."""
    parts = text.split("&")
    if not text or not all("=" in part for part in parts):
        return None
    pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=10_000) if len(parts) <= 10_000 else []
    if len(pairs) != len(parts) or any(is_variable(name) for name, _ in pairs):
        return None
    if any(_bytes(pair) != _pair_bytes(part) for pair, part in zip(pairs, parts, strict=True)):
        return None
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields and name != next(reversed(fields)):
            return None  # between those of one name stands another: a mapping would gather them
        before = fields.get(name)
        fields[name] = value if before is None else [*before, value] if isinstance(before, list) else [before, value]
    return fields


def _bytes(pair: tuple[str, str]) -> tuple[bytes, bytes]:
    return pair[0].encode(errors="replace"), pair[1].encode(errors="replace")


def _pair_bytes(part: str) -> tuple[bytes, bytes]:
    name, _, value = part.replace("+", " ").partition("=")
    return unquote_to_bytes(name), unquote_to_bytes(value)


def _json(text: str) -> Any:
    """The value of a JSON text that is the same value when it is written again; else None."""
    try:
        value = parse_json(text, object_pairs_hook=_distinct, parse_float=_finite, parse_constant=_finite)
        json.dumps(value, ensure_ascii=False).encode()
    except ValueError:
        return None
    return value


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs) or any(is_variable(name) for name in found):
        raise ValueError("a name is there twice")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("no number of JSON")
    return number


def _hidden(value: Any, inputs: Inputs, name: str = "") -> Any:
    """``value`` with its secrets as inputs."""
    if isinstance(value, dict):
        return {key: _hidden(inner, inputs, str(key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [_hidden(inner, inputs, name) for inner in value]
    if isinstance(value, str) and value and (sensitive.named(name) or sensitive.looks_like_a_token(value)):
        return inputs.secret(name or "token", value)
    return value


def _hidden_in(text: str, inputs: Inputs) -> str:
    """A text of any kind with its secrets as inputs, where it names them as JSON, a form or XML does."""

    def hidden(found: re.Match[str]) -> str:
        name, value = next((found[at], found[at + 1]) for at in (1, 3, 5) if found[at])
        if not value or not (sensitive.named(name) or sensitive.looks_like_a_token(value)):
            return found[0]
        start = found.start(found.lastindex or 0) - found.start()
        return found[0][:start] + inputs.secret(name, value) + found[0][start + len(value) :]

    return _NAMED.sub(hidden, text)


def _multipart(sending: Sending, inputs: Inputs) -> dict[str, Any]:
    files: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    for kind, name, value in sending.form:
        if is_variable(name):
            sending.note("--form: a part whose name is a variable was left out")
            continue
        parts = files if kind == "file" else fields
        before = parts.get(name)
        if isinstance(before, list):
            before.append(value)
        else:
            parts[name] = value if before is None else [before, value]
    _drop(sending, "content-type")
    params: dict[str, Any] = {"body": _hidden(fields, inputs)} if fields else {}
    if files:
        return {**params, "files": files}
    return {**params, "body_type": "multipart"}


def _file(sending: Sending) -> dict[str, Any]:
    if sending.data:
        sending.note("--data: what is given beside a file was left out: the node sends the file alone")
    if "upload" in sending.switches:
        sending.note("--upload-file: curl does not say of what kind the file is, the node does")
    elif not sending.has("content-type"):
        sending.headers.append(("Content-Type", FORM))
    return {"file_path": sending.file}


def _drop(sending: Sending, name: str) -> None:
    sending.headers = [(one, value) for one, value in sending.headers if one.lower() != name]
