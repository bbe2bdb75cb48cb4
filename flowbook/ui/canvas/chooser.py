"""The small list of tasks on the canvas: where a line ended on an empty place, upon a line, beside a node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets

from flowbook.edits import Place
from flowbook.ui.parts.picker import Group, Picker
from flowbook.ui.parts.theme import column, show
from flowbook.view.graph.elements import look

WIDE, HIGH, SPARE = 248, 320, 8  # pixels: as editor.css has it, and what stays free around it

Chosen = Callable[[str], object]


class Chooser:
    """Asks for a task; ``add(task, at, after)`` hears of it, with no ``at`` for a free place."""

    def __init__(self, add: Callable[[str, Place | None, str], object]) -> None:
        self._add = add
        self._chosen: Chosen | None = None
        self.picker = Picker("Tasks to go on with", self._picked, self.close, fleeting=True)
        self.widget = column(self.picker.widget, name="fb-chooser")
        self.widget.layout = ipywidgets.Layout(display="none")  # of its own: where it stands is in it

    @property
    def open(self) -> bool:
        """Whether it asks."""
        return self._chosen is not None

    def ask(
        self, payload: Mapping[str, Any], groups: list[Group], chosen: Chosen | None = None, *, said: str = ""
    ) -> None:
        """Ask for one of these tasks at the place that the payload of an intent names.

        ``chosen(task)`` hears of it, with ``said`` as what is asked for. Without it, the payload is that of the intent
        ``extend``: the task follows its ``source`` ("": none).
        """
        after = str(payload.get("source") or "")
        at = None
        if "x" in payload and "y" in payload:  # where the line ended is the new card's left edge
            at = (float(payload["x"]) + (look()["card"]["width"] / 2 if after else 0), float(payload["y"]))
        self._chosen = chosen or (lambda task: self._add(task, at, after))
        left, top = float(payload.get("left", SPARE)), float(payload.get("top", SPARE))
        self.widget.layout.left = f"max({SPARE}px, min({left:.0f}px, 100% - {WIDE + SPARE}px))"
        self.widget.layout.top = f"max({SPARE}px, min({top:.0f}px, 100% - {HIGH + SPARE}px))"
        self.picker.show(groups, placeholder=said or (f"Add after {after}" if after else "Add a node"))
        show(self.widget, True)
        self.picker.ask()

    def close(self) -> None:
        """Ask no more."""
        self._chosen = None
        show(self.widget, False)

    def _picked(self, task: str) -> None:
        chosen = self._chosen
        self.close()
        if chosen is not None:
            chosen(task)
