"""What a request to a hook asks for: its body, query and headers as the inputs of a workflow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from flowbook.json_text import parse_json
from flowbook.models import Workflow
from flowbook.records import NamedTuple
from flowbook.serving.signatures import Refused
from flowbook.validation import Typed

WHOLE = ("body", "query", "headers")
"""Inputs of these names get all of it; any other one gets what is called as it is, in the body or else the query."""
_KEPT_FROM_WORKFLOWS = ("authorization", "proxy-authorization", "cookie")


class Request(NamedTuple):
    """A request, as it came: ``place`` is the last part of its address."""

    place: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def body_of(request: Request) -> Any:
    """The body as data: JSON, a form's fields, else text. Raises Refused when it is not what it says it is."""
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if not request.body:
        return None
    try:
        text = request.body.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(400, "The body is not UTF-8 text.") from None
    if kind == "application/x-www-form-urlencoded":
        return _fields(text)
    if kind and kind != "application/json" and not kind.endswith("+json"):
        return text
    try:
        return parse_json(text)
    except ValueError:
        if not kind:
            return text
        raise Refused(400, "The body is not JSON, and its Content-Type says that it is.") from None


def inputs_of(workflow: Workflow, request: Request, body: Any) -> dict[str, Any]:
    """What the request gives for the inputs of a workflow; what it has besides is left out."""
    query = _fields(request.query)
    headers = {
        name.lower(): value
        for name, value in request.headers.items()
        if name.lower() not in _KEPT_FROM_WORKFLOWS and "signature" not in name.lower()
    }
    whole = {"body": body, "query": query, "headers": headers}
    fields = {**query, **(body if isinstance(body, dict) else {})}
    return {
        name: whole[name] if name in WHOLE else fields[name]
        for name in workflow.inputs
        if name in WHOLE or name in fields
    }


def _fields(text: str) -> dict[str, Any]:
    """The fields of a form or a query, as they were typed; what comes several times is a list."""
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name not in found:
            found[name] = Typed(value)
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found
