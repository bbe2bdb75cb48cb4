"""What the tasks are given: the credentials, and the params of each task."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from flowbook import Secret, tunnels, typed, typed_sql

SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]
OnConflict = Literal["error", "nothing", "update"]

_FILE: dict[str, Any] = {"flowbook_type": "file"}
_SQL: dict[str, Any] = {"flowbook_type": "text", "flowbook_language": "sql"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}


class Server(typed.Credentials):
    """How to reach the database; the names are those of libpq, https://www.postgresql.org/docs/current/libpq-connect.html."""

    host: str = Field(min_length=1, description="Server name or address, or the folder of a unix socket")
    username: str = Field(min_length=1, description="Role to sign in as")
    password: Secret = Field(description="The role's password")
    database: str = Field(min_length=1, description="Name of the database")
    port: int = Field(5432, ge=1, le=65535, description="Port of the server")
    sslmode: SslMode = Field("prefer", description="TLS: verify-full is the safe choice over the internet")
    sslrootcert: str | None = Field(
        None, description="File with the certificate authority to trust", json_schema_extra=_FILE
    )
    sslcert: str | None = Field(None, description="File with a client certificate", json_schema_extra=_FILE)
    sslkey: str | None = Field(None, description="File with the client certificate's key", json_schema_extra=_FILE)
    connect_timeout: int = Field(10, ge=1, le=600, description="Seconds to wait for a connection")


class Credentials(tunnels.Tunnel, Server):
    """How to reach the database, directly or by another machine."""


class TestConnection(typed.Params):
    """Nothing: the credentials are all that is tried."""


class ExecuteQuery(typed.Params):
    """One SQL statement and how to run it."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["parameters"]})

    query: str = Field(min_length=1, description="SQL; %s or %(name)s stand for the parameters", json_schema_extra=_SQL)
    parameters: typed_sql.Values = Field(
        None, description="Values for %s (a list) or %(name)s (an object); never put values into the SQL itself"
    )
    as_: Literal["rows", "dataframe"] = Field(
        "rows", alias="as", description="Rows as a list of objects, or as a pandas DataFrame"
    )
    limit: int | None = Field(100_000, ge=1, description="Most rows to fetch; the message says when there were more")
    all: bool = Field(False, description="Fetch all rows, whatever the limit")
    timeout: float | None = Field(None, gt=0, description="Seconds after which the server gives the statement up")
    read_only: bool = Field(False, description="Refuse statements that would change anything")
    autocommit: bool = Field(False, description="Run outside of a transaction, as VACUUM and CREATE DATABASE need")


class ExecuteMany(typed.Params):
    """One SQL statement, run once for each set of values."""

    query: str = Field(min_length=1, description="SQL with %s or %(name)s", json_schema_extra=_SQL)
    rows: Any = Field(
        description="A list with one list or object of values for each run, or a DataFrame", json_schema_extra=_JSON
    )
    timeout: float | None = Field(None, gt=0, description="Seconds for each batch of 200")


class Statement(typed.Params):
    """One of several statements."""

    query: str = Field(min_length=1, description="SQL with %s or %(name)s")
    parameters: typed_sql.Values = Field(None, description="Its values")


class Call(typed.Params):
    """Several SQL statements that belong together."""

    statements: list[str | Statement] = Field(
        min_length=1, description='SQL statements in order, each a text or {"query": ..., "parameters": ...}'
    )
    timeout: float | None = Field(None, gt=0, description="Seconds for each statement")
    read_only: bool = Field(False, description="Refuse statements that would change anything")
    limit: int | None = Field(100_000, ge=1, description="Most rows to fetch for each statement")


class Table(typed.Params):
    """A table by its name."""

    table: str = Field(min_length=1, description='Table name, or "schema.table"')
    schema_: str | None = Field(None, alias="schema", description="Schema, when the table's name does not carry it")


class Loading(typed.Params):
    """What happens to rows that are there already, and when to give up."""

    on_conflict: OnConflict = Field("error", description="What to do with a row whose key is there already")
    conflict_keys: list[str] = Field(
        default_factory=list, description="Columns of the unique key that on_conflict looks at; needed for update"
    )
    timeout: float | None = Field(None, gt=0, description="Seconds after which the server gives up")


class _Rows(Table):
    rows: Any = Field(description="A list of objects (column: value), or a DataFrame", json_schema_extra=_JSON)
    columns: list[str] | None = Field(None, description="Columns to fill; without it, all that the rows have")


class InsertRows(Loading, _Rows):
    """Rows for a table."""

    returning: list[str] = Field(default_factory=list, description="Columns to hand back, e.g. the new ids")


class _CsvFile(Table):
    file_path: str = Field(min_length=1, description="The CSV file", json_schema_extra=_FILE)
    columns: list[str] | None = Field(None, description="Columns in the file's order; without it, its first line")
    header: bool = Field(True, description="Whether the first line names the columns")
    delimiter: str = Field(",", min_length=1, max_length=1, description="What stands between the fields")
    null: str = Field("", description="The unquoted text that means NULL")
    encoding: str = Field("utf-8", description="The file's encoding")


class CopyFromCsv(Loading, _CsvFile):
    """A CSV file for a table."""


class CopyToCsv(typed_sql.CsvOut):
    """A query or table for a CSV file."""

    timeout: float | None = Field(None, gt=0, description="Seconds after which the server gives up")


class ListTables(typed.Params):
    """Which tables to list."""

    schema_: str | None = Field(None, alias="schema", description="Only this schema")
    system: bool = Field(False, description="Whether to list PostgreSQL's own tables too")


class SelectRows(typed_sql.Selected, Table):
    """Rows of a table to read."""

    limit: int = Field(100_000, ge=1, description="Most rows to fetch; the message says when there were more")
    all: bool = Field(False, description="Fetch all rows, whatever the limit")
    offset: int = Field(0, ge=0, description="Rows to pass over first; with order, or they are any")
    as_: Literal["rows", "dataframe"] = Field(
        "rows", alias="as", description="Rows as a list of objects, or as a pandas DataFrame"
    )
    timeout: float | None = Field(None, gt=0, description="Seconds after which the server gives up")


class _Chosen(typed_sql.Chosen, Table):
    returning: list[str] = Field(default_factory=list, description="Columns of the rows to hand back")
    timeout: float | None = Field(None, gt=0, description="Seconds after which the server gives up")


class DeleteRows(_Chosen):
    """Rows of a table to delete."""


class UpdateRows(_Chosen):
    """Rows of a table to change, and their new values."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["where"]})

    values: dict[str, Any] = Field(
        min_length=1, description="Column: new value; null empties it", json_schema_extra=_JSON
    )
