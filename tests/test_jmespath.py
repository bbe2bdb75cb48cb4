"""``jmespath()`` of the expression language: it finds what the library finds, sees what the language sees, and ends."""

from __future__ import annotations

import dataclasses
import sys
from datetime import date
from typing import Any

import jmespath
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.errors import ExpressionError, ExpressionLimitError
from flowbook.expressions import compile_expression

DATA = {
    "people": [
        {"name": "Ada", "age": 36, "tags": ["math", "engines"], "home": {"city": "London"}},
        {"name": "Alan", "age": 41, "tags": [], "home": None},
        {"name": "Grace", "age": 85, "tags": ["navy", "math"]},
    ],
    "counts": {"a": 1, "b": 2, "c": 0}, "text": "a-b", "none": None, "zero": 0, "list": [[1, 2], [3], 4], "f": 1.5,
}  # fmt: skip


def found(expression: str, data: Any = DATA) -> Any:
    scope = {"inputs": {"data": data, "path": expression}, "nodes": {}, "run": {}}
    return compile_expression("jmespath(inputs.data, inputs.path)").evaluate(scope)


PATHS = [
    "people[].name", "people[*].tags[]", "people[?age > `40`].name | [0]", "people[?contains(tags, 'math')].age",
    "people[0].home.city", "people[*].{n: name, t: tags[0]}", "people[*].[name, age]", "people[-1].name",
    "people[::-1].name", "people[1:].name", "counts.*", "counts.* | sum(@)", "sort_by(people, &age)[-1].name",
    "max_by(people, &age).name", "min_by(people, &age).name", "map(&name, people)", "length(people)", "keys(counts)",
    "join(', ', people[].name)", "to_string(people[0])", "to_number('12')", "to_number('x')", "not_there.at_all",
    "people[?home].name", "people[?!home].name", "none || text", "zero && text",
    "people[?name == 'Ada' || age == `41`].age",
    "list[]", "list[][]", "reverse(text)", "reverse(people)[0].name", "merge(counts, `{\"d\": 4}`)", "type(people)",
    "people[?home.city == 'London'].name", "starts_with(text, 'a')", "ends_with(text, 'b')", "avg(people[].age)",
    "sort(people[].name)", "values(counts)", "not_null(none, text)", "to_array(text)", "abs(`-1`)", "ceil(f)",
    "floor(f)", "contains(text, '-')", "people[?age >= `41` && age <= `85`].name", "@", "`{\"a\": [1]}`.a", '"text"',
    "people[?tags == `[]`].name", "people[?age != `41`].name", "max(people[].age)", "min(people[].name)",
]  # fmt: skip


@pytest.mark.parametrize("expression", PATHS)
def test_it_finds_what_the_library_finds(expression: str) -> None:
    assert found(expression) == jmespath.search(expression, DATA)


_PARTS = st.sampled_from([
    "people", "counts", "list", "[*]", "[]", "[0]", "[-1]", "[1:]", "[::2]", ".*", ".name", ".age", ".tags", " && zero",
    ".home.city", " | [0]", " | @", "[?age > `40`]", "[?tags]", ".{n: name}", ".[name, age]", " || text",
    "[?name == 'Ada']",
])  # fmt: skip


@given(st.lists(_PARTS, min_size=1, max_size=8).map("".join))
def test_any_path_means_the_same(expression: str) -> None:
    try:
        wanted = jmespath.search(expression, DATA)
    except ValueError:
        with pytest.raises(ExpressionError):
            found(expression)
    else:
        assert found(expression) == wanted


@dataclasses.dataclass
class Pet:
    name: str
    born: date


def test_it_sees_tables_models_dates_and_tuples_as_the_language_does() -> None:
    table = pd.DataFrame({"name": ["Rex", "Tom"], "age": [3, None]})
    assert found("[?age > `2`].name", table) == ["Rex"]
    assert found("rows[*].age", {"rows": table}) == [3.0]
    assert found("pets[].[name, born]", {"pets": (Pet("Rex", date(2020, 1, 2)),)}) == [["Rex", "2020-01-02"]]
    assert found("sort(@)", {"b", "a"}) == ["a", "b"]
    assert found("[*].d.a", [{"d": {"a": date(2020, 1, 2)}}]) == ["2020-01-02"]


def _doubled(step: str, times: int) -> str:
    return "|".join([step] * times)


@pytest.mark.parametrize(
    "expression",
    [
        _doubled("[@,@][]", 60), f"{_doubled('[@,@]', 60)}|to_string(@)", f"{_doubled('[@,@]', 60)}|length(@)",
        f"[{_doubled('[@,@]', 40)}, {_doubled('[@,@]', 40)}]|[0]==[1]", _doubled("{a:@,b:@}", 60),
        f"{_doubled('[@,@,@,@,@,@,@,@,@,@][]', 8)}|join(text,@)", _doubled("[@,@][]|sort(@)", 40),
        _doubled("map(&[@,@],[@,@])", 40), f"{_doubled('[@,@][]', 30)}|[*].[@,@]|[]",
    ],
)  # fmt: skip
def test_what_would_grow_without_end_is_stopped(expression: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        found(expression, {"text": "x" * 100_000, "list": [1]} if "text" in expression else "x")
    assert isinstance(caught.value, ExpressionLimitError)


@pytest.mark.parametrize(
    "expression",
    [
        "join(text, list)", "contains(text, text)", "reverse(text)", "to_string(list)", "sort(list)", "list[?@==text]",
        "sort_by(list, &@)", "list[].reverse(@)", "list[*].length(@)", "to_string([text,text])",
    ],
)  # fmt: skip
def test_large_data_is_paid_for(expression: str) -> None:
    data = {"text": "ß" * 3_000_000, "list": ["ß" * 3_000_000 for _ in range(60)]}
    again = f"[{','.join([expression] * 30)}]"
    with pytest.raises(ExpressionLimitError):
        found(again, data)


@pytest.mark.parametrize(
    ("expression", "says"),
    [
        ("a[", "ends too early"), ("a.", "character 3"), ("", "empty"), ("a ^ b", "character 3"),
        ("a..b", "wrong at character 3"), ("nope(@)", "nope()"), ("length(@, @)", "length()"),
        ("sum(people)", "sum() needs array-number"), ("(" * 900, "nested too deeply"),
        ("x" * 1_001, "at most 1,000"), ("list[::0]", "step is 0"), (f"to_number('{'9' * 900}e1')", "too large"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_a_clear_error(expression: str, says: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        found(expression)
    assert says in str(caught.value)


def test_an_error_does_not_show_what_it_was_applied_to() -> None:
    with pytest.raises(ExpressionError) as caught:
        found("abs(token)", {"token": "t0k-hush"})
    assert "t0k-hush" not in f"{caught.value!r} {caught.value}"
    with pytest.raises(ExpressionError, match="needs text"):
        compile_expression("jmespath(inputs, 1)").evaluate({"inputs": {}})


def test_without_the_library_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "flowbook.expressions.metered", raising=False)
    monkeypatch.setitem(sys.modules, "jmespath.visitor", None)
    with pytest.raises(ExpressionError, match=r"pip install .*\[jmespath\]"):
        found("a")
