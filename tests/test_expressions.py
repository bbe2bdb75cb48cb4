"""The ``${{ }}`` language: what it computes, what it refuses, and where it stops."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import json
import subprocess
import sys
import uuid
from collections import defaultdict
from decimal import Decimal
from pathlib import PurePosixPath
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.errors import (
    ExpressionError,
    ExpressionLimitError,
    ExpressionLookupError,
    ExpressionSyntaxError,
)
from flowbook.expressions import (
    FUNCTIONS,
    compile_expression,
    compile_value,
    has_expression,
    plain,
    rename_in_expression,
    rename_reference,
)
from flowbook.expressions.limits import MAX_ITEMS, MAX_SOURCE, MAX_TEXT

ROWS = [{"id": 1, "title": "one", "from": "ada"}, {"id": 2, "title": "two", "from": "bob"}]
SCOPE: dict[str, Any] = {
    "inputs": {"repo": "octocat/hello", "count": 3, "nothing": None, "tags": ["a", "b"]},
    "nodes": {
        "fetch": SimpleNamespace(
            data={"rows": ROWS, "user": {"name": "Ada"}}, message="ok", success=True, status="succeeded"
        ),
        "plain": {"data": [1, 2, 3], "message": "done", "success": True},
        "broken": SimpleNamespace(data=None, message="no", success=False, status="failed"),
    },
    "item": {"price": 2.5},
    "index": 0,
    "run": {"id": "r1"},
}


def value_of(source: str, scope: dict[str, Any] | None = None) -> Any:
    return compile_expression(source).evaluate(SCOPE if scope is None else scope)


def with_data(data: Any) -> dict[str, Any]:
    return {"nodes": {"a": {"data": data, "message": "", "success": True}}, "inputs": {}}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("inputs.repo", "octocat/hello"),
        ('inputs["repo"]', "octocat/hello"),
        ("nodes.fetch.data.rows[0].title", "one"),
        ("nodes.fetch.data.rows[-1].id", 2),
        ('nodes["fetch"]["data"]["user"].name', "Ada"),
        ("nodes.fetch.data.rows[0].from", "ada"),
        ("nodes.fetch.message", "ok"),
        ("nodes.broken.success", False),
        ("item.price", 2.5),
        ("index", 0),
        ("run.id", "r1"),
        ("inputs.repo[0]", "o"),
        ("1 + 2 * 3", 7),
        ("7 // 2 + 7 % 2 - -1", 5),
        ("2 ** 10 / 4", 256.0),
        ("1 << 4 | 3 & 2 ^ 1", 19),
        ("~5 >> 1", -3),
        ("+1.5", 1.5),
        ("'a' + 'b' * 2", "abb"),
        ("[1] + [2, 3] + [0] * 2", [1, 2, 3, 0, 0]),
        ("{'a': 1} | {'a': 2, 'b': 3}", {"a": 2, "b": 3}),
        ("1 < 2 <= 2 != 3 > 1 >= 1 == 1", True),
        ("'a' < 'b'", True),
        ("1 == '1'", False),
        ("[1, {'a': 2.0}] == [1.0, {'a': 2}]", True),
        ("2 in nodes.plain.data", True),
        ("'id' in nodes.fetch.data.rows[0]", True),
        ("'cat' in inputs.repo and 'dog' not in inputs.repo", True),
        ("inputs.nothing is None", True),
        ("inputs.count is not None", True),
        ("inputs.nothing or 'x'", "x"),
        ("inputs.count and 'x'", "x"),
        ("not inputs.nothing", True),
        ("'many' if inputs.count > 2 else 'few'", "many"),
        ("nodes.plain.data[1:]", [2, 3]),
        ("nodes.plain.data[::-1]", [3, 2, 1]),
        ("inputs.repo[:3]", "oct"),
        ("(1, 2)", [1, 2]),
        ("{'k': [inputs.count], 1: None}", {"k": [3], 1: None}),
        ("[row.title for row in nodes.fetch.data.rows if row.id > 1]", ["two"]),
        ("[a * b for a in [1, 2] for b in [10, 100]]", [10, 100, 20, 200]),
        ("[item + 1 for item in nodes.plain.data]", [2, 3, 4]),
        ("{row.title: row.id for row in nodes.fetch.data.rows}", {"one": 1, "two": 2}),
        ("[a + b for a, b in [[1, 2], [3, 4]]]", [3, 7]),
        ("sum(row.id for row in nodes.fetch.data.rows)", 3),
        ("[[x for x in range(n)] for n in range(3)]", [[], [0], [0, 1]]),
        ("nodes.fetch.data[['rows', 'user'][1]].name", "Ada"),
        ("${{ inputs.count }}", 3),
        ("inputs.count\n  +\n  1", 4),
        ("'a\\d'", "a\\d"),
        ("'é' + inputs.repo[0]", "éo"),
    ],
)
def test_an_expression_gives_the_value_that_python_would(source: str, expected: Any) -> None:
    found = value_of(source)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_is_described_and_its_example_gives_what_it_says(name: str) -> None:
    doc = FUNCTIONS[name]
    assert doc.name == name
    assert doc.signature.startswith(f"{name}(")
    assert doc.description.endswith(".")
    found = value_of(doc.example)
    if doc.gives:
        assert found == json.loads(doc.gives)
    else:
        assert dt.datetime.fromisoformat(found)


def test_the_functions_are_those_of_the_design() -> None:
    names = (
        "len str int float bool round abs min max sum sorted reversed unique first last flatten keys values join split "
        "lower upper strip replace startswith endswith default json parse_json now today date timestamp format_date "
        "url_quote base64 range "
        "matches match match_all match_groups match_split match_replace number fixed empty type merge enumerate find "
        "parse_date date_part start_of end_of url_unquote pad jmespath"
    )
    assert sorted(FUNCTIONS) == sorted(names.split())


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("str(None) + str(True) + str([1, None])", "true[1, null]"),
        ("[matches('Ada', '(?i)^ada$'), matches('Ada', '^da')]", [True, False]),
        ("json({'a': [1, 2]}, compact=true)", '{"a":[1,2]}'),
        ("default(match('none', '[0-9]+'), 0)", 0),
        ("match('id=7;', r'id=(?P<n>\\d)', 'n')", "7"),
        ("default(match_groups('x', 'y'), null)", None),
        ("match_all('über ü', 'ü')", ["ü", "ü"]),
        ("match_split('a, b;c', '[,;] *')", ["a", "b", "c"]),
        ("match_split('abc', '')", ["a", "b", "c"]),
        ("match_replace('a-b-c', '-', '$$', 1)", "a$b-c"),
        ("match_replace('ab', '(a)(b)', '$2$1 ${0} $& $9 $x')", "ba ab ab $9 $x"),
        ("len(match_all('word ' * 2000, r'\\w+'))", 2000),
        ("replace('a-b-c', '-', '+', 1) + replace('aaa', 'a', 'b', 0)", "a+b-caaa"),
        (
            "[number('7'), number('7.0'), number(' -1e3 '), number(''), number(true), number(null)]",
            [7, 7.0, -1000.0, 0, 1, 0],
        ),
        ("default(number('seven'), -1)", -1),
        (
            "[fixed(1.005, 2), fixed(2.5), fixed(-2.5), fixed(1e21, 1), fixed(3)]",
            ["1.00", "3", "-3", "1" + "0" * 21 + ".0", "3"],
        ),
        ("[empty(x) for x in [null, '', [], {}, 0, False, ' ', [0]]]", [True] * 4 + [False] * 4),
        (
            "[type(x) for x in [null, true, 1, 1.5, 'a', [], {}]]",
            ["null", "boolean", "number", "number", "text", "list", "mapping"],
        ),
        ("merge({'a': 1}, null, {'a': 2, 'b': 3})", {"a": 2, "b": 3}),
        ("[str(at) + x for at, x in enumerate(inputs.tags, 1)]", ["1a", "2b"]),
        ("[find('abc', 'c'), find([1, 'b'], 'b'), find('a', 'z'), find([], 1), find([1], true)]", [2, 1, -1, -1, -1]),
        ("date('2024-01-31', months=1) + date('2024-02-29', years=1)", "2024-02-292025-02-28"),
        ("date('2026-01-01T00:00:00Z', seconds=-1)", "2025-12-31T23:59:59+00:00"),
        ("date('2026-02-28T12:00:00+01:00', months=1, zone='Europe/Berlin')", "2026-03-28T12:00:00+01:00"),
        ("date('2026-03-28T12:00:00+01:00', months=1, zone='Europe/Berlin')", "2026-04-28T12:00:00+02:00"),
        (
            "[parse_date(x) for x in ['3/4/2026 5:06 PM', '2026-3-4', 'Tue, 03 Mar 2026 10:00:00 +0100']]",
            ["2026-03-04T17:06:00", "2026-03-04T00:00:00", "2026-03-03T10:00:00+01:00"],
        ),
        (
            "parse_date(1772276400123) + parse_date('03|26', '%m|%y')",
            "2026-02-28T11:00:00.123000+00:002026-03-01T00:00:00",
        ),
        ("default(parse_date('soon'), 'none')", "none"),
        (
            "[date_part('2026-02-28T23:30:00Z', x, 'Europe/Berlin') for x in ['month', 'day',"
            " 'hour', 'weekday', 'quarter']]",
            [3, 1, 0, 7, 1],
        ),
        ("[date_part('2024-02-10', x) for x in ['week', 'day_of_year', 'days_in_month']]", [6, 41, 29]),
        (
            "[start_of('2026-02-28', x) for x in ['year', 'quarter', 'month', 'week', 'day']]",
            ["2026-01-01", "2026-01-01", "2026-02-01", "2026-02-23", "2026-02-28"],
        ),
        ("end_of('2026-03-10T10:00:00+01:00', 'month', 'Europe/Berlin')", "2026-03-31T23:59:59.999000+02:00"),
        ("format_date('2026-02-03T09:05:00', '%-d.%-m. %-H:%M %u')", "3.2. 9:05 2"),
        ("url_unquote('a%20b%2Fc')", "a b/c"),
        ("pad('7', 3, '0') + pad('7', 3, 'ab', at_end=true) + pad('long', 2) + pad('a', 3, '')", "0077ablonga"),
        ("int(3.9) + int(' 7 ') + int(True)", 11),
        ("bool('False') or bool([])", False),
        ("bool('x') and bool(1)", True),
        ("round(2.5)", 2),
        ("round(1234, -2)", 1200),
        ("min('b', 'a') + max(['b', 'a'])", "ab"),
        ("sorted(['b', 'a'], reverse=True)", ["b", "a"]),
        ("sorted(nodes.fetch.data.rows, 'title', True)[0].id", 2),
        ("reversed('abc')", "cba"),
        ("unique([1, 1.0, {'a': 1}, {'a': 1}, 'x'])", [1, {"a": 1}, "x"]),
        ("flatten([[1, [2]], 3])", [1, [2], 3]),
        ("join([1, None, True, 'x'], '-')", "1--true-x"),
        ("split(' a  b ')", ["a", "b"]),
        ("strip('xxaxx', 'x')", "a"),
        ("json('é')", '"é"'),
        ("json([1], indent=2)", "[\n  1\n]"),
        ("date(0)", "1970-01-01T00:00:00+00:00"),
        ("date('2026-01-31T23:30:00.5Z', minutes=45)", "2026-02-01T00:15:00.500000+00:00"),
        ("date('2026-01-01 10:00 +0130')", "2026-01-01T10:00:00+01:30"),
        ("date('2026-01-01', hours=1)", "2026-01-01T01:00:00"),
        ("format_date('2026-03-01T09:05', '100%% %H:%M')", "100% 09:05"),
        # over the beginning and the end of summer time, which Berlin has from 2026-03-29 to 2026-10-25, at 01:00 UTC
        ("date('2026-03-28T12:00:00Z', days=1, zone='Europe/Berlin')", "2026-03-29T13:00:00+02:00"),
        ("date('2026-03-28T12:00:00Z', hours=24, zone='Europe/Berlin')", "2026-03-29T14:00:00+02:00"),
        ("date('2026-10-24T12:00', days=1, zone='Europe/Berlin')", "2026-10-25T12:00:00+01:00"),
        ("date('2026-10-25T00:30:00Z', hours=1, zone='Europe/Berlin')", "2026-10-25T02:30:00+01:00"),
        ("date('2026-10-25T00:30:00Z', zone='Europe/Berlin')", "2026-10-25T02:30:00+02:00"),
        ("date('2026-03-28T02:30', days=1, zone='Europe/Berlin')", "2026-03-29T03:30:00+02:00"),  # there is no 02:30
        ("date('2026-03-29T12:00', days=-1.5, zone='Europe/Berlin')", "2026-03-28T00:00:00+01:00"),
        ("date('2026-03-28', days=1, zone='Europe/Berlin')", "2026-03-29"),
        ("date('2026-03-28', hours=1, zone='Europe/Berlin')", "2026-03-28T01:00:00+01:00"),
        ("date(0, zone='Asia/Kolkata')", "1970-01-01T05:30:00+05:30"),
        ("format_date('2026-06-28T23:00:00Z', '%d %H:%M %z', zone='Asia/Tokyo')", "29 08:00 +0900"),
        ("format_date('2026-06-28', '%d', zone='Asia/Tokyo')", "28"),
        ("timestamp('1970-01-02T00:00:00+01:00')", 82800),
        ("timestamp('1970-01-01T00:00:00.25Z')", 0.25),
        ("timestamp('2026-07-01', zone='Europe/Berlin') - timestamp('2026-01-01', zone='Europe/Berlin')", 15634800),
        ("timestamp(date(5))", 5),
        ("timestamp('2026-01-01T12:00+01:00') == timestamp('2026-01-01T11:00Z')", True),
        ("timestamp('2026-01-01T12:30+01:00') < timestamp('2026-01-01T12:00Z')", True),
        ("'2026-01-01T12:00+01:00' < '2026-01-01T13:00+01:00'", True),
        ("url_quote('a/é', safe='/')", "a/%C3%A9"),
        ("base64('w6k=', decode=True)", "é"),
        ("range(5, 0, -2)", [5, 3, 1]),
        ("default(first([]), 'none')", "none"),
        ("default(min([]), 'none')", "none"),
    ],
)
def test_functions_take_their_further_arguments(source: str, expected: Any) -> None:
    assert value_of(source) == expected


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("len(1)", "len() needs"),
        ("int('x')", "not a whole number"),
        ("float('nan')", "finite"),
        ("float('1' * 2000)", "finite"),
        ("strip('a', 'b' * 101)", "100 characters"),
        ("sum(['a'])", "numbers only"),
        ("sorted([1, 'a'])", "cannot compare a number and text"),
        ("max([None, 1])", "cannot compare"),
        ("'a' + 1", "str(…)"),
        ("[] * 'a'", "cannot multiply"),
        ("'%s' % 'a'", "cannot take the remainder"),
        ("1 / 0", "divides by zero"),
        ("1e308 * 10", "too large"),
        ("1e400", "too large"),
        ("sum([1e308, 1e308])", "too large"),
        ("max([])", "an empty list. Where that may happen"),
        ("1 < 'a'", "cannot compare"),
        ("(-8) ** 0.5", "root of a negative"),
        ("-'a'", "negative of text"),
        ("1 in 'a'", "looks for a number in text"),
        ("1 in 1", "holds nothing"),
        ("[x for x in 5]", "not a list"),
        ("[a for a, b in [[1]]]", "takes 2 values"),
        ("{[]: 1}", "cannot be a key"),
        ("[1][1:2:0]", "step that is not 0"),
        ("parse_json('{')", "not JSON"),
        ("parse_json('NaN')", "not JSON"),
        ("date('tomorrow')", "date is needed"),
        ("date('2026-02-30')", "date is needed"),
        ("date('2026-01-01', days=10**9)", "years 1 to 9999"),
        ("format_date('2026-01-01', '%999999d')", "does not know '%9'"),
        ("now('Nowhere/Land')", "time zone"),
        ("now([1])", "time zone"),
        ("now('localtime')", "time zone"),
        ("date('2026-01-01', zone='posixrules')", "time zone"),
        ("today('Factory')", "time zone"),
        ("now('right/UTC')", "time zone"),
        ("now('posix/Europe/Berlin')", "time zone"),
        ("today('../../etc/passwd')", "time zone"),
        ("date('2026-01-01', zone='Europe')", "time zone"),
        ("date('0001-01-01T00:00Z', zone='America/New_York')", "years 1 to 9999"),
        ("timestamp('2026-01-01T12:00')", "without an offset"),
        ("'2026-01-01T12:30+01:00' < '2026-01-01T12:00Z'", "Compare timestamp"),
        ("max('2026-01-01T12:30+01:00', '2026-01-01T12:00Z')", "Compare timestamp"),
        ("sorted(['2026-01-01T12:30+01:00', '2026-01-01 12:00 +0200'])", "Compare timestamp"),
        ("split('a', '')", "separator"),
        ("range(1, 2, 0)", "steps of 0"),
        ("base64('é', decode=True)", "base64"),
        ("round(1, 1000)", "300 digits"),
    ],
)
def test_what_cannot_be_computed_is_a_clear_error_that_names_the_expression(source: str, part: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        value_of(source)
    assert part in str(caught.value)
    assert source in str(caught.value)
    assert caught.value.source == source


def test_what_is_no_number_cannot_be_written_as_json() -> None:
    with pytest.raises(ExpressionError, match="JSON cannot"):
        value_of("json(nodes.a.data)", with_data(float("inf")))


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ("", "nothing in it"),
        ("1 +", "not an expression"),
        ("a b", "not an expression"),
        ("inputs.x.lower()", "values have no methods"),
        ("().__class__.__bases__()", "values have no methods"),
        ("lambda: 1", "functions cannot be defined"),
        ("(x := 1)", "':='"),
        ("f'{inputs.x}'", "f-strings"),
        ("[*inputs.tags]", "'*'"),
        ("{**inputs}", "'**'"),
        ("len(*inputs.tags)", "'*'"),
        ("len(**inputs)", "'**'"),
        ("{1, 2}", "sets"),
        ("{x for x in [1]}", "sets"),
        ("await inputs", "not part of the language"),
        ("[x async for x in [1]]", "async"),
        ("b'x'", "bytes is not part"),
        ("1j", "complex is not part"),
        ("...", "not part of the language"),
        ("1 @ 2", "operator"),
        ("__import__('os')", "no function __import__()"),
        ("lenn([1])", "Did you mean 'len'?"),
        ("input.repo", "Did you mean 'inputs'?"),
        ("tru", "Did you mean 'true'?"),
        ("len", "len is a function"),
        ("len()", "Write len(value)"),
        ("len(1, 2)", "Write len(value)"),
        ("sorted([1], revers=True)", "Did you mean 'reverse'?"),
        ("round(1, number=2)", "twice"),
        ("nodes", "which node"),
        ("nodes.fetch", "nodes.fetch.data"),
        ("nodes[inputs.x].data", "named outright"),
        ("nodes.fetch.rows", "nodes.fetch.data.rows"),
        ("[nodes for nodes in [1]]", "cannot be the variable"),
        ("[x for x.y in [1]]", "must be a name"),
        ("inputs.a # why", "comments"),
        ("x = 1", "not an expression"),
        ("nodes.a.data.headers.content-type", 'nodes.a.data.headers["content-type"]'),
        ("nodes.a.data.headers.x-rate-limit + 1", 'nodes.a.data.headers["x-rate-limit"]'),
        ("[x.if-none-match for x in inputs.l]", 'x["if-none-match"]'),
        ("inputs.headers.x-from", 'inputs.headers["x-from"]'),
        ("inputs.a && inputs.b", "Write 'and'"),
        ("inputs.a || inputs.b", "Write 'or'"),
        ("!inputs.a", "Write 'not x'"),
        ("inputs.a !== 1", "Write !="),
        ("inputs.a ? 1 : 2", "a if test else b"),
        ("inputs.a ?? 1", "default(value, fallback)"),
        ("inputs.a?.b", "default(value, fallback)"),
        ("inputs.a = 1", "Write =="),
        ("1; 2", "not an expression"),
        ("inputs.a\0", "not an expression"),
        ("(lambda: 1)()", "own functions"),
    ],
)
def test_what_is_not_part_of_the_language_is_refused_before_anything_runs(source: str, part: str) -> None:
    with pytest.raises(ExpressionSyntaxError) as caught:
        compile_expression(source)
    if source != "inputs.a\0":  # Python's own versions differ in what they say of a null character
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("$json.x", "Write nodes.<id>.data"),
        ('$node["a"].json.x', "Write nodes.<id>.data"),
        ("$inputs.x", "Names are written without $"),
        ("`a ${inputs.x}`", "Write the text with ${{ }} in it"),
        ("undefined", "Write null."),
        ("nil", "Write null."),
        ("TRUE", "Write true."),
        ("env.HOME", "Declare an input: inputs.<name>."),
        ("secrets.TOKEN", "Secrets belong to an integration"),
        ("steps.a.outputs.x", "Write nodes.<id>.data"),
        ("row.x", "In a node with for_each write item."),
        ("fetch.data.x", "If it is a node, write nodes.fetch.data.x."),
        ("headers.content-type", 'nodes.<id>.data.headers["content-type"]'),
        ("inputs.a.content-type", 'inputs.a["content-type"]'),
        ("nodes.my-node.data", "nodes.my_node"),
        ("nodes.plain.output", "Write nodes.plain.data."),
        ("nodes.plain.rows", "Did you mean nodes.plain.data.rows?"),
        ("inputs.a.toUpperCase()", "Write upper(text)."),
        ("JSON.parse(inputs.a)", "Write parse_json(text)."),
        ("inputs.a.includes(1)", "Write 'part in whole'."),
        ('parseInt("3")', "Write int(value)."),
        ("inputs.a | length", "Write len(value)."),
        ("inputs.a | upper", "upper is a function: write upper(text)."),
        ("nodes.plain.data[*].x", "Write [x.name for x in …]"),
        ("typeof inputs.a", "Write type(value)."),
        ("nodes.plain.data.length", "Write len(nodes.plain.data)."),
        ("nodes.fetch.data.user.length", "Write len(nodes.fetch.data.user)."),
        ("nodes.fetch.data.user.name.length", "Write len(nodes.fetch.data.user.name)."),
    ],
)
def test_what_other_languages_and_tools_write_gets_what_to_write_here(written: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        value_of(written)
    assert hint in caught.value.hint


class TestMissingThings:
    def test_a_missing_key_names_the_path_the_keys_there_are_and_the_nearest(self) -> None:
        with pytest.raises(ExpressionLookupError) as caught:
            value_of("nodes.fetch.data.user.nmae")
        assert str(caught.value) == (
            "${{ nodes.fetch.data.user.nmae }}: there is no 'nmae' in nodes.fetch.data.user, which has: name. "
            "Did you mean 'name'?"
        )

    def test_a_missing_key_in_a_computed_expression_names_its_path_too(self) -> None:
        with pytest.raises(ExpressionLookupError, match=r"there is no 'x' in row, which has: id, title, from\."):
            value_of("[row.x for row in nodes.fetch.data.rows]")

    def test_a_missing_position_says_how_long_the_list_is(self) -> None:
        with pytest.raises(ExpressionLookupError, match=r"no \[9\] in nodes\.plain\.data, which is a list of 3\."):
            value_of("nodes.plain.data[9]")

    def test_a_key_of_a_list_suggests_how_to_reach_its_items(self) -> None:
        with pytest.raises(ExpressionLookupError, match=r"\[x\.name for x in nodes\.fetch\.data\.rows\]"):
            value_of("nodes.fetch.data.rows.title")

    @pytest.mark.parametrize("key", ["[1, 2]", "{'a': 1}", "None", "inputs"])
    def test_what_can_be_no_key_is_said_to_be_none(self, key: str) -> None:
        with pytest.raises(ExpressionLookupError) as raised:
            value_of(f"nodes.fetch.data.rows[{key}]")
        assert "which has nothing at " in str(raised.value)
        assert "no a" not in str(raised.value)
        assert raised.value.hint == "Keys are text, positions whole numbers."

    def test_a_key_of_nothing_says_that_it_is_empty(self) -> None:
        with pytest.raises(ExpressionLookupError, match=r"inputs\.nothing is empty \(None\)"):
            value_of("inputs.nothing.x")

    def test_a_node_that_did_not_run_is_said_to_be_skipped(self) -> None:
        with pytest.raises(ExpressionLookupError, match="node 'other' has no data: it was skipped"):
            value_of("nodes.other.data.x")

    def test_a_node_that_failed_without_data_says_its_status(self) -> None:
        with pytest.raises(ExpressionLookupError, match="node 'broken' has no data: it failed"):
            value_of("len(nodes.broken.data)")

    def test_a_node_that_succeeded_with_none_as_its_data_has_that_data(self) -> None:
        scope = {"nodes": {"a": SimpleNamespace(data=None, message="", success=True, status="succeeded")}}
        assert value_of("nodes.a.data is None", scope) is True

    def test_only_three_attributes_of_a_node_are_reachable(self) -> None:
        with pytest.raises(ExpressionSyntaxError):
            compile_expression("nodes.fetch.status")

    def test_a_name_out_of_scope_says_where_it_is_there(self) -> None:
        with pytest.raises(ExpressionLookupError, match="for_each"):
            value_of("item", {"inputs": {}, "nodes": {}})

    @pytest.mark.parametrize(
        "missing",
        ["nodes.other.data.x", "nodes.broken.data", "inputs.zzz", "inputs.tags[7]", "inputs.nothing.x", "result"],
    )
    def test_default_catches_whatever_is_missing(self, missing: str) -> None:
        assert value_of(f"default({missing}, 0)") == 0
        assert value_of(f"default(len({missing}), fallback='f')") == "f"

    def test_default_hands_on_what_is_there_even_if_it_is_none(self) -> None:
        assert value_of("default(inputs.count, 0)") == 3
        assert value_of("default(inputs.nothing, 0)") is None

    def test_default_does_not_evaluate_a_fallback_it_does_not_need(self) -> None:
        assert value_of("default(inputs.count, 1 / 0)") == 3

    def test_default_does_not_hide_other_errors(self) -> None:
        with pytest.raises(ExpressionError, match="divides by zero"):
            value_of("default(1 / 0, 0)")

    def test_keys_that_look_like_attributes_of_python_objects_are_just_missing_keys(self) -> None:
        for source in ("().__class__", "'a'.__class__", "inputs.repo.__class__", "nodes.fetch.data.__dict__"):
            with pytest.raises(ExpressionLookupError):
                value_of(source)

    def test_an_error_never_shows_the_values_of_the_data(self) -> None:
        scope = {"inputs": {"token": "s3cr3t-value", "n": 1}, "nodes": {}}
        for source in ("inputs.token + inputs.n", "int(inputs.token)", "inputs.token.x", "date(inputs.token)"):
            with pytest.raises(ExpressionError) as caught:
                value_of(source, scope)
            assert "s3cr3t" not in str(caught.value)


class TestWhatAnExpressionNeeds:
    def test_it_tells_nodes_names_and_inputs(self) -> None:
        found = compile_expression(
            'nodes.a.data[index] + nodes["b"].data + inputs.x + inputs["y"] + default(nodes.c.data, item)'
        )
        assert found.references == {"a", "b", "c"}
        assert found.optional_references == {"c"}
        assert found.names == {"nodes", "inputs", "index", "item"}
        assert found.input_names == {"x", "y"}

    def test_a_node_used_inside_and_outside_of_default_is_not_optional(self) -> None:
        assert compile_expression("default(nodes.a.data, nodes.a.message)").optional_references == frozenset()

    def test_the_variable_of_a_comprehension_is_not_a_name_of_the_scope(self) -> None:
        assert compile_expression("[item.x for item in inputs.tags]").names == {"inputs"}
        assert compile_expression("[index for item in item]").names == {"item", "index"}

    def test_it_is_compiled_once(self) -> None:
        assert compile_expression("inputs.repo") is compile_expression("${{ inputs.repo }}")

    def test_test_gives_the_truth_even_of_a_table(self) -> None:
        pandas = pytest.importorskip("pandas")
        assert compile_expression("nodes.a.data").test(with_data(pandas.DataFrame({"x": [1]}))) is True
        assert compile_expression("nodes.a.data").test(with_data(pandas.DataFrame({"x": []}))) is False
        assert compile_expression("len(nodes.a.data) > 1").test(with_data([1])) is False


class TestObjects:
    def test_one_reference_hands_on_the_very_object(self) -> None:
        thing = object()
        assert value_of("nodes.a.data", with_data(thing)) is thing
        assert value_of("nodes.a.data.deep[0]", with_data({"deep": [thing]})) is thing
        assert compile_value({"p": "${{ nodes.a.data }}"}).evaluate(with_data(thing))["p"] is thing

    def test_a_computed_value_cannot_be_used_to_change_where_it_came_from(self) -> None:
        data = {"rows": [{"tags": ["a"]}]}
        found = value_of("nodes.a.data.rows[0:1]", with_data(data))
        found[0]["tags"].append("b")
        value_of("nodes.a.data or 0", with_data(data))["rows"].clear()
        value_of("[nodes.a.data]", with_data(data))[0]["rows"].clear()
        assert data == {"rows": [{"tags": ["a"]}]}

    def test_constants_in_an_expression_are_fresh_each_time(self) -> None:
        expression = compile_expression("[[1]]")
        expression.evaluate(SCOPE)[0].append(2)
        assert expression.evaluate(SCOPE) == [[1]]

    def test_looking_up_a_key_never_adds_it_to_a_defaultdict(self) -> None:
        data: dict[str, list[int]] = defaultdict(list)
        for source in ("nodes.a.data.x", "nodes.a.data.x + [1]"):
            with pytest.raises(ExpressionLookupError):
                value_of(source, with_data(data))
        assert not data

    def test_python_values_are_seen_as_plain_json(self) -> None:
        @dataclasses.dataclass
        class Point:
            x: int

        class Model(pydantic.BaseModel):
            name: str

        class Colour(enum.Enum):
            RED = "red"

        seen = {
            "point": Point(1),
            "model": Model(name="m"),
            "colour": Colour.RED,
            "date": dt.date(2026, 1, 2),
            "time": dt.datetime(2026, 1, 2, tzinfo=dt.timezone.utc),
            "wait": dt.timedelta(minutes=1),
            "tuple": (1, (2,)),
            "set": {3, 1},
            "decimal": Decimal("1.5"),
            "uuid": uuid.UUID(int=1),
            "path": PurePosixPath("a/b"),
            "proxy": MappingProxyType({"k": 1}),
        }
        assert value_of("nodes.a.data | {}", with_data(seen)) == {
            "point": {"x": 1},
            "model": {"name": "m"},
            "colour": "red",
            "date": "2026-01-02",
            "time": "2026-01-02T00:00:00+00:00",
            "wait": 60.0,
            "tuple": [1, [2]],
            "set": [1, 3],
            "decimal": 1.5,
            "uuid": "00000000-0000-0000-0000-000000000001",
            "path": "a/b",
            "proxy": {"k": 1},
        }

    def test_only_the_declared_fields_of_a_model_are_reachable(self) -> None:
        class Model(pydantic.BaseModel):
            name: str = "m"

        for key in ("__class__", "model_dump", "__dict__"):
            with pytest.raises(ExpressionLookupError):
                value_of(f"nodes.a.data.{key}", with_data(Model()))

    @pytest.mark.parametrize(
        ("data", "part"),
        [(b"abc", "3 bytes of binary data"), (print, "no plain-JSON form"), (pydantic.SecretStr("x" * 9), "secret")],
    )
    def test_what_has_no_plain_form_is_refused_but_can_be_handed_on_whole(self, data: Any, part: str) -> None:
        with pytest.raises(ExpressionError, match=part):
            value_of("str(nodes.a.data)", with_data(data))
        assert value_of("nodes.a.data", with_data(data)) is data

    def test_data_that_raises_when_it_is_read_is_an_expression_error(self) -> None:
        class Odd(dict[str, Any]):
            def __len__(self) -> int:
                raise RuntimeError("no")

        with pytest.raises(ExpressionError, match="RuntimeError"):
            value_of("len(nodes.a.data)", with_data(Odd()))

    def test_plain_converts_only_what_is_touched(self) -> None:
        view = plain((1, print))
        assert len(view) == 2
        assert view[0] == 1
        with pytest.raises(ExpressionError):
            view[1]
        untouched: list[Any] = [print]
        assert plain(untouched) is untouched


def views_in(value: Any) -> list[Any]:
    """The internal views anywhere in a value."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    own = [value] if type(value).__module__.startswith("flowbook.") else []
    return own + [view for item in inner for view in views_in(item)]


