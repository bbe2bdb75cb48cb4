"""Reading and writing sheets."""

from __future__ import annotations

from itertools import islice
from typing import Any

from flowbook import Result, TaskFailed, contents, how_to_install, tables, task
from flowbook.counting import counted

from .books import changing, opened, openpyxl, sheet_of
from .cells import dated, put, rows_of, taken
from .models import MAX_BYTES, AppendRows, Book, Credentials, Nothing, ReadSheet, Target, WriteSheet

MOST_CELLS = 20_000_000


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: Nothing) -> Result:
    """Nothing to connect to: look whether the library that reads workbooks is installed."""
    return Result.ok(f"openpyxl {openpyxl().__version__} is ready.")


@task(effects="read", network=False, reads_files="path", writes_files=False, runs_code=False)
def list_sheets(credentials: object, params: Book) -> Result:
    """List the sheets of a workbook. Data: a list of {"name", "rows", "columns", "hidden"}."""
    name, content = contents.read(params.path, params.content, params.max_bytes)
    with opened(name, content, read_only=True) as book:
        data = [
            {
                "name": sheet.title,
                "rows": sheet.max_row,
                "columns": sheet.max_column,
                "hidden": sheet.sheet_state != "visible",
            }
            for sheet in book.worksheets
        ]
    return Result.ok(f"{name} has {len(data)} sheet{'' if len(data) == 1 else 's'}.", data)


@task(effects="read", network=False, reads_files="path", writes_files=False, runs_code=False)
def read_sheet(credentials: object, params: ReadSheet) -> Result:
    """Read the rows of a sheet, or of a range in it; rows that are empty are left out.

    Data: a list of {column: value}, of lists without a header, or a DataFrame. Dates are ISO text in rows. A formula
    is what it came to when the workbook was last saved by a program that computes; null when it never was.
    """
    name, content = contents.read(params.path, params.content, params.max_bytes)
    area = _area(params.range_)
    with opened(name, content, read_only=True, data_only=not params.formulas) as book:
        sheet = sheet_of(book, params.sheet)
        sheet.reset_dimensions()  # what the file says of them need not be true
        found = _rows(sheet.iter_rows(values_only=True, **area))
        header: list[Any] = next(found, []) if params.header else []
        rows = list(found if params.limit is None else islice(found, params.limit + 1))
    cut = params.limit is not None and len(rows) > params.limit
    rows = rows[: params.limit]
    width = max(map(len, [header, *rows]))
    _check_size(width, len(rows))
    rows = [[*row, *[None] * (width - len(row))] for row in rows]
    note = f", cut at the limit of {params.limit:,}: there are more" if cut else ""
    message = f"Read {name}: {counted(len(rows), 'row')}, {width} columns{note}."
    return Result.ok(message, as_wanted(_names(header, width), rows, params.as_, params.header))


