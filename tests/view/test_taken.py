"""Which lines a canvas shows as taken, held against what the engine itself decided."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flowbook import Workspace
from flowbook.events import Event, NodeFinished
from flowbook.models import Workflow
from flowbook.results import NodeResult
from flowbook.view.graph.taken import items_in, lines_left, taken_edges

ENDS = ["plain", "failed", "chosen", "left", "after_failure", "always", "broken", "silent"]


def branching(first: dict[str, Any], **fields: Any) -> Workflow:
    """A first node with every kind of edge, each to a node of its own."""
    flow = Workflow(name="branching")
    flow.set_input("limit", "integer", default=2)
    flow.add("first", **first, **fields)
    for id in ENDS:
        flow.add(id, "core.noop")
    flow.connect("first", "plain")
    flow.connect("first", "failed", "failure")
    flow.connect("first", "chosen", when="len(nodes.first.data.rows) > inputs.limit")
    flow.connect("first", "left", when="len(nodes.first.data.rows) < inputs.limit")
    flow.connect("first", "after_failure", "failure", "nodes.first.message != ''")
    flow.connect("first", "always", "always")
    flow.connect("first", "broken", "always", "nodes.first.data.nothing_there")
    flow.connect("first", "silent", when=False)
    return flow


@pytest.mark.parametrize(
    "first",
    [
        {"task": "core.set", "params": {"values": {"rows": [1, 2, 3]}}},
        {"task": "core.fail", "params": {"message": "no"}},
        {"task": "core.fail", "params": {"message": "no"}, "on_error": "continue"},
        {"task": "core.set", "params": {"values": {"rows": []}}, "when": False},
    ],
)
def test_a_line_is_shown_as_taken_when_what_it_leads_to_was_run(tmp_path: Path, first: dict[str, Any]) -> None:
    flow = branching(first)
    results: dict[str, NodeResult] = {}

    def watch(event: Event) -> None:
        if isinstance(event, NodeFinished):
            results[event.node_id] = event.result

    Workspace(tmp_path).start(flow, {}, watch=watch).wait(60)
    taken = taken_edges(flow, "first", results, {"limit": 2})
    assert {target for (_, target, _), so in taken.items() if so} == {
        id for id in ENDS if results[id].status == "succeeded"
    }


@pytest.mark.parametrize("data", [{"rows": [1, 2, 3]}, {"rows": ["long"] * 500_000}])
def test_a_run_of_the_history_says_the_same_but_for_what_it_did_not_keep(tmp_path: Path, data: dict[str, Any]) -> None:
    flow = branching({"task": "core.set", "params": {"values": data}})
    with Workspace(tmp_path) as ws:
        run = ws.start(flow)
        run.wait(60)
        record = ws.run_record(run.id)
        kept = not record.nodes["first"].lost
        assert kept == (len(data["rows"]) < 10)
        left = lines_left(flow, record.nodes, record.inputs)
        live = taken_edges(flow, "first", {id: run[id] for id in run}, record.inputs)
        whens = {(edge.source, edge.target, edge.on) for edge in flow.edges if edge.when is not None}
        assert {key: taken for key, (taken, _) in left.items()} == {
            key: taken for key, taken in live.items() if kept or key not in whens
        }
        assert left["first", "plain", "success"] == (True, 3 if kept else None)
        assert whens.isdisjoint(lines_left(flow, record.nodes, record.inputs, ["limit"]))


def test_nothing_is_said_of_the_lines_of_a_node_that_has_not_ended() -> None:
    assert taken_edges(branching({"task": "core.noop"}), "first", {}, {}) == {}


@pytest.mark.parametrize(
    ("data", "items"),
    [
        ([1, 2], 2), ((), 0), ({"rows": [1], "count": 9}, 1), ({"a": [1], "b": [2]}, None), ({}, None), ("text", None),
        (7, None), (None, None),
    ],
)  # fmt: skip
def test_a_line_counts_the_items_of_a_list_or_of_the_only_list_in_a_mapping(data: Any, items: int | None) -> None:
    assert items_in(data) == items


def test_the_rows_of_a_table_are_its_items() -> None:
    pandas = pytest.importorskip("pandas")
    assert items_in(pandas.DataFrame({"a": [1, 2, 3]})) == 3
