"""What the canvas shows of a workflow, and the small changes that lead from one state of it to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flowbook.edits import Action, EdgeKey
from flowbook.models import Workflow
from flowbook.view.graph.elements import Badge, Change, Keyed, keyed

LABEL_KEPT = 300  # letters of a condition: what a canvas cuts it to, it can show whole on hovering


def elements_of(workflow: Workflow, badge_of: Callable[[str], Badge], problems: Mapping[str, str]) -> Keyed:
    """The canvas's elements; ``badge_of(folder)`` gives a badge, ``problems`` a sentence by node id."""
    shown: Keyed = {"nodes": {}, "edges": {}, "notes": {}}
    for id, node in workflow.nodes.items():
        x, y = workflow.layout.get(id, (0.0, 0.0))
        shown["nodes"][id] = {
            "id": id, "label": node.label or id, "task": node.task, "badge": badge_of(node.folder), "x": x, "y": y,
            "disabled": node.disabled, "problem": problems.get(id), "pinned": node.pinned is not None,
        }  # fmt: skip
    for edge in workflow.edges:
        id = edge_id((edge.source, edge.target, edge.on))
        label = "" if edge.when is None else str(edge.when)
        label = " ".join(label.split())
        label = label if len(label) <= LABEL_KEPT else f"{label[: LABEL_KEPT - 1]}…"
        shown["edges"][id] = {"id": id, "source": edge.source, "target": edge.target, "on": edge.on, "label": label}
    for id, note in workflow.notes.items():
        shown["notes"][id] = {
            "id": id, "text": note.words, "x": note.at[0], "y": note.at[1], "color": note.color,
            "frame": None if note.size is None else list(note.size),
        }  # fmt: skip
    return shown


def edge_id(key: EdgeKey) -> str:
    """The id that an edge has on the canvas; no node id has a hyphen."""
    return "--".join(key)


def changes_between(before: Keyed, after: Keyed) -> list[Change]:
    """The changes that make a canvas which shows ``before`` show ``after``."""
    gone = before["nodes"].keys() - after["nodes"].keys()
    changes: list[Change] = []
    for id, edge in before["edges"].items():
        if id not in after["edges"] and not gone & {edge["source"], edge["target"]}:
            changes.append({"op": "remove", "kind": "edge", "id": id})
    for kind, group in (("node", "nodes"), ("note", "notes")):
        changes += [{"op": "remove", "kind": kind, "id": id} for id in before[group] if id not in after[group]]
    for kind, group in (("node", "nodes"), ("note", "notes"), ("edge", "edges")):
        for id, value in after[group].items():
            if id not in before[group]:
                changes.append({"op": "add", "kind": kind, "value": dict(value)})
            elif different := _different(before[group][id], value):
                changes.append({"op": "update", "kind": kind, "id": id, "value": different})
    moved = {group: _moved(before[group], after[group]) for group in ("nodes", "notes")}
    if any(moved.values()):
        changes.append({"op": "move", "positions": moved["nodes"], "notes": moved["notes"]})
    return changes


def _different(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in new.items() if name not in ("x", "y") and old.get(name) != value}


def _moved(old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]) -> dict[str, list[float]]:
    return {
        id: [value["x"], value["y"]]
        for id, value in new.items()
        if id in old and (old[id]["x"], old[id]["y"]) != (value["x"], value["y"])
    }


def place_missing() -> Action:
    """Give the nodes that have no place one, so that what is seen is what is stored."""

    def change(flow: Workflow) -> None:
        missing = [id for id in flow.nodes if id not in flow.layout]
        if not missing:
            return
        nodes: list[dict[str, Any]] = [{"id": id} for id in flow.nodes]
        for node in nodes:
            if node["id"] in flow.layout:
                node["x"], node["y"] = flow.layout[node["id"]]
        edges = [
            {"id": edge_id((e.source, e.target, e.on)), "source": e.source, "target": e.target} for e in flow.edges
        ]
        places = keyed({"nodes": nodes, "edges": edges})["nodes"]
        for id in missing:
            flow.move(id, round(places[id]["x"]), round(places[id]["y"]))

    return Action("Arrange", change)
