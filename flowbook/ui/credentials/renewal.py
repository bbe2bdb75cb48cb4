"""A folder that was made of an API's description, made anew from a newer one: what changes is shown before."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flowbook.counting import counted
from flowbook.errors import FlowbookError
from flowbook.ui.credentials.operations import OperationList
from flowbook.ui.parts.holding import swap
from flowbook.ui.parts.picker import Picker
from flowbook.ui.parts.theme import Heading, Message, button, column, row, sentence, show
from flowbook.workspace import Workspace

if TYPE_CHECKING:
    from flowbook.authoring.openapi import Changes, Description, Entry, Made, Recorded, Renewal

_KEPT = "Only what stands in “api” is written anew. Your own files stay as they are."


class RenewalChoice:
    """Which operations the folder ``name`` is to have; then what changes; then ``on_made(name, made, changes)``.

    What is written is what was shown, even when the description is another by then.
    """

    def __init__(
        self,
        workspace: Workspace,
        name: str,
        was: Recorded,
        description: Description,
        found: list[Entry],
        on_made: Callable[[str, Made, Changes], object],
    ) -> None:
        self._workspace, self._name, self._description, self._on_made = workspace, name, description, on_made
        self.list = OperationList(found, was.chosen(found))
        self.renewal: Renewal | None = None
        self.message = Message()
        self._show = button("Show Changes", self.show, kind="primary")
        said = f"{counted(len(found), 'operation')}. Those are checked that “{name}” is made of by the choice it has."
        head = Heading(text=description.title or description.source, detail=said)
        self._choosing = column(head, self.list.widget, row(self._show, self.message))
        self._seen = column()
        self.told = Message()
        self.widget = column(self._choosing, self._seen)

    def show(self) -> None:
        """Find out what changes, on a thread of its own, and show it in place of the operations."""
        if self._show.disabled:
            return
        self._show.disabled = True
        self.message.say("Looking what changes …", "busy")
        self._begin(lambda: self._look(self.list.chosen))

    def _look(self, chosen: list[Entry]) -> None:
        try:
            renewal = self._workspace.folder_renewal(self._name, self._description, chosen)
            gone = [f"{self._name}.{one}" for one in renewal.changes.gone]
            users = self._workspace.workflows_that_call(gone) if gone else {}
        except FlowbookError as error:
            self.message.fail(error)
        else:
            self.message.clear()
            self._tell(renewal, users)
        finally:
            self._show.disabled = False

    def _tell(self, renewal: Renewal, users: Mapping[str, Sequence[str]]) -> None:
        changes = renewal.changes
        groups = _groups(self._name, renewal, users)
        list_of = Picker("What changes", lambda _: None, searching=False)
        list_of.widget.add_class("fb-problems")
        list_of.show(groups)
        self._renew = button("Renew", self.renew, kind="primary")
        self._renew.disabled = not changes.rewritten
        nothing = "" if changes.rewritten else "Nothing changes: the folder is as this description says."
        said = nothing or f"{sentence(changed_in_numbers(changes))}."
        self.told = Message()
        swap(
            self._seen,
            Heading(text=f"What changes in {self._name}", detail=_KEPT),
            Message(text=said, reveal=True),
            list_of.widget,
            row(self._renew, button("Back", self.back), self.told),
        )
        show(self._choosing, False)
        self.renewal = renewal

    def back(self) -> None:
        """Show the operations again; nothing was written."""
        self.renewal = None
        swap(self._seen)
        show(self._choosing, True)

    def renew(self) -> None:
        """Write what was shown."""
        if self.renewal is None or self._renew.disabled:
            return
        self._renew.disabled = True
        self.told.say("Writing the folder …", "busy")
        renewal = self.renewal
        self._begin(lambda: self._write(renewal))

    def _write(self, renewal: Renewal) -> None:
        try:
            made = renewal.write()
        except FlowbookError as error:
            self.told.fail(error)
            self._renew.disabled = False
        else:
            self._on_made(self._name, made, renewal.changes)

    def _begin(self, work: Callable[[], object]) -> None:
        threading.Thread(target=work, name="flowbook-description", daemon=True).start()


def changed_in_numbers(changes: Changes) -> str:
    """How many tasks are new, go and change, in words that follow a colon."""
    parts = [
        f"{counted(len(changes.new), 'new task')}" if changes.new else "",
        f"{counted(len(changes.gone), 'task')} {'goes' if len(changes.gone) == 1 else 'go'}" if changes.gone else "",
        f"{counted(len(changes.tasks), 'task')} {'changes' if len(changes.tasks) == 1 else 'change'}"
        if changes.tasks
        else "",
        "its credentials change" if changes.credentials else "",
    ]
    return ", ".join(part for part in parts if part) or "only how it is written"


def _groups(name: str, renewal: Renewal, users: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    changes = renewal.changes
    gone = [(one, users.get(f"{name}.{one}", ())) for one in changes.gone]
    parts: dict[str, list[dict[str, Any]]] = {
        "Your code needs what goes": [{"label": text, "tone": "error"} for text in changes.missed],
        "Tasks that go": [
            {"label": one, "detail": f"used by {', '.join(by[:5])}" if by else "", "tone": "warning"}
            for one, by in gone
        ],
        "Tasks that change": [{"label": one, "detail": "; ".join(lines)} for one, lines in changes.tasks],
        "New tasks": [{"label": one} for one in changes.new],
        "Credentials": [{"label": text} for text in changes.credentials],
        "Could not be made": [{"label": text, "tone": "warning"} for text in renewal.left_out],
    }
    return [
        {"label": label, "items": [{"id": f"{label} {at}", **item} for at, item in enumerate(items)]}
        for label, items in parts.items()
        if items
    ]
