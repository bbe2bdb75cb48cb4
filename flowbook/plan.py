"""From a valid workflow to a plan: nodes in order, edges as indices, params and conditions compiled. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from flowbook import expressions
from flowbook.errors import NotFound
from flowbook.expressions import Bound, compile_value
from flowbook.models import Edge, Node, Retry, Workflow
from flowbook.tasks import TaskSpec

if TYPE_CHECKING:
    from flowbook.expressions import Expression


class Tasks(Protocol):
    """Where the plan finds tasks; a :class:`~flowbook.catalog.Catalog` is one."""

    def task(self, name: str, /) -> TaskSpec:
        """The task of that name, or NotFound."""


class PlannedEdge:
    """An outgoing edge: the target's index, the outcome it is for, and its compiled condition."""

    __slots__ = ("edge", "on", "target", "when")

    def __init__(self, target: int, edge: Edge) -> None:
        self.target = target
        self.edge = edge
        self.on = edge.on
        self.when = None if edge.when is None else _condition(edge.when)


class PlannedNode:
    """A node ready to run: its conditions and params compiled (``params`` is None when there are none).

    ``plain`` says that nothing decides but its edges whether it runs, ``straight`` that its success takes every edge.
    """

    __slots__ = (
        "disabled",
        "edges",
        "effects",
        "for_each",
        "id",
        "incoming",
        "index",
        "integration",
        "isolate",
        "join",
        "max_parallel",
        "node",
        "on_error",
        "params",
        "pinned",
        "plain",
        "retry",
        "reusable_for",
        "spec",
        "straight",
        "task",
        "timeout",
        "until",
        "when",
        "where",
    )  # fmt: skip

    def __init__(self, index: int, id: str, node: Node, spec: TaskSpec) -> None:
        self.index = index
        self.id = id
        self.node = node
        self.spec = spec
        self.task = node.task
        self.effects = spec.effects
        self.integration = node.integration
        self.params: Bound | None = compile_value(node.params) if node.params else None
        self.when = _condition(node.when)
        self.for_each: Expression | list[Any] | None = (
            expressions.compile_expression(node.for_each) if isinstance(node.for_each, str) else node.for_each
        )
        self.max_parallel = node.max_parallel
        self.retry: Retry | None = node.retry
        self.until = _condition(node.retry.until) if node.retry is not None else None
        self.timeout = node.timeout
        self.isolate = node.isolate or spec.isolate
        self.where = node.where
        self.reusable_for = node.reusable_for
        self.on_error = node.on_error
        self.join = node.join
        self.disabled = node.disabled
        self.pinned = node.pinned
        self.edges: list[PlannedEdge] = []
        self.incoming = 0
        self.straight = True
        self.plain = not (
            node.disabled
            or node.pinned is not None
            or node.when is not None
            or node.for_each is not None
            or node.cache is not None
        )


class Plan:
    """What the engine runs: ``nodes`` in topological order, each with its outgoing edges.

    Of a workflow that is planned in part, ``to`` or ``only`` is the node that it was asked for by.
    """

    def __init__(
        self,
        workflow: str,
        nodes: tuple[PlannedNode, ...],
        index: Mapping[str, int],
        to: str | None = None,
        only: str | None = None,
    ) -> None:
        self.workflow = workflow
        self.nodes = nodes
        self.index = index
        self.to = to
        self.only = only

    @cached_property
    def integrations(self) -> dict[str, list[PlannedNode]]:
        """The integrations that the nodes use, by name, with the nodes that will really use them."""
        used: dict[str, list[PlannedNode]] = {}
        for node in self.nodes:
            if node.integration and not node.disabled and node.pinned is None:
                used.setdefault(node.integration, []).append(node)
        return used

    @cached_property
    def caching(self) -> bool:
        """Whether a node may be given what it gave in an earlier run."""
        return any(node.reusable_for is not None for node in self.nodes)


def make_plan(workflow: Workflow, tasks: Tasks, *, to: str | None = None, only: str | None = None) -> Plan:
    """The plan of a workflow that passed validation.

    ``to`` keeps that node and what is before it; ``only`` keeps that node alone. Raises NotFound for an unknown
    node or task, CatalogError for a broken folder, ExpressionError for a bad expression.
    """
    kept = _kept(workflow, to, only)
    specs: dict[str, TaskSpec] = {}
    nodes: list[PlannedNode] = []
    for id in workflow.order():
        if id not in kept:
            continue
        node = workflow.nodes[id]
        spec = specs.get(node.task)
        if spec is None:
            spec = specs[node.task] = tasks.task(node.task)
        nodes.append(PlannedNode(len(nodes), id, node, spec))
    index = {node.id: node.index for node in nodes}
    for edge in workflow.edges:
        place, target = index.get(edge.source), index.get(edge.target)
        if place is not None and target is not None:
            source, planned = nodes[place], PlannedEdge(target, edge)
            source.edges.append(planned)
            if planned.on == "failure" or planned.when is not None:
                source.straight = False
            nodes[target].incoming += 1
    return Plan(workflow.name, tuple(nodes), index, to, only)


def _kept(workflow: Workflow, to: str | None, only: str | None) -> Collection[str]:
    for id in (to, only):
        if id is not None and id not in workflow.nodes:
            raise NotFound("node", id, workflow.nodes)
    if only is not None:
        return {only}
    if to is not None:
        return workflow.upstream(to) | {to}
    return workflow.nodes.keys()


def _condition(given: str | bool | None) -> Expression | bool | None:
    return expressions.compile_expression(given) if isinstance(given, str) else given
