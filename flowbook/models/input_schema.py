"""The inputs of a workflow as a JSON Schema, as tools of agents and models are described."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from flowbook.models.parameters import Parameter

_KINDS: dict[str, dict[str, Any]] = {
    "integer": {"type": "integer"}, "number": {"type": "number"}, "boolean": {"type": "boolean"}, "json": {},
    "url": {"type": "string", "format": "uri"}, "email": {"type": "string", "format": "email"},
}  # fmt: skip


def object_of(properties: Mapping[str, Any], required: Collection[str] = ()) -> dict[str, Any]:
    """The JSON Schema of an object with these properties and no others."""
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "properties": dict(properties), **needed, "additionalProperties": False}


def schema_of_inputs(inputs: Mapping[str, Parameter]) -> dict[str, Any]:
    """What a workflow with these inputs is given, as an object."""
    properties = {name: _schema(parameter) for name, parameter in inputs.items()}
    required = [name for name, parameter in inputs.items() if parameter.required and parameter.default is None]
    return object_of(properties, required)


def _schema(parameter: Parameter) -> dict[str, Any]:
    schema = dict(_KINDS.get(parameter.type, {"type": "string"}))
    if parameter.description:
        schema["description"] = parameter.description
    if parameter.default is not None:
        schema["default"] = parameter.default
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    return schema
