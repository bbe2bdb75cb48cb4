"""Expressions that were written to hang, to fill the memory, or to end in something else than an ExpressionError.

No time is measured: what is not metered would run for minutes here, and end in no error at all.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import random
import uuid
from collections import OrderedDict
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from flowbook.errors import ExpressionError, ExpressionLimitError, ExpressionLookupError
from flowbook.expressions import FUNCTIONS, compile_expression
from flowbook.expressions.evaluation import Evaluation
from flowbook.expressions.limits import CONVERTED, MAX_STEPS, Meter, digits_cost
from flowbook.expressions.lookup import Missing
from flowbook.expressions.values import copied

PRIME = 2**61 - 1
"""All multiples of it have one hash."""


@pytest.fixture(scope="module")
def scope() -> dict[str, Any]:
    nested: list[Any] = [1]
    for _ in range(90):
        nested = [nested]
    rows = [{f"k{i}": i for i in range(20)} for _ in range(5_000)]
    data: dict[str, Any] = {
        "big": "x" * 4_000_000, "same": "x" * 3_999_999 + "y", "nested": nested, "rows": rows,
        "pair": tuple(range(3_000_000)), "texts": {"x" * 5_000 + str(i) for i in range(3_000)},
        "mixed": {1, "a", (1, 2), frozenset({3})}, "wide": {"x" * 100_000 + str(i): i for i in range(100)},
        "ints": [i * PRIME for i in range(20_000)], "colliding": {i * PRIME: 0 for i in range(3_000)},
        "huge": 7**400_000, "letters": "ß" * 3_900_000,
    }  # fmt: skip
    node = {"data": data, "message": "", "success": True}
    return {"inputs": data, "nodes": {"a": node}, "item": 1, "index": 0, "run": {}}


def often(what: str) -> str:
    return f"[{what} for i in range(100000)]"


@pytest.mark.parametrize(
    "source",
    [
        often("startswith(inputs.big, inputs.big)"), often("endswith(inputs.big, inputs.same)"),
        often("default(inputs.wide[inputs.big], 0)"), often("inputs.big in inputs.wide"),
        often("inputs.big == inputs.same"), often("inputs.big < inputs.same"), often("inputs.wide == inputs.wide"),
        often("inputs.pair[0:3000000]"), often("len(inputs.pair[1:])"), often("upper(inputs.letters)"),
        often("strip(inputs.big, 'x')"), often("replace(inputs.big, 'y', 'z')"), "max([inputs.big] * 100000)",
        "sorted([inputs.big, inputs.same] * 50000)", "[inputs.colliding]",
        "inputs.colliding | inputs.colliding", "reversed(inputs.pair)", "flatten([inputs.pair])", "inputs.texts[0]",
        "[x for x in inputs.texts]", "inputs.texts[0:2]", "unique([inputs.nested] * 90000)", "-inputs.huge",
        "~inputs.huge", "abs(inputs.huge)", "round(inputs.huge, -300)", "inputs.huge + 1", "str(inputs.huge)",
        "parse_json('" + "9" * 3_000 + "')", often("now('Europe/Berlin')"), often("date(now(), zone='Asia/Tokyo')"),
        often("timestamp(now())"), often("date(now(), months=1)"), often("default(parse_date('nope'), 0)"),
        often("parse_date('2026-01-01', '%Y-%m-%d')"), often("date_part(now(), 'week')"),
        often("start_of(now(), 'week')"), often("end_of(now(), 'month', 'Asia/Tokyo')"),
        often("url_unquote(inputs.big)"),
        often("pad('', 4000000)"), "pad('', 10 ** 9)", often("number(inputs.big)"), often("number('1' * 1000)"),
        often("fixed(1e300, 100)"), "fixed(inputs.huge)", often("find(inputs.big, 'y')"),
        often("find(inputs.pair, 'y')"), often("merge(inputs.wide, inputs.wide)"),
        "merge(inputs.colliding, inputs.colliding)", "enumerate(inputs.pair)",
        often("enumerate(inputs.rows)"), often("replace(inputs.big, 'y', 'z', 1)"),
        often("matches(inputs.big, 'y')"), "matches(inputs.big, '(.{0,90}){9}z')", "match_all(inputs.big, 'x')",
        "match_all('a' * 30000, 'a[^b]*b|a')", "match_split('a' * 200000, '')",
        "match_replace('a' * 200000, 'a', 'b' * 1000)", often("matches('a', '(?:a{99}){9}' + str(i))"),
        often("match_groups('a' * 100000, '(a*)')"), often("match('a' * 100000, 'a*')"),
    ],
)  # fmt: skip
def test_every_operation_is_metered(scope: dict[str, Any], source: str) -> None:
    with pytest.raises(ExpressionLimitError):
        compile_expression(source).evaluate(scope)


@pytest.mark.parametrize("pick", ["data[0].a", "data[i % 3].a", "column[i]", "data[0:3]"])
def test_tables_are_metered_by_what_reading_them_takes(pick: str) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({f"{chr(97 + i)}": [1, 2, 3] * 40_000 for i in range(20)})
    with pytest.raises(ExpressionLimitError):
        compile_expression(often(f"inputs.{pick}")).evaluate({"inputs": {"data": frame, "column": frame["a"]}})


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("matches('a', '((a{100}){100}){100}')", "cannot be read"), ("matches('a', '(?=a)')", "cannot be read"),
        (r"matches('aa', r'(a)\1')", "cannot be read"), ("matches('a', 'b' * 1001)", "1,000 characters"),
        ("match('a', 'a', 1)", "group that the pattern does not have"), ("fixed(1, 101)", "0 to 100 decimals"),
        ("date('9999-12-31', months=1)", "out of the years"),
        ("date('2026-01-01', years=10 ** 300)", "out of the years"),
        ("date('2026-01-01', months=0.5)", "whole months"), ("end_of('9999-12-31', 'year')", "year 9998"),
        ("start_of('2026-01-01', inputs.rows)", "no such unit"), ("date_part(1, inputs.rows)", "no such part"),
        ("parse_date('x' * 1000)", "no date"), ("number('1_000')", "no number"), ("number('nan')", "no number"),
        ("parse_date('1', '%' * 101)", "at most 100 characters"), ("now(inputs.nested)", "no such time zone"),
        ("now(inputs.rows)", "no such time zone"),
        ("parse_json('1e999')", "too large"), ("parse_json('[-1e400]')", "too large"),
        ("inputs.rows[1:2, 3]", "not part of the language"), ("inputs.rows[:, 1]", "not part of the language"),
        ("inputs.rows[(1, 2)]", "has no"), ("inputs.rows[1:2:0]", "step that is not 0"),
        ("{i * 2305843009213693951: 0 for i in range(9)}", "cannot be a key"),
        ("{2305843009213693951: 0}", "cannot be a key"), ("url_quote('a', inputs.big)", "100 safe characters"),
        ("inputs.wide[inputs.nested]", "cannot be a key"), ("inputs.big[inputs.rows]", "has no"),
    ],
)  # fmt: skip
def test_what_an_operation_is_not_for_is_refused(scope: dict[str, Any], source: str, part: str) -> None:
    with pytest.raises(ExpressionError, match=part):
        compile_expression(source).evaluate(scope)


@pytest.mark.parametrize("source", ["inputs.wide[inputs.big]", "inputs.rows[inputs.nested]", "inputs.wide[inputs.huge]",
                                    "inputs[inputs.big]", "inputs.rows[inputs.wide]", "inputs.nested.x",
                                    "sorted(inputs.rows, by=inputs.big)"])  # fmt: skip
def test_a_huge_key_that_is_not_there_is_told_in_few_words(scope: dict[str, Any], source: str) -> None:
    with pytest.raises(ExpressionLookupError) as caught:
        compile_expression(source).evaluate(scope)
    assert len(str(caught.value)) < 3_000


def test_equal_huge_numbers_are_one(scope: dict[str, Any]) -> None:
    assert len(compile_expression("unique(inputs.ints[0:500])").evaluate(scope)) == 500
    assert compile_expression("unique([2**80, 2**80, 1])").evaluate(scope) == [2**80, 1]


TOKENS = [
    "inputs",
    "nodes",
    ".",
    "a",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    ":",
    ",",
    "1",
    "'x'",
    '"',
    "'",
    "+",
    "-",
    "*",
    "**",
    "//",
    "%",
    "==",
    "<",
    "if",
    "else",
    "for",
    "in",
    "not",
    "and",
    "or",
    "lambda",
    "is",
    "None",
    "true",
    "x",
    "len",
    "default",
    "range",
    "now",
    "&&",
    "||",
    "!",
    "?",
    "\\",
    "#",
    "=>",
    "...",
    "1e9",
    "0x",
    "~",
    "@",
    ":=",
    "await",
    "yield",
    "async",
    "from",
    "import",
    "sorted",
    "by=",
    "${{",
    "}}",
    "é",
    "unique",
    "sum",
    "str",
    "date",
    "1e400",
]


@pytest.mark.parametrize("seed", range(3))  # torture/expressions.py has many more
def test_only_expression_errors_come_out(seed: int) -> None:
    some = random.Random(seed)
    data = {"a": [1, 2, {"x": "y"}], "x": "text"}
    scope = {"inputs": data, "nodes": {"a": {"data": data, "message": "", "success": True}}, "item": data, "index": 0}
    for _ in range(300):
        count, space = some.choice([3, 8, 20, 200, 1_500]), some.choice(["", " "])
        source = space.join(some.choice(TOKENS) for _ in range(count))
        with contextlib.suppress(ExpressionError):
            compile_expression(source).evaluate(scope)


@pytest.mark.parametrize(
    "source", ["sorted([inputs.at] * 10)", "max([inputs.at] * 10)", "[inputs.at < inputs.at for i in range(10)]"]
)
def test_looking_whether_texts_are_moments_is_paid_for(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look takes about ten microseconds, which are forty steps: of a long list they would take seconds."""
    spent: list[int] = []
    spend = Meter.spend
    monkeypatch.setattr(Meter, "spend", lambda self, steps=1: (spent.append(steps), spend(self, steps))[1])
    compile_expression(source).evaluate({"inputs": {"at": "2026-11-28T21:59:44+01:00"}})
    assert sum(spent) >= 10 * 40


