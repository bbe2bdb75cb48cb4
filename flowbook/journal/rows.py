"""What the rows of the history stand for."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from flowbook.errors import StoreDamaged
from flowbook.journal.contents import Content
from flowbook.journal.inputs import Given
from flowbook.journal.protocol import RunSummary
from flowbook.results import Cause, NodeResult, Source


def summary_of(row: sqlite3.Row | Mapping[str, Any]) -> RunSummary:
    """One line of the history; of a row that makes no sense, that."""
    try:
        for name in ("started_at", "seconds", "resumed_at"):
            float(row[name] or 0)
        int(row["attempt"])
    except (TypeError, ValueError) as error:
        return RunSummary(str(row["id"]), str(row["workflow"]), "unknown", 0.0, None, damaged(row["id"], error).message)
    return RunSummary(
        row["id"], row["workflow"], row["status"], row["started_at"], row["seconds"], row["message"], row["parent"],
        row["attempt"], row["resumed_at"], row["only_to"], row["only_node"],
    )  # fmt: skip


def damaged(run: str, error: Exception) -> StoreDamaged:
    """The error for a run whose record makes no sense."""
    return StoreDamaged(
        f"the record of the run {run} is damaged: {type(error).__name__}: {error}.",
        f"Other runs are not touched. Delete this one: flowbook runs delete {run}",
    )


def result_of(row: sqlite3.Row) -> NodeResult:
    """How a node, or one call of it, ended."""
    content = Content(row["kind"], row["data"])
    return NodeResult(
        row["status"], row["message"], content, int(row["attempts"]), float(row["seconds"]),
        row["started_at"], cause=None if row["cause"] is None else Cause(row["cause"]), source=Source(row["source"]),
        effects=row["effects"], handled=bool(row["handled"]),
        params=None if row["params"] is None else Given(row["params"]),
    )  # fmt: skip
