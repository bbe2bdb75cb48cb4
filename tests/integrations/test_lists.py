"""Lists of objects, put together and taken apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.testing import check_contract, run_task
from integrations import lists

PEOPLE = [{"id": 1, "name": "Ada", "tags": ["x", "y"]}, {"id": 2, "name": "bob"}, {"id": 3, "name": "Cy", "tags": []}]
CITIES = [
    {"who": 1, "city": "Oslo"},
    {"who": 3, "city": "Lima"},
    {"who": 3, "city": "Rome"},
    {"who": 9, "city": "Bern"},
]


def done(task: str, **params: Any) -> Any:
    outcome = run_task(getattr(lists, task), None, params)
    assert outcome.success, outcome.message
    return outcome.data


def test_the_folder_keeps_the_contract() -> None:
    assert check_contract(Path(lists.__file__).parent) == []


def test_lists_in_items_become_items_that_know_where_they_came_from() -> None:
    assert done("split_out", items=PEOPLE, fields="tags") == {"items": [{"tags": "x"}, {"tags": "y"}], "index": [0, 0]}
    kept = done("split_out", items=PEOPLE, fields=["tags"], others=True)
    assert kept["items"] == [{"id": 1, "name": "Ada", "tags": "x"}, {"id": 1, "name": "Ada", "tags": "y"}]
    deep = [{"a": {"rows": [{"n": 1}, 2]}, "b": [5]}]
    assert done("split_out", items=deep, fields="a.rows")["items"] == [{"n": 1}, {"rows": 2}]
    assert done("split_out", items=deep, fields="a.rows, b")["items"] == [
        {"a": {"rows": {"n": 1}}, "b": 5},
        {"a": {"rows": 2}, "b": None},
    ]


def test_lists_in_a_list_become_one() -> None:
    assert done("spread", values=[[{"a": 1}, 2], None, {"b": 1}, []]) == {
        "items": [{"a": 1}, {"data": 2}, {}, {"b": 1}],
        "index": [0, 0, 1, 2],
    }


def test_items_are_sorted_by_fields_and_those_without_come_last() -> None:
    items = [{"n": "b"}, {}, {"n": 10}, {"n": "A"}, {"n": 9}]
    assert done("sort", items=items, by=[{"field": "n"}])["index"] == [4, 2, 3, 0, 1]
    assert done("sort", items=items, by=[{"field": "n", "descending": True}])["index"] == [0, 3, 2, 4, 1]
    two = [{"a": 1, "b": 1}, {"a": 1, "b": 2}, {"a": 0, "b": 1}]
    assert done("sort", items=two, by=[{"field": "a"}, {"field": "b", "descending": True}])["index"] == [2, 1, 0]


@given(
    st.lists(st.fixed_dictionaries({}, optional={"n": st.none() | st.integers() | st.text() | st.lists(st.integers())}))
)
def test_anything_can_be_sorted_and_nothing_is_lost(items: list[Any]) -> None:
    found = done("sort", items=items, by=[{"field": "n", "descending": True}])
    assert sorted(found["index"]) == list(range(len(items)))
    assert done("sort", items=found["items"], by=[{"field": "n", "descending": True}])["items"] == found["items"]


def test_the_first_of_equal_items_stays() -> None:
    items: list[Any] = [{"a": 1, "b": 1}, {"a": 1.0, "b": 2}, {"a": "1"}, {"b": 1, "a": 1}]
    assert done("unique", items=items)["index"] == [0, 1, 2]
    assert done("unique", items=items, fields="a")["index"] == [0, 2]


def test_a_list_is_cut_at_either_end() -> None:
    assert done("limit", items=PEOPLE, count=2)["index"] == [0, 1]
    assert done("limit", items=PEOPLE, count=2, from_end=True)["index"] == [1, 2]
    assert done("limit", items=PEOPLE, count=0, from_end=True)["items"] == []


def test_many_items_become_one() -> None:
    assert done("aggregate", items=PEOPLE, into="all") == {"all": PEOPLE}
    assert done("aggregate", items=PEOPLE, fields={"who": "name", "t": "tags"}) == {
        "who": ["Ada", "bob", "Cy"],
        "t": [["x", "y"], []],
    }
    assert done("aggregate", items=PEOPLE, fields={"t": "tags"}, nothing=True) == {"t": [["x", "y"], None, []]}
    assert done("aggregate", items=PEOPLE, fields={"t": "tags"}, flat=True) == {"t": ["x", "y"]}


def test_groups_are_summed_up() -> None:
    rows = [{"c": "a", "n": 1}, {"c": "b", "n": 2}, {"c": "a", "n": "3"}, {"c": "a"}]
    values = [{"field": "n", "how": how} for how in ("sum", "count", "average", "min", "max", "append", "count_unique")]
    assert done("summarize", items=rows, by="c", values=values)[0] == {
        "c": "a", "sum_n": 4, "count_n": 2, "average_n": 2, "min_n": 1, "max_n": "3", "append_n": [1, "3"],
        "count_unique_n": 2,
    }  # fmt: skip
    told = [{"field": "n", "how": "concatenate", "as": "all", "separator": "-"}, {"field": "n", "how": "average"}]
    assert done("summarize", items=[], values=told) == [{"all": "", "average_n": None}]
    assert (
        "no number"
        in run_task(lists.summarize, None, {"items": [{"n": "x"}], "values": [{"field": "n", "how": "sum"}]}).message
    )


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        ("matches", [(1, "Oslo"), (3, "Lima"), (3, "Rome")]),
        ("left", [(1, "Oslo"), (2, None), (3, "Lima"), (3, "Rome")]),
        ("right", [(1, "Oslo"), (3, "Lima"), (3, "Rome"), (None, "Bern")]),
        ("both", [(1, "Oslo"), (2, None), (3, "Lima"), (3, "Rome"), (None, "Bern")]),
        ("unmatched_left", [(2, None)]),
        ("unmatched", [(2, None), (None, "Bern")]),
    ],
)
def test_lists_meet_where_their_fields_are_equal(keep: str, expected: list[Any]) -> None:
    found = done("merge", left=PEOPLE, right=CITIES, by="fields", fields={"id": "who"}, keep=keep)
    assert [(one.get("id"), one.get("city")) for one in found] == expected


def test_lists_meet_by_position_each_with_each_and_one_after_the_other() -> None:
    left, right = [{"a": 1, "x": 1}, {"a": 2}], [{"b": 1, "x": 2}]
    assert done("merge", left=left, right=right, by="position") == [{"a": 1, "x": 2, "b": 1}]
    assert done("merge", left=left, right=right, by="position", prefer="left")[0]["x"] == 1
    assert done("merge", left=left, right=right, by="position", keep="left")[1] == {"a": 2}
    assert done("merge", left=left, right=right, by="position", keep="unmatched") == [{"a": 2}]
    assert len(done("merge", left=left, right=right, by="position", keep="right")) == 1
    assert len(done("merge", left=left, right=right * 3, by="all")) == 6
    assert done("merge", left=left, right=right) == [*left, *right]


def test_nothing_equals_nothing_when_lists_meet() -> None:
    assert done("merge", left=[{"a": 1}], right=[{"b": 2}], by="fields", fields={"id": "id"}) == []
    assert "which fields" in run_task(lists.merge, None, {"left": [], "right": [], "by": "fields"}).message
    assert "Only objects" in run_task(lists.merge, None, {"left": [1], "right": [2], "by": "all"}).message


def test_two_lists_are_compared() -> None:
    left = [{"id": 1, "n": 1, "at": 1}, {"id": 2, "n": 1}, {"id": 3, "n": 1}]
    right = [{"id": 1, "n": 1, "at": 2}, {"id": 2, "n": 5}, {"id": 4}]
    assert done("compare", left=left, right=right, fields={"id": "id"}, ignore="at") == {
        "only_left": [left[2]],
        "only_right": [right[2]],
        "same": [left[0]],
        "different": [{"keys": {"id": 2}, "left": left[1], "right": right[1]}],
    }


def test_fields_of_an_object_are_set_kept_dropped_and_renamed_without_changing_it() -> None:
    item = {"a": {"b": 1, "c": 2}, "d": 3, "x.y": 4}
    assert done("with_fields", item=item, fields={"a.b": 9, "e.f": 1}) == {
        "a": {"b": 9, "c": 2}, "d": 3, "x.y": 4, "e": {"f": 1},
    }  # fmt: skip
    assert done("with_fields", item=item, fields={"e.f": 1}, dots=False, drop="a, x.y") == {"d": 3, "e.f": 1}
    assert done("with_fields", item=item, fields={}, keep=["a.c", "nothing"]) == {"a": {"c": 2}}
    assert done("rename_fields", item=item, names={"a.c": "c", "no": "yes", "d": "dd"}) == {
        "a": {"b": 1}, "x.y": 4, "c": 2, "dd": 3,
    }  # fmt: skip
    assert item == {"a": {"b": 1, "c": 2}, "d": 3, "x.y": 4}


def test_a_table_is_a_list_of_objects() -> None:
    pandas = pytest.importorskip("pandas")
    assert done("limit", items=pandas.DataFrame({"a": [1, 2]}))["items"] == [{"a": 1}]
