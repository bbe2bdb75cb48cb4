"""Many rows at once: into a table, from a CSV file, into a CSV file; streamed, so that memory stays small."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from flowbook import Result, TaskFailed, contents, current, tables, task
from flowbook.counting import counted

from .connection import session
from .copytext import BadCell, copy_line
from .models import CopyFromCsv, CopyToCsv, Credentials, InsertRows, Table
from .parameters import Parameters
from .schema import find_table, writable_columns
from .statements import filling_in
from .values import register_types

CHUNK = 1 << 16
LARGEST_CELL = 2**31 - 1
STAGING = "flowbook_staging"


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"table": "orders", "given": 2, "written": 2, "skipped": 0, "rows": []},
)
def insert_rows(credentials: Credentials, params: InsertRows) -> Result:
    """Insert rows, given as a list of objects or a DataFrame, into a table; all or nothing.

    They are streamed by COPY. A row that lacks a column gets NULL there; in a json column objects, lists, numbers and
    booleans become JSON (text must be JSON already), in an array column lists become arrays, in a column of integers a
    whole number such as 10.0 is written as 10.
    Data: {"table", "given", "written", "skipped", "rows"}; "rows" are the columns asked for by returning.
    Facts: https://www.postgresql.org/docs/current/sql-copy.html, …/sql-insert.html#SQL-ON-CONFLICT
    """
    columns = params.columns or tables.columns_of(params.rows)
    total = len(params.rows)
    if not total or not columns:
        return Result.ok("No rows were given, so none were inserted.", _written(params.table, 0, 0, []))
    with session(credentials, timeout=params.timeout) as connection:
        register_types(connection)
        target = _Target.find(connection, params, columns)
        lines = _lines(tables.mappings(params.rows), columns, [target.kinds[name] for name in columns])
        stream = _Stream((line.encode() for line in lines), _row_progress(total))
        written, returned = target.load(stream, "FORMAT text", params)
    return _loaded(target.name, total, written, returned)


@task(
    effects="write",
    network=True,
    reads_files="file_path",
    writes_files=False,
    runs_code=False,
    example={"table": "orders", "given": 2, "written": 2, "skipped": 0, "rows": []},
)
def copy_from_csv(credentials: Credentials, params: CopyFromCsv) -> Result:
    """Load a CSV file into a table, streamed; all or nothing.

    With a header its names say which column each field goes to, in any order.
    Data: {"table", "given", "written", "skipped", "rows"}. Facts: https://www.postgresql.org/docs/current/sql-copy.html
    """
    path = current().file(params.file_path)
    columns = params.columns or (_header(path, params) if params.header else None)
    size = path.stat().st_size
    with session(credentials, timeout=params.timeout) as connection, path.open("rb") as file:
        target = _Target.find(connection, params, columns)
        pieces = _as_utf8(file, params.encoding)
        stream = _Stream(pieces, lambda done: current().progress(min(done, size), size, "bytes"))
        written, _ = target.load(stream, _csv_options(params), params)
    return _loaded(target.name, target.given, written, [])


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files="file_path",
    runs_code=False,
    example={"file_path": "orders.csv", "rows": 2, "bytes": 64},
)
def copy_to_csv(credentials: Credentials, params: CopyToCsv) -> Result:
    """Write a query's rows, or a whole table, to a CSV file, streamed.

    The file appears only when it is complete; folders that are missing are made. Data: {"file_path", "rows", "bytes"}.
    Facts: https://www.postgresql.org/docs/current/sql-copy.html
    """
    from psycopg2 import sql

    path = contents.place(params.file_path, params.overwrite)
    with session(credentials, readonly=True, timeout=params.timeout) as connection, connection.cursor() as cursor:
        if params.table:
            _, schema, name, _ = find_table(connection, Table(table=params.table))
            source: Any = sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, name))
        else:
            with filling_in():
                filled = cursor.mogrify(*Parameters(connection, params.query or "").fill(params.parameters)).decode()
            source = sql.SQL(filled.rstrip().rstrip(";"))
        # the line break ends a comment that the query may end with
        copy = sql.SQL("COPY (\n{}\n) TO STDOUT WITH ({})").format(source, _csv_options(params))
        with contents.replacing(path) as unfinished, unfinished.open("wb") as file:
            counter = _SafeWriter(file, params) if params.safe else _Writer(file)
            cursor.copy_expert(copy, counter)
        rows = cursor.rowcount
    data = {"file_path": str(path), "rows": rows, "bytes": counter.done}
    return Result.ok(f"{counted(rows, 'row')} written to {path.name}.", data)


class _Target:
    """A table that rows are loaded into; ``kinds`` are its columns, ``columns`` those that are filled."""

    def __init__(self, connection: Any, name: tuple[str, str], columns: list[str], kinds: Mapping[str, str]) -> None:
        self.connection = connection
        self.schema, self.table = name
        self.columns = columns
        self.kinds = kinds
        self.given = 0

    @classmethod
    def find(cls, connection: Any, params: InsertRows | CopyFromCsv, columns: list[str] | None) -> _Target:
        """The table that ``params`` name; TaskFailed when it, or a column, is not there."""
        oid, schema, table, _ = find_table(connection, params)
        kinds = writable_columns(connection, oid)
        unknown = [name for name in (*(columns or ()), *params.conflict_keys) if name not in kinds]
        if unknown:
            raise TaskFailed(
                f"{schema}.{table} has no column {unknown[0]!r}.",
                hint=f"Its columns are: {', '.join(kinds)}.",
                permanent=True,
            )
        if params.on_conflict == "update" and not params.conflict_keys:
            raise TaskFailed(
                "on_conflict: update needs conflict_keys.", hint="Name the columns of the unique key.", permanent=True
            )
        return cls(connection, (schema, table), columns or list(kinds), kinds)

    @property
    def name(self) -> str:
        """Schema and table."""
        return f"{self.schema}.{self.table}"

    def load(self, stream: _Stream, options: Any, params: InsertRows | CopyFromCsv) -> tuple[int, list[dict[str, Any]]]:
        """Stream rows in; how many were written, and what was asked to be handed back."""
        from psycopg2 import sql

        options = sql.SQL(options) if isinstance(options, str) else options
        returning = getattr(params, "returning", [])
        with self.connection.cursor() as cursor:
            if params.on_conflict == "error" and not returning:
                self._copy(cursor, sql.Identifier(self.schema, self.table), options, stream)
                return cursor.rowcount, []
            cursor.execute(self._staging_table())
            self._copy(cursor, sql.Identifier(STAGING), options, stream)
            cursor.execute(self._from_staging(params, returning))
            written = cursor.rowcount
            rows = [dict(zip(returning, row, strict=True)) for row in cursor.fetchall()] if returning else []
            cursor.execute(sql.SQL("DROP TABLE pg_temp.{}").format(sql.Identifier(STAGING)))
        return written, rows

    def _copy(self, cursor: Any, table: Any, options: Any, stream: _Stream) -> None:
        from psycopg2 import sql

        statement = sql.SQL("COPY {} ({}) FROM STDIN WITH ({})").format(table, self._names(), options)
        try:
            cursor.copy_expert(statement, stream, size=CHUNK)
        finally:
            if stream.failure is not None:
                raise stream.failure
        self.given = cursor.rowcount

    def _names(self) -> Any:
        from psycopg2 import sql

        return sql.SQL(", ").join(map(sql.Identifier, self.columns))

    def _staging_table(self) -> Any:
        from psycopg2 import sql

        return sql.SQL("CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            sql.Identifier(STAGING), self._names(), sql.Identifier(self.schema, self.table)
        )

    def _from_staging(self, params: InsertRows | CopyFromCsv, returning: list[str]) -> Any:
        from psycopg2 import sql

        statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM pg_temp.{}").format(
            sql.Identifier(self.schema, self.table), self._names(), self._names(), sql.Identifier(STAGING)
        )
        if params.on_conflict != "error":
            statement += sql.SQL(" ON CONFLICT ")
            if params.conflict_keys:
                statement += sql.SQL("({}) ").format(sql.SQL(", ").join(map(sql.Identifier, params.conflict_keys)))
            statement += self._on_conflict(params)
        if returning:
            statement += sql.SQL(" RETURNING {}").format(sql.SQL(", ").join(map(sql.Identifier, returning)))
        return statement

    def _on_conflict(self, params: InsertRows | CopyFromCsv) -> Any:
        from psycopg2 import sql

        changed = [name for name in self.columns if name not in params.conflict_keys]
        if params.on_conflict == "nothing" or not changed:
            return sql.SQL("DO NOTHING")
        sets = [sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(name)) for name in changed]
        return sql.SQL("DO UPDATE SET {}").format(sql.SQL(", ").join(sets))


class _Stream(io.RawIOBase):
    """What COPY reads from: pieces of bytes, made as they are asked for; tells of progress, ends on cancellation.

    psycopg2 hides what goes wrong while it reads, so the cause is kept in ``failure``.
    """

    def __init__(self, pieces: Iterable[bytes], progress: Callable[[int], None]) -> None:
        self.failure: Exception | None = None
        self._pieces = iter(pieces)
        self._progress = progress
        self._context = current()
        self._rest = bytearray()
        self._taken = 0

    def read(self, size: int = -1) -> bytes:
        """The next bytes, about ``size`` of them; none at the end."""
        try:
            if self._context.cancelled:
                raise TaskFailed("Cancelled; nothing was loaded.")
            while len(self._rest) < size or size < 0:
                piece = next(self._pieces, None)
                if piece is None:
                    break
                self._rest += piece
                self._taken += 1
        except Exception as error:
            self.failure = error
            raise
        size = len(self._rest) if size < 0 else size
        out = bytes(self._rest[:size])
        del self._rest[:size]
        self._progress(self._taken)
        return out


class _Writer:
    """What COPY writes to: a file; tells of progress, ends on cancellation."""

    def __init__(self, file: BinaryIO) -> None:
        self.done = 0
        self._file = file
        self._context = current()
        self._told = 0

    def write(self, piece: bytes) -> int:
        """Write a piece."""
        if self._context.cancelled:
            raise TaskFailed("Cancelled; no file was written.")
        self._file.write(piece)
        self.done += len(piece)
        if self.done - self._told > 1_000_000:
            self._told = self.done
            self._context.progress(self.done, None, "bytes")
        return len(piece)


class _SafeWriter(_Writer):
    """Writes cells so that a spreadsheet runs none.

    Each piece is a whole line of the table: PQgetCopyData, below psycopg2, gives "exactly one row" at a time
    (https://www.postgresql.org/docs/current/libpq-copy.html).
    """

    def __init__(self, file: BinaryIO, params: CopyToCsv) -> None:
        super().__init__(file)
        mark, self._null, self._delimiter = re.escape(params.delimiter), params.null, params.delimiter
        self._cells = re.compile(rf'(\A|{mark})(?:"((?:[^"]|"")*)"|([^{mark}\r\n]*))')

    def write(self, piece: bytes) -> int:
        """Write a line."""
        super().write(self._cells.sub(self._safe, piece.decode()).encode())
        return len(piece)

    def _safe(self, found: re.Match[str]) -> str:
        before, quoted, bare = found.groups()
        if quoted is not None:
            return f'{before}"{tables.no_formula(quoted, self._delimiter)}"'
        return str(before) + (bare if bare == self._null else tables.no_formula(bare, self._delimiter))


def _lines(rows: Iterable[Mapping[str, Any]], columns: list[str], kinds: list[str]) -> Iterator[str]:
    for number, row in enumerate(rows, 1):
        try:
            yield copy_line([row.get(name) for name in columns], kinds)
        except BadCell as error:
            where = f"Row {number:,}, column {columns[error.column]!r}"
            raise TaskFailed(f"{where}: {error.message}", error.data, error.hint, permanent=error.permanent) from None


def _row_progress(total: int) -> Callable[[int], None]:
    context = current()
    return lambda done: context.progress(done, total, "rows")


def _header(path: Path, params: CopyFromCsv) -> list[str]:
    try:
        with path.open(encoding=_with_mark(params.encoding), newline="") as file:
            csv.field_size_limit(LARGEST_CELL)  # for the whole process, where it is 131,072 at first
            names = next(csv.reader(file, delimiter=params.delimiter), None)
    except (UnicodeDecodeError, LookupError) as error:
        raise _not_in(params.encoding, error) from None
    if not names:
        raise TaskFailed(f"{path.name} is empty.", hint="Its first line should name the columns.")
    return [name.strip() for name in names]


def _with_mark(encoding: str) -> str:
    """The codec that skips a byte order mark, which spreadsheets like to write."""
    return "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding


def _not_in(encoding: str, error: Exception) -> TaskFailed:
    return TaskFailed(f"The file cannot be read as {encoding}: {error}.", hint="Say its encoding, e.g. cp1252.")


def _as_utf8(file: BinaryIO, encoding: str) -> Iterator[bytes]:
    """The file's bytes as UTF-8, piece by piece."""
    try:
        decoder = codecs.getincrementaldecoder(_with_mark(encoding))()
        while piece := file.read(CHUNK):
            yield decoder.decode(piece).encode()
        yield decoder.decode(b"", final=True).encode()
    except (UnicodeDecodeError, LookupError) as error:
        raise _not_in(encoding, error) from None


def _csv_options(params: CopyFromCsv | CopyToCsv) -> Any:
    from psycopg2 import sql

    return sql.SQL("FORMAT csv, HEADER {}, DELIMITER {}, NULL {}, ENCODING 'UTF8'").format(
        sql.SQL("true" if params.header else "false"), sql.Literal(params.delimiter), sql.Literal(params.null)
    )


def _loaded(table: str, given: int, written: int, returned: list[dict[str, Any]]) -> Result:
    skipped = given - written
    note = f", {counted(skipped, 'row')} skipped since they were there already" if skipped > 0 else ""
    return Result.ok(f"{counted(written, 'row')} written to {table}{note}.", _written(table, given, written, returned))


def _written(table: str, given: int, written: int, returned: list[dict[str, Any]]) -> dict[str, Any]:
    return {"table": table, "given": given, "written": written, "skipped": max(given - written, 0), "rows": returned}
