"""The parameters of plain tasks, whose params and credentials are dicts: what the docstring says and the code reads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from flowbook.models import Parameter
from flowbook.tasks.docstring import NOTHING, Entry, entries
from flowbook.tasks.keys import Key, keys_read
from flowbook.tasks.signature import doc_of

_SECRET_NAME = re.compile(r"token|password|passwd|secret|key|webhook", re.I)


def plain_parameters(functions: list[Callable[..., Any]], position: int) -> tuple[Parameter, ...]:
    """The keys of plain dicts: those in the docstring's block, then those the code reads."""
    block = ("credentials", "params")[position]
    documented = _documented(functions, block)
    read: dict[str, Key] = {}
    for number, function in enumerate(functions):
        for key in keys_read(function, position):
            if number:
                key.needed = False
            read.setdefault(key.name, key)
    names = dict.fromkeys([*documented, *read])
    return tuple(_plain(name, documented.get(name), read.get(name), block == "credentials") for name in names)


def _documented(functions: list[Callable[..., Any]], block: str) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for function in functions:  # what the first function says of a name holds
        for entry in entries(doc_of(function), block):
            found.setdefault(entry.name, entry)
    return found


def _plain(name: str, entry: Entry | None, key: Key | None, credential: bool) -> Parameter:
    default = key.default if key is not None else None
    has_default = key is not None and key.has_default
    if entry is not None and not has_default and entry.default is not NOTHING:
        default, has_default = entry.default, True
    if entry is not None:
        required = not entry.optional and not has_default
    else:
        required = key is not None and key.needed and not has_default
    example = entry.example if entry is not None else NOTHING
    kind = _kind(name, example, default, credential)
    choices = entry.choices if entry is not None and kind == "string" else ()
    if choices:
        kind = "select"
    if kind == "password" or (choices and default not in choices) or not _is_json(default):
        default = None
    return Parameter(
        name=name,
        type=kind,
        required=required,
        description=_described(entry),
        default=default,
        choices=choices,
    )


def _described(entry: Entry | None) -> str:
    if entry is None:
        return ""
    shown = entry.example
    if entry.choices or shown in (NOTHING, "", None) or isinstance(shown, (bool, dict, list)):
        return entry.description
    example = f"e.g. {shown}"
    return f"{entry.description} ({example})" if entry.description else example


def _kind(name: str, example: Any, default: Any, credential: bool) -> Any:
    """The parameter type that a name, an example and a default speak for."""
    if credential and _SECRET_NAME.search(name):
        return "password"
    value = default if example is NOTHING or example is None else example
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        numbers = [item for item in (value, default) if isinstance(item, (int, float))]
        return "integer" if all(isinstance(item, int) for item in numbers) else "number"
    if isinstance(value, (list, dict)):
        return "json"
    return _kind_of_text(name.lower(), value if isinstance(value, str) else "")


def _kind_of_text(name: str, value: str) -> str:
    if re.match(r"https?://", value) or (not value and re.search(r"(^|_)url$", name)):
        return "url"
    if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value) or (not value and re.search(r"(^|_)e?mail$", name)):
        return "email"
    if re.search(r"(^|_)file(_?path|name)?$", name):
        return "file"
    if not value and name == "port":
        return "integer"
    return "text" if "\n" in value else "string"


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True
