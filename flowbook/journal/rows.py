"""What the rows of the history stand for."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from flowbook.journal.contents import Content
from flowbook.journal.inputs import Given
from flowbook.journal.protocol import RunSummary
from flowbook.results import Cause, NodeResult, Source


def summary_of(row: sqlite3.Row | Mapping[str, Any]) -> RunSummary:
    """One line of the history."""
    return RunSummary(
        row["id"], row["workflow"], row["status"], row["started_at"], row["seconds"], row["message"], row["parent"],
        row["attempt"], row["resumed_at"], row["only_to"], row["only_node"],
    )  # fmt: skip


def result_of(row: sqlite3.Row) -> NodeResult:
    """How a node, or one call of it, ended."""
    return NodeResult(
        row["status"], row["message"], Content(row["kind"], row["data"]), row["attempts"], row["seconds"],
        row["started_at"], cause=None if row["cause"] is None else Cause(row["cause"]), source=Source(row["source"]),
        effects=row["effects"], handled=bool(row["handled"]),
        params=None if row["params"] is None else Given(row["params"]),
    )  # fmt: skip
