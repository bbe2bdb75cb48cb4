"""What opens below the editor's toolbar: small forms and lists, one at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from flowbook import edits
from flowbook.edits import EdgeKey
from flowbook.errors import FlowbookError
from flowbook.models import Parameter
from flowbook.ui.editor.editing import Editing
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.file_names import with_file_names
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.parameter_rows import ParameterRows
from flowbook.ui.parts.picker import Picker
from flowbook.ui.parts.tables import Action, Table, TableRow
from flowbook.ui.parts.theme import Heading, Message, button, column, row, told
from flowbook.view.wording import problem_words

Close = Callable[[], object]


class AddNode:
    """**Add Node**: integration, task name and parameters. ``added(node)`` hears of the new node."""

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
        self.message = Message()
        self.form.widget.add_class("fb-two")
        self.widget = column(
            Heading(text="Add Node"), self.form.widget, self.message,
            row(button("Add", self.add, kind="primary"), button("Close", close)),
        )  # fmt: skip
        self.form.focus("integration")

    def _changed(self, name: str) -> None:
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
        found = self._editing.workspace.integration_folder(source[1]).tasks
        return {name: found[name] for name in sorted(found, key=lambda task: task == "test_connection")}

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
    """What **Integration** offers: label → (integration or None, folder); folders that need none come last."""
    folders = {folder.name: folder for folder in editing.workspace.integration_folders()}
    integrations = editing.workspace.integrations()
    found: dict[str, tuple[str | None, str]] = {
        one.name: (one.name, one.type) for one in integrations if one.type in folders
    }
    for name, folder in folders.items():
        needed = any(parameter.required for parameter in folder.credentials)
        if folder.tasks and not needed and all(one.type != name for one in integrations):
            found[name if name not in found else f"{name} (needs none)"] = (None, name)
    return found


def _select(name: str, choices: tuple[str, ...]) -> Parameter:
    return Parameter(name=name, type="select", choices=choices or ("none",), required=True)


def _in_json(hint: str) -> Parameter:
    return Parameter(name="params", type="json", description=hint)


class EdgeForm:
    """What an edge is for: ``on``, ``when``, and **Delete**."""

    def __init__(self, editing: Editing, key: EdgeKey, close: Close) -> None:
        self._editing, self._key, self._close = editing, key, close
        edge = next(one for one in editing.workflow.edges if (one.source, one.target, one.on) == key)
        when = str(edge.when).lower() if isinstance(edge.when, bool) else edge.when
        on = Parameter(name="on", type="select", choices=("success", "failure", "always"), required=True)
        about = "Taken only if this expression is true; it sees the data of the nodes before."
        self.form = Form(
            [Field(on, label="On"), Field(Parameter(name="when", description=about), label="When")],
            {"on": edge.on, "when": when}, title="Connection",
        )  # fmt: skip
        self.form.on_change(self._changed)
        self.form.widget.add_class("fb-two")
        self.widget = column(
            Heading(text=f"{key[0]} → {key[1]}"), self.form.widget,
            row(button("Done", close), button("Delete", self.delete, kind="danger")),
        )  # fmt: skip
        self.show_problems()

    def _changed(self, name: str) -> None:
        value = self.form.value(name)
        if name == "on" and not value:
            return
        before = self._key
        if name == "on":
            self._key = (before[0], before[1], str(value))
        try:
            self._editing.do(edits.change_edge(before, **{name: value}))
        except FlowbookError as error:
            self._key = before
            self.form.show_errors({name: told(error)})

    @property
    def there(self) -> bool:
        """Whether the edge is still there."""
        return any((one.source, one.target, one.on) == self._key for one in self._editing.workflow.edges)

    def show_problems(self) -> None:
        """Show the last validation's problems at their fields."""
        mine = [one for one in self._editing.problems if one.node == f"{self._key[0]}→{self._key[1]}"]
        said = " ".join(f"{one.message} {one.remedy}".strip() for one in mine)
        self.form.show_notes({"when": (said, "error")} if said else {})

    def delete(self) -> None:
        """Delete the edge."""
        self._close()
        self._editing.do(edits.remove(edges=[self._key]))


class NoteForm:
    """The text of a note, and **Delete**."""

    def __init__(self, editing: Editing, note: str, close: Close) -> None:
        self._editing, self._note, self._close = editing, note, close
        text = editing.workflow.notes[note].text
        self.form = Form([Field(Parameter(name="text", type="text"), label="Note")], {"text": text}, live=True)
        self.form.on_change(lambda _: self._changed())
        self.widget = column(self.form.widget, row(button("Done", close), button("Delete", self.delete, kind="danger")))
        self.form.focus("text")

    @property
    def there(self) -> bool:
        """Whether the note is still there."""
        return self._note in self._editing.workflow.notes

    def _changed(self) -> None:
        note = self._editing.workflow.notes.get(self._note)
        if note is not None:
            text = str(self.form.value("text") or "")
            self._editing.do(edits.set_note(self._note, text, note.at), merge=f"note {self._note}")

    def delete(self) -> None:
        """Delete the note."""
        self._close()
        self._editing.delete(notes=[self._note])


