"""Telling subscribers what happens in a run, whatever they do with it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

from flowbook.engine.results import NodeResult
from flowbook.errors import FlowbookError, StoreError
from flowbook.events import Event, NodeFinished, NodeStarted
from flowbook.plan import PlannedNode

logger = logging.getLogger("flowbook.engine")
logger.addHandler(logging.NullHandler())

Subscriber = Callable[[Event], None]


class Telling:
    """Calls every subscriber with every event; one that fails hurts neither the run nor the others.

    ``problems`` are the errors of subscribers that a person should see, such as a journal that could not write.
    """

    def __init__(self, run_id: str, subscribers: Iterable[Subscriber]) -> None:
        self.problems: list[str] = []
        self._run_id = run_id
        self._subscribers = tuple(subscribers)

    def add(self, subscriber: Subscriber) -> None:
        """Tell one more."""
        self._subscribers = (*self._subscribers, subscriber)

    def started(self, node: PlannedNode, at: float) -> NodeResult | None:
        """Tell that a node starts; a failed result when that could not be recorded and so must not be done."""
        event = NodeStarted(self._run_id, node.id, at, node.task, node.effects)
        for subscriber in self._subscribers:
            try:
                subscriber(event)
            except StoreError as error:
                return NodeResult("failed", f"not started, since it could not be recorded: {error}")
            except Exception:
                logger.exception("a subscriber failed at the start of node %s of run %s", node.id, self._run_id)
        return None

    def finished(self, node: PlannedNode, result: NodeResult) -> None:
        """Tell how a node ended."""
        self.tell(
            NodeFinished(
                self._run_id, node.id, time.time(), result.status, result.message, result.data, result.attempts,
                result.started_at, result.seconds, node.effects, result.handled, result.params,
            )
        )  # fmt: skip

    def tell(self, event: Event) -> None:
        """Tell an event."""
        for subscriber in self._subscribers:
            try:
                subscriber(event)
            except FlowbookError as error:
                if str(error) not in self.problems:
                    self.problems.append(str(error))
            except Exception:
                logger.exception("a subscriber failed at %s of run %s", type(event).__name__, self._run_id)
