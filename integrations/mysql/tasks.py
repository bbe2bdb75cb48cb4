"""Trying the credentials; statements, one and several."""

from __future__ import annotations

from typing import Any

from flowbook import Result, TaskFailed, current, tables, task
from flowbook.counting import counted

from .connection import session
from .models import Call, Credentials, ExecuteMany, ExecuteQuery, Statement, TestConnection
from .statements import about_to, fetched, filled, named, run, word

# What ends a transaction by itself: https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html
_ENDS = frozenset(
    [
        "COMMIT",
        "ROLLBACK",
        "BEGIN",
        "START",
        "ALTER",
        "CREATE",
        "DROP",
        "RENAME",
        "TRUNCATE",
        "GRANT",
        "REVOKE",
        "LOCK",
        "UNLOCK",
        "ANALYZE",
        "OPTIMIZE",
        "REPAIR",
        "INSTALL",
        "UNINSTALL",
        "FLUSH",
        "RESET",
        "LOAD_INDEX",
        "XA",
    ]
)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: TestConnection) -> Result:
    """Try the credentials: connect, sign in and ask the server for its version.

    A failure's data has a "kind": unauthorized, forbidden, not_found (the database), unreachable, wrong_address,
    timeout, tls. Data: {"version", "database", "user", "tls"}.
    """
    with session(credentials, readonly=True, timeout=credentials.connect_timeout) as connection:
        asked = "SELECT VERSION(), DATABASE(), CURRENT_USER()"
        version, database, user = run(connection, asked, None, None).rows[0]
        tls = run(connection, "SHOW SESSION STATUS LIKE 'Ssl_version'", None, None).rows
    protocol = (tls[0][1] if tls else "") or None
    data = {"version": version, "database": database, "user": user, "tls": protocol}
    where = f"database {database}" if database else "no database"
    kind = "MariaDB" if "MariaDB" in version else "MySQL"
    safety = f"over {protocol}" if protocol else "without TLS"
    return Result.ok(f"Connected to {kind} {version}, {where}, as {user}, {safety}.", data)


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def execute_query(credentials: Credentials, params: ExecuteQuery) -> Result:
    """Run one SQL statement and fetch its rows.

    Data: the rows, as a list of objects or a DataFrame; for a statement without rows {"row_count", "last_id"}.
    It runs in a transaction of its own, kept when all went well. read_only guards against mistakes, not against malice:
    for that, sign in as a user that may only read. Facts: https://dev.mysql.com/doc/refman/8.4/en/sql-statements.html
    """
    with session(credentials, readonly=params.read_only, timeout=params.timeout) as connection:
        answer = run(connection, params.query, params.parameters, params.most)
    if answer.columns is None:
        return Result.ok(f"{counted(answer.row_count, 'row')} changed.", answer.counts())
    return fetched(answer, params.as_, params.most)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"runs": 2, "row_count": 2},
)
def execute_many(credentials: Credentials, params: ExecuteMany) -> Result:
    """Run one SQL statement once for each set of values, all or nothing.

    Data: {"runs", "row_count"}. Many rows for a table are much faster with insert_rows.
    """
    given = list(tables.listed(params.rows))
    context = current()
    changed = 0
    with session(credentials, timeout=params.timeout) as connection, connection.cursor() as cursor:
        for position, values in enumerate(given, start=1):
            with named(position):
                sql = filled(connection, params.query, values)
                about_to(connection, sql)
                changed += max(cursor.execute(sql), 0)
            if position % 100 == 0:
                context.progress(position, len(given), "rows")
        _still_together(connection, "The statement")
    return Result.ok(f"Ran {counted(len(given), 'time')}.", {"runs": len(given), "row_count": changed})


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def call(credentials: Credentials, params: Call) -> Result:
    """Run several SQL statements in one transaction: all of them take effect, or none.

    Data: a list with one result for each statement: its rows, or {"row_count", "last_id"}. What would end the
    transaction (COMMIT, CREATE TABLE and the like) is refused; savepoints may be used.
    """
    statements = [Statement(query=one) if isinstance(one, str) else one for one in params.statements]
    for position, one in enumerate(statements, start=1):
        if word(one.query) in _ENDS:
            message = f"statement {position}: {word(one.query)} would end the transaction; nothing was done."
            raise TaskFailed(message, None, "Use execute_query for it.", permanent=True)
    results: list[Any] = []
    cut: list[str] = []
    with session(credentials, readonly=params.read_only, timeout=params.timeout) as connection:
        for position, one in enumerate(statements, start=1):
            with named(position):
                answer = run(connection, one.query, one.parameters, params.limit)
            _still_together(connection, f"Statement {position}")
            results.append(answer.counts() if answer.columns is None else answer.objects())
            cut += [str(position)] if answer.cut else []
    note = f" The rows of statement {', '.join(cut)} were cut at the limit of {params.limit:,}." if cut else ""
    return Result.ok(f"{counted(len(results), 'statement')} took effect together.{note}", results)


def _still_together(connection: Any, what: str) -> None:
    """TaskFailed when a statement ended the transaction (SERVER_STATUS_IN_TRANS is off)."""
    if not connection.server_status & 1:
        message = f"{what} ended the transaction: what was done up to then took effect."
        raise TaskFailed(message, None, "Use execute_query for it.", permanent=True)
