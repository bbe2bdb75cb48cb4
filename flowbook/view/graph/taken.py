"""Which of a node's edges its end takes, and how many items go along: what a canvas shows on its lines after a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowbook.edits import EdgeKey
from flowbook.engine.decisions import holds
from flowbook.engine.scope import scope, visible
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
    any_fits = result.status == "failed" and workflow.nodes[node].on_error == "continue"
    seen = scope({}, inputs, {id: visible(one) for id, one in results.items()})
    return {
        (edge.source, edge.target, edge.on): _fits(edge, result, any_fits) and _holds(edge, seen)
        for edge in workflow.edges_from(node)
    }


def items_in(data: Any) -> int | None:
    """How many items data is: the length of a list or table, or of the only list in a mapping; None for all else."""
    if isinstance(data, (list, tuple)):
        return len(data)
    if isinstance(data, dict):
        lists = [value for value in data.values() if isinstance(value, list)]
        return len(lists[0]) if len(lists) == 1 else None
    shape = getattr(data, "shape", None)
    return shape[0] if isinstance(shape, tuple) and len(shape) == 2 and isinstance(shape[0], int) else None


def _fits(edge: Edge, result: NodeResult, any_fits: bool) -> bool:
    if result.status not in ("succeeded", "failed"):
        return False
    return any_fits or edge.on == "always" or (edge.on == "failure") == (result.status == "failed")


def _holds(edge: Edge, seen: Mapping[str, Any]) -> bool:
    try:
        condition = compile_expression(edge.when) if isinstance(edge.when, str) else edge.when
        return holds(condition, seen)
    except ExpressionError:
        return False
