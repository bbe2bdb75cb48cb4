"""Expressions inside values: texts with ``${{ }}`` anywhere in a JSON-like structure such as a node's params."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from flowbook.errors import ExpressionError, ExpressionLimitError, ExpressionSyntaxError
from flowbook.expressions.limits import MAX_DEPTH, MAX_TEXT, Meter
from flowbook.records import NamedTuple

if TYPE_CHECKING:
    from flowbook.expressions.expression import Expression

_OPEN = re.compile(r"\$?\$\{\{")
_INSIDE = re.compile(r"\"\"\"|'''|[\"'{}\[\]()]")
_ENDS_QUOTE = {quote: re.compile(rf"(?:\\.|[^\\])*?{quote}", re.DOTALL) for quote in ("'", '"', "'''", '"""')}

Fill = Callable[[Mapping[str, Any]], Any]


class Part(NamedTuple):
    """A piece of a template: literal text as written, or the expression between ``${{`` and ``}}``."""

    text: str
    is_expression: bool


def parts(template: str) -> Iterator[Part]:
    """The pieces of a template, in order; joined again (with ``${{`` and ``}}``) they are the template.

    Raises ExpressionSyntaxError for a ``${{`` without its ``}}``.
    """
    written = place = 0
    while found := _OPEN.search(template, place):
        place = found.end()
        if found[0].startswith("$$"):
            continue
        if found.start() > written:
            yield Part(template[written : found.start()], False)
        end = _closing(template, place)
        yield Part(template[place:end], True)
        written = place = end + 2
    if written < len(template):
        yield Part(template[written:], False)


def _closing(template: str, start: int) -> int:
    """Where the ``}}`` of an expression is: not inside a text, nor where it closes a mapping."""
    depth, place = 0, start
    while found := _INSIDE.search(template, place):
        place = found.end()
        mark = found[0]
        if mark in _ENDS_QUOTE:
            ending = _ENDS_QUOTE[mark].match(template, place)
            if ending is None:
                break
            place = ending.end()
        elif mark in "{[(":
            depth += 1
        elif depth == 0 and mark == "}" and template.startswith("}}", found.start()):
            return found.start()
        else:
            depth = max(0, depth - 1)
    from flowbook.expressions.syntax import shortened

    text = shortened(template[start - 3 :])
    raise ExpressionSyntaxError(
        f"{text}: the expression is not closed.", template, "End it with }}, or write $${{ for a literal ${{."
    )


def has_expression(text: str) -> bool:
    """Whether there is a ``${{`` in the text that is not the literal ``$${{``."""
    return "${{" in text and any(not found[0].startswith("$$") for found in _OPEN.finditer(text))


class Bound:
    """A JSON-like structure whose texts may hold expressions, compiled.

    ``expressions`` are (path, expression) pairs, the path such as ``text`` or ``rows[0].name``; ``is_constant``
    says that there are none. ``references``, ``optional_references``, ``names`` and ``input_names`` are those of all
    of them together (see :class:`Expression`); a node is optional only if every expression says so.
    """

    __slots__ = ("_fill", "expressions", "input_names", "names", "optional_references", "references")

    def __init__(self, fill: Fill, expressions: tuple[tuple[str, Expression], ...]) -> None:
        self._fill = fill
        self.expressions = expressions
        each = [expression for _, expression in expressions]
        required = _NONE.union(*(one.references - one.optional_references for one in each))
        self.references = _NONE.union(*(one.references for one in each))
        self.optional_references = self.references - required
        self.names = _NONE.union(*(one.names for one in each))
        self.input_names = _NONE.union(*(one.input_names for one in each))

    @property
    def is_constant(self) -> bool:
        """Whether the value is the same in every scope."""
        return not self.expressions

    def evaluate(self, scope: Mapping[str, Any]) -> Any:
        """The structure with every expression's value in its place, fresh each time.

        Raises ExpressionError naming the path and the expression.
        """
        return self._fill(scope)


_NONE: frozenset[str] = frozenset()
_EMPTY_DICT = Bound(lambda scope: {}, ())


