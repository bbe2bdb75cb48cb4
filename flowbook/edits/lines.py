"""The lines of a workflow as places: a node put into one, an end led elsewhere, a node that leaves its line whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flowbook.counting import counted
from flowbook.edits.actions import EdgeKey, add_node, move
from flowbook.edits.history import Action
from flowbook.edits.places import COLUMN, Place
from flowbook.errors import InputError, NotFound
from flowbook.models import Edge, Node, Workflow
from flowbook.models.references import renamed_edge

_OTHER = "somewhere_else"  # what a node is called for a moment, to see whether a condition speaks of it


def splice(key: EdgeKey, id: str, node: Node, at: Place | None = None) -> Action:
    """Put a new node into an edge: the edge's ``on`` and ``when`` lead to it, and it leads on to what came after."""

    def change(workflow: Workflow) -> None:
        add_node(id, node, at).change(workflow)
        into(key, id).change(workflow)

    return Action(f"Add {id}", change)


def splice_with_room(workflow: Workflow, key: EdgeKey, id: str, node: Node, at: Place | None = None) -> list[Action]:
    """:func:`splice`, in the middle of the line; what comes after moves to the right as far as the node needs room.

    Where there is room already, or a place is given, nothing moves.
    """
    source, target, _ = key
    places = workflow.layout
    if source not in places or target not in places:
        return [splice(key, id, node, at)]
    (x0, y0), (x1, y1) = places[source], places[target]
    made = [splice(key, id, node, ((x0 + x1) / 2, (y0 + y1) / 2) if at is None else at)]
    lacking = 2 * COLUMN - (x1 - x0)
    if at is not None or not 0 < lacking <= COLUMN:
        return made
    after = {one for one in workflow.nodes if one == target or target in workflow.upstream(one)}
    moved = {one: (places[one][0] + lacking, places[one][1]) for one in after if one in places}
    return [splice(key, id, node, (x0 + COLUMN, (y0 + y1) / 2)), move(moved)]


def into(key: EdgeKey, id: str) -> Action:
    """Put a node that is there into an edge; what it is connected to already stays."""
    source, target, on = key

    def change(workflow: Workflow) -> None:
        edge = _edge(workflow, key)
        if id in (source, target):
            raise InputError(f"{id!r} is at an end of this line already.", "Choose another line.")
        workflow.disconnect(source, target, on)
        _join(workflow, Edge(source=source, target=id, on=edge.on, when=edge.when))
        _join(workflow, Edge(source=id, target=target))

    return Action(f"Put {id} between {source} and {target}", change)


def reconnect(key: EdgeKey, *, source: str | None = None, target: str | None = None) -> Action:
    """Let an edge begin or end at another node; it keeps ``on`` and ``when``, and its place among the edges."""

    def change(workflow: Workflow) -> None:
        old = _edge(workflow, key)
        new = old.model_copy(update={"source": source or old.source, "target": target or old.target})
        if new == old:
            return
        edges = list(workflow.edges)
        for edge in edges:
            workflow.disconnect(edge.source, edge.target, edge.on)
        for edge in edges:
            now = new if edge is old else edge
            workflow.connect(now.source, now.target, now.on, now.when)

    return Action(f"Reconnect {key[0]} → {key[1]}", change)


def remove_keeping_lines(nodes: Iterable[str]) -> Action:
    """Remove nodes, and join what came before each with what came after it.

    A line is kept where it is one: a node with one edge to it, or with one from it that is not for failures. The new
    edge has the ``on`` of the first, and both conditions, without one that speaks of the node that goes.
    Raises InputError when no one line goes through any of them.
    """
    gone = list(nodes)

    def change(workflow: Workflow) -> None:
        if not any(kept_lines(workflow, id) for id in gone):
            raise InputError(
                f"No one line goes through {_title(workflow, gone[0]) if len(gone) == 1 else 'any of these'}.",
                "Delete it, and draw the lines that you want.",
            )
        for id in gone:
            lines = kept_lines(workflow, id)
            workflow.remove(id)
            for edge in lines:
                _join(workflow, edge)

    return Action(f"Delete {gone[0] if len(gone) == 1 else counted(len(gone), 'thing')}", change)


def _title(workflow: Workflow, id: str) -> str:
    """What the canvas calls a node."""
    node = workflow.nodes.get(id)
    return f"“{node.label or id if node is not None else id}”"


def kept_lines(workflow: Workflow, id: str) -> Sequence[Edge]:
    """The edges that take a node's place when it goes; none when no one line goes through it."""
    before = list(workflow.edges_to(id))
    after = [edge for edge in workflow.edges_from(id) if edge.on != "failure"]
    if not before or not after or (len(before) > 1 and len(after) > 1):
        return ()
    return [
        Edge(source=first.source, target=last.target, on=first.on, when=_both(id, first, last))
        for first in before
        for last in after
    ]


def _both(id: str, first: Edge, last: Edge) -> str | bool | None:
    """Both conditions in one, without the second if it speaks of the node between."""
    then = last.when if renamed_edge(last, "nodes", id, _OTHER) == last else None
    if first.when is None or then is None:
        return then if first.when is None else first.when
    if isinstance(first.when, bool) or isinstance(then, bool):
        plain, other = (first.when, then) if isinstance(first.when, bool) else (then, first.when)
        return other if plain else False
    return f"({_bare(first.when)}) and ({_bare(then)})"


def _bare(when: str | bool) -> str:
    text = str(when).strip()
    whole = text.startswith("${{") and text.endswith("}}") and "${{" not in text[3:]
    return text[3:-2].strip() if whole else text


def _join(workflow: Workflow, edge: Edge) -> None:
    """Add an edge, unless the two are joined in that way already."""
    if any((one.source, one.target, one.on) == (edge.source, edge.target, edge.on) for one in workflow.edges):
        return
    workflow.connect(edge.source, edge.target, edge.on, edge.when)


def _edge(workflow: Workflow, key: EdgeKey) -> Edge:
    for edge in workflow.edges:
        if (edge.source, edge.target, edge.on) == key:
            return edge
    raise NotFound("edge", f"{key[0]} → {key[1]} on {key[2]}")