class TestWhatLeaves:
    """No view leaves an expression: a task gets what the node gave, or plain data."""

    @pytest.fixture
    def scope(self) -> dict[str, Any]:
        numpy, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")

        @dataclasses.dataclass
        class Made:
            tags: Any
            frame: Any
            deep: Any

        frame = pandas.DataFrame({"n": [1], "tags": [numpy.array(["a", "b"])], "pair": [(1, {2})], "at": [dt.date.min]})
        proxy = MappingProxyType({"k": (1, MappingProxyType({"x": {3, 1}}))})
        data = {"frame": frame, "made": Made(numpy.array([1]), frame, proxy), "both": (frame, proxy), "proxy": proxy}
        row = next(iter(plain(frame)))
        return {"nodes": {"a": {"data": data, "message": "", "success": True}}, "item": row, "index": 0, "inputs": data}

    def test_what_a_cell_of_a_table_holds_is_plain_however_deep(self) -> None:
        """A Parquet file's structs come as dicts with arrays in them."""
        numpy, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")
        struct = {"k": numpy.array([1]), "in": [{"x": numpy.float64(1.5), "raw": b"\0"}], "paid": Decimal("1.10")}
        frame = pandas.DataFrame({"d": [struct, {"k": [2]}]})
        scope = {"nodes": {"a": {"data": frame, "message": "", "success": True}}, "item": {"d": struct}, "index": 0}
        expected = {"k": [1], "in": [{"x": 1.5, "raw": b"\0"}], "paid": Decimal("1.10")}
        for source in ("nodes.a.data[0].d", "item.d", "nodes.a.data[0]['d']"):
            found = value_of(source, scope)
            assert found == expected
            assert [type(found["k"]), type(found["in"][0]["x"])] == [list, float]
        assert value_of("nodes.a.data[0]", scope) == {"d": expected}

    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("frame[0].tags", ["a", "b"]), ("frame[0].pair", [1, [2]]), ("frame[0].n", 1),
            ("frame[-1].at", "0001-01-01"),
            ("frame[0]", {"n": 1, "tags": ["a", "b"], "pair": [1, [2]], "at": "0001-01-01"}),
            ("made.tags", [1]), ("made.deep", {"k": [1, {"x": [1, 3]}]}), ("made.deep.k", [1, {"x": [1, 3]}]),
            ("both[1]", {"k": [1, {"x": [1, 3]}]}), ("proxy.k", [1, {"x": [1, 3]}]), ("proxy.k[1].x", [1, 3]),
            ("made.frame[0].tags", ["a", "b"]),
        ],
    )  # fmt: skip
    def test_a_part_that_a_view_showed_is_plain_data(self, scope: dict[str, Any], path: str, expected: Any) -> None:
        for source in (f"nodes.a.data.{path}", f"inputs.{path}", f"default(nodes.a.data.{path}, 0)"):
            found = value_of(source, scope)
            assert views_in(found) == []
            assert found == expected
            json.dumps(found)

    def test_an_item_of_a_table_is_plain_data(self, scope: dict[str, Any]) -> None:
        assert value_of("item", scope) == {"n": 1, "tags": ["a", "b"], "pair": [1, [2]], "at": "0001-01-01"}
        assert value_of("item.tags", scope) == ["a", "b"]
        assert views_in(compile_value({"x": ["${{ item }}"]}).evaluate(scope)) == []

    @pytest.mark.parametrize("path", ["frame", "both[0]", "made.frame"])
    def test_a_table_is_itself_wherever_it_was(self, scope: dict[str, Any], path: str) -> None:
        assert value_of(f"nodes.a.data.{path}", scope) is scope["inputs"]["frame"]


