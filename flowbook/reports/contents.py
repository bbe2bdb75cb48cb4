"""What a report tells of a run: everything that the journal holds of it, one record for every node."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any

from flowbook.events import NodeOutput, NodeRetried
from flowbook.journal import RunRecord, RunSummary
from flowbook.models import Node, Workflow
from flowbook.results import NodeResult
from flowbook.view.preview import Preview, preview
from flowbook.view.timeline import part
from flowbook.workspace import Workspace

_NEVER = NodeResult("pending", "it was not reached")


# Everything that https://www.w3.org/TR/xml/#charsets leaves out of XML 1.0, such as the escapes of coloured output.
_UNSEEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_COLOUR = re.compile("\x1b\\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class NodeReport:
    """A node of a run: ``node`` is how it was set up, ``record`` how it went; ``pieces`` what it printed and displayed.

    ``retries`` are the attempts that failed before another one.
    """

    id: str
    node: Node
    record: NodeResult
    pieces: tuple[NodeOutput, ...]
    retries: tuple[NodeRetried, ...]

    @property
    def title(self) -> str:
        """Its label, or its id when it has none."""
        return self.node.label or self.id

    @property
    def seconds(self) -> float | None:
        """How long it took; None when it never ran."""
        return self.record.seconds if self.record.started_at is not None else None

    @property
    def about(self) -> list[str]:
        """What it runs, in a few words: its task, the integration, the attempts."""
        words = [self.node.task]
        words += [self.node.integration] if self.node.integration else []
        words += [f"{self.record.attempts} attempts"] if self.record.attempts > 1 else []
        words += [f"on {self.record.worker}"] if self.record.worker else []
        words += ["handled"] if self.record.status == "failed" and self.record.handled else []
        return words

    @property
    def shown(self) -> Preview | None:
        """What there is to see of its data; of data that was not kept, why, and how it began."""
        omitted = self.record.omitted
        if omitted is not None:
            text = f"{omitted['why']}\n{omitted['preview']}".strip()
            return {"kind": "text", "text": text, "length": len(text)}
        return preview(self.record.data)

    def text_of(self, *streams: str) -> str:
        """What it printed to these streams, in order."""
        return "".join(piece.text for piece in self.pieces if piece.stream in streams)

    def streams(self) -> list[NodeOutput]:
        """Its output with the texts of one stream that follow each other joined."""
        joined: list[NodeOutput] = []
        for piece in self.pieces:
            last = joined[-1] if joined else None
            if (
                last is not None
                and piece.stream != "display"
                and (last.stream, last.item)
                == (
                    piece.stream,
                    piece.item,
                )
            ):
                joined[-1] = last._replace(text=last.text + piece.text, data=piece.data)
            else:
                joined.append(piece)
        return joined


@dataclass(frozen=True)
class RunReport:
    """A run read back for a report. ``nodes`` are in the order of the plan."""

    summary: RunSummary
    workflow: Workflow = field(repr=False)
    definition: dict[str, Any] = field(repr=False)
    inputs: dict[str, Any]
    nodes: tuple[NodeReport, ...]

    @property
    def whole(self) -> float:
        """Seconds that the run took, or has taken up to the last node that ended; never 0."""
        if self.summary.seconds is not None:
            return max(self.summary.seconds, 1e-6)
        ends = [one.record.started_at + one.record.seconds for one in self.nodes if one.record.started_at is not None]
        return max(max(ends, default=0.0) - self.summary.attempted_at, 1e-6)

    @property
    def counts(self) -> str:
        """How many nodes ended how: "3 succeeded, 1 failed"."""
        found: dict[str, int] = {}
        for one in self.nodes:
            found[one.record.status] = found.get(one.record.status, 0) + 1
        return ", ".join(f"{count} {status}" for status, count in found.items())

    @property
    def standing(self) -> str:
        """The counts; of a run that was resumed after its attempt: "attempt 2 · 4 succeeded"."""
        return f"attempt {self.summary.attempt} · {self.counts}" if self.summary.attempt > 1 else self.counts

    def part(self, node: NodeReport) -> tuple[float, float] | None:
        """When it ran, as parts of the whole run: where it began and how long, each 0 to 1; None if it never did."""
        if node.record.started_at is None:
            return None
        return part(node.record.started_at, node.record.seconds, self.summary.attempted_at, self.whole)


def gather(workspace: Workspace, run: str) -> RunReport:
    """The report of a run, named by its id, the beginning of it, or "last".

    Raises NotFound and InputError as :meth:`Workspace.run_record <flowbook.workspace.Workspace.run_record>`, and
    StoreError.
    """
    record = workspace.run_record(run)
    workflow = record.workflow
    pieces: dict[str, list[NodeOutput]] = {}
    for piece in workspace.run_output(record.summary.id):
        pieces.setdefault(piece.node_id, []).append(piece)
    nodes = tuple(_node(id, workflow.nodes[id], record, pieces.get(id, [])) for id in record.node_ids)
    return RunReport(record.summary, workflow, record.definition, record.inputs, nodes)


def _node(id: str, node: Node, record: RunRecord, pieces: list[NodeOutput]) -> NodeReport:
    retries = tuple(one for one in record.attempts if one.node_id == id)
    return NodeReport(id, node, record.nodes.get(id, _NEVER), tuple(pieces), retries)


def visible(text: str) -> str:
    """``text`` without a terminal's colours and the other characters that are no text."""
    return _UNSEEN.sub("\ufffd", _COLOUR.sub("", text))


def as_json(value: Any, indent: int) -> str:
    """``value`` as JSON that every reader takes: numbers that JSON does not know (NaN, Infinity) become null."""
    try:
        text = json.dumps(value, indent=indent, ensure_ascii=False, allow_nan=False)
    except ValueError:
        value = _finite(value)
        text = json.dumps(value, indent=indent, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate: as an escape
        return json.dumps(value, indent=indent)
    return text


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
