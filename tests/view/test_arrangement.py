"""Places for the nodes of a graph where no browser is there to arrange it."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from flowbook.view.graph.arrangement import COLUMN, layered

IDS = st.integers(0, 11).map(lambda number: f"n{number}")


def test_a_chain_stands_in_one_row_from_left_to_right() -> None:
    places = layered(["a", "b", "c"], [("a", "b"), ("b", "c")])
    assert places == {"a": (0, 0), "b": (COLUMN, 0), "c": (2 * COLUMN, 0)}


def test_a_node_stands_to_the_right_of_the_last_of_those_before_it() -> None:
    places = layered("abcd", [("a", "b"), ("b", "c"), ("a", "d"), ("c", "d")])
    assert places["d"][0] == 3 * COLUMN


def test_two_crossed_lines_are_uncrossed() -> None:
    places = layered(["a", "b", "x", "y"], [("a", "y"), ("b", "x")])
    assert (places["a"][1] < places["b"][1]) == (places["y"][1] < places["x"][1])


def test_no_nodes_have_no_places() -> None:
    assert layered([], []) == {}


@given(st.lists(IDS, unique=True), st.lists(st.tuples(IDS, IDS)))
def test_every_node_has_its_own_place_whatever_the_edges(nodes: list[str], edges: list[tuple[str, str]]) -> None:
    places = layered(nodes, edges)
    assert set(places) == set(nodes)
    assert len(set(places.values())) == len(nodes)
    assert layered(nodes, edges) == places


@given(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda pair: pair[0] < pair[1])))
def test_without_cycles_every_edge_leads_to_the_right(pairs: set[tuple[int, int]]) -> None:
    edges = [(f"n{a}", f"n{b}") for a, b in pairs]
    places = layered([f"n{number}" for number in range(10)], edges)
    assert all(places[source][0] < places[target][0] for source, target in edges)


def test_a_line_of_a_thousand_nodes_is_no_matter() -> None:
    ids = [f"n{number}" for number in range(1000)]
    places = layered(ids, pairwise(ids))
    assert places["n999"] == (999 * COLUMN, 0)
