"""Rows of a table by conditions that are data: read, changed, deleted, without SQL to write."""

from __future__ import annotations

from typing import Any

from flowbook import Result, task
from flowbook.conditions import Statement
from flowbook.counting import counted

from .connection import session
from .models import Credentials, DeleteRows, SelectRows, Table, UpdateRows
from .schema import columns_of, find_table, identifier, whole_columns
from .statements import fetched, quoted, run

_ALL = 2**63 - 1  # MySQL has no OFFSET without a LIMIT


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def select_rows(credentials: Credentials, params: SelectRows) -> Result:
    """Read rows of a table: which columns, which rows, in what order.

    Data: the rows, as a list of objects or a DataFrame.
    Facts: https://dev.mysql.com/doc/refman/8.4/en/select.html
    """
    with session(credentials, readonly=True, timeout=params.timeout) as connection:
        table, made = _table(connection, params)
        columns = ", ".join(map(made.name, params.columns)) or "*"
        most = _ALL if params.most is None else params.most + 1
        where, order = made.where(params.where), made.order(params.order)
        query = _joined("SELECT", columns, "FROM", table, where, order, f"LIMIT {most} OFFSET {params.offset}")
        answer = run(connection, query, made.parameters, params.most)
    return fetched(answer, params.as_, params.most)


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"table": "orders", "updated": 1},
)
def update_rows(credentials: Credentials, params: UpdateRows) -> Result:
    """Give rows of a table new values; those that ``where`` says, or with ``all`` every one.

    Data: {"table", "updated"}: how many fit, whether or not they had these values already.
    Facts: https://dev.mysql.com/doc/refman/8.4/en/update.html
    """
    with session(credentials, timeout=params.timeout, found_rows=True) as connection:
        table, made = _table(connection, params)
        sets = made.setting(params.values)
        query = _joined("UPDATE", table, "SET", sets, made.where(params.where))
        answer = run(connection, query, made.parameters, None)
    return _changed(made.table, "updated", answer.row_count)


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"table": "orders", "deleted": 1},
)
def delete_rows(credentials: Credentials, params: DeleteRows) -> Result:
    """Delete rows of a table; those that ``where`` says, or with ``all`` every one.

    Data: {"table", "deleted"}: how many. Facts: https://dev.mysql.com/doc/refman/8.4/en/delete.html
    """
    with session(credentials, timeout=params.timeout) as connection:
        table, made = _table(connection, params)
        query = _joined("DELETE FROM", table, made.where(params.where))
        answer = run(connection, query, made.parameters, None)
    return _changed(made.table, "deleted", answer.row_count)


def _joined(*parts: str) -> str:
    """A statement of these parts: words, quoted names and placeholders, none of them anybody's own text."""
    return " ".join(filter(None, parts))


def _table(connection: Any, params: Table) -> tuple[str, Statement]:
    """The table's quoted name, and a statement to be put together about it."""
    place = find_table(connection, params)
    columns = columns_of(connection, place)
    return identifier(place), Statement(".".join(place), columns, quoted, whole=whole_columns(columns))


def _changed(table: str, done: str, count: int) -> Result:
    return Result.ok(f"{counted(count, 'row')} of {table} {done}.", {"table": table, done: count})