def test_stripping_a_text_is_paid_for_by_its_length() -> None:
    """4,000,000 characters take some 40 ms: once is fine, and the second time is refused before it begins."""
    scope = {"inputs": {"big": "x" * 4_000_000}}
    assert compile_expression("strip(inputs.big, 'x')").evaluate(scope) == ""
    with pytest.raises(ExpressionLimitError, match="steps"):
        compile_expression("strip(inputs.big, 'x') + strip(inputs.big, 'x')").evaluate(scope)


COUNT = 1_000
CONVERTED_ITEMS: dict[str, Any] = {
    "moments": [dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)] * COUNT, "days": [dt.date(2026, 1, 1)] * COUNT,
    "fractions": [Fraction(1, 3)] * COUNT, "decimals": [Decimal("1.5")] * COUNT, "ids": [uuid.UUID(int=1)] * COUNT,
    "tuples": [(1,)] * COUNT, "in a tuple": ((1,),) * COUNT, "in a set": {(i,) for i in range(COUNT)},
}  # fmt: skip


def paid(source: str, inputs: dict[str, Any]) -> int:
    """The steps that an expression took, of one that may end in an error of its own."""
    expression, evaluation = compile_expression(source), Evaluation({"inputs": inputs})
    with contextlib.suppress(ExpressionError, Missing):
        copied(expression._code(evaluation), evaluation)  # type: ignore[misc]
    return MAX_STEPS - evaluation._steps


