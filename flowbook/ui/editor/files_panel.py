"""Workflows in and out as ``.flow.yaml`` files."""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets

from flowbook.counting import counted
from flowbook.errors import FlowbookError
from flowbook.formats.flowfile import dumps, write_flow_file
from flowbook.models import Parameter, Workflow
from flowbook.paths import expanded, real
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.file_choice import FileChoice
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.picker import Picker
from flowbook.ui.parts.theme import Heading, Message, Tone, Value, button, column, row, show, told
from flowbook.view.wording import problem_words
from flowbook.workspace import FileText, Workspace
from flowbook.workspace.reading import Reading

Close = Callable[[], object]


class ImportPanel:
    """Takes a file, or its text. ``take(workflow)`` gets the workflow, and may refuse it with a FlowbookError.

    What is in a file is shown when it is chosen, and imported by **Import** alone. What is wrong with it is listed all
    at once; one that can be opened all the same, to be mended in the editor, can be imported anyway.
    """

    title = "Import"

    def __init__(
        self, workspace: Workspace, close: Close, take: Callable[[Workflow], object], detail: str = ""
    ) -> None:
        self._workspace, self._close, self._take = workspace, close, take
        self._found: Workflow | None = None
        self._reading: Reading | None = None
        self._file: FileText | None = None
        self._text = ""  # of the file, as it was put into the field
        self.upload = FileChoice("Choose a File", ".yaml,.yml,.json,.py", self._chosen)
        self.form = Form([Field(Parameter(name="text", type="text"), label="Or its text")], title="Import")
        self.form.on_change(lambda _: self._changed())
        self.form.on_submit(self.import_text, "imports it")
        self.message = Message()
        self.problems = Picker("Problems of the file", lambda _: None, searching=False)
        self.problems.widget.add_class("fb-problems")
        self._anyway = button("Import Anyway", self._import_anyway)
        self.widget = column(
            Heading(text="Import", detail=detail), self.upload, self.form.widget, self.message,
            self.problems.widget,
            row(button("Import", self.import_text, kind="primary"), self._anyway, button("Close", close)),
        )  # fmt: skip
        self._tell([], "")

    def _chosen(self, name: str, content: bytes) -> None:
        """Show what is in the file that was chosen."""
        self._file, self._text = FileText(content, name), ""
        with contextlib.suppress(UnicodeDecodeError):  # what is wrong is said by the reading, with its line
            self._text = content.decode("utf-8-sig")
        self.form.set_values({"text": self._text or None})
        self._look(self._file)

    def _changed(self) -> None:
        """What was read is not what stands in the field any more."""
        if self._file is not None and self._given() is not self._file:
            self._file, self.upload.name = None, ""
            self._tell([], "")

    def _given(self) -> FileText:
        """What stands in the field: the chosen file, as long as nothing was changed in it."""
        text = str(self.form.value("text") or "")
        same = self._file is not None and text.strip() == self._text.strip()
        return self._file if same and self._file is not None else FileText(text)

    def import_text(self) -> None:
        """Import what stands in the field, or list what is wrong with it."""
        given = self._given()
        if not given.content.strip():
            self.form.show_errors({"text": "Choose a file, or paste its text here."})
        elif self._look(given):
            self._import_anyway()

    def _look(self, text: FileText) -> bool:
        """Say what is in a file, and list what is wrong with it; whether that is nothing."""
        self._found = None
        try:
            reading = self._workspace.read(text)
        except FlowbookError as error:
            self._tell([], told(error), "error")
            return False
        self._reading = reading
        report, self._found = reading.report, reading.workflow if reading.storable else None
        what = f"{text.name or 'The text'}: {_described(reading.workflow)}.{_converted(reading)}"
        if self._found is not None and report.ok:
            self._tell([], f"{what} No problems.", "info")
            return True
        items = [
            {
                "id": str(place), "label": problem_words(one), "tone": one.severity,
                "detail": " · ".join(part for part in (f"line {one.line}" if one.line else "", one.node) if part),
            }
            for place, one in enumerate(report.problems)
        ]  # fmt: skip
        count = f"{what} {counted(len(items), 'problem')}."
        mend = "It can be imported and mended here." if self._found is not None else ""
        self._tell(items, f"{count} {mend}".strip(), "error")
        return False

    def _import_anyway(self) -> None:
        if self._found is None or self._reading is None:
            return
        try:
            self._workspace.import_parts(self._reading)
            self._take(self._found)
        except FlowbookError as error:
            self._tell([], told(error), "error")
            return
        self._close()

    def _tell(self, items: list[dict[str, Any]], text: str, tone: Tone = "info") -> None:
        self.message.say(text, tone)
        self.problems.show([{"label": "Problems", "items": items}] if items else [])
        show(self.problems.widget, bool(items))
        show(self._anyway, bool(items) and self._found is not None)


