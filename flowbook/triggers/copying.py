"""What starts runs, copied into another workspace's tables as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowbook.errors import InputError
from flowbook.triggers.rows import Rows

COLUMNS = {
    "schedules": (
        "id", "workflow", "cron", "zone", "inputs", "if_running", "catch_up", "paused", "upto", "next_at",
    ),
    "fires": ("schedule", "due_at", "run", "how"),
    "queue": (
        "run", "workflow", "inputs", "source", "schedule", "if_running", "status", "queued_at", "owner", "outcome",
        "code", "message", "ended_at",
    ),
    "hooks": ("id", "workflow", "kind", "respond", "digest", "sealed"),
    "deliveries": ("hook", "delivery", "run", "at"),
}  # fmt: skip
"""All that there is, by table."""


def fits(source: Rows, target: Rows) -> bool:
    """Whether there is something to be copied: not when all of it is there, since it was copied before.

    Raises InputError when something else is there.
    """
    found, there = _all(source), _all(target)
    if any(there.values()) and there != found:
        raise InputError("there are schedules or hooks there already.", "Choose a place that holds nothing.")
    return found != there


def copy_triggers(source: Rows, target: Rows, check: Callable[[], None]) -> None:
    """Copy schedules, hooks and the queue to where there are none yet, all or nothing.

    ``check`` is called when all is read, and raises when it is of no use. Raises InputError.
    """
    if not fits(source, target):
        return
    read = _all(source)
    check()
    with target.transaction() as rows:
        for table, found in read.items():
            columns = COLUMNS[table]
            marks = ", ".join("?" * len(columns))
            for row in found:
                rows.execute(
                    f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608 - literals
                    row,
                )


def _all(rows: Rows) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table: sorted(
            (tuple(row[column] for column in columns) for row in rows.read(f"SELECT * FROM {table}")),  # noqa: S608
            key=repr,
        )
        for table, columns in COLUMNS.items()
    }
