"""What happens in a run, told in the past tense.

Every event is immutable and names its run; times are seconds since the epoch (``time.time()``). Texts in events have
been redacted; the data of a ``NodeFinished`` is the live object that later nodes use, so whoever writes it anywhere
redacts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from flowbook.records import NamedTuple
from flowbook.results import Cause, NodeResult

RunStatus = Literal["running", "succeeded", "failed", "cancelled", "interrupted"]
RUN_STATUSES: tuple[str, ...] = RunStatus.__args__  # type: ignore[attr-defined]


class RunStarted(NamedTuple):
    """A run began. ``nodes`` are the ids that belong to it, in plan order; ``parent`` is "run.node" of a caller.

    ``attempt`` counts from 1; at a later one the run was resumed, and what stands of the ones before is told next, a
    NodeFinished each. ``to`` or ``only`` is the node that it was asked for up to, or alone; both None for a whole run.
    """

    run_id: str
    at: float
    workflow: str
    nodes: tuple[str, ...]
    inputs: Mapping[str, Any]
    parent: str = ""
    attempt: int = 1
    to: str | None = None
    only: str | None = None


class NodeStarted(NamedTuple):
    """A node's task is about to be called for the first time in this run."""

    run_id: str
    node_id: str
    at: float
    task: str
    effects: str


class NodeOutput(NamedTuple):
    """Something a node printed, displayed, or its traceback.

    ``stream`` is "stdout", "stderr", "traceback" or "display"; ``data`` is a MIME bundle (type → content) for
    "display", {"ename", "evalue"} of the exception for "traceback" (None where that was not recorded yet), else None.
    ``item`` is the position in a ``for_each`` list, else None.
    """

    run_id: str
    node_id: str
    at: float
    stream: str
    text: str
    data: Mapping[str, Any] | None = None
    item: int | None = None


class NodeProgressed(NamedTuple):
    """A node told how far it is: ``done`` of ``total`` (None: not known)."""

    run_id: str
    node_id: str
    at: float
    done: float
    total: float | None
    text: str = ""


class NodeRetried(NamedTuple):
    """Attempt number ``attempt`` failed with ``message``, for ``cause``; the next one comes after ``wait`` seconds."""

    run_id: str
    node_id: str
    at: float
    attempt: int
    message: str
    wait: float
    item: int | None = None
    cause: Cause = Cause.RETURNED


class ItemStarted(NamedTuple):
    """A ``for_each`` node's task is about to be called for the first time for an item; ``digest`` tells the item."""

    run_id: str
    node_id: str
    at: float
    item: int
    digest: str
    effects: str


class ItemFinished(NamedTuple):
    """What a ``for_each`` node does for one item has ended, retries included."""

    run_id: str
    node_id: str
    at: float
    item: int
    digest: str
    result: NodeResult


class NodeFinished(NamedTuple):
    """A node is decided: it succeeded, failed, was skipped or cancelled, as ``result`` says."""

    run_id: str
    node_id: str
    at: float
    result: NodeResult

    def __repr__(self) -> str:
        return f"NodeFinished({self.run_id!r}, {self.node_id!r}, {self.result!r})"


class RunFinished(NamedTuple):
    """The run is over; nothing of it comes after this event."""

    run_id: str
    at: float
    status: RunStatus
    seconds: float
    message: str = ""


Event = (
    RunStarted | NodeStarted | NodeOutput | NodeProgressed | NodeRetried | ItemStarted | ItemFinished | NodeFinished
    | RunFinished
)  # fmt: skip
