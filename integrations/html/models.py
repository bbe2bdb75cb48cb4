"""What the HTML tasks are given."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from flowbook import typed

_TEXT: dict[str, Any] = {"flowbook_type": "text"}
_JSON: dict[str, Any] = {"flowbook_type": "json"}

Selector = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
SELECTOR = "CSS selector, such as `h1`, `.price` or `table#prices tr`"


class Credentials(typed.Credentials):
    """None: nothing here talks to a service."""


class Nothing(typed.Params):
    """No params."""


class Page(typed.Params):
    """The HTML that a task is about."""

    html: str = Field(description="The HTML: a page, or a part of one", json_schema_extra=_TEXT)


class Wanted(typed.Params):
    """One value to take."""

    name: str = Field(min_length=1)
    selector: Selector
    what: Literal["text", "html", "attribute", "value"] = "text"
    attribute: str = ""
    all: bool = False

    @model_validator(mode="after")
    def _an_attribute_has_a_name(self) -> Wanted:
        if (self.what == "attribute") != bool(self.attribute):
            raise ValueError("give 'attribute' with what: attribute, and only then")
        return self


class Select(Page):
    """Which values, of what."""

    values: list[Wanted] = Field(
        min_length=1,
        description='Values to take: {"name", "selector" (CSS), "what": text, html, attribute or value, "attribute": '
        'its name, "all": true for a list of all that match}',
        json_schema_extra=_JSON,
    )
    each: Annotated[Selector | None, typed.BlankIsNone] = Field(
        None,
        description="An object for each element that this CSS selector finds, as `li.result`; without it one object",
    )


class Table(Page):
    """Which table."""

    selector: Selector = Field("table", description=SELECTOR)
    number: int = Field(1, ge=1, description="Which of those that are found, from 1")
    header: bool = Field(True, description="Whether the first row names the columns")


class Text(Page):
    """The page whose text is wanted."""

    selector: Selector = Field("body", description=f"{SELECTOR}; the first that is found, else all")


class ToMarkdown(Page):
    """The page to write down."""

    selector: Selector = Field("body", description=f"{SELECTOR}; the first that is found, else all")


class FromMarkdown(typed.Params):
    """What to make HTML of."""

    markdown: str = Field(
        description="Markdown: CommonMark, with tables and ~~strikethrough~~", json_schema_extra=_TEXT
    )
    html: bool = Field(False, description="Whether HTML inside of it stays HTML, scripts too; else it is shown as text")
