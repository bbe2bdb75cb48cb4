"""What can be done to a workflow, each as an action."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flowbook.counting import counted
from flowbook.edits.history import Action
from flowbook.edits.places import Place, free_id
from flowbook.errors import NotFound
from flowbook.models import Node, Parameter, Workflow
from flowbook.tasks import TaskSpec

EdgeKey = tuple[str, str, str]


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


def disable(ids: Iterable[str], disabled: bool) -> Action:
    """Have nodes pass on what comes before them instead of running, or run again."""
    chosen = list(ids)

    def change(workflow: Workflow) -> None:
        for id in chosen:
            workflow.change(id, disabled=disabled)

    only = chosen[0] if len(chosen) == 1 else f"{counted(len(chosen), 'node')}"
    return Action(f"{'Disable' if disabled else 'Enable'} {only}", change)


def replace_task(id: str, spec: TaskSpec, integration: str | None = None) -> Action:
    """Give a node another task. Params that the new one has by name stay, and all that does not belong to a task.

    Data that is pinned goes: it is the old task's.
    """

    def change(workflow: Workflow) -> None:
        if id not in workflow.nodes:
            raise NotFound("node", id, workflow.nodes)
        kept = {name: value for name, value in workflow.nodes[id].params.items() if _fits(spec, name, value)}
        workflow.change(id, task=spec.name, integration=integration, params=kept, pinned=None)

    return Action(f"Replace the task of {id}", change)


def _fits(spec: TaskSpec, name: str, value: Any) -> bool:
    parameter = spec.parameter(name)
    if parameter is None:
        return spec.open_params and not spec.parameters
    return not parameter.choices or value in parameter.choices or (isinstance(value, str) and "${{" in value)


def rename_node(old: str, new: str) -> Action:
    """Give a node another id; all that refers to it says the new one (:meth:`Workflow.rename`)."""
    return Action(f"Rename {old}", lambda workflow: workflow.rename(old, new), {old: new} if old != new else {})


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
    return Action(f"Delete {only or (counted(count, 'thing') if count > 1 else 'connection')}", change)


# -- edges -----------------------------------------------------------------------------------------------------


def connect(source: str, target: str, on: str = "success", when: str | bool | None = None) -> Action:
    """Add an edge."""
    return Action(f"Connect {source} → {target}", lambda flow: flow.connect(source, target, on, when))  # type: ignore[arg-type]


def change_edge(key: EdgeKey, **fields: Any) -> Action:
    """Give an edge another ``on`` or ``when``."""
    source, target, on = key
    return Action(f"Change {source} → {target}", lambda flow: flow.change_edge(source, target, on, **fields))


# -- the workflow itself ------------------------------------------------------------------------------------------


def set_inputs(inputs: Sequence[Parameter], renamed_from: Mapping[str, str] | None = None) -> Action:
    """Give the workflow these inputs in place of those it has.

    ``renamed_from`` maps new names to the old ones: expressions follow.
    """

    renames = {old: new for new, old in (renamed_from or {}).items() if old != new}

    def change(workflow: Workflow) -> None:
        for name in list(workflow.inputs):
            if name not in renames:
                workflow.remove_input(name)
        for old, new in _disjoint({old: new for old, new in renames.items() if old in workflow.inputs}):
            workflow.rename_input(old, new)
        for name in list(workflow.inputs):
            workflow.remove_input(name)
        for given in inputs:
            fields = {name: getattr(given, name) for name in ("required", "description", "default", "choices")}
            workflow.set_input(given.name, given.type, **fields)

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


def _disjoint(renames: Mapping[str, str]) -> list[tuple[str, str]]:
    """Renames one after the other that come to the same as all at once, also when names are swapped."""
    if not set(renames) & set(renames.values()):
        return list(renames.items())
    taken = {*renames, *renames.values()}
    middle = {}
    for old in renames:
        middle[old] = free_id("renaming", taken)
        taken.add(middle[old])
    return [*middle.items(), *((middle[old], new) for old, new in renames.items())]
