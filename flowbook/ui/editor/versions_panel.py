"""The versions that a workflow has had: their names, what changed in each, and the way back to one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import ipywidgets

from flowbook import edits
from flowbook.counting import counted
from flowbook.errors import FlowbookError
from flowbook.journal import Version
from flowbook.models import Parameter, Workflow
from flowbook.ui.editor.editing import Editing
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.holding import swap
from flowbook.ui.parts.tables import Action, Table, TableRow
from flowbook.ui.parts.theme import Heading, Message, Value, button, column, row, told
from flowbook.view.differences import Differences, differences
from flowbook.view.graph.drawing import svg
from flowbook.view.graph.picturing import elements_for
from flowbook.view.wording import moment

Close = Callable[[], object]


class Versions:
    """All that are kept, the newest first. **Open** shows one, **Name** names it, **Restore** goes back to it."""

    title = "Versions"

    def __init__(self, editing: Editing, close: Close) -> None:
        self._editing, self._close = editing, close
        self._versions: list[Version] = []
        self._flows: dict[str, Workflow] = {}
        self.message = Message()
        self.table = Table(
            "Versions", {"at": "Saved", "what": "What changed"}, self._act, empty="It was never saved."
        )  # fmt: skip
        self._opened = column()
        self.naming: Form | None = None
        self.shown: Value | None = None
        detail = "The last fifty, and all that have a name. A restored one can be undone, and is stored by Save."
        self.widget = column(
            Heading(text="Versions", detail=detail), self.message, self._opened, self.table.widget,
            row(button("Close", close)),
        )  # fmt: skip
        self._list()

    def _list(self) -> None:
        self._versions = self._editing.workspace.versions(self._editing.workflow.name)
        self.table.set_rows([self._row(place) for place in range(len(self._versions))])

    def _row(self, place: int) -> TableRow:
        version, flow = self._versions[place], self._flow(place)
        when = moment(version.saved_at)
        if flow is None:
            return TableRow(str(place), when, {"at": when, "what": "What it was is not kept."})
        same = flow == self._editing.workflow
        before = self._flow(place + 1) if place + 1 < len(self._versions) else None
        what = "the first" if before is None else summary(differences(before, flow))
        at = {"text": version.name, "detail": when} if version.name else when
        cell = {"text": what, "detail": "as it is now" if same else ""}
        acts = [Action("open", "Open"), Action("name", "Name"), *([] if same else [Action("restore", "Restore")])]
        return TableRow(str(place), version.name or when, {"at": at, "what": cell}, acts)

    def _flow(self, place: int) -> Workflow | None:
        """The workflow of a version; None when it cannot be read."""
        hash = self._versions[place].hash
        if hash not in self._flows:
            try:
                self._flows[hash] = self._editing.workspace.version(hash)
            except FlowbookError:
                return None
        return self._flows[hash]

    def _act(self, action: str, row_id: str) -> None:
        acts: dict[str, Callable[[int], object]] = {"open": self.open, "name": self.name, "restore": self.restore}
        try:
            acts[action](int(row_id))
        except FlowbookError as error:
            self.message.fail(error)

    # -- what can be done with one ----------------------------------------------------------------------------------

    def open(self, place: int) -> None:
        """Show a version: its drawing, and what is different in the editor now."""
        flow = self._flow(place)
        if flow is None:
            return
        self.shown = Value(text=text_between(flow, self._editing.workflow), label="What is different now", wrap=True)
        picture = ipywidgets.HTML(svg(elements_for(flow, self._editing.workspace.integration_folder)))
        picture.add_class("fb-version-picture")
        said = self._called(place)
        self._show(
            Heading(text=said, detail="What is different in the editor now:"), self.shown, picture,
            row(button("Restore", lambda: self._try(place), kind="primary"), button("Back", self._show)),
        )  # fmt: skip

    def name(self, place: int) -> None:
        """Ask for the name of a version."""
        version = self._versions[place]
        about = "Such as “as it was sent to the customer”; without one it may go after fifty more. Empty: no name."
        field = Field(Parameter(name="name", description=about), label="Name")
        form = self.naming = Form([field], {"name": version.name} if version.name else {}, title="Name of the version")

        def take() -> None:
            try:
                self._editing.workspace.name_version(version, str(form.value("name") or ""))
            except FlowbookError as error:
                form.show_errors({"name": told(error)})
                return
            self._show()
            self._list()

        self._show(
            Heading(text=self._called(place)), form.widget,
            row(button("Give It This Name", take, kind="primary"), button("Back", self._show)),
        )  # fmt: skip
        form.on_submit(take)
        form.focus("name")

    def restore(self, place: int) -> None:
        """Take a version over into the editor. Raises what the edit raises."""
        flow = self._flow(place)
        if flow is not None:
            self._editing.do(edits.become(flow, "Restore a version"))
            self._close()

    def _try(self, place: int) -> None:
        try:
            self.restore(place)
        except FlowbookError as error:
            self.message.fail(error)

    def _called(self, place: int) -> str:
        version = self._versions[place]
        return version.name or f"The version of {moment(version.saved_at)}"

    def _show(self, *parts: ipywidgets.Widget) -> None:
        if not parts:
            self.naming = self.shown = None
        swap(self._opened, *([column(*parts, name="fb-panel")] if parts else []))


def summary(found: Differences) -> str:
    """How much changed: "1 node added, 2 fields changed"; how it is drawn is named when there is nothing else."""
    if found.same:
        return "only places on the canvas" if found.moved else "nothing"
    return ", ".join(_counts(found))


def _counts(found: Differences) -> Iterator[str]:
    for change in ("added", "removed", "renamed"):
        for part, noun in (("node", "node"), ("edge", "connection"), ("input", "input"), ("note", "note")):
            count = sum((one.change, one.part) == (change, part) for one in found.found)
            if count:
                yield f"{counted(count, noun)} {change}"
    fields = sum(len(one.fields) for one in found.found if one.change in ("changed", "renamed"))
    if fields:
        yield f"{counted(fields, 'field')} changed"


def text_between(before: Workflow, after: Workflow) -> str:
    """What is different, line by line."""
    return differences(before, after).text() or "Nothing."
