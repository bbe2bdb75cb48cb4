"""Excel tables: the named areas of a workbook, with a header of their own, that formulas and pivots refer to.

Facts: ECMA-376, part 1, section 18.5 (tables): names are unique in a workbook, whatever their case; a table may end
with a row of totals, and a column may have a formula that all its cells share.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

from flowbook import Result, TaskFailed, contents, task
from flowbook.counting import counted

from .books import changing, opened, openpyxl
from .cells import put, rows_of, taken
from .models import MAX_BYTES, AppendToTable, Book, ReadTable
from .tasks import any_value, as_wanted


@task(effects="read", network=False, reads_files="path", writes_files=False, runs_code=False)
def list_tables(credentials: object, params: Book) -> Result:
    """List the tables of a workbook. Data: a list of {"name", "sheet", "range", "columns", "rows"}."""
    name, content = contents.read(params.path, params.content, params.max_bytes)
    with opened(name, content) as book:
        data = [_told(sheet, table) for sheet in book.worksheets for table in sheet.tables.values()]
    return Result.ok(f"{name} has {counted(len(data), 'table')}.", data)


def _told(sheet: Any, table: Any) -> dict[str, Any]:
    top, bottom = _rows_of(table)
    columns = [str(column.name) for column in table.tableColumns]
    return {
        "name": table.displayName,
        "sheet": sheet.title,
        "range": table.ref,
        "columns": columns,
        "rows": max(bottom - top + 1, 0),
    }


def _area(table: Any) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of all of a table."""
    left, top, right, bottom = openpyxl().utils.range_boundaries(table.ref)
    return left, top, right, bottom


def _rows_of(table: Any) -> tuple[int, int]:
    """The first and the last row with data: without the header, and without the totals."""
    _, top, _, bottom = _area(table)
    header = 1 if table.headerRowCount is None else table.headerRowCount
    return top + header, bottom - (table.totalsRowCount or 0)


def _table_of(book: Any, wanted: str) -> tuple[Any, Any]:
    """The sheet and the table of that name; TaskFailed names those there are."""
    known = {table.displayName: (sheet, table) for sheet in book.worksheets for table in sheet.tables.values()}
    for name, found in known.items():
        if name.casefold() == wanted.strip().casefold():
            return found
    hint = f"There are: {', '.join(known)}." if known else "The workbook has no tables; read_sheet reads cells."
    raise TaskFailed(f"There is no table {wanted!r}.", hint=hint, permanent=True)


@task(effects="read", network=False, reads_files="path", writes_files=False, runs_code=False)
def read_table(credentials: object, params: ReadTable) -> Result:
    """Read the rows of a table, without its header and totals; rows that are empty are left out.

    Data: a list of {column: value}, or a DataFrame. Dates are ISO text in rows. A formula is what it came to when the
    workbook was last saved by a program that computes; null when it never was.
    """
    name, content = contents.read(params.path, params.content, params.max_bytes)
    with opened(name, content, data_only=not params.formulas) as book:
        sheet, table = _table_of(book, params.table)
        left, _, right, _ = _area(table)
        top, bottom = _rows_of(table)
        names = [str(column.name) for column in table.tableColumns]
        area = {"min_col": left, "max_col": right, "min_row": top, "max_row": bottom}
        given = sheet.iter_rows(values_only=True, **area) if bottom >= top else iter(())
        found = ([taken(value) for value in row] for row in given if any_value(row))
        rows = list(found if params.limit is None else islice(found, params.limit + 1))
    cut = params.limit is not None and len(rows) > params.limit
    rows = rows[: params.limit]
    note = f", cut at the limit of {params.limit:,}: there are more" if cut else ""
    message = f"Read {table.displayName} of {name}: {counted(len(rows), 'row')}{note}."
    return Result.ok(message, as_wanted(names, rows, params.as_, header=True))


@task(
    effects="write",
    network=False,
    reads_files="path",
    writes_files="path",
    runs_code=False,
    example={"path": "report.xlsx", "table": "Orders", "range": "A1:B4", "rows": 2},
)
def append_to_table(credentials: object, params: AppendToTable) -> Result:
    """Add rows at the end of a table, by the names of its columns; the table grows, and its totals move down.

    A column whose cells share a formula gets it where a row gives no value. Refused when a row has a column that the
    table lacks, and when something stands where the rows would go. Data: {"path", "table", "range", "rows"}.
    """
    given, rows = rows_of(params.rows)
    with changing(params.path, params.lossy, MAX_BYTES) as book:
        if not book.worksheets:
            raise TaskFailed(f"There is no file {params.path!r}.", hint="Check its path.", permanent=True)
        sheet, table = _table_of(book, params.table)
        names = [str(column.name) for column in table.tableColumns]
        unknown = [name for name in given if name not in names]
        if unknown:
            hint = f"The columns are {', '.join(names)}."
            raise TaskFailed(f"The table has no column {unknown[0]!r}.", hint=hint, permanent=True)
        if rows:
            _grow(sheet, table, len(rows))
            _write(sheet, table, names, rows, params.formulas)
    data = {"path": params.path, "table": table.displayName, "range": table.ref, "rows": len(rows)}
    return Result.ok(f"Added {counted(len(rows), 'row')} to {table.displayName} of {params.path}.", data)


def _grow(sheet: Any, table: Any, more: int) -> None:
    """Make room for rows at the end of a table, before its totals."""
    left, top, right, bottom = _area(table)
    below = sheet.iter_rows(bottom + 1, bottom + more, left, right, values_only=True)
    if bottom + more > sheet.max_row:
        below = sheet.iter_rows(bottom + 1, max(sheet.max_row, bottom + 1), left, right, values_only=True)
    if any(any_value(row) for row in below):
        hint = "Move what is there, or the table."
        what = f"Something stands below {table.displayName}, where the rows would go."
        raise TaskFailed(what, hint=hint, permanent=True)
    letter = openpyxl().utils.get_column_letter
    if table.totalsRowCount:
        place = f"{letter(left)}{bottom - table.totalsRowCount + 1}:{letter(right)}{bottom}"
        sheet.move_range(place, rows=more)
    table.ref = f"{letter(left)}{top}:{letter(right)}{bottom + more}"
    if table.autoFilter is not None:
        table.autoFilter.ref = f"{letter(left)}{top}:{letter(right)}{bottom + more - (table.totalsRowCount or 0)}"


def _write(sheet: Any, table: Any, names: list[str], rows: list[dict[str, Any]], formulas: bool) -> None:
    left, _, _, _ = _area(table)
    _, last = _rows_of(table)
    shared = {str(column.name): _formula(column) for column in table.tableColumns}
    for down, row in enumerate(rows):
        for across, name in enumerate(names):
            cell = sheet.cell(last - len(rows) + 1 + down, left + across)
            if row.get(name) is not None:
                put(cell, row[name], formulas, f"Row {down + 1}, column {name!r},")
            elif shared[name]:
                cell.value = f"={shared[name]}"


def _formula(column: Any) -> str:
    held = column.calculatedColumnFormula
    return str(held.attr_text or "").lstrip("=") if held is not None and not held.array else ""
