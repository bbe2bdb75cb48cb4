"""A run as one JSON document that leaves nothing out."""

from __future__ import annotations

from typing import Any

from flowbook.reports.contents import NodeReport, RunReport, as_json
from flowbook.view.document import run_document, stamp


def render(report: RunReport, drawing: str = "") -> str:
    """The run, its inputs, the workflow as it ran, and of every node all that was recorded.

    It holds what ``flowbook run --json`` prints. ``drawing`` is not part of it.
    """
    summary = report.summary
    document = run_document(
        run=summary.id, workflow=summary.workflow, status=summary.status, message=summary.message,
        inputs=report.inputs, started_at=summary.started_at, seconds=summary.seconds,
        nodes={node.id: node.record for node in report.nodes}, clean=_same,
    )  # fmt: skip
    for node in report.nodes:
        document["nodes"][node.id].update(_more(node))
    document.update(
        message=summary.message, parent=summary.parent, attempt=summary.attempt, definition=report.definition
    )
    return as_json(document, 2) + "\n"


def _same(value: Any) -> Any:
    return value


def _more(node: NodeReport) -> dict[str, Any]:
    record = node.record
    described: dict[str, Any] = {
        "task": node.node.task,
        "integration": node.node.integration,
        "started_at": stamp(record.started_at),
        "effects": record.effects,
        "handled": record.handled,
        "params": record.params,
        "retries": [
            {
                "at": stamp(one.at),
                "attempt": one.attempt,
                "item": one.item,
                "cause": one.cause.value,
                "message": one.message,
                "wait": one.wait,
            }
            for one in node.retries
        ],
        "output": [
            {"at": stamp(piece.at), "stream": piece.stream, "text": piece.text, "data": piece.data, "item": piece.item}
            for piece in node.pieces
        ],
    }
    if record.omitted is not None:
        described["omitted"] = record.omitted
    return described
