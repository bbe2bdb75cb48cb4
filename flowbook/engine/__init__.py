"""Plan → events: runs the nodes of a plan on threads and tells subscribers what happens. Knows no disk and no vault."""

from flowbook.engine.execution import TIMED_OUT, Execution
from flowbook.engine.outcome import Outcome
from flowbook.engine.results import NodeResult, WithLostData
from flowbook.engine.telling import Subscriber

__all__ = ["TIMED_OUT", "Execution", "NodeResult", "Outcome", "Subscriber", "WithLostData"]