def compile_value(value: Any) -> Bound:
    """The compiled form of any JSON-like structure: dicts, lists and texts with ``${{ }}`` anywhere inside.

    A text that is exactly one ``${{ … }}`` yields the typed value; in any other the values are filled in as text
    (None as nothing, lists and mappings as JSON). ``$${{`` stands for a literal ``${{``. Keys are left as they are.
    Raises ExpressionSyntaxError or ExpressionLimitError naming the path of the first expression at fault.
    """
    if type(value) is dict and not value:
        return _EMPTY_DICT
    if not _mentions(value):
        return Bound(lambda scope: _fresh(value), ())
    found: list[tuple[str, Expression]] = []
    fill = _compiled(value, "", found, 0)
    return Bound(fill, tuple(found))


def _mentions(value: Any) -> bool:
    waiting = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, str):
            if "${{" in item:
                return True
        elif isinstance(item, (dict, list, tuple)):
            if depth >= MAX_DEPTH:
                raise ExpressionLimitError(f"the value is nested more than {MAX_DEPTH} levels deep.")
            waiting.extend((inner, depth + 1) for inner in (item.values() if isinstance(item, dict) else item))
    return False


def _fresh(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _fresh(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_fresh(item) for item in value]
    return value


def _compiled(value: Any, path: str, found: list[tuple[str, Expression]], depth: int) -> Fill:
    if depth > MAX_DEPTH:
        raise ExpressionLimitError(f"{path[:60]}…: the value is nested more than {MAX_DEPTH} levels deep.")
    if isinstance(value, str):
        return _compiled_text(value, path, found) if "${{" in value else lambda scope: value
    if isinstance(value, dict):
        entries = [
            (key, _compiled(item, f"{path}.{key}" if path else str(key), found, depth + 1))
            for key, item in value.items()
        ]
        return lambda scope: {key: fill(scope) for key, fill in entries}
    if isinstance(value, (list, tuple)):
        items = [_compiled(item, f"{path}[{place}]", found, depth + 1) for place, item in enumerate(value)]
        return lambda scope: [fill(scope) for fill in items]
    return lambda scope: value


def _compiled_text(template: str, path: str, found: list[tuple[str, Expression]]) -> Fill:
    from flowbook.expressions.expression import compile_expression  # most templates of a workflow have none

    pieces: list[str | Expression] = []
    try:
        for text, is_expression in parts(template):
            pieces.append(compile_expression(text) if is_expression else text.replace("$${{", "${{"))
    except ExpressionError as problem:
        raise _at(path, problem) from None
    expressions = [piece for piece in pieces if not isinstance(piece, str)]
    found.extend((path, expression) for expression in expressions)
    if len(pieces) == 1 and expressions:
        whole = expressions[0]
        return lambda scope: _placed(path, whole.evaluate, scope)
    if not expressions:
        literal = "".join(piece for piece in pieces if isinstance(piece, str))
        return lambda scope: literal
    return lambda scope: _placed(path, lambda inner: _filled(pieces, inner), scope)


def _filled(pieces: list[str | Expression], scope: Mapping[str, Any]) -> str:
    texts = [piece if isinstance(piece, str) else _as_text(piece, scope) for piece in pieces]
    if sum(map(len, texts)) > MAX_TEXT:
        raise ExpressionLimitError(f"the text that is filled in has more than {MAX_TEXT:,} characters.")
    return "".join(texts)


def _as_text(expression: Expression, scope: Mapping[str, Any]) -> str:
    value = expression.evaluate(scope)
    if type(value) is str:
        return value
    from flowbook.expressions.syntax import shortened
    from flowbook.expressions.text import as_text

    try:
        return as_text(value, Meter())
    except ExpressionError as problem:
        message = f"${{{{ {shortened(expression.source)} }}}}: {problem.message}"
        raise type(problem)(message, expression.source, problem.hint) from None


def _placed(path: str, compute: Fill, scope: Mapping[str, Any]) -> Any:
    try:
        return compute(scope)
    except ExpressionError as problem:
        raise _at(path, problem) from None


def _at(path: str, problem: ExpressionError) -> ExpressionError:
    if not path:
        return problem
    return type(problem)(f"{path}: {problem.message}", problem.source, problem.hint)