class TestTables:
    @pytest.fixture
    def scope(self) -> dict[str, Any]:
        pandas = pytest.importorskip("pandas")
        frame = pandas.DataFrame(
            {
                "n": [1, 2, 3],
                "x": [0.5, float("nan"), 1.5],
                "when": pandas.to_datetime(["2026-01-01", None, "2026-01-03"]),
                "text": ["a", None, "c"],
            }
        )
        return with_data(frame)

    def test_a_table_is_a_list_of_rows_with_missing_cells_as_none(self, scope: dict[str, Any]) -> None:
        assert value_of("nodes.a.data[1:]", scope) == [
            {"n": 2, "x": None, "when": None, "text": None},
            {"n": 3, "x": 1.5, "when": "2026-01-03T00:00:00", "text": "c"},
        ]
        assert value_of("nodes.a.data[0].n", scope) == 1
        assert value_of("sum(row.n for row in nodes.a.data)", scope) == 6
        assert type(value_of("nodes.a.data[0].n + 1", scope)) is int
        assert json.loads(compile_value("rows: ${{ nodes.a.data }}").evaluate(scope)[6:])[2]["text"] == "c"

    def test_the_length_of_a_table_of_a_million_rows_is_within_budget_and_its_copy_is_not(self) -> None:
        numpy, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")
        scope = with_data(pandas.DataFrame({"x": numpy.arange(1_000_000)}))
        assert value_of("len(nodes.a.data)", scope) == 1_000_000
        assert value_of("nodes.a.data[-1].x", scope) == 999_999
        assert value_of("[row.x for row in nodes.a.data[500:502]]", scope) == [500, 501]
        with pytest.raises(ExpressionLimitError):
            value_of("nodes.a.data or []", scope)

    def test_arrays_series_and_scalars_become_python_values(self) -> None:
        numpy, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")
        data = {
            "array": numpy.array([[1, 2], [3, 4]]),
            "series": pandas.Series([1.0, None]),
            "index": pandas.Index(["a", "b"]),
            "scalar": numpy.float64(2.5),
            "nan": numpy.float64("nan"),
            "flag": numpy.bool_(True),
            "time": numpy.datetime64("2026-01-01T10:00"),
            "wait": numpy.timedelta64(2, "s"),
            "stamp": pandas.Timestamp("2026-01-01"),
            "nat": pandas.NaT,
            "na": pandas.NA,
        }
        assert value_of("nodes.a.data | {}", with_data(data)) == {
            "array": [[1, 2], [3, 4]],
            "series": [1.0, None],
            "index": ["a", "b"],
            "scalar": 2.5,
            "nan": None,
            "flag": True,
            "time": "2026-01-01T10:00",
            "wait": 2.0,
            "stamp": "2026-01-01T00:00:00",
            "nat": None,
            "na": None,
        }

    def test_the_language_itself_never_imports_pandas_or_numpy(self) -> None:
        code = "import sys, flowbook.expressions; print({'pandas', 'numpy'} & set(sys.modules))"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "set()"


