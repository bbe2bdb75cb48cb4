"""Groups of things to check, searched in the browser (``ranking.js`` says what fits)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import traitlets

from flowbook.ui.parts.files import text_of, widget
from flowbook.ui.parts.ordering import OwnWidget


class _ChecklistWidget(OwnWidget):
    _esm = widget("parts/checklist.js")
    _css = text_of("parts/picker.css", "parts/checklist.css")

    groups = traitlets.List(traitlets.Dict()).tag(sync=True)
    checked = traitlets.List(traitlets.Unicode()).tag(sync=True, echo_update=False)  # a late echo would undo a click
    made = traitlets.Int(0).tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    placeholder = traitlets.Unicode().tag(sync=True)


class Checklist:
    """The list; ``checked`` are the ids that a person chose, in the order in which they stand; on whichever page.

    Groups are ``{"label", "items", "shut"}``, items ``{"id", "label", "detail", "about"}``; all of it is shown as text,
    and each id and each group's label is there once. Groups that are ``shut`` are closed at first.
    """

    def __init__(self, label: str, placeholder: str) -> None:
        self.widget = _ChecklistWidget(label=label, placeholder=placeholder)
        self.widget.on_msg(self._receive)

    def show(self, groups: Sequence[dict[str, Any]], checked: Collection[str] = ()) -> None:
        """List these groups, with what is checked at first."""
        with self.widget.hold_sync():
            self.widget.made += 1  # what was clicked in the list before it does not change this one
            self.widget.groups = list(groups)
            self.widget.checked = list(checked)

    @property
    def checked(self) -> list[str]:
        """The ids of what is checked."""
        chosen = set(self.widget.checked)
        return [item["id"] for group in self.widget.groups for item in group["items"] if item["id"] in chosen]

    def _receive(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """Take what was clicked, which comes as messages do, so that a click on a button cannot overtake it.

        The other pages are told of it; the one on which it was clicked knows, and may be further by then.
        """
        if not isinstance(content, dict) or content.get("kind") != "turn" or content.get("made") != self.widget.made:
            return
        ids = content.get("ids")
        if isinstance(ids, list):
            turned, on = {one for one in ids if isinstance(one, str)}, content.get("on") is True
            rest = [one for one in self.widget.checked if one not in turned]
            self.widget.set_state({"checked": [*rest, *turned] if on else rest})
            self.widget.send(dict(content))
