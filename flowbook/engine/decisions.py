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


class Incoming:
    """What a node knows of its incoming edges so far."""

    __slots__ = ("blocked", "broken", "first", "missing", "not_chosen", "taken")

    def __init__(self, edges: int) -> None:
        self.missing = edges
        self.taken = 0
        self.first: int | None = None
        self.blocked: str | None = None
        self.not_chosen: str | None = None
        self.broken: str | None = None

    def admit(self, verdict: Verdict | Broken, source: int, source_id: str) -> bool:
        """Take in one edge's verdict; True when it was the last one."""
        self.missing -= 1
        if verdict == "taken":
            self.taken += 1
            if self.first is None or source < self.first:
                self.first = source
        elif verdict == "blocked":
            self.blocked = self.blocked or source_id
        elif isinstance(verdict, Broken):
            self.broken = self.broken or verdict.message
        else:
            self.not_chosen = self.not_chosen or source_id
        return not self.missing


def why_skipped(node: PlannedNode, incoming: Incoming) -> tuple[str, Cause] | None:
    """None when the node runs; else why it is skipped, for people and as a cause."""
    if not node.incoming:
        return None
    blocked, taken = incoming.blocked, incoming.taken
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
        return f"join 'all' wants every edge, and the one from {incoming.not_chosen!r} was not taken", Cause.CONDITION
    return f"no edge to it was taken (from {incoming.not_chosen!r})", Cause.CONDITION
