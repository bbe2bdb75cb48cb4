"""The operators of the language over plain values, each within its budget and with its own clear refusal."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from flowbook.errors import ExpressionError, ExpressionLimitError
from flowbook.expressions.dates import differ_in_offset
from flowbook.expressions.limits import (
    CONVERTED,
    ELSEWHERE,
    MAX_BITS,
    MAX_DEPTH,
    Meter,
    check_float,
    check_int,
    too_large,
)
from flowbook.expressions.values import describe, is_list, is_map, is_number, pay_keys, touched
from flowbook.expressions.views import PLAIN, SCALARS, plain

Binary = Callable[[Any, Any, Meter], Any]


def _refusal(verb: str, left: Any, right: Any, hint: str = "") -> ExpressionError:
    return ExpressionError(f"it cannot {verb} {describe(left)} and {describe(right)}.", hint=hint)


def _number(compute: Callable[[Any, Any], Any], verb: str) -> Binary:
    def apply(left: Any, right: Any, meter: Meter) -> Any:
        if not (is_number(left) and is_number(right)):
            raise _refusal(verb, left, right)
        return _computed(compute, left, right)

    return apply


def _computed(compute: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    for operand in (left, right):
        if isinstance(operand, int):
            check_int(operand)
    try:
        value = compute(left, right)
    except ZeroDivisionError:
        raise ExpressionError("it divides by zero.") from None
    except OverflowError:
        raise too_large() from None
    if isinstance(value, complex):
        raise ExpressionError("it takes a root of a negative number.")
    return check_int(value) if isinstance(value, int) else check_float(value)


def _add(left: Any, right: Any, meter: Meter) -> Any:
    if is_number(left) and is_number(right):
        return _computed(operator.add, left, right)
    if isinstance(left, str) and isinstance(right, str):
        meter.text(len(left) + len(right), ascii_only=left.isascii() and right.isascii())
        return left + right
    if is_list(left) and is_list(right):
        meter.items(len(left) + len(right))
        return [*touched(left, meter), *touched(right, meter)]
    hint = "Turn the other one into text with str(…)." if isinstance(left, str) or isinstance(right, str) else ""
    raise _refusal("add", left, right, hint)


def _multiply(left: Any, right: Any, meter: Meter) -> Any:
    if is_number(left) and is_number(right):
        return _computed(operator.mul, left, right)
    if is_number(left):
        left, right = right, left
    if isinstance(right, int) and isinstance(left, str):
        times = max(0, right)
        meter.text(len(left) * times, ascii_only=left.isascii())
        return left * times
    if isinstance(right, int) and is_list(left):
        times = max(0, right)
        meter.items(len(left) * times)
        return list(touched(left, meter)) * times
    raise _refusal("multiply", left, right)


def _power(left: Any, right: Any, meter: Meter) -> Any:
    if isinstance(left, int) and isinstance(right, int) and right > 0:
        meter.spend(10)
        if abs(left) > 1 and (right > MAX_BITS or left.bit_length() * right > 2 * MAX_BITS):
            raise too_large()
    return _number(operator.pow, "raise to a power")(left, right, meter)


def _integer(compute: Callable[[int, int], int], verb: str) -> Binary:
    def apply(left: Any, right: Any, meter: Meter) -> Any:
        if not (isinstance(left, int) and isinstance(right, int)):
            raise _refusal(verb, left, right)
        return _computed(compute, left, right)

    return apply


def _shift(compute: Callable[[int, int], int]) -> Binary:
    def apply(left: Any, right: Any, meter: Meter) -> Any:
        if isinstance(right, int) and right < 0:
            raise ExpressionError("it shifts by a negative number.")
        if isinstance(right, int) and right > MAX_BITS:
            raise too_large()
        return _integer(compute, "shift")(left, right, meter)

    return apply


def _either(left: Any, right: Any, meter: Meter) -> Any:
    """Bits of two integers, or two mappings merged (the right one wins)."""
    if is_map(left) and is_map(right):
        meter.spend(4 * (len(left) + len(right)))
        meter.hold(64 + 100 * (len(left) + len(right)))
        pay_keys(left, meter)
        pay_keys(right, meter)
        return {**left, **right}
    return _integer(operator.or_, "combine")(left, right, meter)


BINARY: dict[type[ast.operator], Binary] = {
    ast.Add: _add,
    ast.Sub: _number(operator.sub, "subtract"),
    ast.Mult: _multiply,
    ast.Div: _number(operator.truediv, "divide"),
    ast.FloorDiv: _number(operator.floordiv, "divide"),
    ast.Mod: _number(operator.mod, "take the remainder of"),
    ast.Pow: _power,
    ast.LShift: _shift(operator.lshift),
    ast.RShift: _shift(operator.rshift),
    ast.BitAnd: _integer(operator.and_, "combine"),
    ast.BitXor: _integer(operator.xor, "combine"),
    ast.BitOr: _either,
}


def negative(value: Any, meter: Meter) -> Any:
    """``-value``."""
    return -_signed(value)


def positive(value: Any, meter: Meter) -> Any:
    """``+value``."""
    return +_signed(value)


def inverted(value: Any, meter: Meter) -> Any:
    """``~value``."""
    if not isinstance(value, int):
        raise ExpressionError(f"it cannot invert {describe(value)}.")
    return ~check_int(int(value))


def negated(value: Any, meter: Meter) -> bool:
    """``not value``."""
    return not value


def _signed(value: Any) -> Any:
    if not is_number(value):
        raise ExpressionError(f"it cannot take the negative of {describe(value)}.")
    return check_int(value) if isinstance(value, int) else value


UNARY: dict[type[ast.unaryop], Callable[[Any, Meter], Any]] = {
    ast.USub: negative,
    ast.UAdd: positive,
    ast.Invert: inverted,
    ast.Not: negated,
}


def equal(left: Any, right: Any, meter: Meter, depth: int = 0) -> bool:
    """Whether two plain values are equal, at any depth, paid for as it goes."""
    meter.spend()
    if left is right:
        return True
    if isinstance(left, str) and isinstance(right, str):
        if len(left) == len(right):
            meter.spend(len(left) >> 8)
        return left == right
    if depth > MAX_DEPTH:
        raise ExpressionLimitError(f"its data is nested more than {MAX_DEPTH} levels deep.", hint=ELSEWHERE)
    if is_list(left) and is_list(right):
        pairs = zip(touched(left, meter), touched(right, meter), strict=False)
        return len(left) == len(right) and all(equal(a, b, meter, depth + 1) for a, b in pairs)
    if is_map(left) and is_map(right):
        return len(left) == len(right) and all(
            _holds(right, key, meter) and equal(_seen(left[key], meter), _seen(right[key], meter), meter, depth + 1)
            for key in touched(left, meter)
        )
    if is_number(left) and is_number(right):
        return bool(left == right)
    return False


def _seen(value: Any, meter: Meter) -> Any:
    """A value of a mapping as plain data, paid for."""
    if type(value) in PLAIN:
        return value
    meter.spend(CONVERTED)
    return plain(value)


def contains(value: Any, container: Any, meter: Meter) -> bool:
    """``value in container``: an item of a list, a key of a mapping, a part of a text."""
    if isinstance(container, str):
        if not isinstance(value, str):
            raise ExpressionError(f"it looks for {describe(value)} in text.", hint="Turn it into text with str(…).")
        meter.search(len(container), len(value))
        return value in container
    if is_map(container):
        return type(value) in SCALARS and _holds(container, value, meter)
    if is_list(container):
        return any(equal(value, item, meter) for item in touched(container, meter))
    raise ExpressionError(f"it looks for something in {describe(container)}, which holds nothing.")


def _holds(mapping: Any, key: Any, meter: Meter) -> bool:
    if isinstance(key, str):
        meter.spend(len(key) >> 8)
    return key in mapping


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any, Meter], bool]:
    def apply(left: Any, right: Any, meter: Meter) -> bool:
        check_comparable(left, right, meter)
        meter.spend(len(left) >> 8 if isinstance(left, str) else 0)
        return compare(left, right)

    return apply


def check_comparable(left: Any, right: Any, meter: Meter) -> None:
    """ExpressionError unless both are numbers or both are text: nothing else has an order here.

    Nor have moments with different offsets: their text sorts otherwise than they follow each other. Looking is paid
    for: a list of a hundred thousand would be looked at.
    """
    meter.spend(2)
    if not ((is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str))):
        raise _refusal("compare", left, right, "Both must be numbers or both text; int(…), float(…) or str(…) convert.")
    if isinstance(left, str) and differ_in_offset(left, right, meter):
        raise ExpressionError(
            "it compares two moments with different offsets as text, which is not their order in time.",
            hint="Compare timestamp(…) of both.",
        )


def _identical(left: Any, right: Any, meter: Meter) -> bool:
    return left is right or (left is not None and right is not None and equal(left, right, meter))


COMPARE: dict[type[ast.cmpop], Callable[[Any, Any, Meter], bool]] = {
    ast.Eq: equal,
    ast.NotEq: lambda left, right, meter: not equal(left, right, meter),
    ast.Lt: _ordered(operator.lt),
    ast.LtE: _ordered(operator.le),
    ast.Gt: _ordered(operator.gt),
    ast.GtE: _ordered(operator.ge),
    ast.In: contains,
    ast.NotIn: lambda left, right, meter: not contains(left, right, meter),
    ast.Is: _identical,
    ast.IsNot: lambda left, right, meter: not _identical(left, right, meter),
}
