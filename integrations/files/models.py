"""What the file tasks are given."""

from __future__ import annotations

import codecs
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from flowbook import typed

MAX_BYTES = 100_000_000

_FILE: dict[str, Any] = {"flowbook_type": "file"}
_TEXT: dict[str, Any] = {"flowbook_type": "text"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}


def _known_encoding(value: Any) -> Any:
    try:
        codecs.lookup(value)
    except (LookupError, TypeError, ValueError):
        raise ValueError(f"{value!r} is no text encoding; utf-8, latin-1 and cp1252 are some") from None
    return value


def _delimiter(value: Any) -> Any:
    """One character; a form gives a tab as ``\\t`` or ``tab``."""
    return "\t" if value in ("\\t", "tab") else value


Path = Annotated[str, Field(min_length=1, json_schema_extra=_FILE)]
Encoding = Annotated[str, BeforeValidator(_known_encoding)]
Delimiter = Annotated[str, BeforeValidator(_delimiter), Field(min_length=1, max_length=1)]
Columns = Annotated[list[str] | None, typed.BlankIsNone]
Limit = Annotated[Annotated[int, Field(ge=1)] | None, typed.BlankIsNone]

READ = "File to read"
WRITE = "File to write; folders that are missing are made"
ENCODING = "Text encoding, such as utf-8, latin-1 or cp1252"
BYTES = "Largest file that is read, in bytes"


class Credentials(typed.Credentials):
    """Nothing secret: which folder the files are in. Without an integration that is the workspace's folder."""

    root: str | None = Field(
        None,
        description="Folder that all paths stay inside; without it the workspace's folder",
        json_schema_extra=_FILE,
    )


class TestConnection(typed.Params):
    """Nothing: the folder is all that is tried."""


class ReadText(typed.Params):
    """A text file."""

    path: Path = Field(description=READ)
    encoding: Encoding = Field("utf-8", description=ENCODING)
    max_bytes: int = Field(MAX_BYTES, ge=1, description=BYTES)


class WriteText(typed.Params):
    """Text for a file."""

    path: Path = Field(description=WRITE)
    text: str = Field(description="The text, written as it is", json_schema_extra=_TEXT)
    append: bool = Field(False, description="Add to the end of the file, in place of replacing it")
    encoding: Encoding = Field("utf-8", description=ENCODING)


class ReadJson(ReadText):
    """A JSON file."""

    lines: bool = Field(False, description="One JSON value a line (JSON Lines); the data is the list of them")


class WriteJson(typed.Params):
    """A value for a JSON file."""

    path: Path = Field(description=WRITE)
    data: Any = Field(description="What to write: any value, or a DataFrame", json_schema_extra=_JSON)
    indent: int = Field(2, ge=0, le=10, description="Spaces for each level; 0 writes all on one line")
    lines: bool = Field(False, description="Write a list as JSON Lines: one item a line")


class ReadCsv(typed.Params):
    """A CSV file."""

    path: Path = Field(description=READ)
    as_: Literal["rows", "dataframe"] = Field(
        "rows", alias="as", description="Rows as a list of objects, or as a pandas DataFrame"
    )
    delimiter: Delimiter = Field(",", description="What separates the cells; tab for a tab")
    encoding: Encoding = Field("utf-8", description=ENCODING)
    columns: Columns = Field(None, description="Names of the columns, for a file whose first line does not hold them")
    typed: bool = Field(True, description="Turn columns of numbers, and of true and false, into such values")
    text_columns: list[str] = Field(default_factory=list, description="Columns that stay text, such as postcodes")
    limit: Limit = Field(None, description="Read only this many rows")
    max_bytes: int = Field(MAX_BYTES, ge=1, description=BYTES)


class WriteCsv(typed.Params):
    """Rows for a CSV file."""

    path: Path = Field(description=WRITE)
    rows: Any = Field(description="A list of objects (column: value), or a DataFrame", json_schema_extra=_JSON)
    columns: Columns = Field(None, description="Columns to write, in this order; without it, all that the rows have")
    delimiter: Delimiter = Field(",", description="What separates the cells; tab for a tab")
    encoding: Encoding = Field("utf-8", description=ENCODING)
    safe: bool = Field(
        False, description="Put ' before cells that a spreadsheet would run as a formula: for files that people open"
    )


class ReadParquet(typed.Params):
    """A Parquet file."""

    path: Path = Field(description=READ)
    as_: Literal["rows", "dataframe"] = Field(
        "dataframe", alias="as", description="A pandas DataFrame, or rows as a list of objects"
    )
    columns: Columns = Field(None, description="Only these columns")
    max_bytes: int = Field(MAX_BYTES, ge=1, description=BYTES)


class WriteParquet(typed.Params):
    """Rows for a Parquet file."""

    path: Path = Field(description=WRITE)
    rows: Any = Field(description="A DataFrame, or a list of objects (column: value)", json_schema_extra=_JSON)


class Glob(typed.Params):
    """A pattern."""

    pattern: str = Field(min_length=1, description="Such as *.csv, or reports/**/*.md for all folders below")
    limit: int = Field(10_000, ge=1, description="Most files to list; the message says when there were more")


class Exists(typed.Params):
    """A path that may lead nowhere."""

    path: Path = Field(description="File or folder to look for")


class Delete(typed.Params):
    """What to delete."""

    path: Path = Field(description="File, link or folder to delete")
    recursive: bool = Field(False, description="Delete a folder with all that is in it")


class Transfer(typed.Params):
    """From where to where."""

    source: Path = Field(description="What is there now")
    target: Path = Field(description="Its new path, name included; folders that are missing are made")
    overwrite: bool = Field(False, description="Replace a file that is there already")
