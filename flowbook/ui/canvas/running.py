"""What a run that goes on shows on the canvas, and what is left of it there until the next one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flowbook.events import (
    Event,
    ItemFinished,
    NodeFinished,
    NodeProgressed,
    NodeRetried,
    NodeStarted,
    RunFinished,
    RunStarted,
)
from flowbook.journal import RunRecord
from flowbook.models import Workflow
from flowbook.results import NodeResult
from flowbook.ui.canvas.canvas import Canvas
from flowbook.ui.canvas.marks import Line
from flowbook.view.graph.showing import edge_id
from flowbook.view.graph.taken import items_of, lines_left, taken_edges


def show_lines(canvas: Canvas, workflow: Workflow, results: Mapping[str, NodeResult], record: RunRecord | None) -> None:
    """Mark on the lines of a workflow, and say of its nodes, what a run of the history left there, in place of what is
    there.
    """
    canvas.set_workers({id: results[id].worker if id in results else "" for id in workflow.nodes})
    gone: dict[str, Line | None] = dict.fromkeys(canvas.lines)
    left = {} if record is None else lines_left(workflow, results, record.inputs, record.withheld)
    canvas.mark_lines({**gone, **{edge_id(key): {"taken": taken, "items": n} for key, (taken, n) in left.items()}})


class LiveStatus:
    """Puts the events of runs onto a canvas; ``ended(event)`` hears of a run's end. Events come from any thread.

    ``workflow()`` gives what a run that begins is of: its edges are marked too. A run of a part leaves what is said of
    the other nodes.
    """

    def __init__(self, canvas: Canvas, ended: Callable[[Event], object], workflow: Callable[[], Workflow]) -> None:
        self._canvas = canvas
        self._ended = ended
        self._workflow = workflow
        self._flow = workflow()
        self._inputs: Mapping[str, Any] = {}
        self._results: dict[str, NodeResult] = {}
        self._failed: dict[str, int] = {}
        self._take: Mapping[type, Callable[[Any], None]] = {
            RunStarted: self._begun,
            NodeStarted: self._running,
            NodeRetried: self._running,
            NodeProgressed: self._progressed,
            ItemFinished: self._item_finished,
            NodeFinished: self._finished,
        }

    def notice(self, event: Event) -> None:
        """Take in an event."""
        take = self._take.get(type(event))
        if take is not None:
            take(event)
        if isinstance(event, RunFinished):
            self._results = {}  # the data of a whole run is nothing to hold on to
            self._ended(event)

    def _begun(self, event: RunStarted) -> None:
        self._flow, self._inputs, self._results, self._failed = self._workflow(), event.inputs, {}, {}
        whole = event.only is None and event.to is None
        self._canvas.set_status(dict.fromkeys(event.nodes, "pending"), replace=whole)
        begun = self._flow.nodes.keys() if whole else set(event.nodes)
        self._canvas.set_progress(dict.fromkeys(begun))
        self._canvas.set_workers(dict.fromkeys(begun, ""))
        gone = [edge for edge in self._flow.edges if edge.source in begun]
        self._canvas.mark_lines({edge_id((edge.source, edge.target, edge.on)): None for edge in gone})

    def _running(self, event: NodeStarted | NodeRetried) -> None:
        self._canvas.set_status({event.node_id: "running"})

    def _progressed(self, event: NodeProgressed) -> None:
        if event.node_id in self._results and not self._is_loop(event.node_id):
            return  # whoever comes later hears of a node's progress after its end
        failed = self._failed.get(event.node_id, 0)
        self._canvas.set_progress({event.node_id: {"done": event.done, "total": event.total, "failed": failed}})

    def _item_finished(self, event: ItemFinished) -> None:
        if event.result.status == "failed":
            self._failed[event.node_id] = self._failed.get(event.node_id, 0) + 1

    def _finished(self, event: NodeFinished) -> None:
        node, result = event.node_id, event.result
        self._results[node] = result
        self._canvas.set_status({node: result.status})
        self._canvas.set_workers({node: result.worker})
        if not self._is_loop(node):
            self._canvas.set_progress({node: None})
        items = items_of(result)
        found = taken_edges(self._flow, node, self._results, self._inputs)
        lines: dict[str, Line | None] = {
            edge_id(key): {"taken": taken, "items": items if taken else None} for key, taken in found.items()
        }
        self._canvas.mark_lines(lines)

    def _is_loop(self, node: str) -> bool:
        return node not in self._flow.nodes or self._flow.nodes[node].for_each is not None
