"""The calls of a run: made alone or several at a time, timed out, tried again, told to stop and let go of."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from flowbook.calling import Answer, Call
from flowbook.calling.in_place import put_in_place, release
from flowbook.calling.order import UNCALLED
from flowbook.engine.agenda import Agenda
from flowbook.engine.attempts import Attempts, Unit
from flowbook.engine.batches import Batches
from flowbook.engine.crew import DISMISSED
from flowbook.engine.crews import Crews
from flowbook.engine.endings import Endings
from flowbook.engine.fanning import Fans
from flowbook.engine.placing import Placing
from flowbook.engine.telling import Telling
from flowbook.engine.trains import Trains
from flowbook.plan import PlannedNode
from flowbook.results import Cause, NodeResult, NodeStatus
from flowbook.tasks import Result
from flowbook.tasks.stop import Stop

BETWEEN_CALLS = "cancelled before its next call"
"""The message of what a cancelled run was not in the middle of, though it had begun."""


class Calls:
    """Makes the calls of one run and says what follows from how each ended: a unit for the worker, None for "look for
    work", or DISMISSED.

    ``lock`` is the run's, ``stop`` its sign to stop. ``begin_along`` begins a node whose call travels with that of
    another; ``tell_start`` tells that a node starts: nothing, or why that could not be recorded, None when the run was
    cancelled. ``finish`` takes in how a node ended. ``going`` are the calls that are waited for, each with its node;
    ``cancelled`` says that none is begun any more.
    """

    def __init__(
        self,
        attempts: Attempts,
        placing: Placing,
        fans: Fans,
        trains: Trains,
        endings: Endings,
        telling: Telling,
        crew: Crews,
        agenda: Agenda,
        lock: threading.Lock,
        stop: Stop,
        begin_along: Callable[[Unit], Unit | None],
        tell_start: Callable[[PlannedNode], str | None],
        finish: Callable[[PlannedNode, NodeResult], Unit | None],
    ) -> None:
        self.cancelled = False
        self.going: dict[Call, PlannedNode] = {}
        self._attempts = attempts
        self._placing = placing
        self._batches = Batches(placing, crew, trains, attempts, lock)
        self._fans = fans
        self._trains = trains
        self._endings = endings
        self._telling = telling
        self._redact = attempts.redact
        self._crew = crew
        self._agenda = agenda
        self._lock = lock
        self._stop = stop
        self._begin_along = begin_along
        self._tell_start = tell_start
        self._finish = finish
        self._waiting: set[Unit] = set()

    def make(self, unit: Unit) -> object:
        """Make the call of a unit, alone or with others that travel along."""
        if not self._placing.far(unit.node):
            return self._attempt(unit)
        units = self._batches.with_others(unit, self._begin_along)
        if len(units) > 1:
            return self._attempt_all(units)
        began = time.monotonic()
        following = self._attempt(unit)
        self._batches.went_alone(unit, time.monotonic() - began)
        return following

    def take_up(self, following: object) -> None:
        """Have done what follows, by any worker."""
        if isinstance(following, Unit):
            with self._lock:
                self._crew.put_first(following)

    def abandon(self) -> set[int]:
        """Let go of all calls that still go on: their threads hang in them, and nobody waits for them.

        Of which nodes they are, by their places in the plan; the run is cancelled, so that of no other one is any made.
        """
        with self._lock:
            calls = {call: node for call, node in self.going.copy().items() if not call.done}
            for call, node in calls.items():
                call.abandoned = True
                self._crew.let_go(node)
        for call in calls:
            self._mute(call)
        for unit in list(self._waiting):
            if unit.fan is not None:
                self._ended(unit, Result.failed(BETWEEN_CALLS), Cause.REFUSED)
        return {node.index for node in calls.values()}

    def _attempt(self, unit: Unit) -> object:
        """Make one call of a node's task, and go on from how it ended."""
        node = unit.node
        call = self._call_of(unit)
        if not isinstance(call, Call):
            return call
        if node.timeout is not None:
            self._attempts.later(node.timeout, lambda: self._time_out(unit, call))
        answer = self._attempts.answer_to(unit, call)
        call.flush()
        if node.timeout is not None or self.cancelled:
            with self._lock:
                if call.abandoned:
                    release()
                    return DISMISSED
                call.done = True
        following = self._after(unit, answer)
        self._over_with(call)
        return following

    def _call_of(self, unit: Unit) -> Call | object:
        """The call of a unit, which is about to be made; what follows when it must not be."""
        call = self._attempts.call_of(unit, self._stop if unit.node.timeout is None else Stop())
        # Adding to and taking from a dict are single steps of the interpreter, so the lock is not needed for them.
        self.going[call] = unit.node
        if self.cancelled:
            self.going.pop(call, None)
            return None if unit.fan is not None or unit.along else self._ended(unit, *UNCALLED[:2])
        if unit.along:
            call.when_begun(lambda: self._begun_along(unit, call))
        if unit.fan is not None and not unit.started:
            refused = self._fans.begin_item(unit, unit.fan)
            if refused:
                self.going.pop(call, None)
                return self._ended(unit, Result.failed(refused), Cause.REFUSED)
        return call

    def _over_with(self, call: Call) -> None:
        """A call has ended, and what follows is decided."""
        self.going.pop(call, None)
        if self.cancelled:
            with self._lock:
                self._agenda.wake()

    # -- several at a time ---------------------------------------------------------------------------------------

    def _attempt_all(self, units: list[Unit]) -> object:
        """Make calls that travel together, and go on from how each ended, as it ends."""
        fan, sent = units[0].fan, []
        for unit in units:
            unit.in_lane = False
            call = self._call_of(unit)
            if isinstance(call, Call):
                sent.append((unit, call))
            else:
                self.take_up(call)
        waited = self._batches.make(sent, self._after_one) if sent else True
        if not waited:
            return DISMISSED
        return None if fan is None else self._fans.lane_goes_on(fan)

    def _after_one(self, unit: Unit, call: Call, answer: Answer | None) -> None:
        """Go on from one of the calls that travelled together; without an answer it is still to be made, alone."""
        if unit.along and not self._counts(unit):
            self._over_with(call)
            return
        if answer is not None:
            self.take_up(self._after(unit, answer))
        elif not self.cancelled:
            with self._lock:
                if unit.fan is None:
                    self._crew.put([unit])
                else:
                    self._fans.give_back(unit, unit.fan)
        self._over_with(call)

    def _begun_along(self, unit: Unit, call: Call) -> None:
        """A call has begun that went along; it counts when the one before it has succeeded here, too."""
        node = unit.node
        if node.index in self._endings.started:  # and begins again, since its worker was lost
            return
        with self._lock:
            reached = self._trains.reached(node)
        refused = self._tell_start(node) if reached else None
        if refused == "":
            return
        call.muted = True
        with self._lock:
            self._trains.arrive(node)
        if refused:
            self.take_up(self._finish(node, self._endings.of(node, "failed", Cause.REFUSED, refused)))

    def _counts(self, unit: Unit) -> bool:
        """Whether a call that went along was to be made; then it is one like any other from now on."""
        with self._lock:
            counts = self._trains.arrive(unit.node)
        unit.along = frozenset()
        if unit.node.index not in self._endings.started:
            unit.attempt = 0
        return counts

    # -- what became of a call -----------------------------------------------------------------------------------

    def _time_out(self, unit: Unit, call: Call) -> None:
        """The call's time is over: it has failed, and a late return is ignored."""
        with self._lock:
            if call.done or call not in self.going or self.cancelled:
                return
            call.abandoned = True
            self.going.pop(call, None)
            self._crew.let_go(unit.node)
        call.tell_to_stop()
        self._mute(call)
        late = Result.failed(f"timed out after {unit.node.timeout:g} s")
        self.take_up(self._after(unit, Answer(late, Cause.TIMED_OUT)))

    def _mute(self, call: Call) -> None:
        """Let go of a call: what it printed so far still counts, what comes later does not."""
        call.let_go()
        # What it still prints must not land in whatever cell comes next: the routers stay until it returns.
        put_in_place()

    def _after(self, unit: Unit, answer: Answer) -> object:
        """Retry, or take the result as the node's (or the item's)."""
        node, retry = unit.node, unit.node.retry
        result, cause, intents, *_ = answer
        if intents:
            self._endings.note_intents(node, intents)
        again = not result.success and retry is not None and unit.attempt < retry.attempts
        if again and result.permanent:
            words = f"{result.message} (not tried again, as that would not help)".lstrip()
            result = Result.failed(words, result.data, permanent=True)
        elif retry is not None and again and not self._stop.is_set():
            wait = retry.delay(unit.attempt)
            message = self._redact(result.message)
            self._telling.retried(node.id, unit.attempt, message, wait, unit.index, cause)
            if not wait:
                return unit.again()
            self._waiting.add(unit)
            self._attempts.later(wait, lambda: self._put(unit))
            return None
        return self._ended(unit, result, cause)

    def _put(self, unit: Unit) -> None:
        with self._lock:
            self._waiting.discard(unit)
            self._crew.put([unit.again()])

    def _ended(self, unit: Unit, result: Result, cause: Cause) -> Unit | None:
        """Take in what a call came to that is not made again."""
        status: NodeStatus = "succeeded" if result.success else "failed"
        if self.cancelled and not result.success:
            status, cause = "cancelled", cause if cause is Cause.REFUSED else Cause.CANCELLED
        if unit.fan is not None:
            return self._fans.item_ended(unit, unit.fan, status, cause, result)
        message = self._redact(result.message) if self._redact.longest else result.message
        ended = self._endings.of(
            unit.node, status, cause, message, result.data, unit.attempt, unit.params, worker=unit.worker
        )
        return self._finish(unit.node, ended)
