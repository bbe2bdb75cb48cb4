"""The small list of tasks on the canvas that opens where a line from a node has ended on an empty place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flowbook.edits import Place
from flowbook.ui.parts.picker import Group, Picker
from flowbook.ui.parts.theme import column, show
from flowbook.view.graph.elements import look

WIDE, HIGH, SPARE = 248, 320, 8  # pixels: as editor.css has it, and what stays free around it


class Chooser:
    """Asks for the task that follows a node; ``add(task, at, after)`` hears of it, with no ``at`` for a free place."""

    def __init__(self, add: Callable[[str, Place | None, str], object]) -> None:
        self._add = add
        self._after = ""
        self._at: Place | None = None
        self.picker = Picker("Tasks to go on with", self._picked, self.close, fleeting=True)
        self.widget = column(self.picker.widget, name="fb-chooser")
        show(self.widget, False)

    @property
    def open(self) -> bool:
        """Whether it asks."""
        return bool(self._after)

    def ask(self, payload: Mapping[str, Any], groups: list[Group]) -> None:
        """Ask for one of these tasks, as the canvas's intent ``extend`` says after which node and where."""
        self._after = str(payload["source"])
        self._at = None
        if "x" in payload and "y" in payload:  # where the line ended is the new card's left edge
            self._at = (float(payload["x"]) + look()["card"]["width"] / 2, float(payload["y"]))
        left, top = float(payload.get("left", SPARE)), float(payload.get("top", SPARE))
        self.widget.layout.left = f"max({SPARE}px, min({left:.0f}px, 100% - {WIDE + SPARE}px))"
        self.widget.layout.top = f"max({SPARE}px, min({top:.0f}px, 100% - {HIGH + SPARE}px))"
        self.picker.show(groups, placeholder=f"Add after {self._after}")
        show(self.widget, True)
        self.picker.ask()

    def close(self) -> None:
        """Ask no more."""
        self._after = ""
        show(self.widget, False)

    def _picked(self, task: str) -> None:
        after, at = self._after, self._at
        self.close()
        if after:
            self._add(task, at, after)
