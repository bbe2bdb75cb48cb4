"""A run as one JSON document, for programs: the same for a run that ends, one of the history, and one that never began.

``docs/run.schema.json`` describes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from flowbook.errors import FlowbookError
from flowbook.results import NodeResult
from flowbook.tasks.intent import Intent
from flowbook.view.jsonable import jsonable

VERSION = 1
Clean = Callable[[Any], Any]
_KINDS = {"failed": "RunFailed", "cancelled": "RunCancelled", "interrupted": "RunInterrupted"}
_PENDING = NodeResult("pending")


def stamp(at: float | None) -> str | None:
    """A time (seconds since the epoch) as ISO 8601 in UTC."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def run_document(
    *,
    run: str,
    workflow: str,
    status: str,
    message: str,
    inputs: Mapping[str, Any],
    started_at: float | None,
    seconds: float | None,
    nodes: Mapping[str, NodeResult],
    clean: Clean,
) -> dict[str, Any]:
    """A run with what each of its nodes came to; ``clean`` takes secrets out of plain data."""
    error = None
    if status in _KINDS:
        hint = f"Go on where it ended: flowbook runs resume {run}"
        error = {"kind": _KINDS[status], "message": message or status, "hint": hint}
    return {
        "version": VERSION,
        "run": run,
        "workflow": workflow,
        "status": status,
        "error": error,
        "inputs": {name: jsonable(value, clean) for name, value in inputs.items()},
        "started_at": stamp(started_at),
        "seconds": _rounded(seconds),
        "nodes": {id: node_document(result, clean) for id, result in nodes.items()},
    }


def refusal_document(workflow: str | None, error: FlowbookError) -> dict[str, Any]:
    """The same for what was asked to run and did not begin: the status is "refused", and nothing was run."""
    return {
        "version": VERSION,
        "run": None,
        "workflow": workflow,
        "status": "refused",
        "error": {"kind": _documented(error), "message": error.message, "hint": error.hint},
        "inputs": {},
        "started_at": None,
        "seconds": None,
        "nodes": {},
    }


def _documented(error: FlowbookError) -> str:
    """The name of an error in the tree of :mod:`flowbook.errors`, which people know."""
    return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == FlowbookError.__module__)


def queued_document(run: str, workflow: str) -> dict[str, Any]:
    """The same for a run that was handed over to a server: the status is "queued", and nothing is known of it yet."""
    return {
        "version": VERSION,
        "run": run,
        "workflow": workflow,
        "status": "queued",
        "error": None,
        "inputs": {},
        "started_at": None,
        "seconds": None,
        "nodes": {},
    }


def node_document(result: NodeResult | None, clean: Clean) -> dict[str, Any]:
    """What a node came to; None for one that was not reached."""
    result = result or _PENDING
    described = {
        "status": result.status,
        "cause": None if result.cause is None else result.cause.value,
        "message": result.message,
        "data": None if result.omitted is not None else jsonable(result.data, clean),
        "attempts": result.attempts,
        "seconds": _rounded(result.seconds),
        "source": result.source.value,
    }
    if result.worker:
        described["worker"] = result.worker
    if result.intents:
        described["would"] = [intent_document(intent, clean) for intent in result.intents]
    if result.reuse is not None:
        reuse = result.reuse
        described["reuse"] = {
            "reason": reuse.reason, "changed": list(reuse.changed), "run": reuse.run or None,
            "at": stamp(reuse.at) if reuse.at else None,
        }  # fmt: skip
    if result.omitted is not None:
        described["omitted"] = result.omitted["why"]
    return described


def intent_document(intent: Intent, clean: Clean) -> dict[str, Any]:
    """A call that would be made, in a dry run."""
    return {
        "kind": intent.kind, "target": intent.target, "action": intent.action,
        "detail": jsonable(dict(intent.detail), clean),
    }  # fmt: skip


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 6)
