"""Where in a text that is being typed something is wrong."""

from __future__ import annotations

import json

from flowbook.errors import ExpressionError
from flowbook.expressions import compile_expression
from flowbook.expressions.code import unreadable
from flowbook.expressions.templates import parts
from flowbook.json_text import TooDeep, parse_json
from flowbook.ui.parts.fields import Field, Mark, Raw


def marks_of(field: Field, raw: Raw, *, template: bool = False) -> list[Mark]:
    """The places to underline in what a field holds; as a ``template`` it is text with expressions, no more."""
    if not isinstance(raw, str) or not raw.strip():
        return []
    if field.language == "expression" and not template:
        return _expression(raw, 0, len(raw))
    if not template and field.language == "python":
        wrong = unreadable(raw)
        if wrong is not None:
            return [Mark(wrong.start, wrong.end, wrong.message)]
    if not template and field.language == "json" and not _is_expression(raw):
        found = _json(raw)
        if found:
            return found
    return _expressions_in(raw)


def _is_expression(text: str) -> bool:
    """Whether it stands for a value as a whole, and need be no JSON."""
    return text.lstrip().startswith("${{") and text.rstrip().endswith("}}")


def _json(text: str) -> list[Mark]:
    try:
        parse_json(text)
    except json.JSONDecodeError as error:
        return [Mark(error.pos, error.pos + 1, error.msg)]
    except TooDeep:
        pass
    return []


def _expressions_in(text: str) -> list[Mark]:
    if "${{" not in text:
        return []
    found: list[Mark] = []
    place = 0
    try:
        for source, is_expression in parts(text):
            start = text.index("${{" + source + "}}", place) + 3 if is_expression else text.index(source, place)
            place = start + len(source)
            if is_expression:
                found += _expression(source, start, place)
    except ExpressionError as error:
        begin = text.find("${{", place)
        found.append(Mark(max(begin, 0), len(text), error.message))
    return found


def _expression(source: str, start: int, end: int) -> list[Mark]:
    try:
        compile_expression(source)
    except ExpressionError as error:
        return [Mark(start, end, error.message)]
    return []
