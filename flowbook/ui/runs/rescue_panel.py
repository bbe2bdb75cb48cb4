"""What a cell gives in the place of a node that failed, with **Continue**, which goes on with the run."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import ipywidgets

from flowbook.errors import FlowbookError, RunHeld
from flowbook.ui.parts.holding import dispose, swap
from flowbook.ui.parts.showing import shown
from flowbook.ui.parts.theme import Heading, Message, button, column, displayed, framed, row, show
from flowbook.ui.runs.held_nodes import HeldNodes
from flowbook.ui.runs.live import RunPanel
from flowbook.view.html import preview_html
from flowbook.view.preview import preview
from flowbook.workspace.rescuing import Given

_HELD = "Only the service knows whether what these nodes were doing has happened. Look there, and then say of each."


class RescuePanel:
    """Below the cell that gave it; once the run goes on, the run."""

    def __init__(self, given: Given) -> None:
        self._given = given
        rescue = given.rescue
        self.message = Message()
        self._go_on = button(
            "Continue", self.go_on, kind="primary", tooltip="Go on with the run: the node counts as having given this"
        )
        self._held = HeldNodes(self.go_on)
        self.panel: RunPanel | None = None
        self._below = column(ipywidgets.HTML(self._preview()))
        about = f"{rescue.id} gives this in the run {rescue.record.summary.id} of {rescue.record.summary.workflow}."
        head = row(Heading(text=rescue.id, detail=about), self._go_on, name="fb-page-head")
        self._whole = framed(column(head, self.message, self._held.widget, self._below, name="fb-page"))

    def display(self) -> None:
        """Show it in the current cell; where no widgets are, as HTML that says how to go on."""
        from IPython.display import display

        shown(self)
        display(displayed(self._whole, self._still()), raw=True)

    def go_on(self, accept: Collection[str] = (), rerun: Collection[str] = ()) -> None:
        """Go on with the run, and show it; ask about nodes that are held."""
        self._held.clear()
        self.message.clear()
        rescue = self._given.rescue
        rescue.given = self._given  # the cell may have given something else since, in another output
        try:
            run = rescue.start_going_on(accept=accept, rerun=rerun)
        except RunHeld as error:
            self.message.say(_HELD, "warning")
            self._held.ask(error.nodes)
            return
        except FlowbookError as error:
            self.message.fail(error)
            return
        show(self._go_on, False)
        self.panel = RunPanel(rescue.workspace, cancel=True)
        swap(self._below, self.panel.widget)
        self.panel.follow(run)

    def close(self) -> None:
        """Take it off every page; a run that goes on is not touched."""
        if self.panel is not None:
            self.panel.close()
        dispose(self._whole)

    def _preview(self) -> str:
        return preview_html(preview(self._given.data, self._given.rescue.clean)) or "nothing (None)"

    def _still(self) -> dict[str, Any]:
        record = self._given.rescue.record
        html = self._preview() + "<div>To go on with the run: <code>rescue.go_on()</code></div>"
        return {"text/html": html, "text/plain": f"{self._given!r} (run {record.summary.id})"}
