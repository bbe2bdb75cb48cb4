"""Which edges are taken, and what that decides: the run semantics of edges and joins. Pure.

A node that ended gives each outgoing edge one of: taken, blocked, or not chosen. A node whose incoming edges are all
given runs, or is skipped and says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from flowbook.errors import ExpressionError
from flowbook.plan import PlannedEdge, PlannedNode
from flowbook.records import NamedTuple
from flowbook.results import Cause, NodeResult

if TYPE_CHECKING:
    from flowbook.expressions import Expression

Verdict = Literal["taken", "blocked", "not chosen"]


class Broken(NamedTuple):
    """An edge whose condition could not be evaluated; its target fails with this message."""

    message: str


def holds(condition: Expression | bool | None, scope: Mapping[str, Any]) -> bool:
    """Whether a ``when`` is true; no condition holds always."""
    if condition is None:
        return True
    if isinstance(condition, bool):
        return condition
    return condition.test(scope)


def verdicts(
    node: PlannedNode, result: NodeResult, scope: Mapping[str, Any]
) -> tuple[NodeResult, Sequence[Verdict | Broken]]:
    """What each outgoing edge of ``node`` is given by ``result``, in order; the result says whether it was handled."""
    if result.status not in ("succeeded", "failed"):
        verdict: Verdict = "blocked" if result.blocked or result.status in ("cancelled", "unknown") else "not chosen"
        return result, [verdict] * len(node.edges)
    failed = result.status == "failed"
    if not failed and not node.edges:
        return result, ()
    any_fits = failed and node.on_error == "continue"
    found = [_taken(node, edge, failed, any_fits, scope) for edge in node.edges]
    handled = any_fits or result.handled
    if failed and not handled:
        handled = any(edge.on == "failure" and one is True for edge, one in zip(node.edges, found, strict=True))
    if handled != result.handled:
        result = result.but(handled=handled)
    otherwise: Verdict = "blocked" if failed and not handled else "not chosen"
    return result, [one if isinstance(one, Broken) else "taken" if one else otherwise for one in found]


def _taken(
    node: PlannedNode, edge: PlannedEdge, failed: bool, any_fits: bool, scope: Mapping[str, Any]
) -> bool | Broken:
    fits = any_fits or edge.on == "always" or (edge.on == "failure") == failed
    if not fits:
        return False
    if edge.when is None:
        return True
    try:
        return holds(edge.when, scope)
    except ExpressionError as error:
        return Broken(f"the condition of the edge {node.id} → {edge.edge.target} could not be evaluated: {error}")


class Untaken:
    """What a node knows of those of its incoming edges that were not taken."""

    __slots__ = ("blocked", "broken", "edges", "not_chosen")

    def __init__(self) -> None:
        self.edges = 0
        self.blocked: str | None = None
        self.not_chosen: str | None = None
        self.broken: str | None = None

    def admit(self, verdict: Verdict | Broken, source: str) -> None:
        """Take in the verdict of an edge that was not taken, from the node ``source``."""
        self.edges += 1
        if verdict == "blocked":
            self.blocked = self.blocked or source
        elif isinstance(verdict, Broken):
            self.broken = self.broken or verdict.message
        else:
            self.not_chosen = self.not_chosen or source


def why_skipped(node: PlannedNode, untaken: Untaken) -> tuple[str, Cause] | None:
    """None when the node runs, though some edges to it were not taken; else why it is skipped, for people and as a
    cause."""
    blocked, taken = untaken.blocked, node.incoming - untaken.edges
    if node.join == "any":
        runs = taken > 0
    elif node.join == "all":
        runs = taken == node.incoming
    else:
        runs = taken > 0 and blocked is None
    if runs:
        return None
    if blocked is not None:
        return f"it needs {blocked!r}, which did not succeed", Cause.UPSTREAM
    if taken:
        return f"join 'all' wants every edge, and the one from {untaken.not_chosen!r} was not taken", Cause.CONDITION
    return f"no edge to it was taken (from {untaken.not_chosen!r})", Cause.CONDITION
