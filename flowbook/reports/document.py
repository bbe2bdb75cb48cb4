"""A run as one JSON document that leaves nothing out."""

from __future__ import annotations

from typing import Any

from flowbook.reports.contents import NodeReport, RunReport, as_json, stamp
from flowbook.view.jsonable import jsonable


def render(report: RunReport, drawing: str = "") -> str:
    """The run, its inputs, the workflow as it ran, and of every node all that was recorded.

    Begins as ``flowbook run --json`` does (``run``, ``workflow``, ``status``, ``seconds``, ``nodes``). ``drawing`` is
    not part of it.
    """
    summary = report.summary
    document = {
        "run": summary.id,
        "workflow": summary.workflow,
        "status": summary.status,
        "seconds": summary.seconds,
        "started_at": stamp(summary.started_at),
        "message": summary.message,
        "parent": summary.parent,
        "attempt": summary.attempt,
        "inputs": report.inputs,
        "nodes": {node.id: _node(node) for node in report.nodes},
        "definition": report.definition,
    }
    return as_json(document, 2) + "\n"


def _node(node: NodeReport) -> dict[str, Any]:
    record = node.record
    described: dict[str, Any] = {
        "status": record.status,
        "message": record.message,
        "data": jsonable(record.data, lambda value: value),
        "attempts": record.attempts,
        "seconds": round(record.seconds, 6),
        "task": node.node.task,
        "integration": node.node.integration,
        "started_at": None if record.started_at is None else stamp(record.started_at),
        "effects": record.effects,
        "handled": record.handled,
        "params": record.params,
        "retries": [
            {
                "at": stamp(one.at),
                "attempt": one.attempt,
                "item": one.item,
                "cause": one.cause,
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
