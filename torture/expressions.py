"""Hostile and generated expressions: only ExpressionErrors come out, each within 100 ms of CPU time and 64 MiB."""

from __future__ import annotations

import contextlib
import gc
import random
import time
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from decimal import Decimal
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

from flowbook.errors import ExpressionError
from flowbook.expressions import compile_expression
from flowbook.expressions.functions import CALLS, FUNCTIONS

HOSTILE, FUNCTIONS_DEEP, GENERATED, MADE = 600, 1_000, 100_000, 100_000
MILLISECONDS, MEBIBYTES = 100, 64
PRIME = 2**61 - 1  # all multiples of it have one hash

_SHAPES = (
    "[{0} for i in range(100000)]", "[[{0} for i in range(1000)] for j in range(1000)]", "{0} if {0} else {0}",
    "sorted([{0}] * 100000)", "[{0}] * 100000", "{{str(i): {0} for i in range(100000)}}", "str([{0}] * 1000)",
    "unique([{0}] * 100000)", "join([str({0})] * 100000, ',')", "len({0})", "({0}) == ({0})", "json({0})",
    "flatten([{0}] * 1000)", "{0} in [{0}] * 1000", "default({0}, {0})",
)  # fmt: skip
_PIECES = (
    "inputs.big", "inputs.nested", "inputs.rows", "inputs.pair", "inputs.texts", "inputs.mixed", "inputs.wide",
    "inputs.ints", "inputs.colliding", "inputs.huge", "inputs.letters", "upper(inputs.letters)", "inputs.huge ** 3",
    "now('Europe/Berlin')", "date(now(), zone='Asia/Tokyo')", "inputs.pair[1:]", "inputs.big + inputs.big",
    "inputs.big * 1000", "split(inputs.big, 'x')", "replace(inputs.big, 'x', 'yy')", "parse_json('[' * 5000)",
    "range(10**9)", "10**10**10", "'x' * 10**9", "startswith(inputs.big, inputs.big)", "inputs.rows | inputs.rows",
    "reversed(inputs.pair)", "base64(inputs.big)", "url_quote(inputs.big)", "strip(inputs.big, 'x')",
    "sorted(inputs.rows, by='k1')", "inputs.wide == inputs.wide", "round(inputs.huge, -300)", "sum(inputs.ints)",
    "max(inputs.texts)", "[x for x in inputs.pair]", "inputs.rows[0:5000]", "str(inputs.nested)",
    "inputs.wide[inputs.big]", "~inputs.huge",
)  # fmt: skip
_WORDS = (
    "inputs nodes . a [ ] ( ) { } : , 1 'x' ' + - * ** // % == < if else for in not and or lambda is None true x len "
    "default range now && || ! ? => ... 1e9 0x ~ @ := await yield async from import sorted by= unique sum str date "
    "1e400 ${{ }} # é"
)
_OPERATORS = ("+", "-", "*", "/", "//", "%", "**", "<<", "|", "==", "<", "in", "is")
_ARGUMENTS = ("1", "-1", "'x'", "'%Y'", "'day'", "['a']", "{}", "2 ** 4000", "True", "None", "'(x|y)+z'", "'@'")
_TOKENS = [*_WORDS.split(), "\\", '"']


def run(scale: float, seed: int, folder: Path) -> Iterator[str]:
    """Evaluate them all; the slowest and the largest are told."""
    warnings.simplefilter("error")  # what Python's parser would say about such things as 1else is nobody's
    compile_expression("1 + 1").evaluate({})  # the first in a program loads what all of them need
    scope = _scope()
    sources = [shape.format(piece) for shape, piece in product(_SHAPES, _PIECES)]
    assert len(sources) >= HOSTILE
    yield f"{len(sources)} hostile: {_measured(sources, scope)}"
    some = random.Random(seed)
    deep = _functions_deep(some, int(FUNCTIONS_DEEP * scale))
    yield f"{len(deep):,} of functions and operators, two deep: {_measured(deep, scope)}"
    generated = [_generated(some) for _ in range(int(GENERATED * scale))]
    data = {"a": [1, 2, {"x": "y"}], "x": "text"}
    small = {"inputs": data, "nodes": {"a": {"data": data, "message": "", "success": True}}, "item": data, "index": 0}
    yield f"{len(generated):,} generated: {_measured(generated, small)}"
    middle = {**small, "inputs": _middle()}
    some = random.Random(seed)
    made = [_made(some, some.choice((2, 3, 4, 5)), ()) for _ in range(int(MADE * scale))]
    yield f"{len(made):,} made by the grammar: {_measured(made, middle)}"


