"""The workflow: a graph that changes only through its own checked methods."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NoReturn, TypeVar

from flowbook.errors import AlreadyExists, InputError, InvalidWorkflow, NotFound
from flowbook.internal import internal
from flowbook.models import beyond
from flowbook.models.base import HALF, checked
from flowbook.models.contents import Contents
from flowbook.models.documents import parts_of
from flowbook.models.graph import CYCLE_HINT, Links
from flowbook.models.names import check_node_id, check_workflow_name
from flowbook.models.nodes import Edge, Node, node_from_document
from flowbook.models.notes import Note
from flowbook.models.parameters import Parameter, input_from_document

_OUTCOMES = ("success", "failure", "always")

Part = TypeVar("Part")


class Workflow(Contents):
    """A graph of nodes with typed inputs. Changed only through its methods.

    >>> flow = Workflow("daily-report")
    >>> flow.add("fetch", "github.list_issues", integration="My GitHub", params={"repo": "a/b"})
    >>> flow.add("notify", "slack.send_message", integration="My Slack", params={"text": "done"})
    >>> flow.connect("fetch", "notify")

    ``inputs`` maps names to :class:`Parameter` (given as one, or as what it is made of: ``{"type": "integer"}``),
    ``nodes`` ids to :class:`Node` (both read-only views), ``edges`` is a sequence of :class:`Edge`, ``layout`` maps
    node ids to (x, y) in pixels, ``notes`` ids to :class:`Note`. ``functions`` is what :meth:`task` remembers of those
    it made nodes of. In a notebook a workflow is shown as its graph.
    Raises InvalidName for a bad name, NotFound, AlreadyExists or InvalidWorkflow for edges that cannot be, InputError
    for a part that is of another kind.
    """

    __slots__ = ()

    def __init__(
        self,
        name: str,
        *,
        description: str = "",
        inputs: Mapping[str, Parameter | Mapping[str, Any]] | None = None,
        nodes: Mapping[str, Node] | None = None,
        edges: Sequence[Edge] = (),
        layout: Mapping[str, tuple[float, float]] | None = None,
        notes: Mapping[str, Note] | None = None,
    ) -> None:
        self._stored: tuple[str, int] | None = None
        self._name = check_workflow_name(name)
        self._description = _whole_text(_of_kind(str, description, f"{name}: description"), f"{name}: description")
        self._inputs = {id: _input(id, given, f"{name}: inputs.{id}") for id, given in (inputs or {}).items()}
        self.functions: dict[str, Any] = {}
        self._nodes = {id: _of_kind(Node, node, f"{name}: nodes.{id}") for id, node in (nodes or {}).items()}
        self._notes = {id: _of_kind(Note, note, f"{name}: notes.{id}") for id, note in (notes or {}).items()}
        for id in (*self._inputs, *self._notes, *self._nodes):
            check_node_id(id)
        self._edges: dict[tuple[str, str, str], Edge] = {}
        self._links = Links(self._nodes)
        for place, edge in enumerate(edges):
            self._admit(_of_kind(Edge, edge, f"{name}: edges[{place}]"))
        cycle = self.find_cycle()
        if cycle:
            raise InvalidWorkflow.about(name, f"these nodes form a cycle: {' → '.join(cycle)}.", CYCLE_HINT)
        self._layout = {id: (float(x), float(y)) for id, (x, y) in (layout or {}).items() if id in self._nodes}

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
            raise AlreadyExists.about(self.name, f"there is a node {id!r} already.", "Choose another id.")
        given = {"task": task, "integration": integration, "params": dict(params or {}), **fields}
        self._nodes[id] = node_from_document(id, given)
        self._links.add(id)
        if at is not None:
            self._layout[id] = (float(at[0]), float(at[1]))

    def put(self, id: str, node: Node) -> None:
        """Add or replace the node ``id`` as a whole. Raises InvalidName, and InputError for what is no Node."""
        check_node_id(id)
        _of_kind(Node, node, f"{self.name}: {id}")
        if id not in self._nodes:
            self._links.add(id)
        self._nodes[id] = node

    def change(self, id: str, **fields: Any) -> None:
        """Give the node ``id`` other values for some of its fields. Raises NotFound, InvalidWorkflow for bad fields."""
        node = self._node(id)
        document = {**{name: getattr(node, name) for name in Node.model_fields}, **fields}
        self._nodes[id] = node_from_document(id, document)

    def rename(self, old: str, new: str) -> None:
        """Rename a node. What refers to it says the new id: edges, its place, expressions, the source of code nodes.

        Raises NotFound, InvalidName, or AlreadyExists when another node has that id.
        """
        self._node(old)
        check_node_id(new)
        if new == old:
            return
        if new in self._nodes:
            raise AlreadyExists.about(self.name, f"there is a node {new!r} already.", "Choose another id.")
        _replace(self._nodes, {new if id == old else id: node for id, node in self._nodes.items()})
        edges = [
            edge.model_copy(
                update={
                    "source": new if edge.source == old else edge.source,
                    "target": new if edge.target == old else edge.target,
                }
            )
            if old in (edge.source, edge.target)
            else edge
            for edge in self._edges.values()
        ]
        _replace(self._edges, {(edge.source, edge.target, edge.on): edge for edge in edges})
        self._links = self._new_links()
        if old in self._layout:
            self._layout[new] = self._layout.pop(old)
        self._follow("nodes", old, new)

    def remove(self, id: str) -> None:
        """Remove a node and the edges at it. Raises NotFound."""
        self._node(id)
        del self._nodes[id]
        self._layout.pop(id, None)
        pairs = {(id, target) for target in self._links.following[id]}
        pairs |= {(source, id) for source in self._links.preceding[id]}
        for source, target in pairs:
            for on in _OUTCOMES:
                self._edges.pop((source, target, on), None)
        self._links.remove(id)

    def move(self, id: str, x: float, y: float) -> None:
        """Put a node at (x, y) on the canvas, in its pixels. Raises NotFound."""
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
        edge = checked(
            Edge, f"edge {source} → {target}", InputError, self.name, source=source, target=target, on=on, when=when
        )
        path = self._links.path(target, source)
        if source == target or path:
            names = " → ".join([source, *(path or [target])])
            raise InvalidWorkflow.about(
                self.name, f"connecting {source!r} to {target!r} would close a cycle: {names}.", CYCLE_HINT
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
        changed = checked(Edge, f"edge {source} → {target}", InputError, self.name, **given)
        key = (source, target, changed.on)
        if changed.on != on and key in self._edges:
            raise AlreadyExists.about(self.name, f"{source!r} is connected to {target!r} on {changed.on} already.")
        edges = [changed if old == (source, target, on) else value for old, value in self._edges.items()]
        _replace(self._edges, {(value.source, value.target, value.on): value for value in edges})

    def disconnect(self, source: str, target: str, on: str | None = None) -> None:
        """Remove the edges from ``source`` to ``target`` (only those with that ``on``, if given); NotFound for none."""
        gone = [how for how in _OUTCOMES if on in (None, how) and (source, target, how) in self._edges]
        if not gone:
            raise NotFound("edge", f"{source} → {target}")
        for how in gone:
            del self._edges[source, target, how]
        if any((source, target, how) in self._edges for how in _OUTCOMES):
            self._links = self._new_links()  # which of the two went shows in the order
        else:
            self._links.unlink(source, target)

    # -- the rest --------------------------------------------------------------------------------------------

    def set_input(self, name: str, type: str = "string", **fields: Any) -> None:
        """Add or replace a workflow input. Raises InvalidName, InputError for fields that do not fit."""
        parameter = checked(Parameter, f"inputs.{name}", InputError, self.name, name=name, type=type, **fields)
        check_node_id(name, "an input")
        self._inputs[name] = parameter

    def remove_input(self, name: str) -> None:
        """Remove a workflow input; NotFound when there is none of that name."""
        if name not in self._inputs:
            raise NotFound("input", name, self._inputs)
        del self._inputs[name]

    def rename_input(self, old: str, new: str) -> None:
        """Rename an input; expressions and the source of code nodes say the new name.

        Raises NotFound, InvalidName, or AlreadyExists when another input has that name.
        """
        if old not in self._inputs:
            raise NotFound("input", old, self._inputs)
        check_node_id(new)
        if new == old:
            return
        if new in self._inputs:
            raise AlreadyExists.about(self.name, f"there is an input {new!r} already.", "Choose another name.")
        renamed = self._inputs[old].model_copy(update={"name": new})
        _replace(self._inputs, dict((new, renamed) if name == old else (name, p) for name, p in self._inputs.items()))
        self._follow("inputs", old, new)

    def describe(self, description: str) -> None:
        """Set the description. Raises InputError for a text that holds half a character."""
        self._description = _whole_text(str(description), f"{self.name}: description")

    def set_note(self, id: str, text: str, at: tuple[float, float]) -> None:
        """Add or replace a note on the canvas, at (x, y). Raises InvalidName, InputError for what does not fit."""
        check_node_id(id, "a note")
        self._notes[id] = checked(Note, f"notes.{id}", InputError, self.name, text=text, at=at)

    def remove_note(self, id: str) -> None:
        """Remove a note from the canvas; NotFound when there is none of that id."""
        if id not in self._notes:
            raise NotFound("note", id, self._notes)
        del self._notes[id]

    def copy_as(self, name: str) -> Workflow:
        """The same workflow under another name. Raises InvalidName."""
        copy = self.clone()
        copy._name = check_workflow_name(name)
        if name != self._name:
            copy._stored = None
        return copy

    @internal
    def clone(self) -> Workflow:
        """An equal workflow whose later changes do not touch this one; the two share the frozen parts."""
        copy = object.__new__(Workflow)
        copy._name, copy._description, copy._stored = self._name, self._description, self._stored
        copy._inputs, copy._nodes, copy._notes = dict(self._inputs), dict(self._nodes), dict(self._notes)
        copy._edges, copy._layout = dict(self._edges), dict(self._layout)
        copy._links, copy.functions = copy._new_links(), dict(self.functions)
        return copy

    @internal
    def remember(self, place: str, revision: int) -> None:
        """Note which revision this is in the store at ``place``; no part of the document."""
        self._stored = (place, revision)

    # -- as Python -------------------------------------------------------------------------------------------

    def task(self, function: Any = None, /, **options: Any) -> Any:
        """Make a node of a function: ``@flow.task``, or ``@flow.task(retry=3, timeout=30)``.

        An argument that is called as a node is that node's data, and makes an edge from it; any other is an input of
        the workflow, with the type of its annotation and its default. A body that only returns a call of a task
        (``return slack.send_message(text=…)``, with ``slack = integration("slack", "My Slack")``) makes a node with
        that task; any other one is the node's code, which is kept with the imports that it uses. A docstring becomes
        the node's notes. What the code names and only this kernel has is warned of.

        ``options`` are the fields of :class:`Node`, ``id`` (default: the function's name) and ``after``: a function, or
        a list of them, that come before without being an argument, such as ``[fetch, check.failure,
        count.when("nodes.count.data > 3")]``. Defining a function again replaces its node, which keeps its place and
        the edges from it. Raises InputError for what no node can be made of.
        """
        return beyond.task(self, function, options)

    def arrange(
        self,
        *,
        layout: Mapping[str, Any] | None = None,
        notes: Mapping[str, Any] | None = None,
        order: Iterable[str] = (),
        edges: Iterable[Iterable[str]] = (),
        unended: Iterable[str] = (),
    ) -> None:
        """Take in what an exported script says beside its functions.

        Places and notes on the canvas, the order of nodes and edges in the file, and ``unended``: the nodes whose code
        ends otherwise than code mostly does (with a line break if it has several lines, else without).
        """
        beyond.arrange(self, layout=layout or {}, notes=notes or {}, order=order, edges=edges, unended=unended)

    def main(self, arguments: Sequence[str] | None = None) -> NoReturn:
        """Run it as the command line of a script says (``-i name=value``, ``--json``, …), and exit as ``flowbook run``
        does.
        """
        raise SystemExit(beyond.main(self, arguments))

    @internal
    def replace(self, other: Workflow, nodes: Sequence[str] = (), edges: Sequence[tuple[str, ...]] = ()) -> None:
        """Become equal to ``other``, with its nodes and edges (from, to, on) in another order as far as these say."""
        order = [id for id in dict.fromkeys([*nodes, *other._nodes]) if id in other._nodes]
        keys = [key for key in dict.fromkeys([*edges, *other._edges]) if key in other._edges]
        self._name, self._description = other._name, other._description
        nodes_in_order = {id: other._nodes[id] for id in order}
        _replace(self._nodes, nodes_in_order)
        _replace(self._inputs, dict(other._inputs))
        _replace(self._notes, dict(other._notes))
        _replace(self._layout, dict(other._layout))
        _replace(self._edges, {key: other._edges[key] for key in keys})
        self._links = self._new_links()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return beyond.picture(self)

    # -- reading it ------------------------------------------------------------------------------------------

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Workflow:
        """The workflow of a document; InvalidWorkflow names the first field that does not fit.

        (:mod:`flowbook.validation` lists *all* the problems of a document.)
        """
        return cls(**parts_of(document))

    # -- inside ----------------------------------------------------------------------------------------------

    def _admit(self, edge: Edge) -> None:
        for end in (edge.source, edge.target):
            if end not in self._nodes:
                raise NotFound("node", end, self._nodes)
        key = (edge.source, edge.target, edge.on)
        if key in self._edges:
            raise AlreadyExists.about(
                self.name,
                f"{edge.source!r} is connected to {edge.target!r} on {edge.on} already.",
                "Change that edge instead.",
            )
        self._edges[key] = edge
        self._links.link(edge.source, edge.target)

    def _new_links(self) -> Links:
        return Links(self._nodes, (key[:2] for key in self._edges))

    def _follow(self, kind: Literal["nodes", "inputs"], old: str, new: str) -> None:
        """Have all that refers to the old name say the new one."""
        from flowbook.models.references import renamed, renamed_edge  # the language is loaded for who renames

        for id, node in self._nodes.items():
            self._nodes[id] = renamed(node, kind, old, new)
        for key, edge in self._edges.items():
            self._edges[key] = renamed_edge(edge, kind, old, new)


def _input(id: str, given: Any, where: str) -> Parameter:
    return input_from_document(id, given, where) if isinstance(given, Mapping) else _of_kind(Parameter, given, where)


def _of_kind(kind: type[Part], value: Any, where: str) -> Part:
    if not isinstance(value, kind):
        raise InputError(f"{where}: must be a {kind.__name__}, and is a {type(value).__name__}.")
    return value


def _whole_text(text: str, where: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(f"{where}: {HALF}.", "Write it once more; a text that was cut may end so.") from None
    return text


def _replace(whole: dict[Any, Part], parts: Mapping[Any, Part]) -> None:
    """Give a dict other contents, in place: views of it stay views of what is there."""
    whole.clear()
    whole.update(parts)
