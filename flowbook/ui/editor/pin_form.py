"""The form in which the data that is pinned to a node is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from flowbook import edits
from flowbook.errors import FlowbookError
from flowbook.json_text import parse_json
from flowbook.models import Parameter
from flowbook.ui.editor.editing import Editing
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.theme import Heading, Message, button, column, row, told


class PinForm:
    """Data as JSON, to be changed or written; **Pin** takes it, and says at the field why it cannot."""

    title = "Pinned data"

    def __init__(self, editing: Editing, node: str, data: Any, close: Callable[[], object]) -> None:
        self._editing, self._node, self._close = editing, node, close
        start, self._said = _start(data)
        field = Field(Parameter(name="data", type="json", description="In JSON."), label="Data")
        self.form = Form([field], {} if start is None else {"data": start}, title="Pinned data")
        self.message = Message(text=self._said, tone="warning")
        about = "A run uses it in place of running the node, also in files and elsewhere: it is a part of the workflow."
        self.widget = column(
            Heading(text=f"Data of {node}", detail=about), self.form.widget, self.message,
            row(button("Pin", self.pin, kind="primary"), button("Close", close)),
        )  # fmt: skip
        self.form.widget.add_class("fb-tall")
        self.form.on_submit(self.pin, "pins it")
        self.form.focus("data")

    def pin(self) -> None:
        """Pin what stands in the field, or show there what is wrong with it."""
        if not self.form.check():
            return
        try:
            self._editing.do(edits.pin(self._node, self.form.value("data")))
        except FlowbookError as error:
            self.form.show_errors({"data": told(error)})
            return
        self._close()


def _start(data: Any) -> tuple[Any, str]:
    """What the field begins with, and why that is not what the node gave."""
    if data is None:
        return None, ""
    try:
        return parse_json(json.dumps(edits.pinnable(data))), ""
    except FlowbookError as error:
        return None, told(error)
