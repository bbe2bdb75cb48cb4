"""Frames: where one goes that is put around something, and where it goes when its nodes are arranged anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from flowbook.models import Workflow
from flowbook.models.notes import Note
from flowbook.view.graph.elements import look

NOTE_HEIGHT = 80  # pixels, about: the browser alone knows how high the words of a note are


class Box(NamedTuple):
    """A place on the canvas, by its sides."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def at(cls, x: float, y: float, width: float, height: float) -> Box:
        """The box with this middle."""
        return cls(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    @property
    def middle(self) -> tuple[float, float]:
        """Its middle."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def size(self) -> tuple[float, float]:
        """Its width and height."""
        return self.right - self.left, self.bottom - self.top

    def holds(self, other: Box) -> bool:
        """Whether the middle of ``other`` is inside."""
        x, y = other.middle
        return self.left < x < self.right and self.top < y < self.bottom

    def wider(self, left: float, top: float, right: float, bottom: float) -> Box:
        """The box with so much more at its sides."""
        return Box(self.left - left, self.top - top, self.right + right, self.bottom + bottom)


def around(boxes: Sequence[Box]) -> Box:
    """The smallest box with all of these inside; there must be one."""
    return Box(
        min(one.left for one in boxes), min(one.top for one in boxes),
        max(one.right for one in boxes), max(one.bottom for one in boxes),
    )  # fmt: skip


def framed(workflow: Workflow, nodes: Iterable[str], notes: Iterable[str]) -> Box | None:
    """Where a frame around these goes; None when they have no place."""
    boxes = [_card(workflow.layout[id]) for id in nodes if id in workflow.layout]
    boxes += [_paper(workflow.notes[id]) for id in notes if id in workflow.notes]
    if not boxes:
        return None
    room, head = look()["frame"]["room"], look()["frame"]["head"]
    return around(boxes).wider(room, head, room, room)


def kept_around(workflow: Workflow, positions: Mapping[str, Sequence[float]]) -> dict[str, Note]:
    """What becomes of frames and of the notes in them when nodes go to other places: a frame stands around those that
    stood in it, with as much room at its sides as before.
    """
    before = {id: _card(at) for id, at in workflow.layout.items()}
    after = {id: _card(positions.get(id, at)) for id, at in workflow.layout.items()}
    papers = {id: _paper(note) for id, note in workflow.notes.items()}
    changed: dict[str, Note] = {}
    frames = [id for id, note in workflow.notes.items() if note.size is not None]
    for id in sorted(frames, key=lambda one: papers[one].size[0] * papers[one].size[1]):
        box = papers[id]
        inside = [one for one, card in before.items() if box.holds(card)]
        if not inside:
            continue
        was, now = around([before[one] for one in inside]), around([after[one] for one in inside])
        place = now.wider(was.left - box.left, was.top - box.top, box.right - was.right, box.bottom - was.bottom)
        changed[id] = workflow.notes[id].but(size=place.size).model_copy(update={"at": place.middle})
        dx, dy = place.left - box.left, place.top - box.top
        for other, paper in papers.items():
            note = workflow.notes[other]
            if note.size is None and other not in changed and box.holds(paper):
                changed[other] = note.model_copy(update={"at": (note.at[0] + dx, note.at[1] + dy)})
    return {id: note for id, note in changed.items() if note != workflow.notes[id]}


def _card(at: Sequence[float]) -> Box:
    card = look()["card"]
    return Box.at(at[0], at[1], card["width"], card["height"])


def _paper(note: Note) -> Box:
    return Box.at(*note.at, *(note.size or (look()["note"]["width"], NOTE_HEIGHT)))
