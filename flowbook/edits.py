"""What can be done to a workflow in the editor, and the history that undoes it and does it again.

An :class:`Action` is a recipe. Done, it becomes a :class:`Step`, which knows its inverse since it holds the workflow
before and after: nodes, edges and notes are frozen, so the two share all that has not changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from flowbook.errors import InvalidName
from flowbook.expressions import rename_in_expression, rename_reference
from flowbook.models import Edge, Node, Note, Parameter, Workflow, check_node_id

STEPS_KEPT = 200
PASTE_SHIFT = 40.0  # pixels between something and its duplicate

Place = tuple[float, float]
EdgeKey = tuple[str, str, str]


@dataclass(frozen=True)
class Action:
    """One edit: ``label`` says what it does, ``change`` does it to a workflow, raising what its methods raise."""

    label: str
    change: Callable[[Workflow], None]


@dataclass(frozen=True)
class Step:
    """An edit that was made, with the workflow ``before`` and ``after`` it."""

    label: str
    before: Workflow
    after: Workflow

    def inverse(self) -> Step:
        """The step that takes this one back."""
        return Step(self.label, self.after, self.before)


def snapshot(workflow: Workflow) -> Workflow:
    """A copy that can be changed by itself; it shares the frozen parts."""
    return Workflow(
        name=workflow.name,
        description=workflow.description,
        inputs=workflow.inputs,
        nodes=workflow.nodes,
        edges=tuple(workflow.edges),
        layout=workflow.layout,
        notes=workflow.notes,
    )


class History:
    """A workflow under edit: what was done to it, what was undone, and whether it differs from what is saved.

    ``workflow`` is never changed in place: each edit gives a new one, so whoever holds it may keep it.
    """

    def __init__(self, workflow: Workflow, *, saved: bool = True) -> None:
        self.workflow = snapshot(workflow)
        self._saved: Workflow | None = self.workflow if saved else None
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._merging: str | None = None

    @property
    def dirty(self) -> bool:
        """Whether the workflow differs from the one that was saved."""
        saved = self._saved
        return saved is None or not (self.workflow is saved or self.workflow == saved)

    @property
    def undo_label(self) -> str:
        """What :meth:`undo` would take back; empty when there is nothing."""
        return self._done[-1].label if self._done else ""

    @property
    def redo_label(self) -> str:
        """What :meth:`redo` would do again; empty when there is nothing."""
        return self._undone[-1].label if self._undone else ""

    def do(self, *actions: Action, label: str = "", merge: str | None = None) -> Step | None:
        """Make these edits as one step: all, or, when one is refused, none. None when they change nothing.

        ``merge`` names a field that is being typed in: edits with the same name in a row are one step to undo.
        """
        before, after = self.workflow, snapshot(self.workflow)
        for action in actions:
            action.change(after)
        if after == before:
            return None
        step = Step(label or (actions[0].label if actions else ""), before, after)
        self.workflow = after
        self._undone.clear()
        if merge is not None and merge == self._merging and self._done:
            self._done[-1] = Step(step.label, self._done[-1].before, after)
        else:
            self._done.append(step)
            del self._done[:-STEPS_KEPT]
        self._merging = merge
        return step

    def undo(self) -> Step | None:
        """Take the last step back; the step that this was, None when there is nothing to undo."""
        return self._travel(self._done, self._undone)

    def redo(self) -> Step | None:
        """Do again what was undone last; the step that this was, None when there is nothing."""
        return self._travel(self._undone, self._done)

    def _travel(self, source: list[Step], target: list[Step]) -> Step | None:
        self._merging = None
        if not source:
            return None
        step = source.pop().inverse()
        target.append(step)
        self.workflow = step.after
        return step

    def mark_saved(self, workflow: Workflow | None = None) -> None:
        """Remember ``workflow`` (the present one) as the saved state."""
        self._merging = None
        self._saved = self.workflow if workflow is None else workflow


# -- nodes -----------------------------------------------------------------------------------------------------


def add_node(id: str, node: Node, at: Place | None = None) -> Action:
    """Add a node, at a place on the canvas."""

    def change(workflow: Workflow) -> None:
        fields = {name: getattr(node, name) for name in Node.model_fields if name not in _ADDED}
        workflow.add(id, node.task, node.integration, node.params, at=at, **fields)

    return Action(f"Add {id}", change)


_ADDED = frozenset({"task", "integration", "params"})


def change_node(id: str, **fields: Any) -> Action:
    """Give a node other values for some of its fields."""
    return Action(f"Change {id}", lambda workflow: workflow.change(id, **fields))


def rename_node(old: str, new: str) -> Action:
    """Give a node another id; every expression of the workflow that refers to it says the new one."""

    def change(workflow: Workflow) -> None:
        workflow.rename(old, new)
        if new != old:
            _refer(workflow, lambda node: renamed(node, "nodes", old, new), "nodes", old, new)

    return Action(f"Rename {old}", change)


def move(positions: Mapping[str, Sequence[float]], notes: Mapping[str, Sequence[float]] | None = None) -> Action:
    """Put nodes and notes at other places."""

    def change(workflow: Workflow) -> None:
        for id, (x, y) in positions.items():
            workflow.move(id, x, y)
        for id, (x, y) in (notes or {}).items():
            if id in workflow.notes:
                workflow.set_note(id, workflow.notes[id].text, (float(x), float(y)))

    return Action("Move", change)


def remove(nodes: Iterable[str] = (), edges: Iterable[EdgeKey] = (), notes: Iterable[str] = ()) -> Action:
    """Remove nodes (with the edges at them), edges given as (source, target, on), and notes."""
    gone, cut, papers = list(nodes), list(edges), list(notes)

    def change(workflow: Workflow) -> None:
        for source, target, on in cut:
            workflow.disconnect(source, target, on)
        for id in gone:
            workflow.remove(id)
        for id in papers:
            workflow.remove_note(id)

    count = len(gone) + len(papers) or len(cut)
    only = (gone + papers)[0] if len(gone) + len(papers) == 1 else ""
    return Action(f"Delete {only or (f'{count} things' if count > 1 else 'connection')}", change)


# -- edges -----------------------------------------------------------------------------------------------------


def connect(source: str, target: str, on: str = "success", when: str | bool | None = None) -> Action:
    """Add an edge."""
    return Action(f"Connect {source} → {target}", lambda flow: flow.connect(source, target, on, when))  # type: ignore[arg-type]


def change_edge(key: EdgeKey, **fields: Any) -> Action:
    """Give an edge another ``on`` or ``when``."""
    source, target, on = key
    return Action(f"Change {source} → {target}", lambda flow: flow.change_edge(source, target, on, **fields))


# -- the workflow itself -----------------------------------------------------------------------------------------


def set_inputs(inputs: Sequence[Parameter], renamed_from: Mapping[str, str] | None = None) -> Action:
    """Give the workflow these inputs in place of those it has.

    ``renamed_from`` maps new names to the old ones: expressions follow.
    """

    def change(workflow: Workflow) -> None:
        for name in list(workflow.inputs):
            workflow.remove_input(name)
        for given in inputs:
            fields = {name: getattr(given, name) for name in ("required", "description", "default", "choices")}
            workflow.set_input(given.name, given.type, **fields)
        for old, new in _disjoint({old: new for new, old in (renamed_from or {}).items() if old != new}, workflow):
            _refer(workflow, lambda node, o=old, n=new: renamed(node, "inputs", o, n), "inputs", old, new)  # type: ignore[misc]

    return Action("Change the inputs", change)


def describe(description: str) -> Action:
    """Give the workflow another description."""
    return Action("Change the description", lambda workflow: workflow.describe(description))


def set_note(id: str, text: str, at: Place) -> Action:
    """Add a note, or change its text and place."""
    return Action("Write a note", lambda workflow: workflow.set_note(id, text, at))


def become(other: Workflow, label: str) -> Action:
    """Take over all of another workflow but its name: an import, or an older version."""

    def change(workflow: Workflow) -> None:
        for note in list(workflow.notes):
            workflow.remove_note(note)
        for node in list(workflow.nodes):
            workflow.remove(node)
        set_inputs(list(other.inputs.values())).change(workflow)
        workflow.describe(other.description)
        for id, step in other.nodes.items():
            workflow.put(id, step)
        for edge in other.edges:
            workflow.connect(edge.source, edge.target, edge.on, edge.when)
        for id, (x, y) in other.layout.items():
            workflow.move(id, x, y)
        for id, paper in other.notes.items():
            workflow.set_note(id, paper.text, paper.at)

    return Action(label, change)


# -- copying -----------------------------------------------------------------------------------------------------


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
            when = edge.when
            for was, now in changing.items():
                when = rename_in_expression(when, "nodes", was, now) if isinstance(when, str) else when
            flow.connect(names[edge.source], names[edge.target], edge.on, when)
        for old, note in clip.notes.items():
            flow.set_note(papers[old], note.text, (note.at[0] + dx, note.at[1] + dy))

    count = len(names) + len(papers)
    return (
        Action(f"Paste {count} thing{'' if count == 1 else 's'}", change),
        list(names.values()),
        list(papers.values()),
    )


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


def renamed(node: Node, kind: Any, old: str, new: str) -> Node:
    """A node whose params and expressions refer to ``new`` where they referred to ``old`` (kind: nodes or inputs)."""
    retry = node.retry
    if retry is not None and retry.until is not None:
        retry = retry.model_copy(update={"until": rename_in_expression(retry.until, kind, old, new)})
    found = {
        "params": rename_reference(node.params, kind, old, new),
        "when": _bare(node.when, kind, old, new),
        "for_each": _bare(node.for_each, kind, old, new),
        "retry": retry,
    }
    if all(value == getattr(node, name) for name, value in found.items()):
        return node
    return node.model_copy(update=found)


def _bare(value: Any, kind: Any, old: str, new: str) -> Any:
    if isinstance(value, str):
        return rename_in_expression(value, kind, old, new)
    return rename_reference(value, kind, old, new)


def _refer(workflow: Workflow, follow: Callable[[Node], Node], kind: Any, old: str, new: str) -> None:
    for id, node in list(workflow.nodes.items()):
        changed = follow(node)
        if changed is not node:
            workflow.put(id, changed)
    for edge in list(workflow.edges):
        if isinstance(edge.when, str):
            when = rename_in_expression(edge.when, kind, old, new)
            if when != edge.when:
                workflow.change_edge(edge.source, edge.target, edge.on, when=when)


def _disjoint(renames: Mapping[str, str], workflow: Workflow) -> list[tuple[str, str]]:
    """Renames one after the other that come to the same as all at once, also when names are swapped."""
    if not set(renames) & set(renames.values()):
        return list(renames.items())
    taken = {*renames, *renames.values(), *workflow.inputs}
    middle = {}
    for old in renames:
        middle[old] = free_id("renaming", taken)
        taken.add(middle[old])
    return [*middle.items(), *((middle[old], new) for old, new in renames.items())]


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