class Inputs:
    """The workflow's description and inputs."""

    def __init__(self, editing: Editing, close: Close) -> None:
        self._editing, self._close = editing, close
        about = Field(Parameter(name="description"), label="Description")
        self.form = Form([about], {"description": editing.workflow.description or None}, title="Workflow")
        self.rows = ParameterRows("Inputs", "What a run is asked for; expressions say inputs.name.", "Add Input")
        self.rows.fill(editing.workflow.inputs.values())
        self.message = Message()
        self.widget = column(
            self.form.widget, self.rows.widget, self.message,
            row(button("Apply", self.apply, kind="primary"), button("Close", close)),
        )  # fmt: skip

    def apply(self) -> None:
        """Give the workflow these inputs, or show what is wrong."""
        inputs = self.rows.read()
        if inputs is None:
            return
        before = list(self._editing.workflow.inputs)
        after = [parameter.name for parameter in inputs]
        follow: Mapping[str, str] = {}
        if len(before) == len(after):
            # a name that is new, in the row of one that is gone: it was renamed
            follow = {
                new: old for old, new in zip(before, after, strict=True) if old not in after and new not in before
            }
        try:
            self._editing.do(
                edits.set_inputs(inputs, follow), edits.describe(str(self.form.value("description") or ""))
            )
        except FlowbookError as error:
            self.message.fail(error)
            return
        self._close()


class RunInputs:
    """Asks for the inputs of a run. ``go(values)`` starts it."""

    def __init__(
        self, editing: Editing, last: Mapping[str, Any], close: Close, go: Callable[[dict[str, Any]], object]
    ) -> None:
        self._close, self._go = close, go
        inputs = editing.workflow.inputs
        known = {name: last[name] for name, one in inputs.items() if name in last and not one.secret}
        values = {name: one.default for name, one in inputs.items() if one.default is not None} | known
        fields = with_file_names(map(Field, inputs.values()), editing.workspace.root)
        self.form = Form(fields, values, title="Inputs of this run")
        self.widget = column(
            Heading(text="Run with these inputs"), self.form.widget,
            row(button("▶ Start", self.start, kind="primary"), button("Close", close)),
        )  # fmt: skip
        self.form.focus()

    def start(self) -> None:
        """Start the run, or show at its field what is wrong."""
        if self.form.check():
            values = self.form.values()
            self.form.forget_secrets()
            self._close()
            self._go(values)


class Problems:
    """What is wrong; a click selects the node. ``pick(node)`` hears of it."""

    def __init__(self, editing: Editing, close: Close, pick: Callable[[str], object]) -> None:
        self._editing = editing
        self._pick = pick
        self.picker = Picker("Problems", self._picked, searching=False, empty="No problems.")
        self.picker.widget.add_class("fb-problems")
        self.widget = column(self.picker.widget, row(button("Close", close)))
        self.show_problems()

    def show_problems(self) -> None:
        """Show the last validation's problems."""
        items = [
            {
                "id": str(place), "label": problem_words(one), "tone": one.severity, "detail": one.node or "workflow",
            }
            for place, one in enumerate(self._editing.problems)
        ]  # fmt: skip
        self.picker.show([{"label": "Problems", "items": items}] if items else [])

    def _picked(self, id: str) -> None:
        problems = self._editing.problems
        if int(id) < len(problems):
            self._pick(problems[int(id)].node)


class Versions:
    """The versions a workflow has had, and **Restore**."""

    def __init__(self, editing: Editing, close: Close) -> None:
        self._editing, self._close = editing, close
        self._versions = editing.workspace.versions(editing.workflow.name)
        self.message = Message()
        self.table = Table("Versions", {"at": "Saved", "what": "What it was"}, self._act, empty="It was never saved.")
        self.table.set_rows([self._row(place) for place in range(len(self._versions))])
        self.widget = column(
            Heading(text="Versions", detail="A restored version can be undone, and is stored by Save."),
            self.message, self.table.widget, row(button("Close", close)),
        )  # fmt: skip

    def _row(self, place: int) -> TableRow:
        version = self._versions[place]
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(version.saved_at))
        flow = self._editing.workspace.version(version.hash)
        what = f"{len(flow.nodes)} nodes, {len(flow.edges)} connections"
        same = flow == self._editing.workflow
        cell = {"text": what, "detail": flow.description + (" (as it is now)" if same else "")}
        actions_ = () if same else (Action("restore", "Restore"),)
        return TableRow(str(place), when, {"at": when, "what": cell}, actions_)

    def _act(self, action: str, row_id: str) -> None:
        version = self._versions[int(row_id)]
        try:
            older = self._editing.workspace.version(version.hash)
            self._editing.do(edits.become(older, "Restore a version"))
        except FlowbookError as error:
            self.message.fail(error)
            return
        self._close()
