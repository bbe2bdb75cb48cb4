"""Places for the nodes of a graph, left to right, where no browser is there to arrange it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from flowbook.models import Links

COLUMN = 280.0
ROW = 92.0
SWEEPS = 4


def layered(nodes: Iterable[str], edges: Iterable[tuple[str, str]]) -> dict[str, tuple[float, float]]:
    """The centre of every node: ``{id: (x, y)}`` in pixels.

    A node stands one column to the right of the last of those before it; within a column, nodes stand near the
    middle of their neighbours, so that few edges cross. Equal graphs give equal places. Edges that close a cycle, and
    those that name other nodes, are ignored.
    """
    ids = list(dict.fromkeys(nodes))
    links = Links(ids, ((source, target) for source, target in dict.fromkeys(edges) if source != target))
    after, before = links.following, links.preceding
    columns: dict[int, list[str]] = defaultdict(list)
    for id, depth in links.depths().items():
        columns[depth].append(id)
    layers = [columns[depth] for depth in sorted(columns)]
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        ordered = layers[1:] if forward else layers[-2::-1]
        rank = {id: place for layer in layers for place, id in enumerate(layer)}
        for layer in ordered:
            _sort(layer, before if forward else after, rank)
    return _coordinates(layers)


def _sort(layer: list[str], neighbours: dict[str, list[str]], rank: dict[str, int]) -> None:
    """Order ``layer`` by the mean rank of its nodes' neighbours; those without keep their own."""
    middle = {
        id: sum(rank[n] for n in neighbours[id]) / len(neighbours[id]) if neighbours[id] else float(rank[id])
        for id in layer
    }
    layer.sort(key=lambda node: (middle[node], rank[node]))
    rank.update({id: place for place, id in enumerate(layer)})


def _coordinates(layers: Sequence[Sequence[str]]) -> dict[str, tuple[float, float]]:
    tallest = max((len(layer) for layer in layers), default=0)
    return {
        id: (column * COLUMN, (place + (tallest - len(layer)) / 2) * ROW)
        for column, layer in enumerate(layers)
        for place, id in enumerate(layer)
    }
