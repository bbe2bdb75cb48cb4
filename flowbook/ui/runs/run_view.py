"""One run opened from the history: its canvas, which cannot be edited, and under it each node's output and data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Protocol

from flowbook.errors import FlowbookError, InputError, NotFound, RunHeld
from flowbook.journal import RunRecord, RunSummary
from flowbook.models import Workflow
from flowbook.ui.canvas.canvas import Canvas
from flowbook.ui.canvas.running import LiveStatus, show_lines
from flowbook.ui.parts.holding import dispose
from flowbook.ui.parts.theme import Heading, Message, button, column, row, show
from flowbook.ui.runs.given_results import GivenResults
from flowbook.ui.runs.held_nodes import HeldNodes
from flowbook.ui.runs.live import RunPanel
from flowbook.ui.runs.whole_run import each_event
from flowbook.view.graph.picturing import elements_for
from flowbook.view.titles import title_and_about
from flowbook.workspace import Workspace
from flowbook.workspace.run import Run, live_run

CANVAS_HEIGHT = "300px"
_INTERRUPTED = (
    "This run was interrupted: its process ended before it did. What a node marked unknown was doing may have taken "
    "effect."
)

_HELD = (
    "Only the service knows whether what these nodes were doing has happened. Look there, and then say of each what is "
    "to become of it."
)
RESUMABLE = ("failed", "cancelled", "interrupted")


class Acts(Protocol):
    """What a view asks for."""

    def back(self) -> None:
        """Show the list again."""

    def again(self, run: str) -> None:
        """Start a new run as this one was."""

    def resume(
        self,
        run: str,
        accept: Collection[str] = (),
        rerun: Collection[str] = (),
        results: Mapping[str, Any] | None = None,
    ) -> None:
        """Go on with the run. Raises RunHeld for nodes that are held and named nowhere."""

    def delete(self, run: str) -> None:
        """Delete the run."""

    def replay(self, run: str) -> None:
        """Show the run in the editor of its workflow."""

    @property
    def can_replay(self) -> bool:
        """Whether there is an editor to show it in."""


class RunView:
    """A run of the history, or one that goes on in this process."""

    def __init__(self, workspace: Workspace, record: RunRecord, acts: Acts, run: Run | None = None) -> None:
        self._workspace = workspace
        self._acts = acts
        self.id = record.summary.id
        self.message = Message()
        self.panel = RunPanel(workspace, cancel=True)
        self.panel.widget.add_class("fbr-panel")
        self.canvas = Canvas(
            elements_for(record.workflow, workspace.integration_folder), read_only=True, height=CANVAS_HEIGHT
        )
        self.canvas.on("select", self._selected_on_canvas)
        self.panel.on_select(self._selected_in_panel)
        self._stop: Callable[[], None] = lambda: None
        self._again = button(
            "Run again", lambda: self._do(acts.again), kind="primary", tooltip="A new run with the same inputs"
        )
        self._resume = button("Resume", self.resume, tooltip="Go on: what is done stays done")
        self._give = button(
            "Give Results",
            self.give,
            tooltip="Say yourself what came of nodes or items that did not succeed, and go on",
        )
        self._held = HeldNodes(self.resume, self.give)
        self._given = GivenResults(self.resume)
        self._replay = button(
            "Replay in Editor", lambda: self._do(acts.replay), tooltip="Open the workflow with the data of this run"
        )
        show(self._replay, acts.can_replay)
        self._ask = button("Delete", self._ask_first, kind="quiet")
        self._really = button("Delete this run", lambda: self._do(acts.delete), kind="danger")
        self._keep = button("Keep", self._kept, kind="quiet")
        title, _ = title_and_about(record.workflow.name, record.workflow.description)
        head = row(
            row(
                button("← All runs", acts.back, kind="quiet"),
                Heading(text=title, detail=_about(record, title)),
            ),
            row(self._resume, self._give, self._replay, self._again, self._ask, self._really, self._keep),
            name="fb-page-head",
        )
        self.widget = column(
            head,
            self.message,
            self._held.widget,
            self._given.widget,
            self.canvas.widget,
            self.panel.widget,
            name="fbr-opened",
        )
        self._kept()
        self._run = run or live_run(self.id)
        self._follow(record, self._run)

    @classmethod
    def following(cls, workspace: Workspace, run: Run, acts: Acts) -> RunView:
        """The view of a run that was started just now; it waits until the run is in the history."""
        run.wait_until_begun()
        return cls(workspace, workspace.run_record(run.id), acts, run)

    def say_until_succeeded(self, text: str) -> None:
        """Say how this run came about; once it has succeeded there is nothing more to know of that."""
        self.message.say(text)
        run = self._run

        def over() -> None:
            if run is not None and run.status == "succeeded" and self.message.text == text:
                self.message.clear()

        if run is not None:
            run.when_over(over)

    def close(self) -> None:
        """Take the view off every page."""
        self._stop()
        dispose(self.widget)
        self.panel.close()
        self.canvas.close()

    def _follow(self, record: RunRecord, run: Run | None) -> None:
        if run is not None:
            self._offer_to_go_on(False)
            self.panel.follow(run)
            status = LiveStatus(self.canvas, lambda _: None, lambda: record.workflow)
            self._stop = each_event(run, status.notice)
            run.when_over(lambda: self._over(run))
            return
        if record.summary.status == "running":  # it may have ended since that was read
            record = self._workspace.run_record(self.id)
        self._offer_to_go_on(may_be_resumed(record.summary))
        self.panel.show_record(record)
        self.canvas.set_status(self.panel.statuses)
        show_lines(self.canvas, record.workflow, record.nodes, record)
        if record.summary.status == "interrupted":
            self.message.say(_INTERRUPTED, "warning")
        elif record.summary.status == "running":
            self.message.say("This run goes on in another process; what it has recorded so far is shown.")

    def _over(self, run: Run) -> None:
        """Show what a run that was followed left, as when it is opened later."""
        self._offer_to_go_on(run.status in RESUMABLE)
        try:
            record = self._workspace.run_record(self.id)
        except FlowbookError:  # it was deleted, or its record is damaged: what was seen while it went on stays
            return
        show_lines(self.canvas, record.workflow, record.nodes, record)

    def _offer_to_go_on(self, possible: bool) -> None:
        for one in (self._resume, self._give):
            show(one, possible)

    def _selected_on_canvas(self, selected: dict[str, Any]) -> None:
        if len(selected["nodes"]) == 1:
            self.panel.select(selected["nodes"][0])

    def _selected_in_panel(self, node: str) -> None:
        self.canvas.select([node])
        self.canvas.reveal(node)

    def _ask_first(self) -> None:
        for one, visible in ((self._ask, False), (self._really, True), (self._keep, True)):
            show(one, visible)

    def _kept(self) -> None:
        for one, visible in ((self._ask, True), (self._really, False), (self._keep, False)):
            show(one, visible)

    def resume(self, accept: Collection[str] = (), rerun: Collection[str] = ()) -> None:
        """Go on with the run, with the results that were given; first ask about nodes that are held."""
        self._held.clear()
        try:
            self._acts.resume(self.id, accept, rerun, dict(self._given.results))
        except RunHeld as error:
            self.message.say(_HELD, "warning")
            self._held.ask(error.nodes)
        except FlowbookError as error:
            self.message.fail(error)

    def give(self, name: str = "") -> None:
        """Ask for the result of what did not succeed, of ``name`` first."""
        self._held.clear()
        self.message.clear()
        try:
            self._given.ask(self._workspace.may_be_given(self.id), name)
        except FlowbookError as error:
            self.message.fail(error)

    def _do(self, act: Callable[[str], object]) -> None:
        try:
            act(self.id)
        except FlowbookError as error:
            self._kept()
            self.message.fail(error)


def may_be_resumed(run: RunSummary) -> bool:
    """Whether it ended with something left to do, and is not a part of another run."""
    return run.status in RESUMABLE and not run.parent


def _about(record: RunRecord, title: str) -> str:
    summary = record.summary
    workflow = "" if title == summary.workflow else f"{summary.workflow} · "
    return f"{workflow}Run {summary.id}" + (f", attempt {summary.attempt}" if summary.attempt > 1 else "")


def run_again(workspace: Workspace, record: RunRecord) -> tuple[Run, str]:
    """Start a run with the inputs of another; the run, and a sentence on what is run.

    The workflow is run as it is stored now, or, when it is not stored any more, as it was. Raises InputError when an
    input is secret, since its value is not recorded, and what :meth:`Workspace.start` raises.
    """
    recorded = record.workflow
    try:
        stored: Workflow | None = workspace.workflow(recorded.name)
    except NotFound:
        stored = None
    workflow = recorded if stored is None else stored
    secret = [name for name, one in workflow.inputs.items() if one.secret and name in record.inputs]
    if secret:
        raise InputError(
            f"the input {secret[0]!r} is secret, so the run history does not hold its value.",
            "Open the workflow and press ▶ Run to give it again.",
        )
    run = workspace.start(workflow if stored is None else recorded.name, record.inputs, restricted=True)
    if stored is None:
        said = "Running again as it was: the workflow is not stored any more."
    elif stored.definition_hash() == recorded.definition_hash():
        said = "Running again with the same inputs."
    else:
        said = "Running again with the same inputs, with the workflow as it is stored now: it was changed since."
    return run, said
