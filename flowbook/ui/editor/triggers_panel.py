"""What starts a workflow without a person: its schedules, hooks and forms, which a server carries out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from flowbook.errors import FlowbookError
from flowbook.models import Parameter
from flowbook.triggers import Hook, Schedule
from flowbook.triggers.cron import zone_here
from flowbook.triggers.hooks import FORM, RESPOND, SIGNED
from flowbook.triggers.schedules import CATCH_UP, IF_RUNNING
from flowbook.ui.editor.editing import Editing
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.holding import swap
from flowbook.ui.parts.tables import Action, Cell, Table, TableRow
from flowbook.ui.parts.theme import Heading, Message, ShownOnce, button, column, row

Close = Callable[[], object]
_KINDS = ("secret", *SIGNED, FORM)


class Triggers:
    """The schedules, hooks and forms of a workflow. **Add Schedule** and **Add Hook** make more."""

    title = "Triggers"

    def __init__(self, editing: Editing, close: Close) -> None:
        self._editing, self._workspace = editing, editing.workspace
        self.message = Message()
        self.table = Table(
            "Triggers", {"what": "What starts it", "last": "Last run"}, self._act,
            empty="Only you start it, so far.",
        )  # fmt: skip
        self._opened = column()
        self.form: Form | None = None
        self.shown: ShownOnce | None = None
        detail = "A server carries them out: flowbook serve. They run what is saved."
        acts = row(
            button("Add Schedule", self.add_schedule, kind="primary"), button("Add Hook", self.add_hook),
            button("Close", close),
        )  # fmt: skip
        self.widget = column(
            Heading(text="Triggers", detail=detail), self.message, self._opened, self.table.widget, acts
        )
        self._list()

    def _list(self) -> None:
        try:
            self.table.set_rows(list(self._rows(self._editing.workflow.name)))
        except FlowbookError as error:
            self.message.fail(error)

    def _rows(self, workflow: str) -> Iterator[TableRow]:
        for one in self._workspace.schedules.all(workflow):
            yield self._schedule_row(one)
        for hook in self._workspace.hooks.all(workflow):
            yield self._hook_row(hook)

    def _schedule_row(self, one: Schedule) -> TableRow:
        times = [f"{moment:%a %d %b %H:%M}" for moment in one.next_times(time.time())]
        turn = Action("resume", "Resume") if one.paused else Action("pause", "Pause")
        detail = f"Schedule {one.id}: {', '.join(times) if times else 'paused'}"
        what = {"text": f"{one.cron} ({one.zone})", "detail": detail}
        cells: dict[str, Cell] = {"what": what, "last": self._last(f"schedule {one.id}")}
        return TableRow(f"schedule {one.id}", one.id, cells, [turn, Action("remove", "Remove", "danger")])

    def _hook_row(self, hook: Hook) -> TableRow:
        kinds = {"secret": "Requests to a secret address", FORM: "A form"}
        text = kinds.get(hook.kind, f"Requests signed by {hook.kind.capitalize()}")
        what = {"text": text, "detail": f"{'Form' if hook.kind == FORM else 'Hook'} {hook.id}"}
        cells: dict[str, Cell] = {"what": what, "last": self._last(hook.source)}
        return TableRow(f"hook {hook.id}", hook.id, cells, [Action("remove", "Remove", "danger")])

    def _last(self, source: str) -> str:
        found = self._workspace.queue.all(done=True, source=source, limit=1)
        return "" if not found else found[0].outcome or {"taken": "running"}.get(found[0].status, "queued")

    def _act(self, action: str, row_id: str) -> None:
        kind, _, id = row_id.partition(" ")
        try:
            if action == "pause":
                self._workspace.schedules.pause(id)
            elif action == "resume":
                self._workspace.schedules.resume(id, time.time())
            elif kind == "schedule":
                self._workspace.schedules.remove(id)
            else:
                self._workspace.hooks.remove(id)
        except FlowbookError as error:
            self.message.fail(error)
        self._list()

    # -- new ones --------------------------------------------------------------------------------------------------

    def add_schedule(self) -> None:
        """Ask when it is to run."""
        fields = [
            Field(_asked("cron", "Minute, hour, day, month, weekday: 0 7 * * 1-5 is 7:00 on weekdays."), label="When"),
            Field(_asked("zone", "Such as Europe/Berlin."), label="Time zone"),
            Field(_asked("if_running", "When it is due while its last run goes on.", IF_RUNNING), label="If running"),
            Field(_asked("catch_up", "Of times that came while no server was there.", CATCH_UP), label="Catch up"),
        ]
        values = {"zone": zone_here(), "if_running": "skip", "catch_up": "last"}
        form = Form(fields, values, title="When it runs")

        def take() -> None:
            cron, zone, busy, missed = (
                str(form.value(name) or "") for name in ("cron", "zone", "if_running", "catch_up")
            )
            name = self._editing.workflow.name
            self._workspace.add_schedule(name, cron, zone=zone, if_running=busy, catch_up=missed)
            self._show()

        self._ask(form, "Add", take, "cron")

    def add_hook(self) -> None:
        """Ask who may have it run by a request."""
        fields = [
            Field(
                _asked("kind", "Who knows a secret address, who signs, or who fills in a form.", _KINDS), label="Who"
            ),
            Field(
                Parameter(name="secret", type="password", description="Of Stripe and Slack: the one they show."),
                label="Signing secret",
            ),
            Field(_asked("respond", "With the run's id at once, or with its result.", RESPOND), label="Answer"),
        ]
        form = Form(fields, {"kind": "secret", "respond": "at-once"}, title="Who may ask for a run")

        def take() -> None:
            kind, secret, respond = (str(form.value(name) or "") for name in ("kind", "secret", "respond"))
            hook, known = self._workspace.add_hook(
                self._editing.workflow.name, kind=kind, secret=secret, respond=respond, name=self._free(kind)
            )
            self.shown = ShownOnce(_address(hook, known, secret), "Shown this once")
            self._show(Heading(text=f"Added {hook.id}"), self.shown, row(button("Done", self._show)))

        self._ask(form, "Add", take, "kind")

    def _free(self, kind: str) -> str:
        name = self._editing.workflow.name if kind == "secret" else f"{self._editing.workflow.name}-{kind}"
        taken = {hook.id for hook in self._workspace.hooks.all()}
        return next(one for one in (name, *(f"{name}-{number}" for number in range(2, 1000))) if one not in taken)

    def _ask(self, form: Form, label: str, take: Callable[[], None], first: str) -> None:
        self.form = form

        def try_it() -> None:
            try:
                take()
            except FlowbookError as error:
                self.message.fail(error)
                return
            self.message.clear()
            self._list()

        self._show(form.widget, row(button(label, try_it, kind="primary"), button("Back", self._show)))
        form.on_submit(try_it)
        form.focus(first)

    def _show(self, *parts: object) -> None:
        if not parts:
            self.form = self.shown = None
        swap(self._opened, *([column(*parts, name="fb-panel")] if parts else []))


def _asked(name: str, about: str, choices: tuple[str, ...] = ()) -> Parameter:
    if choices:
        return Parameter(name=name, type="select", description=about, choices=choices, required=True)
    return Parameter(name=name, description=about, required=True)


def _address(hook: Hook, known: str, given: str) -> str:
    if hook.kind == FORM:
        return f"http://HOST:PORT/forms/{hook.id}?key={known}"
    if not hook.sealed:
        return f"POST http://HOST:PORT/hooks/{known}"
    return f"POST http://HOST:PORT/hooks/{hook.id}" + ("" if given else f"\nThe secret that signs: {known}")
