"""What validation says has surely run, against the run semantics played through."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flowbook.models import Edge, Node
from flowbook.validation.graph import Graph

IDS = "abcde"
NODE = st.builds(
    Node,
    task=st.just("core.noop"),
    when=st.sampled_from([None, None, "x"]),
    on_error=st.sampled_from(["stop", "stop", "continue"]),
    join=st.sampled_from([None, None, "all", "any"]),
    pinned=st.sampled_from([None, None, None, 1]),
)
PAIRS = [(source, target) for place, source in enumerate(IDS) for target in IDS[place + 1 :]]
ON = st.sampled_from(["success", "success", "failure", "always"])
WHEN = st.sampled_from([None, None, "x"])
EDGES = st.lists(st.tuples(st.sampled_from(PAIRS), ON, WHEN), max_size=8, unique_by=lambda edge: edge[:2])


def play(graph: Graph, draw: Any) -> dict[str, str]:
    """One run: each node's outcome, by the design's rules; what is left open is drawn."""
    outcome: dict[str, str] = {}
    verdict: dict[int, str] = {}
    blocked_skip: set[str] = set()
    for id in graph.order:
        node = graph.nodes[id]
        incoming = [verdict[id_] for id_, edge in graph.edges if edge.target == id]
        taken, blocked = incoming.count("taken"), "blocked" in incoming
        runs = not incoming or (taken > 0 if node.join == "any" else taken == len(incoming) if node.join == "all"
                                else taken > 0 and not blocked)  # fmt: skip
        if not runs:
            outcome[id] = "skipped"
            if blocked:
                blocked_skip.add(id)
        elif node.when and not draw(st.booleans()):
            outcome[id] = "skipped"
        else:
            outcome[id] = "succeeded" if node.pinned is not None or draw(st.booleans()) else "failed"
        _leave(graph, id, outcome[id], id in blocked_skip, verdict, draw)
    return outcome


def _leave(graph: Graph, id: str, outcome: str, blocked: bool, verdict: dict[int, str], draw: Any) -> None:
    node, edges = graph.nodes[id], [(index, edge) for index, edge in graph.edges if edge.source == id]
    failed, passed = outcome == "failed", outcome == "failed" and graph.nodes[id].on_error == "continue"
    taken = {
        index: outcome != "skipped"
        and (passed or edge.on == "always" or (edge.on == "failure") == failed)
        and (edge.when is None or draw(st.booleans()))
        for index, edge in edges
    }
    handled = node.on_error == "continue" or any(taken[index] and edge.on == "failure" for index, edge in edges)
    for index, _ in edges:
        stopped = blocked or (failed and not handled)
        verdict[index] = "taken" if taken[index] else "blocked" if stopped else "not chosen"


@given(st.lists(NODE, min_size=5, max_size=5), EDGES, st.data())
def test_what_surely_has_data_has_it_in_every_run_in_which_the_node_runs(nodes: Any, edges: Any, data: Any) -> None:
    made = [(i, Edge(source=s, target=t, on=on, when=when)) for i, ((s, t), on, when) in enumerate(edges)]
    graph = Graph(dict(zip(IDS, nodes, strict=True)), made)
    outcome = play(graph, data.draw)
    for before in IDS:
        for id in IDS:
            upstream = id != before and graph.is_upstream(id, before)
            if upstream and outcome[before] != "skipped" and graph.surely_has_data(id, before):
                assert outcome[id] == "succeeded"
