"""Telling subscribers what happens in a run, whatever they do with it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from flowbook.calling.routing import sink
from flowbook.errors import FlowbookError, StoreError
from flowbook.events import (
    Event,
    ItemFinished,
    ItemStarted,
    NodeFinished,
    NodeOutput,
    NodeProgressed,
    NodeRetried,
    NodeStarted,
    RunStarted,
)
from flowbook.plan import PlannedNode
from flowbook.results import Cause, NodeResult

logger = logging.getLogger("flowbook.engine")
logger.addHandler(logging.NullHandler())

Subscriber = Callable[[Event], None]
_FAILS = (Exception, SystemExit)  # that a subscriber wants to leave ends neither the run nor the thread it goes on in
E = TypeVar("E", bound=Event)
T = TypeVar("T")


class Telling:
    """Calls every subscriber with every event; one that fails hurts neither the run nor the others.

    What it prints, or logs, is nobody's output: of a node it would be told to it again.

    ``problems`` are the errors of subscribers that a person should see, such as a journal that could not write. Once
    ``over`` is set, what tasks still print and how far they say to be is left out.
    """

    def __init__(self, run_id: str, subscribers: Iterable[Subscriber]) -> None:
        self.problems: list[str] = []
        self.over = False
        self._run_id = run_id
        self._subscribers = tuple(subscribers)

    def add(self, subscriber: Subscriber) -> None:
        """Tell one more."""
        self._subscribers = (*self._subscribers, subscriber)

    def begin(self, event: RunStarted) -> None:
        """Tell that the run begins. Raises StoreError when that could not be recorded: then it must not."""
        for subscriber in self._subscribers:
            try:
                subscriber(event)
            except StoreError:
                raise
            except _FAILS:
                logger.exception("a subscriber failed at the start of run %s", self._run_id)

    def started(self, node: PlannedNode, at: float) -> str:
        """Tell that a node starts; why that could not be recorded, and so must not be done, else nothing."""
        return _apart(self._start, NodeStarted(self._run_id, node.id, at, node.task, node.effects))

    def item_started(self, node: PlannedNode, at: float, item: int, digest: str) -> str:
        """Tell that a node's task is called for an item; as :meth:`started`."""
        return _apart(self._start, ItemStarted(self._run_id, node.id, at, item, digest, node.effects))

    def _start(self, event: NodeStarted | ItemStarted) -> str:
        for subscriber in self._subscribers:
            try:
                subscriber(event)
            except StoreError as error:
                return f"not started, since it could not be recorded: {error}"
            except _FAILS:
                logger.exception("a subscriber failed at the start of node %s of run %s", event.node_id, self._run_id)
        return ""

    def item_finished(self, node: str, item: int, digest: str, result: NodeResult) -> None:
        """Tell how a call for an item ended."""
        self.tell(ItemFinished(self._run_id, node, time.time(), item, digest, result))

    def finished(self, node: str, result: NodeResult) -> None:
        """Tell how a node ended."""
        self.tell(NodeFinished(self._run_id, node, time.time(), result))

    def printed(
        self, node: str, stream: str, text: str, data: Mapping[str, Any] | None = None, item: int | None = None
    ) -> None:
        """Tell what a node printed or displayed."""
        if not self.over:
            self.tell(NodeOutput(self._run_id, node, time.time(), stream, text, data, item))

    def progressed(self, node: str, done: float, total: float | None, text: str = "") -> None:
        """Tell how far a node is."""
        if not self.over:
            self.tell(NodeProgressed(self._run_id, node, time.time(), done, total, text))

    def retried(self, node: str, attempt: int, message: str, wait: float, item: int | None, cause: Cause) -> None:
        """Tell that an attempt failed and there will be another after ``wait`` seconds."""
        self.tell(NodeRetried(self._run_id, node, time.time(), attempt, message, wait, item, cause))

    def tell(self, event: Event) -> None:
        """Tell an event."""
        _apart(self._tell, event)

    def _tell(self, event: Event) -> None:
        for subscriber in self._subscribers:
            try:
                subscriber(event)
            except FlowbookError as error:
                if str(error) not in self.problems:
                    self.problems.append(str(error))
            except _FAILS:
                logger.exception("a subscriber failed at %s of run %s", type(event).__name__, self._run_id)


def _apart(tell: Callable[[E], T], event: E) -> T:
    """``tell`` the event, in the thread of a call it may be, as if in none."""
    if sink.get() is None:
        return tell(event)
    within = sink.set(None)
    try:
        return tell(event)
    finally:
        sink.reset(within)