@pytest.mark.parametrize("items", CONVERTED_ITEMS)
@pytest.mark.parametrize("name", ["json", "str", "unique", "enumerate", "reversed", "flatten", "join", "[x for x in]"])
def test_what_is_converted_to_be_seen_as_data_is_paid_for_by_whoever_looks_at_it(name: str, items: str) -> None:
    source = "[x for x in inputs.x]" if name.startswith("[") else f"{name}(inputs.x)"
    assert paid(source, {"x": CONVERTED_ITEMS[items]}) >= COUNT * CONVERTED


@pytest.mark.parametrize("source", ["values(inputs.x)", "json(inputs.x)", "inputs.x == inputs.y",
                                    "[inputs.x.k1 for i in range(1000)]", "[y.z for y in inputs.seen]"])  # fmt: skip
def test_what_a_mapping_holds_is_paid_for_as_what_a_list_holds(source: str) -> None:
    given = {f"k{i}": {"z": 1} if i == 1 else dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc) for i in range(COUNT)}
    seen = [OrderedDict(z=1)] * COUNT
    inputs = {"x": OrderedDict(given) if "k1" in source else given, "y": dict(given, a=1), "seen": seen}
    del inputs["y"]["a"]
    assert paid(source, inputs) >= (COUNT - 1) * CONVERTED


