"""What a node came to, and what later nodes see of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowbook.events import NodeStatus


class NodeResult:
    """How a node ended: ``status``, ``message``, ``data`` (the live object), ``attempts``, ``seconds``, ``params``.

    ``params`` are what its last call was given, of a ``for_each`` node a list of what its first calls were given.
    ``handled`` says that something took care of its failure; ``blocked`` that what it needs failed.
    """

    __slots__ = ("attempts", "blocked", "data", "handled", "message", "params", "seconds", "started_at", "status")

    def __init__(
        self,
        status: NodeStatus,
        message: str = "",
        data: Any = None,
        attempts: int = 0,
        seconds: float = 0.0,
        started_at: float | None = None,
        *,
        handled: bool = False,
        blocked: bool = False,
        params: Any = None,
    ) -> None:
        self.status: NodeStatus = status
        self.message = message
        self.data = data
        self.attempts = attempts
        self.seconds = seconds
        self.started_at = started_at
        self.handled = handled
        self.blocked = blocked
        self.params = params

    @property
    def success(self) -> bool:
        """Whether the node succeeded."""
        return self.status == "succeeded"

    def __repr__(self) -> str:
        return f"<NodeResult {self.status}: {self.message}>"


class WithLostData(NodeResult):
    """The result of an earlier attempt whose data is not there any more: expressions see everything but the data."""

    __slots__ = ()


class _WithoutData:
    """A node that ended without data, as expressions see it: everything but ``data``."""

    __slots__ = ("message", "status", "success")

    def __init__(self, result: NodeResult) -> None:
        self.message = result.message
        self.status = result.status
        self.success = result.success


def visible(result: NodeResult) -> Any:
    """What expressions see of a result: a skipped node, or one that failed without giving data, has no ``data``."""
    if result.status == "succeeded" or (result.status == "failed" and result.data is not None):
        return result
    return _WithoutData(result)


def remembered(result: NodeResult) -> Any:
    """What expressions see of a result that was recorded earlier."""
    return _WithoutData(result) if isinstance(result, WithLostData) else visible(result)


def scope(run: Mapping[str, Any], inputs: Mapping[str, Any], nodes: Mapping[str, Any]) -> dict[str, Any]:
    """The names that every expression of a run sees."""
    return {"inputs": inputs, "nodes": nodes, "run": run}
