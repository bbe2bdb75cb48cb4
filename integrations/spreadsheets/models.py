"""What the spreadsheet tasks are given."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from flowbook import typed

MAX_BYTES = 50_000_000

_FILE: dict[str, Any] = {"flowbook_type": "file"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}

Name = Annotated[str, StringConstraints(min_length=1)]
Sheet = Annotated[Name | None, typed.BlankIsNone]
Limit = Annotated[Annotated[int, Field(ge=1)] | None, typed.BlankIsNone]

SHEET = "Sheet, by its name; without it the first"
TABLE = "Table, by the name that Excel shows in Table Design"
ROWS = "A list of objects (column: value), or a DataFrame"
FORMULAS = "Whether a text that begins with = becomes a formula; else it stays the text it is"
LOSSY = "Change the file also when it has charts, pictures or the like, which are lost then"


class Credentials(typed.Credentials):
    """None: workbooks are files on this machine."""


class Nothing(typed.Params):
    """No params."""


class Book(typed.Params):
    """The workbook to read: a file, or its content."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["path"]})

    path: Annotated[Name | None, typed.BlankIsNone] = Field(
        None, description="Workbook (.xlsx, .xlsm) to read", json_schema_extra=_FILE
    )
    content: Any = Field(
        None, description="The workbook itself in place of a path: bytes, or base64", json_schema_extra=_JSON
    )
    max_bytes: int = Field(MAX_BYTES, ge=1, description="Largest workbook that is read, in bytes")


class ReadSheet(Book):
    """Which cells, and how they are wanted."""

    sheet: Sheet = Field(None, description=SHEET)
    range_: Annotated[Name | None, typed.BlankIsNone] = Field(
        None, alias="range", description="Cells to read, as in B2:D20, B:D or 2:20; without it all"
    )
    header: bool = Field(True, description="Whether the first row names the columns; else rows are lists")
    formulas: bool = Field(False, description="The formulas themselves, in place of what they last came to")
    as_: Literal["rows", "dataframe"] = Field("rows", alias="as", description="Rows as a list, or a pandas DataFrame")
    limit: Limit = Field(100_000, description="Most rows to read; the message says when there were more. Empty: all")


class Target(typed.Params):
    """The workbook to change, and the rows for it."""

    path: Name = Field(description="Workbook (.xlsx); made when it is not there", json_schema_extra=_FILE)
    sheet: Sheet = Field(None, description=SHEET)
    rows: Any = Field(description=ROWS, json_schema_extra=_JSON)
    formulas: bool = Field(False, description=FORMULAS)
    lossy: bool = Field(False, description=LOSSY)


class WriteSheet(Target):
    """What a sheet is to hold."""

    columns: Annotated[list[str] | None, typed.BlankIsNone] = Field(
        None, description="Columns to write, in this order; without it all", json_schema_extra=_JSON
    )


class AppendRows(Target):
    """Rows that are added below those that are there."""


class ReadTable(Book):
    """Which table, and how its rows are wanted."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["path", "table"]})

    table: Name = Field(description=TABLE)
    formulas: bool = Field(False, description="The formulas themselves, in place of what they last came to")
    as_: Literal["rows", "dataframe"] = Field("rows", alias="as", description="Rows as a list, or a pandas DataFrame")
    limit: Limit = Field(100_000, description="Most rows to read; the message says when there were more. Empty: all")


class AppendToTable(typed.Params):
    """A table, and rows for it."""

    path: Name = Field(description="Workbook (.xlsx, .xlsm) with the table", json_schema_extra=_FILE)
    table: Name = Field(description=TABLE)
    rows: Any = Field(description=ROWS, json_schema_extra=_JSON)
    formulas: bool = Field(False, description=FORMULAS)
    lossy: bool = Field(False, description=LOSSY)
