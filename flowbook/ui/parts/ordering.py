"""Widgets whose messages the kernel handles in the order in which they were sent, one after the other.

JupyterLab (from 4.4) sends the messages of all widgets to one subshell, a thread of the kernel of its own. ipykernel
(from 7.4) hands a message on to the thread that last sent something through the same widget instead, which is the main
thread for some widgets and the subshell for others: a click would be handled beside, or even before, what was typed
before it. These widgets stay with the thread that the message names. Other versions of ipykernel do so by themselves.
"""

from __future__ import annotations

from typing import Any

import anywidget
import ipywidgets
import traitlets

from flowbook.ui.parts.catching_up import Told
from flowbook.ui.parts.later import later
from flowbook.ui.parts.plain import PlainButton

with later("pandas", "networkx"):  # half of what opening the studio takes; no graph of theirs is drawn here
    import ipycytoscape


class _Ordered(Told):
    @traitlets.observe("comm")
    def _keep_order(self, change: Any) -> None:
        comm = change["new"]
        routed = getattr(comm, "_reply_subshell_for", None)
        if routed is None:
            return

        def as_sent(data: Any, named: str | None) -> str | None:
            routed(data, named)  # forgets what it has noted of this request
            return named

        comm._reply_subshell_for = as_sent


class OwnWidget(_Ordered, anywidget.AnyWidget):
    """A widget with a browser's side of its own, and a layout: its views do not notice that it gets another."""


class Button(_Ordered, PlainButton, ipywidgets.Button):
    """As ipywidgets'."""


class CytoscapeWidget(_Ordered, ipycytoscape.CytoscapeWidget):
    """As ipycytoscape's. It makes a graph that it replaces at once, and that lives on: ``replaced`` is to be closed."""

    replaced: tuple[ipywidgets.Widget, ...] = ()

    @traitlets.observe("graph")
    def _keep_replaced(self, change: Any) -> None:
        if isinstance(change["old"], ipywidgets.Widget):
            self.replaced = (*self.replaced, change["old"])
