"""The ``${{ }}`` language: a safe, bounded subset of Python expressions over the data of a run.

>>> from flowbook.expressions import compile_expression, compile_value
>>> compile_expression("len(inputs.names) * 2").evaluate({"inputs": {"names": ["a", "b"]}})
4
>>> compile_value({"text": "Hello ${{ inputs.name }}"}).evaluate({"inputs": {"name": "Ada"}})
{'text': 'Hello Ada'}

``a.b`` looks up a key and never an attribute, there are no methods, and only the functions in :data:`FUNCTIONS` can
be called. Every expression ends within the budgets of :mod:`flowbook.expressions.limits`. What it gives is data and
never read as an expression again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowbook.expressions.templates import Bound, compile_value, has_expression
from flowbook.lazily import lazily

if TYPE_CHECKING:
    from flowbook.expressions.expression import Expression, compile_expression
    from flowbook.expressions.functions import FUNCTIONS, FunctionDoc
    from flowbook.expressions.renaming import rename_in_expression, rename_reference
    from flowbook.expressions.views import plain

__all__ = [
    "FUNCTIONS",
    "Bound",
    "Expression",
    "FunctionDoc",
    "compile_expression",
    "compile_value",
    "has_expression",
    "plain",
    "rename_in_expression",
    "rename_reference",
]

_HOMES = {
    "Expression": "flowbook.expressions.expression",
    "FUNCTIONS": "flowbook.expressions.functions",
    "FunctionDoc": "flowbook.expressions.functions",
    "compile_expression": "flowbook.expressions.expression",
    "plain": "flowbook.expressions.views",
    "rename_in_expression": "flowbook.expressions.renaming",
    "rename_reference": "flowbook.expressions.renaming",
}

__getattr__ = lazily(__name__, _HOMES)  # a run without an expression needs nothing of the language
