"""The reference page for Python: what is public, with its fields, and without what only Flowbook itself calls."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
import types
from collections.abc import Iterator
from enum import Enum
from typing import Any, ForwardRef, get_args

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

import flowbook
from flowbook.internal import is_internal
from flowbook.models.parameters import ParameterType
from flowbook.results import NodeStatus
from flowbook.validation.report import Severity
from generating.schema import DESCRIPTIONS
from generating.text import code, markdown, table

CLASSES = (
    ("flowbook", ("Workspace",)),
    ("flowbook.workspace", ("Run",)),
    ("flowbook", ("Workflow", "integration")),
    ("flowbook.models", ("Node", "Edge", "Retry", "Note")),
    ("flowbook", ("Parameter", "IntegrationType", "Integration")),
    ("flowbook.results", ("NodeResult", "Cause", "Source")),
    ("flowbook.validation", ("Report", "Problem")),
    ("flowbook.workspace", ("PastRun", "Runs", "Sweep")),
    ("flowbook.journal", ("RunSummary", "RunRecord", "Version")),
    ("flowbook", ("task", "Result", "TaskFailed", "Secret", "current", "how_to_install")),
    ("flowbook.typed", ("Params", "Credentials", "OAuth2")),
    ("flowbook.tasks", ("Context",)),
    ("flowbook", ("FlowbookError", "RunFailed")),
)
MODULES = ("flowbook.testing", "flowbook.http", "flowbook.attachments", "flowbook.tables")

GIVEN = frozenset({
    "Run", "PastRun", "Runs", "Sweep", "NodeResult", "Report", "Problem", "RunSummary", "RunRecord", "Version",
    "Context",
})  # fmt: skip
"""Classes that nobody but Flowbook makes: their fields are told, and not how they are made."""

REQUIRED = "required"
_NAMED = {
    name: " | ".join(map(repr, get_args(kind)))
    for name, kind in (("NodeStatus", NodeStatus), ("Severity", Severity), ("ParameterType", ParameterType))
} | {"Finite": "float", "Json": "Any"}


def python_page() -> str:
    """The page of the Python API."""
    parts = [f"# Python\n\n{markdown(flowbook.__doc__)}"]
    for module, names in CLASSES:
        parts += [_entry(module, name, "##") for name in names]
    for module in MODULES:
        loaded = importlib.import_module(module)
        parts.append(f"## {module}\n\n{markdown(loaded.__doc__)}")
        parts += [_entry(module, name, "###") for name in loaded.__all__]
    return "\n\n".join(parts) + "\n"


def public_members(kind: type) -> Iterator[tuple[str, Any]]:
    """The public methods and properties that a class of Flowbook's defines itself, in the order of its source.

    What its bases define is its own as far as they are no classes that are told of themselves, but the rooms that it is
    written in. What is marked as internal is left out.
    """
    for part in (*_rooms(kind), kind):
        yield from (named for named in _members(part) if named[0] != "model_post_init" and not is_internal(named[1]))


def _members(kind: type) -> list[tuple[str, Any]]:
    wanted = (types.FunctionType, property, classmethod, staticmethod)
    return [(name, it) for name, it in vars(kind).items() if not name.startswith("_") and isinstance(it, wanted)]


def internal_names(kind: type) -> set[str]:
    """The members of a class that only Flowbook itself calls."""
    return {name for part in kind.__mro__ for name, member in _members(part) if is_internal(member)}


def public_classes() -> Iterator[type]:
    """The classes that this page tells of."""
    listed = [(module, importlib.import_module(module).__all__) for module in MODULES]
    for module, names in (*CLASSES, *listed):
        found = [getattr(importlib.import_module(module), name) for name in names]
        yield from filter(inspect.isclass, found)


def _rooms(kind: type) -> list[type]:
    told = set(public_classes())
    package = ".".join(kind.__module__.split(".")[:2])
    bases = [base for base in kind.__mro__[1:] if f"{base.__module__}.".startswith(f"{package}.")]
    return [base for base in bases if base not in told and not issubclass(base, (BaseModel, BaseException))]


def fields(kind: type) -> list[tuple[str, str, str, str]]:
    """The fields of a class that holds data: name, type, default and meaning; empty where the signature tells them."""
    if issubclass(kind, Enum):
        return [(one.name, "", repr(one.value), meaning) for one, meaning in zip(kind, _notes(kind), strict=True)]
    if not issubclass(kind, BaseModel) and kind.__name__ not in GIVEN:
        return []
    told, meanings = _annotations(kind), DESCRIPTIONS.get(kind.__name__, {})
    known = {"source": "from", "target": "to"} if kind.__name__ == "Edge" else {}
    return [
        (name, _said(annotation), _default_of(kind, name), meanings.get(known.get(name, name), ""))
        for name, annotation in told.items()
    ]


def _annotations(kind: type) -> dict[str, str]:
    """The public fields that Flowbook gives a class, as they are written; of one with slots, what it is made with."""
    found: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if base.__module__.partition(".")[0] == "flowbook":
            written = _as_written(base)
            for name, annotation in vars(base).get("__annotations__", {}).items():
                text = annotation.__forward_arg__ if isinstance(annotation, ForwardRef) else annotation
                found[name] = text if isinstance(text, str) else written[name]
    if not found:
        parameters = inspect.signature(kind).parameters
        slots = vars(kind).get("__slots__", ())
        found = {name: str(given.annotation) for name, given in parameters.items() if name in slots}
    hidden = {"model_config"}
    return {name: text for name, text in found.items() if not name.startswith("_") and name not in hidden}


def _as_written(kind: type) -> dict[str, str]:
    """The annotations of a class, also of one that does not keep them as text."""
    try:
        (definition,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    except OSError:  # made while the program runs
        return {}
    assert isinstance(definition, ast.ClassDef)
    lines = [line for line in definition.body if isinstance(line, ast.AnnAssign)]
    return {line.target.id: ast.unparse(line.annotation) for line in lines if isinstance(line.target, ast.Name)}


def _said(annotation: str) -> str:
    """A type as it reads without knowing Flowbook's own names for some."""
    inner = re.fullmatch(r"Annotated\[(.*), \w+\(.*\)\]", annotation)
    text = inner[1] if inner else annotation
    for name, values in _NAMED.items():
        text = re.sub(rf"\b{name}\b", lambda found, values=values: values, text)  # type: ignore[misc]
    return text


