"""Carrying references along when a node or an input is renamed, with every other byte left as it was."""

from __future__ import annotations

import ast
from typing import Any

from flowbook.errors import ExpressionError
from flowbook.expressions.code import Kind
from flowbook.expressions.syntax import Source, key_name
from flowbook.expressions.templates import parts


def rename_reference(value: Any, kind: Kind, old: str, new: str) -> Any:
    """A JSON-like structure whose templates say ``nodes.new`` (or ``inputs.new``) where they said the old name.

    Texts without such a reference, and those that cannot be read as templates, are left as they are.
    """
    if isinstance(value, str):
        return _renamed_template(value, kind, old, new) if "${{" in value and old in value else value
    if isinstance(value, dict):
        return {key: rename_reference(item, kind, old, new) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rename_reference(item, kind, old, new) for item in value]
    return value


def _renamed_template(template: str, kind: Kind, old: str, new: str) -> str:
    try:
        return "".join(
            "${{" + rename_in_expression(text, kind, old, new) + "}}" if is_expression else text
            for text, is_expression in parts(template)
        )
    except ExpressionError:
        return template


def rename_in_expression(source: str, kind: Kind, old: str, new: str) -> str:
    """A bare expression (or one with ``${{ }}`` around it) with its references renamed.

    A text that cannot be read as an expression is left as it is.
    """
    core = source.strip()
    if core.startswith("${{") and core.endswith("}}"):
        core = core[3:-2].strip()
    if not core:
        return source
    try:
        parsed = Source(core)
    except ExpressionError:
        return source
    start = source.index(core)
    renamed = core
    for begin, end, text in sorted(_changes(parsed, kind, old, new), reverse=True):
        renamed = renamed[:begin] + text + renamed[end:]
    return source[:start] + renamed + source[start + len(core) :]


def _changes(parsed: Source, kind: Kind, old: str, new: str) -> list[tuple[int, int, str]]:
    """(begin, end, new text) of each place in the text where the old name is a reference."""
    found = []
    for node in ast.walk(parsed.tree):
        if not (isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.value, ast.Name)):
            continue
        if node.value.id != kind:
            continue
        if isinstance(node, ast.Attribute):
            if key_name(node.attr) == old:
                found.append(_change_attribute(parsed, node, new))
        elif isinstance(node.slice, ast.Constant) and node.slice.value == old:
            begin, end = parsed.span(node.slice)
            quote = "'" if parsed.text[end - 1] == "'" else '"'
            found.append((begin, end, f"{quote}{new}{quote}"))
    return found


def _change_attribute(parsed: Source, node: ast.Attribute, new: str) -> tuple[int, int, str]:
    _, after_root = parsed.span(node.value)
    _, end = parsed.span(node)
    dot = parsed.text.rindex(".", after_root, end)
    if not new.isidentifier():
        return dot, end, f'["{new}"]'
    written = parsed.text[dot + 1 : end]
    return end - len(written.lstrip()), end, new
