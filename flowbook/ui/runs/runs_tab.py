"""The tab **Runs**: the run history, and one run of it opened."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

import traitlets

from flowbook.errors import FlowbookError
from flowbook.events import RUN_STATUSES
from flowbook.journal import RunSummary
from flowbook.ui.parts.files import widget
from flowbook.ui.parts.holding import swap
from flowbook.ui.parts.ordering import OwnWidget
from flowbook.ui.parts.theme import Heading, Message, button, column, row, show
from flowbook.ui.runs.run_styles import run_stylesheet
from flowbook.ui.runs.run_view import RunView, may_be_resumed, run_again
from flowbook.view.titles import titles
from flowbook.workspace import Workspace

PAGE = 25
_TIMES = {"today": 0, "week": 7, "month": 30}
_NOTHING = "Nothing has run yet. Open a workflow and press ▶ Run."
_NO_MATCH = "No run is like that. Choose other filters above."
_EXPLAINED = "Every run of this workspace, from notebooks, the command line and scripts, the newest first."


class _RunsList(OwnWidget):
    """The filters and the table. ``titles`` are those of stored workflows that have one, by their ids; ``filters`` is
    what a person has chosen: ``workflow``, ``status``, ``time``.
    """

    _esm = widget("runs/runs_list.js")
    _css = run_stylesheet()

    rows = traitlets.List(traitlets.Dict()).tag(sync=True)
    workflows = traitlets.List(traitlets.Unicode()).tag(sync=True)
    titles = traitlets.Dict().tag(sync=True)
    statuses = traitlets.List(traitlets.Unicode(), list(RUN_STATUSES)).tag(sync=True)
    filters = traitlets.Dict({"workflow": "", "status": "", "time": ""}).tag(sync=True)
    more = traitlets.Bool(False).tag(sync=True)
    empty = traitlets.Unicode(_NOTHING).tag(sync=True)


class RunsTab:
    """The list of runs; opening one shows it in the list's place. ``replay(workflow, run)`` shows one in the editor."""

    def __init__(self, workspace: Workspace, replay: Callable[[str, str], object] | None = None) -> None:
        self._workspace = workspace
        self._replay = replay
        self._limit = PAGE
        self.message = Message()
        self.list = _RunsList()
        self.list.on_msg(self._receive)
        self.list.observe(lambda _: self._filtered(), "filters")
        head = row(
            Heading(text="Runs", detail=_EXPLAINED), button("Refresh", self.refresh, tooltip="Read the history again"),
            name="fb-page-head",
        )  # fmt: skip
        self._history = column(head, self.message, self.list)
        self._opened = column()
        self.widget = column(self._history, self._opened, name="fb-page")
        self.view: RunView | None = None
        self._show_list(True)
        self.refresh()

    def refresh(self) -> None:
        """Show what is recorded now."""
        try:
            found = self._workspace.runs(**_wanted(self.list.filters), limit=self._limit + 1)
            workflows = self._workspace.workflows_run()
            called = titles((one.name, one.description) for one in self._workspace.workflows())
        except FlowbookError as error:
            self.message.fail(error)
            return
        with self.list.hold_sync():
            self.list.workflows = workflows
            self.list.titles = {name: title for name, title in called.items() if title != name}
            self.list.rows = [_row(one) for one in found[: self._limit]]
            self.list.more = len(found) > self._limit
            self.list.empty = _NO_MATCH if workflows else _NOTHING

    def open(self, run: str) -> RunView:
        """Open a run by its id, the beginning of it, or "last"; a run that goes on here is followed live."""
        record = self._workspace.run_record(run)
        return self._open(RunView(self._workspace, record, self))

    def close(self) -> None:
        """Stop following the run that is open, after the tab has been taken off every page."""
        if self.view is not None:
            self.view.close()

    def back(self) -> None:
        """Show the list again."""
        self._close()
        self._show_list(True)
        self.refresh()

    def _open(self, view: RunView) -> RunView:
        self._close()
        self.message.clear()
        self.view = view
        swap(self._opened, view.widget)
        self._show_list(False)
        return view

    def _close(self) -> None:
        if self.view is not None:
            swap(self._opened)
            self.view.close()
            self.view = None

    def _show_list(self, visible: bool) -> None:
        show(self._history, visible)
        show(self._opened, not visible)

    def _filtered(self) -> None:
        self._limit = PAGE
        self.message.clear()
        self.refresh()

    # -- what a person asks for --------------------------------------------------------------------------------------

    def _receive(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if not isinstance(content, dict):
            return
        if content.get("kind") == "more":
            self._limit += PAGE
            self.refresh()
            return
        acts = {"open": self.open, "again": self.again, "resume": self._resume, "delete": self.delete}
        act = acts.get(str(content.get("kind")))
        if act is not None and any(known["id"] == content.get("id") for known in self.list.rows):
            self._try(act, str(content["id"]))

    def _try(self, act: Callable[[str], object], id: str) -> None:
        try:
            act(id)
        except FlowbookError as error:
            self.message.fail(error)
            self.refresh()

    def again(self, id: str) -> None:
        """Start a new run as that one was, and follow it."""
        run, said = run_again(self._workspace, self._workspace.run_record(id))
        view = self._open(RunView.following(self._workspace, run, self))
        view.message.say(said)

    def resume(
        self,
        id: str,
        accept: Collection[str] = (),
        rerun: Collection[str] = (),
        results: Mapping[str, Any] | None = None,
    ) -> None:
        """Go on with that run, and follow it. Raises RunHeld, and what :meth:`Workspace.start_resuming` raises."""
        run = self._workspace.start_resuming(id, accept=accept, rerun=rerun, results=results)
        view = self._open(RunView.following(self._workspace, run, self))
        view.say_until_succeeded(f"Going on with attempt {run.attempt}: what is done stays done.")

    @property
    def can_replay(self) -> bool:
        """Whether there is an editor to show a run in."""
        return self._replay is not None

    def replay(self, id: str) -> None:
        """Show that run in the editor of its workflow."""
        if self._replay is not None:
            self._replay(self._workspace.run_record(id).summary.workflow, id)

    def _resume(self, id: str) -> None:
        self.open(id).resume()

    def delete(self, id: str) -> None:
        """Delete that run."""
        self._workspace.delete_runs([id])
        self.back()
        self.message.say("The run was deleted.", "success")


def _wanted(filters: Mapping[str, Any]) -> dict[str, Any]:
    """What the journal is asked for. Days are those of this machine's clock."""
    wanted = {name: str(filters[name]) for name in ("workflow", "status") if filters.get(name)}
    days = _TIMES.get(str(filters.get("time")))
    if days is None:
        return wanted
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    since = midnight if days == 0 else midnight - timedelta(days=days - 1)
    return {**wanted, "since": time.mktime(since.timetuple())}


def _row(run: RunSummary) -> dict[str, Any]:
    message = run.message.strip().partition("\n")[0]
    return {
        "id": run.id, "workflow": run.workflow, "status": run.status, "started": run.started_at,
        "seconds": run.seconds, "message": "" if run.status == "cancelled" else message, "parent": run.parent,
        "resumable": may_be_resumed(run),
    }  # fmt: skip
