"""The schema of the run history, and what makes each version of it out of the one before.

A file is brought to the newest version when it is opened, with all that is in it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from flowbook.errors import FlowbookError
from flowbook.json_text import parse_json
from flowbook.models import Workflow

_FIRST = """
CREATE TABLE definitions (
    hash TEXT PRIMARY KEY, workflow TEXT NOT NULL, document TEXT NOT NULL
);
CREATE TABLE versions (
    workflow TEXT NOT NULL, hash TEXT NOT NULL, saved_at REAL NOT NULL
);
CREATE INDEX versions_of ON versions (workflow, saved_at);
CREATE TABLE runs (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, workflow TEXT NOT NULL, definition TEXT NOT NULL,
    status TEXT NOT NULL, started_at REAL NOT NULL, seconds REAL, message TEXT NOT NULL DEFAULT '',
    inputs TEXT NOT NULL, nodes TEXT NOT NULL, parent TEXT NOT NULL DEFAULT '', owner TEXT NOT NULL
);
CREATE INDEX runs_of ON runs (workflow, number);
CREATE INDEX runs_by_status ON runs (status);
CREATE TABLE nodes (
    run INTEGER NOT NULL, node TEXT NOT NULL, status TEXT NOT NULL, message TEXT NOT NULL, kind TEXT NOT NULL,
    data BLOB, attempts INTEGER NOT NULL, started_at REAL, seconds REAL NOT NULL, effects TEXT NOT NULL,
    handled INTEGER NOT NULL, params TEXT,
    PRIMARY KEY (run, node)
) WITHOUT ROWID;
CREATE TABLE output (
    run INTEGER NOT NULL, node TEXT NOT NULL, at REAL NOT NULL, stream TEXT NOT NULL, text TEXT NOT NULL,
    bundle TEXT, item INTEGER
);
CREATE INDEX output_of ON output (run, node);
CREATE TABLE attempts (
    run INTEGER NOT NULL, node TEXT NOT NULL, at REAL NOT NULL, attempt INTEGER NOT NULL, item INTEGER,
    message TEXT NOT NULL, wait REAL NOT NULL
);
CREATE INDEX attempts_of ON attempts (run, node);
"""
_RESUMING = """
ALTER TABLE runs ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1;
ALTER TABLE runs ADD COLUMN resumed_at REAL;
ALTER TABLE runs ADD COLUMN withheld TEXT NOT NULL DEFAULT '[]';
"""
_CAUSES = """
ALTER TABLE nodes ADD COLUMN cause TEXT;
ALTER TABLE nodes ADD COLUMN source TEXT NOT NULL DEFAULT 'run';
ALTER TABLE attempts ADD COLUMN cause TEXT NOT NULL DEFAULT 'returned';
ALTER TABLE runs ADD COLUMN only_to TEXT;
ALTER TABLE runs ADD COLUMN only_node TEXT;
"""
_ITEMS = """
CREATE TABLE items (
    run INTEGER NOT NULL, node TEXT NOT NULL, item INTEGER NOT NULL, digest TEXT NOT NULL, status TEXT NOT NULL,
    message TEXT NOT NULL, kind TEXT NOT NULL, data BLOB, attempts INTEGER NOT NULL, started_at REAL,
    seconds REAL NOT NULL, effects TEXT NOT NULL, handled INTEGER NOT NULL, params TEXT, cause TEXT,
    source TEXT NOT NULL,
    PRIMARY KEY (run, node, item)
) WITHOUT ROWID;
ALTER TABLE runs ADD COLUMN by_item INTEGER NOT NULL DEFAULT 0;
"""
_REUSE = "ALTER TABLE nodes ADD COLUMN reuse TEXT"

# How version 2 told causes: by messages alone, worded as follows. Nothing else reads a message.
_FAILURES = (
    ("timed_out", "timed out after *"),
    ("expression", "its params could not be evaluated: *"),
    ("expression", "its condition ('when') could not be evaluated: *"),
    ("expression", "'for_each' could not be evaluated: *"),
    ("expression", "'until' could not be evaluated: *"),
    ("expression", "the condition of the edge * could not be evaluated: *"),
    ("condition", "'until' is not true yet (*)"),
    ("refused", "not started, since it could not be recorded: *"),
    ("internal", "Error inside Flowbook: *"),
    ("raised", "Error: *"),
)
_FAN = "* calls failed; the first was number *: "
_ENDS = """
UPDATE nodes SET cause = CASE status
    WHEN 'skipped' THEN iif(message GLOB 'it needs *, which did not succeed', 'upstream', 'condition')
    WHEN 'cancelled' THEN 'cancelled'
    WHEN 'succeeded' THEN CASE
        WHEN message = 'accepted by hand: it had happened' THEN 'accepted'
        WHEN started_at IS NULL AND message = 'pinned data was used' THEN 'pinned'
        WHEN started_at IS NULL THEN 'disabled'
        ELSE 'returned' END
    WHEN 'failed' THEN 'returned'
    ELSE 'interrupted' END
