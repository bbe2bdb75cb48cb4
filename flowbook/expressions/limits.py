"""The budgets of the expression language, and the meter that an evaluation spends them from.

A step is about a quarter of a microsecond of work; functions and operators that do more in one go say so before
they begin. Memory is counted as it is handed out and never given back, so the sum bounds what can be alive.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from flowbook.errors import ExpressionError, ExpressionLimitError

MAX_SOURCE = 10_000
"""Characters of one expression."""
MAX_DEPTH = 100
"""Levels of nesting, of an expression and of the data that it hands out."""
MAX_STEPS = 200_000
"""Steps of one evaluation."""
MAX_BITS = 4096
"""Bits of an integer."""
MAX_KEY_BITS = 60
"""Bits of an integer that is a key: larger ones may share a hash."""
MAX_TEXT = 4_000_000
"""Characters of one text."""
MAX_ITEMS = 100_000
"""Items of a list that a function makes (range, split, …)."""
MAX_BYTES = 24 * 1024 * 1024
"""Bytes that one evaluation may allocate."""
MAX_SECONDS = 0.08
"""Seconds of processor time of one evaluation; a net under the steps, for data that is slow to read."""

CONVERTED = 16
"""Steps that it takes to see a value as what data is made of (a moment as text, a Decimal as a number, a tuple as a
list)."""

_CHECK_EVERY = 2_000
ELSEWHERE = "Do this in a core.python node, which has no such limit."


_until: ContextVar[float] = ContextVar("until", default=math.inf)


class TooMuchTogether(ExpressionLimitError):
    """Evaluations that are made one after the other take too long in sum, whatever each of them takes."""


@contextmanager
def together(seconds: float) -> Iterator[None]:
    """Within, all evaluations of this thread take no more than ``seconds`` of processor time in sum: else
    TooMuchTogether. For where somebody waits for them; each keeps its own budgets as well.
    """
    before = _until.set(min(time.thread_time() + seconds, _until.get()))
    try:
        yield
    finally:
        _until.reset(before)


class Meter:
    """What is left of the budgets of one evaluation."""

    __slots__ = ("_bytes", "_deadline", "_mark", "_steps", "_until")

    def __init__(self) -> None:
        self._until = _until.get()
        if self._until != math.inf:
            self._look_at_the_sum(time.thread_time())
        self._steps = MAX_STEPS
        self._mark = MAX_STEPS - _CHECK_EVERY
        self._bytes = MAX_BYTES
        self._deadline = 0.0

    def spend(self, steps: int = 1) -> None:
        """Take ``steps`` from the budget; ExpressionLimitError when it is used up."""
        self._steps -= steps
        if self._steps < self._mark:
            self._check()

    def _check(self) -> None:
        if self._steps < 0:
            raise ExpressionLimitError(f"it takes more than {MAX_STEPS:,} steps.", hint=ELSEWHERE)
        self.look_at_time()
        self._mark = self._steps - _CHECK_EVERY

    def look_at_time(self) -> None:
        """ExpressionLimitError when the processor time is used up; the first look starts the clock."""
        now = time.thread_time()
        self._look_at_the_sum(now)
        if not self._deadline:
            self._deadline = now + MAX_SECONDS
        elif now > self._deadline:
            raise ExpressionLimitError(f"it takes more than {MAX_SECONDS * 1000:.0f} ms.", hint=ELSEWHERE)

    def _look_at_the_sum(self, now: float) -> None:
        if now > self._until:
            raise TooMuchTogether("with all that is evaluated here before it, it takes too long.")

    def hold(self, size: int) -> None:
        """Take ``size`` bytes from the budget; ExpressionLimitError when it is used up."""
        self._bytes -= size
        if self._bytes < 0:
            raise ExpressionLimitError(f"it makes more than {MAX_BYTES >> 20} MiB of data.", hint=ELSEWHERE)

    def items(self, count: int) -> None:
        """Make room for a new list of ``count`` items."""
        if count > MAX_ITEMS:
            raise ExpressionLimitError(f"it makes a list of more than {MAX_ITEMS:,} items.", hint=ELSEWHERE)
        self.spend(count)
        self.hold(56 + 8 * count)

    def text(self, length: int, *, ascii_only: bool = False) -> None:
        """Make room for a new text of ``length`` characters."""
        if length > MAX_TEXT:
            raise ExpressionLimitError(f"it makes a text of more than {MAX_TEXT:,} characters.", hint=ELSEWHERE)
        self.spend(1 + (length >> 8))
        self.hold(80 + (length if ascii_only else 4 * length))

    def search(self, length: int, wanted: int) -> None:
        """Pay for finding a text of ``wanted`` characters in one of ``length``: at worst the product of both."""
        if length >= 30_000:  # from here on Python's own search is linear
            self.spend(1 + (length >> 6))
        else:
            self.spend(1 + (length * min(wanted, length if length < 2_500 else 100) >> 9))


def digits_cost(value: int) -> int:
    """Steps that writing a whole number in digits takes: the square of its length."""
    return value.bit_length() ** 2 >> 19


def check_int(value: int) -> int:
    """``value``, or ExpressionLimitError if it is too large."""
    if value.bit_length() > MAX_BITS:
        raise too_large()
    return value


def check_float(value: float) -> float:
    """``value``, or ExpressionError if it is none that data can hold (an infinity, or what is not a number)."""
    if not math.isfinite(value):
        raise ExpressionError("it makes a number that is too large, or none at all.")
    return value


def too_large() -> ExpressionLimitError:
    """The error for an integer over its budget."""
    return ExpressionLimitError(f"it makes a number of more than {MAX_BITS:,} bits.", hint=ELSEWHERE)
