"""What the tasks are given: the credentials, and the params of each task."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from flowbook import Secret, tunnels, typed, typed_sql

Tls = Literal["disable", "prefer", "require", "verify-ca", "verify-full"]
OnConflict = Literal["error", "nothing", "update"]

_FILE: dict[str, Any] = {"flowbook_type": "file"}
_SQL: dict[str, Any] = {"flowbook_type": "text", "flowbook_language": "sql"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}

_TIMEOUT = "Seconds after which the statement is given up"
_VALUES = "Values for %s (a list) or %(name)s (an object); never put values into the SQL itself"


class Server(typed.Credentials):
    """How to reach the database."""

    host: str = Field(min_length=1, description="Server name or address, or the path of a unix socket")
    username: str = Field(min_length=1, description="User to sign in as")
    password: Secret = Field(description="The user's password")
    database: str | None = Field(None, description="Database; without it tables are named database.table")
    port: int = Field(3306, ge=1, le=65535, description="Port of the server")
    tls: Tls = Field("prefer", description="verify-full is the safe choice over the internet")
    tls_ca: str | None = Field(
        None, description="File with the certificate authority to trust; else the system's", json_schema_extra=_FILE
    )
    tls_cert: str | None = Field(None, description="File with a client certificate", json_schema_extra=_FILE)
    tls_key: str | None = Field(None, description="File with the client certificate's key", json_schema_extra=_FILE)
    connect_timeout: int = Field(10, ge=1, le=600, description="Seconds in which a connection must be made")


class Credentials(tunnels.Tunnel, Server):
    """How to reach the database, directly or by another machine."""


class TestConnection(typed.Params):
    """Nothing: the credentials are all that is tried."""


class Timed(typed.Params):
    """When to give up."""

    timeout: float | None = Field(None, gt=0, description=_TIMEOUT)


class Wanted(Timed):
    """How many rows, and in which form."""

    as_: Literal["rows", "dataframe"] = Field(
        "rows", alias="as", description="Rows as a list of objects, or as a pandas DataFrame"
    )
    limit: int = Field(100_000, ge=1, description="Most rows to fetch; the message says when there were more")
    all: bool = Field(False, description="Fetch all rows, whatever the limit")

    @property
    def most(self) -> int | None:
        """How many rows may be fetched; None for all."""
        return None if self.all else self.limit


class ExecuteQuery(Wanted):
    """One SQL statement and how to run it."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["parameters"]})

    query: str = Field(min_length=1, description="SQL; %s or %(name)s stand for the parameters", json_schema_extra=_SQL)
    parameters: typed_sql.Values = Field(None, description=_VALUES)
    read_only: bool = Field(False, description="Refuse statements that would change anything")


class ExecuteMany(Timed):
    """One SQL statement, run once for each set of values."""

    query: str = Field(min_length=1, description="SQL with %s or %(name)s", json_schema_extra=_SQL)
    rows: Any = Field(
        description="A list with one list or object of values for each run, or a DataFrame", json_schema_extra=_JSON
    )


class Statement(typed.Params):
    """One of several statements."""

    query: str = Field(min_length=1, description="SQL with %s or %(name)s")
    parameters: typed_sql.Values = Field(None, description="Its values")


class Call(Timed):
    """Several SQL statements that belong together."""

    statements: list[str | Statement] = Field(
        min_length=1, description='SQL statements in order, each a text or {"query": ..., "parameters": ...}'
    )
    read_only: bool = Field(False, description="Refuse statements that would change anything")
    limit: int | None = Field(100_000, ge=1, description="Most rows to fetch for each statement")


class Table(typed.Params):
    """A table by its name."""

    table: str = Field(min_length=1, description='Table name, or "database.table"')
    database: str | None = Field(None, description="Database, when it is not the integration's nor in the name")


class Loading(Timed):
    """What happens to rows that are there already."""

    on_conflict: OnConflict = Field(
        "error", description="What to do with a row whose primary or unique key is there already"
    )


class _Rows(Table):
    rows: Any = Field(description="A list of objects (column: value), or a DataFrame", json_schema_extra=_JSON)
    columns: list[str] | None = Field(None, description="Columns to fill; without it, all that the rows have")


class InsertRows(Loading, _Rows):
    """Rows for a table."""


class CopyFromCsv(Loading, Table):
    """A CSV file for a table."""

    file_path: str = Field(min_length=1, description="The CSV file", json_schema_extra=_FILE)
    columns: list[str] | None = Field(None, description="Columns in the file's order; without it, its first line")
    header: bool = Field(True, description="Whether the first line names the columns")
    delimiter: str = Field(",", min_length=1, max_length=1, description="What stands between the fields")
    null: str = Field("", description="The text that means NULL")
    encoding: str = Field("utf-8", description="The file's encoding")


class CopyToCsv(typed_sql.CsvOut, Timed):
    """A query or table for a CSV file."""


class ListTables(typed.Params):
    """Which tables to list."""

    database: str | None = Field(None, description="Database; without it that of the integration, or all of them")
    system: bool = Field(False, description="Whether to list the server's own tables too")


class SelectRows(typed_sql.Selected, Wanted, Table):
    """Rows of a table to read."""

    offset: int = Field(0, ge=0, description="Rows to pass over first; with order, or they are any")


class DeleteRows(typed_sql.Chosen, Timed, Table):
    """Rows of a table to delete."""


class UpdateRows(typed_sql.Chosen, Timed, Table):
    """Rows of a table to change, and their new values."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["where"]})

    values: dict[str, Any] = Field(
        min_length=1, description="Column: new value; null empties it", json_schema_extra=_JSON
    )
