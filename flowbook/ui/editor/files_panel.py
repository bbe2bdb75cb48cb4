"""Workflows in and out as ``.flow.yaml`` files."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets

from flowbook.errors import FlowbookError
from flowbook.formats.flowfile import dumps, write_flow_file
from flowbook.models import Parameter, Workflow
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.ordering import FileUpload
from flowbook.ui.parts.picker import Picker
from flowbook.ui.parts.theme import Heading, Message, Value, button, column, row, show, told
from flowbook.view.wording import problem_words
from flowbook.workspace import FileText, Workspace

Close = Callable[[], object]


class ImportPanel:
    """Takes a file, or its text. ``take(workflow)`` gets the workflow, and may refuse it with a FlowbookError.

    What is wrong with a file is listed all at once; one that can be opened all the same, to be mended in the editor,
    can be imported anyway.
    """

    def __init__(
        self, workspace: Workspace, close: Close, take: Callable[[Workflow], object], detail: str = ""
    ) -> None:
        self._workspace, self._close, self._take = workspace, close, take
        self._found: Workflow | None = None
        self.upload = FileUpload(accept=".yaml,.yml", description="Choose a File", multiple=False)
        self.upload.add_class("fb-button")
        self.upload.observe(lambda change: self._uploaded(change["new"]), "value")
        self.form = Form([Field(Parameter(name="text", type="text"), label="Or its text")], title="Import")
        self.message = Message()
        self.problems = Picker("Problems of the file", lambda _: None, searching=False)
        self.problems.widget.add_class("fb-problems")
        self._anyway = button("Import Anyway", self._import_anyway)
        self.widget = column(
            Heading(text="Import", detail=detail), row(self.upload), self.form.widget, self.message,
            self.problems.widget,
            row(button("Import", self.import_text, kind="primary"), self._anyway, button("Close", close)),
        )  # fmt: skip
        self._tell([], "")

    def _uploaded(self, files: Any) -> None:
        if not files:
            return
        content, name = bytes(files[0]["content"]), str(files[0]["name"])
        with contextlib.suppress(UnicodeDecodeError):  # what is wrong is said by the reading, with its line
            self.form.set_values({"text": content.decode("utf-8-sig")})
        self._import(FileText(content, name))

    def import_text(self) -> None:
        """Import what stands in the field, or list what is wrong with it."""
        text = str(self.form.value("text") or "")
        if not text.strip():
            self.form.show_errors({"text": "Choose a file, or paste its text here."})
            return
        self._import(FileText(text))

    def _import(self, text: FileText) -> None:
        self._found = None
        try:
            reading = self._workspace.read(text)
        except FlowbookError as error:
            self._tell([], told(error))
            return
        report, self._found = reading.report, reading.workflow if reading.storable else None
        if self._found is not None and report.ok:
            self._import_anyway()
            return
        items = [
            {
                "id": str(place), "label": problem_words(one), "tone": one.severity,
                "detail": " · ".join(part for part in (f"line {one.line}" if one.line else "", one.node) if part),
            }
            for place, one in enumerate(report.problems)
        ]  # fmt: skip
        count = f"{len(items)} problem{'' if len(items) == 1 else 's'}."
        self._tell(items, f"{count} {'It can be imported and mended here.' if self._found is not None else ''}".strip())

    def _import_anyway(self) -> None:
        if self._found is None:
            return
        try:
            self._take(self._found)
        except FlowbookError as error:
            self._tell([], told(error))
            return
        self._close()

    def _tell(self, items: list[dict[str, Any]], text: str) -> None:
        self.message.say(text, "error")
        self.problems.show([{"label": "Problems", "items": items}] if items else [])
        show(self.problems.widget, bool(items))
        show(self._anyway, bool(items) and self._found is not None)


class ExportPanel:
    """The text of a workflow's file, to download or to save beside the notebook."""

    def __init__(self, workspace: Workspace, workflow: Workflow, close: Close) -> None:
        self._workflow = workflow
        self._path = workspace.root / f"{workflow.name}.flow.yaml"
        self._sure = False
        text = dumps(workflow)
        coded = base64.b64encode(text.encode()).decode()
        name = escape(self._path.name)
        link = f'<a class="fb-link" download="{name}" href="data:application/yaml;base64,{coded}">Download {name}</a>'
        area = Value(text=text, label=f"The text of {self._path.name}", wrap=False)
        self.message = Message()
        self._save = button("Save into the Workspace", self.save, kind="primary")
        self.widget = column(
            Heading(text="Export", detail="Credentials are not part of it."), area, self.message,
            row(self._save, ipywidgets.HTML(link), button("Close", close)),
        )  # fmt: skip

    def save(self) -> None:
        """Write the file into the workspace's folder; one that is there is replaced when this is asked for twice."""
        if self._path.exists() and not self._sure:
            self._sure = True
            self._save.description = "Replace It"
            self.message.say(f"There is a file {self._path.name} already.", "warning")
            return
        try:
            write_flow_file(self._workflow, self._path)
        except FlowbookError as error:
            self.message.fail(error)
            return
        self.message.say(f"Saved as {self._path.name}.", "success")


def free_workflow_name(wanted: str, taken: list[str]) -> str:
    """``wanted``, or with a number when there is one of that name."""
    if wanted not in taken:
        return wanted
    return next(name for name in (f"{wanted}-{n}" for n in range(2, len(taken) + 3)) if name not in taken)