@pytest.mark.parametrize("source", ["join(inputs.x)", "json(inputs.x)", "str(inputs.x)", "unique(inputs.x)",
                                    "json(inputs.x, 2)", "[str(x) for x in inputs.x]",
                                    "jmespath(inputs, 'to_string(x)')", "unique([[x] for x in inputs.x])"])  # fmt: skip
def test_the_digits_of_huge_numbers_are_paid_for(source: str) -> None:
    numbers = [2**4095 + i for i in range(COUNT)]
    assert paid(source, {"x": numbers}) >= COUNT * digits_cost(2**4095) > 30 * COUNT


_AT_ONCE = {"len", "empty", "type", "bool", "first", "last", "startswith", "endswith", "default", "float", "number",
            "int", "str"}  # fmt: skip
"""Functions that look at no more of a text than its ends or its length, or hand it on."""
_WITHOUT_ARGUMENTS = {"now", "today"}


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - _AT_ONCE - _WITHOUT_ARGUMENTS))
def test_every_function_that_takes_a_text_is_paid_for_by_its_length(name: str) -> None:
    size = 1_000_000
    needed = {"split": ", 'y'", "replace": ", 'y', 'z'", "pad": ", 1000001", "format_date": ", '%Y'", "find": ", 'y'",
              "date_part": ", 'day'", "start_of": ", 'day'", "end_of": ", 'day'", "merge": "", "jmespath": ", '@'",
              "match_replace": ", 'y', 'z'"}  # fmt: skip
    more = needed.get(name, ", 'y'" if name.startswith("match") else "")
    if name == "jmespath":
        more = ", 'length(@)'"
    expression, evaluation = compile_expression(f"{name}(inputs.x{more})"), Evaluation({"inputs": {"x": "x" * size}})
    try:
        expression._code(evaluation)  # type: ignore[misc]
    except ExpressionLimitError:
        return
    except (ExpressionError, Missing):
        return  # it takes no text, or none of that length, and says so
    assert MAX_STEPS - evaluation._steps >= size >> 8


def test_json_is_paid_for_by_the_texts_that_are_looked_at_also_where_it_comes_out_too_long() -> None:
    assert paid("json(inputs.x)", {"x": "x" * 1_000_000}) >= 1_000_000 >> 5
    assert paid("json(inputs.x)", {"x": ["\n" * 600_000] * 4}) >= 600_000 >> 6
    assert paid("base64(inputs.x, True)", {"x": "eHh4" * 250_000}) >= 1_000_000 >> 6


@pytest.mark.parametrize("dtype", ["int64", "float32", "bool", "datetime64[s]", "longdouble", "U5", "object"])
def test_an_array_is_seen_as_before_and_paid_for_by_what_its_items_take(dtype: str) -> None:
    numpy = pytest.importorskip("numpy")
    array = numpy.array([1, 0, 1], dtype="int64").astype(dtype)
    seen = compile_expression("[x for x in inputs.x]").evaluate({"inputs": {"x": array}})
    one_by_one = [compile_expression(f"inputs.x[{i}]").evaluate({"inputs": {"x": array}}) for i in range(3)]
    plainly = [compile_expression("inputs.x").evaluate({"inputs": {"x": item}}) for item in array]
    assert seen == one_by_one
    assert [compile_expression("[inputs.x]").evaluate({"inputs": {"x": item}})[0] for item in plainly] == seen
    assert all(type(item) in (int, float, bool, str) for item in seen)
    nothing = numpy.array([float("nan")])
    assert compile_expression("[x for x in inputs.x]").evaluate({"inputs": {"x": nothing}}) == [None]
    many = numpy.zeros(COUNT, dtype="int64").astype(dtype)
    assert paid("[x for x in inputs.x]", {"x": many}) >= COUNT * (4 if dtype in ("int64", "float32", "bool") else 30)
