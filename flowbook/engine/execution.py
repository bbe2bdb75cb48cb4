"""The running of a plan: which node runs when, on which thread, with timeouts, retries and cancellation.

One lock guards the state. A worker (of the :mod:`~flowbook.engine.crew`) that ends a node decides what follows from it
and goes on with one of the nodes that became ready, so that a chain never changes threads. The thread that called
:meth:`Execution.run` sleeps until something is due (on the :mod:`~flowbook.engine.agenda`: a timeout, a retry,
held-back output) or the run is over; nothing polls. :mod:`~flowbook.engine.attempts` makes the single calls.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowbook.calling import Answer, Call, Caller, KeepsAll, Redact, RunFacts
from flowbook.calling.executors import RunExecutors
from flowbook.calling.routing import put_in_place, release, routed
from flowbook.engine.agenda import Agenda
from flowbook.engine.attempts import Attempts, Connect, Unit
from flowbook.engine.batches import Batches
from flowbook.engine.crew import DISMISSED, Crew
from flowbook.engine.crews import Crews
from flowbook.engine.endings import Endings, Recall
from flowbook.engine.fan import Fan, items_of
from flowbook.engine.interrupts import interrupt_calls
from flowbook.engine.outcome import Outcome
from flowbook.engine.placing import Placing
from flowbook.engine.scope import remembered, scope
from flowbook.engine.settling import Settling
from flowbook.engine.telling import Subscriber, Telling
from flowbook.errors import ExpressionError, RunCancelled, StoreError
from flowbook.events import RunFinished, RunStarted, RunStatus
from flowbook.plan import Plan, PlannedNode
from flowbook.results import Cause, ItemResults, NodeResult, NodeStatus
from flowbook.tasks import Result
from flowbook.tasks.context import SubWorkflows
from flowbook.tasks.shared import AtEnd
from flowbook.tasks.stop import Stop

if TYPE_CHECKING:
    from flowbook.cassettes import Tape

logger = logging.getLogger("flowbook.engine")

GRACE_SECONDS = 0.6


def _no_credentials(node: PlannedNode) -> Mapping[str, Any]:
    return {}


class Execution:
    """One run of a plan; ``results`` holds what nodes came to so far.

    ``connect(node)`` gives a node's credentials as a dict, or ``Connected`` with what it may reach. ``subscribers`` are
    called with every event, from the thread where it happens, events of one node in order; a StoreError that one raises
    at a NodeStarted fails that node: what could not be recorded is not done. ``redact`` takes secrets out of what is
    told.

    ``also`` are results of nodes that are not in the plan but may be referred to. ``recorded`` are those of nodes of it
    that ended in an earlier attempt at this run: they stand, and the nodes do not run. So do the ``items`` of
    nodes with ``for_each`` that do run. ``attempt`` counts from 1.
    ``recall(node, names)`` says of a node with a ``cache`` whether an earlier result of it is reused, and why.
    ``rehearsing`` makes it a dry run: what would change anything outside says so and does not.
    ``root`` and ``run_workflow`` are for tasks, by ``current()``; ``parent`` is the node that this run is a part of, as
    ``run.node``. ``caller`` makes the calls, or those of nodes that go elsewhere one of the ``executors``; without them
    they are made here, in the run's threads.
    ``stop`` is set when the run is cancelled. ``tape`` keeps what services answer, or answers in their place.
    ``at_end`` takes what calls want done when the run, and what it is inside of, has ended.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        run_id: str,
        inputs: Mapping[str, Any] | None = None,
        connect: Connect = _no_credentials,
        subscribers: Iterable[Subscriber] = (),
        redact: Redact | None = None,
        max_workers: int = 8,
        also: Mapping[str, NodeResult] | None = None,
        recorded: Mapping[str, NodeResult] | None = None,
        items: Mapping[str, ItemResults] | None = None,
        attempt: int = 1,
        root: Path | None = None,
        run_workflow: SubWorkflows | None = None,
        parent: str = "",
        caller: Caller | None = None,
        executors: RunExecutors | None = None,
        stop: Stop | None = None,
        recall: Recall | None = None,
        rehearsing: bool = False,
        tape: Tape | None = None,
        at_end: AtEnd | None = None,
    ) -> None:
        self.plan = plan
        self.run_id = run_id
        self.inputs = dict(inputs or {})
        self.attempt = attempt
        self._telling = Telling(run_id, subscribers)
        self._redact: Redact = redact if redact is not None else KeepsAll()
        self._parent = parent
        self._lock = threading.Lock()
        self._agenda = Agenda(self._lock)
        self._placing = Placing(plan.nodes, caller, executors, all_here=tape is not None)
        self._crew = self._crews(max_workers)
        self._workers = {False: max_workers, True: self._placing.slots}
        self._undecided = len(plan.nodes)
        earlier = {**(also or {}), **(recorded or {})}
        names: dict[str, Any] = {id: remembered(result) for id, result in earlier.items()}
        self._scope = scope({"id": run_id, "workflow": plan.workflow}, self.inputs, names)
        self._settling = Settling(
            plan, self._lock, self._telling, self._redact, names, self._scope, recorded or {}, rehearsing
        )
        self.results = self._settling.results
        facts = RunFacts(run_id, plan.workflow, root, self.inputs, names, rehearsing, tape)
        self._attempts = Attempts(
            self._placing.caller_of, facts, self._scope, connect, self._telling, self._redact, self.call_later,
            run_workflow, at_end,
        )  # fmt: skip
        self._batches = Batches(self._placing, self._crew, self._attempts, self._lock, self._unit_of)
        self._items = items or {}
        self._starting: set[int] = set()
        self._calls: set[Call] = set()
        self.rehearsing = rehearsing
        self.tape = tape
        self._endings = Endings(self._settling, self._scope, self._redact, recall, rehearsing)
        self._ended = self._endings.of
        self._started = self._endings.started
        self._stop = Stop() if stop is None else stop
        self._cancelled = False

    def _crews(self, max_workers: int) -> Crews:
        """The run's threads, and those that wait for calls elsewhere."""
        name, slots = f"flowbook-{self.run_id[-8:]}", self._placing.slots
        here = Crew[Unit](self._lock, self._agenda, self._perform, max_workers, name)
        far = Crew[Unit](self._lock, self._agenda, self._perform, slots, f"{name}-far") if slots else None
        return Crews(here, far, self._placing.far)

    def subscribe(self, subscriber: Subscriber) -> None:
        """Have one more subscriber called with every event; before :meth:`run` only."""
        self._telling.add(subscriber)

    # -- from outside ----------------------------------------------------------------------------------------

    def run(self) -> Outcome:
        """Run the plan to its end in the calling thread and return how it ended; Ctrl-C cancels it.

        Never raises for what tasks do: the outcome says it. Raises StoreError, and runs nothing, when a subscriber
        could not record that it begins, RunCancelled when that was waited for and it was cancelled.
        """
        began, clock = time.time(), time.perf_counter()
        plan, ids = self.plan, tuple(node.id for node in self.plan.nodes)
        started = RunStarted(
            self.run_id, began, plan.workflow, ids, self.inputs, self._parent, self.attempt, plan.to, plan.only
        )
        # Ctrl-C is taken care of before anything is recorded, and until all is.
        with interrupt_calls(self.cancel), routed(), self._seams():
            self._begin_with(started)
            decided, ready = self._settling.first()
            with self._lock:
                self._undecided -= decided
                self._crew.put(ready)
            self._watch()
            self._placing.close()
            return self._over(time.perf_counter() - clock)

    def _seams(self) -> AbstractContextManager[None]:
        if self.tape is None:
            return nullcontext()
        from flowbook.cassettes import inserted

        return inserted()

    def _begin_with(self, started: RunStarted) -> None:
        try:
            self._telling.begin(started)
        except StoreError:
            if self._cancelled:
                raise RunCancelled(f"{self.plan.workflow}: the run was cancelled before it began.") from None
            raise

    def _over(self, seconds: float) -> Outcome:
        """Tell how the run ended."""
        status: RunStatus = "cancelled" if self._cancelled else "failed" if self._settling.unhandled else "succeeded"
        message = self._summary(status)
        self._telling.tell(RunFinished(self.run_id, time.time(), status, seconds, message))
        return Outcome(status, self.results, seconds, message)

    def cancel(self) -> None:
        """Start no more nodes, tell the running ones; :meth:`run` returns within a second. From any thread."""
        with self._lock:
            if self._cancelled or self._settling.over:
                return
            self._cancelled = True
            calls = list(self._calls)
            self._crew.close()
            self._agenda.wake()
        self._stop.set()
        for call in calls:
            call.tell_to_stop()

    def call_later(self, seconds: float, action: Callable[[], None]) -> None:
        """Have ``action`` called after ``seconds``, in the thread that is in :meth:`run`; never after the run's end."""
        with self._lock:
            self._agenda.put(seconds, action)

    @property
    def problems(self) -> list[str]:
        """What subscribers such as the journal could not do."""
        return self._telling.problems

    @property
    def cancelled(self) -> bool:
        """Whether somebody cancelled it."""
        return self._cancelled

    def _summary(self, status: RunStatus) -> str:
        if status == "cancelled":
            return "cancelled"
        if status == "failed":
            first = self.results[self._settling.unhandled[0]].message
            more = len(self._settling.unhandled) - 1
            also = f" (and {more} more)" if more else ""
            return f"node {self._settling.unhandled[0]!r} failed: {first}{also}"
        return ""

    # -- the watching thread -----------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Do what is due, until every node is decided or the cancelled run's grace is over."""
        grace_ends: float | None = None
        while True:
            try:
                with self._lock:
                    if not self._undecided or (self._cancelled and not self._calls and not self._starting):
                        break
                    if self._cancelled and grace_ends is None:
                        grace_ends = time.monotonic() + GRACE_SECONDS
                    if grace_ends is not None and time.monotonic() >= grace_ends:
                        break
                    action = self._agenda.take(grace_ends)
                if action is not None:
                    action()
            except KeyboardInterrupt:
                self.cancel()
        if self._undecided:
            self._end_the_rest()
        with self._lock:
            self._settling.over = self._telling.over = True
            self._crew.close()

    def _end_the_rest(self) -> None:
        """Cancelled: what still runs is let go of, what did not start never will."""
        with self._lock:
            calls = [call for call in self._calls if not call.done]
            for call in calls:
                call.abandoned = True
                self._crew.let_go(self.plan.nodes[self.plan.index[call.node_id]])
        for call in calls:
            self._mute(call)
        for node in self.plan.nodes:
            started = self._started.get(node.index)
            message = "cancelled before it started"
            if started is not None:
                message = "cancelled while it was running"
                if node.effects == "write":
                    message += "; what it was doing may have taken effect"
            result = self._ended(node, "cancelled", Cause.CANCELLED, message, attempts=0 if started is None else 1)
            with self._lock:
                if node.id in self.results:
                    continue
                self.results[node.id] = result
            self._telling.finished(node.id, result)
        self._undecided = 0

    # -- one node ------------------------------------------------------------------------------------------------

    def _perform(self, unit: Unit) -> object:
        """Do one unit; the next unit for this worker, None for "look for work", or DISMISSED."""
        try:
            if unit.attempt:
                return self._go(unit)
            return self._begin(unit)
        except Exception as error:
            logger.exception("node %s of run %s ended the engine's own way", unit.node.id, self.run_id)
            why = f"Error inside Flowbook: {error!r}"
            return self._finish(unit.node, self._ended(unit.node, "failed", Cause.INTERNAL, why))

    def _begin(self, unit: Unit) -> object:
        """Begin a node whose incoming edges are all decided and that is to run."""
        node = unit.node
        if self.cancelled:
            return None
        if not node.plain:
            decided = self._endings.without_running(node)
            if decided is not None:
                return self._finish(node, decided)
        if node.for_each is not None:
            return self._begin_fan(node)
        refused = self._tell_start(node)
        if refused is None:
            return None
        if refused:
            return self._finish(node, self._ended(node, "failed", Cause.REFUSED, refused))
        unit.attempt = 1
        return self._go(unit)

    def _go(self, unit: Unit) -> object:
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

    def _begin_along(self, unit: Unit) -> Unit | None:
        """Begin a node whose call travels with that of another; None when it must not be."""
        self._started[unit.node.index] = now = time.time()
        refused = self._telling.started(unit.node, now)
        if refused:
            self._take_up(self._finish(unit.node, self._ended(unit.node, "failed", Cause.REFUSED, refused)))
            return None
        unit.attempt = 1
        return unit

    def _tell_start(self, node: PlannedNode) -> str | None:
        """Tell that a node starts: nothing, or why that could not be recorded; None when it does not, being cancelled.

        While that is told, no end of the node is: it would come before its start.
        """
        self._starting.add(node.index)
        try:
            if self._cancelled:
                return None
            self._started[node.index] = now = time.time()
            return self._telling.started(node, now)
        finally:
            self._starting.discard(node.index)
            if self._cancelled:
                with self._lock:
                    self._agenda.wake()

    def _begin_fan(self, node: PlannedNode) -> object:
        try:
            items = items_of(node, self._scope)
        except ExpressionError as error:
            return self._finish(node, self._endings.unclear(node, f"'for_each' could not be evaluated: {error}"))
        refused = self._tell_start(node)
        if refused is None:
            return None
        if refused:
            return self._finish(node, self._ended(node, "failed", Cause.REFUSED, refused))
        if not items:
            message = "nothing to do: the list is empty"
            return self._finish(node, self._ended(node, "succeeded", Cause.RETURNED, message, []))
        fan = Fan(node, items, self._items.get(node.id, {}))
        if not fan.has_next():
            return self._after_all(fan)
        first, *others = [self._unit_of(fan) for _ in range(fan.open_lanes(self._workers[self._placing.far(node)]))]
        if others:
            with self._lock:
                self._crew.put(others)
        return first

    def _unit_of(self, fan: Fan) -> Unit:
        if fan.returned:
            returned: Unit = fan.returned.pop(0)
            return returned
        index, item = fan.next()
        unit = Unit(fan.node, 1, fan, index)
        unit.item = item
        return unit

    def _attempt(self, unit: Unit) -> object:
        """Make one call of a node's task, and go on from how it ended."""
        node = unit.node
        call = self._call_of(unit)
        if not isinstance(call, Call):
            return call
        if node.timeout is not None:
            self.call_later(node.timeout, lambda: self._time_out(unit, call))
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
        # Adding to and taking from a set are single steps of the interpreter, so the lock is not needed for them.
        self._calls.add(call)
        if self._cancelled:
            self._calls.discard(call)
            return None
        if unit.fan is not None and not unit.started:
            refused = self._begin_item(unit, unit.fan)
            if refused:
                self._calls.discard(call)
                return self._after_item(unit, unit.fan, Result.failed(refused), Cause.REFUSED)
        return call

    def _over_with(self, call: Call) -> None:
        """A call has ended, and what follows is decided."""
        self._calls.discard(call)
        if self.cancelled:
            with self._lock:
                self._agenda.wake()

    def _attempt_all(self, units: list[Unit]) -> object:
        """Make calls that travel together, and go on from how each ended, as it ends."""
        fan, sent = units[0].fan, []
        for unit in units:
            unit.in_lane = False
            call = self._call_of(unit)
            if isinstance(call, Call):
                sent.append((unit, call))
            else:
                self._take_up(call)
        waited = self._batches.make(sent, self._after_one) if sent else True
        if not waited:
            return DISMISSED
        if fan is None:
            return None
        with self._lock:
            return self._lane_goes_on(fan)

    def _after_one(self, unit: Unit, call: Call, answer: Answer | None) -> None:
        """Go on from one of the calls that travelled together; without an answer it is still to be made, alone."""
        if answer is not None:
            self._take_up(self._after(unit, answer))
        elif not self.cancelled:
            with self._lock:
                self._give_back(unit)
        self._over_with(call)

    def _give_back(self, unit: Unit) -> None:
        """Have a call made that came back unbegun. The lock is held."""
        fan = unit.fan
        if fan is None:
            self._crew.put([unit])
            return
        unit.in_lane = True
        fan.returned.append(unit)
        if fan.lanes < fan.most:
            fan.lanes += 1
            self._crew.put([self._unit_of(fan)])

    def _take_up(self, following: object) -> None:
        """Have done what follows, by any worker."""
        if isinstance(following, Unit):
            with self._lock:
                self._crew.put_first(following)

    def _time_out(self, unit: Unit, call: Call) -> None:
        """The call's time is over: it has failed, and a late return is ignored."""
        with self._lock:
            if call.done or call not in self._calls or self._cancelled:
                return
            call.abandoned = True
            self._calls.discard(call)
            self._crew.let_go(unit.node)
        call.tell_to_stop()
        self._mute(call)
        late = Result.failed(f"timed out after {unit.node.timeout:g} s")
        self._take_up(self._after(unit, Answer(late, Cause.TIMED_OUT)))

    def _mute(self, call: Call) -> None:
        """Let go of a call: what it printed so far still counts, what comes later does not."""
        call.let_go()
        # What it still prints must not land in whatever cell comes next: the routers stay until it returns.
        put_in_place()

    # -- after a call --------------------------------------------------------------------------------------------

    def _after(self, unit: Unit, answer: Answer) -> object:
        """Retry, or take the result as the node's (or the item's)."""
        node, retry = unit.node, unit.node.retry
        result, cause, intents, _ = answer
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
            self.call_later(wait, lambda: self._put(unit.again()))
            return None
        if unit.fan is not None:
            return self._after_item(unit, unit.fan, result, cause)
        message = self._redact(result.message) if self._redact.longest else result.message
        status: NodeStatus = "succeeded" if result.success else "failed"
        if self._cancelled and not result.success:
            status, cause = "cancelled", Cause.CANCELLED
        ended = self._ended(node, status, cause, message, result.data, unit.attempt, unit.params, worker=unit.worker)
        return self._finish(node, ended)

    def _put(self, unit: Unit) -> None:
        with self._lock:
            self._crew.put([unit])

    def _begin_item(self, unit: Unit, fan: Fan) -> str:
        """Note that the call for an item begins; why it must not, else nothing."""
        assert unit.index is not None
        unit.started = time.time()
        return self._telling.item_started(fan.node, unit.started, unit.index, fan.digests[unit.index])

    def _after_item(self, unit: Unit, fan: Fan, result: Result, cause: Cause) -> object:
        assert unit.index is not None
        status: NodeStatus = "succeeded" if result.success else "failed"
        if self._cancelled and not result.success:
            status, cause = "cancelled", Cause.CANCELLED
        ended = self._endings.of_item(unit, fan, status, cause, self._redact(result.message), result.data)
        self._telling.item_finished(fan.node.id, unit.index, fan.digests[unit.index], ended)
        done = fan.finish(unit.index, unit.attempt, result, cause)
        self._telling.progressed(fan.node.id, done, len(fan.items))
        if unit.worker:
            fan.workers[unit.worker] = None
        if done == len(fan.items):
            return self._after_all(fan)
        with self._lock:
            return self._lane_goes_on(fan) if unit.in_lane else None

    def _lane_goes_on(self, fan: Fan) -> Unit | None:
        """The next call of a lane of a ``for_each`` node; None when there is none. The lock is held."""
        if fan.has_next():
            return self._unit_of(fan)
        fan.lanes -= 1
        return None

    def _after_all(self, fan: Fan) -> Unit | None:
        """Take what the calls for all items came to as the node's."""
        status, cause, message, data = fan.outcome()
        message = self._redact(message)
        ended = self._ended(
            fan.node, status, cause, message, data, fan.attempts, fan.first_params(), worker=", ".join(fan.workers)
        )
        return self._finish(fan.node, ended)

    def _finish(self, node: PlannedNode, result: NodeResult) -> Unit | None:
        """Decide what follows from a node's result; the unit this worker goes on with, or None."""
        decided, ready = self._settling.settle([(node, result)])
        with self._lock:
            return self._release(decided, ready, node)

    def _release(self, decided: int, ready: list[Unit], node: PlannedNode) -> Unit | None:
        """Hand the nodes that became ready to workers, keeping one for this worker. The lock is held."""
        self._undecided -= decided
        if not self._undecided:
            self._agenda.wake()
            self._crew.close()
            return None
        return self._crew.exchange(ready, node)