HOSTILE = [
    '"a" * 10**9',
    "9**9**9",
    "2**4000 * 2**4000",
    "1 << 10**9",
    "10.0**400",
    "[[x for x in range(1000)] for y in range(100000)]",
    "[0 for a in range(1000) for b in range(1000) for c in range(1000)]",
    "range(10**9)",
    "[[0] * 90000] * 90000",
    '["a" * 4000000 for i in range(100)]',
    'join(["a" * 1000000 for i in range(100)])',
    'replace("a" * 10000, "a", "b" * 100000)',
    'replace("a" * 10000, "", "b" * 1000)',
    '[("a" * 1200 + "b") in ("a" * 2400) for i in range(100000)]',
    "[[[[[[1] * 100] * 100] * 100] * 100] * 10]",
    "json([[[[[[range(90000)]]]]]], indent=8)",
    'parse_json("[" * 100000)',
    'split("a" * 1000000, "a")',
    'int("9" * 100000)',
    "[str(7**1300) for i in range(100000)]",
    '{str(i): "x" * 100 for i in range(100000)}',
    "[format_date(0, '%A' * 100) for i in range(100000)]",
    "[default(inputs.zz, 0) for i in range(100000)]",
    "inputs.deep + []",
    "[inputs.cyclic]",
    "json(inputs.cyclic)",
    "[inputs.big[i:] for i in range(10000)]",
    "[inputs.big == inputs.copy for i in range(100)]",
]


