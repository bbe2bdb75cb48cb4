"""Where calls are made: the protocol that the engine calls by, and the first that follows it, in this process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from flowbook.calling.making import make_call
from flowbook.calling.order import Answer, Order
from flowbook.calling.output import FLUSH_SECONDS, Output
from flowbook.calling.redact import Redact
from flowbook.tasks import TaskSpec
from flowbook.tasks.context import SubWorkflows
from flowbook.tasks.renewing import Renew
from flowbook.tasks.shared import Shared
from flowbook.tasks.stop import Stop


class Caller(Protocol):
    """Makes calls, here or elsewhere."""

    def make(self, order: Order, call: Call) -> Answer:
        """Have the call made and wait for what comes of it; each of a run's workers has one call at a time.

        What happens meanwhile is told to ``call``: ``write``, ``display``, ``traceback``, ``progress``. In its turn it
        says when the task is to stop (``call.stop``), and when nobody waits for it any more
        (:meth:`Call.when_let_go`): then this returns soon, with anything. Never raises for what the task does.
        """


Ended = Callable[[int, "Answer | None"], None]
"""Takes what came of one of several calls, by its place among them; None when it was not begun and is to go again."""


@runtime_checkable
class Executor(Caller, Protocol):
    """Makes calls elsewhere, where ``slots`` batches of them go on at the same time."""

    @property
    def slots(self) -> int:
        """How many batches go on at the same time."""

    def make_all(self, calls: Sequence[tuple[Order, Call]], ended: Ended) -> None:
        """Have several calls made, one after the other in one place, and wait for all of them.

        ``ended`` is called in this thread as they end. Those that wait behind one that turns out to be slow come back
        (None) at once: it may be waiting for them. Never raises for what the tasks do.
        """

    def close(self) -> None:
        """There are no more calls."""


@runtime_checkable
class Resizing(Protocol):
    """An :class:`Executor` whose ``slots`` change while calls are made, as others give it more places or take some."""

    def when_resized(self, action: Callable[[], object]) -> Callable[[], object]:
        """Have ``action`` called, from another thread, after each change; what is returned ends that."""


class Here:
    """Calls in the thread that asks, where the engine is: nothing is sent, and live objects stay what they are."""

    def make(self, order: Order, call: Call) -> Answer:
        """Call the task in this thread."""
        return make_call(call.spec, order, call, call.stop, call.progress, call.run_workflow, call.shared, call.renew)


class Listener(Protocol):
    """Who wants to know what calls print and how far they are; one for all calls of a run."""

    redact: Redact
    shared: Shared

    def printed(self, call: Call, stream: str, text: str, bundle: dict[str, Any] | None) -> None:
        """Take a piece of output, without secrets; ``stream`` as in :class:`~flowbook.events.NodeOutput`."""

    def progressed(self, call: Call, done: float, total: float | None, text: str) -> None:
        """Take how far a call is."""

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Have something done in a while."""


_making_output = threading.Lock()


class Call:
    """The engine's end of one call: what a :class:`Caller` tells, and what it is told.

    ``spec`` is the task as it is in this process, ``run_workflow`` runs its sub-workflows here, ``renew`` gets a new
    token in place of one that was refused. ``done`` once it returned in time, ``abandoned`` once the run no longer
    waits for it, ``muted`` once what it prints is no longer taken. ``took`` is in how many seconds it, and those that
    it travelled with, were made elsewhere, without the way: told of the last of them, None of all others.
    """

    __slots__ = ("_begun", "_let_go", "_listener", "_output", "abandoned", "done", "index", "muted", "node_id",
                 "renew", "run_workflow", "spec", "stop", "took")  # fmt: skip

    def __init__(
        self,
        spec: TaskSpec,
        node_id: str,
        index: int | None,
        stop: Stop,
        listener: Listener,
        run_workflow: SubWorkflows | None = None,
    ) -> None:
        self.spec = spec
        self.node_id = node_id
        self.index = index
        self.stop = stop
        self.run_workflow = run_workflow
        self.renew: Renew | None = None
        self.abandoned = False
        self.done = False
        self.muted = False
        self.took: float | None = None
        self._listener = listener
        self._output: Output | None = None
        self._begun: Callable[[], object] | None = None
        self._let_go: Callable[[], object] | None = None

    @property
    def shared(self) -> Shared:
        """What the calls of the run keep for each other; of those that are made in this process."""
        return self._listener.shared

    # -- for who makes it --------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Take that the task is called now; told of calls that travel with others."""
        if self._begun is not None:
            self._begun()

    def write(self, stream: str, text: str) -> None:
        """Take text that was printed to "stdout" or "stderr"."""
        self._its_output().write(stream, text)

    def display(self, bundle: dict[str, Any]) -> None:
        """Take a rich display: MIME type → content."""
        self._its_output().display(bundle)

    def traceback(self, text: str, raised: dict[str, str]) -> None:
        """Take the traceback of an exception, and what it was: {"ename", "evalue"}."""
        self._its_output().traceback(text, raised)

    def progress(self, done: float, total: float | None, text: str) -> None:
        """Take how far the task says to be."""
        if not self.muted and self.index is None:
            self._listener.progressed(self, done, total, self._listener.redact(text) if text else "")

    def when_let_go(self, action: Callable[[], object]) -> None:
        """Have ``action`` called when the run no longer waits for this call; at once when that is so already.

        From another thread, and perhaps twice.
        """
        self._let_go = action
        if self.abandoned:
            action()

    def _its_output(self) -> Output:
        if self._output is None:
            with _making_output:  # a task may print from several threads
                if self._output is None:
                    self._output = Output(self._emit, self._listener.redact, self._flush_later)
        return self._output

    def _emit(self, stream: str, text: str, bundle: dict[str, Any] | None) -> None:
        if not self.muted:
            self._listener.printed(self, stream, text, bundle)

    def _flush_later(self, output: Output) -> None:
        self._listener.later(FLUSH_SECONDS, output.flush)

    # -- for the engine ----------------------------------------------------------------------------------------

    def when_begun(self, action: Callable[[], object]) -> None:
        """Have ``action`` called when the task is called, before anything else is told of that."""
        self._begun = action

    def tell_to_stop(self) -> None:
        """Tell the task: ``current().cancelled`` becomes true, and a coroutine is cancelled."""
        self.stop.set()

    def flush(self) -> None:
        """Let what it has printed so far go out."""
        if self._output is not None:
            self._output.flush(everything=True)

    def let_go(self) -> None:
        """Wait for it no longer, once it is ``abandoned``: what it printed so far counts, what comes later does not."""
        self.flush()
        self.muted = True
        if self._let_go is not None:
            self._let_go()
