"""The run whose statuses, data and output the editor shows: the last one, or one of the history that is replayed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flowbook import edits
from flowbook.counting import counted
from flowbook.errors import FlowbookError
from flowbook.journal import RunRecord, RunSummary
from flowbook.ui.canvas.canvas import Canvas
from flowbook.ui.canvas.running import show_lines
from flowbook.ui.editor.arrangement import Arrangement
from flowbook.ui.editor.editing import Editing
from flowbook.ui.editor.inspector import Inspector
from flowbook.ui.editor.toolbar import Toolbar
from flowbook.ui.parts.theme import Message, button, row
from flowbook.ui.runs.live import RunPanel
from flowbook.ui.runs.live_record import Around
from flowbook.view.wording import moment
from flowbook.workspace.earlier import names_now

RUNS_OFFERED = 20


class LastRun:
    """Shows a run that is over on canvas, inspector, run panel and toolbar.

    A run of the history is *replayed*: its data stands in for the last run's, in the previews too, until the next run,
    or until a person goes back to the last one. Nothing is pinned unless that is asked for.
    """

    def __init__(
        self, editing: Editing, places: Arrangement, toolbar: Toolbar, canvas: Canvas, inspector: Inspector,
        panel: RunPanel,
    ) -> None:  # fmt: skip
        self._editing, self._places, self._toolbar = editing, places, toolbar
        self._canvas, self._inspector, self._panel = canvas, inspector, panel
        self._banner: Any = None
        self.replayed = ""
        self._newest: tuple[str, int, str] | tuple[()] = ()  # the newest run, as far as it is known here
        self._shown = ""  # the run that is shown as it ended; "" while one that was started here is
        self._asked: set[str] = set()  # the nodes whose last values were asked for
        self._called: dict[str, str] = {}  # nodes of the run in the run panel: what they are called now
        editing.on_edit(self._edited)
        panel.on_offered(self._chosen)
        panel.on_pin(self._pin)

    def show_newest(self) -> None:
        """Show how the last run went, and of nodes that were no part of it how they ended before."""
        self._leave()
        self._reload()
        last = self._inspector.last
        if not last.run:
            self._canvas.set_status({}, replace=True)
            show_lines(self._canvas, self._editing.workflow, {}, None)
            self._panel.clear()
            return
        try:
            record = self._editing.workspace.run_record(last.run)
        except FlowbookError as error:  # its record is damaged: what there is of the runs before is shown all the same
            self._places.message.fail(error)
            return
        self._show(record, self.around())

    def look_again(self) -> None:
        """Show the newest run if that is another one now, or went on: it may have been resumed elsewhere since."""
        now = _ending(self._editing.workspace.runs(workflow=self._editing.workflow.name, limit=1))
        if now and now != self._newest and now[-1] != "running" and not self.replayed:
            self.show_newest()

    def replay(self, run: str) -> None:
        """Show a run of the history in place of the last one. Raises NotFound, StoreDamaged."""
        record = self._editing.workspace.run_record(run)
        self._leave()
        self.replayed = record.summary.id
        self._inspector.reload_values(self.replayed)
        self._show(record, None)
        self._banner = row(
            Message(text=f"This is the run of {moment(record.summary.attempted_at)}.", tone="info"),
            button("Pin Its Data", self._pin_all, tooltip="Use what each node gave in place of running it"),
            button("Back to the Last Run", self.show_newest),
            name="fb-replay",
        )
        self._places.add_banner(self._banner)

    def around(self) -> Around:
        """What else of the workflow is shown beside a run of a part of it."""
        return Around(self._editing.workflow, self._inspector.last.records)

    def left(self) -> None:
        """Replay no longer, as another run has begun."""
        self._shown = ""
        self._call({})
        self._leave()

    def _call(self, called: Mapping[str, str]) -> None:
        self._called = dict(called)
        self._panel.show_names(called)

    def _follow_names(self) -> None:
        """Call what has just got another id by that in the run panel too."""
        moved = self._editing.renames
        if moved:
            known = set(self._called.values())
            again = {old: moved.get(now, now) for old, now in self._called.items()}
            self._call({**{old: new for old, new in moved.items() if old not in known}, **again})

    def _reload(self) -> None:
        self._asked = set(self._editing.workflow.nodes)
        self._inspector.reload_values()

    def _edited(self) -> None:
        """Show also how nodes ended that came since: with a draft, an import, an older version, by undo."""
        self._follow_names()
        nodes = set(self._editing.workflow.nodes)
        new, self._asked = nodes - self._asked, nodes & self._asked
        if not new or self.replayed or self._editing.restricted:
            return
        self._reload()
        known = {id: one.status for id, one in self._inspector.last.records.items() if id in new}
        if known and self._shown:
            self.show_newest()
        elif known:
            self._canvas.set_status(known)

    def _show(self, record: RunRecord, around: Around | None) -> None:
        summary, known = record.summary, self._editing.workflow.nodes
        self._shown = summary.id
        names = names_now(record, self._editing.workflow)
        own = {names.get(id, id): result for id, result in record.nodes.items()}
        results = {**({} if around is None else around.results), **own}
        self._canvas.set_status({id: one.status for id, one in results.items() if id in known}, replace=True)
        show_lines(self._canvas, self._editing.workflow, results, record)
        self._call(names)
        self._panel.show_record(record, None if around is None else around._replace(names=names))
        self._toolbar.show_run(summary.status, summary.seconds or 0.0, summary.message)
        self.list_runs()
        self._places.show_below()

    def list_runs(self) -> None:
        """Offer the last runs of the workflow in the run panel."""
        runs = self._editing.workspace.runs(workflow=self._editing.workflow.name, limit=RUNS_OFFERED)
        self._newest = _ending(runs)
        self._panel.offer({one.id: f"{moment(one.started_at)} · {one.status}" for one in runs})

    def _chosen(self, run: str) -> None:
        """Show the run that was chosen in the run panel."""
        try:
            newest = self._editing.workspace.runs(workflow=self._editing.workflow.name, limit=1)
            if newest and newest[0].id == run:
                self.show_newest()
            else:
                self.replay(run)
        except FlowbookError as error:
            self._places.message.fail(error)

    def _pin(self, act: str, node: str) -> None:
        """**Pin**, **Edit** or **Unpin** was pressed in the run panel: as in the inspector."""
        if node in self._editing.workflow.nodes:
            self._inspector.pin(act, node)

    def _pin_all(self) -> None:
        """Pin what each node gave, but for what is not kept or cannot be pinned; as one step."""
        pins, left = [], []
        for id, result in self._inspector.last.records.items():
            if id not in self._editing.workflow.nodes or result.omitted or result.data is None:
                continue
            try:
                pins.append(edits.pin(id, result.data))
            except FlowbookError:
                left.append(id)
        if pins:
            self._editing.do(*pins, label="Pin the data of a run")
        said = f"Pinned the data of {counted(len(pins), 'node')}."
        self._canvas.tell(f"{said} Not that of {', '.join(left)}." if left else said, "warning" if left else "success")

    def _leave(self) -> None:
        self.replayed = ""
        if self._banner is not None:
            self._places.remove_banner(self._banner)
            self._banner = None


def _ending(runs: Sequence[RunSummary]) -> tuple[str, int, str] | tuple[()]:
    """The id, attempt and status of the newest run; empty where there is none."""
    return (runs[0].id, runs[0].attempt, runs[0].status) if runs else ()
