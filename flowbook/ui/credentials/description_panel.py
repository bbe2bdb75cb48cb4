"""**From an API Description**: an integration folder of an API, with those of its operations that a person chooses."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flowbook.counting import counted
from flowbook.errors import AlreadyExists, FlowbookError, InvalidName
from flowbook.models import Parameter
from flowbook.ui.parts.checklist import Checklist
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.file_choice import FileChoice
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.holding import swap
from flowbook.ui.parts.picker import Picker
from flowbook.ui.parts.theme import Heading, Message, button, column, row, told
from flowbook.workspace import FileText, Workspace

if TYPE_CHECKING:
    from flowbook.authoring.openapi import Description, Entry, Made

WITHOUT_TAG = "Without a tag"
_EXPLAINED = "OpenAPI 3 or Swagger 2, in JSON or YAML. It becomes an integration folder with a task for each operation."
_NAMED = "Of the folder: small letters, digits and underscores. Tasks are called by it, such as petstore.list_pets."


class DescriptionPanel:
    """Reads a description, lets a person choose among its operations, and writes the folder.

    ``on_done(said)`` closes the panel; ``on_made()`` hears of a new folder, and ``create_type(name)`` goes on with it.
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
        self.choice: OperationChoice | None = None
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
            Heading(text="From an API Description", detail=_EXPLAINED), self.upload, self.form.widget,
            row(self._read, button("Cancel", lambda: on_done("")), self.message), self._rest, name="fb-panel",
        )  # fmt: skip
        self.form.focus("source")

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
            target=self._look, args=(source, self._turn), name="flowbook-description", daemon=True
        )  # fmt: skip
        work.start()

    def _look(self, source: str | FileText, turn: int) -> None:
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
            if fault is None:
                self._choose(description, found)
            else:
                self._failed(source, fault)

    def _choose(self, description: Description, found: list[Entry]) -> None:
        self.choice = OperationChoice(self._workspace, description, found, self._made)
        self.message.clear()
        swap(self._rest, self.choice.widget)
        self.choice.form.focus("name")

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

    def _tell(self, name: str, made: Made) -> None:
        """Show what was made in place of the choice; what is left is a type for its credentials."""
        said = f"The integration folder “{name}” is made, with {_count(len(made.tasks), 'task')}."
        left_out = len(made.left_out)
        message = Message(text=said, tone="success", reveal=True)
        told_left = Message(
            text=f"{_count(left_out, 'operation')} could not be made into a task." if left_out else "", tone="warning"
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


class OperationChoice:
    """Which operations of a description become tasks, and of which folder; ``on_made(name, made)`` hears of it."""

    def __init__(
        self,
        workspace: Workspace,
        description: Description,
        found: list[Entry],
        on_made: Callable[[str, Made], object],
    ) -> None:
        from flowbook.authoring.openapi import MOST, name_for

        self._workspace, self._description, self._on_made = workspace, description, on_made
        self._operations = {one.place: one for one in found}
        many = len(found) > MOST
        self.list = Checklist("Operations", "Search operations")
        self.list.show(_groups(found, shut=many), [] if many else list(self._operations))
        self.form = Form(
            [Field(Parameter(name="name", required=True, description=_NAMED), label="Name")],
            {"name": name_for(description.title) if description.title else None}, title="The new folder",
        )  # fmt: skip
        self.form.on_submit(self.create)
        self.message = Message()
        self._create = button("Create", self.create, kind="primary")
        detail = f"{_count(len(found), 'operation')}. Those that are checked become tasks."
        head = Heading(text=description.title or description.source, detail=detail)
        self.widget = column(head, self.form.widget, self.list.widget, row(self._create, self.message))

    def create(self) -> None:
        """Write the folder; on a thread of its own, as many operations take a while."""
        if not self.form.check() or self._create.disabled:
            return
        self._create.disabled = True
        self.message.say("Writing the folder …", "busy")
        name, chosen = str(self.form.value("name")), [self._operations[one] for one in self.list.checked]
        work = threading.Thread(target=self._write, args=(name, chosen), name="flowbook-description", daemon=True)
        work.start()

    def _write(self, name: str, chosen: list[Entry]) -> None:
        made = None
        try:
            made = self._workspace.make_integration_folder(name, self._description, chosen)
            self.message.clear()
        except (InvalidName, AlreadyExists) as error:
            self.message.clear()
            self.form.show_errors({"name": told(error)})
        except FlowbookError as error:
            self.message.fail(error)
        finally:
            self._create.disabled = False
        if made is not None:
            self._on_made(name, made)


def _groups(found: list[Entry], *, shut: bool) -> list[dict[str, Any]]:
    """The operations by their first tag, in the order of the description; those without one come last."""
    by_tag: dict[str, list[Entry]] = {}
    for one in found:
        by_tag.setdefault(one.tags[0] if one.tags else "", []).append(one)
    untagged = by_tag.pop("", [])
    if untagged:
        by_tag.setdefault(WITHOUT_TAG if by_tag else "Operations", []).extend(untagged)
    return [
        {
            "label": tag, "shut": shut and len(by_tag) > 1,
            "items": [{"id": one.place, "label": one.name, "detail": one.place, "about": one.summary} for one in of],
        }
        for tag, of in by_tag.items()
    ]  # fmt: skip


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


def _count(count: int, noun: str) -> str:
    return f"{counted(count, noun)}"
