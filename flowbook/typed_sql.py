"""What the params of tasks that speak SQL have in common: which rows are meant, and CSV files that rows go out to."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from typing_extensions import Self

from flowbook import typed

__all__ = ["Chosen", "CsvOut", "Selected", "Values", "Where"]

_SQL: dict[str, Any] = {"flowbook_type": "text", "flowbook_language": "sql"}
_FILE: dict[str, Any] = {"flowbook_type": "file"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}
_WHERE = (
    'Which rows: {"column": value} for each that must fit (a list: one of them; null: empty), {"column": {">=": 5}} '
    "with an operator, or a list of such objects of which one must fit"
)


def _alternatives(where: Any) -> Any:
    if isinstance(where, list) and not (where and all(where)):
        raise ValueError("a list of alternatives may neither be empty nor hold an empty one: that would be every row")
    return where


Where = Annotated[dict[str, Any] | list[dict[str, Any]], AfterValidator(_alternatives)]
"""Conditions as :class:`flowbook.conditions.Statement` takes them."""
Values = list[Any] | dict[str, Any] | None
"""Values for a query's ``%s`` or ``%(name)s``."""


class Selected(typed.Params):
    """Rows of a table to read."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["columns", "where"]})

    columns: list[str] = Field(default_factory=list, description="Columns to fetch; all when empty")
    where: Where = Field(default_factory=dict, description=_WHERE, json_schema_extra=_JSON)
    order: Annotated[list[str], typed.Parted] = Field(
        default_factory=list, description="Columns to sort by; -column or 'column desc' for downwards"
    )


class Chosen(typed.Params):
    """Rows of a table to change; every one of them only when that is said."""

    where: Where = Field(default_factory=dict, description=_WHERE, json_schema_extra=_JSON)
    all: bool = Field(False, description="All rows of the table, in place of a where")

    @model_validator(mode="after")
    def _not_by_accident(self) -> Self:
        if bool(self.where) == self.all:
            raise ValueError("give a where that says which rows, or all: true for every row of the table")
        return self


class CsvOut(typed.Params):
    """A query or table for a CSV file."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["query", "table"]})

    file_path: str = Field(min_length=1, description="The CSV file to write", json_schema_extra=_FILE)
    query: str | None = Field(None, description="The query whose rows are written", json_schema_extra=_SQL)
    parameters: Values = Field(None, description="Values for the query's %s or %(name)s")
    table: str | None = Field(None, description="In place of a query: the table to write out")
    header: bool = Field(True, description="Whether the first line names the columns")
    delimiter: str = Field(",", min_length=1, max_length=1, description="What stands between the fields")
    null: str = Field("", description="The text written for NULL")
    safe: bool = Field(
        False,
        description="Put ' before cells that a spreadsheet would run as a formula: for files that people open",
    )
    overwrite: bool = Field(True, description="Whether an existing file may be replaced")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.query) == bool(self.table):
            raise ValueError("give either 'query' or 'table'")
        return self
