"""How a function of the language is described, registered and given its arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowbook.errors import ExpressionError
from flowbook.expressions.values import describe, is_list
from flowbook.records import NamedTuple


class FunctionDoc(NamedTuple):
    """What people read about one function. ``gives`` is the example's value as JSON; empty when the time decides."""

    name: str
    signature: str
    description: str
    example: str
    gives: str = ""


class Function(NamedTuple):
    """A function and how it may be called: ``parameters`` by name, the first ``required`` of them always."""

    doc: FunctionDoc
    call: Callable[..., Any]
    parameters: tuple[str, ...]
    required: int
    variadic: bool = False


CALLS: dict[str, Function] = {}


def define(signature: str, description: str, example: str, gives: str = "") -> Callable[[Any], Any]:
    """Register a function under a signature such as ``round(number, digits=0)``; ``…`` takes any number."""
    name, _, inside = signature.rstrip(")").partition("(")
    parts = [part.strip() for part in inside.split(",") if part.strip()]
    names = tuple(part.partition("=")[0] for part in parts if part != "…")
    required = sum("=" not in part for part in parts if part != "…")

    def register(call: Callable[..., Any]) -> Callable[..., Any]:
        CALLS[name] = Function(
            FunctionDoc(name, signature, description, example, gives), call, names, required, "…" in parts
        )
        return call

    return register


def need(good: bool, name: str, wanted: str, value: Any) -> None:
    """ExpressionError unless ``good``, saying what the function wanted and what it got."""
    if not good:
        raise ExpressionError(f"{name}() needs {wanted}, not {describe(value)}.")


def need_text(name: str, *values: Any) -> None:
    """ExpressionError unless all values are text."""
    for value in values:
        need(isinstance(value, str), name, "text", value)


def need_list(name: str, value: Any) -> None:
    """ExpressionError unless the value is a list."""
    need(is_list(value), name, "a list", value)


def need_whole(name: str, value: Any) -> None:
    """ExpressionError unless the value is a whole number."""
    need(isinstance(value, int), name, "a whole number", value)
