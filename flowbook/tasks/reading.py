"""Function → :class:`TaskSpec`, and the credentials that a folder's functions ask for. Nothing is called."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from flowbook.models import Parameter
from flowbook.tasks.docstring import NOTHING, Entry, entries, first_line
from flowbook.tasks.keys import Key, keys_read
from flowbook.tasks.schema import allows_others, parameters_of, schema_of
from flowbook.tasks.signature import signature_of
from flowbook.tasks.spec import TaskSpec

_SECRET_NAME = re.compile(r"token|password|passwd|secret|key|webhook", re.I)


class Declared(NamedTuple):
    """What ``@task`` said about a function, or what holds without it."""

    function: Callable[..., Any]
    effects: Any = "write"
    runs_code: bool = False


def declared(function: Callable[..., Any]) -> Declared:
    """The author's own function behind ``@task``, and what was declared.

    A decorator put on top of ``@task`` copies its mark (``functools.wraps``) but must not be bypassed: then the
    decorated function is the task, with what was declared below it.
    """
    mark = getattr(function, "__flowbook_task__", None)
    if not isinstance(mark, dict):
        return Declared(function)
    inner = mark["function"] if mark.get("wrapper") is function else function
    return Declared(inner, mark["effects"], mark["runs_code"])


def read_task(folder: str, name: str, function: Callable[..., Any]) -> TaskSpec:
    """What can be known of the task ``folder.name`` without calling it.

    Raises :class:`~flowbook.errors.CatalogError` when the function does not have the signature of a task.
    """
    said = declared(function)
    signature = signature_of(said.function)
    doc = inspect.cleandoc(_doc_of(function))
    schema = None
    if signature.params_type is not None:
        schema = schema_of(signature.params_type)
        parameters = parameters_of(schema)
    elif signature.takes == 2:
        parameters = plain_parameters([said.function], 1)
    else:
        parameters = ()
    return TaskSpec(
        name=f"{folder}.{name}",
        function=said.function,
        signature=signature,
        description=first_line(doc),
        doc=doc,
        parameters=parameters,
        open_params=schema is None or allows_others(schema),
        params_schema=schema,
        effects=said.effects,
        runs_code=said.runs_code,
        is_async=inspect.iscoroutinefunction(said.function),
    )


def read_credentials(kind: type | None, functions: Iterable[Callable[..., Any]]) -> tuple[Parameter, ...]:
    """The credentials of a folder: the fields of ``kind``, else what ``functions`` (test_connection first) ask for.

    Of plain functions, the first one's docstring and the keys that all of them read say it; names with token,
    password, secret, key or webhook in them are passwords. Only what the first one needs is required.
    """
    if kind is not None:
        return parameters_of(schema_of(kind))
    return plain_parameters([declared(function).function for function in functions], 0)


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
        for entry in entries(_doc_of(function), block):
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


def _doc_of(function: Callable[..., Any]) -> str:
    """The docstring that the author wrote; not the one that an object's class or ``functools.partial`` brings along."""
    doc = getattr(inspect.unwrap(function), "__doc__", None)
    if not inspect.isroutine(inspect.unwrap(function)):
        inner = getattr(function, "func", None)
        doc = getattr(inner, "__doc__", None) if inner is not None else getattr(function, "__dict__", {}).get("__doc__")
    return doc if isinstance(doc, str) else ""
