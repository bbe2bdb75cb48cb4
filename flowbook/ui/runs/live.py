"""A run as it goes on: a summary with the timeline of its nodes, and the live output of the selected one.

Events come from worker threads; what they change is sent to the browser at most every 0.2 s, as one message that holds
only what is different. A timer runs only while something waits to be sent.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import traitlets

from flowbook.errors import FlowbookError
from flowbook.events import Event
from flowbook.journal import RunRecord
from flowbook.ui.parts.files import widget
from flowbook.ui.parts.holding import dispose
from flowbook.ui.parts.theme import told
from flowbook.ui.parts.wire import Wire
from flowbook.ui.runs.live_record import Around, live_record
from flowbook.ui.runs.live_state import LiveRun
from flowbook.ui.runs.run_styles import run_stylesheet
from flowbook.ui.runs.whole_run import each_event
from flowbook.workspace.run import Run

if TYPE_CHECKING:
    from flowbook.workspace import Workspace

FLUSH_SECONDS = 0.2
NOTHING: dict[str, Any] = {"run": None, "order": [], "nodes": {}, "output": {}}
FIRST_SECONDS = 0.02  # what happens after a quiet time is sent this soon

OnSelect: TypeAlias = Callable[[str], object]


class _PanelWidget(Wire):
    """Carries a run to the browser.

    ``mount`` is the class of elements that the panel appears in by itself, so that a notebook's output can hold static
    HTML which reads well where nothing runs.
    """

    _esm = widget("runs/run_panel.js")
    _css = run_stylesheet()

    selected = traitlets.Unicode().tag(sync=True)
    cancellable = traitlets.Bool(False).tag(sync=True)
    offered = traitlets.List(traitlets.Dict()).tag(sync=True)
    pinnable = traitlets.Bool(False).tag(sync=True)
    pinned = traitlets.List(traitlets.Unicode()).tag(sync=True)
    called = traitlets.Dict().tag(sync=True)
    mount = traitlets.Unicode().tag(sync=True)


class RunPanel:
    """Shows one run at a time: ``widget`` goes into a box of your own.

    ``workspace`` is where records read their output from. With ``cancel`` there is a Cancel button. Methods may be
    called from any thread, with or without a front end.
    """

    def __init__(self, workspace: Workspace | None = None, *, cancel: bool = False, mount: str = "") -> None:
        self._workspace = workspace
        self._lock = threading.RLock()
        self._live: LiveRun | None = None
        self._run: Run | None = None
        self._stop: Callable[[], None] = lambda: None
        self._timer: threading.Timer | None = None
        self._flushed = 0.0
        self._on_select: list[OnSelect] = []
        self._on_offered: list[OnSelect] = []
        self._on_pin: list[Callable[[str, str], object]] = []
        self._pins: set[str] = set()
        self.widget = _PanelWidget(self._whole, self._hear, self._lock, cancellable=cancel, mount=mount)

    def follow(self, run: Run, around: Around | None = None) -> None:
        """Show a run from its beginning and as it goes on; whatever was shown before is left.

        ``around`` is what else of its workflow is shown, when it runs a part of that.
        """
        labels, tasks = run.labels, run.tasks
        own = [(id, labels.get(id, ""), tasks[id]) for id in run]
        nodes = own if around is None else around.nodes(own)
        live = LiveRun(run.id, run.workflow, nodes, run.clean, run.inputs, run.dashboard, rehearsed=run.rehearsed)
        if around is not None:
            around.show(live, run)

        def take(event: Event) -> None:
            with self._lock:
                live.take(event)
                if live is self._live:
                    self._schedule()

        stop = each_event(run, take)
        with self._lock:
            self._show(live, run, stop)

    def show_record(self, record: RunRecord, around: Around | None = None) -> None:
        """Show a run of the history, with what else of its workflow there is ``around`` it."""
        pieces = [] if self._workspace is None else self._workspace.run_output(record.summary.id)
        live = live_record(record, pieces, around)
        with self._lock:
            self._show(live, None, lambda: None)

    def clear(self) -> None:
        """Show no run."""
        with self._lock:
            self._show(None, None, lambda: None)

    @property
    def run_id(self) -> str:
        """The id of the run that is shown; empty when none is."""
        with self._lock:
            return "" if self._live is None else self._live.id

    @property
    def statuses(self) -> dict[str, str]:
        """The status of each node of the run."""
        with self._lock:
            return {} if self._live is None else dict(self._live.statuses)

    def select(self, node_id: str) -> None:
        """Show this node's output; ``""`` leaves the choice to the panel. Does not call what :meth:`on_select` took."""
        self.widget.selected = self._in_run(node_id)

    def reveal(self) -> None:
        """Scroll the page so far that a person sees the run begin."""
        self.widget.sign("reveal")

    def on_select(self, callback: OnSelect) -> Callable[[], None]:
        """Have ``callback(node_id)`` called when a person selects a node; call the result to stop that."""
        return _added(self._on_select, callback)

    def offer(self, runs: Mapping[str, str]) -> None:
        """Offer runs to be shown in place of this one: words about each, by its id; the one that is shown is marked."""
        self.widget.offered = [{"id": id, "words": words} for id, words in runs.items()]

    def on_offered(self, callback: OnSelect) -> Callable[[], None]:
        """Have ``callback(run)`` called when a person chooses another of the runs that are offered."""
        return _added(self._on_offered, callback)

    def on_pin(self, callback: Callable[[str, str], object]) -> Callable[[], None]:
        """Offer **Pin**, **Edit** and **Unpin** at the data of a node; ``callback("pin" | "edit" | "unpin", node)``."""
        self.widget.pinnable = True
        return _added(self._on_pin, callback)

    def show_pins(self, nodes: Iterable[str]) -> None:
        """Say which nodes have data pinned."""
        self._pins = set(nodes)
        self.widget.pinned = sorted(map(self._in_run, self._pins))

    def show_names(self, called: Mapping[str, str]) -> None:
        """Call nodes of the run as they are called now (id in the run → id now), here and to whoever listens."""
        selected = self._now(self.widget.selected)
        with self.widget.hold_sync():
            self.widget.called = {old: now for old, now in called.items() if old != now}
            self.widget.selected = self._in_run(selected)
            self.show_pins(self._pins)

    def _now(self, id: str) -> str:
        """What a node of the run is called now."""
        return str(self.widget.called.get(id, id))

    def _in_run(self, id: str) -> str:
        """What a node was called when it ran."""
        return next((old for old, now in self.widget.called.items() if now == id), id)

    def close(self) -> None:
        """Stop following and take the panel off every page."""
        with self._lock:
            self._stop()
            self._live = self._run = None
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        dispose(self.widget)

    # -- to the browser --------------------------------------------------------------------------------------------

    def _show(self, live: LiveRun | None, run: Run | None, stop: Callable[[], None]) -> None:
        """Show another run in place of the one before. The lock is held."""
        self._stop()
        self._live, self._run, self._stop = live, run, stop
        if live is not None:
            live.take_changes()
        if self.widget.selected and (live is None or self.widget.selected not in live.node_ids):
            self.widget.selected = ""
        self.widget.replace()
        self._schedule()

    def _whole(self) -> dict[str, Any]:
        self._send_changes()  # what waits comes first: a page that is given the whole must not be told of it once more
        return NOTHING if self._live is None else self._live.snapshot()

    def _schedule(self) -> None:
        """See to it that what has changed is sent soon. The lock is held."""
        if self._timer is None:
            wait = max(self._flushed + FLUSH_SECONDS - time.monotonic(), FIRST_SECONDS)
            self._timer = threading.Timer(wait, self._flush)
            self._timer.daemon = True
            self._timer.start()

    def _flush(self) -> None:
        with self._lock:
            self._timer = None
            self._flushed = time.monotonic()
            self._send_changes()

    def _send_changes(self) -> None:
        changes = None if self._live is None else self._live.take_changes()
        if changes is not None:
            self.widget.change("changes", **changes)

    # -- from the browser ------------------------------------------------------------------------------------------

    def _hear(self, kind: str, content: dict[str, Any]) -> None:
        if kind == "cancel" and self._run is not None:
            self._run.cancel()
        elif kind == "offered" and any(one["id"] == content.get("id") for one in self.widget.offered):
            for callback in list(self._on_offered):
                callback(content["id"])
        elif kind in ("pin", "edit", "unpin"):
            for act in list(self._on_pin):
                act(kind, self._now(str(content.get("id"))))
        elif kind == "look":
            self._look(str(content.get("id")))
        elif kind == "cell":
            self._as_cell(str(content.get("id")))
        elif kind == "select" and isinstance(content.get("id"), str):
            for callback in list(self._on_select):
                callback(self._now(content["id"]))

    def _as_cell(self, id: str) -> None:
        """Send the text of a cell with a node that did not succeed; or why there is none."""
        run, workspace, live = self._run, self._workspace, self._live
        try:
            if live is not None and id in live.node_ids:
                if run is not None:
                    self.widget.sign("cell", id=id, code=run.as_cell(id).code)
                elif workspace is not None:
                    self.widget.sign("cell", id=id, code=workspace.as_cell(live.id, id).code)
        except FlowbookError as error:
            self.widget.sign("cell", id=id, problem=told(error))

    def _look(self, id: str) -> None:
        """Send the data of a node as a tree, which the page has asked for."""
        with self._lock:
            live = self._live
            if live is not None and live.look(id):
                self._schedule()