@pytest.mark.parametrize("source", HOSTILE)
def test_a_hostile_expression_ends_at_a_budget_that_its_error_names(source: str) -> None:
    deep: list[Any] = []
    for _ in range(3000):
        deep = [deep]
    cyclic: list[Any] = []
    cyclic.append(cyclic)
    scope = {"inputs": {"deep": deep, "cyclic": cyclic, "big": list(range(50_000)), "copy": list(range(50_000))}}
    with pytest.raises(ExpressionLimitError, match=r"steps|bits|characters|items|numbers|MiB|levels|ms\.") as caught:
        value_of(source, scope)
    assert caught.value.hint


@pytest.mark.parametrize(
    "source",
    [
        "1 + " * (MAX_SOURCE // 4) + "1",
        "x" * (MAX_SOURCE + 1),
        "not " * 2000 + "1",
        "-" * 9000 + "1",
        "[" * 120 + "]" * 120,
        "inputs" + ".a" * 4900,
        "inputs" + "[0]" * 150,
        "0x" + "f" * 9000,
    ],
)
def test_a_huge_or_deep_source_is_refused(source: str) -> None:
    with pytest.raises(ExpressionLimitError):
        compile_expression(source)


def test_what_stays_within_its_budgets_is_computed() -> None:
    assert len(value_of(f'"a" * {MAX_TEXT}')) == MAX_TEXT
    assert value_of(f"len(range({MAX_ITEMS}))") == MAX_ITEMS
    assert value_of("2 ** 4000 - 1").bit_length() == 4000
    assert value_of("sum(range(20000))") == 199990000


class TestTemplates:
    @pytest.mark.parametrize(
        ("template", "expected"),
        [
            ("${{ inputs.count }}", 3),
            ("  ${{ inputs.count }}", "  3"),
            ("${{ inputs.count }} of ${{ inputs.repo }}!", "3 of octocat/hello!"),
            ("<${{ inputs.nothing }}>", "<>"),
            ("${{ True }} ${{ 1.0 }} ${{ [1, None] }} ${{ {'a': 'é'} }}", 'true 1.0 [1, null] {"a": "é"}'),
            ("${{ {'a': {'b': 1}} }}", {"a": {"b": 1}}),
            ("${{{'a':{'b':1}}}}", {"a": {"b": 1}}),
            ("${{ '}}' }}", "}}"),
            ('${{ "\\"}}" + \'}}\' }}', '"}}}}'),
            ("${{ '''it's }}''' }}", "it's }}"),
            ("$${{ inputs.count }}", "${{ inputs.count }}"),
            ("$${{ a }} ${{ 1 }}", "${{ a }} 1"),
            ("$5 {{ a }} }}", "$5 {{ a }} }}"),
        ],
    )
    def test_text_is_filled_in_and_a_whole_expression_keeps_its_type(self, template: str, expected: Any) -> None:
        assert compile_value(template).evaluate(SCOPE) == expected

    def test_expressions_are_found_at_any_depth_with_their_paths(self) -> None:
        bound = compile_value({"text": "hi ${{ inputs.repo }}", "rows": [{"name": "${{ nodes.a.data }}", "n": 1}]})
        assert [path for path, _ in bound.expressions] == ["text", "rows[0].name"]
        assert not bound.is_constant
        assert (bound.references, bound.input_names, bound.names) == ({"a"}, {"repo"}, {"inputs", "nodes"})
        assert bound.evaluate({**SCOPE, "nodes": {"a": {"data": 7}}}) == {
            "text": "hi octocat/hello",
            "rows": [{"name": 7, "n": 1}],
        }

    def test_a_node_is_optional_only_if_every_expression_says_so(self) -> None:
        bound = compile_value(
            ["${{ default(nodes.a.data, 0) }}", "${{ nodes.a.data }}", "${{ default(nodes.b.data, 0) }}"]
        )
        assert bound.optional_references == {"b"}
        assert bound.references == {"a", "b"}

    def test_a_constant_is_a_fresh_copy_each_time(self) -> None:
        given = {"a": [1, {"b": "text"}]}
        bound = compile_value(given)
        assert bound.is_constant
        bound.evaluate({})["a"][1]["b"] = "changed"
        assert bound.evaluate({}) == given == {"a": [1, {"b": "text"}]}
        empty = compile_value({})
        empty.evaluate({})["x"] = 1
        assert empty.evaluate({}) == {}

    def test_an_escaped_expression_is_a_constant(self) -> None:
        bound = compile_value({"a": "$${{ x }}"})
        assert bound.is_constant
        assert bound.evaluate({}) == {"a": "${{ x }}"}

    def test_a_result_is_never_read_as_an_expression_again(self) -> None:
        scope = {"inputs": {"x": "${{ inputs.y }}", "y": "no"}}
        assert compile_value("${{ inputs.x }}").evaluate(scope) == "${{ inputs.y }}"
        assert compile_value("a ${{ inputs.x }}").evaluate(scope) == "a ${{ inputs.y }}"

    def test_an_error_names_the_path(self) -> None:
        with pytest.raises(ExpressionLookupError, match=r"^rows\[0\]\.name: \$\{\{ inputs\.zz \}\}: there is no 'zz'"):
            compile_value({"rows": [{"name": "a ${{ inputs.zz }}"}]}).evaluate(SCOPE)
        with pytest.raises(ExpressionSyntaxError, match=r"^text: \$\{\{ 1 \+ \}\}"):
            compile_value({"text": "${{ 1 + }}"})

    @pytest.mark.parametrize("template", ["${{ 1", "a ${{ 'x }}", "${{ {'a': 1 }}", "${{ 1 }"])
    def test_an_expression_that_is_not_closed_is_a_syntax_error(self, template: str) -> None:
        with pytest.raises(ExpressionSyntaxError, match="not closed"):
            compile_value(template)

    def test_a_text_that_grows_too_large_is_refused(self) -> None:
        with pytest.raises(ExpressionLimitError, match="characters"):
            compile_value("${{ 'a' * 3000000 }}${{ 'a' * 3000000 }}").evaluate(SCOPE)

    def test_a_value_that_contains_itself_is_refused(self) -> None:
        given: dict[str, Any] = {}
        given["a"] = given
        with pytest.raises(ExpressionLimitError):
            compile_value(given)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("${{ a }}", True),
            ("x ${{", True),
            ("$${{ a }}", False),
            ("$${{ ${{ a }}", True),
            ("{{ a }}", False),
            ("", False),
        ],
    )
    def test_has_expression_tells_expressions_from_literals(self, text: str, expected: bool) -> None:
        assert has_expression(text) is expected


