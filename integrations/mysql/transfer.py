"""Many rows at once: into a table, from a CSV file, into a CSV file; streamed, so that memory stays small."""

from __future__ import annotations

import csv
import functools
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from flowbook import Result, TaskFailed, contents, current, tables, task
from flowbook.counting import counted

from .connection import session
from .models import CopyFromCsv, CopyToCsv, Credentials, InsertRows, Loading, Table
from .schema import columns_of, find_table, identifier, whole_columns
from .statements import about_to, escaped, filled, parts, quoted
from .values import value_in

ROWS = 1_000
BYTES = 1 << 20


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"table": "orders", "given": 2, "written": 2, "unchanged": 0, "first_id": 1},
)
def insert_rows(credentials: Credentials, params: InsertRows) -> Result:
    """Insert rows, given as a list of objects or a DataFrame, into a table; all or nothing.

    A row that lacks a column gets NULL there; objects and lists become JSON. Data: {"table", "given", "written",
    "unchanged", "first_id"}; first_id is the number that the server gave to the first new row, null without one.
    Facts: https://dev.mysql.com/doc/refman/8.4/en/insert-on-duplicate.html
    """
    columns = params.columns or tables.columns_of(params.rows)
    total = len(params.rows)
    if not total or not columns:
        return Result.ok("No rows were given, so none were inserted.", _written(params.table, 0, 0, None))
    with session(credentials, timeout=params.timeout) as connection:
        target = _Target(connection, params, columns)
        rows = ([row.get(name) for name in columns] for row in tables.mappings(params.rows))
        target.load(rows, params, lambda done: current().progress(done, total, "rows"))
    return target.result()


@task(
    effects="write",
    network=True,
    reads_files="file_path",
    writes_files=False,
    runs_code=False,
    example={"table": "orders", "given": 2, "written": 2, "unchanged": 0, "first_id": 1},
)
def copy_from_csv(credentials: Credentials, params: CopyFromCsv) -> Result:
    """Load a CSV file into a table, streamed; all or nothing.

    With a header its names say which column each field goes to, in any order.
    Data: {"table", "given", "written", "unchanged", "first_id"}.
    """
    path = current().file(params.file_path)
    with session(credentials, timeout=params.timeout) as connection, _reading(path, params) as reader:
        first = next(reader, None) if params.header else None
        columns = params.columns or first
        target = _Target(connection, params, columns)
        target.load(
            _fields(reader, target.columns, params), params, lambda done: current().progress(done, None, "rows")
        )
    return target.result()


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files="file_path",
    runs_code=False,
    example={"file_path": "orders.csv", "rows": 2, "bytes": 64},
)
def copy_to_csv(credentials: Credentials, params: CopyToCsv) -> Result:
    """Write a query's rows, or a whole table, to a CSV file in UTF-8, streamed.

    The file appears only when it is complete; folders that are missing are made. Bytes are written as hexadecimal.
    Data: {"file_path", "rows", "bytes"}.
    """
    from pymysql.cursors import SSCursor

    path = contents.place(params.file_path, params.overwrite)
    with session(credentials, readonly=True, timeout=params.timeout) as connection:
        if params.table:
            # identifier() makes a quoted name of any text
            sql = f"SELECT * FROM {identifier(find_table(connection, Table(table=params.table)))}"  # noqa: S608
        else:
            sql = filled(connection, params.query or "", params.parameters)
        with (
            connection.cursor(SSCursor) as cursor,
            contents.replacing(path) as unfinished,
            unfinished.open("w", encoding="utf-8", newline="") as file,
        ):
            cursor.execute(sql)
            if cursor.description is None:
                raise TaskFailed("This statement gives no rows.", hint="Use execute_query for it.", permanent=True)
            rows = _write(cursor, file, params)
    data = {"file_path": str(path), "rows": rows, "bytes": path.stat().st_size}
    return Result.ok(f"{counted(rows, 'row')} written to {path.name}.", data)


