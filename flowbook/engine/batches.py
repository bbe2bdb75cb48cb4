"""Calls that travel together to an executor: which ones, and what follows as they end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

from flowbook.calling import Answer, Call
from flowbook.calling.in_place import release
from flowbook.engine.attempts import Attempts, Unit
from flowbook.engine.crews import Crews
from flowbook.engine.pace import ALONG_SECONDS, TOGETHER_SECONDS, Pace
from flowbook.engine.placing import Placing
from flowbook.engine.trains import Trains
from flowbook.plan import PlannedNode

WAY_SHARE = 0.25
"""What of the time counts that calls and their way take: a busy machine makes the way of few bytes long, and sent by
fewer the calls would wait for it more often; but many bytes are not to be gathered without end."""


class Batches:
    """Has quick calls travel together, so that what the way costs is paid once for all of them.

    ``lock`` is the run's. Calls with a ``timeout`` or a ``retry`` travel alone: they are expected to take long, or to
    fail. Those that can go along behind one another do when there are more of them than of those that are ready at the
    same time.
    """

    def __init__(
        self, placing: Placing, crews: Crews, trains: Trains, attempts: Attempts, lock: threading.Lock
    ) -> None:
        self._placing = placing
        self._trains = trains
        self._crews = crews
        self._attempts = attempts
        self._lock = lock
        self._pace = Pace(TOGETHER_SECONDS)
        self._pace_along = Pace(ALONG_SECONDS)

    def with_others(self, unit: Unit, begin: Callable[[Unit], Unit | None]) -> list[Unit]:
        """The unit and those whose calls travel with its one; ``begin`` begins their nodes."""
        node = unit.node
        executor = self._placing.executor_of(node)
        if executor is None or unit.alone or node.timeout is not None or node.retry is not None:
            return [unit]
        with self._lock:
            room = self._pace.room(node) - 1
            if unit.fan is not None:
                share = -(-unit.fan.left // (node.max_parallel or executor.slots))
                return [unit, *(Unit.next_of(unit.fan) for _ in range(min(room, share, unit.fan.left)))]
            behind = self._trains.behind(node, self._pace_along.room(node) - 1)

            def most(ready: int) -> int:
                share = min(room, ready // executor.slots)
                return share if share > len(behind) else 0

            found = self._crews.more(most, lambda other: self._may_travel_with(other, node))
            if behind and not found:
                return [unit, *self._behind(node, behind)]
        begun = [begin(other) for other in found]
        return [unit, *(other for other in begun if other is not None)]

    def _behind(self, node: PlannedNode, behind: list[PlannedNode]) -> Iterator[Unit]:
        """The units of nodes that go along behind ``node``. The lock is held."""
        self._trains.depart(behind)
        ids = frozenset([node.id, *(one.id for one in behind)])
        for one in behind:
            unit = Unit(one, 1)
            unit.along = ids
            yield unit

    def went_alone(self, unit: Unit, seconds: float) -> None:
        """Take in how long a call took that travelled with no other, its way included."""
        seconds = _counted(unit.took, seconds)
        with self._lock:
            self._pace.note(unit.node, 1, seconds)
            self._pace_along.note(unit.node, 1, seconds)

    def _may_travel_with(self, unit: Unit, node: PlannedNode) -> bool:
        other = unit.node
        same = self._placing.executor_of(other) is self._placing.executor_of(node)
        return (
            same
            and other.timeout is None
            and other.retry is None
            and not unit.attempt
            and other.plain
            and other.task == node.task
        )

    def make(self, sent: list[tuple[Unit, Call]], after: Callable[[Unit, Call, Answer | None], None]) -> bool:
        """Make the calls; ``after`` is called as they end, with None for one that was not begun and is to go alone.

        False when the run did not wait for all of them.
        """
        began, waited, back, own = time.monotonic(), True, False, 0.0
        pace = self._pace_along if sent[-1][0].along else self._pace

        def ended(place: int, answer: Answer | None) -> None:
            nonlocal waited, back, own
            come = time.monotonic()
            unit, call = sent[place]
            call.flush()
            with self._lock:
                if call.abandoned:
                    waited = False
                    release()
                    return
                call.done = True
            if answer is None:
                back = unit.alone = True
            after(unit, call, answer)
            own += time.monotonic() - come

        self._attempts.answers_to(sent, ended)
        with self._lock:
            if back:
                pace.slow(sent[0][0].node)
            else:
                whole = time.monotonic() - began - own  # theirs alone, and the way's
                took = next((call.took for _, call in sent if call.took is not None), None)
                pace.note(sent[0][0].node, len(sent), _counted(took, whole))
        return waited


def _counted(took: float | None, whole: float) -> float:
    """The seconds that count of those that calls took, where that was told, and took with their way."""
    return whole if took is None else max(took, whole * WAY_SHARE)
