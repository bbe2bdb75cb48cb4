"""Plan → events: runs the nodes of a plan on threads and tells subscribers what happens. Knows no disk and no vault."""

from flowbook.engine.execution import Execution, Outcome, Subscriber
from flowbook.engine.results import NodeResult

__all__ = ["Execution", "NodeResult", "Outcome", "Subscriber"]
