"""Whether a value fits a parameter, and text made into the value that it stands for."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from flowbook.json_text import TooDeep, parse_json
from flowbook.models import Parameter, Predicate
from flowbook.slips import suggest
from flowbook.tasks.schema import BEFORE

_INTEGER = re.compile(r"\s*[-+]?[0-9]{1,4000}\s*\Z")
_EXACT = 2**53
"""Up to here a float holds every whole number."""
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+\Z")
_PLAIN_ADDRESS = re.compile(r"https?://[a-z0-9.-]+(:[1-9][0-9]{0,3})?(/[\w./-]*)?\Z", re.ASCII)
_NAMES = {"string": "text", "text": "text", "password": "text", "integer": "a whole number", "number": "a number",
          "boolean": "true or false", "url": "a URL", "email": "an e-mail address",
          "file": "the path of a file"}  # fmt: skip
_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "array": (list, tuple), "object": (dict,), "string": (str,), "integer": (int,), "number": (int, float),
    "boolean": (bool,),
}  # fmt: skip
_JSON_NAMES = {"array": "a list", "object": "a mapping", "string": "text", "integer": "a whole number",
               "number": "a number", "boolean": "true or false"}  # fmt: skip


class Typed(str):
    """Text as a person typed it: on a command line, in the address of a request, in a form.

    For a JSON value it is JSON, or plain text; what begins like JSON and is none is a slip of the hand, and does not
    fit. Text that is data, as in the body of a request, is what it is: ``[WIP] A title``.
    """

    __slots__ = ()


class Read(str):
    """Text that was read once, as a history or a queue holds it: for JSON it is read no second time, "5" stays text."""

    __slots__ = ()


def read_already(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values that were bound before, to be bound again as they are."""
    return {name: Read(value) if isinstance(value, str) else value for name, value in values.items()}


def misfit(parameter: Parameter, value: Any) -> tuple[str, str] | None:
    """What is wrong with a value for a parameter, and the remedy; None when it fits. Values are not repeated."""
    kind = parameter.type
    if kind == "select" or (parameter.choices and isinstance(value, str)):
        if value in parameter.choices:
            return None
        shown = "" if not isinstance(value, str) else suggest(value, parameter.choices, "choice")
        return Predicate("is not among the choices."), shown or f"Choose one of {', '.join(parameter.choices)}."
    if kind == "json":
        if isinstance(value, (str, int, float)) and not isinstance(value, bool) and takes_more(parameter):
            return broken_json(value)
        return broken_json(value) or _json_misfit(parameter.json_schema, value)
    if kind in ("integer", "number", "boolean"):
        fits = _is_number(kind, value)
    else:
        fits = isinstance(value, str) and _looks_right(kind, value)
    if fits or _is_alternative(parameter.json_schema, value):
        return _odd_address(value) if kind == "url" and isinstance(value, str) else None
    if isinstance(value, Typed) and kind in _TYPED:  # quotes are none of what is typed
        return Predicate(f"must be {_NAMES[kind]}."), _TYPED[kind]
    remedy = "Put it into quotes." if isinstance(value, (int, float)) and kind in ("string", "text") else ""
    return Predicate(f"must be {_NAMES[kind]}, not {_called(value)}."), remedy or _REMEDIES.get(kind, "Correct it.")


_TYPED = {
    "integer": "Write digits, such as 12.",
    "number": "Write a number, such as 1.5.",
    "boolean": "Write true or false.",
}
_REMEDIES = {
    "integer": "Write digits without quotes.",
    "number": "Write a number without quotes.",
    "boolean": "Write true or false without quotes.",
    "url": "Write it with its scheme, as in https://example.com/path.",
    "email": "Write it as name@example.com.",
}


def _odd_address(value: str) -> tuple[str, str] | None:
    """What keeps a request from being sent to a web address, asked of the sender's own reading of it."""
    address = value.strip()
    if _PLAIN_ADDRESS.match(address) or not address.lower().startswith(("http:", "https:")):
        return None
    from flowbook.http.address import checked  # loads the session, which most addresses need not wait for

    try:
        checked(address, user=True)
    except ValueError as error:
        return Predicate(f"cannot be used as an address: {error}."), _REMEDIES["url"]
    return None


