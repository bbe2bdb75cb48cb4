"""One call of a task: its order, its output, displays and figures, and who makes it (the :class:`Caller`).

Knows nothing of plans, retries or runs: the engine decides what is called, and takes what came of it.
"""

from flowbook.calling.caller import Call, Caller, Ended, Executor, Here, Listener, Resizing
from flowbook.calling.making import make_call, would
from flowbook.calling.order import Answer, Connected, Late, Order, RunFacts
from flowbook.calling.output import Output
from flowbook.calling.redact import KeepsAll, Redact

__all__ = [
    "Answer",
    "Call",
    "Caller",
    "Connected",
    "Ended",
    "Executor",
    "Here",
    "KeepsAll",
    "Late",
    "Listener",
    "Order",
    "Output",
    "Redact",
    "Resizing",
    "RunFacts",
    "make_call",
    "would",
]
