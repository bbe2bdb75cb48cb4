"""Copying a part of a workflow, also as text, and pasting it into the same one or another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flowbook.counting import counted
from flowbook.edits.actions import add_node
from flowbook.edits.history import Action
from flowbook.edits.places import Place, free_id
from flowbook.formats.flowfile import dumps, loads
from flowbook.models import Edge, Node, Note, Workflow
from flowbook.models.references import renamed, renamed_edge
from flowbook.records import NamedTuple

CLIP_NAME = "clipboard"  # what the piece of a flow file that a clip is as text calls itself
PASTE_SHIFT = 40.0  # pixels between something and its duplicate


class Clip(NamedTuple):
    """What was copied: nodes, the edges among them, notes, and their places."""

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]
    layout: Mapping[str, Place]
    notes: Mapping[str, Note]


def copied(workflow: Workflow, nodes: Iterable[str], notes: Iterable[str] = ()) -> Clip:
    """A clip of these nodes and notes."""
    chosen = {id: workflow.nodes[id] for id in workflow.nodes if id in set(nodes)}
    inner = tuple(edge for edge in workflow.edges if edge.source in chosen and edge.target in chosen)
    layout = {id: workflow.layout[id] for id in chosen if id in workflow.layout}
    return Clip(chosen, inner, layout, {id: workflow.notes[id] for id in notes if id in workflow.notes})


def paste(clip: Clip, workflow: Workflow, at: Place | None = None) -> tuple[Action, list[str], list[str]]:
    """(the action, the new nodes' ids, the new notes' ids).

    ``at`` is the middle of what is pasted; without it, it stands a little beside where it was. Ids that are taken
    get a number, and what refers to them inside the clip follows.
    """
    names = _fresh_names(clip.nodes, workflow.nodes)
    papers = _fresh_names(clip.notes, workflow.notes)
    dx, dy = _shift(clip, at)
    changing = {old: new for old, new in names.items() if old != new}

    def change(flow: Workflow) -> None:
        for old, node in clip.nodes.items():
            for was, now in changing.items():
                node = renamed(node, "nodes", was, now)
            x, y = clip.layout.get(old, (0.0, 0.0))
            add_node(names[old], node, (x + dx, y + dy)).change(flow)
        for edge in clip.edges:
            for was, now in changing.items():
                edge = renamed_edge(edge, "nodes", was, now)
            flow.connect(names[edge.source], names[edge.target], edge.on, edge.when)
        for old, note in clip.notes.items():
            flow.set_note(papers[old], note.text, (note.at[0] + dx, note.at[1] + dy))

    count = len(names) + len(papers)
    return (
        Action(f"Paste {counted(count, 'thing')}", change),
        list(names.values()),
        list(papers.values()),
    )


def clip_text(clip: Clip) -> str:
    """A clip as a piece of a flow file: a whole one, of which nothing but nodes, edges, places and notes is meant."""
    flow = Workflow(
        name=CLIP_NAME, nodes=clip.nodes, edges=clip.edges, layout=clip.layout, notes=clip.notes,
    )  # fmt: skip
    return dumps(flow)


def clip_of(text: str) -> Clip | None:
    """The clip that a text is: of a piece of a flow file, or of a whole one; None for every other text."""
    if not text.lstrip("\ufeff \r\n").startswith("flowbook:"):
        return None
    flow = loads(text, "the clipboard")
    return copied(flow, flow.nodes, flow.notes)


def _fresh_names(wanted: Iterable[str], there: Iterable[str]) -> dict[str, str]:
    wanted, taken = list(wanted), set(there)
    names: dict[str, str] = {}
    reserved = taken | set(wanted)
    for old in wanted:
        names[old] = free_id(old, reserved) if old in taken else old
        reserved.add(names[old])
    return names


def _shift(clip: Clip, at: Place | None) -> Place:
    places = [*clip.layout.values(), *(note.at for note in clip.notes.values())]
    if at is None or not places:
        return (PASTE_SHIFT, PASTE_SHIFT)
    xs, ys = [x for x, _ in places], [y for _, y in places]
    return (at[0] - (min(xs) + max(xs)) / 2, at[1] - (min(ys) + max(ys)) / 2)
