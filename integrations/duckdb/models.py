"""What the DuckDB tasks are given."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from flowbook import typed

MEMORY_MB = 1024
"""Megabytes that a query may hold at once, when nothing else is said."""
Format = Literal["csv", "parquet", "json", "jsonl"]

_FILE: dict[str, Any] = {"flowbook_type": "file"}
_SQL: dict[str, Any] = {"flowbook_type": "text", "flowbook_language": "sql"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}
TABLES = (
    'The tables of the query, by name: {"orders": "data/orders.csv"}. Each is a file or a pattern of files (CSV, '
    'Parquet, JSON), {"path": …, "delimiter": ";"} for one that is to be read in another way, a list of objects, or a '
    "DataFrame"
)


class Credentials(typed.Credentials):
    """None: everything happens on this machine."""


class File(typed.Params):
    """A file that is a table, and how it is to be read where it does not say so itself."""

    path: str = Field(min_length=1, description="The file, or a pattern of files such as data/*.csv")
    format: Format | None = Field(None, description="What is in it; without it, by the name's ending")
    delimiter: str | None = Field(None, min_length=1, max_length=4, description="CSV: what stands between fields")
    header: bool | None = Field(None, description="CSV: whether the first line names the columns; else it is found out")
    text: bool = Field(False, description="CSV: all columns as text, nothing made into numbers and dates")
    null: str | None = Field(None, description="CSV: the text that stands for no value")
    encoding: str | None = Field(None, description="CSV: utf-8, utf-16 or latin-1")


class Nothing(typed.Params):
    """Nothing to give."""


class Tables(typed.Params):
    """What SQL may reach, and how much memory it has."""

    tables: dict[str, Any] = Field(default_factory=dict, description=TABLES, json_schema_extra=_JSON)
    memory_mb: int = Field(
        MEMORY_MB,
        ge=64,
        description="Megabytes that the query may hold at once; what is more is put on disk meanwhile",
        json_schema_extra={"flowbook_group": "Limits"},
    )


class Describe(Tables):
    """Which tables to look at."""

    summary: bool = Field(False, description="Also what each column holds: least, greatest, distinct, missing")


class Query(Tables):
    """A query, and how its rows are wanted."""

    sql: str = Field(
        min_length=1, description="One SELECT; ? or $name stand for the parameters", json_schema_extra=_SQL
    )
    parameters: list[Any] | dict[str, Any] | None = Field(
        None, description="Values for ? (a list) or $name (an object); never put values into the SQL itself"
    )
    as_: Literal["rows", "dataframe"] = Field(
        "rows", alias="as", description="Rows as a list of objects, or as a pandas DataFrame"
    )
    limit: Annotated[int | None, typed.BlankIsNone] = Field(
        100_000, ge=1, description="Most rows to fetch; the message says when there were more. Empty: all"
    )


class QueryToFile(Tables):
    """A query whose rows become a file."""

    sql: str = Field(
        min_length=1, description="One SELECT; ? or $name stand for the parameters", json_schema_extra=_SQL
    )
    file_path: str = Field(min_length=1, description="The file to write", json_schema_extra=_FILE)
    parameters: list[Any] | dict[str, Any] | None = Field(
        None, description="Values for ? (a list) or $name (an object)"
    )
    format: Format | None = Field(None, description="What to write; without it, by the name's ending")
    delimiter: str = Field(",", min_length=1, max_length=1, description="CSV: what stands between fields")
    header: bool = Field(True, description="CSV: whether the first line names the columns")
    overwrite: bool = Field(True, description="Whether an existing file may be replaced")
