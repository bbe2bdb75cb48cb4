"""What is free on a workflow: an id that no other has, and a place on the canvas where nothing stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flowbook.errors import InvalidName
from flowbook.models import check_node_id

Place = tuple[float, float]

COLUMN, ROW = 260.0, 92.0  # pixels from a node to one that is put beside it


def free_place(layout: Mapping[str, Place], beside: Sequence[str] = ()) -> Place:
    """Where a new node stands: right of the last of ``beside``, else right of all; below what is there."""
    placed = [id for id in beside if id in layout]
    if not layout:
        return (0.0, 0.0)
    x, y = layout[placed[-1]] if placed else max(layout.values())
    x += COLUMN
    while any(abs(x - a) < COLUMN * 0.8 and abs(y - b) < ROW * 0.8 for a, b in layout.values()):
        y += ROW
    return (x, y)


def place_above(layout: Mapping[str, Place]) -> Place:
    """Where a new note stands: above the nodes."""
    places = list(layout.values())
    return (min(x for x, _ in places), min(y for _, y in places) - ROW) if places else (0.0, 0.0)


def free_id(wanted: str, taken: Iterable[str]) -> str:
    """A node id made of ``wanted`` that is not taken: ``send_message``, then ``send_message_2``."""
    letters = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in wanted.lower()).strip("_")
    try:
        base = check_node_id(letters)
    except InvalidName:
        base = f"node_{letters}" if letters else "node"
    used = set(taken)
    if base not in used:
        return base
    stem, _, number = base.rpartition("_")
    stem = stem if stem and number.isdigit() else base
    return next(name for name in (f"{stem}_{n}" for n in range(2, len(used) + 3)) if name not in used)
