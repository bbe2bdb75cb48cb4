"""What a canvas shows: nodes, edges and notes as plain data, and the small changes that can be made to them.

A node is placed by its centre; lengths are in pixels at zoom 1, x to the right and y downward.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypedDict

from flowbook.errors import AlreadyExists, InputError, NotFound
from flowbook.json_text import parse_json
from flowbook.view.graph.arrangement import layered
from flowbook.view.statuses import STATUSES, TONES

Kind: TypeAlias = Literal["node", "edge", "note"]
Change: TypeAlias = Mapping[str, Any]
Keyed: TypeAlias = dict[str, dict[str, dict[str, Any]]]

_GROUPS: dict[str, str] = {"node": "nodes", "edge": "edges", "note": "notes"}


class Badge(TypedDict, total=False):
    """The square at a card's left: ``icon`` (an image as a ``data:image/…`` address), else ``text`` on ``color``."""

    text: str
    icon: str
    color: str


class NodeElement(TypedDict, total=False):
    """A card. Only ``id`` is needed; a node without ``x`` and ``y`` is placed by itself."""

    id: str
    label: str
    task: str
    badge: Badge
    x: float
    y: float
    disabled: bool
    problem: str | None
    pinned: bool


class EdgeElement(TypedDict, total=False):
    """An arrow from ``source`` to ``target``; ``on`` is success (default), failure or always; ``label`` a condition."""

    id: str
    source: str
    target: str
    on: str
    label: str


class NoteElement(TypedDict, total=False):
    """A card of one of the colours of ``look()["paper"]`` with free text; a ``frame`` is its width and height."""

    id: str
    text: str
    x: float
    y: float
    color: str
    frame: list[float] | None


class Elements(TypedDict, total=False):
    """The whole graph that a canvas shows."""

    nodes: list[NodeElement]
    edges: list[EdgeElement]
    notes: list[NoteElement]


@cache
def look() -> dict[str, Any]:
    """The sizes, marks and light colours that the browser's canvas and the static drawing share.

    ``statuses`` gives the tone of each status, ``theme`` the variable of JupyterLab's theme for each tone.
    """
    loaded: dict[str, Any] = parse_json((Path(__file__).parent / "look.json").read_text(encoding="utf-8"))
    marks = {name: {"tone": one.tone, "path": one.path} for name, one in STATUSES.items()}
    return {
        **loaded,
        "marks": {**marks, **loaded["marks"]},
        "statuses": {name: one.tone for name, one in STATUSES.items()},
        "light": {**loaded["light"], **{tone: one.colour for tone, one in TONES.items()}},
        "theme": {tone: one.theme for tone, one in TONES.items()},
    }


def keyed(elements: Elements | Mapping[str, Any]) -> Keyed:
    """``elements`` by group and id, every node and note with a place.

    Raises :class:`AlreadyExists` for an id given twice, :class:`NotFound` for an edge that leads nowhere.
    """
    result: Keyed = {"nodes": {}, "edges": {}, "notes": {}}
    for kind in ("node", "note", "edge"):
        values: Any = elements.get(_GROUPS[kind]) or ()
        for value in values:
            _add(result, kind, dict(value))
    _place(result)
    return result


def listed(state: Keyed) -> Elements:
    """The inverse of :func:`keyed`."""
    return {group: [dict(value) for value in state[group].values()] for group in _GROUPS.values()}  # type: ignore[return-value]


def changed(state: Keyed, changes: Iterable[Change]) -> Keyed:
    """A copy of ``state`` with ``changes`` made in order; ``state`` itself is untouched, also when one is refused.

    A change is one of::

        {"op": "add", "kind": "node" | "edge" | "note", "value": {"id": …, …}}
        {"op": "update", "kind": …, "id": …, "value": {only what is different}}
        {"op": "remove", "kind": …, "id": …}             # a node takes its edges with it
        {"op": "move", "positions": {node id: [x, y]}, "notes": {note id: [x, y]}}

    Raises :class:`InputError` for an unknown operation, :class:`NotFound` or :class:`AlreadyExists` for an id.
    """
    result: Keyed = {group: dict(state[group]) for group in _GROUPS.values()}
    for change in changes:
        _apply(result, change)
    return result


def _apply(state: Keyed, change: Change) -> None:
    op = change.get("op")
    if op == "move":
        for group, places in (("node", change.get("positions")), ("note", change.get("notes"))):
            for id, (x, y) in (places or {}).items():
                _update(state, group, id, {"x": float(x), "y": float(y)})
        return
    kind = change.get("kind")
    if op not in ("add", "update", "remove") or kind not in _GROUPS:
        raise InputError(
            f"the canvas cannot make the change {dict(change)!r}.",
            "Use op 'add', 'update' or 'remove' with kind 'node', 'edge' or 'note', or op 'move'.",
        )
    if op == "add":
        value = dict(change["value"])
        if kind != "edge":
            value.setdefault("x", 0.0)
            value.setdefault("y", 0.0)
        _add(state, kind, value)
    elif op == "update":
        _update(state, kind, change["id"], change["value"])
    else:
        _remove(state, kind, change["id"])


def _add(state: Keyed, kind: str, value: dict[str, Any]) -> None:
    group, id = state[_GROUPS[kind]], value.get("id")
    if not isinstance(id, str) or not id:
        raise InputError(f"a {kind} of the canvas needs an id that is text, not {id!r}.")
    if id in group:
        raise AlreadyExists(f"the canvas has a {kind} {id!r} already.", "Give each one its own id.")
    if kind == "edge":
        _check_ends(state, value)
    group[id] = value


def _check_ends(state: Keyed, edge: Mapping[str, Any]) -> None:
    for end in ("source", "target"):
        if edge.get(end) not in state["nodes"]:
            raise NotFound("node", str(edge.get(end)), state["nodes"])


def _update(state: Keyed, kind: str, id: str, value: Mapping[str, Any]) -> None:
    group = state[_GROUPS[kind]]
    if id not in group:
        raise NotFound(kind, id, group)
    new = {**group[id], **value, "id": id}
    if kind == "edge":
        _check_ends(state, new)
    group[id] = new


def _remove(state: Keyed, kind: str, id: str) -> None:
    group = state[_GROUPS[kind]]
    if id not in group:
        raise NotFound(kind, id, group)
    del group[id]
    if kind == "node":
        edges = state["edges"]
        state["edges"] = {key: edge for key, edge in edges.items() if id not in (edge["source"], edge["target"])}


def _place(state: Keyed) -> None:
    """Give a place to every node that has none: the whole graph is arranged if none has, else they go below."""
    nodes = state["nodes"]
    missing = [id for id, node in nodes.items() if node.get("x") is None or node.get("y") is None]
    if missing:
        edges = [(edge["source"], edge["target"]) for edge in state["edges"].values()]
        inside = set(missing)
        places = layered(missing, [pair for pair in edges if inside.issuperset(pair)])
        placed = [node["y"] for id, node in nodes.items() if id not in inside]
        shift = max(placed) + 2 * look()["card"]["height"] - min(y for _, y in places.values()) if placed else 0.0
        for id, (x, y) in places.items():
            nodes[id] = {**nodes[id], "x": x, "y": y + shift}
    for index, (id, note) in enumerate(state["notes"].items()):
        if note.get("x") is None or note.get("y") is None:
            state["notes"][id] = {**note, "x": index * 220.0, "y": -120.0}
