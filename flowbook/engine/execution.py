"""The running of a plan: which node runs when, on which thread, with timeouts, retries and cancellation.

One lock guards the state. A worker (of the :mod:`~flowbook.engine.crew`) that ends a node decides what follows from it
and goes on with one of the nodes that became ready, so that a chain never changes threads. The thread that called
:meth:`Execution.run` sleeps until something is due (on the :mod:`~flowbook.engine.agenda`: a timeout, a retry,
held-back output) or the run is over; nothing polls. :mod:`~flowbook.engine.calls` makes the calls,
:mod:`~flowbook.engine.fanning` says which come next of a node with ``for_each``.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowbook.calling import Caller, KeepsAll, Redact, RunFacts
from flowbook.calling.executors import RunExecutors
from flowbook.calling.in_place import routed
from flowbook.engine.agenda import Agenda
from flowbook.engine.attempts import Attempts, Connect, Unit
from flowbook.engine.calls import BETWEEN_CALLS, Calls
from flowbook.engine.crew import Crew
from flowbook.engine.crews import Crews
from flowbook.engine.endings import Endings, Recall
from flowbook.engine.fanning import Fans
from flowbook.engine.interrupts import interrupt_calls
from flowbook.engine.outcome import Outcome
from flowbook.engine.placing import Placing
from flowbook.engine.scope import remembered, scope
from flowbook.engine.settling import Settling
from flowbook.engine.telling import Subscriber, Telling
from flowbook.engine.trains import Trains
from flowbook.errors import RunCancelled, StoreError
from flowbook.events import RunFinished, RunStarted, RunStatus
from flowbook.plan import Plan, PlannedNode
from flowbook.results import Cause, ItemResults, NodeResult
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
            run_workflow, at_end, self._settling.follows_undone,
        )  # fmt: skip
        self._starting: set[int] = set()
        self.rehearsing = rehearsing
        self.tape = tape
        self._endings = Endings(self._settling, self._scope, self._redact, recall, rehearsing)
        self._ended = self._endings.of
        self._started = self._endings.started
        self._stop = Stop() if stop is None else stop
        self._fans = Fans(
            self._endings, self._telling, self._redact, self._crew, self._lock, self._scope, items or {},
            lambda node: self._placing.slots if self._placing.far(node) else max_workers, self._finish,
        )  # fmt: skip
        self._trains = Trains(plan, self._placing, self.results)
        self._placing.when_resized(self._resize)
        self._calls = Calls(
            self._attempts, self._placing, self._fans, self._trains, self._endings, self._telling, self._crew,
            self._agenda, self._lock, self._stop, self._begin_along, self._tell_start, self._finish,
        )  # fmt: skip

    def _crews(self, max_workers: int) -> Crews:
        """The run's threads, and those that wait for calls elsewhere."""
        name, slots = f"flowbook-{self.run_id[-8:]}", self._placing.slots
        here = Crew[Unit](self._lock, self._agenda, self._perform, max_workers, name)
        far = Crew[Unit](self._lock, self._agenda, self._perform, slots, f"{name}-far") if slots else None
        return Crews(here, far, self._placing.far)

    def _resize(self) -> None:
        """Make use of an executor's slots, of which there are more now, or fewer."""
        with self._lock:
            self._crew.resize(self._placing.slots)
            self._fans.widen()

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
            if self._calls.cancelled:
                raise RunCancelled(f"{self.plan.workflow}: the run was cancelled before it began.") from None
            raise

    def _over(self, seconds: float) -> Outcome:
        """Tell how the run ended."""
        failed: RunStatus = "failed" if self._settling.unhandled else "succeeded"
        status: RunStatus = "cancelled" if self.cancelled else failed
        message = self._summary(status)
        self._telling.tell(RunFinished(self.run_id, time.time(), status, seconds, message))
        return Outcome(status, self.results, seconds, message)

    def cancel(self) -> None:
        """Start no more nodes, tell the running ones; :meth:`run` returns within a second. From any thread."""
        with self._lock:
            if self._calls.cancelled or self._settling.over:
                return
            self._calls.cancelled = True
            calls = list(self._calls.going)
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
    def dashboard(self) -> str:
        """The address of a page that shows what goes on elsewhere; empty when there is none."""
        return self._placing.dashboard

    @property
    def cancelled(self) -> bool:
        """Whether somebody cancelled it."""
        return self._calls.cancelled

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
                    if not self._undecided or (self._calls.cancelled and not self._calls.going and not self._starting):
                        break
                    if self._calls.cancelled and grace_ends is None:
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
        under_way = self._calls.abandon()
        for node in self.plan.nodes:
            started = self._started.get(node.index)
            message, cause = "cancelled before it started", Cause.CANCELLED
            if started is not None and (node.index in under_way or node.for_each is not None):
                message = "cancelled while it was running"
                if node.effects == "write":
                    message += "; what it was doing may have taken effect"
            elif started is not None:
                message, cause = BETWEEN_CALLS, Cause.REFUSED
            result = self._ended(node, "cancelled", cause, message, attempts=0 if started is None else 1)
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
                return self._calls.make(unit)
            return self._begin(unit)
        except Exception as error:
            logger.exception("node %s of run %s ended the engine's own way", unit.node.id, self.run_id)
            why = f"Error inside Flowbook: {error!r}"
            return self._finish(unit.node, self._ended(unit.node, "failed", Cause.INTERNAL, why))

    def _begin(self, unit: Unit) -> object:
        """Begin a node whose incoming edges are all decided and that is to run."""
        node = unit.node
        if self._calls.cancelled:
            return None
        if not node.plain:
            decided = self._endings.without_running(node)
            if decided is not None:
                return self._finish(node, decided)
        items = None if node.for_each is None else self._fans.items_of(node)
        if isinstance(items, NodeResult):
            return self._finish(node, items)
        refused = self._tell_start(node)
        if refused is None:
            return None
        if refused:
            return self._finish(node, self._ended(node, "failed", Cause.REFUSED, refused))
        if items is not None:
            return self._fans.begin(node, items)
        unit.attempt = 1
        return self._calls.make(unit)

    def _begin_along(self, unit: Unit) -> Unit | None:
        """Begin a node whose call travels with that of another; None when it must not be."""
        now = self._endings.begin(unit.node)
        refused = self._telling.started(unit.node, now)
        if refused:
            self._calls.take_up(self._finish(unit.node, self._ended(unit.node, "failed", Cause.REFUSED, refused)))
            return None
        unit.attempt = 1
        return unit

    def _tell_start(self, node: PlannedNode) -> str | None:
        """Tell that a node starts: nothing, or why that could not be recorded; None when it does not, being cancelled.

        While that is told, no end of the node is: it would come before its start.
        """
        self._starting.add(node.index)
        try:
            if self._calls.cancelled:
                return None
            now = self._endings.begin(node)
            return self._telling.started(node, now)
        finally:
            self._starting.discard(node.index)
            if self._calls.cancelled:
                with self._lock:
                    self._agenda.wake()

    def _finish(self, node: PlannedNode, result: NodeResult) -> Unit | None:
        """Decide what follows from a node's result; the unit this worker goes on with, or None."""
        decided, ready = self._settling.settle([(node, result)])
        with self._lock:
            return self._release(decided, ready, node)

    def _release(self, decided: int, ready: list[Unit], node: PlannedNode) -> Unit | None:
        """Hand the nodes that became ready to workers, keeping one for this worker. The lock is held."""
        ready = self._trains.without_those_along(ready)
        self._undecided -= decided
        if not self._undecided:
            self._agenda.wake()
            self._crew.close()
            return None
        return self._crew.exchange(ready, node)
