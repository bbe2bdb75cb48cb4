"""Tables: CSV and Parquet files, as lists of objects or DataFrames."""

from __future__ import annotations

import csv
import functools
import io
from typing import Any

from flowbook import Result, TaskFailed, how_to_install, tables, task
from flowbook.counting import counted

from .cells import columns_of, text_of, typed
from .folder import Folder, decoded, encoded
from .frames import pandas, rows_of
from .models import Credentials, ReadCsv, ReadParquet, WriteCsv, WriteParquet

LARGEST_CELL = 2**31 - 1
_NULLABLE = {int: "Int64", bool: "boolean"}


@task(effects="read", network=False, reads_files="path", writes_files=False, runs_code=False)
def read_csv(credentials: Credentials, params: ReadCsv) -> Result:
    """Read a CSV file as rows or as a DataFrame.

    Data: a list of {column: value}, or a DataFrame. Columns that hold nothing but numbers, or true and false, become
    such values; empty cells are None.
    """
    content = Folder(credentials).read(params.path, params.max_bytes)
    names, rows, cut = _table(decoded(content, params.encoding, params.path), params)
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in names]
    if params.typed:
        kept = set(params.text_columns)
        columns = [column if name in kept else typed(column) for name, column in zip(names, columns, strict=True)]
    note = f", cut at the limit of {params.limit:,}" if cut else ""
    message = f"Read {params.path}: {counted(len(rows), 'row')}, {counted(len(names), 'column')}{note}"
    if params.as_ == "dataframe":
        return Result.ok(message, _frame(names, columns))
    return Result.ok(message, [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)])


def _table(text: str, params: ReadCsv) -> tuple[list[str], list[list[str | None]], bool]:
    """Column names, rows of cells (an empty one is None), and whether the limit cut off more."""
    csv.field_size_limit(
        LARGEST_CELL
    )  # for the whole process, where it is 131,072 at first; max_bytes is the limit here
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=params.delimiter, strict=True)
    names: list[str] | None = list(params.columns) if params.columns else None
    rows: list[list[str | None]] = []
    if names is not None:
        _check_known(params.text_columns, names)
    try:
        for cells in reader:
            if not cells:
                continue
            if names is None:
                names = _distinct(cells)
                _check_known(params.text_columns, names)
                continue
            if params.limit is not None and len(rows) == params.limit:
                return names, rows, True
            rows.append(_row(cells, names, params.path, reader.line_num))
    except csv.Error as error:
        raise TaskFailed(
            f"{params.path} is not CSV: line {reader.line_num}: {error}.", hint="Check its quotes and the delimiter."
        ) from None
    return names or [], rows, False


def _row(cells: list[str], names: list[str], path: str, line: int) -> list[str | None]:
    if len(cells) > len(names):
        raise TaskFailed(
            f"{path}: line {line} has {counted(len(cells), 'cell')}, but there are {counted(len(names), 'column')}.",
            hint="Check its quotes and the delimiter.",
        )
    return [cell or None for cell in cells] + [None] * (len(names) - len(cells))


def _distinct(cells: list[str]) -> list[str]:
    """Column names out of the first line: one that comes again gets ``_2``, an empty one its number."""
    return tables.column_names(cell.strip() or f"column_{number}" for number, cell in enumerate(cells, 1))


def _check_known(wanted: list[str], names: list[str]) -> None:
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise TaskFailed(f"There is no column {unknown[0]!r}.", hint=f"The columns are {', '.join(names)}.")


def _frame(names: list[str], columns: list[list[Any]]) -> Any:
    pd = pandas()

    def series(values: list[Any]) -> Any:
        kind = next((type(value) for value in values if value is not None), object)
        return pd.Series(values, dtype=_NULLABLE[kind] if kind in _NULLABLE and None in values else None)

    return pd.DataFrame({name: series(values) for name, values in zip(names, columns, strict=True)}, columns=names)


