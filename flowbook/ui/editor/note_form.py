"""What the inspector shows of a note, and how it is changed there."""

from __future__ import annotations

from collections.abc import Callable

from flowbook import edits
from flowbook.models import Parameter
from flowbook.ui.editor.editing import Editing
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.theme import Heading, button, column, row

Close = Callable[[], object]


class NoteForm:
    """The text of a note, and **Delete**."""

    def __init__(self, editing: Editing, note: str, close: Close) -> None:
        self._editing, self._note, self._close = editing, note, close
        text = editing.workflow.notes[note].words
        self.form = Form(
            [Field(Parameter(name="text", type="text", language="markdown"), label="Text")], {"text": text}, live=True
        )
        self.form.on_change(lambda _: self._changed())
        kind = "Note" if editing.workflow.notes[note].size is None else "Frame"
        self.widget = column(
            Heading(text=kind, detail="Markdown"), self.form.widget,
            row(button("Done", close), button("Delete", self.delete, kind="danger")),
        )  # fmt: skip

    def focus(self) -> None:
        """Go on in its text."""
        self.form.focus("text")

    @property
    def there(self) -> bool:
        """Whether the note is still there."""
        return self._note in self._editing.workflow.notes

    def _changed(self) -> None:
        note = self._editing.workflow.notes.get(self._note)
        if note is not None:
            text = str(self.form.value("text") or "")
            self._editing.do(edits.set_note(self._note, note.but(text).text, note.at), merge=f"note {self._note}")

    def delete(self) -> None:
        """Delete the note."""
        self._close()
        self._editing.delete(notes=[self._note])
