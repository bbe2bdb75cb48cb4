"""Opens a database: inside the folder, read-only where that is enough, stopped when the run is cancelled."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from flowbook import TaskFailed, current, paths

from .models import Credentials

_LINE = 60
MEMORY = ":memory:"
BUSY_SECONDS = 10.0
"""How long to wait for another program that is writing; SQLite cannot be interrupted while it waits."""
STEPS = 20_000
"""Instructions of SQLite's virtual machine between two looks at whether the run was cancelled."""


@contextmanager
def opened(
    credentials: Credentials, database: str | None, *, write: bool = False, will: str = "", **detail: object
) -> Iterator[sqlite3.Connection]:
    """A connection in autocommit mode; errors of SQLite in the block become TaskFailed in clear words.

    ``write`` makes a database that is not there; else it must be there, and nothing can be changed. ``will`` is the SQL
    that is going to be run, and ``detail`` what it is run with, for dry runs.
    """
    name = database or credentials.database
    if not name:
        raise TaskFailed("No database is named.", hint="Give the node a database, such as shop.db.", permanent=True)
    if write and name != MEMORY:
        current().about_to("sql", name, _in_a_line(will), sql=will, **detail)
    address = "file::memory:" if name == MEMORY else _address(credentials, name, write)
    with _in_words(name), closing(_connect(address)) as connection:
        if not write:
            connection.execute("PRAGMA query_only = ON")
        connection.set_authorizer(_authorize)
        context = current()
        # Asked every few milliseconds: an interrupt that comes just before a statement starts would be lost.
        connection.set_progress_handler(lambda: context.cancelled, STEPS)
        yield connection


def _in_a_line(sql: str) -> str:
    line = " ".join(sql.split())
    return line if len(line) <= _LINE else f"{line[: _LINE - 1]}…"


def _connect(address: str) -> sqlite3.Connection:
    return sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def _address(credentials: Credentials, name: str, write: bool) -> str:
    base = current().root or Path.cwd()
    root = paths.folder_of(base / credentials.root if credentials.root else base)
    path = paths.inside(root, name, writing=write)
    if write:
        path.parent.mkdir(parents=True, exist_ok=True)
    elif not path.is_file():
        raise TaskFailed(f"There is no database {name!r} in {root}.", {"kind": "not_found"}, _CHECK)
    return f"{path.as_uri()}?mode={'rwc' if write else 'ro'}"


_CHECK = "Check the path; a relative one starts at that folder."


def _authorize(action: int, first: Any, second: Any, database: Any, trigger: Any) -> int:
    """Refuse what would reach files outside of the folder; https://sqlite.org/c3ref/c_alter_table.html.

    VACUUM attaches a nameless temporary database, and VACUUM INTO the file that it names.
    """
    if action == sqlite3.SQLITE_ATTACH and first not in ("", MEMORY):
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_PRAGMA and str(first).lower() in ("temp_store_directory", "data_store_directory"):
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is done in the block takes effect, or none of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _in_words(name: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _explained(name, str(error)) from None
    except sqlite3.Warning as error:  # what Python 3.10 raises for several statements at once
        raise _explained(name, str(error)) from None


def _explained(name: str, text: str) -> TaskFailed:
    if text == "interrupted":
        return TaskFailed("Told to stop; the statement changed nothing.", {"kind": "cancelled"})
    text = text.rstrip(".")
    for part, kind, hint in _KINDS:
        if part in text.lower():
            permanent = kind not in ("locked", "unreachable")
            return TaskFailed(f"SQLite ({name}): {text}.", {"kind": kind}, hint, permanent=permanent)
    return TaskFailed(f"SQLite ({name}): {text}.", {"kind": "invalid"})


_KINDS = (
    ("not a database", "not_a_database", "The file holds something else, or it is encrypted."),
    ("malformed", "damaged", "The database is damaged; restore it, or recover it with the sqlite3 program."),
    ("unable to open", "unreachable", "Check that the file and its folder may be used."),
    ("readonly database", "read_only", "Use sqlite.execute for statements that change something."),
    ("database is locked", "locked", "Another program is writing; give the node a retry."),
    ("not authorized", "forbidden", "Other database files cannot be attached or written from SQL."),
    ("authorization denied", "forbidden", "Other database files cannot be attached or written from SQL."),
    ("one statement at a time", "invalid", "Use a node for each statement."),
    ("no such table", "invalid", "sqlite.list_tables shows what there is."),
    ("no such column", "invalid", "sqlite.list_tables shows the columns; texts in SQL have single quotes."),
    ("has no column named", "invalid", "sqlite.list_tables shows the columns; replace makes the table anew."),
    ("syntax error", "invalid", "Look near the word that it names."),
    ("not null constraint failed", "invalid", "Give every row a value for that column."),
    ("binding", "invalid", "Give as many parameters as there are ?, or an object with a value for each :name."),
)
