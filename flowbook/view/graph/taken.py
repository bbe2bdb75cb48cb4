"""Which of a node's edges its end takes, and how many items go along: what a canvas shows on its lines after a run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from typing import Any

from flowbook.edits import EdgeKey
from flowbook.engine.decisions import holds
from flowbook.engine.scope import remembered, scope
from flowbook.errors import ExpressionError
from flowbook.expressions import compile_expression
from flowbook.models import Edge, Workflow
from flowbook.results import NodeResult


def taken_edges(
    workflow: Workflow, node: str, results: Mapping[str, NodeResult], inputs: Mapping[str, Any]
) -> dict[EdgeKey, bool]:
    """Whether each edge that leaves a node was taken when it ended, as ``results`` say; none while it has not.

    The rules are those of :func:`flowbook.engine.decisions.verdicts`; a condition that cannot be evaluated takes none.
    """
    result = results.get(node)
    if result is None or node not in workflow.nodes:
        return {}
    return _taken(workflow, list(workflow.edges_from(node)), result, _Seen(results, inputs))


def lines_left(
    workflow: Workflow, results: Mapping[str, NodeResult], inputs: Mapping[str, Any], withheld: Collection[str] = ()
) -> dict[EdgeKey, tuple[bool, int | None]]:
    """Of each edge that a run of the history decided: whether it was taken, and how many items went along it.

    Conditions are left out when the history has not kept all data, or has ``withheld`` inputs: what they came to cannot
    be told any more.
    """
    leaving: dict[str, list[Edge]] = {}
    unclear = bool(withheld) or any(result.lost for result in results.values())
    for edge in workflow.edges:
        if edge.source in results and not (unclear and edge.when is not None):
            leaving.setdefault(edge.source, []).append(edge)
    seen = _Seen(results, inputs)
    found: dict[EdgeKey, tuple[bool, int | None]] = {}
    for node, edges in leaving.items():
        taken = _taken(workflow, edges, results[node], seen)
        items = items_of(results[node]) if any(taken.values()) else None
        found.update({key: (fits, items if fits else None) for key, fits in taken.items()})
    return found


def items_of(result: NodeResult) -> int | None:
    """How many items a node that succeeded gave; None when it gave no list, or it was not kept."""
    return items_in(result.data) if result.status == "succeeded" and not result.lost else None


def items_in(data: Any) -> int | None:
    """How many items data is: the length of a list or table, or of the only list in a mapping; None for all else."""
    if isinstance(data, (list, tuple)):
        return len(data)
    if isinstance(data, dict):
        lists = [value for value in data.values() if isinstance(value, list)]
        return len(lists[0]) if len(lists) == 1 else None
    shape = getattr(data, "shape", None)
    return shape[0] if isinstance(shape, tuple) and len(shape) == 2 and isinstance(shape[0], int) else None


class _Seen:
    """What conditions see of a run, made when the first of them asks."""

    def __init__(self, results: Mapping[str, NodeResult], inputs: Mapping[str, Any]) -> None:
        self._results, self._inputs = results, inputs

    @cached_property
    def scope(self) -> Mapping[str, Any]:
        return scope({}, self._inputs, {id: remembered(one) for id, one in self._results.items()})


def _taken(workflow: Workflow, edges: Iterable[Edge], result: NodeResult, seen: _Seen) -> dict[EdgeKey, bool]:
    found: dict[EdgeKey, bool] = {}
    for edge in edges:
        any_fits = result.status == "failed" and workflow.nodes[edge.source].on_error == "continue"
        found[edge.source, edge.target, edge.on] = _fits(edge, result, any_fits) and _holds(edge, seen)
    return found


def _fits(edge: Edge, result: NodeResult, any_fits: bool) -> bool:
    if result.status not in ("succeeded", "failed"):
        return False
    return any_fits or edge.on == "always" or (edge.on == "failure") == (result.status == "failed")


def _holds(edge: Edge, seen: _Seen) -> bool:
    if not isinstance(edge.when, str):
        return edge.when is not False
    try:
        return holds(compile_expression(edge.when), seen.scope)
    except ExpressionError:
        return False
