"""The credentials and params of the Airtable tasks."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from typing_extensions import Self

from flowbook import typed

_BASE = re.compile(r"app[A-Za-z0-9]{14}")
_LINK = re.compile(r"https?://[^/]+/(?P<base>app[A-Za-z0-9]{14})(?:/(?P<table>tbl[A-Za-z0-9]{14}))?.*")
_TEXT: dict[str, Any] = {"flowbook_type": "text"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}


def base_id(text: str) -> str | None:
    """The ID of a base in an ID or a link; None when there is none."""
    found = _LINK.fullmatch(text)
    return found["base"] if found else text if _BASE.fullmatch(text) else None


def _table(value: Any) -> Any:
    found = _LINK.fullmatch(value.strip()) if isinstance(value, str) else None
    return found["table"] or value if found else value


def _sorts(value: Any) -> Any:
    """``-Due, Name`` as a list of {"field", "direction"}."""
    if isinstance(value, str):
        value = [one.strip() for one in value.split(",") if one.strip()]
    if not isinstance(value, list):
        return value
    return [
        {"field": one.removeprefix("-"), "direction": "desc" if one.startswith("-") else "asc"}
        if isinstance(one, str)
        else one
        for one in value
    ]


Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
OptionalName = Annotated[Name | None, typed.BlankIsNone]
RecordId = Annotated[Name, StringConstraints(pattern=r"^rec[A-Za-z0-9]{14}$")]
Names = Annotated[list[Name], typed.Parted]

BASE = "Base: its ID (app...), its link, or its name exactly."
TABLE = "Table: its name exactly, its ID (tbl...), or its link."
RECORD = "The record's ID (rec...)."
TYPECAST = "Let Airtable turn texts into the fields' types, and add options that are missing."


class Credentials(typed.Credentials):
    """A personal access token."""

    token: typed.Token = Field(description="Personal access token (pat...), from https://airtable.com/create/tokens.")
    base_url: str = Field(
        "https://api.airtable.com",
        description="Address of the API, if it is reached in another way.",
        json_schema_extra={"flowbook_type": "url"},
    )
    content_url: str = Field(
        "https://content.airtable.com",
        description="Address that attachments are sent to, if it is another.",
        json_schema_extra={"flowbook_type": "url"},
    )


class Nothing(typed.Params):
    """No params."""


class OneBase(typed.Params):
    """A base."""

    base: Name = Field(description=BASE)


class OneTable(OneBase):
    """A table."""

    table: Annotated[Name, BeforeValidator(_table)] = Field(description=TABLE)


class OneRecord(OneTable):
    """A record."""

    record: RecordId = Field(description=RECORD)


class _Records(OneTable):
    """Which records of a table, and how."""

    view: OptionalName = Field(None, description="Only those of this view, in its order: its name or ID.")
    formula: OptionalName = Field(
        None, description="Only those for which this is true, as {Status} = 'Open'.", json_schema_extra=_TEXT
    )
    fields: Names = Field(default_factory=list, description="Only these fields, with commas or as a list.")
    sort: Annotated[list[dict[str, Any]] | None, BeforeValidator(_sorts)] = Field(
        None, description="By these fields, with commas; a - before one turns its order around."
    )
    as_: Literal["rows", "records"] = Field(
        "rows", alias="as", description="Plain rows (the fields, with id and created_time), or Airtable's records."
    )


class ListRecords(typed.Listed, _Records):
    """Which records of a table."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["base", "table", "formula", "view"]})


class FindRecord(OneTable):
    """A value of a field."""

    field: Name = Field(description="The field's name exactly.")
    value: Any = Field(description="What it holds: a text or a number.", json_schema_extra={"flowbook_type": "string"})


class _Written(OneTable):
    """Records to write."""

    typecast: bool = Field(False, description=TYPECAST)


class CreateRecords(_Written):
    """New records."""

    records: Any = Field(
        description="Their fields: an object, a list of them, or a DataFrame.", json_schema_extra=_JSON
    )


class UpdateRecords(_Written):
    """Records, and what is new about them."""

    records: Any = Field(
        description='Each with "id" and the fields that change: an object, a list of them, or a DataFrame.',
        json_schema_extra=_JSON,
    )
    replace: bool = Field(False, description="Empty all fields that are not given.")


class UpsertRecords(_Written):
    """Records that are changed where they are there, and else made."""

    records: Any = Field(
        description="Their fields: an object, a list of them, or a DataFrame.", json_schema_extra=_JSON
    )
    match_on: Names = Field(
        min_length=1, max_length=3, description="One to three fields that tell which records are the same."
    )


class DeleteRecords(OneTable):
    """Records to delete."""

    records: Annotated[list[RecordId], typed.Parted] = Field(
        min_length=1, description="Their IDs (rec...), with commas or as a list."
    )


class CreateTable(OneBase):
    """A new table."""

    name: Name = Field(description="Its name.")
    fields: list[dict[str, Any]] = Field(
        min_length=1,
        description='Its fields, the first of them its primary one: [{"name": "Name", "type": "singleLineText"}].',
        json_schema_extra=_JSON,
    )
    description: OptionalName = Field(None, description="What it is for.")


class CreateField(OneTable):
    """A new field of a table, which has to be given by its ID."""

    name: Name = Field(description="Its name.")
    type: Name = Field("singleLineText", description="Its type, as singleLineText, number, singleSelect, checkbox.")
    options: dict[str, Any] | None = Field(
        None, description='What the type wants, as {"precision": 2}.', json_schema_extra=_JSON
    )
    description: OptionalName = Field(None, description="What it is for.")


class ListComments(typed.Listed, OneRecord):
    """Whose comments."""


class AddComment(OneRecord):
    """A comment."""

    text: Annotated[str, StringConstraints(min_length=1)] = Field(description="What it says.", json_schema_extra=_TEXT)


class UploadAttachment(OneRecord):
    """A file for a record."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["base", "table", "record", "field", "file_path"]})

    field: Name = Field(description="The field of attachments: its name or ID.")
    file_path: OptionalName = Field(
        None,
        description="The file; a relative path starts at the workspace's folder.",
        json_schema_extra={"flowbook_type": "file"},
    )
    content: Any = Field(
        None,
        description="What to send in place of a file: text, bytes, a DataFrame (as CSV) or anything JSON holds.",
        json_schema_extra=_TEXT,
    )
    file_name: OptionalName = Field(None, description="The name that it gets; content needs one.")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        content = self.content is not None and not (isinstance(self.content, (str, bytes)) and not self.content)
        if (self.file_path is None) != content:
            raise ValueError("give either file_path or content")
        if content and not self.file_name:
            raise ValueError("content needs file_name, the name that the file gets")
        return self


class DownloadAttachment(OneRecord):
    """A file of a record, and where to put it."""

    field: Name = Field(description="The field of attachments: its name exactly.")
    name: OptionalName = Field(None, description="Which file; may be empty where the field has just one.")
    file_path: Name = Field(
        "./",
        description="Where to put it; in a folder (with a / at its end) it gets its own name.",
        json_schema_extra={"flowbook_type": "file"},
    )
    overwrite: bool = Field(False, description="Replace a file that is there.")
