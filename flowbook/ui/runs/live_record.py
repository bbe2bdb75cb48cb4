"""A run of the history as a run panel shows it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flowbook.journal import NodeRecord, OutputPiece, RunRecord
from flowbook.ui.runs.live_state import LiveRun
from flowbook.view.preview import Preview, preview


def live_record(record: RunRecord, pieces: Iterable[OutputPiece]) -> LiveRun:
    """What is recorded of a run; ``pieces`` is what its nodes printed and displayed."""
    summary = record.summary
    described = record.definition.get("nodes", {})
    nodes = [(id, _text(described, id, "label"), _text(described, id, "task")) for id in record.node_ids]
    live = LiveRun(summary.id, summary.workflow, nodes, lambda value: value, record.inputs)
    live.summarise(
        status=summary.status, started=summary.attempted_at, seconds=summary.seconds, message=summary.message, past=True
    )
    for node in record.nodes.values():
        live.change(
            node.id, status=node.status, message=node.message, attempts=node.attempts, seconds=node.seconds,
            started=node.started_at, handled=node.handled, data=_data(node), params=preview(node.params),
        )  # fmt: skip
    for piece in pieces:
        live.output(piece.node, piece.stream, piece.text, piece.bundle, piece.item)
    return live


def _data(node: NodeRecord) -> Preview | None:
    omitted = node.omitted
    if omitted is not None:
        return {"kind": "note", "why": omitted["why"], "text": omitted["preview"]}
    return preview(node.data)


def _text(nodes: Any, id: str, field: str) -> str:
    return str((nodes.get(id) or {}).get(field) or "")
