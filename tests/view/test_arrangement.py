"""Places for the nodes of a graph where no browser is there to arrange it."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.view.graph.arrangement import COLUMN, ROW, ROW_GAP, layered

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


@pytest.mark.parametrize("length", [13, 30, 100, 1000])
def test_a_long_line_is_wrapped_to_the_shape_of_a_canvas_and_read_as_a_text_is(length: int) -> None:
    ids = [f"n{number}" for number in range(length)]
    places = layered(ids, pairwise(ids))
    wide, high = max(x for x, _ in places.values()) + COLUMN, max(y for _, y in places.values()) + ROW + ROW_GAP
    assert 1 < wide / high < 4
    assert sorted(ids, key=lambda node: places[node][::-1]) == ids
    assert len(set(places.values())) == length


def test_twelve_nodes_in_a_line_are_not_wrapped_nor_is_what_is_high_already() -> None:
    ids = [f"n{number}" for number in range(12)]
    assert {y for _, y in layered(ids, pairwise(ids)).values()} == {0}
    grid = [[f"r{row}c{column}" for column in range(20)] for row in range(40)]
    places = layered([id for row in grid for id in row], [pair for row in grid for pair in pairwise(row)])
    assert max(x for x, _ in places.values()) == 19 * COLUMN
