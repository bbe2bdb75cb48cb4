"""What compiled code runs in: one evaluation's scope, variables and budgets, and the loops of comprehensions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flowbook.counting import counted
from flowbook.errors import ExpressionError
from flowbook.expressions.limits import MAX_KEY_BITS, Meter
from flowbook.expressions.values import describe, is_list, touched
from flowbook.expressions.views import SCALARS


class Evaluation(Meter):
    """One evaluation: its budgets, its scope, and the variables of its comprehensions by their number."""

    __slots__ = ("scope", "variables")

    def __init__(self, scope: Mapping[str, Any]) -> None:
        super().__init__()
        self.scope = scope
        self.variables: dict[int, Any] = {}


Code = Callable[[Evaluation], Any]


class Loop:
    """One ``for … in … if …`` of a comprehension."""

    __slots__ = ("numbers", "source", "tests", "unpacks")

    def __init__(self, source: Code, numbers: list[int], unpacks: bool, tests: list[Code]) -> None:
        self.source = source
        self.numbers = numbers
        self.unpacks = unpacks
        self.tests = tests

    def bind(self, item: Any, env: Evaluation) -> None:
        """Give the loop's variables their values."""
        if not self.unpacks:
            env.variables[self.numbers[0]] = item
            return
        if not is_list(item) or len(item) != len(self.numbers):
            raise ExpressionError(f"a comprehension takes {counted(len(self.numbers), 'value')} from {describe(item)}.")
        for number, part in zip(self.numbers, touched(item, env), strict=True):
            env.variables[number] = part


def rounds(loops: list[Loop], level: int, env: Evaluation) -> Iterator[None]:
    """Once for each round of nested loops whose tests hold, with the variables bound."""
    loop = loops[level]
    for item in touched(loop.source(env), env):
        loop.bind(item, env)
        if all(test(env) for test in loop.tests):
            if level + 1 == len(loops):
                yield None
            else:
                yield from rounds(loops, level + 1, env)


def constantly(value: Any) -> Code:
    """The code of a constant."""

    def constant(env: Evaluation) -> Any:
        return value

    return constant


def as_key(key: Any, meter: Meter) -> Any:
    """``key``, paid for, if it can be a key of a mapping, else ExpressionError."""
    if type(key) not in SCALARS:
        raise ExpressionError(f"{describe(key)} cannot be a key of a mapping.")
    if type(key) is str:
        meter.spend(len(key) >> 8)
    elif type(key) is int and key.bit_length() > MAX_KEY_BITS:
        # Larger ones can be chosen to have one hash, which makes a mapping slow.
        raise ExpressionError(f"a whole number of more than {MAX_KEY_BITS} bits cannot be a key: use str(…).")
    return key
