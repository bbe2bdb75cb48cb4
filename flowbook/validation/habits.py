"""What reads as an expression of the language and probably is not what was meant: worth a word, not a refusal."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator, Sequence

from flowbook.expressions.templates import Part

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_MAY_BE_MOMENT = re.compile(r"\b(now|date) *\(|" + _MOMENT.pattern)
_ORDERS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
_PUT_IN_ORDER = frozenset({"max", "min", "sorted"})


def text_by_white_space(pieces: Sequence[Part]) -> bool:
    """Whether a text is one expression and line breaks around it, which make text of its value.

    That is what ``|`` or ``>`` in a file does: it ends the text with a line break.
    """
    around = "".join(text for text, is_expression in pieces if not is_expression)
    return sum(part.is_expression for part in pieces) == 1 and around.isspace() and "\n" in around


def compares_moments(source: str) -> bool:
    """Whether an expression compares moments by their text, whose order is theirs in one time zone only."""
    if not _MAY_BE_MOMENT.search(source):
        return False
    from flowbook.expressions.syntax import Source

    return any(_is_moment(one, other) for tree in ast.walk(Source(source).tree) for one, other in _compared(tree))


def _compared(tree: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """What stands side by side in a comparison, and in a call that puts what it is given in order."""
    if isinstance(tree, ast.Compare):
        sides = [tree.left, *tree.comparators]
        for place, operator in enumerate(tree.ops):
            if isinstance(operator, _ORDERS):
                yield sides[place], sides[place + 1]
    elif isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id in _PUT_IN_ORDER:
        given = tree.args[0] if len(tree.args) == 1 else None
        yield from itertools.pairwise(given.elts if isinstance(given, (ast.List, ast.Tuple)) else tree.args)


def _is_moment(one: ast.expr, other: ast.expr) -> bool:
    """Whether one of the two certainly is a moment, unless both are certainly written in UTC."""
    zones = [_zone_of(side) for side in (one, other)]
    return any(zone is not None for zone in zones) and zones != ["UTC", "UTC"]


def _zone_of(side: ast.expr) -> str | None:
    """The zone that a moment is written in, empty where it is not known; None for what may be no moment."""
    if isinstance(side, ast.Constant) and isinstance(side.value, str) and _MOMENT.match(side.value):
        return "UTC" if side.value.endswith(("Z", "+00:00")) else ""
    if not isinstance(side, ast.Call) or not isinstance(side.func, ast.Name) or side.func.id not in ("now", "date"):
        return None
    given = {argument.arg: argument.value for argument in side.keywords}
    zone = given.get("zone") or (side.args[0] if side.func.id == "now" and side.args else None)
    if side.func.id == "date" and not ({"hours", "minutes", "zone"} & given.keys() or len(side.args) > 2):
        return _zone_of(side.args[0]) if side.args else None  # whole days later it is as late, in the zone it was in
    return str(zone.value) if isinstance(zone, ast.Constant) else ""
