"""The tab **Workflows**: the list, and the editor of the one that is open."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from flowbook.counting import counted
from flowbook.errors import AlreadyExists, Conflict, FlowbookError, InputError
from flowbook.formats.flowfile import dumps
from flowbook.models import Parameter, Workflow, kebab
from flowbook.store import WorkflowSummary
from flowbook.ui.editor.editor import Editor
from flowbook.ui.editor.files_panel import ImportPanel, free_workflow_name
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.holding import swap
from flowbook.ui.parts.tables import Action, Table, TableRow, local_time
from flowbook.ui.parts.theme import Heading, Message, Tone, button, column, row, show, status_tone, told
from flowbook.ui.workflows.gallery_panel import GalleryPanel
from flowbook.view.titles import called, described, title_and_about, title_of_copy, titles
from flowbook.view.wording import clock
from flowbook.workspace import FileText, Workspace

_COLUMNS = {"name": "Name", "nodes": "Nodes", "saved": "Saved", "run": "Last run"}
_ACTIONS = (
    Action("open", "Open"),
    Action("rename", "Rename"),
    Action("duplicate", "Duplicate"),
    Action("delete", "Delete", "danger"),
)
_EXPLAINED = "Tasks of your integrations, run in the order you draw."


class WorkflowsTab:
    """The list of workflows; opening one shows its editor in place of the list."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.editor: Editor | None = None
        self._titles: Mapping[str, str] = {}  # what people call the workflows, by their ids
        self.panel: NameForm | ImportPanel | GalleryPanel | None = None
        self.message = Message()
        self._panel_box = column()
        self.table = Table("Workflows", _COLUMNS, self._act, empty="No workflows yet.")
        head = row(
            Heading(text="Workflows", detail=_EXPLAINED),
            row(
                button("From Gallery", self.from_gallery),
                button("Import", self.import_file),
                button("Create Workflow", self.create, kind="primary"),
            ),
            name="fb-page-head",
        )
        self._list = column(head, self.message, self._panel_box, self.table.widget, name="fb-page")
        self._leaving: Any = None  # the question that is asked before unsaved changes are left
        self._opening = Message()
        self._place = column(name="fb-editor")
        self._page = column(column(self._opening, name="fb-opening"), self._place, name="fb-editor")
        self.widget = column(self._list, self._page, name="fb-editor")
        show(self._page, False)
        self.refresh()

    def refresh(self) -> None:
        """Show what is stored now."""
        if self.editor is not None:
            self.editor.refresh()
        try:
            drafts = self._workspace.drafts.times()
            stored = self._workspace.workflows()
            self._titles = titles((one.name, one.description) for one in stored)
            self.table.set_rows([self._row(one, drafts.get(one.name)) for one in stored])
        except FlowbookError as error:
            self.message.fail(error)

    def _title(self, name: str) -> str:
        return self._titles.get(name, name)

    def others_saved(self) -> None:
        """Show in the open editor what somebody else has saved of its workflow."""
        if self.editor is not None:
            self.editor.others_saved()

    def close(self) -> None:
        """Stop what the open editor has going, after the tab has been taken off every page."""
        if self.editor is not None:
            self.editor.close()

    def _row(self, one: WorkflowSummary, draft: datetime | None) -> TableRow:
        runs = self._workspace.runs(workflow=one.name, limit=1)
        run: Any = {"text": runs[0].status, "tone": status_tone(runs[0].status)} if runs else "never"
        saved: Any = local_time(one.saved_at) if one.saved_at else ""
        if draft is not None:
            saved = {"text": saved, "detail": f"unsaved changes from {clock(draft)}"}
        title, about = title_and_about(one.name, one.description)
        id = "" if title == one.name else one.name
        name = {"text": title, "detail": " · ".join(part for part in (id, about) if part)}
        cells = {"name": name, "nodes": str(one.nodes), "saved": saved, "run": run}
        return TableRow(one.name, one.name, cells, _ACTIONS)

    # -- the editor ------------------------------------------------------------------------------------------------

    def open(self, name: str) -> None:
        """Open a workflow's editor."""
        self._show_editor(True)
        self._opening.say(f"Opening “{self._title(name)}” …", "busy")  # seen until the editor is
        try:
            editor = Editor(self._workspace, name, back=self.back)
        except FlowbookError as error:
            self._show_editor(self.editor is not None)
            self.message.fail(error)
            self.refresh()
            return
        self.message.clear()
        self._close_panel()
        before, self.editor, self._leaving = self.editor, editor, None
        swap(self._place, editor.widget)
        if before is not None:
            before.close()

    def _show_editor(self, visible: bool) -> None:
        show(self._list, not visible)
        show(self._page, visible)

    def replay(self, name: str, run: str) -> None:
        """Open a workflow with the data of a run of the history. Raises NotFound, and InputError while another
        workflow has changes that are not saved."""
        if self.editor is None or self.editor.name != name:
            if self.editor is not None and self.editor.editing.dirty:
                raise InputError(
                    f"“{self._title(self.editor.name)}” is open with changes that are not saved.",
                    "Save or leave it first.",
                )
            self._workspace.workflow(name)
            self.open(name)
        if self.editor is not None:
            self.editor.replay(run)

    def back(self) -> None:
        """Leave the editor; with unsaved changes, ask first."""
        if self.editor is None or not self.editor.editing.dirty:
            self.leave()
        elif self._leaving is None:
            self._leaving = row(
                Message(text="There are changes that are not saved.", tone="warning"),
                button("Save and Leave", self._save_and_leave, kind="primary"),
                button("Leave Without Saving", self.leave, kind="danger"),
                button("Stay", self._stay),
                name="fb-banner-row",
            )
            self.editor.places.add_banner(self._leaving)

    def leave(self) -> None:
        """Leave the editor; what is not saved there is thrown away."""
        editor, self.editor, self._leaving = self.editor, None, None
        if editor is not None:
            editor.drafting.discard()
        swap(self._place)
        self._show_editor(False)
        if editor is not None:
            editor.close()
        self.refresh()

    def _save_and_leave(self) -> None:
        if self.editor is not None and self.editor.save():
            self.leave()
        else:
            self._stay()

    def _stay(self) -> None:
        asked, self._leaving = self._leaving, None
        if self.editor is not None and asked is not None:
            self.editor.places.remove_banner(asked)

    # -- the list --------------------------------------------------------------------------------------------------

    def create(self) -> None:
        """Ask for a name, then open the new workflow."""
        names = self._names()
        self._show_panel(NameForm("Create Workflow", self._create, self._close_panel, taken=names, describe=True))

    def import_file(self) -> None:
        """Ask for a file, then store and open its workflow."""
        self._show_panel(
            ImportPanel(
                self._workspace, self._close_panel, self._take, "A .flow.yaml file, or a workflow of n8n (.json)."
            )
        )

    def _create(self, name: str, title: str, about: str) -> None:
        self._store(Workflow(name=name, description=described(title, name, about)))
        self.open(name)

    def _take(self, workflow: Workflow) -> None:
        name = free_workflow_name(workflow.name, self._names())
        # What a file brings along is trusted no more than the file is.
        trusted = self._workspace.is_trusted(FileText(dumps(workflow), workflow.name))
        self._store(workflow.copy_as(name), trusted=trusted)
        self.open(name)

    def _store(self, workflow: Workflow, *, trusted: bool = True) -> None:
        try:
            self._workspace.save(workflow, revision=0, trusted=trusted)
        except Conflict:
            raise AlreadyExists(f"There is a workflow “{workflow.name}” already.", "Choose another name.") from None

    def _names(self) -> list[str]:
        return [one.name for one in self._workspace.workflows()]

    def from_gallery(self) -> None:
        """Offer the ready workflows."""
        self.message.say("Opening the gallery …", "busy")  # their pictures take a moment; seen until the panel is there
        self._show_panel(GalleryPanel(self._workspace, self.open, self._close_panel))

    def _show_panel(self, panel: NameForm | ImportPanel | GalleryPanel) -> None:
        self.message.clear()
        self.table.dismiss()
        self.panel = panel
        swap(self._panel_box, column(panel.widget, name="fb-panel"))

    def _close_panel(self) -> None:
        self.panel = None
        swap(self._panel_box)

    def _act(self, action: str, name: str) -> None:
        try:
            self._acted(action, name)
        except FlowbookError as error:
            self.message.fail(error)
            self.refresh()

    def _acted(self, action: str, name: str) -> None:
        acts: dict[str, Callable[[str], object]] = {
            "open": self.open,
            "rename": self._ask_new_name,
            "duplicate": self._ask_name_of_copy,
            "delete": self._ask_whether_to_delete,
            "really": self._delete,
            "keep": self.table.dismiss,
        }
        act = acts.get(action)
        if act is not None:
            act(name)

    def _ask_new_name(self, name: str) -> None:
        others = [one for one in self._names() if one != name]
        title, _ = title_and_about(name, self._workspace.workflow(name).description)

        def rename(new: str, words: str, _about: str) -> None:
            self._rename(name, new, words)

        self._show_panel(NameForm(f"Rename {self._title(name)}", rename, self._close_panel, title, taken=others))

    def _ask_name_of_copy(self, name: str) -> None:
        names = self._names()
        wanted = title_of_copy(name, self._workspace.workflow(name).description)
        if kebab(wanted) == wanted:
            wanted = free_workflow_name(wanted, names)

        def copy(new: str, words: str, _about: str) -> None:
            # It is trusted no more than what it is a copy of.
            trusted = self._workspace.is_trusted(name)
            self._store(called(self._workspace.workflow(name), new, words), trusted=trusted)
            self._done(f"Created “{words}”.")

        self._show_panel(NameForm(f"Duplicate {self._title(name)}", copy, self._close_panel, wanted, taken=names))

    def _ask_whether_to_delete(self, name: str) -> None:
        really = (Action("really", "Delete", "danger"), Action("keep", "Keep"))
        users = _listed([self._title(one) for one in self._workspace.workflows_that_run(name)])
        broken = f"Without it {users} will fail. " if users else ""
        self.table.notice(
            name, f"Delete “{self._title(name)}”? {broken}Its runs stay in the history.", "warning", really
        )

    def _delete(self, name: str) -> None:
        self._workspace.delete_workflow(name)
        self._done(f"Deleted “{self._title(name)}”.")

    def _rename(self, old: str, new: str, title: str) -> None:
        trusted = self._workspace.is_trusted(old)
        if new != old:
            self._workspace.rename_workflow(old, new)
        flow = self._workspace.workflow(new)
        before = flow.description
        _, about = title_and_about(old, before)
        flow.describe(described(title, new, about))
        if flow.description != before:
            self._workspace.save(flow, trusted=trusted)
        users = _listed([self._title(one) for one in self._workspace.workflows_that_run(old)]) if new != old else ""
        if users:
            self._done(f"Renamed to “{title}”. Change “{old}” to “{new}” in {users} too: it is run there.", "warning")
        else:
            self._done(f"Renamed to “{title}”.")

    def _done(self, said: str, tone: Tone = "success") -> None:
        self._close_panel()
        self.refresh()
        self.message.say(said, tone)