def _is_number(kind: str, value: Any) -> bool:
    if kind == "boolean" or isinstance(value, bool):
        return kind == "boolean" and isinstance(value, bool)
    if isinstance(value, float):
        return value.is_integer() if kind == "integer" else math.isfinite(value)
    return isinstance(value, int)


def _looks_right(kind: str, value: str) -> bool:
    if kind == "url":
        return not value or bool(_URL.match(value.strip()))
    return kind != "email" or not value or "@" in value


def _is_alternative(schema: Any, value: Any) -> bool:
    """Whether the schema, or one of a union, allows a value that is not text beside the text that the form asks for."""
    if not isinstance(schema, dict) or isinstance(value, str):
        return False
    alternatives = schema.get("anyOf") or schema.get("oneOf") or [schema]
    kinds = [kind.get("type") for kind in alternatives if isinstance(kind, dict)]
    return any(kind in _JSON_TYPES and _json_misfit({"type": kind}, value) is None for kind in kinds)


def takes_more(parameter: Parameter) -> bool:
    """Whether a task reads what is given before it is compared with its schema, such as a list out of a text."""
    schema = parameter.json_schema or {}
    return any(BEFORE in one for one in (schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())))


def broken_json(value: Any) -> tuple[str, str] | None:
    """What is wrong with a text that was typed, begins like JSON and is none."""
    if not isinstance(value, Typed) or not value.lstrip().startswith(("[", "{", '"')):
        return None
    try:
        _read(value)
    except json.JSONDecodeError as error:
        where = f"{error.msg} (line {error.lineno}, column {error.colno})"
    except TooDeep:
        where = "it is nested too deeply"
    except ValueError as error:
        where = str(error)
    else:
        return None  # a text in quotes that was read already
    return Predicate(
        f"begins like JSON and is none: {where}."
    ), "Correct it; a text that begins so is JSON in double quotes."


def _json_misfit(schema: Any, value: Any) -> tuple[str, str] | None:
    wanted = schema.get("type") if isinstance(schema, dict) else None
    if wanted not in _JSON_TYPES or value is None:
        return None
    if isinstance(value, _JSON_TYPES[wanted]) and (wanted == "boolean") == isinstance(value, bool):
        return None
    return Predicate(f"must be {_JSON_NAMES[wanted]}, not {_called(value)}."), "Correct it."


def _called(value: Any) -> str:
    if value is None:
        return "nothing"
    names = ((bool, "true or false"), (int, "a number"), (float, "a number"), (str, "this text"), (dict, "a mapping"))
    for kind, name in (*names, (list, "a list"), (tuple, "a list")):
        if isinstance(value, kind):
            return name
    return f"a {type(value).__name__}"


def coerced(parameter: Parameter, value: Any) -> Any:
    """``value``, or what it stands for when that is beyond doubt: text for a number, true, false or JSON."""
    kind = parameter.type
    if isinstance(value, Read) and kind == "json":
        return str(value)
    if isinstance(value, str):
        found = _from_text(kind, str(value))
        if kind in _TYPED and isinstance(found, str):
            return value  # it stands for none
        return value if kind == "json" and found == value and broken_json(value) else found
    if kind == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    if kind in ("string", "text", "password", "select") and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value


def _from_text(kind: str, text: str) -> Any:
    if kind in ("integer", "number") and _INTEGER.match(text):
        return int(text)
    if kind == "boolean" and text.strip().lower() in ("true", "false"):
        return text.strip().lower() == "true"
    if kind in ("integer", "number"):
        return _number(kind, text)
    return json_or_text(text) if kind == "json" else text


def _number(kind: str, text: str) -> Any:
    try:
        number = float(text)
    except ValueError:
        return text
    if kind == "integer":
        return int(number) if number.is_integer() and abs(number) <= _EXACT else text
    return number if math.isfinite(number) else text


def json_or_text(text: str) -> Any:
    """The value of a JSON text, and any other text as it is."""
    try:
        return _read(text)
    except ValueError:
        return text


def _read(text: str) -> Any:
    return parse_json(text, parse_constant=_refused, parse_float=_finite)


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError("a number in it is too large")
    return number


def _refused(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")
