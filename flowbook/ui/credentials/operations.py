"""Which operations of an API's description become tasks: of a new folder, or of one that is made anew."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flowbook.counting import counted
from flowbook.errors import AlreadyExists, FlowbookError, InvalidName
from flowbook.models import Parameter
from flowbook.ui.parts.checklist import Checklist
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.theme import Heading, Message, button, column, row, told
from flowbook.workspace import Workspace

if TYPE_CHECKING:
    from flowbook.authoring.openapi import Description, Entry, Made

WITHOUT_TAG = "Without a tag"
_NAMED = "Of the folder: small letters, digits and underscores. Tasks are called by it, such as petstore.list_pets."


class OperationList:
    """The operations of a description, to be checked; those of ``checked`` are at first."""

    def __init__(self, found: list[Entry], checked: list[Entry]) -> None:
        from flowbook.authoring.openapi import MOST

        self._operations = {one.place: one for one in found}
        self._list = Checklist("Operations", "Search operations")
        self._list.show(_groups(found, shut=len(found) > MOST), [one.place for one in checked])
        self.widget = self._list.widget

    @property
    def checked(self) -> list[str]:
        """The operations that are checked, by their methods and paths."""
        return self._list.checked

    @property
    def chosen(self) -> list[Entry]:
        """The operations that are checked."""
        return [self._operations[one] for one in self.checked]


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
        self.list = OperationList(found, [] if len(found) > MOST else found)
        self.form = Form(
            [Field(Parameter(name="name", required=True, description=_NAMED), label="Name")],
            {"name": name_for(description.title) if description.title else None}, title="The new folder",
        )  # fmt: skip
        self.form.on_submit(self.create)
        self.message = Message()
        self._create = button("Create", self.create, kind="primary")
        detail = f"{counted(len(found), 'operation')}. Those that are checked become tasks."
        head = Heading(text=description.title or description.source, detail=detail)
        self.widget = column(head, self.form.widget, self.list.widget, row(self._create, self.message))

    def create(self) -> None:
        """Write the folder; on a thread of its own, as many operations take a while."""
        if not self.form.check() or self._create.disabled:
            return
        self._create.disabled = True
        self.message.say("Writing the folder …", "busy")
        name, chosen = str(self.form.value("name")), self.list.chosen
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
