"""The workflow: a graph that changes only through its own checked methods."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_serializer

from flowbook.errors import AlreadyExists, InvalidWorkflow, NotFound
from flowbook.models.base import checked, mapping
from flowbook.models.graph import CYCLE_HINT, Edges, find_cycle
from flowbook.models.names import check_node_id, check_workflow_name
from flowbook.models.nodes import Edge, Node, Note, node_from_document, position
from flowbook.models.parameters import Parameter, input_from_document

FORMAT_VERSION = 1


class Workflow(BaseModel):
    """A graph of nodes with typed inputs. Changed only through its methods.

    >>> flow = Workflow(name="daily-report")
    >>> flow.add("fetch", "github.list_issues", integration="My GitHub", params={"repo": "a/b"})
    >>> flow.add("notify", "slack.send_message", integration="My Slack", params={"text": "done"})
    >>> flow.connect("fetch", "notify")

    ``inputs`` maps names to :class:`Parameter`, ``nodes`` ids to :class:`Node` (both read-only views), ``edges`` is a
    sequence of :class:`Edge`, ``layout`` maps node ids to (x, y) in pixels, ``notes`` ids to :class:`Note`.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)

    name: str
    description: str = ""
    inputs: Mapping[str, Parameter] = Field(default_factory=dict)
    nodes: Mapping[str, Node] = Field(default_factory=dict)
    edges: Sequence[Edge] = ()
    layout: Mapping[str, tuple[float, float]] = Field(default_factory=dict)
    notes: Mapping[str, Note] = Field(default_factory=dict)

    _inputs: dict[str, Parameter] = PrivateAttr()
    _nodes: dict[str, Node] = PrivateAttr()
    _edges: dict[tuple[str, str, str], Edge] = PrivateAttr()
    _layout: dict[str, tuple[float, float]] = PrivateAttr()
    _notes: dict[str, Note] = PrivateAttr()
    _following: dict[str, list[str]] = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Take what was given into the workflow's own hands, refusing what is inconsistent."""
        check_workflow_name(self.name)
        given = (self.nodes, self.edges, self.layout, self.notes)
        self._inputs = dict(self.inputs)
        self._nodes, self._edges, self._layout, self._notes = {}, {}, {}, {}
        self._following = {}
        for name, value in (
            ("inputs", MappingProxyType(self._inputs)),
            ("nodes", MappingProxyType(self._nodes)),
            ("layout", MappingProxyType(self._layout)),
            ("notes", MappingProxyType(self._notes)),
            ("edges", Edges(self._edges)),
        ):
            self.__dict__[name] = value
        nodes, edges, layout, notes = given
        for name in (*self._inputs, *notes):
            check_node_id(name)
        for node_id, node in nodes.items():
            check_node_id(node_id)
            self._nodes[node_id] = node
        for edge in edges:
            self._admit(edge)
        cycle = self.find_cycle()
        if cycle:
            raise InvalidWorkflow(f"{self.name}: these nodes form a cycle: {' → '.join(cycle)}.", hint=CYCLE_HINT)
        self._layout.update({k: (float(x), float(y)) for k, (x, y) in layout.items() if k in self._nodes})
        self._notes.update(notes)

    @field_serializer("inputs", "nodes", "layout", "notes")
    def _as_dict(self, value: Mapping[str, Any]) -> dict[str, Any]:
        return dict(value)

    @field_serializer("edges")
    def _as_list(self, value: Sequence[Edge]) -> list[Edge]:
        return list(value)

    # -- nodes ---------------------------------------------------------------------------------------------

    def add(
        self,
        id: str,
        task: str,
        integration: str | None = None,
        params: Mapping[str, Any] | None = None,
        *,
        at: tuple[float, float] | None = None,
        **fields: Any,
    ) -> None:
        """Add a node. ``fields`` are the other fields of :class:`Node`; ``at`` its place on the canvas.

        Raises AlreadyExists for an id that is taken, InvalidName for one that is none, InputError for bad fields.
        """
        check_node_id(id)
        if id in self._nodes:
            raise AlreadyExists(f"{self.name}: there is a node {id!r} already.", "Choose another id.")
        given = {"task": task, "integration": integration, "params": dict(params or {}), **fields}
        self._nodes[id] = node_from_document(id, given)
        if at is not None:
            self._layout[id] = (float(at[0]), float(at[1]))

    def put(self, id: str, node: Node) -> None:
        """Add or replace the node ``id`` as a whole."""
        check_node_id(id)
        self._nodes[id] = node

    def change(self, id: str, **fields: Any) -> None:
        """Give the node ``id`` other values for some of its fields."""
        node = self._node(id)
        document = {**{name: getattr(node, name) for name in Node.model_fields}, **fields}
        self._nodes[id] = node_from_document(id, document)

    def rename(self, old: str, new: str) -> None:
        """Rename a node; edges and layout follow (for expressions: :func:`flowbook.expressions.rename_reference`).

        Raises NotFound, InvalidName, or AlreadyExists when another node has that id.
        """
        node = self._node(old)
        check_node_id(new)
        if new == old:
            return
        if new in self._nodes:
            raise AlreadyExists(f"{self.name}: there is a node {new!r} already.", "Choose another id.")
        renamed = {new if k == old else k: v for k, v in self._nodes.items()}
        self._nodes.clear()
        self._nodes.update(renamed)
        self._nodes[new] = node
        edges = [
            edge.model_copy(
                update={
                    "source": new if edge.source == old else edge.source,
                    "target": new if edge.target == old else edge.target,
                }
            )
            for edge in self._edges.values()
        ]
        self._edges.clear()
        for edge in edges:
            self._edges[edge.source, edge.target, edge.on] = edge
        self._settle()
        if old in self._layout:
            self._layout[new] = self._layout.pop(old)

    def remove(self, id: str) -> None:
        """Remove a node and the edges at it."""
        self._node(id)
        del self._nodes[id]
        self._layout.pop(id, None)
        for key in [key for key in self._edges if id in key[:2]]:
            del self._edges[key]
        self._settle()

    def move(self, id: str, x: float, y: float) -> None:
        """Put a node at (x, y) on the canvas."""
        self._node(id)
        self._layout[id] = (float(x), float(y))

    # -- edges ---------------------------------------------------------------------------------------------

    def connect(
        self,
        source: str,
        target: str,
        on: Literal["success", "failure", "always"] = "success",
        when: str | bool | None = None,
    ) -> None:
        """Add an edge. Raises NotFound, AlreadyExists, or InvalidWorkflow naming the cycle it would close."""
        edge = checked(Edge, f"{self.name}: edge {source} → {target}", source=source, target=target, on=on, when=when)
        path = self._path(target, source)
        if source == target or path:
            names = " → ".join([source, *(path or [target])])
            raise InvalidWorkflow(
                f"{self.name}: connecting {source!r} to {target!r} would close a cycle: {names}.", hint=CYCLE_HINT
            )
        self._admit(edge)

    def change_edge(self, source: str, target: str, on: str = "success", /, **fields: Any) -> None:
        """Give an edge another ``on`` or ``when``.

        Raises NotFound, AlreadyExists when there is an edge with that ``on``, InputError for what does not fit.
        """
        edge = self._edges.get((source, target, on))
        if edge is None:
            raise NotFound("edge", f"{source} → {target} on {on}")
        given = {"source": source, "target": target, "on": edge.on, "when": edge.when, **fields}
        changed = checked(Edge, f"{self.name}: edge {source} → {target}", **given)
        key = (source, target, changed.on)
        if changed.on != on and key in self._edges:
            raise AlreadyExists(f"{self.name}: {source!r} is connected to {target!r} on {changed.on} already.")
        edges = [changed if old == (source, target, on) else value for old, value in self._edges.items()]
        self._edges.clear()
        self._edges.update({(value.source, value.target, value.on): value for value in edges})

    def disconnect(self, source: str, target: str, on: str | None = None) -> None:
        """Remove the edges from ``source`` to ``target`` (only those with that ``on``, if given); NotFound for none."""
        gone = [key for key in self._edges if key[:2] == (source, target) and on in (None, key[2])]
        if not gone:
            raise NotFound("edge", f"{source} → {target}")
        for key in gone:
            del self._edges[key]
        self._settle()

    # -- the rest --------------------------------------------------------------------------------------------

    def set_input(self, name: str, type: str = "string", **fields: Any) -> None:
        """Add or replace a workflow input."""
        parameter = checked(Parameter, f"{self.name}: inputs.{name}", name=name, type=type, **fields)
        check_node_id(name)
        self._inputs[name] = parameter

    def remove_input(self, name: str) -> None:
        """Remove a workflow input; NotFound when there is none of that name."""
        if name not in self._inputs:
            raise NotFound("input", name, self._inputs)
        del self._inputs[name]

    def describe(self, description: str) -> None:
        """Set the description."""
        self.__dict__["description"] = str(description)

    def set_note(self, id: str, text: str, at: tuple[float, float]) -> None:
        """Add or replace a note on the canvas."""
        check_node_id(id)
        self._notes[id] = Note(text=text, at=at)

    def remove_note(self, id: str) -> None:
        """Remove a note from the canvas; NotFound when there is none of that id."""
        if id not in self._notes:
            raise NotFound("note", id, self._notes)
        del self._notes[id]

    def copy_as(self, name: str) -> Workflow:
        """The same workflow under another name."""
        return Workflow.from_document({**self.to_document(), "name": check_workflow_name(name)})

    def clone(self) -> Workflow:
        """An equal workflow whose later changes do not touch this one."""
        return self.copy_as(self.name)

    # -- reading it ------------------------------------------------------------------------------------------

    def edges_from(self, id: str) -> Iterator[Edge]:
        """The edges that leave a node."""
        return (edge for edge in self.edges if edge.source == id)

    def edges_to(self, id: str) -> Iterator[Edge]:
        """The edges that arrive at a node."""
        return (edge for edge in self.edges if edge.target == id)

    def find_cycle(self) -> list[str]:
        """The nodes of a cycle, the first one again at the end; empty when there is none."""
        return find_cycle(self._nodes, ((edge.source, edge.target) for edge in self.edges))

    def to_document(self) -> dict[str, Any]:
        """The document that is stored and written to files: plain JSON, deterministic."""
        document: dict[str, Any] = {"flowbook": FORMAT_VERSION, "name": self.name}
        if self.description:
            document["description"] = self.description
        if self._inputs:
            document["inputs"] = {name: parameter.to_document() for name, parameter in self._inputs.items()}
        document["nodes"] = {id: node.to_document() for id, node in self._nodes.items()}
        if self._edges:
            document["edges"] = [edge.to_document() for edge in self._edges.values()]
        if self._layout:
            document["layout"] = {id: position(at) for id, at in sorted(self._layout.items())}
        if self._notes:
            document["notes"] = {id: note.to_document() for id, note in sorted(self._notes.items())}
        return document

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Workflow:
        """The workflow of a document; InvalidWorkflow names the first field that does not fit.

        (:mod:`flowbook.validation` lists *all* the problems of a document.)
        """
        name = document.get("name")
        where = name if isinstance(name, str) else "workflow"
        _check_shape(document, where)
        given = {key: value for key, value in document.items() if key != "flowbook"}
        inputs = {
            key: input_from_document(key, value, f"{where}: inputs.{key}")
            for key, value in given.get("inputs", {}).items()
        }
        nodes = {key: node_from_document(key, value) for key, value in given.get("nodes", {}).items()}
        given |= {
            "inputs": inputs,
            "nodes": nodes,
            "edges": tuple(
                checked(Edge, f"{where}: edges[{i}]", InvalidWorkflow, **mapping(edge))
                for i, edge in enumerate(given.get("edges", ()))
            ),
            "layout": {
                key: checked(Note, f"{where}: layout.{key}", InvalidWorkflow, at=at).at
                for key, at in given.get("layout", {}).items()
            },
            "notes": {
                key: checked(Note, f"{where}: notes.{key}", InvalidWorkflow, **mapping(value))
                for key, value in given.get("notes", {}).items()
            },
        }
        workflow: Workflow = checked(cls, str(where), InvalidWorkflow, **given)
        return workflow

    def definition_hash(self) -> str:
        """SHA-256 (hex) of the whole document; equal workflows have equal hashes."""
        return document_hash(self.to_document())

    def behaviour_hash(self) -> str:
        """SHA-256 (hex) of what a run depends on: the document without layout and notes on the canvas."""
        document = self.to_document()
        document.pop("layout", None)
        document.pop("notes", None)
        return document_hash(document)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Workflow):
            return NotImplemented
        # As text, since the order of nodes and params shows in the file, and 1, 1.0 and true are different there.
        return json.dumps(self.to_document()) == json.dumps(other.to_document())

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Workflow {self.name}: {len(self._nodes)} nodes, {len(self._edges)} edges>"

    __str__ = __repr__

    # -- inside ----------------------------------------------------------------------------------------------

    def _node(self, id: str) -> Node:
        node = self._nodes.get(id)
        if node is None:
            raise NotFound("node", id, self._nodes)
        return node

    def _admit(self, edge: Edge) -> None:
        for end in (edge.source, edge.target):
            if end not in self._nodes:
                raise NotFound("node", end, self._nodes)
        key = (edge.source, edge.target, edge.on)
        if key in self._edges:
            raise AlreadyExists(
                f"{self.name}: {edge.source!r} is connected to {edge.target!r} on {edge.on} already.",
                "Change that edge instead.",
            )
        self._edges[key] = edge
        self._following.setdefault(edge.source, []).append(edge.target)

    def _settle(self) -> None:
        """Bring what is derived from the edges up to date after some went or changed."""
        self._following.clear()
        for edge in self._edges.values():
            self._following.setdefault(edge.source, []).append(edge.target)

    def _path(self, start: str, end: str) -> list[str]:
        """The ids on a path from ``start`` to ``end``, both included; empty when there is none."""
        came_from: dict[str, str] = {start: ""}
        waiting = [start]
        while waiting:
            here = waiting.pop()
            if here == end:
                path = [here]
                while came_from[path[-1]]:
                    path.append(came_from[path[-1]])
                return path[::-1]
            for onward in self._following.get(here, ()):
                if onward not in came_from:
                    came_from[onward] = here
                    waiting.append(onward)
        return []


def _check_shape(document: Mapping[str, Any], where: str) -> None:
    """InvalidWorkflow unless the document is of the format that is read here, and its parts are of the right kind."""
    version = document.get("flowbook")
    if version != FORMAT_VERSION:
        raise InvalidWorkflow(
            f"{where}: 'flowbook' is {version!r}; this Flowbook reads format {FORMAT_VERSION}.",
            hint=f"Start the file with 'flowbook: {FORMAT_VERSION}'.",
        )
    for key in ("inputs", "nodes", "layout", "notes"):
        if not isinstance(document.get(key, {}), Mapping):
            raise InvalidWorkflow(f"{where}: {key!r} must be a mapping.")
    if not isinstance(document.get("edges", []), (list, tuple)):
        raise InvalidWorkflow(f"{where}: 'edges' must be a list.")


def document_hash(document: Any) -> str:
    """SHA-256 (hex) of a document, in whatever order its keys are."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
