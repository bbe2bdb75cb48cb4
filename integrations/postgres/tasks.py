"""Running SQL: one statement, one statement many times, several statements in one transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flowbook import Result, TaskFailed, current, tables, task
from flowbook.counting import counted, cut_at

from .connection import session
from .models import Call, Credentials, ExecuteMany, ExecuteQuery, Statement, TestConnection
from .parameters import Parameters
from .statements import Answer, filling_in, run
from .values import register_types, to_frame

BATCH = 200


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: TestConnection) -> Result:
    """Try the credentials: connect, sign in and ask the server for its version.

    A failure's data has a "kind": unauthorized, forbidden, not_found (the database), unreachable, wrong_address,
    timeout, tls. Facts: https://www.postgresql.org/docs/current/libpq-connect.html
    """
    with session(credentials, readonly=True, timeout=credentials.connect_timeout) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version'), current_database(), current_user")
            version, database, user = cursor.fetchone()
        tls = connection.info.ssl_attribute("protocol") if connection.info.ssl_in_use else None
    data = {"version": version, "database": database, "user": user, "tls": tls}
    safety = f"over {tls}" if tls else "without TLS"
    return Result.ok(f"Connected to PostgreSQL {version}, database {database}, as {user}, {safety}.", data)


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def execute_query(credentials: Credentials, params: ExecuteQuery) -> Result:
    """Run one SQL statement and fetch its rows.

    Data: the rows, as a list of objects or a DataFrame; for a statement without rows {"row_count", "status"}.
    It runs in a transaction of its own, kept when all went well. read_only guards against mistakes, not against malice:
    for that, sign in as a role that may only read. Facts: https://www.postgresql.org/docs/current/sql-commands.html
    """
    with session(
        credentials, readonly=params.read_only, autocommit=params.autocommit, timeout=params.timeout
    ) as connection:
        register_types(connection, for_frame=params.as_ == "dataframe")
        limit = None if params.all else params.limit
        answer = run(connection, params.query, params.parameters, limit, stream=not params.autocommit)
    if answer.columns is None:
        return Result.ok(f"{answer.status}: {counted(answer.row_count, 'row')}.", answer.counts())
    return fetched(answer, params.as_, limit)


def fetched(answer: Answer, as_: str, limit: int | None) -> Result:
    """What came of a statement that has rows: as objects, or as a DataFrame."""
    message = f"{counted(len(answer.rows), 'row')}{cut_at(limit, answer.cut)}."
    if as_ == "rows":
        return Result.ok(message, answer.objects())
    data, notes = to_frame(answer.columns, answer.rows)
    return Result.ok(" ".join((message, *notes)), data)


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False, example={"runs": 2})
def execute_many(credentials: Credentials, params: ExecuteMany) -> Result:
    """Run one SQL statement once for each set of values, all or nothing.

    Data: {"runs": how many}. Many rows for a table are much faster with insert_rows.
    """
    given = list(tables.listed(params.rows))
    context = current()
    with session(credentials, timeout=params.timeout) as connection, connection.cursor() as cursor:
        filled = Parameters(connection, params.query)
        for start in range(0, len(given), BATCH):
            if context.cancelled:
                raise TaskFailed("Cancelled; nothing was changed.")
            with filling_in():
                texts = [cursor.mogrify(*filled.fill(values)) for values in given[start : start + BATCH]]
            cursor.execute(b";".join(texts))
            context.progress(start + len(texts), len(given), "rows")
    return Result.ok(f"Ran {counted(len(given), 'time')}.", {"runs": len(given)})


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def call(credentials: Credentials, params: Call) -> Result:
    """Run several SQL statements in one transaction: all of them take effect, or none.

    Data: a list with one result for each statement: its rows, or {"row_count", "status"}. COMMIT, ROLLBACK and the like
    are refused, since they would break that; savepoints may be used.
    """
    results: list[Any] = []
    cut: list[str] = []
    with session(credentials, readonly=params.read_only, timeout=params.timeout) as connection:
        register_types(connection)
        for position, entry in enumerate(params.statements, start=1):
            statement = Statement(query=entry) if isinstance(entry, str) else entry
            with _named(position):
                answer = run(connection, statement.query, statement.parameters, params.limit)
            results.append(answer.counts() if answer.columns is None else answer.objects())
            cut += [str(position)] if answer.cut else []
    note = f" The rows of statement {', '.join(cut)} were cut at the limit of {params.limit:,}." if cut else ""
    return Result.ok(f"{counted(len(results), 'statement')} took effect together.{note}", results)


@contextmanager
def _named(position: int) -> Iterator[None]:
    """Say in an error which of several statements it was."""
    import psycopg2

    try:
        yield
    except psycopg2.Error as error:
        error.flowbook_where = f"statement {position}: "  # type: ignore[attr-defined] # read where the error is put into words
        raise
    except TaskFailed as error:
        raise TaskFailed(
            f"statement {position}: {error.message}", error.data, error.hint, permanent=error.permanent
        ) from None
