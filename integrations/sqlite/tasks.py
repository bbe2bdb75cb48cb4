"""Queries, statements and bulk inserts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from flowbook import Result, TaskFailed, current, tables, task
from flowbook.counting import counted

from .connection import MEMORY, opened, transaction
from .models import Credentials, Execute, ExecuteMany, InsertRows, ListTables, Query, TestConnection
from .values import affinity, bound, frame_of, row_objects, value_in

BATCH = 1_000


@task(effects="read", network=False, reads_files="database", writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: TestConnection) -> Result:
    """Open the database and read its table of contents; without one, say which SQLite there is.

    A failure's data has a "kind": not_found, not_a_database, damaged, unreachable, locked.
    """
    name = params.database or credentials.database or MEMORY
    with opened(credentials, name) as connection:
        tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'table'").fetchone()[0]
    data = {"version": sqlite3.sqlite_version, "tables": tables}
    if name == MEMORY:
        return Result.ok(f"SQLite {sqlite3.sqlite_version} is ready; no database is named.", data)
    return Result.ok(f"SQLite {sqlite3.sqlite_version} opened {name}: {counted(tables, 'table')}.", data)


@task(effects="read", network=False, reads_files="database", writes_files=False, runs_code=False)
def list_tables(credentials: Credentials, params: ListTables) -> Result:
    """List the tables and views of a database with their columns.

    Data: a list of {"name", "kind" (table or view), "columns": [{"name", "type", "required", "key"}]}.
    """
    found = []
    with opened(credentials, params.database) as connection:
        listed = connection.execute(
            "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite~_%'"
            " ESCAPE '~' ORDER BY name"
        ).fetchall()
        for name, kind in listed:
            columns = connection.execute('SELECT name, type, "notnull", pk FROM pragma_table_info(?)', [name])
            fields = [
                {"name": column, "type": type, "required": bool(required), "key": bool(key)}
                for column, type, required, key in columns
            ]
            found.append({"name": name, "kind": kind, "columns": fields})
    return Result.ok(counted(len(found), "table"), found)


@task(effects="read", network=False, reads_files="database", writes_files=False, runs_code=False)
def query(credentials: Credentials, params: Query) -> Result:
    """Run a SQL statement that reads, and fetch its rows.

    Data: the rows, as a list of objects or a DataFrame. The database is opened read-only.
    """
    with opened(credentials, params.database) as connection:
        cursor = connection.execute(*bound(params.sql, params.parameters))
        if cursor.description is None:
            raise TaskFailed("This statement gives no rows.", hint="Use sqlite.execute for it.", permanent=True)
        names = _names(cursor)
        rows = cursor.fetchall() if params.limit is None else cursor.fetchmany(params.limit + 1)
    cut = params.limit is not None and len(rows) > params.limit
    rows = rows[: params.limit]
    note = f", cut at the limit of {params.limit:,}: there are more (raise 'limit', or empty it for all)" if cut else ""
    data = frame_of(names, rows) if params.as_ == "dataframe" else row_objects(names, rows)
    return Result.ok(f"{counted(len(rows), 'row')}{note}", data)


@task(
    effects="write",
    network=False,
    reads_files="database",
    writes_files="database",
    runs_code=False,
    example={"row_count": 1, "last_row_id": 1, "rows": []},
)
def execute(credentials: Credentials, params: Execute) -> Result:
    """Run a SQL statement that changes something.

    Data: {"row_count": rows changed (null when it changes none), "last_row_id", "rows": what RETURNING gives}. A
    database that is not there is made.
    """
    given = {"parameters": params.parameters} if params.parameters else {}
    with opened(credentials, params.database, write=True, will=params.sql, **given) as connection:
        cursor = connection.execute(*bound(params.sql, params.parameters))
        rows = (
            row_objects((column[0] for column in cursor.description), cursor.fetchall()) if cursor.description else []
        )
        if connection.in_transaction:
            connection.execute("ROLLBACK")
            raise TaskFailed(
                "A transaction cannot go on in another node, so it was rolled back.",
                hint="Each statement takes effect by itself; execute_many and insert_rows are all or nothing.",
                permanent=True,
            )
        count = cursor.rowcount if cursor.rowcount >= 0 else None
        data = {"row_count": count, "last_row_id": cursor.lastrowid, "rows": rows}
    return Result.ok("Done" if count is None else f"{counted(count, 'row')} changed", data)


@task(
    effects="write",
    network=False,
    reads_files="database",
    writes_files="database",
    runs_code=False,
    example={"runs": 2, "row_count": 2},
)
def execute_many(credentials: Credentials, params: ExecuteMany) -> Result:
    """Run a SQL statement once for each set of values, all or nothing.

    Data: {"runs", "row_count": rows changed}.
    """
    given = tables.listed(params.rows)
    asked = opened(credentials, params.database, write=True, will=params.sql, runs=len(params.rows))
    with asked as connection, transaction(connection):
        statements = (bound(params.sql, values) for values in given)
        runs, changed = _run_many(connection, statements, len(params.rows))
    return Result.ok(f"Ran {counted(runs, 'time')}, {counted(changed, 'row')} changed", _counts(runs, changed))


def _counts(runs: int, changed: int) -> dict[str, int]:
    return {"runs": runs, "row_count": changed}


@task(
    effects="write",
    network=False,
    reads_files="database",
    writes_files="database",
    runs_code=False,
    example={"table": "orders", "rows": 2},
)
def insert_rows(credentials: Credentials, params: InsertRows) -> Result:
    """Insert rows into a table, making it when it is not there; all or nothing.

    Data: {"table", "rows": how many}. A row without one of the columns gets NULL there. With replace, the rows that the
    table had are gone. It keeps its keys, constraints and defaults; only when the new rows have a column that it lacks
    is it made anew (unless create is false), and the message says so.
    """
    rows = [dict(row) for row in tables.mappings(params.rows)]
    columns = tables.columns_of(params.rows if tables.is_frame(params.rows) else rows)
    table = quoted(params.table)
    names, marks = ", ".join(map(quoted, columns)), ", ".join("?" * len(columns))
    # Names cannot be parameters: quoted() makes an identifier of any text
    insert = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608
    will = f"DELETE FROM {table}; {insert}" if params.replace else insert  # noqa: S608
    asked = opened(credentials, params.database, write=True, will=will, rows=len(rows))
    with asked as connection, transaction(connection):
        remade = _prepare(connection, params, columns, rows)
        if rows and columns:
            values = (tuple(value_in(row.get(name)) for name in columns) for row in rows)
            _run_many(connection, ((insert, row) for row in values), len(rows))
    how = "Replaced" if params.replace else "Inserted into"
    message = f"{how} {params.table}: {counted(len(rows), 'row')}{remade}"
    return Result.ok(message, {"table": params.table, "rows": len(rows)})


def _prepare(connection: sqlite3.Connection, params: InsertRows, columns: list[str], rows: list[dict[str, Any]]) -> str:
    """Empty the table, or make it; a note when it was made anew in another form."""
    table = quoted(params.table)
    there = connection.execute("SELECT name FROM pragma_table_xinfo(?)", [params.table]).fetchall()
    known = {_folded(name) for (name,) in there}
    new = [name for name in columns if _folded(name) not in known]
    remake = params.replace and params.create and bool(there) and bool(new)
    if remake:
        connection.execute(f"DROP TABLE {table}")
    elif params.replace and (there or not params.create):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - quoted() makes an identifier of any text
    if params.create and columns and (remake or not there):
        types = (f"{quoted(name)} {affinity(row.get(name) for row in rows)}" for name in columns)
        connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(types)})")
    if not remake:
        return ""
    return f". The table was made anew, without the keys, constraints and indexes it had: it had no column {new[0]!r}"


def _folded(name: str) -> str:
    """A name as SQLite compares it: without case in ASCII, https://sqlite.org/lang_createtable.html."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in name)


def _run_many(connection: sqlite3.Connection, statements: Iterable[tuple[str, Any]], total: int) -> tuple[int, int]:
    """Run statements, each with its values; how many ran, and how many rows they changed."""
    context = current()
    before = connection.total_changes
    done = 0
    for sql, values in statements:
        connection.execute(sql, values)
        done += 1
        if done % BATCH == 0:
            if context.cancelled:
                raise TaskFailed("Told to stop; nothing was changed.", {"kind": "cancelled"})
            context.progress(done, total, "rows")
    context.progress(done, total, "rows")
    return done, connection.total_changes - before


def quoted(name: str) -> str:
    """Any text as an identifier of SQL: https://sqlite.org/lang_keywords.html."""
    if not name or "\0" in name:
        raise TaskFailed(f"{name!r} cannot be the name of a table or column.", permanent=True)
    return '"' + name.replace('"', '""') + '"'


def _names(cursor: Any) -> list[str]:
    return tables.column_names(column[0] for column in cursor.description)
