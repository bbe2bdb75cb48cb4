"""A whole history into another database, in the tables as they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from flowbook.errors import InputError
from flowbook.journal.tables import Connection, Tables

COLUMNS = {
    "definitions": ("hash", "workflow", "document"),
    "versions": ("workflow", "hash", "saved_at", "name"),
    "runs": (
        "number", "id", "workflow", "definition", "status", "started_at", "seconds", "message", "inputs", "nodes",
        "parent", "owner", "attempt", "resumed_at", "withheld", "only_to", "only_node", "by_item",
    ),
    "nodes": (
        "run", "node", "status", "message", "kind", "data", "attempts", "started_at", "seconds", "effects", "handled",
        "params", "cause", "source", "reuse", "worker",
    ),
    "items": (
        "run", "node", "item", "digest", "status", "message", "kind", "data", "attempts", "started_at", "seconds",
        "effects", "handled", "params", "cause", "source", "worker",
    ),
    "output": ("run", "node", "at", "stream", "text", "bundle", "item"),
    "attempts": ("run", "node", "at", "attempt", "item", "message", "wait", "cause"),
}  # fmt: skip
"""All that there is, by table."""

_IN_ORDER = {"versions": "rowid", "output": "rowid", "attempts": "at"}
_RUNS_AT_A_TIME = 50


def copy_history(source: Tables, target: Tables) -> int:
    """Copy all runs and versions into a history that holds nothing yet, or just these; how many runs.

    Either all of it is there in the end or nothing. Raises InputError when there is something else in the ``target``.
    """
    last = source.read("SELECT max(number) AS last, count(*) AS runs FROM runs")
    top, count = (last[0]["last"] or 0, last[0]["runs"]) if last else (0, 0)
    with target.transaction() as connection:
        if any(_holds(connection, table) for table in ("runs", "versions")):
            if not _same(source, connection, int(top)):
                raise InputError("there is a run history in it already.", "Choose a place that holds nothing yet.")
            return int(count)
        for table, rows in _pages(source.read, int(top)):
            columns = COLUMNS[table]
            connection.executemany(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608
                + (" ON CONFLICT DO NOTHING" if table == "definitions" else ""),
                [tuple(row[column] for column in columns) for row in rows],
            )
        target.number_on(connection)
    return int(count)


def _holds(connection: Connection, table: str, which: str = "", values: Sequence[Any] = ()) -> bool:
    found = connection.execute(f"SELECT 1 AS it FROM {table} {which} LIMIT 1", values)  # noqa: S608 - literals
    return found.fetchone() is not None


def _same(source: Tables, target: Connection, top: int) -> bool:
    """Whether a history has just the runs and versions of another one: it was copied before."""
    if _holds(target, "runs", "WHERE number > ?", (top,)):
        return False
    there = _pages(lambda sql, values: target.execute(sql, values).fetchall(), top)
    pages = zip(_pages(source.read, top), there, strict=True)
    return all(_counted(*ours) == _counted(*theirs) for ours, theirs in pages)


def _counted(table: str, rows: Sequence[Any]) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(row[column] for column in COLUMNS[table]) for row in rows)


Read = Callable[[str, Sequence[Any]], Sequence[Any]]


def _pages(read: Read, top: int) -> Iterator[tuple[str, Sequence[Any]]]:
    """The rows of each table, a part of the runs at a time."""
    for table in ("definitions", "versions"):
        yield table, _rows(read, table, "")
    for first in range(1, top + 1, _RUNS_AT_A_TIME):
        upto = min(first + _RUNS_AT_A_TIME - 1, top)
        for table in ("runs", "nodes", "items", "output", "attempts"):
            key = "number" if table == "runs" else "run"
            yield table, _rows(read, table, f"WHERE {key} BETWEEN ? AND ?", (first, upto))


def _rows(read: Read, table: str, which: str, values: Sequence[Any] = ()) -> Sequence[Any]:
    order = f" ORDER BY {_IN_ORDER[table]}" if table in _IN_ORDER else ""
    return read(f"SELECT {', '.join(COLUMNS[table])} FROM {table} {which}{order}", values)  # noqa: S608
