"""The graph: edges that cannot be, cycles, what is upstream of a node, and what has surely run before it.

Sets of nodes are the bits of an integer: joining two of ten thousand nodes takes less than a microsecond.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from flowbook.models import Ancestry, Edge, Links, Node, Predicate
from flowbook.slips import suggest
from flowbook.validation.draft import Draft
from flowbook.validation.report import Report

_MOST_CYCLES = 20


class Graph:
    """The edges that can be; each answer is computed when it is asked for."""

    def __init__(self, nodes: dict[str, Node], edges: list[tuple[int, Edge]]) -> None:
        self.nodes = nodes
        self.edges = edges
        self._links = Links(nodes, ((edge.source, edge.target) for _, edge in edges))

    @cached_property
    def incoming(self) -> dict[str, list[Edge]]:
        """The edges that lead to each node."""
        found: dict[str, list[Edge]] = {id: [] for id in self.nodes}
        for _, edge in self.edges:
            found[edge.target].append(edge)
        return found

    @cached_property
    def outgoing(self) -> dict[str, list[Edge]]:
        """The edges that leave each node."""
        found: dict[str, list[Edge]] = {id: [] for id in self.nodes}
        for _, edge in self.edges:
            found[edge.source].append(edge)
        return found

    @cached_property
    def order(self) -> list[str]:
        """The nodes, each after those before it; those on a cycle, and behind one, are left out."""
        return self._links.order()

    def circle(self) -> list[str]:
        """The nodes of a circle, the first one again at the end; empty when there is none."""
        return [] if len(self.order) == len(self.nodes) else self._links.circle()

    @cached_property
    def _ancestry(self) -> Ancestry:
        return Ancestry(self._links, self.order)

    def is_upstream(self, id: str, of: str) -> bool:
        """Whether there is a path from ``id`` to ``of``; True when cycles keep that from being known."""
        return id in self._links.preceding[of] or not self._ancestry.known(of) or self._ancestry.is_before(id, of)

    @cached_property
    def has_conditions(self) -> bool:
        """Whether anything may be skipped, or fail without ending its branch."""
        if any(edge.on != "success" or edge.when is not None for _, edge in self.edges):
            return True
        return any(
            node.when is not None or node.on_error == "continue" or node.join == "any" for node in self.nodes.values()
        )

    # -- what surely has data --------------------------------------------------------------------------------

    def surely_has_data(self, id: str, before: str) -> bool:
        """Whether ``id``, which is upstream, has ended with data each time that ``before`` runs."""
        if not self.has_conditions:
            return True
        bits = self._given.get(before)
        return bits is None or bool(bits & self._ancestry.bit[id])

    def surely_has_data_at(self, id: str, source: str) -> bool:
        """The same for the moment when the edges of ``source``, which has ended, are looked at."""
        if not self.has_conditions:
            return True
        if id == source:
            return self._gives_data(self.nodes[source])
        return self.surely_has_data(id, source)

    @staticmethod
    def _gives_data(node: Node) -> bool:
        return node.on_error != "continue" or node.pinned is not None

    @cached_property
    def _given(self) -> dict[str, int]:
        """For each node those that have data each time it runs, by what the design says of edges and joins."""
        given: dict[str, int] = {}
        for id in self.order:
            edges = self.incoming[id]
            behind = [self._behind(edge, given[edge.source]) for edge in edges]
            together = 0
            if behind:
                together = behind[0]
                for bits in behind[1:]:
                    together &= bits
            if self.nodes[id].join != "any":
                for edge, bits in zip(edges, behind, strict=True):
                    if self.nodes[id].join == "all" or self._surely_taken(edge, self._unskipped):
                        together |= bits
            given[id] = together
        return given

    def _behind(self, edge: Edge, given: int) -> int:
        """Those that have data when the edge is taken."""
        source = self.nodes[edge.source]
        surely = source.pinned is not None or (edge.on == "success" and self._gives_data(source))
        return given | self._ancestry.bit[edge.source] if surely else given

    def _surely_taken(self, edge: Edge, unskipped: set[str]) -> bool:
        """Whether the edge is taken whenever it is not blocked (a blocked one keeps its target from running)."""
        if edge.when not in (None, True) or edge.on == "failure" or edge.source not in unskipped:
            return False
        handled = any(other.on == "failure" for other in self.outgoing[edge.source])
        return edge.on == "always" or not handled or self.nodes[edge.source].on_error == "continue"

    @cached_property
    def _unskipped(self) -> set[str]:
        """The nodes that are only ever skipped because something before them is blocked."""
        unskipped: set[str] = set()
        for id in self.order:
            taken = [self._surely_taken(edge, unskipped) for edge in self.incoming[id]]
            enough = all(taken) if self.nodes[id].join == "all" else any(taken) or not taken
            if enough and self.nodes[id].when in (None, True):
                unskipped.add(id)
        return unskipped


def check_graph(draft: Draft, report: Report) -> Graph:
    """Note what is wrong with the edges; the graph is made of the rest."""
    graph = _without_cycles(Graph(draft.nodes, list(_possible(draft, report))), report)
    _check_never(graph, report)
    _check_failure_edges(graph, report)
    return graph


def _name(edge: Edge) -> str:
    return f"{edge.source}→{edge.target}"


def _possible(draft: Draft, report: Report) -> Iterator[tuple[int, Edge]]:
    seen: set[tuple[str, str, str]] = set()
    for index, edge in draft.edges:
        source, target = edge.source, edge.target
        if source not in draft.nodes or target not in draft.nodes:
            _report_unknown(draft, report, index, edge)
            continue
        key = (source, target, edge.on)
        if source == target:
            remedy = "Remove the edge; to repeat a step use for_each or retry."
            report.add(
                "self-edge", _name(edge), "to", Predicate("leads back to its own node."), remedy, at=f"edges[{index}]"
            )
        elif key in seen:
            message = Predicate(f"is there twice with on: {edge.on}.")
            report.add("duplicate-edge", _name(edge), "edges", message, "Remove one of them.", at=f"edges[{index}]")
        else:
            seen.add(key)
            yield index, edge


def _report_unknown(draft: Draft, report: Report, index: int, edge: Edge) -> None:
    for field, end in (("from", edge.source), ("to", edge.target)):
        if end not in draft.nodes:
            what, remedy = f"there is no node {end!r}.", suggest(end, draft.nodes, "node")
            remedy = remedy or "Add the node, or remove the edge."
            report.add("unknown-node", _name(edge), field, what, remedy, at=f"edges[{index}].{field}")


def _without_cycles(graph: Graph, report: Report) -> Graph:
    """The graph without edges that close a cycle, one removed for each cycle that is reported."""
    for _ in range(_MOST_CYCLES):
        cycle = graph.circle()
        if not cycle:
            break
        closing = (cycle[-2], cycle[-1])
        index = next(index for index, edge in graph.edges if (edge.source, edge.target) == closing)
        remedy = "Remove one of these edges; to repeat a step use for_each or retry."
        message = f"these nodes form a cycle: {' → '.join(cycle)}."
        report.add("cycle", "", "edges", message, remedy, at=f"edges[{index}]")
        left = [(index, edge) for index, edge in graph.edges if (edge.source, edge.target) != closing]
        graph = Graph(graph.nodes, left)
    return graph


def _check_never(graph: Graph, report: Report) -> None:
    """Nodes that can never run, since a constant ``when`` says so."""
    never: set[str] = set()
    message: str
    if not graph.has_conditions:
        return
    for id in graph.order:
        node, edges = graph.nodes[id], graph.incoming[id]
        dead = [edge.when is False or edge.source in never for edge in edges]
        if node.when is False:
            never.add(id)
            message, remedy = Predicate("is false, so this node never runs."), "Write a condition, or disable the node."
            report.add("never-runs", id, "when", message, remedy, severity="warning")
        elif dead and (any(dead) if node.join == "all" else all(dead)):
            never.add(id)
            message, remedy = "what leads to this node never runs.", "Connect it to a node that runs."
            report.add("never-runs", id, "edges", message, remedy, severity="warning")


def _check_failure_edges(graph: Graph, report: Report) -> None:
    for index, edge in graph.edges if graph.has_conditions else ():
        source = graph.nodes[edge.source]
        if edge.on == "failure" and source.on_error == "continue":
            message = f"{edge.source} says on_error: continue, so after a failure its success edges are taken as well."
            remedy = "Leave on_error out to part the two branches."
            report.add("on-error-and-failure-edge", _name(edge), "on", message, remedy, severity="warning",
                       at=f"edges[{index}]")  # fmt: skip
