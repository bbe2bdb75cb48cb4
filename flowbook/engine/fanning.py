"""How nodes with ``for_each`` go on: which calls begin, what follows from the end of each, and from that of all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flowbook.calling import Redact
from flowbook.engine.attempts import Unit
from flowbook.engine.crews import Crews
from flowbook.engine.endings import Endings
from flowbook.engine.fan import Fan, items_of
from flowbook.engine.telling import Telling
from flowbook.errors import ExpressionError
from flowbook.plan import PlannedNode
from flowbook.results import Cause, ItemResults, NodeResult, NodeStatus
from flowbook.tasks import Result


class Fans:
    """Sees the ``for_each`` nodes of one run through their calls.

    ``lock`` is the run's, ``scope`` what expressions see, ``recorded`` the calls of an earlier attempt at the run that
    stand. ``workers`` says how many of a node's calls may go on at once, ``finish`` takes in how a node ended and gives
    what its worker does next.
    """

    def __init__(
        self,
        endings: Endings,
        telling: Telling,
        redact: Redact,
        crew: Crews,
        lock: threading.Lock,
        scope: Mapping[str, Any],
        recorded: Mapping[str, ItemResults],
        workers: Callable[[PlannedNode], int],
        finish: Callable[[PlannedNode, NodeResult], Unit | None],
    ) -> None:
        self._endings = endings
        self._telling = telling
        self._redact = redact
        self._crew = crew
        self._lock = lock
        self._scope = scope
        self._recorded = recorded
        self._workers = workers
        self._finish = finish
        self._going: set[Fan] = set()

    def items_of(self, node: PlannedNode) -> Sequence[Any] | NodeResult:
        """What the node is called for, each; how it ends when that cannot be told."""
        try:
            return items_of(node, self._scope)
        except ExpressionError as error:
            return self._endings.unclear(node, f"'for_each' could not be evaluated: {error}")

    def begin(self, node: PlannedNode, items: Sequence[Any]) -> Unit | None:
        """Have the first calls of a node made that has started; the one that its worker goes on with."""
        if not items:
            message = "nothing to do: the list is empty"
            return self._finish(node, self._endings.of(node, "succeeded", Cause.RETURNED, message, []))
        fan = Fan(node, items, self._recorded.get(node.id, {}))
        if not fan.has_next():
            return self._all_ended(fan)
        with self._lock:  # what is widened later is all that is known by then
            first, *others = [Unit.next_of(fan) for _ in range(fan.widen(self._workers(node)))]
            self._going.add(fan)
            if others:
                self._crew.put(others)
        return first

    def widen(self) -> None:
        """Have more calls go on at the same time where more may than before. The lock is held."""
        for fan in self._going:
            more = fan.widen(self._workers(fan.node))
            self._crew.put([Unit.next_of(fan) for _ in range(more)])

    def begin_item(self, unit: Unit, fan: Fan) -> str:
        """Note that the call for an item begins; why it must not, else nothing."""
        assert unit.index is not None
        unit.started, unit.clock = time.time(), time.monotonic()
        return self._telling.item_started(fan.node, unit.started, unit.index, fan.digests[unit.index])

    def item_ended(self, unit: Unit, fan: Fan, status: NodeStatus, cause: Cause, result: Result) -> Unit | None:
        """Take in how the call for an item ended; what its worker does next."""
        assert unit.index is not None
        ended = self._endings.of_item(unit, fan, status, cause, self._redact(result.message), result.data)
        self._telling.item_finished(fan.node.id, unit.index, fan.digests[unit.index], ended)
        done = fan.finish(unit.index, unit.attempt, status, result, cause)
        self._telling.progressed(fan.node.id, done, len(fan.items))
        if unit.worker:
            fan.workers[unit.worker] = None
        if done == len(fan.items):
            return self._all_ended(fan)
        return self.lane_goes_on(fan) if unit.in_lane else None

    def lane_goes_on(self, fan: Fan) -> Unit | None:
        """The next call of a lane; None when there is none, and the lane has ended."""
        with self._lock:
            if fan.has_next():
                return Unit.next_of(fan)
            fan.lanes -= 1
            return None

    def give_back(self, unit: Unit, fan: Fan) -> None:
        """Have a call made that came back unbegun. The lock is held."""
        unit.in_lane = True
        fan.take_back(unit)
        if fan.lanes < fan.most:
            fan.lanes += 1
            self._crew.put([Unit.next_of(fan)])

    def _all_ended(self, fan: Fan) -> Unit | None:
        """Take what the calls for all items came to as the node's."""
        with self._lock:
            self._going.discard(fan)
        status, cause, message, data = fan.outcome()
        message = self._redact(message)
        ended = self._endings.of(
            fan.node, status, cause, message, data, fan.attempts, fan.first_params(), worker=", ".join(fan.workers)
        )
        return self._finish(fan.node, ended)
