"""Places for the nodes of a graph, left to right, where no browser is there to arrange it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from flowbook.models import Links

COLUMN = 280.0
ROW = 92.0
SWEEPS = 4
LONGEST_ROW = 12  # columns that stand side by side before a graph is wrapped as text is
ROW_GAP = 60.0  # pixels between the rows of a wrapped graph
SHAPE = 1.8  # width to height that a wrapped graph comes near to: that of a canvas


def layered(nodes: Iterable[str], edges: Iterable[tuple[str, str]]) -> dict[str, tuple[float, float]]:
    """The centre of every node: ``{id: (x, y)}`` in pixels.

    A node stands one column to the right of the last of those before it; within a column, nodes stand near the
    middle of their neighbours, so that few edges cross. What is longer than twelve columns and would be a thin line is
    wrapped: it goes on at the left, below. Equal graphs give equal places. Edges that close a cycle, and those that
    name other nodes, are ignored.
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


def columns_in_row(columns: int, tallest: int) -> int:
    """How many of a graph's columns stand side by side: all of a short one, else so many that it fills a canvas."""
    if columns <= LONGEST_ROW:
        return columns
    fitting = math.ceil(math.sqrt(SHAPE * columns * (tallest * ROW + ROW_GAP) / COLUMN))
    return columns if fitting >= columns else math.ceil(columns / math.ceil(columns / fitting))


def _coordinates(layers: Sequence[Sequence[str]]) -> dict[str, tuple[float, float]]:
    width = columns_in_row(len(layers), max((len(layer) for layer in layers), default=0))
    places: dict[str, tuple[float, float]] = {}
    top = 0.0
    for start in range(0, len(layers), width or 1):
        row = layers[start : start + width]
        tallest = max(len(layer) for layer in row)
        for column, layer in enumerate(row):
            for place, id in enumerate(layer):
                places[id] = (column * COLUMN, top + (place + (tallest - len(layer)) / 2) * ROW)
        top += tallest * ROW + ROW_GAP
    return places