class _Target:
    """A table that rows are loaded into; ``columns`` are those that are filled."""

    def __init__(self, connection: Any, params: Table, columns: list[str] | None) -> None:
        self.connection = connection
        place = find_table(connection, params)
        there = columns_of(connection, place)
        unknown = [name for name in columns or () if name not in there]
        self.name = ".".join(place)
        if unknown:
            hint = f"Its columns are: {', '.join(there)}."
            raise TaskFailed(f"{self.name} has no column {unknown[0]!r}.", hint=hint, permanent=True)
        self.columns = columns or list(there)
        self._whole = [name in whole_columns(there) for name in self.columns]
        self.given = self.written = 0
        self.first_id: int | None = None
        self._into = identifier(place)

    def load(self, rows: Iterable[Sequence[Any]], params: Loading, tell: Any) -> None:
        """Insert rows, many with each statement."""
        names = ", ".join(map(quoted, self.columns))
        start = f"INSERT INTO {self._into} ({names}) VALUES "  # noqa: S608 - quoted names
        end = _on_conflict(params, self.columns)
        with self.connection.cursor() as cursor:
            for texts in self._batches(rows):
                sql = f"{start}{', '.join(texts)}{end}"
                about_to(self.connection, sql)
                changed = cursor.execute(sql)
                self.first_id = self.first_id or cursor.lastrowid or None
                self.given += len(texts)
                # A row that was there counts 2 when it was changed, 0 when it was not.
                self.written += len(texts) if params.on_conflict == "update" else changed
                tell(self.given)

    def _batches(self, rows: Iterable[Sequence[Any]]) -> Iterator[list[str]]:
        texts: list[str] = []
        size = 0
        for number, row in enumerate(rows, 1):
            values = map(self._fit, itertools.repeat(number), self.columns, self._whole, row)
            texts.append(f"({', '.join(escaped(self.connection, value) for value in values)})")
            size += len(texts[-1])
            if len(texts) >= ROWS or size >= BYTES:
                yield texts
                texts, size = [], 0
                if current().cancelled:
                    raise TaskFailed("Cancelled; nothing was changed.", {"kind": "cancelled"})
        if texts:
            yield texts

    def _fit(self, number: int, column: str, whole: bool, value: Any) -> Any:
        if not whole or value is None or type(value) is int:
            return value
        try:
            return tables.whole(value_in(value))
        except TaskFailed as error:
            message = f"Row {number}, column {column!r}: {error.message} Nothing was written."
            raise TaskFailed(message, hint=error.hint, permanent=True) from None

    def result(self) -> Result:
        """What was done."""
        left = self.given - self.written
        note = f", {counted(left, 'row')} left as they were" if left else ""
        data = _written(self.name, self.given, self.written, self.first_id)
        return Result.ok(f"{counted(self.written, 'row')} written to {self.name}{note}.", data)


def _on_conflict(params: Loading, columns: list[str]) -> str:
    if params.on_conflict == "error":
        return ""
    named = [quoted(name) for name in columns]
    if params.on_conflict == "nothing":  # not IGNORE, which would let wrong values through
        return f" ON DUPLICATE KEY UPDATE {named[0]} = {named[0]}"
    return " ON DUPLICATE KEY UPDATE " + ", ".join(f"{name} = VALUES({name})" for name in named)


def _written(table: str, given: int, written: int, first_id: int | None) -> dict[str, Any]:
    unchanged = given - written
    return {"table": table, "given": given, "written": written, "unchanged": unchanged, "first_id": first_id}


@contextmanager
def _reading(path: Path, params: CopyFromCsv) -> Iterator[Iterator[list[str]]]:
    encoding = "utf-8-sig" if params.encoding.lower().replace("_", "-") in ("utf-8", "utf8") else params.encoding
    csv.field_size_limit(2**31 - 1)
    try:
        with path.open(encoding=encoding, newline="") as file:
            yield csv.reader(file, delimiter=params.delimiter, strict=True)
    except LookupError:
        raise TaskFailed(
            f"There is no encoding {params.encoding!r}.", hint="Such as utf-8 or latin-1.", permanent=True
        ) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise TaskFailed(f"{path.name} cannot be read: {error}.", hint="Check encoding and delimiter.") from None


def _fields(reader: Iterator[list[str]], columns: list[str], params: CopyFromCsv) -> Iterator[list[str | None]]:
    for number, row in enumerate(reader, 2 if params.header else 1):
        if not row:
            continue
        if len(row) != len(columns):
            message = (
                f"Row {number} of the file has {counted(len(row), 'field')}, not {len(columns)}; nothing was changed."
            )
            raise TaskFailed(message, hint="Check the delimiter.", permanent=True)
        yield [None if field == params.null else field for field in row]


def _write(cursor: Any, file: TextIO, params: CopyToCsv) -> int:
    shown = functools.partial(tables.no_formula, delimiter=params.delimiter) if params.safe else str
    writer = csv.writer(file, delimiter=params.delimiter)
    if params.header:
        writer.writerow(map(shown, tables.column_names(column[0] for column in cursor.description)))
    done = 0
    for part in parts(cursor, None):
        writer.writerows([_cell(value, params, shown) for value in row] for row in part)
        done += len(part)
    return done


def _cell(value: Any, params: CopyToCsv, shown: Any) -> str:
    if value is None:
        return params.null
    if isinstance(value, (Mapping, list)):
        value = value_in(value)
    return value.hex() if isinstance(value, bytes) else str(shown(str(value)))
