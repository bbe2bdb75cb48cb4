"""Which kind of value a part of a JavaScript expression surely is, where the sign between two parts depends on it."""

from __future__ import annotations

import re
from typing import Any

from flowbook.formats.n8n.javascript import inner, part, text

SUM = "+"
_TEXTS = re.compile(
    r"\.(?:toString|toUpperCase|toLowerCase|join|trim|replace|replaceAll|toFormat|format|toFixed|stringify|substring|"
    r"padStart|padEnd|toISO|toISODate|toISOString)\([^()]*\)\Z"
)
_NUMBERS = re.compile(
    r"(?:Math\.\w+|Number|parseInt|parseFloat)\(|.*\.(?:length|indexOf\([^()]*\)|getTime\(\)|toMillis\(\))\Z", re.S
)


def as_number(found: str, node: Any) -> str:
    """An operand of arithmetic: a text counts as the number that it stands for, as in JavaScript."""
    plain = node
    while plain.type == "parenthesized_expression":
        plain = inner(plain)[0]
    arithmetic = plain.type == "binary_expression" and text(part(plain, "operator")) in ("-", "*", "/", "%", "**")
    sure = plain.type in ("number", "unary_expression") or arithmetic or _NUMBERS.match(text(plain))
    return found if sure or kind_of(plain) == "number" else f"number({found})"


def kind_of(node: Any) -> str:
    """Whether a value surely is "text" or a "number"; else ""."""
    while node.type == "parenthesized_expression":
        node = inner(node)[0]
    if node.type in ("string", "template_string"):
        return "text"
    if node.type == "number":
        return "number"
    if node.type == "binary_expression":
        sign = text(part(node, "operator"))
        kinds = {kind_of(part(node, "left")), kind_of(part(node, "right"))}
        return ("text" if "text" in kinds else "number" if kinds == {"number"} else "") if sign == SUM else ""
    return "text" if node.type == "call_expression" and _TEXTS.search(text(node)) else ""
