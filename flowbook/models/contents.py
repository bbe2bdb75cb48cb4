"""What a workflow is made of, as it is read: nothing here changes it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from flowbook.counting import counted
from flowbook.errors import NotFound
from flowbook.internal import internal
from flowbook.models.documents import document_of, hash_of
from flowbook.models.graph import Edges, Links
from flowbook.models.nodes import Edge, Node
from flowbook.models.notes import Note, position
from flowbook.models.parameters import Parameter


class Contents:
    """The parts of a :class:`~flowbook.models.Workflow`, and what can be asked of them."""

    __slots__ = (
        "__weakref__", "_description", "_edges", "_inputs", "_layout", "_links", "_name", "_nodes", "_notes", "_stored",
        "functions",
    )  # fmt: skip
    _name: str
    _description: str
    _inputs: dict[str, Parameter]
    _nodes: dict[str, Node]
    _edges: dict[tuple[str, str, str], Edge]
    _layout: dict[str, tuple[float, float]]
    _notes: dict[str, Note]
    _links: Links
    _stored: tuple[str, int] | None
    functions: dict[str, Any]

    @property
    def name(self) -> str:
        """What it is called, in kebab-case."""
        return self._name

    @property
    def description(self) -> str:
        """What it is for."""
        return self._description

    @property
    def inputs(self) -> Mapping[str, Parameter]:
        """Its inputs by name; a read-only view."""
        return MappingProxyType(self._inputs)

    @property
    def nodes(self) -> Mapping[str, Node]:
        """Its nodes by id; a read-only view."""
        return MappingProxyType(self._nodes)

    @property
    def edges(self) -> Sequence[Edge]:
        """Its edges in order; a read-only view."""
        return Edges(self._edges)

    @property
    def layout(self) -> Mapping[str, tuple[float, float]]:
        """The places of its nodes on the canvas, (x, y) in pixels by id; a read-only view."""
        return MappingProxyType(self._layout)

    @property
    def notes(self) -> Mapping[str, Note]:
        """The notes on its canvas by id; a read-only view."""
        return MappingProxyType(self._notes)

    @internal
    def revision_in(self, place: str) -> int | None:
        """Which revision this is, or began as, in the store at ``place``; None when it does not come from there."""
        return self._stored[1] if self._stored is not None and self._stored[0] == place else None

    # -- its graph -------------------------------------------------------------------------------------------

    def edges_from(self, id: str) -> Iterator[Edge]:
        """The edges that leave a node, in the workflow's order; none of an id that is no node's."""
        return (edge for edge in self.edges if edge.source == id)

    def edges_to(self, id: str) -> Iterator[Edge]:
        """The edges that arrive at a node, in the workflow's order; none of an id that is no node's."""
        return (edge for edge in self.edges if edge.target == id)

    def find_cycle(self) -> list[str]:
        """The nodes of a cycle, the first one again at the end; empty when there is none."""
        return self._links.circle()

    def order(self) -> list[str]:
        """The ids of the nodes that wait for none, and then, after each, those that waited for it last."""
        return self._links.order()

    def upstream(self, id: str) -> set[str]:
        """The ids of the nodes from which a path leads to ``id``; none for an id that is no node's."""
        return self._links.upstream(id)

    # -- as a document ---------------------------------------------------------------------------------------

    def to_document(self) -> dict[str, Any]:
        """The document that is stored and written to files: plain JSON, deterministic."""
        return document_of(self)

    def definition_hash(self) -> str:
        """SHA-256 (hex) of the whole document; equal workflows have equal hashes."""
        return hash_of(self.to_document())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Contents):
            return NotImplemented
        if self is other:
            return True
        return (
            (self._name, self._description) == (other._name, other._description)
            and list(self._nodes) == list(other._nodes)
            and list(self._inputs) == list(other._inputs)
            and all(map(_written_alike, self._nodes.values(), other._nodes.values()))
            and all(map(_written_alike, self._inputs.values(), other._inputs.values()))
            and len(self._edges) == len(other._edges)
            and all(map(_written_alike, self._edges.values(), other._edges.values()))
            and self._notes.keys() == other._notes.keys()
            and all(_written_alike(note, other._notes[id]) for id, note in self._notes.items())
            and self._layout.keys() == other._layout.keys()
            and all(at == other._layout[id] or position(at) == position(other._layout[id])
                    for id, at in self._layout.items())
        )  # fmt: skip

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Workflow {self.name}: {counted(len(self._nodes), 'node')}, {counted(len(self._edges), 'edge')}>"

    __str__ = __repr__

    def _node(self, id: str) -> Node:
        node = self._nodes.get(id)
        if node is None:
            raise NotFound("node", id, self._nodes)
        return node


def _written_alike(one: Any, other: Any) -> bool:
    """Whether two parts are the same in a file, where the order of params shows, and 1, 1.0 and true are different."""
    return one is other or json.dumps(one.to_document()) == json.dumps(other.to_document())