class TestRenaming:
    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ("nodes.a.data", "nodes.b2.data"),
            ('nodes["a"].data', 'nodes["b2"].data'),
            ("nodes['a'].data", "nodes['b2'].data"),
            ("nodes . a .data", "nodes . b2 .data"),
            ("'é𝕏' + nodes.a.data.a + nodes.ab.data", "'é𝕏' + nodes.b2.data.a + nodes.ab.data"),
            ("'nodes.a.data' + inputs.a", "'nodes.a.data' + inputs.a"),
            ("[x.a for x in nodes.a.data  if nodes.a.success]", "[x.a for x in nodes.b2.data  if nodes.b2.success]"),
            ("(nodes).a.data", "(nodes).b2.data"),
            ("nodes.a.data.from + nodes.a.data.class", "nodes.b2.data.from + nodes.b2.data.class"),
            ("nodes.a.data\n + nodes.a.message", "nodes.b2.data\n + nodes.b2.message"),
            ("  ${{ nodes.a.data }} ", "  ${{ nodes.b2.data }} "),
            ("nodes.a.data +", "nodes.a.data +"),
            ("", ""),
        ],
    )
    def test_references_are_renamed_and_nothing_else_is_touched(self, before: str, after: str) -> None:
        assert rename_in_expression(before, "nodes", "a", "b2") == after

    def test_a_structure_is_renamed_inside_its_templates_only(self) -> None:
        given = {
            "nodes.a.data": "nodes.a.data",
            "text": "é ${{nodes.a.data}} and $${{ nodes.a.data }} and ${{ inputs.a }}",
            "rows": ["${{ nodes.a.data", 1, None],
        }
        assert rename_reference(given, "nodes", "a", "b") == {
            "nodes.a.data": "nodes.a.data",
            "text": "é ${{nodes.b.data}} and $${{ nodes.a.data }} and ${{ inputs.a }}",
            "rows": ["${{ nodes.a.data", 1, None],
        }
        assert (
            rename_reference("${{ inputs.a + nodes.a.data }}", "inputs", "a", "b") == "${{ inputs.b + nodes.a.data }}"
        )

    def test_a_node_named_by_a_word_of_python_can_be_referred_to_and_renamed(self) -> None:
        assert value_of("nodes.import.data + 1", {"nodes": {"import": {"data": 1}}}) == 2
        assert rename_in_expression("nodes.import.data", "nodes", "import", "class") == "nodes.class.data"


