"""All that is saved in the workspace and was not made here, looked at and decided about together.

What was saved before Flowbook asked cannot be told from what came from elsewhere: it is asked about once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flowbook.errors import FlowbookError
from flowbook.trust.wording import escaped, lines_of
from flowbook.ui.editor.editing import Editing
from flowbook.ui.parts.holding import swap
from flowbook.ui.parts.theme import Heading, Message, Value, button, column, row
from flowbook.workspace.trusting import FolderReview

_DETAIL = "What was not made here, or was saved before Flowbook asked. Read it as you would read scripts."


class ReviewSavedPanel:
    """All that the saved workflows are able to do; **Trust All**, **Keep restricted**."""

    title = "Review all saved"

    def __init__(self, editing: Editing, close: Callable[[], object]) -> None:
        self._editing, self._close = editing, close
        self._looked: FolderReview | None = None
        self.message = Message()
        self._body = column()
        self.decide = row(
            button("Trust All", self.trust_all, kind="primary", tooltip="Trust what is shown"),
            button("Keep restricted", close),
        )
        self.widget = column(Heading(text="Review All Saved", detail=_DETAIL), self.message, self._body, self.decide)
        self.show()

    @property
    def text(self) -> str:
        """All that is shown."""
        return "" if self._looked is None else "\n".join(_lines(self._looked))

    def show(self) -> None:
        """Show it as it is now."""
        try:
            self._looked = self._editing.workspace.review_folder()
        except FlowbookError as error:
            self._looked = None
            self.message.fail(error)
            return
        names = ", ".join(one.name for one, _ in self._looked.workflows)
        asked = Value(text=names or "none", label="Workflows that ask for more than is trusted", headed=True)
        swap(self._body, asked, Value(text=self.text, label="What they do, and their code", headed=True))

    def trust_all(self) -> None:
        """Trust all of it, if it is still what is shown."""
        shown = self._looked
        self.show()
        if shown is None or self._looked is None:
            return
        if shown.sha256 != self._looked.sha256:
            self.message.say("It was changed while you looked at it. Look at it again.", "warning")
            return
        try:
            self._editing.workspace.trust_folder(shown.sha256, version=True)
        except FlowbookError as error:
            self.message.fail(error)
            return
        self._editing.ask_trust()
        self._close()


def _lines(looked: FolderReview) -> Iterator[str]:
    for path, content in () if looked.trusted else looked.code.files.items():
        yield f"{escaped(path)}:"
        yield from escaped(content.decode("utf-8", "backslashreplace"), lines=True).splitlines()
        yield ""
    for one, _ in looked.workflows:
        yield from lines_of(one)
        yield ""
