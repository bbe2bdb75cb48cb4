"""The tab **Integration Types**: what the credentials of each service look like."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from flowbook.catalog import Listed
from flowbook.counting import counted
from flowbook.errors import FlowbookError
from flowbook.models import IntegrationType
from flowbook.ui.credentials.description_panel import DescriptionPanel
from flowbook.ui.credentials.type_editor import TypeEditor
from flowbook.ui.parts.holding import swap
from flowbook.ui.parts.tables import Action, Table, TableRow
from flowbook.ui.parts.theme import Heading, Message, button, column, listed, row, sentence, show, told
from flowbook.workspace import Workspace

_COLUMNS = {"name": "Name", "description": "Description", "parameters": "Parameters", "used": "Used by"}
_ACTIONS = (Action("edit", "Edit"), Action("delete", "Delete", "danger"))


class TypesTab:
    """The list, and the form above it while one is created or edited. ``on_change`` hears of every change."""

    def __init__(self, workspace: Workspace, on_change: Callable[[], object] = lambda: None) -> None:
        self._workspace = workspace
        self._on_change = on_change
        self.message = Message()
        self._panel = column()
        self._create = button("Create Integration Type", self.create, kind="primary")
        self._describe = button("From an API Description", self.describe, tooltip="Make an integration folder of it")
        self.table = Table(
            "Integration Types",
            _COLUMNS,
            self._act,
            empty="No integration types yet. Create one for each service that your workflows use.",
        )
        self.broken = Table(
            "Folders with problems", {"name": "Folder", "problem": "Problem"}, self._act, empty="No problems."
        )
        self._broken = column(
            Heading(text="Folders with problems", detail="These integration folders cannot be used as they are."),
            self.broken.widget,
        )
        head = row(
            Heading(text="Integration Types", detail=_EXPLAINED), row(self._describe, self._create), name="fb-page-head"
        )
        self.widget = column(head, self.message, self._panel, self.table.widget, self._broken, name="fb-page")
        show(self._broken, False)
        self.editor: TypeEditor | DescriptionPanel | None = None
        self.refresh()

    def refresh(self) -> None:
        """Show what is stored now, and look for broken folders meanwhile."""
        try:
            used = Counter(one.type for one in self._workspace.integrations())
            self.table.set_rows([_type_row(kind, used[kind.name]) for kind in self._workspace.types()])
        except FlowbookError as error:
            self.message.fail(error)
        threading.Thread(target=self.show_broken_folders, name="flowbook-catalog", daemon=True).start()

    def show_broken_folders(self) -> None:
        """List the folders that have a problem. May load every folder, so it is done on a thread of its own."""
        rows = [_broken_row(folder) for folder in self._workspace.listed_folders() if folder.problem]
        self.broken.set_rows(rows)
        show(self._broken, bool(rows))

    def create(self) -> None:
        """Open an empty form."""
        self._edit(None)

    def describe(self) -> None:
        """Open the form that makes a folder of an API's description."""
        self._open(DescriptionPanel(self._workspace, self._close, self._made_a_folder, self._create_named))

    def _create_named(self, name: str) -> None:
        self._open(TypeEditor(self._workspace, self._close, name=name))

    def _edit(self, kind: IntegrationType | None) -> None:
        self._open(TypeEditor(self._workspace, self._close, kind))

    def _open(self, editor: TypeEditor | DescriptionPanel) -> None:
        self.message.clear()
        self.table.dismiss()
        self._give_up()
        self.editor = editor
        swap(self._panel, editor.widget)
        self._create.disabled = self._describe.disabled = True

    def _give_up(self) -> None:
        if isinstance(self.editor, DescriptionPanel):
            self.editor.cancel()
        self.editor = None

    def _made_a_folder(self) -> None:
        self.refresh()
        self._on_change()

    def _close(self, said: str) -> None:
        began = self._describe if isinstance(self.editor, DescriptionPanel) else self._create
        self._give_up()
        swap(self._panel)
        self._create.disabled = self._describe.disabled = False
        began.focus()
        self.message.say(said, "success")
        if said:
            self.refresh()
            self._on_change()

    def _act(self, action: str, name: str) -> None:
        try:
            if action == "edit":
                self._edit(self._workspace.type(name))
            elif action == "delete":
                self._ask(name)
            elif action == "keep":
                self.table.dismiss(name)
            elif action == "really":
                self._delete(name)
        except FlowbookError as error:
            self.table.notice(name, told(error), "error", [Action("keep", "OK")])

    def _ask(self, name: str) -> None:
        users = [one.name for one in self._workspace.integrations() if one.type == name]
        if users:
            one = len(users) == 1
            text = f"“{name}” is used by {listed(users)}. Delete {'that integration' if one else 'those'} first."
            self.table.notice(name, text, "error", [Action("keep", "OK")])
            return
        answers = [Action("really", "Delete", "danger"), Action("keep", "Keep")]
        self.table.notice(name, f"Delete the integration type “{name}”?", "warning", answers)

    def _delete(self, name: str) -> None:
        self._workspace.delete_type(name)
        self.message.say(f"The integration type “{name}” is deleted.")
        self.refresh()
        self._on_change()


_EXPLAINED = "What each service needs to know to let you in."


def _type_row(kind: IntegrationType, used: int) -> TableRow:
    chips = [f"{one.name}{' *' if one.required else ''}" for one in kind.parameters]
    return TableRow(
        id=kind.name,
        title=kind.name,
        cells={
            "name": kind.name,
            "description": kind.description,
            "parameters": {"chips": chips} if chips else "none",
            "used": f"{counted(used, 'integration')}" if used else "–",
        },
        actions=_ACTIONS,
    )


def _broken_row(folder: Listed) -> TableRow:
    problem = folder.problem
    assert problem is not None
    tone = "error" if problem.kind == "error" else "warning"
    said = {"text": sentence(problem.what), "tone": tone, "detail": problem.remedy}
    return TableRow(id=folder.name, title=folder.name, cells={"name": folder.name, "problem": said})
