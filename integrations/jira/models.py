"""The params of each task."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from flowbook import typed


def _key(value: str) -> str:
    text = value.strip()
    text = text.rstrip("/").rpartition("/browse/")[2] or text
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*-\d+|\d+", text):
        raise ValueError("must be an issue's key, such as ABC-123")
    return text.upper()


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value.strip()


def _some_text(value: Any) -> Any:
    if isinstance(value, str) and not value.strip():
        raise ValueError("must not be empty")
    return value


def _written(value: Any) -> Any:
    """A date that YAML or a table gave, as text."""
    return value.isoformat() if isinstance(value, date) else typed.Params.blank_is_none(value)


def _date(value: str) -> str:
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)(T.*)?", value.strip())
    if not match:
        raise ValueError("must be a date such as 2024-05-31")
    return match.group(1)


BlankIsNone = typed.BlankIsNone
Key = Annotated[str, AfterValidator(_key), Field(description="The issue's key", examples=["ABC-123"])]
Text = Annotated[str, AfterValidator(_not_blank)]
OptionalText = Annotated[str | None, BlankIsNone]
Rich = Annotated[str | dict[str, Any], BeforeValidator(_some_text), Field(json_schema_extra={"flowbook_type": "text"})]
OptionalRich = Annotated[str | dict[str, Any] | None, BlankIsNone, Field(json_schema_extra={"flowbook_type": "text"})]
Names = Annotated[list[str] | None, typed.Parted]
Date = Annotated[Annotated[str, AfterValidator(_date)] | None, BeforeValidator(_written)]
Format = Annotated[
    Literal["markdown", "text"],
    Field(description="How texts are read: as Markdown, or as they are (on Data Center that may be wiki markup)"),
]
Limit = Annotated[int, Field(ge=1, description="How many at most")]
All = Annotated[bool, Field(description="Fetch all of them, whatever the limit")]


class Nothing(typed.Params):
    """No params."""


class SearchIssues(typed.Params):
    """A search in Jira's query language."""

    jql: Text = Field(description="Query in JQL", examples=["project = ABC AND status != Done ORDER BY created DESC"])
    fields: Names = Field(
        None, description="Fields to fetch, such as summary and status; empty: those of the list view"
    )
    expand: Names = Field(None, description="More about each issue, such as changelog or renderedFields")
    limit: Limit = 100
    all: All = False


class GetIssue(typed.Params):
    """An issue to read."""

    issue_key: Key
    fields: Names = Field(None, description="Fields to fetch; all when empty")
    expand: Names = Field(None, description="More about it, such as changelog, transitions or renderedFields")


class Details(typed.Params):
    """What both a new and a changed issue may say."""

    description: OptionalRich = Field(None, description="Text, in Markdown (or a document in Atlassian's format)")
    format: Format = "markdown"
    priority: OptionalText = Field(None, description="Name of the priority, such as High")
    assignee: OptionalText = Field(None, description="E-mail address, name or account id of who shall do it")
    labels: Names = Field(None, description="Labels")
    components: Names = Field(None, description="Names of components")
    due_date: Date = Field(None, description="Day it is due, such as 2024-05-31")
    parent: OptionalText = Field(None, description="Key of the parent: an epic, or the issue of a sub-task")
    fields: dict[str, Any] = Field(
        default_factory=dict, description="Other fields, by id (customfield_10010) or by name (Story Points)"
    )


class _Head(typed.Params):
    project: Text = Field(description="Key of the project", examples=["ABC"])
    summary: Text = Field(description="Summary, in a line")
    issue_type: Text = Field("Task", description="Name of the issue type, such as Task, Bug or Story")


class CreateIssue(Details, _Head):
    """A new issue."""


class _Change(typed.Params):
    issue_key: Key
    summary: OptionalText = Field(None, description="New summary")


class UpdateIssue(Details, _Change):
    """What to change of an issue; the rest stays."""

    add_labels: Names = Field(None, description="Labels to add to those it has")
    remove_labels: Names = Field(None, description="Labels to remove from those it has")
    notify: bool = Field(True, description="Whether Jira sends e-mails about the change")


class TransitionIssue(typed.Params):
    """A step of the workflow that an issue shall take."""

    issue_key: Key
    transition: Text = Field(description="Name of the transition or of the status it leads to", examples=["Done"])
    resolution: OptionalText = Field(None, description="Name of the resolution, where the transition asks for one")
    comment: OptionalRich = Field(None, description="Comment to leave, in Markdown")
    format: Format = "markdown"
    fields: dict[str, Any] = Field(default_factory=dict, description="Fields of the transition's screen, by id or name")


class AssignIssue(typed.Params):
    """Who shall do it."""

    issue_key: Key
    assignee: OptionalText = Field(
        None, description='E-mail address, name or account id; "automatic" for the project\'s default, empty for nobody'
    )


class AddComment(typed.Params):
    """A comment on an issue."""

    issue_key: Key
    body: Rich = Field(description="Text, in Markdown (or a document in Atlassian's format)")
    format: Format = "markdown"
    visible_to_role: OptionalText = Field(None, description="Only for those with this project role")
    visible_to_group: OptionalText = Field(None, description="Only for this group")
    internal: bool = Field(False, description="Service projects: an internal note that customers do not see")


class LinkIssues(typed.Params):
    """A link between two issues, read as a sentence: ABC-1 blocks ABC-2."""

    issue_key: Key
    link_type: Text = Field("Relates", description='Name of the link type, or its words: "blocks", "is blocked by"')
    linked_issue_key: Key


class ListProjects(typed.Params):
    """Which projects."""

    query: OptionalText = Field(None, description="Only those with this text in their key or name")
    limit: Limit = 100
    all: All = False


class AddAttachment(typed.Params):
    """A file for an issue: a local one, or what an earlier node made."""

    issue_key: Key
    file_path: OptionalText = Field(None, description="A local file", json_schema_extra={"flowbook_type": "file"})
    content: str | bytes | None = Field(
        None, description="The content, in place of file_path", json_schema_extra={"flowbook_type": "text"}
    )
    file_name: OptionalText = Field(None, description="Name of the attachment; that of the local file when empty")
