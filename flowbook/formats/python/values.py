"""The values of a task's call: Python's texts, lists and dicts as they are, and its expressions as those of Flowbook.

They are read, never evaluated. An f-string is a text with ``${{ }}`` in it; a text may also hold ``${{ }}`` itself.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any

from flowbook.errors import ExpressionError
from flowbook.expressions import compile_expression
from flowbook.expressions.syntax import Source as Expression
from flowbook.formats.python.text import Fault, Source
from flowbook.models.base import MAX_DEPTH

Meaning = Callable[[str], str]
"""What an argument stands for, ``nodes.load.data`` say; the name itself where it is no argument."""

_SIMPLE_FSTRING = re.compile(r"(?P<prefix>[fF])(?P<quote>\"\"\"|'''|\"|')")
_CLOSES = {"(": ")", "[": "]", "{": "}"}


def read_value(source: Source, node: ast.expr, meaning: Meaning, depth: int = 0) -> Any:
    """The value that stands at ``node``, as a workflow holds it. Raises Fault for what it cannot hold."""
    if depth > MAX_DEPTH:
        raise Fault(f"this is nested more than {MAX_DEPTH} levels deep", "Compute it in a function of its own.", node)
    if isinstance(node, ast.Constant):
        return _constant(node)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        number = node.operand.value
        if type(number) in (int, float):
            return -number  # type: ignore[operator]
    if isinstance(node, ast.JoinedStr):
        return _template(source, node, meaning)
    if isinstance(node, (ast.List, ast.Tuple)) and not any(isinstance(one, ast.Starred) for one in node.elts):
        return [read_value(source, one, meaning, depth + 1) for one in node.elts]
    if isinstance(node, ast.Dict) and all(_is_text(key) for key in node.keys):
        keys = [key.value for key in node.keys]  # type: ignore[union-attr]
        if len(set(keys)) < len(keys):
            raise Fault("a key is there twice", "Remove one of the two.", node)
        values = [read_value(source, value, meaning, depth + 1) for value in node.values]
        return dict(zip(keys, values, strict=True))
    return f"${{{{ {read_expression(source.of(node), meaning, node)} }}}}"


def _is_text(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _constant(node: ast.Constant) -> Any:
    if node.value is None or isinstance(node.value, (str, bool, int, float)):
        return node.value
    raise Fault(f"a {type(node.value).__name__} cannot be a param", "Give text, a number, a list or a dict.", node)


def read_expression(text: str, meaning: Meaning, at: ast.AST) -> str:
    """An expression of Python as one of Flowbook: the same text, with what its arguments stand for in their place."""
    try:
        written = _with_meanings(text, meaning)
        compile_expression(written)
    except ExpressionError as error:
        raise Fault(
            error.message.rstrip("."),
            f"{error.hint} What a task is called with are expressions of Flowbook; compute anything else in a function "
            "of its own, and take that as an argument.".strip(),
            at,
        ) from None
    return written


def _with_meanings(text: str, meaning: Meaning) -> str:
    expression = Expression(text)
    bound = {
        name.id
        for node in ast.walk(expression.tree)
        if isinstance(node, ast.comprehension)
        for name in ast.walk(node.target)
        if isinstance(name, ast.Name)
    }
    places = [
        (*expression.span(node), meant)
        for node in ast.walk(expression.tree)
        if isinstance(node, ast.Name) and node.id not in bound and (meant := meaning(node.id)) != node.id
    ]
    called = {expression.span(node.func) for node in ast.walk(expression.tree) if isinstance(node, ast.Call)}
    for begin, end, meant in sorted(places, reverse=True):
        if (begin, end) not in called:
            text = text[:begin] + meant + text[end:]
    return text


def _template(source: Source, node: ast.JoinedStr, meaning: Meaning) -> str:
    texts = iter(_fstring_expressions(source.of(node), node))
    written = ""
    for part in node.values:
        if isinstance(part, ast.Constant):
            written += str(part.value).replace("${{", "$${{")
            continue
        assert isinstance(part, ast.FormattedValue)
        if part.conversion != -1 or part.format_spec is not None:
            raise Fault(
                "a text with values filled in has no formats such as {x:.2f} or {x!r}",
                "Use round(), str() or format_date(), or write the text in a function of its own.",
                node,
            )
        written += f"${{{{ {read_expression(next(texts).strip(), meaning, node)} }}}}"
    return written


def _fstring_expressions(written: str, at: ast.AST) -> Iterator[str]:
    """The expressions of an f-string, as they are written."""
    begun = _SIMPLE_FSTRING.match(written)
    if begun is None or not written.endswith(begun["quote"]):
        raise Fault("this f-string is in several pieces", "Write it as one f-string without other prefixes.", at)
    text = written[begun.end() : -len(begun["quote"])]
    place = 0
    while place < len(text):
        if text[place : place + 2] in ("{{", "}}") or text[place] == "\\":
            place += 2
        elif text[place] == "{":
            end = _closing(text, place + 1, at)
            yield text[place + 1 : end]
            place = end + 1
        else:
            place += 1


def _closing(text: str, place: int, at: ast.AST) -> int:
    """Where the bracket of an f-string's expression closes."""
    open_: list[str] = []
    while place < len(text):
        letter = text[place]
        if letter in "\"'":
            quote = text[place : place + 3] if text[place : place + 3] in ('"""', "'''") else letter
            place = text.index(quote, place + len(quote)) + len(quote) - 1
        elif letter in _CLOSES:
            open_.append(_CLOSES[letter])
        elif open_ and letter == open_[-1]:
            open_.pop()
        elif letter == "}":
            return place
        elif letter == "=" and not open_ and text[place + 1 :].lstrip()[:1] in ("}", "!", ":"):
            break
        place += 1
    raise Fault("this f-string cannot be read", "Write it without '=' and formats.", at)
