"""**From an API Description**: an integration folder of an API, with those of its operations that a person chooses."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flowbook.counting import counted
from flowbook.errors import FlowbookError
from flowbook.models import Parameter
from flowbook.ui.credentials.operations import OperationChoice
from flowbook.ui.credentials.renewal import RenewalChoice, changed_in_numbers
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.file_choice import FileChoice
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.holding import swap
from flowbook.ui.parts.picker import Picker
from flowbook.ui.parts.theme import Heading, Message, button, column, row, told
from flowbook.workspace import FileText, Workspace

if TYPE_CHECKING:
    from flowbook.authoring.openapi import Changes, Description, Entry, Made

_EXPLAINED = "OpenAPI 3 or Swagger 2, in JSON or YAML. It becomes an integration folder with a task for each operation."

NEW = "A new folder"


class DescriptionPanel:
    """Reads a description, lets a person choose among its operations, and writes the folder, or renews one.

    ``on_done(said)`` closes the panel; ``on_made()`` hears of a folder that was written, and ``create_type(name)`` goes
    on with a new one.
    """

    def __init__(
        self,
        workspace: Workspace,
        on_done: Callable[[str], object],
        on_made: Callable[[], object],
        create_type: Callable[[str], object],
    ) -> None:
        self._workspace, self._on_done, self._on_made, self._create_type = workspace, on_done, on_made, create_type
        self._turn = 0  # of what is being read: what comes late of an earlier one, or after the end, is dropped
        self._ended = False
        self.told = False  # whether it shows what was made
        self._lock = threading.RLock()  # between what a thread has found out and a person who closes the panel
        self.choice: OperationChoice | RenewalChoice | None = None
        self._known = ""  # the source that a folder's own record filled in
        folders = workspace.described_folder_names()
        self.target = Form([_target(folders)], title="Which folder")
        self.target.on_change(lambda _: self._retarget())
        self.upload = FileChoice("Choose a File", ".yaml,.yml,.json", self._chosen)
        about = f"A relative path is meant from the workspace's folder, {workspace.root}."
        source = Parameter(name="source", required=True, description=about)
        self.form = Form([Field(source, label="Or its address or path")], title="From an API Description")
        self.form.on_submit(self.read)
        self.form.on_change(lambda _: self.message.clear())
        self.message = Message()
        self._read = button("Read", self.read, kind="primary")
        self._rest = column()
        self.widget = column(
            Heading(text="From an API Description", detail=_EXPLAINED),
            *([self.target.widget] if folders else []), self.upload, self.form.widget,
            row(self._read, button("Cancel", lambda: on_done("")), self.message), self._rest, name="fb-panel",
        )  # fmt: skip
        self.form.focus("source")

    @property
    def folder(self) -> str:
        """The folder that is made anew; "" for a new one."""
        chosen = str(self.target.value("folder") or NEW)
        return "" if chosen == NEW else chosen

    def _retarget(self) -> None:
        """Begin again for another folder, with the description that it was made of, where that is known."""
        with self._lock:
            self._turn += 1
        self.choice, self._read.disabled = None, False
        swap(self._rest)
        self.message.clear()
        self.target.clear_errors()
        source = ""
        if self.folder:
            try:
                source = self._workspace.folder_made_of(self.folder).source
            except FlowbookError as error:
                self.target.show_errors({"folder": told(error)})
        if (self.form.value("source") or "") == self._known:
            self.form.set_values({"source": source or None})
            self._known = source

    def _chosen(self, name: str, content: bytes) -> None:
        self.form.clear_errors()
        self._begin(FileText(content, name))

    def read(self) -> None:
        """Read what the field names, and show its operations."""
        if self.form.check():
            self.upload.name = ""
            self._begin(str(self.form.value("source")))

    def _begin(self, source: str | FileText) -> None:
        with self._lock:
            self._turn += 1
        self.choice = None
        swap(self._rest)
        self._read.disabled = True
        name = source.name if isinstance(source, FileText) else source
        self.message.say(f"Reading {name} …", "busy")
        work = threading.Thread(
            target=self._look, args=(source, self._turn, self.folder), name="flowbook-description", daemon=True
        )  # fmt: skip
        work.start()

    def _look(self, source: str | FileText, turn: int, folder: str = "") -> None:
        from flowbook.authoring.openapi import operations_in

        fault: FlowbookError | None = None
        try:
            description = self._workspace.api_description(source)
            found = operations_in(description)
        except FlowbookError as error:
            fault = error
        with self._lock:
            if turn != self._turn:
                return
            self._read.disabled = False
            if fault is not None:
                self._failed(source, fault)
            elif folder:
                self._choose_again(folder, description, found)
            else:
                self._choose(description, found)

    def _choose(self, description: Description, found: list[Entry]) -> None:
        self.choice = choice = OperationChoice(self._workspace, description, found, self._made)
        self.message.clear()
        swap(self._rest, choice.widget)
        choice.form.focus("name")

    def _choose_again(self, folder: str, description: Description, found: list[Entry]) -> None:
        self.message.clear()
        try:
            was = self._workspace.folder_made_of(folder)
        except FlowbookError as error:
            self.target.show_errors({"folder": told(error)})
            return
        self.choice = RenewalChoice(self._workspace, folder, was, description, found, self._renewed)
        swap(self._rest, self.choice.widget)

    def _failed(self, source: str | FileText, error: FlowbookError) -> None:
        if isinstance(source, FileText):
            self.message.fail(error)
        else:
            self.message.clear()
            self.form.show_errors({"source": told(error)})

    def _made(self, name: str, made: Made) -> None:
        with self._lock:
            self._on_made()
            if not self._ended:
                self._tell(name, made)

    def _renewed(self, name: str, _made: Made, changes: Changes) -> None:
        with self._lock:
            self._on_made()
            if not self._ended:
                said = f"The integration folder “{name}” is renewed: {changed_in_numbers(changes)}."
                message = Message(text=said, tone="success", reveal=True)
                close = button("Close", lambda: self._on_done(said))
                swap(self.widget, Heading(text="From an API Description"), message, row(close))
                self.told = True

    def _tell(self, name: str, made: Made) -> None:
        """Show what was made in place of the choice; what is left is a type for its credentials."""
        said = f"The integration folder “{name}” is made, with {counted(len(made.tasks), 'task')}."
        left_out = len(made.left_out)
        message = Message(text=said, tone="success", reveal=True)
        told_left = Message(
            text=f"{counted(left_out, 'operation')} could not be made into a task." if left_out else "", tone="warning"
        )
        list_of = Picker("What was made", lambda _: None, searching=False)
        list_of.widget.add_class("fb-problems")
        list_of.show(_made_groups(self._workspace, made))
        buttons = row(
            button("Create Integration Type", lambda: self._create_type(name), kind="primary"),
            button("Close", lambda: self._on_done(said)),
        )
        made_of = column(message, told_left, list_of.widget, buttons)
        swap(self.widget, Heading(text="From an API Description"), made_of)
        self.told = True

    def cancel(self) -> None:
        """Give it up: what is still being read is dropped, and nothing is shown any more."""
        with self._lock:
            self._turn += 1
            self._ended = True


def _target(folders: list[str]) -> Field:
    about = "A new one, or one that was made of a description before and is to follow a newer one."
    choices = Parameter(
        name="folder", type="select", required=True, default=NEW, choices=(NEW, *folders), description=about
    )
    return Field(choices, label="Folder")


def _made_groups(workspace: Workspace, made: Made) -> list[dict[str, Any]]:
    files = [str(path.relative_to(workspace.root)) for path in made.files]
    parts = {
        "Could not be made": [{"label": text, "tone": "warning"} for text in made.left_out],
        "Tasks": [{"label": name} for name in made.tasks],
        "Files": [{"label": path} for path in files],
    }
    return [
        {
            "label": label,
            "shut": label == "Files",
            "items": [{"id": f"{label} {at}", **item} for at, item in enumerate(items)],
        }
        for label, items in parts.items()
        if items
    ]