def _measured(sources: list[str], scope: dict[str, Any]) -> str:
    """Evaluate each for its time, and those that take any again for their memory, which tracing makes slow."""
    slowest, errors, heavy = (0.0, ""), 0, []
    for place, source in enumerate(sources):
        if place % 50 == 0:
            gc.freeze()  # else a look for circles goes through all that is kept, whichever expression it falls into
        began = time.thread_time()
        try:
            compile_expression(source).evaluate(scope)
        except ExpressionError:
            errors += 1
        took = time.thread_time() - began
        slowest = max(slowest, (took, source))
        if took > 0.005:
            heavy.append(source)
    largest = max((_memory(source, scope) for source in heavy), default=(0, ""))
    assert slowest[0] * 1000 <= MILLISECONDS, f"{slowest[0] * 1000:.0f} ms: {slowest[1][:200]}"
    assert largest[0] <= MEBIBYTES * 2**20, f"{largest[0] / 2**20:.0f} MiB: {largest[1][:200]}"
    return (
        f"{errors:,} ended in ExpressionErrors and none in another; slowest {slowest[0] * 1000:.0f} ms of CPU time, "
        f"largest {largest[0] / 2**20:.1f} MiB (of {len(heavy)} that took over 5 ms)"
    )


def _memory(source: str, scope: dict[str, Any]) -> tuple[int, str]:
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        with contextlib.suppress(ExpressionError):
            compile_expression(source).evaluate(scope)
        return tracemalloc.get_traced_memory()[1] - before, source
    finally:
        tracemalloc.stop()


def _functions_deep(some: random.Random, count: int) -> list[str]:
    """Every function and operator on data of a kind that may be slow for it, and on what another made of such data."""
    pieces = [f"inputs.{name}" for name in _scope()["inputs"]]
    made: list[str] = []
    while len(made) < count:
        for name in (*sorted(FUNCTIONS), *_OPERATORS):
            inner = _applied(some, some.choice((*FUNCTIONS, *_OPERATORS)), pieces)
            whole = _applied(some, name, [*pieces, inner, inner])
            made.append(some.choice(("{0}", "{0}", "[{0} for i in range(100000)]", "default({0}, 1)")).format(whole))
    return made[:count]


def _applied(some: random.Random, name: str, pieces: list[str]) -> str:
    if name in _OPERATORS:
        return f"({some.choice(pieces)} {name} {some.choice(pieces)})"
    function = CALLS[name]
    most = 3 if function.variadic else len(function.parameters)
    count = some.randint(function.required, min(most, function.required + 1))
    others = (*pieces, *_ARGUMENTS, *_ARGUMENTS, *_ARGUMENTS)
    return f"{name}({', '.join(some.choice(others if i else pieces) for i in range(count))})"


def _generated(some: random.Random) -> str:
    count, space = some.choice([3, 8, 20, 200]), some.choice(["", " "])
    return space.join(some.choice(_TOKENS) for _ in range(count))


def _middle() -> dict[str, Any]:
    """Data of many kinds, of sizes that one meets."""
    return {
        "text": "The quick brown fox, 1.5 + é 😀\n" * 200, "nested": {"x": {"y": {"z": [1, {}]}}},
        "rows": [{"a": i, "b": f"r{i}", "c": [i] * 3} for i in range(300)], "words": [f"w{i % 37}" for i in range(400)],
        "numbers": list(range(-500, 500)), "floats": [i * 0.37 for i in range(200)], "none": None, "true": True,
        "big": 3**2000, "when": "2026-03-29T02:30:00Z", "moment": datetime(2026, 3, 29, tzinfo=timezone.utc),
        "empty": [], "mail": "ann@example.org", "decimal": Decimal("1.10"),
    }  # fmt: skip


