"""Where what the editor consists of stands: the toolbar, the left side, the stage, the right side, and what is below.

Nothing that opens or is said moves the canvas: a drawer lies over the right side, messages and banners over the stage.
"""

from __future__ import annotations

from typing import Any, Protocol

import ipywidgets

from flowbook.ui.editor.room import Room
from flowbook.ui.parts.holding import swap
from flowbook.ui.parts.theme import Message, column, row, show


class Drawer(Protocol):
    """What can lie over the right side: a form or a list with its own **Close**."""

    widget: Any


class Arrangement:
    """The editor's places. ``palette`` stands at the left, ``stage`` in the middle, ``inspector`` at the right,
    ``below`` under them.

    ``drawer`` is what lies over the right side at the moment, or None.
    """

    def __init__(self, toolbar: Any, palette: Any, stage: tuple[Any, ...], inspector: Any, below: Any) -> None:
        self.drawer: Any = None
        self.message = Message(closable=True)
        self._asked_for = False  # whether the inspector has something to show
        self._drawer_box = column(name="fb-drawer")
        self._notices = column(self.message, name="fb-told")
        left = column(palette, name="fb-side-left")
        middle = column(*stage, self._notices, name="fb-stage")
        self._right = column(column(inspector, name="fb-inspector-place"), self._drawer_box, name="fb-side-right")
        self._below = column(below, name="fb-below")
        bench = row(left, middle, self._right, name="fb-workbench")
        self._room = Room(self.close)
        self.widget = column(toolbar, bench, self._below, self._room, name="fb-places")
        show(self._drawer_box, False)
        show(self._below, False)
        self.show_inspector(False)

    # -- the right side --------------------------------------------------------------------------------------------

    def show_inspector(self, something: bool) -> None:
        """Say whether the inspector has something to show; where there is little room, it comes only then."""
        self._asked_for = something
        self._look()

    def to_top(self) -> None:
        """Scroll the inspector to its heading."""
        self._room.to_top()

    def open(self, panel: Drawer) -> None:
        """Lay a panel over the right side, in place of the one that lies there."""
        self.drawer = panel
        swap(self._drawer_box, panel.widget)
        show(self._drawer_box, True)
        self._look()

    def close(self) -> None:
        """Take the panel away that lies over the right side."""
        self.drawer = None
        swap(self._drawer_box)
        show(self._drawer_box, False)
        self._look()

    def _look(self) -> None:
        wanted = self._asked_for or self.drawer is not None
        for name, on in (("fb-idle", not wanted), ("fb-drawn", self.drawer is not None)):
            (self._right.add_class if on else self._right.remove_class)(name)

    @property
    def inspecting(self) -> bool:
        """Whether the inspector has something to show."""
        return self._asked_for

    # -- over the stage, and below ---------------------------------------------------------------------------------

    def add_banner(self, widget: ipywidgets.Widget) -> None:
        """Show a widget over the upper edge of the stage until :meth:`remove_banner`; it moves nothing."""
        swap(self._notices, *self._notices.children, widget)

    def remove_banner(self, widget: ipywidgets.Widget) -> None:
        """Take a banner away and close its widget."""
        swap(self._notices, *(one for one in self._notices.children if one is not widget))

    def show_below(self) -> None:
        """Show what stands below; folded, if a person has folded it."""
        show(self._below, True)

    def unfold_palette(self) -> None:
        """Show the palette, also when a person has folded it."""
        self._room.unfold("left")

    def unfold_below(self) -> None:
        """Show what stands below, also when a person has folded it."""
        self.show_below()
        self._room.unfold("below")
