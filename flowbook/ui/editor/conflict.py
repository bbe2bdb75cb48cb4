"""The choice there is when a newer revision of a workflow was saved while it was edited."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from flowbook.errors import FlowbookError, NotFound
from flowbook.models import kebab
from flowbook.ui.editor.files_panel import free_workflow_name
from flowbook.ui.parts.theme import Message, button, column, row
from flowbook.view.titles import title_and_about, title_of_copy

if TYPE_CHECKING:
    from flowbook.ui.editor.editor import Editor


class ConflictPanel:
    """A newer revision was saved meanwhile: the three ways on."""

    title = "Saved elsewhere"

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        home = editor.editing.home
        title, _ = title_and_about(editor.name, editor.editing.workflow.description)
        text = f"“{title}” was saved by someone else, or in another window, since it was opened here."
        self.message = Message(text=text, tone="warning")
        self.widget = column(
            self.message,
            row(
                button("Reload", self.reload, tooltip="Take theirs and drop what was changed here"),
                button("Keep Mine as a Copy", self.copy, kind="primary"),
                button("Overwrite", self.overwrite, kind="danger", tooltip=home.overwriting),
                button("Close", editor.close_panel, kind="quiet"),
            ),
        )

    def reload(self) -> None:
        """Take theirs."""
        self._do(self._editor.editing.reload, "Reloaded.")

    def copy(self) -> None:
        """Keep mine under another name."""
        editing = self._editor.editing
        title = title_of_copy(self._editor.name, editing.workflow.description)
        name = free_workflow_name(kebab(title), editing.home.names())
        title = name if kebab(title) == title else title
        self._do(lambda: editing.save_copy(name, title), f"Saved as “{title}”.")

    def overwrite(self) -> None:
        """Replace theirs."""
        self._do(lambda: self._editor.editing.save(overwrite=True), "Saved.")

    def _do(self, action: Callable[[], object], said: str) -> None:
        try:
            action()
        except NotFound:
            self.message.say("It is not there any more. Keep yours as a copy, or overwrite.", "error")
            return
        except FlowbookError as error:
            self.message.fail(error)
            return
        self._editor.close_panel()
        self._editor.say(said, "success")
