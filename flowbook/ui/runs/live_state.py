"""What a run panel shows, as plain data: made of a run's events or its record, told in small changes.

The browser holds the same data; :meth:`LiveRun.take_changes` gives what it has to change, :meth:`LiveRun.snapshot` all.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from flowbook.events import (
    Event,
    NodeFinished,
    NodeOutput,
    NodeProgressed,
    NodeRetried,
    NodeStarted,
    RunFinished,
    RunStarted,
)
from flowbook.results import NodeResult
from flowbook.ui.runs.live_output import NodeFeed
from flowbook.view.preview import Preview, preview

Clean = Callable[[Any], Any]
DISPLAYS = 20_000_000  # characters of rich displays that one panel holds


class LiveRun:
    """One run as a panel shows it. Its methods are called by one thread at a time: the panel holds a lock.

    ``clean`` takes secrets out of data; ``nodes`` are (id, label, task), in the order in which they are shown;
    ``dashboard`` is the address of a page that shows what goes on elsewhere; ``rehearsed`` tells a dry run.
    """

    def __init__(
        self,
        id: str,
        workflow: str,
        nodes: list[tuple[str, str, str]],
        clean: Clean,
        inputs: Mapping[str, Any] | None = None,
        dashboard: str = "",
        *,
        rehearsed: bool = False,
    ) -> None:
        self.id = id
        self.workflow = workflow
        self.statuses: dict[str, str] = {node: "pending" for node, _, _ in nodes}
        self._clean = clean
        self._summary: dict[str, Any] = {
            "id": id, "workflow": workflow, "status": "running", "started": None, "seconds": None, "message": "",
            "now": time.time(), "inputs": preview(inputs or None, clean), "dashboard": dashboard,
            "rehearsed": rehearsed,
        }  # fmt: skip
        self._nodes: dict[str, dict[str, Any]] = {
            node: {"id": node, "label": label, "task": task, "status": "pending"} for node, label, task in nodes
        }
        self._results: dict[str, NodeResult] = {}
        self._feeds: dict[str, NodeFeed] = {}
        self._displays = DISPLAYS
        self._changed: dict[str, dict[str, Any]] = {}
        self._summary_changed: dict[str, Any] = {}
        self._take: dict[type, Callable[[Any], None]] = {
            RunStarted: self._run_started,
            NodeStarted: self._node_started,
            NodeOutput: self._node_output,
            NodeProgressed: self._node_progressed,
            NodeRetried: self._node_retried,
            NodeFinished: self._node_finished,
            RunFinished: self._run_finished,
        }

    @property
    def over(self) -> bool:
        """Whether nothing of it comes any more."""
        return bool(self._summary["status"] != "running")

    @property
    def node_ids(self) -> list[str]:
        """Its nodes, in order."""
        return list(self._nodes)

    def take(self, event: Event) -> None:
        """Take in an event."""
        take = self._take.get(type(event))
        if event.run_id == self.id and take is not None:
            take(event)

    def take_changes(self) -> dict[str, Any] | None:
        """What has changed since this was asked last; None when nothing has.

        ``{"run": {…}, "nodes": {id: {…}}, "output": {id: [operation]}}``, only what is different, each part only when
        there is some; operations are those of :class:`~flowbook.ui.runs.live_output.NodeFeed`.
        """
        output = {id: operations for id, feed in self._feeds.items() if (operations := feed.take())}
        changes: dict[str, Any] = {}
        if self._summary_changed:
            changes["run"] = self._summary_changed
        if self._changed:
            changes["nodes"] = self._changed
        if output:
            changes["output"] = output
        if not changes:
            return None
        self._summary_changed, self._changed = {}, {}
        changes["now"] = time.time()
        return changes

    def snapshot(self) -> dict[str, Any]:
        """All of it: ``{"run": {…}, "order": [id], "nodes": {id: {…}}, "output": {id: [chunk]}}``."""
        return {
            "run": {**self._summary, "now": time.time()},
            "order": list(self._nodes),
            "nodes": {id: dict(node) for id, node in self._nodes.items()},
            "output": {id: feed.chunks() for id, feed in self._feeds.items()},
        }

    # -- events --------------------------------------------------------------------------------------------------

    def _run_started(self, event: RunStarted) -> None:
        self.summarise(started=event.at)

    def _node_started(self, event: NodeStarted) -> None:
        self.change(event.node_id, status="running", started=event.at, attempts=1)

    def _node_output(self, event: NodeOutput) -> None:
        self.output(event.node_id, event.stream, event.text, event.data, event.item)

    def _node_progressed(self, event: NodeProgressed) -> None:
        self.change(event.node_id, progress=[event.done, event.total, event.text])

    def _node_retried(self, event: NodeRetried) -> None:
        attempts = max(event.attempt + 1, self._nodes.get(event.node_id, {}).get("attempts", 1))
        note = f"attempt {event.attempt} failed: {event.message}; the next one comes after {event.wait:g} s"
        self.change(event.node_id, attempts=attempts, note=note)

    def _node_finished(self, event: NodeFinished) -> None:
        self.ended(event.node_id, event.result, at=event.at, note="")

    def _run_finished(self, event: RunFinished) -> None:
        self.summarise(status=event.status, seconds=event.seconds, message=event.message)

    # -- what they change ------------------------------------------------------------------------------------------

    def summarise(self, **fields: Any) -> None:
        """Change what is said of the run."""
        self._summary.update(fields)
        self._summary_changed.update(fields)

    def change(self, id: str, **fields: Any) -> None:
        """Change what is said of a node."""
        node = self._nodes.setdefault(id, {"id": id, "label": "", "task": "", "status": "pending"})
        different = {name: value for name, value in fields.items() if name not in node or node[name] != value}
        if not different:
            return
        node.update(different)
        self._changed.setdefault(id, {}).update(different)
        if "status" in different:
            self.statuses[id] = str(different["status"])

    def ended(self, id: str, result: NodeResult, **more: Any) -> None:
        """Change what is said of a node to how it ended; what was not kept of its data says why."""
        self._results[id] = result
        omitted = result.omitted
        shown: Preview | None
        if omitted is None:
            shown = preview(result.data, self._clean)
        else:
            shown = {"kind": "note", "why": omitted["why"], "text": omitted["preview"]}
        fields = {
            "status": result.status, "message": result.message, "attempts": result.attempts, "seconds": result.seconds,
            "started": result.started_at, "handled": result.handled, "rescuable": result.rescuable, "data": shown,
            "tree": None, "params": preview(result.params, self._clean), "worker": result.worker,
        }  # fmt: skip
        self.change(id, **{**fields, **more})

    def look(self, id: str) -> bool:
        """Have the data of a node as a tree, too; whether there is any."""
        result = self._results.get(id)
        if result is None or result.omitted is not None:
            return False
        self.change(id, tree=preview(result.data, self._clean, tree=True))
        return True

    def earlier(self, id: str, result: NodeResult) -> None:
        """Show a node that is no part of this run as it ended in an earlier one; it has no time here, and so no bar."""
        self.ended(id, result, started=None, earlier=True, rescuable=False)

    def output(self, id: str, stream: str, text: str, bundle: Mapping[str, Any] | None, item: int | None) -> None:
        """Append to what a node printed and displayed; ``bundle`` counts for a display."""
        if stream != "display":
            bundle = None
        feed = self._feeds.get(id)
        if feed is None:
            feed = self._feeds[id] = NodeFeed()
        if bundle is not None:
            size = sum(len(content) for content in bundle.values() if isinstance(content, str))
            self._displays -= size
            if self._displays < 0:
                bundle, text = None, f"[a display of {size:,} characters is not shown here: there are too many]\n"
                stream = "stderr"
        feed.append(stream, text, bundle, item)
