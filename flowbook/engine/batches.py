"""Calls that travel together to an executor: which ones, and what follows as they end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from flowbook.calling import Answer, Call
from flowbook.calling.routing import release
from flowbook.engine.attempts import Attempts, Unit
from flowbook.engine.crews import Crews
from flowbook.engine.fan import Fan
from flowbook.engine.pace import Pace
from flowbook.engine.placing import Placing
from flowbook.plan import PlannedNode


class Batches:
    """Has quick calls travel together, so that what the way costs is paid once for all of them.

    ``lock`` is the run's. Calls with a ``timeout`` or a ``retry`` travel alone: they are expected to take long, or to
    fail. ``unit_of`` makes the next unit of a ``for_each`` node.
    """

    def __init__(
        self, placing: Placing, crews: Crews, attempts: Attempts, lock: threading.Lock, unit_of: Callable[[Fan], Unit]
    ) -> None:
        self._placing = placing
        self._crews = crews
        self._attempts = attempts
        self._lock = lock
        self._unit_of = unit_of
        self._pace = Pace()

    def with_others(self, unit: Unit, begin: Callable[[Unit], Unit | None]) -> list[Unit]:
        """The unit and those whose calls travel with its one; ``begin`` begins their nodes."""
        node = unit.node
        executor = self._placing.executor_of(node)
        if executor is None or unit.alone or node.timeout is not None or node.retry is not None:
            return [unit]
        with self._lock:
            room = self._pace.room(node) - 1
            if room < 1:
                return [unit]
            if unit.fan is not None:
                share = -(-unit.fan.left() // (node.max_parallel or executor.slots))
                return [unit, *(self._unit_of(unit.fan) for _ in range(min(room, share, unit.fan.left())))]
            found = self._crews.more(
                lambda ready: min(room, ready // executor.slots), lambda other: self._goes_along(other, node)
            )
        begun = [begin(other) for other in found]
        return [unit, *(other for other in begun if other is not None)]

    def went_alone(self, unit: Unit, seconds: float) -> None:
        """Take in how long a call took that travelled with no other."""
        with self._lock:
            self._pace.note(unit.node, 1, seconds)

    def _goes_along(self, unit: Unit, node: PlannedNode) -> bool:
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
        began, waited, back = time.monotonic(), True, False

        def ended(place: int, answer: Answer | None) -> None:
            nonlocal waited, back
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

        self._attempts.answers_to(sent, ended)
        with self._lock:
            if back:
                self._pace.slow(sent[0][0].node)
            else:
                self._pace.note(sent[0][0].node, len(sent), time.monotonic() - began)
        return waited
