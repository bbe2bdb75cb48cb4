"""The parameters that a pydantic model, TypedDict or dataclass describes, by way of its JSON Schema."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from flowbook.models import PARAMETER_TYPES, Parameter
from flowbook.tasks.signature import adapter_of

_SCALARS = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean"}
_FORMATS = {
    "password": "password", "email": "email", "idn-email": "email", "uri": "url", "uri-reference": "url", "url": "url",
    "file-path": "file", "path": "file", "json-string": "json",
}  # fmt: skip


MAIN = "Main"
"""The group of those that are never folded in a form."""

BEFORE = "flowbook_before"
"""Says in a schema that a validator reads what is given before it is compared: a list out of a text with commas."""


def schema_of(kind: type) -> dict[str, Any]:
    """The JSON Schema of a type, with ``$defs``; what JSON Schema cannot say is left open."""
    schema: dict[str, Any] = adapter_of(kind).json_schema(schema_generator=_generator())
    return schema


@functools.cache
def _generator() -> Any:
    from pydantic.json_schema import GenerateJsonSchema

    class Tolerant(GenerateJsonSchema):
        """Describes what it can: an exotic field becomes an open one, in place of no form at all."""

        ignored_warning_kinds = {"skipped-choice", "non-serializable-default", "skipped-discriminator"}  # noqa: RUF012

        def function_before_schema(self, schema: Any) -> dict[str, Any]:
            """What a validator that comes first makes of what is given, marked: it may take other things too."""
            found: dict[str, Any] = super().function_before_schema(schema)
            return found if schema.get("json_schema_input_schema") is not None else {**found, BEFORE: True}

        def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> dict[str, Any]:
            return {}

    return Tolerant


def parameters_of(schema: Mapping[str, Any]) -> tuple[Parameter, ...]:
    """One parameter for each property of an object's JSON Schema, in order."""
    shape = _resolved(schema, schema)
    required, main = set(shape.get("required", ())), shape.get("flowbook_main", ())
    return tuple(
        _parameter(name, field if name not in main else {**field, "flowbook_group": MAIN}, name in required, schema)
        for name, field in shape.get("properties", {}).items()
        if 0 < len(name) <= 100
    )


def allows_others(schema: Mapping[str, Any]) -> bool:
    """Whether the type takes fields beyond those that it names (``extra="allow"``)."""
    extra = _resolved(schema, schema).get("additionalProperties", False)
    return extra is True or isinstance(extra, dict)


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any]) -> dict[str, Any]:
    """``schema`` with its ``$ref``, a single ``allOf``, and ``null`` among alternatives taken away."""
    found = dict(schema)
    for _ in range(20):
        if "$ref" in found:
            target = root.get("$defs", {}).get(found.pop("$ref").rsplit("/", 1)[-1], {})
            found = {**target, **found}
        elif len(found.get("allOf", ())) == 1:
            found = {**found.pop("allOf")[0], **found}
        elif "anyOf" in found or "oneOf" in found:
            word = "anyOf" if "anyOf" in found else "oneOf"
            kinds = [kind for kind in found[word] if kind.get("type") != "null"]
            if len(kinds) != 1:
                return found
            del found[word]
            found = {**kinds[0], **found}
        else:
            return found
    return found


def _parameter(name: str, field: Mapping[str, Any], required: bool, root: Mapping[str, Any]) -> Parameter:
    shape = _resolved(field, root)
    choices = _choices(shape)
    kind = _type(shape, choices, root)
    default = shape.get("default")
    if kind == "password" or (choices and default not in choices):
        default = None
    # A union keeps its schema too, and a list that is asked for as text: a file or an expression may give the other.
    other = "anyOf" in shape or "oneOf" in shape or shape.get("type") in ("array", "object")
    nested = dict(field) if kind == "json" or other else None
    if nested is not None and "$defs" in root:
        nested["$defs"] = root["$defs"]
    return Parameter(
        name=name,
        type=kind,
        required=required,
        description=str(shape.get("description", "")).strip(),
        default=default,
        choices=choices if kind == "select" else (),
        json_schema=nested,
        language=_word(shape, "flowbook_language"),
        group=_word(shape, "flowbook_group"),
    )


def _word(shape: Mapping[str, Any], key: str) -> str:
    """What an author says of a field beside its type: a text, or nothing."""
    said = shape.get(key)
    return said if isinstance(said, str) else ""


def _choices(shape: Mapping[str, Any]) -> tuple[str, ...]:
    """The texts to choose among; () when the values are not all texts."""
    values = shape.get("enum", [shape["const"]] if "const" in shape else [])
    texts = [value for value in values if value is not None]
    return tuple(texts) if texts and all(isinstance(value, str) for value in texts) else ()


def _type(shape: Mapping[str, Any], choices: tuple[str, ...], root: Mapping[str, Any]) -> Any:
    hinted = shape.get("flowbook_type")
    if hinted in PARAMETER_TYPES and (hinted != "select" or choices):
        return hinted
    if shape.get("format") == "password":
        return "password"
    if choices:
        return "select"
    word = shape.get("type")
    if word == "string" or (isinstance(shape.get("format"), str) and word is None):
        return _FORMATS.get(shape.get("format", ""), "string")
    if isinstance(word, str):
        return _SCALARS.get(word, "json")
    return _type_of_alternatives(shape, root)


def _type_of_alternatives(shape: Mapping[str, Any], root: Mapping[str, Any]) -> str:
    """The type of a union, or of an enum of other things than texts: text if it may be text, a number if it must be."""
    kinds = {_resolved(kind, root).get("type") for kind in shape.get("anyOf", shape.get("oneOf", ()))}
    if kinds and kinds <= {"integer", "number"}:
        return "number"
    if kinds and kinds <= set(_SCALARS) and "string" in kinds:
        return "string"
    values = shape.get("enum", [shape["const"]] if "const" in shape else [])
    if values and all(isinstance(value, int) and not isinstance(value, bool) for value in values):
        return "integer"
    return "json"
