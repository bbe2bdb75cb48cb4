"""Rows of a table by conditions that are data: read, changed, deleted, without SQL to write.

Facts: https://www.postgresql.org/docs/current/sql-select.html, …/sql-update.html, …/sql-delete.html
"""

from __future__ import annotations

from typing import Any

from flowbook import Result, task
from flowbook.conditions import Statement
from flowbook.counting import counted

from .connection import session
from .models import Credentials, DeleteRows, SelectRows, Table, UpdateRows
from .schema import find_table, writable_columns
from .statements import Answer, run
from .tasks import fetched
from .values import register_types

_ILIKE = {"ilike": "ILIKE", "not ilike": "NOT ILIKE"}


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def select_rows(credentials: Credentials, params: SelectRows) -> Result:
    """Read rows of a table: which columns, which rows, in what order.

    Data: the rows, as a list of objects or a DataFrame.
    Facts: https://www.postgresql.org/docs/current/sql-select.html
    """
    limit = None if params.all else params.limit
    with session(credentials, readonly=True, timeout=params.timeout) as connection:
        register_types(connection, for_frame=params.as_ == "dataframe")
        table, made = _table(connection, params)
        columns = ", ".join(map(made.name, params.columns)) or "*"
        # One more than are taken: it tells that there are more.
        most = f"LIMIT {limit + 1}" if limit is not None else ""
        start = f"OFFSET {params.offset}" if params.offset else ""
        where, order = made.where(params.where), made.order(params.order)
        query = _joined("SELECT", columns, "FROM", table, where, order, most, start)
        answer = run(connection, query, made.parameters, limit, stream=True)
    return fetched(answer, params.as_, limit)


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"table": "orders", "updated": 1, "rows": []},
)
def update_rows(credentials: Credentials, params: UpdateRows) -> Result:
    """Give rows of a table new values; those that ``where`` says, or with ``all`` every one.

    Data: {"table", "updated" (how many), "rows"}; "rows" are the columns asked for by returning.
    Facts: https://www.postgresql.org/docs/current/sql-update.html
    """
    with session(credentials, timeout=params.timeout) as connection:
        register_types(connection)
        table, made = _table(connection, params)
        sets = made.setting(params.values)
        where, returning = made.where(params.where), made.returning(params.returning)
        query = _joined("UPDATE", table, "SET", sets, where, returning)
        answer = run(connection, query, made.parameters, None)
    return _changed(made.table, "updated", answer)


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"table": "orders", "deleted": 1, "rows": []},
)
def delete_rows(credentials: Credentials, params: DeleteRows) -> Result:
    """Delete rows of a table; those that ``where`` says, or with ``all`` every one.

    Data: {"table", "deleted" (how many), "rows"}; "rows" are the columns asked for by returning.
    Facts: https://www.postgresql.org/docs/current/sql-delete.html
    """
    with session(credentials, timeout=params.timeout) as connection:
        register_types(connection)
        table, made = _table(connection, params)
        query = _joined("DELETE FROM", table, made.where(params.where), made.returning(params.returning))
        answer = run(connection, query, made.parameters, None)
    return _changed(made.table, "deleted", answer)


def quoted(name: str) -> str:
    """A name as an identifier, for SQL that parameters are filled into."""
    return '"' + name.replace('"', '""').replace("%", "%%") + '"'


def _joined(*parts: str) -> str:
    """A statement of these parts: words, quoted names and placeholders, none of them anybody's own text."""
    return " ".join(filter(None, parts))


def _table(connection: Any, params: Table) -> tuple[str, Statement]:
    """The table's quoted name, and a statement to be put together about it."""
    oid, schema, name, _ = find_table(connection, params)
    columns = writable_columns(connection, oid)
    whole = {column for column, kind in columns.items() if kind == "integer"}
    return f"{quoted(schema)}.{quoted(name)}", Statement(f"{schema}.{name}", columns, quoted, _ILIKE, whole)


def _changed(table: str, done: str, answer: Answer) -> Result:
    rows = [] if answer.columns is None else answer.objects()
    count = answer.row_count if answer.columns is None else len(rows)
    return Result.ok(f"{counted(count, 'row')} of {table} {done}.", {"table": table, done: count, "rows": rows})
