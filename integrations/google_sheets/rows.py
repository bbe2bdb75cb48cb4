"""Rows and cells. Facts: https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets.values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from flowbook import Result, TaskFailed, http, tables, task
from flowbook.counting import counted

from .client import Sheets
from .models import AppendRows, Clear, Credentials, ReadRows, ReadValues, UpdateRows, WriteRows, WriteValues


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def read_rows(credentials: Credentials, params: ReadRows) -> Result:
    """Read a sheet as rows, by the names in its first row. Data: a list of objects; an empty cell is None.

    Dates come as they are shown. A name that comes twice gets _2.
    """
    with Sheets(credentials) as sheets:
        place = sheets.place(params.spreadsheet, params.sheet, params.cells)
        values = sheets.values(params.spreadsheet, place, formatted=params.formatted)
    width = max((len(row) for row in values), default=0)
    first = [_name(value) for value in values[0]] if values else []
    first += [""] * (width - len(first))
    names = tables.column_names(name or f"column_{number}" for number, name in enumerate(first, 1))
    rows = [dict(zip(names, [_read(one) for one in _wide(row, width)], strict=True)) for row in values[1:]]
    return Result.ok(f"{counted(len(rows), 'row')}.", rows)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def read_values(credentials: Credentials, params: ReadValues) -> Result:
    """Read cells as they are. Data: a list of rows, each a list of values; an empty cell is None."""
    with Sheets(credentials) as sheets:
        place = sheets.place(params.spreadsheet, params.sheet, params.cells)
        formats = {"formulas": params.formulas, "formatted": params.formatted}
        values = sheets.values(params.spreadsheet, place, **formats)
    width = max((len(row) for row in values), default=0)
    rows = [[_read(one) for one in _wide(row, width)] for row in values]
    return Result.ok(f"{counted(len(rows), 'row')}.", rows)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"range": "Sheet1!A5:B6", "rows": 2},
)
def append_rows(credentials: Credentials, params: AppendRows) -> Result:
    """Add rows below those that are there. Data: {"range", "rows"}: where they are, and how many.

    Objects go to the columns of their names in the first row, which an empty sheet gets. Texts stay texts, so that no
    formula in them runs, unless ``parse`` is set.
    """
    given = _given(params.rows)
    with Sheets(credentials) as sheets:
        place = sheets.place(params.spreadsheet, params.sheet, None)
        added = _append(sheets, params, place, given)
    return Result.ok(f"{counted(len(given), 'row')} added.", {"range": added, "rows": len(given)})


def _append(sheets: Sheets, params: AppendRows, place: str, given: list[Any]) -> Any:
    """Add rows below those that are there; where they are."""
    values = given if isinstance(given[0], list) else _under_names(sheets, params, place, given)
    query = {"valueInputOption": _option(params.parse), "insertDataOption": "INSERT_ROWS"}
    path = f"{http.segment(params.spreadsheet)}/values/{http.segment(place)}:append"
    answer = sheets.call("POST", path, "updates", params=query, json={"values": values}, expect=(200,))
    return answer["updates"].get("updatedRange") if isinstance(answer["updates"], dict) else None


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"range": "Sheet1!A1:B3", "rows": 2},
)
def write_rows(credentials: Credentials, params: WriteRows) -> Result:
    """Put rows in place of all that a sheet holds, under their names. Data: {"range", "rows"}.

    What is written is there before what was more is emptied.
    """
    given = _given(params.rows)
    names: list[Any] = [] if isinstance(given[0], list) else _names_of(given)
    values = [names, *([row.get(name) for name in names] for row in given)] if names else given
    values = [[_written(one) for one in row] for row in values]
    with Sheets(credentials) as sheets:
        there = sheets.sheet(params.spreadsheet, params.sheet)
        title, grid = str(there["title"]), there.get("gridProperties") or {}
        width = max(len(row) for row in values)
        sheets.make_room(params.spreadsheet, there, len(values), width)
        place = sheets.place(params.spreadsheet, title, "A1")
        written = _put(sheets, params.spreadsheet, place, values, params.parse)
        rest = []
        if int(grid.get("rowCount") or 0) > len(values):
            rest.append(f"A{len(values) + 1}:{_letters(max(width, int(grid.get('columnCount') or 1)))}")
        if int(grid.get("columnCount") or 0) > width:
            rest.append(f"{_letters(width + 1)}1:{_letters(int(grid['columnCount']))}{len(values)}")
        if rest:
            ranges = [sheets.place(params.spreadsheet, title, cells) for cells in rest]
            path = f"{http.segment(params.spreadsheet)}/values:batchClear"
            sheets.call("POST", path, "spreadsheetId", json={"ranges": ranges}, expect=(200,), retry=True)
    return Result.ok(f"{counted(len(given), 'row')} written.", {"range": written, "rows": len(given)})


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"updated": 1, "added": 1},
)
def update_rows(credentials: Credentials, params: UpdateRows) -> Result:
    """Change cells of rows that are there, each known by what it holds in a column. Data: {"updated", "added"}.

    The columns that a row names are written, the others stay; of several rows alike the first is meant. A row that is
    not there is an error before anything is written, or is added with add_missing.
    """
    given = _given(params.rows)
    if isinstance(given[0], list) or not all(params.match_on in row for row in given):
        hint = f"Give a list of objects, each with {params.match_on!r}."
        raise TaskFailed("It is not said which rows are meant.", hint=hint, permanent=True)
    with Sheets(credentials) as sheets:
        place = sheets.place(params.spreadsheet, params.sheet, None)
        values = sheets.values(params.spreadsheet, place)
        names = [_name(value) for value in values[0]] if values else []
        known = _numbers(values, names, params.match_on)
        changed = [(known[key], row) for row in given if (key := _key(row[params.match_on])) in known]
        missing = [row for row in given if _key(row[params.match_on]) not in known]
        if missing and not params.add_missing:
            said = f"Google Sheets: no row has {missing[0][params.match_on]!r} in {params.match_on!r}."
            raise TaskFailed(said, {"kind": "not_found"}, "Or turn on add_missing.", permanent=True)
        parts = [part for number, row in changed for part in _cells(place, number, row, names, params.match_on)]
        if parts:
            body = {"valueInputOption": _option(params.parse), "data": parts}
            path = f"{http.segment(params.spreadsheet)}/values:batchUpdate"
            sheets.call("POST", path, "spreadsheetId", json=body, expect=(200,))
        if missing:
            added = [{name: value for name, value in row.items() if name != "row_number"} for row in missing]
            more = AppendRows(spreadsheet=params.spreadsheet, sheet=params.sheet, rows=added, parse=params.parse)
            _append(sheets, more, place, added)
    return Result.ok(f"{len(changed)} changed, {len(missing)} added.", {"updated": len(changed), "added": len(missing)})


def _numbers(values: list[list[Any]], names: list[str], match_on: str) -> dict[str, int]:
    """The numbers of rows by what they hold in a column, the first of those alike."""
    if match_on in names:
        at = names.index(match_on)
        held = [(_key(row[at]) if at < len(row) else "", number) for number, row in enumerate(values[1:], 2)]
        return {key: number for key, number in reversed(held) if key}
    if match_on == "row_number":
        return {str(number): number for number in range(2, len(values) + 1)}
    hint = f"There are: {', '.join(filter(None, names))}."
    raise TaskFailed(f"Google Sheets: the first row has no {match_on!r}.", hint=hint, permanent=True)


def _key(value: Any) -> str:
    """A value as rows are compared: 5, 5.0 and "5" are one."""
    value = _written(value)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _cells(place: str, number: int, row: dict[str, Any], names: list[str], match_on: str) -> list[dict[str, Any]]:
    """The cells of a row that are to be written."""
    new = [name for name in row if name not in names and name != match_on]
    if new:
        hint = f"There are: {', '.join(filter(None, names))}."
        raise TaskFailed(f"Google Sheets: the first row has no {new[0]!r}.", hint=hint, permanent=True)
    cells = [(names.index(name) + 1, value) for name, value in row.items() if name in names and name != match_on]
    return [{"range": f"{place}!{_letters(at)}{number}", "values": [[_written(value)]]} for at, value in cells]


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"range": "Sheet1!A1:B3", "rows": 3},
)
def write_values(credentials: Credentials, params: WriteValues) -> Result:
    """Write cells: one, a row, or several rows. Data: {"range", "rows"}."""
    given = params.values
    rows = given if isinstance(given, list) and given and all(isinstance(row, list) for row in given) else None
    values = rows or [given if isinstance(given, list) else [given]]
    with Sheets(credentials) as sheets:
        place = sheets.place(params.spreadsheet, params.sheet, params.cells)
        cells = [[_written(one) for one in row] for row in values]
        written = _put(sheets, params.spreadsheet, place, cells, params.parse)
    return Result.ok(f"{written} written.", {"range": written, "rows": len(values)})


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def clear(credentials: Credentials, params: Clear) -> Result:
    """Empty cells; their formats stay. Data: {"range"}."""
    with Sheets(credentials) as sheets:
        place = sheets.place(params.spreadsheet, params.sheet, params.cells)
        path = f"{http.segment(params.spreadsheet)}/values/{http.segment(place)}:clear"
        answer = sheets.call("POST", path, "clearedRange", json={}, expect=(200,), retry=True)
    return Result.ok(f"{answer['clearedRange']} emptied.", {"range": answer["clearedRange"]})


def _under_names(sheets: Sheets, params: AppendRows, place: str, rows: list[dict[str, Any]]) -> list[list[Any]]:
    """Values in the order of the names in the first row; TaskFailed for a name that is not there."""
    found = sheets.values(params.spreadsheet, f"{place}!1:1")
    names = [_name(value) for value in found[0]] if found else []
    new = [name for name in _names_of(rows) if name not in names]
    if names and new and not params.add_columns:
        hint = f"There are: {', '.join(filter(None, names))}. Or turn on add_columns."
        raise TaskFailed(f"Google Sheets: the first row has no {new[0]!r}.", hint=hint, permanent=True)
    if new:
        names += new
        sheets.make_room(params.spreadsheet, sheets.sheet(params.spreadsheet, params.sheet), 1, len(names))
        _put(sheets, params.spreadsheet, f"{place}!A1", [list(names)], False)
    return [[_written(row.get(name)) if name else None for name in names] for row in rows]


def _put(sheets: Sheets, id: str, place: str, values: list[list[Any]], parse: bool) -> str:
    """Write values from a cell on; the range that was written."""
    path = f"{http.segment(id)}/values/{http.segment(place)}"
    query = {"valueInputOption": _option(parse)}
    answer = sheets.call("PUT", path, "updatedRange", params=query, json={"values": values}, expect=(200,))
    return str(answer["updatedRange"])


def _given(rows: Any) -> list[Any]:
    """Rows out of what a param gives: objects, or lists; TaskFailed for what is none."""
    found = list(tables.rows(rows)) if tables.is_frame(rows) else [rows] if isinstance(rows, Mapping) else rows
    if isinstance(found, list) and found:
        if all(isinstance(row, Mapping) and row for row in found):
            return [{str(name): value for name, value in row.items()} for row in found]
        if all(isinstance(row, (list, tuple)) for row in found):
            return [[_written(one) for one in row] for row in found]
    hint = "Give a list of objects, a list of lists, or a DataFrame; it must not be empty."
    raise TaskFailed("The rows are not understood.", hint=hint, permanent=True)


def _names_of(rows: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _written(value: Any) -> Any:
    """A value as a cell holds one; None leaves no text behind."""
    value = tables.scalar(value)
    if value is None:
        return ""
    if isinstance(value, date):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (dict, list, tuple)) else value


def _read(value: Any) -> Any:
    return None if value == "" else value


def _name(value: Any) -> str:
    return str(value).strip()


def _wide(row: list[Any], width: int) -> list[Any]:
    return [*row, *[None] * (width - len(row))]


def _option(parse: bool) -> str:
    return "USER_ENTERED" if parse else "RAW"


def _letters(number: int) -> str:
    """The name of a column: 1 is A, 27 is AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
