"""Talks to the Google Sheets API.

Facts: https://developers.google.com/workspace/sheets/api/reference/rest and /limits.
"""

from __future__ import annotations

from typing import Any

from flowbook import TaskFailed, google, http

from .models import Credentials

HINTS = {
    "PERMISSION_DENIED": "Share the spreadsheet with who signed in, or with the service account's address.",
    "NOT_FOUND": "Check the spreadsheet's ID or link.",
}


class Sheets(google.Api):
    """The API as who signed in, or as a service account; a context manager. TaskFailed when there is no token."""

    def __init__(self, credentials: Credentials) -> None:
        super().__init__(credentials, "Google Sheets", "v4/spreadsheets", HINTS)

    def about(self, id: str) -> dict[str, Any]:
        """Title, address and sheets of a spreadsheet."""
        fields = "spreadsheetId,spreadsheetUrl,properties.title,sheets.properties"
        return self.call("GET", http.segment(id), "spreadsheetId", params={"fields": fields})

    def sheet(self, id: str, title: str | None) -> dict[str, Any]:
        """The properties of the sheet with exactly that title; without one, of the first."""
        found = [one.get("properties") or {} for one in self.about(id).get("sheets") or []]
        for one in found:
            if title in (None, one.get("title")):
                return dict(one)
        known = ", ".join(repr(one.get("title")) for one in found)
        hint = f"There are: {known}."
        raise TaskFailed(f"Google Sheets: there is no sheet {title!r}.", hint=hint, permanent=True)

    def place(self, id: str, title: str | None, cells: str | None) -> str:
        """Where cells are, in A1 notation with the title of their sheet."""
        name = title if title is not None else str(self.sheet(id, None)["title"])
        quoted = "'" + name.replace("'", "''") + "'"
        return f"{quoted}!{cells}" if cells else quoted

    def make_room(self, id: str, sheet: dict[str, Any], rows: int, columns: int) -> None:
        """Make a sheet's grid large enough, if it is not: nothing can be written beyond it."""
        grid = sheet.get("gridProperties") or {}
        asked = []
        for dimension, wanted, there in (
            ("ROWS", rows, grid.get("rowCount")),
            ("COLUMNS", columns, grid.get("columnCount")),
        ):
            if there is not None and wanted > int(there):
                more = {"sheetId": sheet.get("sheetId"), "dimension": dimension, "length": wanted - int(there)}
                asked.append({"appendDimension": more})
        if asked:
            path = f"{http.segment(id)}:batchUpdate"
            self.call("POST", path, "spreadsheetId", json={"requests": asked}, expect=(200,))

    def values(self, id: str, place: str, *, formulas: bool = False, formatted: bool = False) -> list[list[Any]]:
        """The values of cells, row by row; what is empty at the end of a row or of all is not there."""
        option = "FORMULA" if formulas else "FORMATTED_VALUE" if formatted else "UNFORMATTED_VALUE"
        query = {"valueRenderOption": option, "dateTimeRenderOption": "FORMATTED_STRING"}
        answer = self.call("GET", f"{http.segment(id)}/values/{http.segment(place)}", "range", params=query)
        return list(answer.get("values") or [])
