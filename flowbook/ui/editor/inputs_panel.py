"""The inputs of a workflow: which there are, and what a run gets for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flowbook import edits
from flowbook.errors import FlowbookError
from flowbook.models import Parameter
from flowbook.ui.editor.editing import Editing
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.file_names import with_file_names
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.parameter_rows import ParameterRows
from flowbook.ui.parts.theme import Heading, Message, button, column, row

Close = Callable[[], object]


class Inputs:
    """The workflow's description and inputs."""

    title = "Inputs"

    def __init__(self, editing: Editing, close: Close) -> None:
        self._editing, self._close = editing, close
        about = Field(Parameter(name="description"), label="Description")
        self.form = Form([about], {"description": editing.workflow.description or None}, title="Workflow")
        about_inputs = "What a run is asked for; expressions say inputs.name."
        self.rows = ParameterRows(self.apply, "Inputs", about_inputs, "Add Input")
        self.rows.fill(editing.workflow.inputs.values())
        self.message = Message()
        self.form.on_change(lambda _: self.message.clear())
        self.form.on_submit(self.apply)
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

    title = "Run with these inputs"

    def __init__(
        self, editing: Editing, last: Mapping[str, Any], close: Close, go: Callable[[dict[str, Any]], object]
    ) -> None:
        self._close, self._go = close, go
        inputs = editing.workflow.inputs
        known = {name: last[name] for name, one in inputs.items() if name in last and not one.secret}
        values = {name: one.default for name, one in inputs.items() if one.default is not None} | known
        offered = [Field(one, may_be_empty=True) for one in inputs.values()]
        fields = with_file_names(offered, editing.workspace.root)
        self.form = Form(fields, values, title="Inputs of this run")
        self.widget = column(
            Heading(text="Run with these inputs"), self.form.widget,
            row(button("▶ Start", self.start, kind="primary"), button("Close", close)),
        )  # fmt: skip
        self.form.on_submit(self.start, "starts it")
        self.form.focus()

    def start(self) -> None:
        """Start the run, or show at its field what is wrong."""
        if self.form.check():
            values = self.form.values()
            self.form.forget_secrets()
            self._close()
            self._go(values)
