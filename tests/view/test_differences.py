"""What is different between two workflows, by what they mean."""

from __future__ import annotations

import json

from flowbook import Workflow
from flowbook.view.differences import differences, renamed


def sales() -> Workflow:
    flow = Workflow(name="sales")
    flow.set_input("minimum", "number", default=0)
    flow.add("load", "files.read_csv", params={"path": "s.csv", "rows": [{"name": "a"}, {"name": "b"}]}, at=(10, 20))
    flow.add("tell", "core.set", params={"values": "${{ len(nodes.load.data) }} rows"}, at=(30, 20))
    flow.connect("load", "tell")
    return flow


def test_a_workflow_is_the_same_as_itself() -> None:
    found = differences(sales(), sales())
    assert found.same
    assert found.text() == ""
    assert found.to_dict() == {"same": True, "differences": [], "moved": []}


def test_the_innermost_field_that_changed_is_named() -> None:
    other = sales()
    other.change("load", params={"path": "s.csv", "rows": [{"name": "a"}, {"name": "c"}]})
    found = differences(sales(), other)
    assert found.text() == '~ node load\n    params.rows[1].name: "b" → "c"'
    assert found.to_dict()["differences"] == [
        {"part": "node", "name": "load", "change": "changed",
         "fields": [{"field": "params.rows[1].name", "before": "b", "after": "c"}]}
    ]  # fmt: skip


def test_places_on_the_canvas_are_no_difference_in_meaning_but_are_told() -> None:
    other = sales()
    other.move("load", 500, 20)
    found = differences(sales(), other)
    assert found.same
    assert found.moved == ("load",)
    assert found.text() == "  moved on the canvas: load"


def test_nodes_that_refer_to_each_other_are_known_again_when_all_of_them_are_renamed() -> None:
    before = sales()
    before.add("last", "core.set", params={"values": "${{ nodes.tell.data }}"})
    other = before.clone()
    for old, new in (("last", "end"), ("tell", "words"), ("load", "read")):
        other.rename(old, new)
    assert renamed(before, other) == {"load": "read", "tell": "words", "last": "end"}
    assert differences(before, other).to_dict()["differences"] == [
        {"part": "node", "name": new, "change": "renamed", "was": old, "fields": []}
        for old, new in (("load", "read"), ("tell", "words"), ("last", "end"))
    ]


def test_a_renamed_node_is_one_difference_and_not_all_that_refers_to_it() -> None:
    other = sales()
    other.rename("load", "read")
    found = differences(sales(), other)
    assert [one.title for one in found.found] == ["node load is now read"]
    assert found.to_dict()["differences"][0]["was"] == "load"


def test_an_edge_that_got_another_outcome_or_condition_changed() -> None:
    other = sales()
    other.change_edge("load", "tell", on="failure", when="true")
    found = differences(sales(), other)
    assert found.text() == '~ edge load → tell\n    on: – → "failure"\n    when: – → "true"'


def test_parts_that_came_and_went_are_told_with_what_they_are() -> None:
    other = sales()
    other.remove("tell")
    other.add("wait", "core.wait", params={"seconds": 1})
    other.remove_input("minimum")
    other.describe("All of it")
    lines = differences(sales(), other).text().splitlines()
    assert lines == [
        "~ workflow",
        '    description: – → "All of it"',
        "- input minimum",
        "- node tell",
        "+ node wait",
        '    task: "core.wait"',
        "    params.seconds: 1",
        "- edge load → tell",
    ]


def test_code_of_several_lines_is_compared_line_by_line() -> None:
    one, other = Workflow(name="a"), Workflow(name="a")
    one.add("code", "core.python", params={"code": "a = 1\nb = 2\na + b\n"})
    other.add("code", "core.python", params={"code": "a = 1\nb = 3\na + b\n"})
    lines = differences(one, other).text().splitlines()
    assert lines[:2] == ["~ node code", "    params.code:"]
    assert "      -b = 2" in lines
    assert "      +b = 3" in lines


def test_one_and_true_are_different_and_none_is_not_missing() -> None:
    one, other = Workflow(name="a"), Workflow(name="a")
    one.add("x", "core.set", params={"values": {"a": 1}})
    other.add("x", "core.set", params={"values": {"a": True, "b": None}})
    found = differences(one, other).to_dict()
    assert json.loads(json.dumps(found)) == found
    assert found["differences"][0]["fields"] == [
        {"field": "params.values.a", "before": 1, "after": True},
        {"field": "params.values.b", "after": None},
    ]
