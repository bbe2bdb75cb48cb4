"""The credentials and params of the Notion tasks."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator
from typing_extensions import Self

from flowbook import typed

_HEX = re.compile(r"[0-9a-f]{32}")
_TEXT: dict[str, Any] = {"flowbook_type": "text"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}


def id_of(text: str) -> str | None:
    """The ID in what a person copied: an ID, or the link of a page, database or block; None when there is none."""
    given = text.strip()
    if given.lower().startswith(("http://", "https://")):
        path, _, block = given.partition("#")
        part = block or path.partition("?")[0].rstrip("/").rpartition("/")[2]
        given = part.replace("-", "")[-32:]
    found = _HEX.fullmatch(given.replace("-", "").lower())
    if not found:
        return None
    digits = found[0]
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _an_id(text: str) -> str:
    found = id_of(text)
    if found is None:
        raise ValueError("must be an ID or a link, as Copy link in Notion gives it")
    return found


Name = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
OptionalName = Annotated[Name | None, typed.BlankIsNone]
OptionalText = Annotated[str | None, typed.BlankIsNone]
Id = Annotated[Name, AfterValidator(_an_id)]
OptionalId = Annotated[Id | None, typed.BlankIsNone]
Blocks = list[dict[str, Any]]

PAGE = "Page: its ID, or its link."
BLOCK = "Block: its ID, or its link (Copy link to block)."
DATABASE = "Database: its ID, its link, or its title exactly."
SOURCE = "Which of its data sources, by name or ID, where there are several."
PROPERTIES = (
    "Values by the names of properties: texts, numbers, true or false, dates, lists of names (multi-select), of page "
    "IDs (relation) or of user IDs (people); or Notion's own objects."
)
MARKDOWN = "Content as Markdown: headings, lists, tasks, quotes, code, tables, links."


class Credentials(typed.Credentials):
    """An integration of a Notion workspace."""

    token: typed.Token = Field(
        description="The integration's secret (ntn_...), from https://www.notion.so/my-integrations."
    )
    base_url: str = Field(
        "https://api.notion.com",
        description="Address of the API, if it is reached in another way.",
        json_schema_extra={"flowbook_type": "url"},
    )


class Nothing(typed.Params):
    """No params."""


class Search(typed.Listed):
    """What to look for."""

    query: str = Field("", description="Words of titles; everything the integration can see when empty.")
    kind: Literal["any", "page", "database"] = Field("any", description="What to look for.")


class OnePage(typed.Params):
    """A page."""

    page: Id = Field(description=PAGE)


class _Content(typed.Params):
    """What stands on a page."""

    markdown: OptionalText = Field(None, description=MARKDOWN, json_schema_extra=_TEXT)
    blocks: Blocks | None = Field(None, description="Content as Notion's blocks.", json_schema_extra=_JSON)

    @model_validator(mode="after")
    def _one_content(self) -> Self:
        if self.markdown is not None and self.blocks is not None:
            raise ValueError("give markdown or blocks, not both")
        return self


class CreatePage(_Content):
    """A new page, below another or in a database."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["database", "parent", "title", "properties"]})

    database: OptionalName = Field(None, description=f"The database it is a row of. {DATABASE}")
    data_source: OptionalName = Field(None, description=SOURCE)
    parent: OptionalId = Field(None, description=f"The page it is below, in place of a database. {PAGE}")
    title: OptionalText = Field(None, description="Its title.")
    properties: dict[str, Any] = Field(default_factory=dict, description=PROPERTIES, json_schema_extra=_JSON)
    icon: OptionalName = Field(None, description="An emoji beside its title.")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.database is None) == (self.parent is None):
            raise ValueError("give either database or parent")
        if self.parent and self.properties:
            raise ValueError("properties are for pages of a database; a page below another has only a title")
        return self


class UpdatePage(OnePage):
    """A page, and what is new about it."""

    title: OptionalText = Field(None, description="Its new title.")
    properties: dict[str, Any] = Field(
        default_factory=dict, description=f"{PROPERTIES} None empties one.", json_schema_extra=_JSON
    )
    icon: OptionalName = Field(None, description="An emoji beside its title.")

    @model_validator(mode="after")
    def _something_new(self) -> Self:
        if not (self.title is not None or self.properties or self.icon):
            raise ValueError("give title, properties or icon")
        return self


