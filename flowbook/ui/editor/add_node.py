"""The form of **Add Node**: integration, task name, parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowbook.errors import FlowbookError
from flowbook.models import Parameter
from flowbook.ui.editor.editing import Editing
from flowbook.ui.editor.palette import in_order, needs_account, offered
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.theme import Heading, Message, button, column, row

Close = Callable[[], object]


class AddNode:
    """**Add Node**: integration, task name and parameters. ``added(node)`` hears of the new node."""

    title = "Add Node"

    def __init__(self, editing: Editing, close: Close, added: Callable[[str], object]) -> None:
        self._editing, self._close, self._added = editing, close, added
        self._sources = sources(editing)
        choices = tuple(self._sources) or ("none",)
        self.form = Form(
            [
                Field(_select("integration", choices), label="Integration"),
                Field(_select("task", ()), label="Task Name", disabled=True),
                Field(_in_json("In JSON."), label="Parameters", placeholder="{}"),
            ],
            title="Add Node",
        )  # fmt: skip
        self.form.on_change(self._changed)
        self.form.on_submit(self.add, "adds it")
        self.message = Message()
        self.widget = column(
            Heading(text="Add Node"), self.form.widget, self.message,
            row(button("Add", self.add, kind="primary"), button("Close", close)),
        )  # fmt: skip
        self.form.focus("integration")

    def _changed(self, name: str) -> None:
        self.message.clear()
        if name == "integration":
            tasks = self._tasks()
            self.form.set_values({"task": None})
            self.form.update_field("task", parameter=_select("task", tuple(tasks)), disabled=not tasks)
        if name in ("integration", "task"):
            self.form.update_field("params", parameter=_in_json(self._hint()))

    def _tasks(self) -> dict[str, Any]:
        source = self._sources.get(str(self.form.value("integration")))
        if source is None:
            return {}
        folder = self._editing.workspace.integration_folder(source[1])
        return dict(folder.tasks)

    def _hint(self) -> str:
        spec = self._tasks().get(str(self.form.value("task")))
        if spec is None:
            return "In JSON."
        named = [f"{one.name}{' (required)' if one.required else ''}" for one in spec.parameters]
        return f"In JSON. {', '.join(named) or 'This task takes none'}."

    def add(self) -> None:
        """Add the node, or show at its field what is wrong."""
        self.message.clear()
        if not self.form.check():
            return
        values = self.form.values()
        params = values.get("params", {})
        if not isinstance(params, dict):
            self.form.show_errors({"params": "The parameters are a mapping: {…}."})
            return
        integration, folder = self._sources[values["integration"]]
        try:
            id = self._editing.add_task(f"{folder}.{values['task']}", integration=integration, params=params)
        except FlowbookError as error:
            self.message.fail(error)
            return
        self._close()
        self._added(id)


def sources(editing: Editing) -> dict[str, tuple[str | None, str]]:
    """What **Integration** offers, in the palette's order: label → (integration or None, folder).

    Integrations come first, then the folders that can be used without one.
    """
    integrations = editing.workspace.integrations()
    in_use = {one.type for one in integrations}
    found: dict[str, tuple[str | None, str]] = {}
    for _, folders in in_order(editing.workspace.listed_folders(), in_use):
        for folder in folders:
            found.update({one.name: (one.name, folder.name) for one in integrations if one.type == folder.name})
            if offered(folder) and folder.name not in in_use and not needs_account(folder):
                name = folder.name if folder.name not in found else f"{folder.name} (needs none)"
                found[name] = (None, folder.name)
    return found


def _select(name: str, choices: tuple[str, ...]) -> Parameter:
    return Parameter(name=name, type="select", choices=choices or ("none",), required=True)


def _in_json(hint: str) -> Parameter:
    return Parameter(name="params", type="json", description=hint)
