"""A run as its starter holds it: going on, or over."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary, ref

from flowbook.engine import Execution, Outcome
from flowbook.errors import InputError, NotFound, RunCancelled, RunFailed, StoreError
from flowbook.events import (
    Event,
    ItemFinished,
    ItemStarted,
    NodeFinished,
    NodeOutput,
    NodeProgressed,
    NodeRetried,
    NodeStarted,
    RunFinished,
    RunStarted,
)
from flowbook.installing import has_studio
from flowbook.internal import internal
from flowbook.results import NodeResult
from flowbook.workspace.frontend import frontend

if TYPE_CHECKING:
    from flowbook.workspace.cell import Cell

_OF_ITEMS = frozenset({ItemStarted, ItemFinished})  # nothing is kept of them here, and there may be thousands


class Run:
    """One run of a workflow.

    ``run["fetch"]`` is a node's result (``status``, ``message``, ``data``: the live object), ``run.status`` one of
    running, succeeded, failed, cancelled; iterating gives the node ids in plan order.
    """

    def __init__(
        self,
        execution: Execution,
        redact_json: Callable[[Any], Any],
        earlier: Sequence[NodeOutput],
        workspace: ref[Any],
    ) -> None:
        """``earlier`` is what nodes printed and displayed in the attempts before this one, as far as that stands;
        ``workspace`` is the one it is a run of.
        """
        self._workspace = workspace
        self._execution = execution
        self._earlier = earlier
        self._redact_json = redact_json
        self._outcome: Outcome | None = None
        self._refused: StoreError | RunCancelled | None = None
        self._begun = threading.Event()
        self._done = threading.Event()
        self._thread: threading.Thread | None = None
        self._started: dict[str, float] = {}
        self._events: list[Event] = []
        self._endings: list[Callable[[], None]] = []
        self._guard = threading.Lock()
        self._output: dict[str, list[NodeOutput]] = {}
        self._progress: dict[str, NodeProgressed] = {}
        self._watchers: list[Callable[[Event], None]] = []
        self.shown = False
        _going_on[self.id] = self

    # -- what it is --------------------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        """Its id in the run history."""
        return self._execution.run_id

    @property
    def attempt(self) -> int:
        """Which attempt at it this is: 1, and one more each time that it is resumed."""
        return self._execution.attempt

    @property
    def workflow(self) -> str:
        """The name of the workflow."""
        return self._execution.plan.workflow

    @property
    def inputs(self) -> dict[str, Any]:
        """The inputs it runs with."""
        return dict(self._execution.inputs)

    @property
    def dashboard(self) -> str:
        """The address of the page that shows what goes on of it on a cluster; empty when there is none."""
        return self._execution.dashboard

    @property
    def node_ids(self) -> tuple[str, ...]:
        """Its nodes, each after those before it."""
        return tuple(node.id for node in self._execution.plan.nodes)

    @property
    @internal
    def tasks(self) -> dict[str, str]:
        """The task of each node."""
        return {node.id: node.task for node in self._execution.plan.nodes}

    @property
    @internal
    def labels(self) -> dict[str, str]:
        """The label of each node that has one."""
        return {node.id: node.node.label for node in self._execution.plan.nodes if node.node.label}

    @property
    def started_at(self) -> float | None:
        """When it began, in seconds since the epoch; None before that."""
        first = self._events[0] if self._events else None
        return first.at if isinstance(first, RunStarted) else None

    @property
    def status(self) -> str:
        """Its status now: running, succeeded, failed or cancelled."""
        return "running" if self._outcome is None else self._outcome.status

    @property
    def rehearsed(self) -> bool:
        """Whether it is a dry run."""
        return self._execution.rehearsing

    @property
    def replayed(self) -> bool:
        """Whether a cassette answers in the place of services; the history does not know it then."""
        return self._execution.tape is not None and self._execution.tape.replaying

    @property
    def in_history(self) -> bool:
        """Whether the history knows it: not a dry run, and not one that a cassette answers."""
        return not (self.rehearsed or self.replayed)

    @property
    def message(self) -> str:
        """Why it failed; empty when it did not."""
        return "" if self._outcome is None else self._outcome.message

    @property
    def problems(self) -> list[str]:
        """What could not be done beside the run itself, such as recording it."""
        return list(self._execution.problems)

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        return None if self._outcome is None else self._outcome.seconds

    def __getitem__(self, node: str) -> NodeResult:
        result = self._execution.results.get(node)
        if result is not None:
            return result
        if node not in self._execution.plan.index:
            raise NotFound("node", node, self._execution.plan.index)
        started = self._started.get(node)
        return NodeResult("pending" if started is None else "running", started_at=started)

    def __iter__(self) -> Iterator[str]:
        return iter(self.node_ids)

    def __len__(self) -> int:
        return len(self._execution.plan.nodes)

    def output(self, node: str) -> list[NodeOutput]:
        """What a node printed and displayed so far."""
        return list(self._output.get(node, ()))

    def events(self) -> list[Event]:
        """What has happened so far, in order; of each node's progress only the last, and no single items."""
        return [*self._events, *self._progress.values()]

    def progress(self, node: str) -> NodeProgressed | None:
        """How far a node said it is."""
        return self._progress.get(node)

    # -- what one does with it -----------------------------------------------------------------------------------

    def cancel(self) -> None:
        """Stop it: no more nodes start, the running ones are told. Returns at once."""
        self._execution.cancel()

    def wait(self, timeout: float | None = None) -> Run:
        """Wait until it is over, or for ``timeout`` seconds; Ctrl-C cancels it. Returns itself, never raises for it."""
        try:
            self._done.wait(timeout)
        except KeyboardInterrupt:
            self.cancel()
            self._done.wait()
        return self

    @internal
    def wait_until_begun(self, timeout: float | None = 30) -> Run:
        """Wait until it has begun, and so is in the run history. Returns itself."""
        self._begun.wait(timeout)
        return self

    def check(self) -> Run:
        """Itself when it succeeded; raises RunFailed or RunCancelled when it did not."""
        if self.status == "failed":
            raise RunFailed(f"{self.workflow}: {self.message}", self)
        if self.status == "cancelled":
            raise RunCancelled(f"{self.workflow}: the run was cancelled.", self)
        return self

    def watch(self, watcher: Callable[[Event], None]) -> Callable[[], None]:
        """Have ``watcher`` called with every event from now on, in the thread where it happens.

        Call what is returned to stop that. An event is in :meth:`events` before watchers hear of it, so whoever
        watches first and then reads those misses none (and may meet some twice).
        """
        with self._guard:
            self._watchers = [*self._watchers, watcher]

        def stop() -> None:
            with self._guard:
                self._watchers = [one for one in self._watchers if one is not watcher]

        return stop

    @internal
    def when_over(self, action: Callable[[], None]) -> None:
        """Have ``action`` called once when it is over, before :meth:`wait` returns; at once when it is."""
        with self._guard:
            if not self._done.is_set():
                self._endings.append(action)
                return
        action()

    @internal
    def clean(self, value: Any) -> Any:
        """A text or plain JSON without the secrets of this run."""
        return self._redact_json(value)

    def to_dict(self) -> dict[str, Any]:
        """The run as plain JSON, as ``flowbook run --json`` prints it; secrets are left out."""
        from flowbook.view.document import run_document

        return run_document(
            run=self.id, workflow=self.workflow, status=self.status, message=self.message, inputs=self.inputs,
            started_at=self.started_at, seconds=self.seconds, nodes={node: self[node] for node in self},
            clean=self._redact_json,
        )  # fmt: skip

    def show(self, node: str | None = None) -> Any:
        """What a node printed, displayed and gave, as something that a notebook displays; without one, the run."""
        if node is None:
            return self
        from flowbook.view.report import NodeView

        return NodeView(node, self[node], self.output(node), self._redact_json, self.tasks.get(node, ""))

    def as_cell(self, node: str) -> Cell:
        """A node that did not succeed as a cell, to be mended and run (see :meth:`Workspace.as_cell
        <flowbook.workspace.Workspace.as_cell>`)."""
        if not self.in_history:
            raise InputError("what is no part of the history is not gone on with.", "Run the workflow.")
        workspace = self._workspace()
        if workspace is None:
            raise InputError("its workspace is gone.", f"Open it again: Workspace(…).as_cell({self.id!r}, {node!r})")
        cell: Cell = workspace.as_cell(self.id, node)
        return cell

    def __repr__(self) -> str:
        from flowbook.view.report import run_text

        return run_text(self)

    def _ipython_display_(self) -> None:
        """In a notebook, a run that is going on shows itself live; else it is shown as it is."""
        if self.status != "running" or not in_notebook() or not has_studio():
            raise NotImplementedError  # IPython then asks for the representations below
        frontend().show_run(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        if self.shown:
            # The cell that ran it shows it already; the same again as its last value would only repeat that.
            self.shown = False
            return {"text/plain": f"<Run {self.id}: {self.status}>"}
        return self.representations()

    @internal
    def representations(self) -> dict[str, str]:
        """The run as it is now, as text and as HTML that needs no script."""
        from flowbook.view.report import run_html, run_text

        return {"text/html": run_html(self), "text/plain": run_text(self)}

    @internal
    def call_later(self, seconds: float, action: Callable[[], None]) -> None:
        """Have ``action`` called in the thread that the run was started from (see Execution.call_later)."""
        self._execution.call_later(seconds, action)

    # -- for the workspace ---------------------------------------------------------------------------------------

    @internal
    def notice(self, event: Event) -> None:
        """Take in an event of the execution."""
        if type(event) in _OF_ITEMS:
            pass
        elif isinstance(event, NodeProgressed):
            self._progress[event.node_id] = event
        elif isinstance(event, NodeStarted):
            self._events.append(event)
            self._started[event.node_id] = event.at
        elif isinstance(event, (NodeFinished, NodeRetried, RunFinished)):
            self._events.append(event)
        elif isinstance(event, NodeOutput):
            self._keep_output(event)
        elif isinstance(event, RunStarted):
            self._events.append(event)
            for piece in self._earlier:
                self._keep_output(piece)
            self._begun.set()
        for watcher in self._watchers:
            watcher(event)

    def _keep_output(self, piece: NodeOutput) -> None:
        self._events.append(piece)
        self._output.setdefault(piece.node_id, []).append(piece)

    @internal
    def execute(self, ended: Callable[[], None]) -> None:
        """Run it in this thread to its end.

        Raises StoreError, and nothing has run, when its start is not recorded; RunCancelled when that was waited for.
        """
        try:
            self._outcome = self._execution.run()
        except (StoreError, RunCancelled) as error:
            self._refused = error
            raise
        finally:
            ended()
            self._begun.set()
            self._end()

    def _end(self) -> None:
        """Do what is to be done when it is over, then let those who wait go on: a cell that waited may be the last,
        and what is displayed after it ended reaches no notebook.
        """
        try:
            while True:
                with self._guard:
                    endings, self._endings = self._endings, []
                    if not endings:
                        self._done.set()
                        return
                for action in endings:
                    action()
        finally:
            self._done.set()

    @internal
    def execute_in_background(self, ended: Callable[[], None]) -> None:
        """Run it in a thread of its own; returns once its start is recorded.

        Raises as :meth:`execute`, and RuntimeError, and nothing has run, where no thread can be had.
        """

        def work() -> None:
            with contextlib.suppress(StoreError, RunCancelled):  # raised below
                self.execute(ended)

        self._thread = threading.Thread(target=work, name=f"flowbook-run-{self.id[-8:]}", daemon=True)
        try:
            self._thread.start()
            self._begun.wait()
        except KeyboardInterrupt:
            self.cancel()
            raise
        except RuntimeError:
            ended()
            raise
        if self._refused is not None:
            raise self._refused


_going_on: WeakValueDictionary[str, Run] = WeakValueDictionary()


def live_run(id: str) -> Run | None:
    """The run with that id while it goes on in this process; None when it is over or goes on elsewhere."""
    run = _going_on.get(id)
    return run if run is not None and run.status == "running" else None


def in_notebook() -> bool:
    """Whether this runs in a kernel that a notebook talks to."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    return shell is not None and hasattr(shell, "kernel")