class _Lines:
    """What the CSV writer writes to: ends each line with a line feed alone.

    The writer itself, told to do so, leaves a carriage return in a cell unquoted before Python 3.13, and a reader takes
    that for the end of the line.
    """

    def __init__(self) -> None:
        self.texts: list[str] = []

    def write(self, line: str) -> None:
        self.texts.append(line.removesuffix("\r\n") + "\n")


@task(
    effects="idempotent",
    network=False,
    reads_files=False,
    writes_files="path",
    runs_code=False,
    example={"path": "report.csv", "bytes": 120, "rows": 4},
)
def write_csv(credentials: Credentials, params: WriteCsv) -> Result:
    """Write rows or a DataFrame as a CSV file.

    Data: {"path", "bytes", "rows"}. The file is replaced as a whole or not at all.
    """
    rows = rows_of(params.rows)
    given = [str(name) for name in params.rows.columns] if tables.is_frame(params.rows) else columns_of(rows)
    names = params.columns or given
    if rows:
        _check_known(names, given)
    lines = _Lines()
    writer = csv.writer(lines, delimiter=params.delimiter, lineterminator="\r\n")
    shown = functools.partial(tables.no_formula, delimiter=params.delimiter) if params.safe else str
    writer.writerow([shown(name) for name in names])
    writer.writerows([shown(text_of(row.get(name))) for name in names] for row in rows)
    content = encoded("".join(lines.texts), params.encoding, params.path)
    written = Folder(credentials).write(params.path, content)
    return Result.ok(f"Wrote {params.path}: {counted(len(rows), 'row')}", {**written, "rows": len(rows)})


@task(effects="read", network=False, reads_files="path", writes_files=False, runs_code=False)
def read_parquet(credentials: Credentials, params: ReadParquet) -> Result:
    """Read a Parquet file as a DataFrame or as rows.

    Data: a DataFrame, or a list of {column: value}.
    """
    pd = _with_pyarrow()
    content = Folder(credentials).read(params.path, params.max_bytes)
    try:
        frame = pd.read_parquet(io.BytesIO(content), engine="pyarrow")
    except Exception as error:  # noqa: BLE001 - pyarrow raises errors of many kinds for a damaged file
        raise TaskFailed(f"{params.path} is not a Parquet file that can be read: {error}.") from None
    if params.columns:
        _check_known(params.columns, [str(name) for name in frame.columns])
        frame = frame[params.columns]
    message = f"Read {params.path}: {counted(len(frame), 'row')}, {counted(len(frame.columns), 'column')}"
    return Result.ok(message, frame if params.as_ == "dataframe" else rows_of(frame))


@task(
    effects="idempotent",
    network=False,
    reads_files=False,
    writes_files="path",
    runs_code=False,
    example={"path": "report.parquet", "bytes": 2100, "rows": 4},
)
def write_parquet(credentials: Credentials, params: WriteParquet) -> Result:
    """Write a DataFrame or rows as a Parquet file.

    Data: {"path", "bytes", "rows"}. The file is replaced as a whole or not at all.
    """
    pd = _with_pyarrow()
    frame = params.rows if tables.is_frame(params.rows) else pd.DataFrame(rows_of(params.rows))
    content = io.BytesIO()
    try:
        frame.to_parquet(content, engine="pyarrow", index=False)
    except Exception as error:  # noqa: BLE001 - pyarrow raises errors of many kinds for a column of mixed values
        raise TaskFailed(f"The rows do not fit a Parquet file: {error}.", permanent=True) from None
    written = Folder(credentials).write(params.path, content.getvalue())
    return Result.ok(f"Wrote {params.path}: {counted(len(frame), 'row')}", {**written, "rows": len(frame)})


def _with_pyarrow() -> Any:
    try:
        import pyarrow as pa  # noqa: F401 - pandas needs it; asked for here to say so clearly
    except ImportError:
        raise TaskFailed("This needs pyarrow.", hint=how_to_install("pyarrow"), permanent=True) from None
    return pandas()
