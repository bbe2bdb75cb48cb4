"""Which tasks are called in a dry run, and how it ends at what is not known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowbook.calling import Answer
from flowbook.engine.computing import only_computes
from flowbook.models.code_nodes import CODE_PARAMS
from flowbook.plan import PlannedNode
from flowbook.results import Cause
from flowbook.tasks import Result

STOPS = "a dry run stops here: "
"""How the message of a node begins that a dry run does not come to."""


class Stopped(Result):
    """What a call gives that a dry run does not come to."""


def stopped(why: str) -> Answer:
    """How a call ends that a dry run cannot make, since what it needs was not done."""
    return Answer(Stopped.ok(f"{STOPS}{why}"), Cause.REHEARSED)


def rehearsable(node: PlannedNode, params: Mapping[str, Any]) -> bool:
    """Whether a node's task is called in a dry run: it asks before it changes anything, or only computes.

    Code whose task says that it only reads (JavaScript that reaches nothing) can change nothing.
    """
    if not node.spec.runs_code or node.spec.effects == "read":
        return node.spec.rehearses
    source = params.get(CODE_PARAMS.get(node.task, ""))
    return isinstance(source, str) and only_computes(source)
