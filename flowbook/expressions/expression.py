"""One compiled expression."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from flowbook.errors import ExpressionError, ExpressionLimitError
from flowbook.expressions.evaluation import Evaluation
from flowbook.expressions.limits import ELSEWHERE
from flowbook.expressions.lookup import Missing
from flowbook.expressions.syntax import Source, shortened, unwrapped
from flowbook.expressions.values import copied
from flowbook.expressions.views import plain


class Expression:
    """A compiled expression: what it needs, and its value in a scope.

    ``source`` is its text without ``${{ }}``; ``references`` the ids of the nodes that it uses,
    ``optional_references`` those used only inside ``default(…)``; ``names`` the names of the scope that it uses
    (inputs, nodes, item, index, run, result); ``input_names`` the inputs that it names.
    Made by :func:`compile_expression`; never changes.
    """

    __slots__ = ("_code", "_fetch", "input_names", "names", "optional_references", "references", "source")

    def __init__(self, text: str) -> None:
        from flowbook.expressions.compiler import (
            Compiler,  # with all functions of the language: for who has expressions
        )

        source = Source(text)
        compiler = Compiler(source)
        reference = compiler.reference(source.tree)
        self._fetch = reference.hand_on if reference else None
        self._code = compiler.compile(source.tree) if not reference else None
        self.source = text
        self.references = frozenset(compiler.required | compiler.optional)
        self.optional_references = frozenset(compiler.optional - compiler.required)
        self.names = frozenset(compiler.names)
        self.input_names = frozenset(compiler.input_names)

    def evaluate(self, scope: Mapping[str, Any]) -> Any:
        """The value in a scope of inputs (dict), nodes (id → result), item, index, run (dict) and result.

        An expression that is one reference gives the very object that is there (a plain copy of a part that only has a
        plain form, such as a table's row); any other a fresh plain copy of what it computed.
        Raises ExpressionLookupError for what is not there, ExpressionLimitError for what goes over a budget, and
        ExpressionError for anything else that cannot be computed; each names the expression.
        """
        if self._fetch is None:
            return self._guarded(self._computed, scope)
        try:
            return self._fetch(scope)
        except Exception:  # noqa: BLE001 - whatever it was, it is met again there and explained
            return self._guarded(self._fetch, scope)

    def test(self, scope: Mapping[str, Any]) -> bool:
        """Whether the value is true (a list, mapping, text or table that is not empty, a number but 0): for ``when``.

        Raises as :meth:`evaluate`.
        """
        return bool(self._guarded(self._truth, scope))

    def _truth(self, scope: Mapping[str, Any]) -> bool:
        return bool(plain(self._fetch(scope)) if self._fetch else self._code(Evaluation(scope)))  # type: ignore[misc]

    def _computed(self, scope: Mapping[str, Any]) -> Any:
        evaluation = Evaluation(scope)
        return copied(self._code(evaluation), evaluation)  # type: ignore[misc]

    def _guarded(self, compute: Callable[[Mapping[str, Any]], Any], scope: Mapping[str, Any]) -> Any:
        try:
            return compute(scope)
        except Missing as missing:
            problem: ExpressionError = missing.explained()
        except ExpressionError as error:
            problem = error
        except (RecursionError, MemoryError):
            problem = ExpressionLimitError("it needs more memory or nesting than there is.", hint=ELSEWHERE)
        except Exception as error:  # noqa: BLE001 - the data's own classes can raise anything when they are read
            problem = ExpressionError(f"the data that it reads raised {type(error).__name__}.", hint=ELSEWHERE)
        raise type(problem)(
            f"${{{{ {shortened(self.source)} }}}}: {problem.message}", self.source, problem.hint
        ) from None

    def __repr__(self) -> str:
        return f"<Expression {shortened(self.source)}>"


@lru_cache(maxsize=4096)
def _compiled(text: str) -> Expression:
    try:
        return Expression(text)
    except (RecursionError, MemoryError):
        what = f"${{{{ {shortened(text)} }}}}: it needs more memory or nesting than there is."
        raise ExpressionLimitError(what, text, ELSEWHERE) from None


def compile_expression(source: str) -> Expression:
    """The compiled form of a bare expression; ``${{ … }}`` around the whole of it is accepted.

    Compiled once and kept. Raises ExpressionSyntaxError for what is not an expression of the language, and
    ExpressionLimitError for one that is too long or nested too deeply.
    """
    return _compiled(unwrapped(source))