def _added(callbacks: list[Any], callback: Any) -> Callable[[], None]:
    callbacks.append(callback)
    return lambda: callbacks.remove(callback) if callback in callbacks else None


def show(run: Run) -> RunPanel:
    """Display a run that is going on in the current cell, with a Cancel button.

    The output holds static HTML that the panel takes the place of where a kernel answers; when the run is over the
    HTML is replaced by the complete result, so that is what a saved notebook holds.
    """
    from IPython.display import display

    mount = f"flowbook-live-{uuid.uuid4().hex[:12]}"
    panel = RunPanel(cancel=True, mount=mount)
    panel.follow(run)
    handle: Any = display(_mounted(run, mount), raw=True, display_id=True)
    run.when_over(lambda: handle.update(_mounted(run, mount), raw=True))
    return panel


def _mounted(run: Run, mount: str) -> dict[str, str]:
    shown = run.representations()
    going = _STILL_GOING if run.status == "running" else ""
    return {**shown, "text/html": f'<div class="{mount}">{shown["text/html"]}{going}</div>'}


# Seen only where a notebook was saved and opened again before the run was over: nothing can update its output then.
_STILL_GOING = (
    '<div style="opacity:.7;font-size:12px">Still going when this was shown: ws.runs() has how it ended.</div>'
)
