"""Which tasks are called in a dry run."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from flowbook.models.code_nodes import CODE_PARAMS
from flowbook.parsing import parse_module
from flowbook.plan import PlannedNode

_COMPUTING = frozenset({
    "base64", "bisect", "calendar", "cmath", "collections", "copy", "dataclasses", "datetime", "decimal", "difflib",
    "enum", "fractions", "functools", "hashlib", "heapq", "hmac", "html", "itertools", "json", "math", "operator",
    "random", "re", "statistics", "string", "textwrap", "time", "typing", "unicodedata", "uuid", "zoneinfo",
})  # fmt: skip
"""Modules that can change nothing outside of the process."""
_OUTSIDE = frozenset({
    "open", "exec", "eval", "compile", "input", "breakpoint", "getattr", "setattr", "delattr", "globals", "locals",
    "vars", "current", "display",
})  # fmt: skip


def rehearsable(node: PlannedNode, params: Mapping[str, Any]) -> bool:
    """Whether a node's task is called in a dry run: it asks before it changes anything, or only computes.

    Code whose task says that it only reads (JavaScript that reaches nothing) can change nothing.
    """
    if not node.spec.runs_code or node.spec.effects == "read":
        return node.spec.rehearses
    source = params.get(CODE_PARAMS.get(node.task, ""))
    return isinstance(source, str) and only_computes(source)


def only_computes(source: str) -> bool:
    """Whether code can be seen to change nothing outside: what it imports cannot, and it calls nothing that might.

    Methods that write are not looked for one by one: data that comes from other nodes has none but those of tables, so
    every method that begins with ``to_`` but makes a value counts as writing.
    """
    try:
        tree = parse_module(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True  # it fails by itself, and says where
    return all(_computes(node) for node in ast.walk(tree))


_VALUES = frozenset({"to_dict", "to_list", "to_numpy", "to_string", "to_frame", "to_records", "to_pydatetime"})


def _computes(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return all(alias.name.partition(".")[0] in _COMPUTING for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").partition(".")[0] in _COMPUTING and not node.level
    if isinstance(node, ast.Name):
        return node.id not in _OUTSIDE and not node.id.startswith("__")
    if isinstance(node, ast.Attribute):
        return not node.attr.startswith("_") and (not node.attr.startswith("to_") or node.attr in _VALUES)
    return True
