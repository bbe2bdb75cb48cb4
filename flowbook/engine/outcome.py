"""How a run ended."""

from __future__ import annotations

from flowbook.events import RunStatus
from flowbook.results import NodeResult


class Outcome:
    """How a run ended: ``status``, ``results`` by node id, ``seconds``, ``message``."""

    __slots__ = ("message", "results", "seconds", "status")

    def __init__(self, status: RunStatus, results: dict[str, NodeResult], seconds: float, message: str) -> None:
        self.status = status
        self.results = results
        self.seconds = seconds
        self.message = message
