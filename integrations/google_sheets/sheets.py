"""Spreadsheets and their sheets.

Facts: https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets (get, create, batchUpdate).
"""

from __future__ import annotations

from typing import Any

from flowbook import Result, http, task
from flowbook.counting import counted

from .client import Sheets
from .models import AddSheet, CreateSpreadsheet, Credentials, DeleteSheet, OneSpreadsheet, TestConnection

_NONE_SUCH = "flowbook-asks-for-what-is-not-there"


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: TestConnection) -> Result:
    """Open a spreadsheet; without one, see that Google takes the token: what is not there must be answered so."""
    with Sheets(credentials) as sheets:
        if params.spreadsheet:
            found = sheets.about(params.spreadsheet)
            title = (found.get("properties") or {}).get("title")
            return Result.ok(f"Successfully connected to Google Sheets: {title!r} is there.", {"title": title})
        try:
            sheets.about(_NONE_SUCH)
        except http.ServiceError as error:
            if error.status != 404 or "NOT_FOUND" not in str(error.data.get("answer")):
                raise
    return Result.ok("Successfully connected to Google Sheets!", {"status": "connected"})


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_spreadsheet(credentials: Credentials, params: OneSpreadsheet) -> Result:
    """Ask about a spreadsheet. Data: {"id", "title", "url", "sheets": [{"id", "title", "rows", "columns"}]}."""
    with Sheets(credentials) as sheets:
        data = _told(sheets.about(params.spreadsheet))
    return Result.ok(f"{data['title']!r} has {counted(len(data['sheets']), 'sheet')}.", data)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "id": "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms",
        "title": "Report",
        "url": "https://docs.google.com/spreadsheets/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms/edit",
        "sheets": [{"id": 0, "title": "Sheet1", "rows": 1000, "columns": 26}],
    },
)
def create_spreadsheet(credentials: Credentials, params: CreateSpreadsheet) -> Result:
    """Make a spreadsheet, in the drive of who signed in. Data: as get_spreadsheet gives it."""
    body: dict[str, Any] = {"properties": {"title": params.title}}
    if params.sheets:
        body["sheets"] = [{"properties": {"title": title}} for title in params.sheets]
    with Sheets(credentials) as sheets:
        data = _told(sheets.call("POST", "", "spreadsheetId", json=body, expect=(200,)))
    return Result.ok(f"Spreadsheet {params.title!r} made.", data)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"id": 2044614368, "title": "May", "rows": 1000, "columns": 26},
)
def add_sheet(credentials: Credentials, params: AddSheet) -> Result:
    """Add a sheet. Data: {"id", "title", "rows", "columns"}."""
    asked = {"addSheet": {"properties": {"title": params.title}}}
    with Sheets(credentials) as sheets:
        answer = _batch(sheets, params.spreadsheet, asked)
    replies = answer.get("replies") or [{}]
    return Result.ok(f"Sheet {params.title!r} added.", _sheet(replies[0].get("addSheet") or {}))


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def delete_sheet(credentials: Credentials, params: DeleteSheet) -> Result:
    """Delete a sheet, with all that it holds. Data: {"id", "title"}."""
    with Sheets(credentials) as sheets:
        found = sheets.sheet(params.spreadsheet, params.sheet)
        _batch(sheets, params.spreadsheet, {"deleteSheet": {"sheetId": found.get("sheetId")}})
    data = {"id": found.get("sheetId"), "title": params.sheet}
    return Result.ok(f"Sheet {params.sheet!r} deleted.", data)


def _batch(sheets: Sheets, id: str, request: dict[str, Any]) -> dict[str, Any]:
    path = f"{http.segment(id)}:batchUpdate"
    return sheets.call("POST", path, "spreadsheetId", json={"requests": [request]}, expect=(200,))


def _told(found: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": found.get("spreadsheetId"),
        "title": (found.get("properties") or {}).get("title"),
        "url": found.get("spreadsheetUrl"),
        "sheets": [_sheet(one) for one in found.get("sheets") or []],
    }


def _sheet(one: dict[str, Any]) -> dict[str, Any]:
    properties = one.get("properties") or {}
    grid = properties.get("gridProperties") or {}
    named = {"id": properties.get("sheetId"), "title": properties.get("title")}
    return {**named, "rows": grid.get("rowCount"), "columns": grid.get("columnCount")}