def _area(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        left, top, right, bottom = openpyxl().utils.range_boundaries(text.strip().replace("$", ""))
    except (ValueError, TypeError):
        hint = "Write it like B2:D20, B:D or 2:20."
        raise TaskFailed(f"{text!r} is no range of cells.", hint=hint, permanent=True) from None
    return {"min_col": left, "min_row": top, "max_col": right, "max_row": bottom}


def _rows(given: Any) -> Any:
    """Rows that are not empty, without the empty cells at their end."""
    for row in given:
        values = [taken(value) for value in row]
        while values and values[-1] is None:
            values.pop()
        if values:
            yield values


def _check_size(width: int, rows: int) -> None:
    if width * rows > MOST_CELLS:
        hint = "Name a range, or lower limit."
        raise TaskFailed(f"That is {width * rows:,} cells, more than {MOST_CELLS:,}.", hint=hint, permanent=True)


def _names(header: list[Any], width: int) -> list[str]:
    texts = ["" if one is None else str(one).strip() for one in dated([header])[0]]
    texts += [""] * (width - len(texts))
    return tables.column_names(text or f"column_{number}" for number, text in enumerate(texts, 1))


def as_wanted(names: list[str], rows: list[list[Any]], form: str, header: bool) -> Any:
    """Rows as objects, as lists (without a header), or as a DataFrame (``form``)."""
    if form == "dataframe":
        try:
            import pandas as pd
        except ImportError:
            raise TaskFailed("pandas is not installed.", hint=how_to_install("pandas"), permanent=True) from None
        return pd.DataFrame(rows, columns=names)
    plain = dated(rows)
    return [dict(zip(names, row, strict=True)) for row in plain] if header else plain


@task(
    effects="idempotent",
    network=False,
    reads_files="path",
    writes_files="path",
    runs_code=False,
    example={"path": "report.xlsx", "sheet": "Sheet1", "rows": 2},
)
def write_sheet(credentials: object, params: WriteSheet) -> Result:
    """Write rows as a sheet, in place of what it held; the workbook's other sheets stay.

    Data: {"path", "sheet", "rows"}. The file is replaced as a whole or not at all.
    """
    given, rows = rows_of(params.rows)
    names = params.columns or given
    unknown = [name for name in names if rows and name not in given]
    if unknown:
        hint = f"The columns are {', '.join(given)}."
        raise TaskFailed(f"There is no column {unknown[0]!r}.", hint=hint, permanent=True)
    with changing(params.path, params.lossy, MAX_BYTES) as book:
        title, place = _emptied(book, params.sheet)
        sheet = _made(book, title, place)
        _fill(sheet, 1, names, [dict(zip(names, names, strict=True))], False)
        _fill(sheet, 2, names, rows, params.formulas)
        sheet.freeze_panes = "A2"
    return _written(params, title, len(rows))


def _emptied(book: Any, wanted: str | None) -> tuple[str, int]:
    """The name and the place of the sheet to write, the old one of that name removed."""
    title = wanted or (book.worksheets[0].title if book.worksheets else "Sheet1")
    if title not in book.sheetnames:
        return title, len(book.sheetnames)
    place = book.sheetnames.index(title)
    book.remove(book[title])
    return title, place


def _made(book: Any, title: str, place: int) -> Any:
    try:
        return book.create_sheet(title[:100], place)
    except ValueError:
        pass
    hint = r"Leave out \ / * ? : [ ]."
    raise TaskFailed(f"{title!r} is no name for a sheet.", hint=hint, permanent=True)


@task(
    effects="write",
    network=False,
    reads_files="path",
    writes_files="path",
    runs_code=False,
    example={"path": "report.xlsx", "sheet": "Sheet1", "rows": 2},
)
def append_rows(credentials: object, params: AppendRows) -> Result:
    """Add rows below those of a sheet, by the names in its first row; a new column comes at its end.

    Data: {"path", "sheet", "rows"}. A workbook or sheet that is not there is made.
    """
    given, rows = rows_of(params.rows)
    with changing(params.path, params.lossy, MAX_BYTES) as book:
        title = params.sheet or (book.worksheets[0].title if book.worksheets else "Sheet1")
        if title not in book.sheetnames:
            _made(book, title, len(book.sheetnames))
        sheet = sheet_of(book, title)
        filled = [number for number, row in enumerate(sheet.iter_rows(values_only=True), 1) if any_value(row)]
        header = next(sheet.iter_rows(max_row=1, values_only=True), ()) if filled else ()
        old = _names(next(_rows([header])), len(header)) if any_value(header) else []
        names = [*old, *(name for name in given if name not in old)]
        _fill(sheet, 1, names[len(old) :], [dict(zip(names, names, strict=True))], False, len(old))
        _fill(sheet, max(filled, default=1) + 1, names, rows, params.formulas)
    return _written(params, title, len(rows))


def any_value(row: Any) -> bool:
    """Whether a row holds anything."""
    return any(value is not None for value in row)


def _fill(sheet: Any, top: int, names: list[str], rows: list[dict[str, Any]], formulas: bool, left: int = 0) -> None:
    for down, row in enumerate(rows):
        for across, name in enumerate(names, 1 + left):
            if row.get(name) is not None:
                put(sheet.cell(top + down, across), row[name], formulas, f"Row {down + 1}, column {name!r},")


def _written(params: Target, title: str, count: int) -> Result:
    return Result.ok(f"Wrote {counted(count, 'row')} to {title!r} of {params.path}.",
                     {"path": params.path, "sheet": title, "rows": count})  # fmt: skip
