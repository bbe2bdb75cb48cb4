"""The graph that a canvas shows, and the small changes made to it."""

from __future__ import annotations

from typing import Any

import pytest

from flowbook.errors import AlreadyExists, InputError, NotFound
from flowbook.view.graph.elements import changed, keyed, listed


@pytest.fixture
def state() -> Any:
    return keyed(
        {
            "nodes": [{"id": "a", "x": 0, "y": 0}, {"id": "b", "x": 300, "y": 0}, {"id": "c", "x": 600, "y": 0}],
            "edges": [{"id": "ab", "source": "a", "target": "b"}, {"id": "bc", "source": "b", "target": "c"}],
            "notes": [{"id": "a", "text": "a note may have a node's name", "x": 0, "y": -100}],
        }
    )


def test_nodes_without_a_place_are_given_one() -> None:
    state = keyed({"nodes": [{"id": "a"}, {"id": "b"}], "edges": [{"id": "e", "source": "a", "target": "b"}]})
    assert state["nodes"]["a"]["x"] < state["nodes"]["b"]["x"]


def test_nodes_without_a_place_go_below_those_that_have_one() -> None:
    state = keyed({"nodes": [{"id": "a", "x": 10, "y": 500}, {"id": "b"}]})
    assert state["nodes"]["a"] == {"id": "a", "x": 10, "y": 500}
    assert state["nodes"]["b"]["y"] > 550


def test_a_graph_is_the_same_after_being_keyed_and_listed(state: Any) -> None:
    assert keyed(listed(state)) == state


def test_changes_are_made_in_order_and_leave_the_old_state_alone(state: Any) -> None:
    before = listed(state)
    new = changed(
        state,
        [
            {"op": "add", "kind": "node", "value": {"id": "d", "x": 1, "y": 2}},
            {"op": "add", "kind": "edge", "value": {"id": "cd", "source": "c", "target": "d"}},
            {"op": "update", "kind": "node", "id": "d", "value": {"label": "Last"}},
            {"op": "move", "positions": {"d": [5, 6]}, "notes": {"a": [7, 8]}},
        ],
    )
    assert new["nodes"]["d"] == {"id": "d", "x": 5.0, "y": 6.0, "label": "Last"}
    assert (new["notes"]["a"]["x"], new["notes"]["a"]["y"]) == (7.0, 8.0)
    assert "cd" in new["edges"]
    assert listed(state) == before


def test_a_node_takes_its_edges_with_it(state: Any) -> None:
    new = changed(state, [{"op": "remove", "kind": "node", "id": "b"}])
    assert (set(new["nodes"]), new["edges"]) == ({"a", "c"}, {})


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"op": "add", "kind": "node", "value": {"id": "a"}}, AlreadyExists, "node 'a'"),
        ({"op": "add", "kind": "node", "value": {"id": ""}}, InputError, "needs an id"),
        ({"op": "add", "kind": "edge", "value": {"id": "e", "source": "a", "target": "z"}}, NotFound, "'z'"),
        ({"op": "update", "kind": "edge", "id": "ab", "value": {"target": "z"}}, NotFound, "'z'"),
        ({"op": "update", "kind": "note", "id": "b", "value": {}}, NotFound, "note 'b'"),
        ({"op": "remove", "kind": "edge", "id": "xy"}, NotFound, "edge 'xy'"),
        ({"op": "move", "positions": {"z": [0, 0]}}, NotFound, "'z'"),
        ({"op": "paint", "kind": "node"}, InputError, "paint"),
        ({"op": "remove", "kind": "cloud", "id": "a"}, InputError, "cloud"),
    ],
)
def test_a_change_that_does_not_fit_is_refused(
    state: Any, change: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        changed(state, [change])


def test_an_edge_that_leads_nowhere_is_refused_at_once() -> None:
    with pytest.raises(NotFound, match="'ghost'"):
        keyed({"nodes": [{"id": "a"}], "edges": [{"id": "e", "source": "a", "target": "ghost"}]})
