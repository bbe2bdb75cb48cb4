"""What is wrong with the workflow that is edited."""

from __future__ import annotations

from collections.abc import Callable

from flowbook.ui.editor.editing import Editing
from flowbook.ui.parts.picker import Group, Picker
from flowbook.ui.parts.theme import Heading, button, column, row
from flowbook.view.wording import problem_words

Close = Callable[[], object]

_GROUPS = {"error": "It cannot run like this", "warning": "It can run, but"}


class Problems:
    """What is wrong; a click selects the node. ``pick(node)`` hears of it."""

    title = "Problems"

    def __init__(self, editing: Editing, close: Close, pick: Callable[[str], object]) -> None:
        self._editing = editing
        self._pick = pick
        self.picker = Picker("Problems", self._picked, searching=False, empty="No problems.")
        self.picker.widget.add_class("fb-problems")
        self.widget = column(Heading(text="Problems"), self.picker.widget, row(button("Close", close)))
        self.show_problems()

    def show_problems(self) -> None:
        """Show the last validation's problems."""
        groups: list[Group] = []
        for severity, label in _GROUPS.items():
            items = [
                {"id": str(place), "label": problem_words(one), "tone": one.severity, "detail": one.node or "workflow"}
                for place, one in enumerate(self._editing.problems)
                if one.severity == severity
            ]
            if items:
                groups.append({"label": label, "items": items})
        self.picker.show(groups)

    def _picked(self, id: str) -> None:
        problems = self._editing.problems
        if int(id) < len(problems):
            self._pick(problems[int(id)].node)
