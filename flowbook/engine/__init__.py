"""Plan → events: runs the nodes of a plan on threads and tells subscribers what happens. Knows no disk and no vault."""

from flowbook.engine.endings import Recall
from flowbook.engine.execution import Execution
from flowbook.engine.outcome import Outcome
from flowbook.engine.telling import Subscriber
from flowbook.results import NodeResult

__all__ = ["Execution", "NodeResult", "Outcome", "Recall", "Subscriber"]