def _default_of(kind: type, name: str) -> str:
    if not issubclass(kind, BaseModel):
        return ""
    field = kind.model_fields[name]
    if field.is_required():
        return REQUIRED
    value = field.default if field.default is not PydanticUndefined else field.default_factory()  # type: ignore[call-arg, misc]
    return "" if value is None else repr(value)


def _notes(kind: type) -> list[str]:
    """What is written below each member of an enumeration."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(definition, ast.ClassDef)
    below = zip(definition.body, [*definition.body[1:], None], strict=True)
    return [_text(after) for one, after in below if isinstance(one, ast.Assign)]


def _text(statement: ast.stmt | None) -> str:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return " ".join(markdown(str(statement.value.value)).split())
    return ""


def _fields_table(kind: type) -> str:
    rows = [
        (
            code(name),
            code(annotation) if annotation else "",
            default if default in ("", REQUIRED) else code(default),
            meaning,
        )
        for name, annotation, default, meaning in fields(kind)
    ]
    heads = (
        "name" if issubclass(kind, Enum) else "field",
        "type",
        "value" if issubclass(kind, Enum) else "default",
        "meaning",
    )
    kept = [index for index in range(4) if index == 0 or any(row[index] for row in rows)]
    return table([heads[index] for index in kept], [[row[index] for index in kept] for row in rows]) if rows else ""


def _entry(module: str, name: str, level: str) -> str:
    thing = getattr(importlib.import_module(module), name)
    head = f"{level} {name}\n\n"
    if inspect.isclass(thing):
        members = [_member(name, member, thing, level + "#") for member in public_members(thing)]
        told = _fields_table(thing)
        made = f"```python\n{module}.{name}\n```" if told or name in GIVEN else _signature(f"{module}.{name}", thing)
        parts = [head + made, markdown(thing.__doc__), told, *members]
        return "\n\n".join(part for part in parts if part)
    if callable(thing):
        return head + _signature(f"{module}.{name}", thing) + "\n\n" + markdown(thing.__doc__)
    return head + f"```python\n{module}.{name}: {thing}\n```"


def _member(owner: str, named: tuple[str, Any], kind: type, level: str) -> str:
    name, member = named
    heading = f"{level} {owner}.{name}"
    if isinstance(member, property):
        return f"{heading}\n\n*property.* {markdown(member.__doc__)}"
    bound = getattr(kind, name)
    return f"{heading}\n\n{_signature(name, bound)}\n\n{markdown(bound.__doc__)}"


class _Bare:
    """Shows an annotation without the quotes that a postponed one has."""

    def __init__(self, annotation: Any) -> None:
        text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
        self.text = re.sub(r"\b(?:typing|(?:flowbook|integrations)(?:\.[a-z_]+)*)\.(?=[A-Z])", "", text)

    def __repr__(self) -> str:
        return self.text


def _signature(name: str, thing: Any) -> str:
    try:
        found = inspect.signature(thing)
    except (TypeError, ValueError):
        return f"```python\n{name}\n```"
    written = thing.__annotations__ if inspect.isclass(thing) else {}  # a model's signature has these worked out
    kept = []
    for parameter in found.parameters.values():
        annotation = written.get(parameter.name, parameter.annotation)
        bare = annotation if annotation is parameter.empty else _Bare(annotation)
        kept += [parameter.replace(annotation=bare)] if parameter.name != "self" else []
    gives = (
        ""
        if inspect.isclass(thing) or found.return_annotation is found.empty
        else f" -> {_Bare(found.return_annotation)!r}"
    )
    text = f"{name}{found.replace(parameters=kept, return_annotation=found.empty)}{gives}"
    text = re.sub(r"<(factory|[\w.]+ object at 0x[0-9a-f]+)>", "…", text)
    if len(text) > 80 and len(kept) > 1:  # what the site shows without scrolling
        inside = text[len(name) + 1 : text.rindex(")" + gives)] if gives else text[len(name) + 1 : -1]
        text = f"{name}(\n    " + ",\n    ".join(_split(inside)) + f",\n){gives}"
    return f"```python\n{text}\n```"


def _split(inside: str) -> list[str]:
    """The parameters of a signature, parted at the commas that are not inside of brackets or texts."""
    parts, depth, begun = [], 0, 0
    for index, letter in enumerate(inside):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth:
            parts.append(inside[begun:index].strip())
            begun = index + 1
    return [*parts, inside[begun:].strip()]
