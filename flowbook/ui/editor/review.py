"""A workflow that came from elsewhere: the banner that says so, and the panel to look at it and decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowbook.edits import change_node
from flowbook.errors import FlowbookError
from flowbook.models import Parameter
from flowbook.trust.review import Review
from flowbook.trust.wording import lines_of, missing_lines
from flowbook.ui.editor.editing import Editing
from flowbook.ui.editor.home import StoredHome
from flowbook.ui.editor.recovery import Place
from flowbook.ui.editor.review_saved import ReviewSavedPanel
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.holding import swap
from flowbook.ui.parts.theme import Heading, Message, Value, button, column, row

BANNER = "Restricted: look, don't run"
_WHICH = "Which of your integrations each label means:"
Close = Callable[[], object]


class Restriction:
    """Shows the banner while the workflow is restricted, and opens the review."""

    def __init__(
        self,
        editing: Editing,
        place: Place,
        open: Callable[[Any], object],
        close: Close,
        run: Callable[[], object],
    ) -> None:
        self._editing, self._place = editing, place
        self._open, self._close, self._run = open, close, run
        self._banner: Any = None
        self.panel: ReviewPanel | ReviewSavedPanel | None = None
        editing.on_edit(self.show)
        self.show()

    @property
    def said(self) -> str:
        """What the banner says; "" without one."""
        return "" if self._banner is None else BANNER

    def show(self) -> None:
        """Show the banner, or take it away, as the workflow is now."""
        if self._editing.restricted and self._banner is None:
            text = f"{BANNER}. It came from elsewhere, and nobody here has trusted it yet."
            self._banner = row(
                Message(text=text, tone="warning"),
                button("Review", self.review, tooltip="See all that it is able to do, and decide"),
                *self._more(),
                name="fb-restricted",
            )
            self._place.add_banner(self._banner)
        elif not self._editing.restricted and self._banner is not None:
            banner, self._banner = self._banner, None
            self._place.remove_banner(banner)

    def _more(self) -> list[Any]:
        """What is saved in the workspace is decided about together, too."""
        if not isinstance(self._editing.home, StoredHome):
            return []
        told = "See what all saved workflows that nobody has trusted are able to do, and decide once"
        return [button("Review All Saved", self.review_saved, tooltip=told)]

    def review_saved(self) -> None:
        """Open the panel for all that is saved and not trusted."""
        self.panel = ReviewSavedPanel(self._editing, self._close)
        self._open(self.panel)

    def review(self) -> None:
        """Open the panel."""
        self.panel = ReviewPanel(self._editing, self._close, self._run)
        self._open(self.panel)


class ReviewPanel:
    """All that the workflow is able to do, the code in full; **Trust and Run**, **Trust**, **Keep restricted**.

    For each label of an integration a person chooses which one it means here: that is never the file's decision.
    """

    title = "Review"

    def __init__(self, editing: Editing, close: Close, run: Callable[[], object]) -> None:
        self._editing, self._close, self._run = editing, close, run
        self._review: Review | None = None
        self.message = Message()
        self._body = column()
        self.form: Form | None = None
        self._labels: dict[str, str] = {}
        self.decide = row(
            button("Trust and Run", self.trust_and_run, kind="primary", tooltip="Trust what is shown, and run it"),
            button("Trust", self.trust, tooltip="Trust what is shown, and what you change of it here"),
            button("Keep restricted", close),
        )
        detail = "What this workflow is able to do here. It came from elsewhere: read it as you would read a script."
        self.widget = column(Heading(text="Review", detail=detail), self.message, self._body, self.decide)
        self.show()

    @property
    def text(self) -> str:
        """All that is shown of what it is able to do."""
        return "" if self._review is None else "\n".join(lines_of(self._review))

    def show(self) -> None:
        """Show it as it is now."""
        try:
            self._review = self._editing.workspace.review(self._editing.workflow, restricted=True)
        except FlowbookError as error:
            self._review = None
            self.message.fail(error)
            return
        asked = Value(text="\n".join(missing_lines(self._review)) or "nothing more", label="It asks for", headed=True)
        whole = Value(text=self.text, label="What it does, and its code", headed=True)
        self.form = self._picker()
        picker = () if self.form is None else (Heading(detail=_WHICH), self.form.widget)
        swap(self._body, *picker, asked, whole)

    def _picker(self) -> Form | None:
        """For each label a choice of the integrations of its type; None when it uses none."""
        assert self._review is not None
        known = self._editing.workspace.integrations()
        self._labels, fields, values = {}, [], {}
        for place, use in enumerate(self._review.uses):
            types = {task.partition(".")[0] for task in use.tasks}
            names = tuple(one.name for one in known if one.type in types)
            if names:
                name = f"i{place}"
                self._labels[name] = use.label
                fields.append(Field(Parameter(name=name, type="select", choices=names), label=use.label))
                values[name] = use.meaning.name if use.meaning is not None and use.meaning.name in names else None
        if not fields:
            return None
        form = Form(fields, values, title=_WHICH)
        form.on_change(lambda name: self.choose(self._labels[name], str(form.value(name) or "")))
        return form

    def choose(self, label: str, name: str) -> None:
        """Have a label mean an integration of this workspace."""
        if not name or name == label:
            return
        nodes = self._editing.workflow.nodes
        for id in [id for id, node in nodes.items() if node.integration == label]:
            self._editing.do(change_node(id, integration=name))
        self.show()

    def trust(self) -> bool:
        """Trust it, if it is still what is shown; whether it is trusted now."""
        shown = self._review
        self.show()
        if shown is None or self._review is None:
            return False
        if shown.sha256 != self._review.sha256:
            self.message.say("It was changed while you looked at it. Look at it again.", "warning")
            return False
        self._editing.trust()
        self._close()
        return True

    def trust_and_run(self) -> None:
        """Trust it, and run it."""
        if self.trust():
            self._run()
