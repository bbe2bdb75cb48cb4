"""The inspector's tabs **Input** and **Output**: what a node was given and gave, and what is pinned to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowbook import edits
from flowbook.errors import ExpressionError, FlowbookError
from flowbook.models import Node
from flowbook.results import NodeResult
from flowbook.ui.editor.scope import Scope
from flowbook.ui.parts.theme import Message, button, column, row, show, status_tone, told
from flowbook.ui.runs.data_view import DataView
from flowbook.view.wording import duration

Edit = Callable[[edits.Action], object]
"""Makes an edit; may raise what the edit raises."""


class InputTab:
    """The params of a node with the values of the last run in their places."""

    def __init__(self) -> None:
        self._told = Message()
        self.view = DataView("Input")
        self.widget = column(self._told, self.view.widget, name="fb-values")

    def show(self, node: Node, scope: Scope) -> None:
        """Show what a node would be given."""
        try:
            self.view.show(scope.evaluated(node.params) or None)
            self._told.say("The params with the values of the last run." if node.params else "It has no params.")
        except ExpressionError as error:
            self.view.show(None)
            self._told.say(str(error), "warning")


class OutputTab:
    """What a node gave last, or what is pinned to it; **Pin**, **Edit** and **Unpin**.

    ``edit(action)`` makes an edit, ``ask(node, data)`` opens the form in which pinned data is written.
    """

    def __init__(self, edit: Edit, ask: Callable[[str, Any], object]) -> None:
        self._edit, self._ask = edit, ask
        self._shown: tuple[str, Node, NodeResult | None] | None = None
        self._told = Message()
        self.view = DataView("Data")
        self.pin = button("Pin", lambda: self._mine("pin"), tooltip="Use this in place of running the node")
        self.write = button("Edit", lambda: self._mine("edit"), tooltip="Write the data to use in place of running it")
        self.unpin = button("Unpin", lambda: self._mine("unpin"), tooltip="Let the node run again")
        self.widget = column(self._told, row(self.pin, self.unpin, self.write), self.view.widget, name="fb-values")

    def show(self, id: str, node: Node, record: NodeResult | None) -> None:
        """Show a node's output; ``record`` is how it ended last, None when it has not run."""
        self._shown = (id, node, record)
        pinned = node.pinned is not None
        show(self.pin, not pinned and record is not None and _given(record) is not None)
        show(self.unpin, pinned)
        if pinned:
            self._told.say("Pinned: a run uses this in place of running the node.", "warning")
            self.view.show(node.pinned)
        elif record is None:
            self._told.say("It has not run yet.")
            self.view.show(None)
        else:
            self._tell(record)

    def _tell(self, record: NodeResult) -> None:
        times = "" if record.attempts <= 1 else f" · {record.attempts} attempts"
        said = f"{record.status} · {duration(record.seconds)}{times}\n{record.message}".strip()
        self._told.say(said, status_tone(record.status))
        if record.omitted:
            self.view.show_omitted(record.omitted)
        else:
            self.view.show(record.data)

    def act(self, act: str, id: str, node: Node, record: NodeResult | None) -> None:
        """``pin`` what a node gave, ``unpin`` it, or ``edit`` what is pinned. Raises what the edit raises."""
        if act == "edit":
            self._ask(id, node.pinned if node.pinned is not None else _given(record))
        elif act == "unpin":
            self._edit(edits.unpin(id))
        elif act == "pin" and record is not None:
            self._edit(edits.pin(id, _given(record)))

    def _mine(self, act: str) -> None:
        if self._shown is None:
            return
        try:
            self.act(act, *self._shown)
        except FlowbookError as error:
            self._told.say(told(error), "error")


def _given(record: NodeResult | None) -> Any:
    return None if record is None or record.omitted else record.data