class TrashPage(OnePage):
    """A page, and where it shall be."""

    restore: bool = Field(False, description="Take it out of the trash in place of putting it there.")


class GetContent(OnePage):
    """What to read of a page."""

    as_: Literal["markdown", "blocks"] = Field("markdown", alias="as", description="As Markdown, or Notion's blocks.")
    deep: bool = Field(True, description="With what is in blocks, and in those (not in pages and databases below it).")


class AppendContent(_Content):
    """New content of a page."""

    page: Id = Field(description=f"{PAGE} Or a block that content can be in.")
    after: OptionalId = Field(None, description=f"Behind this block; at the end when empty. {BLOCK}")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.markdown is None and not self.blocks:
            raise ValueError("give markdown or blocks")
        return self


class OneBlock(typed.Params):
    """A block."""

    block: Id = Field(description=BLOCK, examples=["9bc30ad4-9373-46a5-84ab-0a7845ee52e6"])


class UpdateBlock(OneBlock):
    """A block and its new content."""

    text: OptionalText = Field(None, description="Its new text, with Markdown's marks.", json_schema_extra=_TEXT)
    checked: bool | None = Field(None, description="Whether a task is done.")
    content: dict[str, Any] | None = Field(
        None, description='Or Notion\'s own object, as {"paragraph": {...}}.', json_schema_extra=_JSON
    )

    @model_validator(mode="after")
    def _something_new(self) -> Self:
        if self.content is not None and (self.text is not None or self.checked is not None):
            raise ValueError("give content alone, or text and checked")
        if self.content is None and self.text is None and self.checked is None:
            raise ValueError("give text, checked or content")
        return self


class OneDatabase(typed.Params):
    """A database."""

    database: Name = Field(description=DATABASE)
    data_source: OptionalName = Field(None, description=SOURCE)


class QueryDatabase(typed.Listed, OneDatabase):
    """Which rows of a database."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["database", "filter", "sorts"]})

    filter: dict[str, Any] | None = Field(
        None,
        description='Which: Notion\'s filter, as {"property": "Status", "status": {"equals": "Done"}}.',
        json_schema_extra=_JSON,
    )
    sorts: list[dict[str, Any]] | None = Field(
        None, description='In which order, as [{"property": "Due", "direction": "ascending"}].', json_schema_extra=_JSON
    )
    as_: Literal["rows", "pages"] = Field(
        "rows", alias="as", description="Plain rows with id and url, or Notion's pages."
    )


class CreateDatabase(typed.Params):
    """A new database below a page."""

    parent: Id = Field(description=f"The page it is on. {PAGE}")
    title: Name = Field(description="Its title.")
    properties: dict[str, Any] = Field(
        min_length=1,
        description='Its properties: types by name, as {"Name": "title", "Due": "date", "Status": ["Open", "Done"]} (a '
        "list is a select), or Notion's own objects.",
        json_schema_extra=_JSON,
    )
    inline: bool = Field(False, description="Show it on the page itself.")


class ListUsers(typed.Listed):
    """How many people."""


class FindUser(typed.Params):
    """Who."""

    email: OptionalName = Field(
        None, description="The person's e-mail address.", json_schema_extra={"flowbook_type": "email"}
    )
    name: OptionalName = Field(None, description="The name exactly, instead of an address.")

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.email is None) == (self.name is None):
            raise ValueError("give either email or name")
        return self


class ListComments(typed.Listed, OnePage):
    """Whose comments."""


class AddComment(typed.Params):
    """A comment."""

    page: OptionalId = Field(None, description=f"What it is about. {PAGE}")
    discussion: OptionalId = Field(None, description="The discussion that it answers (discussion_id of a comment).")
    text: Annotated[str, StringConstraints(min_length=1)] = Field(
        description="What it says, with Markdown's marks.", json_schema_extra=_TEXT
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.page is None) == (self.discussion is None):
            raise ValueError("give either page or discussion")
        return self