def json_values() -> st.SearchStrategy[Any]:
    numbers = st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False)
    return st.recursive(
        st.none() | st.booleans() | numbers | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=12,
    )


@given(json_values())
def test_a_literal_evaluates_to_itself(value: Any) -> None:
    assert compile_expression(repr(value)).evaluate({}) == value


@given(json_values())
def test_json_text_is_read_back_as_the_value_it_was_made_of(value: Any) -> None:
    assert value_of("parse_json(json(inputs.x))", {"inputs": {"x": value}}) == value


@given(json_values())
def test_a_value_without_expressions_comes_back_unchanged(value: Any) -> None:
    if "${{" not in repr(value):
        assert compile_value(value).evaluate({}) == value


WORDS = [
    *FUNCTIONS,
    *[
        "inputs",
        "nodes",
        "item",
        "x",
        ".a",
        ".data",
        ".__class__",
        "[0]",
        "['a']",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "+",
        "-",
        "*",
        "**",
        "%",
        "<<",
        "==",
        "<",
        "in",
        "not",
        "and",
        "if",
        "else",
    ],
    *["for", "is", "None", "True", "1", "9", "0.5", "'a'", "lambda", "=", ":=", "#", "\\", "é", "}}", "${{"],
    "\n",
    "\0",
]
expression_words = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)


def calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(
        ["+", "-", "*", "/", "//", "%", "**", "<<", ">>", "|", "&", "==", "<", "in", "is", "and", "or"]
    )
    return st.one_of(
        st.builds("({} {} {})".format, inner, operators, inner),
        st.builds(
            "{}({})".format, st.sampled_from(sorted(FUNCTIONS)), st.lists(inner, min_size=1, max_size=3).map(", ".join)
        ),
        st.builds("[{} for x in {}]".format, inner, inner),
        st.builds("{}[{}]".format, inner, inner),
        st.builds("{}[{}:{}]".format, inner, inner, inner),
        st.builds("{{{}: {}}}".format, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
    )


LEAVES = [
    *[
        "inputs",
        "inputs.a",
        "nodes.n.data",
        "nodes.n.data.rows[0]",
        "item",
        "None",
        "True",
        "-1",
        "0",
        "7",
        "10**6",
        "1e300",
        "''",
        "'ab'",
        "[]",
        "[3,1]",
    ],
    "{'a': 1}",
]


@given(expression_words | st.text(max_size=40) | st.recursive(st.sampled_from(LEAVES), calls, max_leaves=8))
def test_any_text_gives_a_value_or_an_expression_error(source: str) -> None:
    scope = {"inputs": {"a": [1, "x", None]}, "nodes": {"n": {"data": {"rows": ({"a": 1},)}}}, "item": "text"}
    for make in (compile_expression, compile_value):
        try:
            made = make(source)
            found = plain(made.evaluate(scope))
        except ExpressionError:
            continue
        assert found is None or isinstance(found, (bool, int, float, str, list, dict))


@given(expression_words | st.recursive(st.sampled_from(LEAVES), calls, max_leaves=8))
def test_renaming_forth_and_back_leaves_every_byte_as_it_was(source: str) -> None:
    there = rename_in_expression(source, "nodes", "n", "other_name")
    assert rename_in_expression(there, "nodes", "other_name", "n") == source


@pytest.mark.parametrize(("source", "value"), [("true", True), ("false", False), ("null", None), ("not true", False)])
def test_the_words_of_json_mean_what_they_mean_there(source: str, value: object) -> None:
    assert compile_expression(source).evaluate({}) is value
