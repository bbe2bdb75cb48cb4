"""A schema as a Python type: what a form makes of it, and what is refused before anything is sent."""

from __future__ import annotations

from typing import Any

from flowbook.authoring.openapi.document import Description, listed
from flowbook.authoring.openapi.names import literal

_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "file": "str"}
_MOST_CHOICES = 60


def type_of(description: Description, node: Any, depth: int = 0) -> str:
    """The type, as it is written in source; "Any" for a schema that says nothing."""
    shape = description.schema(node)
    kind = shape.get("type")
    if isinstance(kind, list):
        kinds = [one for one in kind if one != "null"]
        if len(kinds) > 1:
            return " | ".join(dict.fromkeys(_of(description, {**shape, "type": one}, one, depth) for one in kinds))
        kind = kinds[0] if kinds else None
    return _of(description, shape, kind, depth)


def _of(description: Description, shape: dict[str, Any], kind: Any, depth: int) -> str:
    choices = _choices(shape, kind)
    if choices:
        return choices
    if isinstance(kind, str) and kind in _PLAIN:
        return _PLAIN[kind]
    if kind == "array" or (kind is None and "items" in shape):
        return f"list[{type_of(description, shape.get('items'), depth + 1) if depth < 4 else 'Any'}]"
    if kind == "object" or shape.get("properties") or "additionalProperties" in shape:
        return "dict[str, Any]"
    several = listed(shape.get("oneOf")) or listed(shape.get("anyOf"))
    if several and depth < 3 and len(several) <= 20:
        each = dict.fromkeys(type_of(description, one, depth + 1) for one in several)
        return "Any" if "Any" in each else " | ".join(each)
    return "Any"


def _choices(shape: dict[str, Any], kind: Any) -> str:
    given = [shape["const"]] if "const" in shape else listed(shape.get("enum"))
    found = [one for one in given if one is not None]
    if not 0 < len(found) <= _MOST_CHOICES:
        return ""
    wanted: Any = {"string": str, "integer": int, "boolean": bool}.get(str(kind), (str, int))
    if not all(isinstance(one, wanted) and not (isinstance(one, str) and not one.isprintable()) for one in found):
        return ""
    distinct = {(type(one), one): one for one in found}
    return f"Literal[{', '.join(literal(one) for one in distinct.values())}]"
