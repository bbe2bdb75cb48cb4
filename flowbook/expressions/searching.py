"""The function of the language that takes data apart by a JMESPath expression.

The library ``jmespath`` (the extra ``jmespath``) reads it; ``metered.py`` carries it out within the budgets.
"""

from __future__ import annotations

import functools
from typing import Any

from flowbook.errors import ExpressionError
from flowbook.expressions.limits import Meter
from flowbook.expressions.registry import define, need_text
from flowbook.installing import how_to_install

MAX_EXPRESSION = 1_000
"""Characters of a JMESPath expression."""
_HINT = "How they are written is told at https://jmespath.org."


@define(
    "jmespath(value, expression)",
    "What a JMESPath expression finds in a value; null where there is nothing.",
    'jmespath({"pets": [{"name": "Rex", "age": 3}, {"name": "Tom", "age": 1}]}, "pets[?age > `2`].name")',
    '["Rex"]',
)
def _jmespath(meter: Meter, value: Any, expression: Any) -> Any:
    need_text("jmespath", expression)
    if len(expression) > MAX_EXPRESSION:
        raise ExpressionError(f"jmespath() takes an expression of at most {MAX_EXPRESSION:,} characters.")
    meter.spend(200 + 60 * len(expression))
    try:
        from flowbook.expressions.metered import Metered
    except ImportError:
        raise ExpressionError(
            "jmespath() needs the library of that name, which is not installed.", hint=f"{how_to_install('jmespath')}."
        ) from None
    try:
        return Metered(meter).visit(_read(expression), value)
    except RecursionError:
        raise ExpressionError("a JMESPath expression is nested too deeply.") from None
    except (ArithmeticError, TypeError, ValueError) as problem:
        raise ExpressionError(f"a JMESPath expression cannot be used: {_said(problem)}.", hint=_HINT) from None


@functools.lru_cache(maxsize=128)
def _read(expression: str) -> Any:
    from jmespath.parser import Parser

    return Parser().parse(expression).parsed


def _said(problem: Exception) -> str:
    """What is wrong with an expression, without what it was applied to."""
    from jmespath import exceptions

    if isinstance(problem, exceptions.ArityError | exceptions.EmptyExpressionError | exceptions.UnknownFunctionError):
        return str(problem).partition("\n")[0].rstrip(".")
    if isinstance(problem, exceptions.JMESPathTypeError):
        return f"{problem.function_name}() needs {' or '.join(problem.expected_types)}, not {problem.actual_type}"
    if isinstance(problem, exceptions.IncompleteExpressionError):
        return "it ends too early"
    if isinstance(problem, exceptions.ParseError):
        return f"it is wrong at character {problem.lex_position + 1}"
    return "a number in it is too large, or a step is 0"
