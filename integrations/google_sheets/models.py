"""The credentials and params of the Google Sheets tasks."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from flowbook import Secret, google, typed

_LINK = re.compile(r"https?://docs\.google\.com/spreadsheets/(?:u/\d+/)?d/(?P<id>[A-Za-z0-9_-]+).*")
_JSON: dict[str, Any] = {"flowbook_type": "json"}


def _id(text: str) -> str:
    found = _LINK.fullmatch(text)
    id = found["id"] if found else text
    if not re.fullmatch(r"[A-Za-z0-9_-]{10,}", id):
        raise ValueError("must be the ID of a spreadsheet, or its link")
    return id


Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
OptionalName = Annotated[Name | None, typed.BlankIsNone]
Spreadsheet = Annotated[Name, AfterValidator(_id)]
Cells = Annotated[
    Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z]{0,3}[0-9]*(:[A-Za-z]{0,3}[0-9]*)?$")]
    | None,
    typed.BlankIsNone,
]

SPREADSHEET = "Spreadsheet: its ID, or its link."
SHEET = "Sheet: its title exactly; the first when empty."
ROWS = "Rows: a list of objects, a list of lists, or a DataFrame."
PARSE = "Read texts as if somebody typed them: dates, numbers and =formulas. Else they stay texts."


class Credentials(google.Account):
    """Who signs in, or a service account."""

    oauth2: Annotated[Secret | None, google.sign_in("spreadsheets")] = google.token()
    base_url: str = google.address("https://sheets.googleapis.com")


class OneSpreadsheet(typed.Params):
    """A spreadsheet."""

    spreadsheet: Spreadsheet = Field(description=SPREADSHEET)


class TestConnection(typed.Params):
    """What to try."""

    spreadsheet: Annotated[Spreadsheet | None, typed.BlankIsNone] = Field(
        None, description="A spreadsheet to open; without one only the sign-in is tried."
    )


class _InSheet(OneSpreadsheet):
    """Cells of a sheet."""

    sheet: OptionalName = Field(None, description=SHEET)


class ReadRows(_InSheet):
    """Which rows."""

    cells: Cells = Field(
        None, description="Which cells, as A1:F or B2:D10; all when empty. The first row has the names."
    )
    formatted: bool = Field(False, description="As they are shown, in place of numbers.")


class ReadValues(_InSheet):
    """Which cells."""

    cells: Cells = Field(None, description="Which cells, as A1:F or B2:D10; all when empty.")
    formatted: bool = Field(False, description="As they are shown, in place of numbers.")
    formulas: bool = Field(False, description="The formulas, in place of what they give.")


class _Rows(_InSheet):
    """Rows to write."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["spreadsheet", "sheet", "rows"]})

    rows: Any = Field(description=ROWS, json_schema_extra=_JSON)
    parse: bool = Field(False, description=PARSE)


class AppendRows(_Rows):
    """Rows for below those that are there."""

    add_columns: bool = Field(False, description="Add a column for each name that the first row has not.")


class WriteRows(_Rows):
    """Rows in place of those that are there."""


class UpdateRows(_Rows):
    """Rows that are there, and what is new about them."""

    match_on: Name = Field(description="Column that tells which row is meant; row_number is its place, from 1.")
    add_missing: bool = Field(False, description="Add those that are not there, below the others.")


class WriteValues(_InSheet):
    """Values of cells."""

    cells: Annotated[Name, StringConstraints(pattern=r"^[A-Za-z]{1,3}[0-9]+(:[A-Za-z]{1,3}[0-9]+)?$")] = Field(
        description="The first cell, or all of them, as B2 or B2:D3."
    )
    values: Any = Field(description="One value, a list (a row), or a list of rows.", json_schema_extra=_JSON)
    parse: bool = Field(False, description=PARSE)


class Clear(_InSheet):
    """Which cells."""

    cells: Cells = Field(None, description="Which cells, as A2:F; all when empty.")


class CreateSpreadsheet(typed.Params):
    """A new spreadsheet."""

    title: Name = Field(description="Its title.")
    sheets: Annotated[list[Name], typed.Parted] = Field(
        default_factory=list, description="Titles of its sheets, with commas or as a list."
    )


class AddSheet(OneSpreadsheet):
    """A new sheet."""

    title: Name = Field(description="Its title.")


class DeleteSheet(OneSpreadsheet):
    """A sheet."""

    sheet: Name = Field(description="Its title exactly.")