def _converted(reading: Reading) -> str:
    """What there is to say of a file of another tool."""
    made = reading.conversion
    if made is None:
        return ""
    loops = (
        f" Its loops are workflows of their own: {', '.join(part.name for part in reading.parts)}."
        if reading.parts
        else ""
    )
    return (
        f" Of n8n: {len(made.nodes) - made.placeholders} of {counted(len(made.nodes), 'node')} and {made.translated} "
        f"of {counted(made.expressions, 'expression')} were carried over.{loops}"
    )


def _described(workflow: Workflow | None) -> str:
    if workflow is None:
        return "no workflow can be made of it"
    counts = [(len(workflow.nodes), "node"), (len(workflow.edges), "connection"), (len(workflow.inputs), "input")]
    said = ", ".join(f"{counted(count, noun)}" for count, noun in counts if count)
    return f"the workflow “{workflow.name}”, {said or 'without nodes'}"


class ExportPanel:
    """The text of a workflow's file, to download, or to save at a path that a person sees and can change."""

    title = "Export"

    def __init__(self, workspace: Workspace, workflow: Workflow, close: Close) -> None:
        self._workflow, self._root = workflow, workspace.root
        self._sure: Path | None = None
        file = f"{workflow.name}.flow.yaml"
        text = dumps(workflow)
        coded = base64.b64encode(text.encode()).decode()
        name = escape(file)
        link = f'<a class="fb-link" download="{name}" href="data:application/yaml;base64,{coded}">Download {name}</a>'
        area = Value(text=text, label=f"The text of {file}", wrap=False)
        about = f"A relative one is meant from the workspace's folder, {workspace.root}."
        self.form = Form(
            [Field(Parameter(name="path", required=True, description=about), label="Save as")], {"path": file},
            title="Export",
        )  # fmt: skip
        self.form.on_change(lambda _: self._ask_no_more())
        self.form.on_submit(self.save)
        self.message = Message()
        self._save = button("Save", self.save, kind="primary")
        self.widget = column(
            Heading(text="Export", detail="Credentials are not part of it."), area, self.form.widget, self.message,
            row(self._save, ipywidgets.HTML(link), button("Close", close)),
        )  # fmt: skip

    def save(self) -> None:
        """Write the file; one that is there is replaced when this is asked for twice."""
        if not self.form.check():
            return
        path = real(self._root / expanded(str(self.form.value("path"))))
        if path.is_dir() or not path.parent.is_dir():
            why = f"{path} is a folder." if path.is_dir() else f"There is no folder {path.parent}."
            self.form.show_errors({"path": why})
            return
        if path.exists() and self._sure != path:
            self._sure = path
            self._save.description = "Replace It"
            self.message.say(f"There is a file {path} already.", "warning")
            return
        try:
            write_flow_file(self._workflow, path)
        except FlowbookError as error:
            self.message.fail(error)
            return
        self._ask_no_more()
        self.message.say(f"Saved as {path}.", "success")

    def _ask_no_more(self) -> None:
        self._sure = None
        self._save.description = "Save"
        self.message.clear()


def free_workflow_name(wanted: str, taken: list[str]) -> str:
    """``wanted``, or with a number when there is one of that name."""
    if wanted not in taken:
        return wanted
    return next(name for name in (f"{wanted}-{n}" for n in range(2, len(taken) + 3)) if name not in taken)
