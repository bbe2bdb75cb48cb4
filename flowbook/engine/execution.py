"""The running of a plan: which node runs when, on which thread, with timeouts, retries and cancellation.

One lock guards the state. A worker that ends a node decides what follows from it and goes on with one of the nodes that
became ready, so that a chain never changes threads. The thread that called :meth:`Execution.run` sleeps until
something is due (a timeout, a retry, held-back output) or the run is over; nothing polls.
"""

from __future__ import annotations

import functools
import heapq
import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from flowbook.engine.calls import Call, Output
from flowbook.engine.decisions import Broken, Incoming, Verdict, holds, verdicts, why_skipped
from flowbook.engine.fan import Fan, items_of
from flowbook.engine.interrupts import interrupt_calls
from flowbook.engine.outcome import KeepsAll, Outcome, Redact
from flowbook.engine.results import NodeResult, scope, visible
from flowbook.engine.routing import displays_to_sink, put_in_place, release, routed
from flowbook.engine.telling import Subscriber, Telling
from flowbook.errors import ExpressionError, FlowbookError
from flowbook.events import (
    NodeOutput,
    NodeProgressed,
    NodeRetried,
    NodeStatus,
    RunFinished,
    RunStarted,
    RunStatus,
)
from flowbook.plan import Plan, PlannedNode
from flowbook.tasks import Context, Result
from flowbook.tasks.stop import Stop

logger = logging.getLogger("flowbook.engine")

GRACE_SECONDS = 0.6
FAN_PARAMS = 20
LOOK_SECONDS = 0.001
QUICK = 4


class _Unit:
    """Something a worker does next: begin a node, or make one call of it."""

    __slots__ = ("attempt", "fan", "index", "item", "node", "params")

    def __init__(self, node: PlannedNode, attempt: int = 0, fan: Fan | None = None, index: int | None = None) -> None:
        self.node = node
        self.attempt = attempt
        self.fan = fan
        self.index = index
        self.item: Any = None
        self.params: Any = None


def _no_credentials(node: PlannedNode) -> Mapping[str, Any]:
    return {}


