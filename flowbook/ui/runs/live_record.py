"""A run of the history as a run panel shows it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flowbook.events import NodeOutput
from flowbook.journal import RunRecord
from flowbook.ui.runs.live_state import LiveRun


def live_record(record: RunRecord, pieces: Iterable[NodeOutput]) -> LiveRun:
    """What is recorded of a run; ``pieces`` is what its nodes printed and displayed."""
    summary = record.summary
    described = record.definition.get("nodes", {})
    nodes = [(id, _text(described, id, "label"), _text(described, id, "task")) for id in record.node_ids]
    live = LiveRun(summary.id, summary.workflow, nodes, lambda value: value, record.inputs)
    live.summarise(
        status=summary.status, started=summary.attempted_at, seconds=summary.seconds, message=summary.message, past=True
    )
    for id, result in record.nodes.items():
        live.ended(id, result)
    for piece in pieces:
        live.output(piece.node_id, piece.stream, piece.text, piece.data, piece.item)
    return live


def _text(nodes: Any, id: str, field: str) -> str:
    return str((nodes.get(id) or {}).get(field) or "")
