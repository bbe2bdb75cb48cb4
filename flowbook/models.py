"""The things Flowbook is about: parameters, integration types, integrations, nodes, edges, workflows.

All but :class:`Workflow` are frozen. A workflow changes only through its own methods (``add``, ``connect``,
``remove``, …), each of which refuses what would make it inconsistent: a duplicate, an edge to nowhere, a cycle.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_serializer,
    model_validator,
)

from flowbook.errors import AlreadyExists, FlowbookError, InputError, InvalidName, InvalidWorkflow, NotFound

FORMAT_VERSION = 1

ParameterType = Literal[
    "string", "text", "password", "integer", "number", "boolean", "select", "json", "url", "email", "file"
]
PARAMETER_TYPES: tuple[str, ...] = ParameterType.__args__  # type: ignore[attr-defined]

_TYPE_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_NODE_ID = re.compile(r"[a-z][a-z0-9_]*\Z")
_WORKFLOW_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_TASK_NAME = re.compile(r"[a-z][a-z0-9_]*\.[A-Za-z][A-Za-z0-9_]*\Z")


def check_type_name(name: str) -> str:
    """``name`` if it can name an integration type or folder, else :class:`InvalidName`."""
    if not isinstance(name, str) or not _TYPE_NAME.match(name):
        raise InvalidName(
            f"{name!r} cannot name an integration type.",
            "Use lowercase letters, digits and underscores, starting with a letter.",
        )
    return name


def check_node_id(name: str) -> str:
    """``name`` if it can be a node's id, else :class:`InvalidName`."""
    if not isinstance(name, str) or not _NODE_ID.match(name):
        raise InvalidName(
            f"{name!r} cannot be a node's id.",
            "Use lowercase letters, digits and underscores, starting with a letter; free text goes into 'label'.",
        )
    return name


def check_workflow_name(name: str) -> str:
    """``name`` if it can name a workflow, else :class:`InvalidName`."""
    if not isinstance(name, str) or not _WORKFLOW_NAME.match(name):
        raise InvalidName(
            f"{name!r} cannot name a workflow.",
            f"Use kebab-case, for example {_kebab(str(name))!r}.",
        )
    return name


