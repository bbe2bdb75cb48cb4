"""Random graphs against the rules of docs/run-semantics.md, read once more and written down by themselves below: what
becomes of each node, of its data and of the run is the same.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from flowbook.errors import RunFailed
from flowbook.models import Workflow
from flowbook.workspace import Run, Workspace

GRAPHS = 20_000
TRUE, FALSE = "1 == 1", "1 == 2"


class Edge(NamedTuple):
    """An edge; ``open`` is what its ``when`` comes to."""

    source: str
    target: str
    on: str
    open: bool


class Graph(NamedTuple):
    """A workflow, and what was drawn for it: each node comes after those before it."""

    flow: Workflow
    nodes: dict[str, dict[str, Any]]
    edges: list[Edge]


Outcome = dict[str, tuple[str, Any]]
"""Each node's status and data."""


def run(scale: float, seed: int, folder: Path) -> Iterator[str]:
    """Run each graph, and compare."""
    graphs, found = max(int(GRAPHS * scale), 2), Counter[str]()
    with Workspace(folder, memory=True) as ws:
        for number in range(graphs):
            name = f"graph {number} of seed {seed}"
            graph = _graph(random.Random(name))
            ended = _run(ws, graph.flow)
            came = {id: (ended[id].status, ended[id].data) for id in graph.nodes}
            outcome, success = _by_the_rules(graph)
            assert came == outcome, f"{name}: {graph.nodes} {graph.edges}: came to {came}, not to {outcome}"
            assert (ended.status == "succeeded") == success, f"{name}: the run {ended.status}"
            found += Counter(status for status, _ in came.values())
            found["runs"] += success
    nodes = ", ".join(f"{found[status]:,} {status}" for status in ("succeeded", "failed", "skipped"))
    yield f"{graphs:,} graphs, {found['runs']:,} of which succeeded; of their nodes {nodes}: all as the rules say"


# -- what is run -----------------------------------------------------------------------------------------------------


def _graph(some: random.Random) -> Graph:
    graph = Graph(Workflow(name="x"), {}, [])
    for number in range(some.randint(2, 9)):
        fields = {
            name: some.choice(values)
            for name, values, often in (
                ("when", (TRUE, FALSE), 0.15),
                ("on_error", ("continue",), 0.15),
                ("join", ("all", "any"), 0.5),
                ("disabled", (True,), 0.12),
                ("pinned", ({"pinned": number},), 0.1),
                ("retry", ({"attempts": 2, "wait": 0},), 0.1),
                ("for_each", ([], [1], [1, 2, 3]), 0.3),
            )
            if some.random() < often
        }
        fails = some.random() < 0.35
        task, params = ("core.fail", {"message": "no"}) if fails else ("core.set", {"values": {"made": number}})
        graph.flow.add(f"n{number}", task, params=params, **fields)
        graph.nodes[f"n{number}"] = {**fields, "number": number, "fails": fails}
    ids = list(graph.nodes)
    for place, target in enumerate(ids):
        for source in ids[:place]:
            if some.random() < 0.35:
                on, when = some.choice(("success", "success", "failure", "always")), some.choice((TRUE, TRUE, FALSE))
                graph.flow.connect(source, target, on=on, when=when)
                graph.edges.append(Edge(source, target, on, when == TRUE))
    return graph


def _run(ws: Workspace, flow: Workflow) -> Run:
    run = ws.start(flow)
    with suppress(RunFailed):
        run.wait()
    return run


# -- the rules -------------------------------------------------------------------------------------------------------


def _by_the_rules(graph: Graph) -> tuple[Outcome, bool]:
    """What each node comes to, and whether the run succeeds."""
    outcome: Outcome = {}
    edges: dict[Edge, str] = {}
    plan, success = _plan(graph), True
    for id, node in graph.nodes.items():
        before = [edge for edge in graph.edges if edge.target == id]
        skipped = _skipped(node, [edges[edge] for edge in before])
        if skipped:
            outcome[id] = ("skipped", None)
        elif node.get("disabled"):
            first = min((edge.source for edge in before if edges[edge] == "taken"), key=plan.index, default=None)
            outcome[id] = ("succeeded", outcome[first][1] if first else None)
        else:
            outcome[id] = _called(node)
        leaving = [edge for edge in graph.edges if edge.source == id]
        goes_on = node.get("on_error") == "continue"
        handled = goes_on or any(edge.on == "failure" and edge.open for edge in leaving)
        failed = outcome[id][0] == "failed"
        success &= handled or not failed
        for edge in leaving:
            fits = goes_on or edge.on != "success" if failed else edge.on != "failure"
            if skipped:
                edges[edge] = skipped
            elif fits and edge.open:
                edges[edge] = "taken"
            else:
                edges[edge] = "blocked" if failed and not handled else "not chosen"
    return outcome, success


def _plan(graph: Graph) -> list[str]:
    """The nodes that wait for none, and then, after each, those that waited for it last."""
    order = [id for id in graph.nodes if not any(edge.target == id for edge in graph.edges)]
    for id in order:
        for edge in graph.edges:
            waits_for = {before.source for before in graph.edges if before.target == edge.target}
            if edge.source == id and edge.target not in order and waits_for <= set(order[: order.index(id) + 1]):
                order.append(edge.target)
    return order


def _skipped(node: dict[str, Any], before: list[str]) -> str:
    """What the edges of a node are that is skipped; "" for one that runs."""
    taken, blocked = before.count("taken"), before.count("blocked")
    if not before:
        runs = True
    elif node.get("join") == "all":
        runs = taken == len(before)
    else:
        runs = taken > 0 and (node.get("join") == "any" or not blocked)
    if not runs:
        return "blocked" if blocked else "not chosen"
    return "not chosen" if node.get("when") == FALSE and not node.get("disabled") else ""


def _called(node: dict[str, Any]) -> tuple[str, Any]:
    """What a node comes to that runs."""
    if "pinned" in node:
        return "succeeded", node["pinned"]
    items = node.get("for_each")
    if items is None:
        return ("failed", None) if node["fails"] else ("succeeded", {"made": node["number"]})
    if node["fails"] and items:
        return "failed", [None for _ in items]
    return "succeeded", [{"made": node["number"]} for _ in items]