_PATHS = [f"inputs.{name}" for name in _middle()]


def _made(some: random.Random, depth: int, names: tuple[str, ...]) -> str:
    """An expression that can be read: of the grammar's kinds, so many deep; ``names`` are the loops' around it."""
    if depth == 0 or some.random() < 0.1:
        return _leaf(some, names)

    def inner(more: tuple[str, ...] = ()) -> str:
        return _made(some, depth - 1, (*names, *more))

    kind = some.randrange(12)
    if kind < 4:
        return _called(some, inner)
    if kind < 6:
        return f"({inner()} {some.choice((*_OPERATORS, '!=', '>=', 'and', 'or', 'not in', 'is not'))} {inner()})"
    if kind == 6:
        return f"({inner()} if {inner()} else {inner()})"
    if kind == 7:
        return f"{inner()}[{some.choice((inner(), f'{inner()}:{inner()}', '::2', '-1', '0', repr('a')))}]"
    if kind == 8:
        return f"[{', '.join(inner() for _ in range(some.randrange(4)))}]"
    if kind == 9:
        return "{" + ", ".join(f"{inner()}: {inner()}" for _ in range(some.randrange(3))) + "}"
    if kind == 10:
        name = f"v{len(names)}"
        return f"[{inner((name,))} for {name} in {inner()}{some.choice(('', f' if {inner((name,))}'))}]"
    return some.choice(
        (f"(not {inner()})", f"(-{inner()})", f"{inner()}.{some.choice('abcxyz')}", f"({inner()} * 1000)")
    )


def _leaf(some: random.Random, names: tuple[str, ...]) -> str:
    literals = ("0", "1", "-3", "2.5", "10**6", "'a'", "'%d.%m.%Y'", "''", "True", "None", "[]", "{}", "range(200)")
    paths = (*_PATHS, "item", "index", "nodes.a.data", "nodes.a.message", "inputs.missing")
    return some.choice((some.choice(literals), some.choice(paths), some.choice(paths), *names, *names))


def _called(some: random.Random, inner: Callable[[], str]) -> str:
    name = some.choice(sorted(FUNCTIONS))
    function = CALLS[name]
    most = 3 if function.variadic else len(function.parameters)
    return f"{name}({', '.join(inner() for _ in range(some.randint(function.required, most)))})"


def _scope() -> dict[str, Any]:
    nested: list[Any] = [1]
    for _ in range(90):
        nested = [nested]
    data: dict[str, Any] = {
        "big": "x" * 4_000_000, "nested": nested, "rows": [{f"k{i}": i for i in range(20)} for _ in range(5_000)],
        "pair": tuple(range(3_000_000)), "texts": {"x" * 5_000 + str(i) for i in range(3_000)},
        "mixed": {1, "a", (1, 2), frozenset({3})}, "wide": {"x" * 100_000 + str(i): i for i in range(100)},
        "ints": [i * PRIME for i in range(20_000)], "colliding": {i * PRIME: 0 for i in range(3_000)},
        "huge": 7**400_000, "letters": "ß" * 3_900_000, "emoji": "😀" * 3_900_000, "quoted": '"\\\n\t' * 900_000,
        "moments": [datetime(2026, 1, 1, tzinfo=timezone.utc)] * 50_000, "fractions": [Fraction(1, 3)] * 50_000,
        "decimals": (Decimal("1.5"),) * 50_000, "tuples": tuple((i,) for i in range(50_000)),
        "bits": [2**4095 + i for i in range(20_000)], "floats": [i * 1.1e300 for i in range(50_000)],
        "emptys": [[] for _ in range(90_000)], "dicts": [{"a": i} for i in range(50_000)],
        "base64": "eHh4" * 900_000, "json": f"[{'1.5e5,' * 20_000}1]", "mail": "2026-01-01T00:00:00+01:00",
    }  # fmt: skip
    return {"inputs": data, "nodes": {"a": {"data": data, "message": "", "success": True}}, "item": 1, "index": 0}