def _kebab(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "my-workflow"


def _plain(check: Any) -> Any:
    """A pydantic validator made of one of the checks above."""

    def validate(value: str) -> str:
        try:
            return str(check(value))
        except InvalidName as error:
            raise ValueError(str(error)) from None

    return AfterValidator(validate)


TypeName = Annotated[str, _plain(check_type_name)]
NodeId = Annotated[str, _plain(check_node_id)]
WorkflowName = Annotated[str, _plain(check_workflow_name)]


def _check_json(value: Any) -> Any:
    """``value`` if it is made of plain JSON (finite numbers, text keys), else ValueError that names the path."""
    stack: list[tuple[Any, str]] = [(value, "")]
    while stack:
        item, path = stack.pop()
        if item is None or isinstance(item, (str, bool, int)):
            continue
        if isinstance(item, float):
            if item != item or item in (float("inf"), float("-inf")):
                raise ValueError(f"{path or 'value'} is {item}, which JSON cannot hold")
        elif isinstance(item, dict):
            for key, inner in item.items():
                if not isinstance(key, str):
                    raise ValueError(f"{path or 'value'} has the key {key!r}; keys must be text")
                stack.append((inner, f"{path}.{key}" if path else key))
        elif isinstance(item, (list, tuple)):
            stack.extend((inner, f"{path}[{i}]") for i, inner in enumerate(item))
        else:
            raise ValueError(f"{path or 'value'} is a {type(item).__name__}, which JSON cannot hold")
    return value


Json = Annotated[Any, AfterValidator(_check_json)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", populate_by_name=True)


class Parameter(_Frozen):
    """One field of a form: a credential of an integration type, an input of a workflow, or a param of a task.

    ``choices`` belong to ``select``. ``json_schema`` (not stored in types or workflows) describes nested values.
    """

    name: str = Field(min_length=1, max_length=100)
    type: ParameterType = "string"
    required: bool = False
    description: str = ""
    default: Json = None
    choices: Annotated[tuple[str, ...], Field(strict=False)] = ()
    json_schema: dict[str, Any] | None = Field(default=None, exclude=True, repr=False)

    @property
    def secret(self) -> bool:
        """Whether its value is hidden everywhere."""
        return self.type == "password"

    @model_validator(mode="after")
    def _consistent(self) -> Parameter:
        if self.type == "select" and not self.choices:
            raise ValueError("a select parameter needs choices")
        if self.choices and self.default is not None and self.default not in self.choices:
            raise ValueError(f"the default {self.default!r} is not among the choices {list(self.choices)}")
        if self.secret and self.default is not None:
            raise ValueError("a password has no default: it would be stored in clear")
        return self

    def to_document(self) -> dict[str, Any]:
        """Its fields without the name, leaving out what equals the default."""
        document: dict[str, Any] = {"type": self.type}
        if self.required:
            document["required"] = True
        if self.description:
            document["description"] = self.description
        if self.default is not None:
            document["default"] = self.default
        if self.choices:
            document["choices"] = list(self.choices)
        return document


class IntegrationType(_Frozen):
    """What the credentials of a service look like. ``name`` equals the integration folder's."""

    name: TypeName
    description: str = ""
    parameters: Annotated[tuple[Parameter, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _distinct(self) -> IntegrationType:
        names = [parameter.name for parameter in self.parameters]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise ValueError(f"the parameter {sorted(twice)[0]!r} is there twice")
        return self

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of that name, or None."""
        return next((parameter for parameter in self.parameters if parameter.name == name), None)


class Integration(_Frozen):
    """A named set of credentials of one type; never holds a plaintext secret.

    ``fields`` maps each credential's name to what is stored of it: the plain value, or for a secret a sealed
    record that only the vault opens. ``id`` never changes, so a rename keeps the ciphertext valid.
    """

    id: str
    name: str = Field(min_length=1, max_length=200)
    type: TypeName
    fields: dict[str, Any] = Field(default_factory=dict, repr=False)
    tested_at: str | None = None
    tested_ok: bool | None = None
    tested_message: str = ""


class Retry(_Frozen):
    """When and how a node is tried again.

    ``attempts`` counts the first one too; ``wait`` seconds before the second attempt, multiplied by ``backoff``
    for each later one, never above ``max_wait`` seconds. With ``until`` (an expression that also sees ``result``)
    the node is tried again until it is true.
    """

    attempts: int = Field(default=3, ge=1, le=10_000)
    wait: float = Field(default=1, ge=0, strict=False)
    backoff: float = Field(default=1, ge=1, strict=False)
    max_wait: float | None = Field(default=None, ge=0, strict=False)
    until: str | None = None

    def delay(self, attempt: int) -> float:
        """Seconds to wait after the failed attempt number ``attempt`` (from 1)."""
        try:
            seconds = self.wait * self.backoff ** (attempt - 1)
        except OverflowError:
            seconds = float("inf")
        limit = self.max_wait if self.max_wait is not None else 86_400.0
        return min(seconds, limit)


class Node(_Frozen):
    """One step: a task, the integration it uses and its params. The id is its key in the workflow."""

    task: str
    integration: str | None = None
    params: dict[str, Json] = Field(default_factory=dict)
    label: str = ""
    notes: str = ""
    when: str | bool | None = None
    for_each: str | list[Json] | None = None
    max_parallel: int | None = Field(default=None, ge=1, le=1000)
    retry: Retry | None = None
    timeout: float | None = Field(default=None, gt=0, strict=False)
    on_error: Literal["stop", "continue"] = "stop"
    join: Literal["all", "any"] | None = None
    disabled: bool = False
    pinned: Json = None

    @model_validator(mode="after")
    def _task_is_dotted(self) -> Node:
        if not _TASK_NAME.match(self.task):
            raise ValueError(f"task {self.task!r} is not of the form 'folder.function'")
        return self

    @property
    def folder(self) -> str:
        """The integration folder that the task belongs to."""
        return self.task.partition(".")[0]

    def to_document(self) -> dict[str, Any]:
        """Its fields in the file's order, leaving out what equals the default."""
        return _document(self, _NODE_FIELDS)


class Edge(_Frozen):
    """An arrow from node ``source`` to node ``target`` (``from`` and ``to`` in files)."""

    source: str = Field(alias="from")
    target: str = Field(alias="to")
    on: Literal["success", "failure", "always"] = "success"
    when: str | bool | None = None

    def to_document(self) -> dict[str, Any]:
        """Its fields in the file's order, leaving out what equals the default."""
        document: dict[str, Any] = {"from": self.source, "to": self.target}
        if self.on != "success":
            document["on"] = self.on
        if self.when is not None:
            document["when"] = self.when
        return document


class Note(_Frozen):
    """Free text on the canvas, at a position in pixels."""

    text: str = ""
    at: Annotated[tuple[float, float], Field(strict=False)] = (0, 0)

    def to_document(self) -> dict[str, Any]:
        """Text and position."""
        return {"text": self.text, "at": _position(self.at)}


_NODE_FIELDS = (
    "task", "integration", "label", "notes", "params", "when", "for_each", "max_parallel", "retry", "timeout",
    "on_error", "join", "disabled", "pinned",
)  # fmt: skip
_NODE_DEFAULTS = {name: field.get_default(call_default_factory=True) for name, field in Node.model_fields.items()}
_RETRY_FIELDS = ("attempts", "wait", "backoff", "max_wait", "until")
_RETRY_DEFAULTS = {name: field.default for name, field in Retry.model_fields.items()}


def _number(value: float) -> float | int:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _position(at: tuple[float, float]) -> list[float | int]:
    return [_number(round(float(part), 2)) for part in at]


def _document(node: Node, fields: Iterable[str]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for name in fields:
        value = getattr(node, name)
        if value == _NODE_DEFAULTS[name] and not (name == "when" and value is not None):
            continue
        if isinstance(value, Retry):
            retry = {part: getattr(value, part) for part in _RETRY_FIELDS}
            value = {
                part: _number(setting) if isinstance(setting, float) else setting
                for part, setting in retry.items()
                if part == "attempts" or setting != _RETRY_DEFAULTS[part]
            }
        elif isinstance(value, float):
            value = _number(value)
        document[name] = value
    return document


class _Edges(Sequence[Edge]):
    """A read-only view of a workflow's edges, in order."""

    __slots__ = ("_edges",)

    def __init__(self, edges: Mapping[tuple[str, str, str], Edge]) -> None:
        self._edges = edges

    def __len__(self) -> int:
        return len(self._edges)

    def __iter__(self) -> Iterator[Edge]:
        return iter(self._edges.values())

    def __getitem__(self, index: Any) -> Any:
        return tuple(self._edges.values())[index]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __repr__(self) -> str:
        return repr(tuple(self))


class Workflow(BaseModel):
    """A graph of nodes with typed inputs. Changed only through its methods.

    >>> flow = Workflow(name="daily-report")
    >>> flow.add("fetch", "github.list_issues", integration="My GitHub", params={"repo": "a/b"})
    >>> flow.add("notify", "slack.send_message", integration="My Slack", params={"text": "done"})
    >>> flow.connect("fetch", "notify")

    ``inputs`` maps names to :class:`Parameter`, ``nodes`` ids to :class:`Node` (both read-only views), ``edges`` is a
    sequence of :class:`Edge`, ``layout`` maps node ids to (x, y) in pixels, ``notes`` ids to :class:`Note`.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", arbitrary_types_allowed=True)

    name: WorkflowName
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
        given = (self.nodes, self.edges, self.layout, self.notes)
        self._inputs = dict(self.inputs)
        self._nodes, self._edges, self._layout, self._notes = {}, {}, {}, {}
        self._following = {}
        for name, value in (
            ("inputs", MappingProxyType(self._inputs)),
            ("nodes", MappingProxyType(self._nodes)),
            ("layout", MappingProxyType(self._layout)),
            ("notes", MappingProxyType(self._notes)),
            ("edges", _Edges(self._edges)),
        ):
            self.__dict__[name] = value
        nodes, edges, layout, notes = given
        for node_id, node in nodes.items():
            check_node_id(node_id)
            self._nodes[node_id] = node
        for edge in edges:
            self._admit(edge)
        cycle = self.find_cycle()
        if cycle:
            raise InvalidWorkflow(f"{self.name}: these nodes form a cycle: {' → '.join(cycle)}.", hint=_CYCLE_HINT)
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
        """Rename a node; edges and layout follow (references in expressions are the caller's: see ``refer``)."""
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
        edge = _checked(Edge, f"{self.name}: edge {source} → {target}", source=source, target=target, on=on, when=when)
        path = self._path(target, source)
        if source == target or path:
            names = " → ".join([source, *(path or [target])])
            raise InvalidWorkflow(
                f"{self.name}: connecting {source!r} to {target!r} would close a cycle: {names}.", hint=_CYCLE_HINT
            )
        self._admit(edge)

    def change_edge(self, source: str, target: str, on: str = "success", **fields: Any) -> None:
        """Give an edge another ``on`` or ``when``."""
        edge = self._edges.get((source, target, on))
        if edge is None:
            raise NotFound("edge", f"{source} → {target} on {on}")
        given = {"source": source, "target": target, "on": edge.on, "when": edge.when, **fields}
        changed = _checked(Edge, f"{self.name}: edge {source} → {target}", **given)
        key = (source, target, changed.on)
        if changed.on != on and key in self._edges:
            raise AlreadyExists(f"{self.name}: {source!r} is connected to {target!r} on {changed.on} already.")
        edges = [changed if old == (source, target, on) else value for old, value in self._edges.items()]
        self._edges.clear()
        self._edges.update({(value.source, value.target, value.on): value for value in edges})

    def disconnect(self, source: str, target: str, on: str | None = None) -> None:
        """Remove the edges from ``source`` to ``target`` (only those with that ``on``, if given)."""
        gone = [key for key in self._edges if key[:2] == (source, target) and on in (None, key[2])]
        if not gone:
            raise NotFound("edge", f"{source} → {target}")
        for key in gone:
            del self._edges[key]
        self._settle()

    # -- the rest --------------------------------------------------------------------------------------------

    def set_input(self, name: str, type: str = "string", **fields: Any) -> None:
        """Add or replace a workflow input."""
        parameter = _checked(Parameter, f"{self.name}: inputs.{name}", name=name, type=type, **fields)
        check_node_id(name)
        self._inputs[name] = parameter

    def remove_input(self, name: str) -> None:
        """Remove a workflow input."""
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
        """Remove a note from the canvas."""
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
            document["layout"] = {id: _position(at) for id, at in sorted(self._layout.items())}
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
        version = document.get("flowbook")
        if version != FORMAT_VERSION:
            raise InvalidWorkflow(
                f"{where}: 'flowbook' is {version!r}; this Flowbook reads format {FORMAT_VERSION}.",
                hint=f"Start the file with 'flowbook: {FORMAT_VERSION}'.",
            )
        given = {key: value for key, value in document.items() if key != "flowbook"}
        for key in ("inputs", "nodes", "layout", "notes"):
            if not isinstance(given.get(key, {}), Mapping):
                raise InvalidWorkflow(f"{where}: {key!r} must be a mapping.")
        edges = given.get("edges", [])
        if not isinstance(edges, (list, tuple)):
            raise InvalidWorkflow(f"{where}: 'edges' must be a list.")
        inputs = {
            key: _checked(Parameter, f"{where}: inputs.{key}", InvalidWorkflow, **{"name": key, **_mapping(value)})
            for key, value in given.get("inputs", {}).items()
        }
        nodes = {key: node_from_document(key, value) for key, value in given.get("nodes", {}).items()}
        given |= {
            "inputs": inputs,
            "nodes": nodes,
            "edges": tuple(
                _checked(Edge, f"{where}: edges[{i}]", InvalidWorkflow, **_mapping(edge))
                for i, edge in enumerate(edges)
            ),
            "layout": {
                key: _checked(Note, f"{where}: layout.{key}", InvalidWorkflow, at=at).at
                for key, at in given.get("layout", {}).items()
            },
            "notes": {
                key: _checked(Note, f"{where}: notes.{key}", InvalidWorkflow, **_mapping(value))
                for key, value in given.get("notes", {}).items()
            },
        }
        workflow: Workflow = _checked(cls, str(where), InvalidWorkflow, **given)
        return workflow

    def definition_hash(self) -> str:
        """SHA-256 (hex) of the whole document; equal workflows have equal hashes."""
        return _hash(self.to_document())

    def behaviour_hash(self) -> str:
        """SHA-256 (hex) of what a run depends on: the document without layout and notes on the canvas."""
        document = self.to_document()
        document.pop("layout", None)
        document.pop("notes", None)
        return _hash(document)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Workflow) and self.to_document() == other.to_document()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Workflow {self.name}: {len(self._nodes)} nodes, {len(self._edges)} edges>"

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


_CYCLE_HINT = "Remove one of these edges; to repeat a step use for_each or retry."


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {"": value}


def _hash(document: Any) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _checked(model: Any, where: str, error: type[FlowbookError] = InputError, **fields: Any) -> Any:
    """An instance of ``model``; a validation error becomes ``error`` with one sentence a field."""
    try:
        return model(**fields)
    except ValidationError as problem:
        raise error(f"{where}: {explain(problem)}.") from None


def explain(problem: ValidationError) -> str:
    """One line that names each field of a pydantic error and what is wrong with it."""
    return "; ".join(f"{field}: {text}" if field else text for field, text in field_errors(problem))


def field_errors(problem: ValidationError) -> list[tuple[str, str]]:
    """(field path, what is wrong) for each error that pydantic found, without repeating the values."""
    found = []
    for error in problem.errors(include_url=False, include_input=False):
        path = ""
        for part in error["loc"]:
            path += f"[{part}]" if isinstance(part, int) else (f".{part}" if path else str(part))
        text = error["msg"].removeprefix("Value error, ")
        if error["type"] == "extra_forbidden":
            text = "there is no such field"
        elif error["type"] == "missing":
            text = "is required"
        found.append((path, text))
    return found


def node_from_document(id: str, document: Any) -> Node:
    """The node of a document, or InvalidWorkflow naming the field that does not fit."""
    if not isinstance(document, Mapping):
        raise InvalidWorkflow(f"node {id}: must be a mapping with at least 'task'.")
    fields = dict(document)
    if isinstance(fields.get("retry"), Mapping):
        fields["retry"] = _checked(Retry, f"node {id}: retry", InvalidWorkflow, **fields["retry"])
    node: Node = _checked(Node, f"node {id}", InvalidWorkflow, **fields)
    return node


def find_cycle(nodes: Iterable[str], edges: Iterable[tuple[str, str]]) -> list[str]:
    """The nodes of a cycle, the first one again at the end; empty when there is none.

    Edges that name unknown nodes are ignored.
    """
    following: dict[str, list[str]] = {node: [] for node in nodes}
    incoming = dict.fromkeys(following, 0)
    for source, target in edges:
        if source in following and target in following:
            following[source].append(target)
            incoming[target] += 1
    ready = [node for node, count in incoming.items() if not count]
    while ready:
        for target in following[ready.pop()]:
            incoming[target] -= 1
            if not incoming[target]:
                ready.append(target)
    left = {node for node, count in incoming.items() if count}
    if not left:
        return []
    before: dict[str, str] = {}
    for source in left:
        for target in following[source]:
            if target in left:
                before[target] = source
    here = min(left)
    seen: list[str] = []
    while here not in seen:
        seen.append(here)
        here = before[here]
    cycle = seen[seen.index(here) :][::-1]
    return [*cycle, cycle[0]]
