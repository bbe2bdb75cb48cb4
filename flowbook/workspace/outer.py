"""A run, as the runs inside of it go by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowbook.plan import Plan
from flowbook.records import NamedTuple
from flowbook.redaction import Redactor
from flowbook.tasks import Context
from flowbook.tasks.shared import AtEnd
from flowbook.trust.permit import Permit
from flowbook.workspace.options import RunOptions

if TYPE_CHECKING:
    from flowbook.workspace.inside import GoingOn


class Outer(NamedTuple):
    """A run, as the runs inside of it go by it: its workflow below those that it is itself inside of, how it goes, what
    it may do, its redactor, what is done at the end of all, and what is left to go on with where it was resumed."""

    workflows: tuple[str, ...]
    options: RunOptions
    permit: Permit
    redact: Redactor
    at_end: AtEnd
    going: GoingOn | None = None


def at_end_of(outer: Outer | None) -> AtEnd:
    """What is done when the outermost run ends."""
    return AtEnd() if outer is None else outer.at_end


def within(outer: Outer | None, plan: Plan) -> tuple[str, ...]:
    """The names of the workflows that a run of a plan is inside of, from the outermost, and its own."""
    return (plan.workflow,) if outer is None else (*outer.workflows, plan.workflow)


def place_in(parent: Context) -> str:
    """Where a run inside of another belongs: ``run.node``, of an item of a ``for_each`` node ``run.node[3]``."""
    item = "" if parent.index is None else f"[{parent.index}]"
    return f"{parent.run_id}.{parent.node_id}{item}"