class Execution:
    """One run of a plan.

    ``results`` holds what nodes came to so far.

    ``connect(node)`` gives a node's credentials as a dict; ``subscribers`` are called with every event, from the thread
    where it happens, events of one node in order; ``known`` are results that nodes have already (they do not run, and
    ``also`` are results of nodes that are not in the plan but may be referred to). One whose subscriber raises
    StoreError at a NodeStarted fails that node: what could not be recorded is not done.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        run_id: str,
        inputs: Mapping[str, Any] | None = None,
        connect: Callable[[PlannedNode], Mapping[str, Any]] = _no_credentials,
        subscribers: Iterable[Subscriber] = (),
        redact: Redact | None = None,
        max_workers: int = 8,
        known: Mapping[str, NodeResult] | None = None,
        also: Mapping[str, NodeResult] | None = None,
        root: Path | None = None,
        run_workflow: Callable[..., Any] | None = None,
        parent: str = "",
        key: str = "",
    ) -> None:
        self.plan = plan
        self.run_id = run_id
        self.inputs = dict(inputs or {})
        self.results: dict[str, NodeResult] = {}
        self._connect = connect
        self._telling = Telling(run_id, subscribers)
        self._redact: Redact = redact if redact is not None else KeepsAll()
        self._max_workers = max_workers
        self._known = dict(known or {})
        self._root = root
        self._run_workflow = run_workflow
        self._parent = parent
        self._key = key or run_id
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._wake = threading.Condition(self._lock)
        self._ready: deque[_Unit] = deque()
        self._idle = 0
        self._workers = 0
        self._taken = 0
        self._looking = False
        self._undecided = len(plan.nodes)
        self._incoming = [Incoming(node.incoming) for node in plan.nodes]
        self._visible: dict[str, Any] = {id: visible(result) for id, result in (also or {}).items()}
        run = {"id": run_id, "workflow": plan.workflow}
        self._scope = scope(run, self.inputs, self._visible)
        self._calls: set[Call] = set()
        self._started: dict[int, float] = {}
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._sequence = itertools.count()
        self._stop = Stop()
        self._over = False
        self._cancelled = False
        self._unhandled: list[str] = []

    def subscribe(self, subscriber: Subscriber) -> None:
        """Have one more subscriber called with every event; before :meth:`run` only."""
        self._telling.add(subscriber)

    # -- from outside ----------------------------------------------------------------------------------------

    def run(self) -> Outcome:
        """Run the plan to its end in the calling thread and return how it ended; Ctrl-C cancels it.

        Never raises for what tasks do: the outcome says it.
        """
        began, clock = time.time(), time.perf_counter()
        ids = tuple(node.id for node in self.plan.nodes)
        self._telling.tell(RunStarted(self.run_id, began, self.plan.workflow, ids, self.inputs, self._parent))
        with interrupt_calls(self.cancel), routed():
            with self._lock:
                for node in self.plan.nodes:
                    if not node.incoming:
                        self._ready.append(_Unit(node))
                self._offer()
            self._watch()
        self._over = True
        seconds = time.perf_counter() - clock
        status: RunStatus = "cancelled" if self._cancelled else "failed" if self._unhandled else "succeeded"
        message = self._summary(status)
        self._telling.tell(RunFinished(self.run_id, time.time(), status, seconds, message))
        return Outcome(status, self.results, seconds, message)

    def cancel(self) -> None:
        """Start no more nodes, tell the running ones; :meth:`run` returns within a second. From any thread."""
        with self._lock:
            if self._cancelled or self._over:
                return
            self._cancelled = True
            self._ready.clear()
            calls = list(self._calls)
            self._work.notify_all()
            self._wake.notify_all()
        self._stop.set()
        for call in calls:
            call.tell_to_stop()

    def call_later(self, seconds: float, action: Callable[[], None]) -> None:
        """Have ``action`` called after ``seconds``, in the thread that is in :meth:`run`; never after the run's end."""
        self._later(seconds, action)

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
            first = self.results[self._unhandled[0]].message
            more = len(self._unhandled) - 1
            also = f" (and {more} more)" if more else ""
            return f"node {self._unhandled[0]!r} failed: {first}{also}"
        return ""

    # -- the watching thread -----------------------------------------------------------------------------------

    def _watch(self) -> None:
        """Do what is due, until every node is decided or the cancelled run's grace is over."""
        grace_ends: float | None = None
        while True:
            try:
                with self._wake:
                    if not self._undecided or (self._cancelled and not self._calls):
                        break
                    if self._cancelled and grace_ends is None:
                        grace_ends = time.monotonic() + GRACE_SECONDS
                    now = time.monotonic()
                    if grace_ends is not None and now >= grace_ends:
                        break
                    action = self._next_due(now, grace_ends)
                if action is not None:
                    action()
            except KeyboardInterrupt:
                self.cancel()
        if self._undecided:
            self._end_the_rest()
        with self._lock:
            self._over = True
            self._ready.clear()
            self._work.notify_all()

    def _next_due(self, now: float, limit: float | None) -> Callable[[], None] | None:
        """What is due now; else sleep until something is (or the state changes) and return None."""
        if self._due and self._due[0][0] <= now:
            return heapq.heappop(self._due)[2]
        ends = [self._due[0][0]] if self._due else []
        if limit is not None:
            ends.append(limit)
        self._wake.wait(min(ends) - now if ends else None)
        return None

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        with self._lock:
            self._due_at(time.monotonic() + seconds, action)

    def _due_at(self, due: float, action: Callable[[], None]) -> None:
        """Have ``action`` done by the watching thread at ``due``. The lock is held."""
        first = self._due[0][0] if self._due else None
        heapq.heappush(self._due, (due, next(self._sequence), action))
        if first is None or due < first:
            self._wake.notify()

    def _end_the_rest(self) -> None:
        """Cancelled: what still runs is let go of, what did not start never will."""
        with self._lock:
            calls = [call for call in self._calls if not call.done]
            for call in calls:
                call.abandoned = True
                self._workers -= 1
        for call in calls:
            self._mute(call)
        for node in self.plan.nodes:
            started = self._started.get(node.index)
            message = "cancelled before it started"
            if started is not None:
                message = "cancelled while it was running"
                if node.effects == "write":
                    message += "; what it was doing may have taken effect"
            result = NodeResult("cancelled", message, started_at=started, attempts=1 if started else 0)
            if started is not None:
                result.seconds = time.time() - started
            with self._lock:
                if node.id in self.results:
                    continue
                self.results[node.id] = result
            self._telling.finished(node, result)
        self._undecided = 0

    # -- the workers ---------------------------------------------------------------------------------------------

    def _offer(self) -> None:
        """See to it that what is ready gets done. The lock is held.

        One worker that goes through many quick nodes is faster than eight that take turns at the interpreter, so
        more are hired only when what is ready is not taken quickly: the watching thread looks a moment later.
        """
        if self._ready and self._workers == self._idle:
            self._hire(1)
        if self._ready and not self._looking and self._workers - self._idle < self._max_workers:
            self._looking = True
            self._due_at(time.monotonic() + LOOK_SECONDS, functools.partial(self._look, self._taken))

    def _look(self, taken_before: int) -> None:
        """Hire for what is still ready, unless the workers get through it quickly."""
        with self._lock:
            self._looking = False
            if not self._ready or self._over or self._cancelled:
                return
            busy = self._workers - self._idle
            if self._taken - taken_before < QUICK * max(busy, 1):
                self._hire(min(len(self._ready), self._max_workers - busy))
            self._offer()

    def _hire(self, count: int) -> None:
        """Wake or start ``count`` workers. The lock is held."""
        woken = min(count, self._idle)
        if woken:
            self._work.notify(woken)
        for _ in range(min(count - woken, self._max_workers - self._workers)):
            self._workers += 1
            name = f"flowbook-{self.run_id[-8:]}-{self._workers}"
            threading.Thread(target=self._serve, name=name, daemon=True).start()

    def _serve(self) -> None:
        with displays_to_sink():
            unit: _Unit | None = None
            while True:
                if unit is None:
                    with self._work:
                        while not self._ready:
                            if self._over or self._cancelled or not self._undecided:
                                return
                            self._idle += 1
                            self._work.wait()
                            self._idle -= 1
                        unit = self._ready.popleft()
                        self._taken += 1
                        if self._ready:
                            self._offer()
                following = self._perform(unit)
                if following is _DISMISSED:
                    return
                unit = following  # type: ignore[assignment]

    def _perform(self, unit: _Unit) -> object:
        """Do one unit; the next unit for this worker, None for "look for work", or _DISMISSED."""
        try:
            if unit.attempt:
                return self._attempt(unit)
            return self._begin(unit.node)
        except Exception as error:
            logger.exception("node %s of run %s ended the engine's own way", unit.node.id, self.run_id)
            return self._finish(unit.node, NodeResult("failed", f"Error inside Flowbook: {error!r}"))

    # -- one node ------------------------------------------------------------------------------------------------

    def _begin(self, node: PlannedNode) -> object:
        """Begin a node whose incoming edges are all decided and that is to run."""
        if self._cancelled:
            return None
        known = self._known.get(node.id)
        if known is not None:
            return self._finish(node, known, quiet=True)
        if not node.plain:
            decided = self._decided_without_running(node)
            if decided is not None:
                return self._finish(node, decided)
        self._started[node.index] = now = time.time()
        if node.for_each is not None:
            return self._begin_fan(node, now)
        refused = self._telling.started(node, now)
        if refused is not None:
            return self._finish(node, refused)
        return self._attempt(_Unit(node, 1))

    def _decided_without_running(self, node: PlannedNode) -> NodeResult | None:
        if node.disabled:
            first = self._incoming[node.index].first
            if first is None:
                return NodeResult("succeeded", "disabled")
            before = self.results[self.plan.nodes[first].id]
            return NodeResult("succeeded", f"disabled: {before.message}".rstrip(": "), before.data)
        if node.when is not None:
            try:
                if not holds(node.when, self._scope):
                    return NodeResult("skipped", "its condition ('when') is false")
            except ExpressionError as error:
                return NodeResult("failed", self._redact(f"its condition ('when') could not be evaluated: {error}"))
        if node.pinned is not None:
            return NodeResult("succeeded", "pinned data was used", node.pinned)
        return None

    def _begin_fan(self, node: PlannedNode, now: float) -> object:
        try:
            items = items_of(node, self._scope)
        except ExpressionError as error:
            failed = NodeResult("failed", self._redact(f"'for_each' could not be evaluated: {error}"), started_at=now)
            return self._finish(node, failed)
        refused = self._telling.started(node, now)
        if refused is not None:
            return self._finish(node, refused)
        if not items:
            return self._finish(node, NodeResult("succeeded", "nothing to do: the list is empty", [], started_at=now))
        fan = Fan(node, items)
        first, *others = [self._unit_of(fan) for _ in range(min(fan.parallel(self._max_workers), len(items)))]
        if others:
            with self._lock:
                self._ready.extend(others)
                self._offer()
        return first

    def _unit_of(self, fan: Fan) -> _Unit:
        index, item = fan.next()
        unit = _Unit(fan.node, 1, fan, index)
        unit.item = item
        return unit

    def _attempt(self, unit: _Unit) -> object:
        """Make one call of a node's task, and go on from how it ended."""
        node = unit.node
        call = Call(node, unit.attempt, unit.index, self._stop if node.timeout is None else Stop())
        call.output = Output(self._emitter_of(call), self._redact, self._longest_secret, self._flush_later)
        # Adding to and taking from a set are single steps of the interpreter, so the lock is not needed for them.
        self._calls.add(call)
        if self._cancelled:
            self._calls.discard(call)
            return None
        if node.timeout is not None:
            self._later(node.timeout, lambda: self._time_out(unit, call))
        result = self._result_of(unit, call)
        call.output.flush(everything=True)
        if node.timeout is not None or self.cancelled:
            with self._lock:
                if call.abandoned:
                    release()
                    return _DISMISSED
                call.done = True
        following = self._after(unit, result)
        self._calls.discard(call)
        if self.cancelled:
            with self._lock:
                self._wake.notify()
        return following

    def _result_of(self, unit: _Unit, call: Call) -> Result:
        node = unit.node
        names = self._scope
        if unit.fan is not None:
            names = {**names, "item": unit.item, "index": unit.index}
        try:
            params = {} if node.params is None else self._params(unit, names)
            credentials = self._connect(node)
        except ExpressionError as error:
            return Result.failed(f"its params could not be evaluated: {error}")
        except FlowbookError as error:
            return Result.failed(str(error))
        context = Context(
            self._key, self.plan.workflow, node.id, unit.attempt, unit.index, root=self._root, inputs=self.inputs,
            nodes=self._visible, stop=call.stop, progress=self._progress_of(call), run_workflow=self._run_workflow,
        )  # fmt: skip
        result = call.make(dict(credentials), params, context)
        if node.until is not None and result.success:
            return self._until(node, names, result)
        return result

    def _params(self, unit: _Unit, names: Mapping[str, Any]) -> dict[str, Any]:
        """The params of one call, remembered for the events."""
        assert unit.node.params is not None
        params: dict[str, Any] = unit.node.params.evaluate(names)
        unit.params = dict(params)  # a task may take things out of what it was given
        if unit.fan is not None and unit.attempt == 1 and len(unit.fan.params) < FAN_PARAMS:
            unit.fan.params.append(unit.params)
        return params

    def _until(self, node: PlannedNode, names: Mapping[str, Any], result: Result) -> Result:
        """``result``, or a failure that has it retried when ``until`` is not true yet."""
        try:
            if holds(node.until, {**names, "result": dict(result)}):
                return result
        except ExpressionError as error:
            return Result.failed(f"'until' could not be evaluated: {error}", result.data)
        return Result.failed(f"'until' is not true yet ({result.message})", result.data)

    def _emitter_of(self, call: Call) -> Callable[[str, str, dict[str, Any] | None], None]:
        def emit(stream: str, text: str, bundle: dict[str, Any] | None) -> None:
            if not self._over and not call.muted:
                self._telling.tell(NodeOutput(self.run_id, call.node.id, time.time(), stream, text, bundle, call.index))

        return emit

    def _longest_secret(self) -> int:
        return self._redact.longest

    def _flush_later(self, output: Output) -> None:
        self._later(0.1, output.flush)

    def _progress_of(self, call: Call) -> Callable[[float, float | None, str], None]:
        def progress(done: float, total: float | None, text: str) -> None:
            if not self._over and not call.muted and call.index is None:
                words = self._redact(text) if text else ""
                self._telling.tell(NodeProgressed(self.run_id, call.node.id, time.time(), done, total, words))

        return progress

    def _time_out(self, unit: _Unit, call: Call) -> None:
        """The call's time is over: it has failed, and a late return is ignored."""
        with self._lock:
            if call.done or call not in self._calls or self._cancelled:
                return
            call.abandoned = True
            self._calls.discard(call)
            self._workers -= 1
        call.tell_to_stop()
        self._mute(call)
        following = self._after(unit, Result.failed(f"timed out after {unit.node.timeout:g} s"))
        with self._lock:
            if isinstance(following, _Unit):
                self._ready.appendleft(following)
            self._offer()

    def _mute(self, call: Call) -> None:
        """Let go of a call: what it printed so far still counts, what comes later does not."""
        if call.output is not None:
            call.output.flush(everything=True)
        call.muted = True
        # What it still prints must not land in whatever cell comes next: the routers stay until it returns.
        put_in_place()

    # -- after a call --------------------------------------------------------------------------------------------

    def _after(self, unit: _Unit, result: Result) -> object:
        """Retry, or take the result as the node's (or the item's)."""
        node, retry = unit.node, unit.node.retry
        if not result.success and retry is not None and unit.attempt < retry.attempts and not self._stop.is_set():
            wait = retry.delay(unit.attempt)
            message = self._redact(result.message)
            self._telling.tell(NodeRetried(self.run_id, node.id, time.time(), unit.attempt, message, wait, unit.index))
            again = _Unit(node, unit.attempt + 1, unit.fan, unit.index)
            again.item = unit.item
            if not wait:
                return again
            self._later(wait, lambda: self._put(again))
            return None
        if unit.fan is not None:
            return self._after_item(unit, unit.fan, result)
        message = self._redact(result.message) if self._redact.longest else result.message
        status: NodeStatus = "succeeded" if result.success else "cancelled" if self._cancelled else "failed"
        return self._finish(node, NodeResult(status, message, result.data, unit.attempt, params=unit.params))

    def _put(self, unit: _Unit) -> None:
        with self._lock:
            if not self._cancelled:
                self._ready.append(unit)
                self._offer()

    def _after_item(self, unit: _Unit, fan: Fan, result: Result) -> object:
        assert unit.index is not None
        done = fan.finish(unit.index, unit.attempt, result)
        self._telling.tell(NodeProgressed(self.run_id, fan.node.id, time.time(), done, len(fan.items), ""))
        with self._lock:
            following = self._unit_of(fan) if fan.has_next() else None
        if following is not None:
            return following
        if done < len(fan.items):
            return None
        status, message, data = fan.outcome()
        params = fan.params or None
        return self._finish(fan.node, NodeResult(status, self._redact(message), data, fan.attempts, params=params))

    def _finish(self, node: PlannedNode, result: NodeResult, *, quiet: bool = False) -> _Unit | None:
        """Record a node's result, decide what follows from it; the unit this worker goes on with, or None.

        Skips (and conditions that cannot be evaluated) are decided here too, one after the other, so that a long
        chain of them needs no recursion. Events are told before anything that depends on them starts.
        """
        started = self._started.get(node.index)
        if started is not None and not quiet:
            result.started_at = started
            result.seconds = max(time.time() - started, 0.0)
        ready: list[_Unit] = []
        decided = 0
        waiting = [(node, result)]
        while waiting:
            here, how = waiting.pop()
            self._visible[here.id] = visible(how)
            edges = verdicts(here, how, self._scope) if here.edges or how.status == "failed" else ()
            with self._lock:
                if self._over or here.id in self.results:
                    continue
                self.results[here.id] = how
                decided += 1
                if how.status == "failed" and not how.handled:
                    self._unhandled.append(here.id)
                self._decide(here, edges, ready, waiting)
            if not quiet or here is not node:
                self._telling.finished(here, how)
        with self._lock:
            return self._release(decided, ready)

    def _decide(
        self,
        node: PlannedNode,
        edges: Iterable[Verdict | Broken],
        ready: list[_Unit],
        waiting: list[tuple[PlannedNode, NodeResult]],
    ) -> None:
        """Give the targets of a node's edges their verdicts; sort those now decided. The lock is held."""
        for edge, verdict in zip(node.edges, edges, strict=True):
            incoming = self._incoming[edge.target]
            if not incoming.admit(verdict, node.index, node.id):
                continue
            target = self.plan.nodes[edge.target]
            if target.id in self._known:
                ready.append(_Unit(target))
            elif incoming.broken is not None:
                waiting.append((target, NodeResult("failed", self._redact(incoming.broken))))
            else:
                why = why_skipped(target, incoming)
                if why is None:
                    ready.append(_Unit(target))
                else:
                    waiting.append((target, NodeResult("skipped", why[0], blocked=why[1])))

    def _release(self, decided: int, ready: list[_Unit]) -> _Unit | None:
        """Hand the nodes that became ready to workers, keeping one for this worker. The lock is held."""
        self._undecided -= decided
        if not self._undecided:
            self._wake.notify()
            self._work.notify_all()
            return None
        if self._cancelled or self._over:
            return None
        if len(ready) == 1 and not self._ready:
            return ready[0]
        self._ready.extend(ready)
        if not self._ready:
            return None
        mine = self._ready.popleft()
        self._taken += 1
        if self._ready:
            self._offer()
        return mine


_DISMISSED = object()
