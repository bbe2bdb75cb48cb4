"""How much room the editor's places have: a person drags their borders, folds them, and finds them so again."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Literal

import traitlets

from flowbook.ui.parts.files import text_of, widget
from flowbook.ui.parts.ordering import OwnWidget

Side = Literal["left", "right", "below"]


class Room(OwnWidget):
    """Invisible, inside of the places: gives each its size.

    ``close_drawer()`` is called when Escape is pressed, ``save()`` when Ctrl-S is, outside of the canvas.
    """

    _esm = widget("editor/room.js")
    _css = text_of("editor/places.css")

    opened = traitlets.Unicode().tag(sync=True)  # another one for each editor: what was opened comes into view, once

    def __init__(self, close_drawer: Callable[[], object], save: Callable[[], object]) -> None:
        super().__init__(opened=uuid.uuid4().hex, _dom_classes=["fb-unseen"])
        self._acts = {"close": close_drawer, "save": save}
        self.on_msg(self._receive)

    def unfold(self, side: Side) -> None:
        """Unfold a place that a person has folded."""
        self.send({"unfold": side})

    def to_top(self) -> None:
        """Scroll the inspector to its heading: what it shows is about something else from now on."""
        self.send({"top": True})

    def _receive(self, _widget: Any, content: Any, _buffers: Any) -> None:
        act = self._acts.get(str(content.get("kind"))) if isinstance(content, dict) else None
        if act is not None:
            act()
