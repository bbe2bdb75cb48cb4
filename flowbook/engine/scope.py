"""What later nodes see of a run: the names in its expressions, and what each node came to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowbook.results import Cause, NodeResult, Source

NOT_CALLED = "rehearsed"
"""What expressions and code see as the status of a node that a dry run has not called."""


class _WithoutData:
    """A node that ended without data, as expressions see it: everything but ``data``."""

    __slots__ = ("lost", "message", "status", "success")

    def __init__(self, result: NodeResult) -> None:
        self.lost = result.lost
        self.message = result.message
        self.status: str = NOT_CALLED if result.cause is Cause.REHEARSED else result.status
        self.success = result.success


REUSED = "reused: "
"""How the message of a node begins that was not run; for people: expressions see the one that it was."""


def visible(result: NodeResult) -> Any:
    """What expressions see of a result: a skipped node, or one that failed without giving data, has no ``data``."""
    if result.source is Source.REUSED:
        return result.but(message=result.message.removeprefix(REUSED))
    if result.cause is Cause.REHEARSED and result.data is None:
        return _WithoutData(result)
    if result.status == "succeeded" or (result.status == "failed" and result.data is not None):
        return result
    return _WithoutData(result)


def remembered(result: NodeResult) -> Any:
    """What expressions see of a result of an earlier attempt or run, whose data may not be there any more."""
    return _WithoutData(result) if result.lost else visible(result)


def scope(run: Mapping[str, Any], inputs: Mapping[str, Any], nodes: Mapping[str, Any]) -> dict[str, Any]:
    """The names that every expression of a run sees."""
    return {"inputs": inputs, "nodes": nodes, "run": run}
