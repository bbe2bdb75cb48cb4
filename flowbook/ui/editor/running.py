"""Runs that are started in the editor, and what is said about them there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from flowbook.counting import counted
from flowbook.errors import FlowbookError
from flowbook.events import Event
from flowbook.ui.canvas.canvas import Canvas
from flowbook.ui.canvas.running import LiveStatus
from flowbook.ui.editor.arrangement import Arrangement
from flowbook.ui.editor.editing import Editing
from flowbook.ui.editor.inputs_panel import RunInputs
from flowbook.ui.editor.inspector import Inspector, Part
from flowbook.ui.editor.last_run import LastRun
from flowbook.ui.editor.rehearsal_panel import RehearsalPanel
from flowbook.ui.editor.toolbar import Toolbar
from flowbook.ui.runs.live import RunPanel
from flowbook.workspace import Run


class Running:
    """Starts and cancels runs of what is edited, and has toolbar, canvas, inspector and run panel show how they go.

    ``list_problems()`` is called when problems are in the way, ``pick(node)`` when a node is to be shown.
    """

    def __init__(
        self,
        editing: Editing,
        places: Arrangement,
        toolbar: Toolbar,
        canvas: Canvas,
        inspector: Inspector,
        panel: RunPanel,
        list_problems: Callable[[], object],
        last_run: LastRun,
        pick: Callable[[str], object],
    ) -> None:
        self._editing, self._places = editing, places
        self._toolbar, self._inspector, self._panel = toolbar, inspector, panel
        self._list_problems, self._last_run = list_problems, last_run
        self._pick = pick
        self._refused = False  # whether it was said that problems are in the way
        self._busy = False  # whether it was said that a run is
        self.run: Run | None = None
        self._starting = threading.RLock()  # a run may be over before whoever started it has it in hand
        self.status = LiveStatus(canvas, self._ended, lambda: editing.workflow)

    def start(self, *, rehearse: bool = False) -> None:
        """**▶ Run**: show what is wrong, or ask for the inputs when there are any, then run what is in the editor.

        **Dry Run** (``rehearse``) does the same, and nothing outside is changed.
        """
        self._tried()
        self._editing.validate()
        errors = sum(problem.severity == "error" for problem in self._editing.problems)
        if errors:
            self._refused = True
            count = "is a problem" if errors == 1 else f"are {counted(errors, 'problem')}"
            self._places.message.say(f"It cannot run: there {count}.", "error")
            self._list_problems()
        elif self._editing.workflow.inputs:
            self._ask(self._inspector.last_inputs, rehearse=rehearse)
        else:
            self._start({}, rehearse=rehearse)

    def run_part(self, part: Part, node: str) -> None:
        """Run one node alone, or up to it, with the last run's inputs."""
        self._tried()
        inputs = self._editing.workflow.inputs
        last = {n: v for n, v in self._inspector.last_inputs.items() if n in inputs and not inputs[n].secret}
        if any(one.required and one.default is None and n not in last for n, one in inputs.items()):
            self._ask(last, part, node)
        else:
            self._start(last, part, node)

    def _tried(self) -> None:
        """Someone believes that all is filled in: what is not is said from now on."""
        self._editing.fresh = ""
        self._inspector.show_problems()

    def cancel(self) -> None:
        """Cancel the run that goes on."""
        if self.run is not None:
            self.run.cancel()

    def mended(self) -> None:
        """Take back that problems are in the way: there are none any more."""
        if self._refused:
            self._refused = False
            self._places.message.clear()

    def _ask(
        self, last: Mapping[str, Any], part: Part | None = None, node: str = "", *, rehearse: bool = False
    ) -> None:
        def go(values: dict[str, Any]) -> None:
            self._start(values, part, node, rehearse=rehearse)

        self._places.open(RunInputs(self._editing, last, self._places.close, go))

    def _start(
        self, inputs: Mapping[str, Any], part: Part | None = None, node: str = "", *, rehearse: bool = False
    ) -> None:
        message = self._places.message
        if self.run is not None and self.run.status == "running":
            self._busy = True
            message.say("It is running already. Cancel it first, or wait until it is over.", "warning")
            return
        message.clear()
        to, only = (node if part == "to" else None), (node if part == "only" else None)
        self._toolbar.show_running(True)
        workspace, flow = self._editing.workspace, self._editing.workflow
        try:
            with self._starting:
                self.run = workspace.start(
                    flow, inputs, to=to, only=only, dry_run=rehearse, watch=self.status.notice,
                    restricted=self._editing.restricted,
                )  # fmt: skip
        except FlowbookError as error:
            self._toolbar.show_running(False)
            message.fail(error)
            self._editing.validate()
            return
        around = self._last_run.around() if part is not None else None
        self._last_run.left()
        self._panel.follow(self.run, around)
        self._places.show_below()
        self._panel.reveal()

    def _ended(self, event: Event) -> None:
        status, message = getattr(event, "status", ""), getattr(event, "message", "")
        self._toolbar.show_running(False)
        if self._busy:
            self._busy = False
            self._places.message.clear()
        with self._starting:
            run = self.run if self.run is not None and self.run.rehearsed else None
        self._toolbar.show_run(status, getattr(event, "seconds", 0.0), message, rehearsed=run is not None)
        if run is not None:
            results, whole = {id: run[id] for id in run}, status == "succeeded"
            self._places.open(RehearsalPanel(results, self._places.close, self._pick, whole=whole))
        self._inspector.reload_values()
        self._last_run.list_runs()
