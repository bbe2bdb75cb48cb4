"""What a run that goes on shows on the canvas."""

from __future__ import annotations

from collections.abc import Callable

from flowbook.events import Event, NodeFinished, NodeRetried, NodeStarted, RunFinished, RunStarted
from flowbook.ui.canvas.canvas import Canvas


class LiveStatus:
    """Puts the events of runs onto a canvas; ``ended(event)`` hears of a run's end. Events come from any thread."""

    def __init__(self, canvas: Canvas, ended: Callable[[Event], object]) -> None:
        self._canvas = canvas
        self._ended = ended

    def notice(self, event: Event) -> None:
        """Take in an event."""
        if isinstance(event, RunStarted):
            whole = event.to is None and event.only is None  # of a part the others keep what they showed
            self._canvas.set_status(dict.fromkeys(event.nodes, "pending"), replace=whole)
        elif isinstance(event, (NodeStarted, NodeRetried)):
            self._canvas.set_status({event.node_id: "running"})
        elif isinstance(event, NodeFinished):
            self._canvas.set_status({event.node_id: event.result.status})
        elif isinstance(event, RunFinished):
            self._ended(event)
