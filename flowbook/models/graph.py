"""The shape of a graph, asked in one place: what leads where, in which order, what is before what, and circles."""

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


class Links:
    """Which node leads to which: ``following`` and ``preceding`` hold each node's neighbours, in the edges' order.

    ``pairs`` are (source, target); those that name a node that is not in ``nodes`` are ignored. A pair that is given
    twice counts twice, as two nodes may be joined by an edge for each outcome.
    """

    __slots__ = ("following", "preceding")

    def __init__(self, nodes: Iterable[str] = (), pairs: Iterable[tuple[str, str]] = ()) -> None:
        self.following: dict[str, list[str]] = {id: [] for id in nodes}
        self.preceding: dict[str, list[str]] = {id: [] for id in self.following}
        following, preceding = self.following, self.preceding
        for source, target in pairs:
            if source in following and target in following:
                following[source].append(target)
                preceding[target].append(source)

    # -- changing it -----------------------------------------------------------------------------------------

    def add(self, id: str) -> None:
        """Add a node without edges."""
        self.following[id] = []
        self.preceding[id] = []

    def remove(self, id: str) -> None:
        """Remove a node and the links at it."""
        for target in set(self.following.pop(id)):
            self.preceding[target] = [source for source in self.preceding[target] if source != id]
        for source in set(self.preceding.pop(id)):
            self.following[source] = [target for target in self.following[source] if target != id]

    def link(self, source: str, target: str) -> None:
        """Have one node lead to another, once more."""
        self.following[source].append(target)
        self.preceding[target].append(source)

    def unlink(self, source: str, target: str) -> None:
        """Take the links from one node to another away."""
        self.following[source] = [id for id in self.following[source] if id != target]
        self.preceding[target] = [id for id in self.preceding[target] if id != source]

    # -- asking it -------------------------------------------------------------------------------------------

    def order(self) -> list[str]:
        """The nodes that wait for none, in their own order, and then, after each, those that waited for it last.

        Those on a circle, and behind one, are left out.
        """
        waiting = {id: len(before) for id, before in self.preceding.items()}
        order = [id for id, count in waiting.items() if not count]
        for id in order:
            for target in self.following[id]:
                waiting[target] -= 1
                if not waiting[target]:
                    order.append(target)
        return order

    def upstream(self, *ids: str) -> set[str]:
        """The nodes from which a path leads to one of ``ids``."""
        found: set[str] = set()
        waiting = [before for id in ids for before in self.preceding.get(id, ())]
        while waiting:
            here = waiting.pop()
            if here not in found:
                found.add(here)
                waiting.extend(self.preceding[here])
        return found

    def path(self, start: str, end: str) -> list[str]:
        """The nodes on a path, both ends included; empty when there is none."""
        if start != end and not (self.following.get(start) and self.preceding.get(end)):
            return []
        came_from: dict[str, str] = {start: ""}
        waiting = [start]
        while waiting:
            here = waiting.pop()
            if here == end:
                path = [here]
                while came_from[path[-1]]:
                    path.append(came_from[path[-1]])
                return path[::-1]
            for onward in self.following.get(here, ()):
                if onward not in came_from:
                    came_from[onward] = here
                    waiting.append(onward)
        return []

    def circle(self) -> list[str]:
        """The nodes of a circle, the first one again at the end; empty when there is none.

        It begins with the one that comes first among the nodes; the same graph always names the same circle.
        """
        done = self.order()
        if len(done) == len(self.following):
            return []
        left = dict.fromkeys(self.following)
        for id in done:
            del left[id]
        before: dict[str, str] = {}
        for source in left:
            for target in self.following[source]:
                if target in left:
                    before[target] = source
        here = min(left)
        path: dict[str, None] = {}
        while here not in path:
            path[here] = None
            here = before[here]
        seen = list(path)
        circle = seen[seen.index(here) :][::-1]
        place = {id: number for number, id in enumerate(self.following)}
        first = circle.index(min(circle, key=place.__getitem__))
        return [*circle[first:], *circle[: first + 1]]

    def depths(self) -> dict[str, int]:
        """The length of the longest way to each node; a circle is cut at its first node."""
        depth = dict.fromkeys(self.following, 0)
        waiting = {id: len(before) for id, before in self.preceding.items()}
        ready = [id for id, count in waiting.items() if not count]
        ids, done = iter(self.following), set[str]()
        while len(done) < len(depth):
            id = ready.pop() if ready else next(id for id in ids if id not in done)
            if id in done:
                continue
            done.add(id)
            for target in self.following[id]:
                if target in done:
                    continue
                depth[target] = max(depth[target], depth[id] + 1)
                waiting[target] -= 1
                if not waiting[target]:
                    ready.append(target)
        return depth


class Ancestry:
    """What is before what, for many questions at once: sets of nodes are the bits of an integer.

    Joining two sets of ten thousand nodes takes less than a microsecond. Nodes on a circle, and behind one, are not
    ``known``.
    """

    __slots__ = ("_before", "bit")

    def __init__(self, links: Links, order: Iterable[str] | None = None) -> None:
        self.bit = {id: 1 << place for place, id in enumerate(links.following)}
        self._before: dict[str, int] = {}
        for id in links.order() if order is None else order:
            bits = 0
            for source in links.preceding[id]:
                bits |= self._before[source] | self.bit[source]
            self._before[id] = bits

    def known(self, id: str) -> bool:
        """Whether it is known what is before a node."""
        return id in self._before

    def is_before(self, id: str, other: str) -> bool:
        """Whether a path leads from ``id`` to ``other``; False when that is not known."""
        return bool(self._before.get(other, 0) & self.bit[id])


def find_cycle(nodes: Iterable[str], edges: Iterable[tuple[str, str]]) -> list[str]:
    """The nodes of a cycle, the first one again at the end; empty when there is none.

    It begins with the one that comes first in ``nodes``. Edges that name unknown nodes are ignored.
    """
    return Links(nodes, edges).circle()
