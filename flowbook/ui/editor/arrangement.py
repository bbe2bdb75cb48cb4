"""Where what the editor consists of stands: the toolbar, the left side, the stage, the right side, and what is below.

Nothing that opens or is said moves the canvas: a drawer lies over the right side, messages and banners over the stage.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import ipywidgets

from flowbook.ui.editor.room import Room
from flowbook.ui.parts.holding import swap
from flowbook.ui.parts.theme import Message, button, column, row, show


class Drawer(Protocol):
    """What can lie over the right side: a form or a list with its own **Close**, and what it is called."""

    title: str
    widget: Any


class Arrangement:
    """The editor's places. ``palette`` stands at the left, ``stage`` in the middle, ``inspector`` at the right,
    ``below`` under them.

    ``drawer`` is what lies over the right side at the moment, or None. It gives way to the inspector when a person
    selects something, and comes back, as it was, by a button there or once nothing is selected. ``save()`` is called
    by Ctrl-S in any of them.
    """

    def __init__(
        self, toolbar: Any, palette: Any, stage: tuple[Any, ...], inspector: Any, below: Any,
        save: Callable[[], object],
    ) -> None:  # fmt: skip
        self.drawer: Any = None
        self.message = Message(closable=True)
        self._asked_for = False  # whether the inspector has something to show
        self._gives_way = False  # whether the drawer waits behind it
        self._drawer_box = column(name="fb-drawer")
        self._notices = column(self.message, name="fb-told")
        left = column(palette, name="fb-side-left")
        middle = column(*stage, self._notices, name="fb-stage")
        self._back = button("", self.come_back, kind="quiet", name="fb-back-to")
        show(self._back, False)
        place = column(self._back, inspector, name="fb-inspector-place")
        self._right = column(place, self._drawer_box, name="fb-side-right")
        self._below = column(below, name="fb-below")
        bench = row(left, middle, self._right, name="fb-workbench")
        self._room = Room(self.close, save)
        self.widget = column(toolbar, bench, self._below, self._room, name="fb-places")
        show(self._drawer_box, False)
        show(self._below, False)
        self.show_inspector(False)

    # -- the right side --------------------------------------------------------------------------------------------

    def show_inspector(self, something: bool) -> None:
        """Say whether the inspector has something to show; where there is little room, it comes only then."""
        self._asked_for = something
        self._gives_way = self._gives_way and something
        self._look()

    def give_way(self) -> None:
        """Show the inspector in front of the drawer, which waits as it is."""
        self._gives_way = self.drawer is not None
        self._look()

    def come_back(self) -> None:
        """Show the drawer that has given way."""
        self._gives_way = False
        self._look()

    def to_top(self) -> None:
        """Scroll the inspector to its heading."""
        self._room.to_top()

    def open(self, panel: Drawer) -> None:
        """Lay a panel over the right side, in place of the one that lies there."""
        self.drawer, self._gives_way = panel, False
        swap(self._drawer_box, panel.widget)
        self._look()

    @property
    def drawn(self) -> bool:
        """Whether a panel lies over the right side, and has not given way."""
        return self.drawer is not None and not self._gives_way

    def close(self) -> None:
        """Take the panel away that lies over the right side."""
        self.drawer, self._gives_way = None, False
        swap(self._drawer_box)
        self._look()

    def _look(self) -> None:
        for name, on in (("fb-idle", not (self._asked_for or self.drawn)), ("fb-drawn", self.drawn)):
            (self._right.add_class if on else self._right.remove_class)(name)
        show(self._drawer_box, self.drawn)
        if self.drawer is not None:
            self._back.description = f"‹ {self.drawer.title}"
        show(self._back, self._gives_way)

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
