"""The shape of a workflow: its edges as a sequence, and the search for cycles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from flowbook.models.nodes import Edge

CYCLE_HINT = "Remove one of these edges; to repeat a step use for_each or retry."


class Edges(Sequence[Edge]):
    """A read-only view of a workflow's edges, in order."""

    __slots__ = ("_edges",)

    def __init__(self, edges: Mapping[tuple[str, str, str], Edge]) -> None:
        self._edges = edges

    def __len__(self) -> int:
        return len(self._edges)

    def __iter__(self) -> Iterator[Edge]:
        return iter(self._edges.values())

    def __getitem__(self, index: Any) -> Any:
        return tuple(self._edges.values())[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __repr__(self) -> str:
        return repr(tuple(self))


def find_cycle(nodes: Iterable[str], edges: Iterable[tuple[str, str]]) -> list[str]:
    """The nodes of a cycle, the first one again at the end; empty when there is none.

    It begins with the one that comes first in ``nodes``. Edges that name unknown nodes are ignored.
    """
    following: dict[str, list[str]] = {node: [] for node in nodes}
    incoming = dict.fromkeys(following, 0)
    for source, target in edges:
        if source in following and target in following:
            following[source].append(target)
            incoming[target] += 1
    ready = [node for node, count in incoming.items() if not count]
    while ready:
        for target in following[ready.pop()]:
            incoming[target] -= 1
            if not incoming[target]:
                ready.append(target)
    # A dict keeps the order: the same graph always names the same cycle.
    left = {node: None for node, count in incoming.items() if count}
    if not left:
        return []
    before: dict[str, str] = {}
    for source in left:
        for target in following[source]:
            if target in left:
                before[target] = source
    here = min(left)
    path: dict[str, None] = {}
    while here not in path:
        path[here] = None
        here = before[here]
    seen = list(path)
    cycle = seen[seen.index(here) :][::-1]
    order = {node: place for place, node in enumerate(following)}
    first = cycle.index(min(cycle, key=order.__getitem__))
    return [*cycle[first:], *cycle[: first + 1]]