WHERE status <> 'running';
UPDATE nodes SET source = CASE cause WHEN 'disabled' THEN 'passed' ELSE cause END
WHERE cause IN ('pinned', 'disabled', 'accepted');
"""


def _run(connection: sqlite3.Connection, script: str) -> None:
    for statement in script.split(";\n"):
        if statement.strip():
            connection.execute(statement)


def _first(connection: sqlite3.Connection) -> None:
    _run(connection, _FIRST)


def _resuming(connection: sqlite3.Connection) -> None:
    _run(connection, _RESUMING)


def _causes(connection: sqlite3.Connection) -> None:
    """Version 3: why nodes ended, where what they gave comes from, and what part of its workflow a run was."""
    _run(connection, _CAUSES)
    if connection.execute("SELECT 1 FROM runs LIMIT 1").fetchone() is None:
        return  # of a new file
    _run(connection, _ENDS)
    for cause, words in _FAILURES:
        for table, whose in (("nodes", "status = 'failed' AND "), ("attempts", "")):
            connection.execute(
                f"UPDATE {table} SET cause = ? WHERE {whose}cause = 'returned'"  # noqa: S608 - literals
                " AND (message GLOB ? OR message GLOB ?)",
                (cause, words, _FAN + words),
            )
    for run in connection.execute(
        "SELECT number, nodes, document FROM runs JOIN definitions ON definitions.hash = runs.definition"
    ).fetchall():
        to, only = _part(parse_json(run["nodes"]), run["document"])
        if to or only:
            connection.execute("UPDATE runs SET only_to = ?, only_node = ? WHERE number = ?", (to, only, run["number"]))


def _items(connection: sqlite3.Connection) -> None:
    """Version 4: the calls of ``for_each`` nodes one by one, in runs that say so."""
    _run(connection, _ITEMS)


def _reuse(connection: sqlite3.Connection) -> None:
    """Version 5: what nodes with a ``cache`` depended on, and why they were reused or ran."""
    connection.execute(_REUSE)


def _named_versions(connection: sqlite3.Connection) -> None:
    """Version 6: versions of workflows may have a name."""
    connection.execute("ALTER TABLE versions ADD COLUMN name TEXT NOT NULL DEFAULT ''")


def _workers(connection: sqlite3.Connection) -> None:
    """Version 7: by whom calls were made that were made elsewhere."""
    for table in ("nodes", "items"):
        connection.execute(f"ALTER TABLE {table} ADD COLUMN worker TEXT NOT NULL DEFAULT ''")


def _part(ids: list[str], document: str) -> tuple[str | None, str | None]:
    """(to, only) of a run as version 2 told them: by the nodes that belong to it."""
    try:
        workflow = Workflow.from_document(parse_json(document))
    except (FlowbookError, ValueError):
        return None, None
    if len(ids) == len(workflow.nodes) or not ids:
        return None, None
    last = ids[-1]
    return (last, None) if set(ids) == workflow.upstream(last) | {last} else (None, last)


STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    _first, _resuming, _causes, _items, _reuse, _named_versions, _workers,
)  # fmt: skip
SCHEMA_VERSION = len(STEPS)