def _listed(names: list[str], most: int = 3) -> str:
    """These names in a sentence; of many the first ones. "" for none."""
    shown = [f"“{name}”" for name in names[:most]]
    if len(names) > most:
        shown.append(counted(len(names) - most, "other workflow"))
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]])) if shown else ""


class NameForm:
    """Asks what a workflow is to be called, in any words; ``done(id, title, about)`` gets the id that follows.

    It may refuse it with a FlowbookError. An id that is among those ``taken`` gets a number.
    """

    def __init__(
        self,
        title: str,
        done: Callable[[str, str, str], object],
        close: Callable[[], object],
        name: str = "",
        *,
        taken: Collection[str] = (),
        describe: bool = False,
    ) -> None:
        self._done, self._describe, self._taken = done, describe, list(taken)
        about = "Any words; files, commands and scripts use the id."
        fields = [Field(Parameter(name="name", required=True, description=about), label="Workflow Name")]
        if describe:
            fields.append(Field(Parameter(name="description"), label="Description"))
        self.form = Form(fields, {"name": name} if name else {}, title=title, live=True)
        self.form.on_change(lambda _: self._show_id())
        self.form.on_submit(self.submit)
        self.widget = column(
            Heading(text=title), self.form.widget,
            row(button(title.partition(" ")[0], self.submit, kind="primary"), button("Close", close)),
        )  # fmt: skip
        self._show_id()
        self.form.focus("name")

    @property
    def id(self) -> str:
        """The id that the words give; empty when there are none."""
        words = self.form.value("name")
        return free_workflow_name(kebab(words), self._taken) if words else ""

    def _show_id(self) -> None:
        if not self.id:
            self.form.show_notes({})
            return
        wanted = kebab(self.form.value("name"))
        there = f" (there is a workflow “{wanted}” already)" if self.id != wanted else ""
        self.form.show_notes({"name": f"Id: {self.id}{there}"})

    def submit(self) -> None:
        """Take the name, or show at the field what is wrong with it."""
        if not self.form.check():
            return
        words = self.form.value("name")
        said = self.form.value("description") if self._describe else None
        try:
            self._done(self.id, words.strip(), str(said or ""))
        except FlowbookError as error:
            self.form.show_errors({"name": told(error)})
