"""What the SQLite tasks are given."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from flowbook import typed

_FILE: dict[str, Any] = {"flowbook_type": "file"}
_SQL: dict[str, Any] = {"flowbook_type": "text", "flowbook_language": "sql"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}


DATABASE = "Database file, or :memory: for one that lasts as long as the node; without it, that of the integration"
SQL = "One SQL statement; ? or :name stand for the parameters"
PARAMETERS = "Values for ? (a list) or :name (an object); never put values into the SQL itself"


class Credentials(typed.Credentials):
    """Nothing secret: where the databases are. Without an integration that is the workspace's folder."""

    database: str | None = Field(
        None, description="Database file for the nodes that name none", json_schema_extra=_FILE
    )
    root: str | None = Field(
        None,
        description="Folder that all databases stay inside; without it the workspace's folder",
        json_schema_extra=_FILE,
    )


class Params(typed.Params):
    """What all params have in common: which database."""

    database: Annotated[str | None, typed.BlankIsNone] = Field(None, description=DATABASE, json_schema_extra=_FILE)


class TestConnection(Params):
    """Which database to try."""


class ListTables(Params):
    """Which database to look into."""


class Query(Params):
    """A statement that reads, and how its rows are wanted."""

    sql: str = Field(min_length=1, description=SQL, json_schema_extra=_SQL)
    parameters: list[Any] | dict[str, Any] | None = Field(None, description=PARAMETERS)
    as_: Literal["rows", "dataframe"] = Field(
        "rows", alias="as", description="Rows as a list of objects, or as a pandas DataFrame"
    )
    limit: Annotated[int | None, BeforeValidator(Params.blank_is_none)] = Field(
        100_000, ge=1, description="Most rows to fetch; the message says when there were more. Empty: all"
    )


class Execute(Params):
    """A statement that changes something."""

    sql: str = Field(min_length=1, description=SQL, json_schema_extra=_SQL)
    parameters: list[Any] | dict[str, Any] | None = Field(None, description=PARAMETERS)


class ExecuteMany(Params):
    """A statement, run once for each set of values."""

    sql: str = Field(min_length=1, description=SQL, json_schema_extra=_SQL)
    rows: Any = Field(
        description="A list with one list or object of values for each run, or a DataFrame", json_schema_extra=_JSON
    )


class InsertRows(Params):
    """Rows for a table."""

    table: str = Field(min_length=1, description="Table name")
    rows: Any = Field(description="A list of objects (column: value), or a DataFrame", json_schema_extra=_JSON)
    create: bool = Field(True, description="Make the table when it is not there, with the columns of the rows")
    replace: bool = Field(False, description="Replace all rows that are in the table")
