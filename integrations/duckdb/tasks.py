"""Queries over files and over the tables of a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flowbook import Result, TaskFailed, contents, current, how_to_install, tables, task
from flowbook.counting import counted

from .engine import library, literal, opened, quoted, statement
from .files import format_by
from .models import Credentials, Describe, Nothing, Query, QueryToFile
from .values import bound, value_out

_PART = 10_000


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: Nothing) -> Result:
    """Nothing to connect to: look whether DuckDB is installed."""
    return Result.ok(f"DuckDB {library().__version__} is ready.", {"version": library().__version__})


@task(effects="read", network=False, reads_files="tables", writes_files=False, runs_code=False)
def describe(credentials: Credentials, params: Describe) -> Result:
    """Tell which columns and how many rows files and tables have.

    Data: a list of {"table", "rows", "columns": [{"name", "type"}]}; with summary each column also has "least",
    "greatest", "distinct" (about) and "missing" (in percent), as text and numbers.
    """
    with opened(params) as connection:
        data = [_described(connection, name, params.summary) for name in params.tables]
    return Result.ok(f"{counted(len(data), 'table')}.", data)


def _described(connection: Any, name: str, summary: bool) -> dict[str, Any]:
    table = quoted(name)  # which makes an identifier of any text
    count = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
    if not summary:
        found = connection.execute(f"SELECT column_name, column_type FROM (DESCRIBE {table})").fetchall()  # noqa: S608
        columns = [{"name": column, "type": kind} for column, kind in found]
        return {"table": name, "rows": count, "columns": columns}
    asked = f"SELECT column_name, column_type, min, max, approx_unique, null_percentage FROM (SUMMARIZE {table})"  # noqa: S608
    names = ("name", "type", "least", "greatest", "distinct", "missing")
    found = connection.execute(asked).fetchall()
    columns = [dict(zip(names, map(value_out, row), strict=True)) for row in found]
    return {"table": name, "rows": count, "columns": columns}


@task(effects="read", network=False, reads_files="tables", writes_files=False, runs_code=False)
def query(credentials: Credentials, params: Query) -> Result:
    """Run a SELECT over files and tables of the run, and fetch its rows.

    Data: the rows, as a list of objects or a DataFrame.
    """
    limit = params.limit
    with opened(params) as connection:
        text = statement(connection, params.sql)
        if limit is not None:
            text = f"FROM (\n{text}\n) LIMIT {limit + 1}"
        connection.execute(text, bound(params.parameters))
        data, count = _frame(connection, limit) if params.as_ == "dataframe" else _rows(connection, limit)
    cut = limit is not None and count > limit
    note = f", cut at the limit of {limit:,}: there are more (raise 'limit', or empty it for all)" if cut else ""
    return Result.ok(f"{counted(min(count, limit or count), 'row')}{note}", data)


def _frame(connection: Any, limit: int | None) -> tuple[Any, int]:
    try:
        import pandas  # noqa: F401, ICN001
    except ImportError:
        raise TaskFailed("A DataFrame needs pandas.", hint=how_to_install("pandas"), permanent=True) from None
    frame = connection.df()
    frame.columns = tables.column_names(map(str, frame.columns))
    return frame if limit is None else frame.iloc[:limit], len(frame)


def _rows(connection: Any, limit: int | None) -> tuple[list[dict[str, Any]], int]:
    names = [column[0] for column in connection.description]
    rows: list[tuple[Any, ...]] = []
    while part := connection.fetchmany(_PART):
        rows += part
        current().progress(len(rows), limit, "rows")
        if current().cancelled:
            break  # opened() says so
    return tables.objects(names, (map(value_out, row) for row in rows[:limit])), len(rows)


@task(
    effects="idempotent",
    network=False,
    reads_files="tables",
    writes_files="file_path",
    runs_code=False,
    example={"file_path": "report.parquet", "rows": 4, "bytes": 2100},
)
def query_to_file(credentials: Credentials, params: QueryToFile) -> Result:
    """Run a SELECT over files and tables of the run, and write its rows to a CSV, Parquet or JSON file.

    The rows do not pass through this program. The file appears only when it is complete; folders that are missing are
    made. Data: {"file_path", "rows", "bytes"}.
    """
    path = contents.place(params.file_path, params.overwrite)
    format = params.format or format_by(params.file_path)
    with contents.replacing(path) as unfinished, opened(params, unfinished) as connection:
        text = statement(connection, params.sql)
        options = _WRITING[format](params)
        if format != "parquet" and path.suffix in (".gz", ".zst"):
            options += f", COMPRESSION {'gzip' if path.suffix == '.gz' else 'zstd'}"
        # Nothing but the SELECT that it is stands in the brackets, and literal() makes a string of any text
        copy = f"COPY (\n{text}\n) TO {literal(str(unfinished))} ({options}, USE_TMP_FILE false)"
        rows = connection.execute(copy, bound(params.parameters)).fetchone()[0]
    return Result.ok(f"{counted(rows, 'row')} written to {path.name}.", _written(path, rows))


_WRITING: dict[str, Callable[[QueryToFile], str]] = {
    "csv": lambda params: f"FORMAT csv, HEADER {str(params.header).lower()}, DELIMITER {literal(params.delimiter)}",
    "parquet": lambda params: "FORMAT parquet",
    "json": lambda params: "FORMAT json, ARRAY true",
    "jsonl": lambda params: "FORMAT json",
}


def _written(path: Path, rows: int) -> dict[str, Any]:
    return {"file_path": str(path), "rows": rows, "bytes": path.stat().st_size}
