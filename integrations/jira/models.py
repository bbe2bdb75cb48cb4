"""The params of each task."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator
from typing_extensions import Self

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


def _id(value: str) -> str:
    if not re.fullmatch(r"\d+", value.strip()):
        raise ValueError("must be an id, which is a number")
    return value.strip()


def _spent(value: str) -> str:
    text = " ".join(value.split()).lower()
    if not re.fullmatch(r"\d+(\.\d+)? ?[wdhm]( ?\d+(\.\d+)? ?[wdhm])*", text):
        raise ValueError("must be a time such as 2h 30m (w, d, h and m: weeks, days, hours, minutes)")
    return re.sub(r"(?<=[wdhm])(?=\d)", " ", re.sub(r"(?<=\d) (?=[wdhm])", "", text))


def _moment(value: str) -> str:
    """As Jira wants it: 2021-01-17T12:34:00.000+0000; a time without a zone is one of this machine's."""
    try:
        moment = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", value.strip()))
    except ValueError:
        raise ValueError("must be a date or a time such as 2024-05-31T09:00") from None
    return moment.astimezone().strftime("%Y-%m-%dT%H:%M:%S.000%z")


BlankIsNone = typed.BlankIsNone
BareKey = Annotated[str, AfterValidator(_key)]
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
Id = Annotated[str, AfterValidator(_id)]
Spent = Annotated[str, AfterValidator(_spent)]
Moment = Annotated[Annotated[str, AfterValidator(_moment)] | None, BeforeValidator(_written)]
MissingOk = Annotated[bool, Field(description="Whether it is fine when there is none (or none that may be seen)")]
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

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["issue_type", "description"]})


class _Change(typed.Params):
    issue_key: Key
    summary: OptionalText = Field(None, description="New summary")


class UpdateIssue(Details, _Change):
    """What to change of an issue; the rest stays."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["summary", "description"]})

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


class DeleteIssue(typed.Params):
    """An issue to delete."""

    issue_key: Key
    subtasks: bool = Field(False, description="Delete its sub-tasks too; without it an issue that has some is refused")
    missing_ok: MissingOk = False


class ListTransitions(typed.Params):
    """An issue whose possible next steps are asked for."""

    issue_key: Key


class FindUser(typed.Params):
    """Whom to look for."""

    query: Text = Field(description="Beginning of a name or e-mail address", examples=["ann@example.com"])
    limit: Limit = 50


class _Visible(typed.Params):
    visible_to_role: OptionalText = Field(None, description="Only for those with this project role")
    visible_to_group: OptionalText = Field(None, description="Only for this group")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.visible_to_role and self.visible_to_group:
            raise ValueError("visible_to_role and visible_to_group: it can be for a role or for a group, not for both")
        return self

    @property
    def visibility(self) -> dict[str, str] | None:
        """Who alone may see it, as Jira wants it; None for everybody who sees the issue."""
        for kind, value in (("role", self.visible_to_role), ("group", self.visible_to_group)):
            if value:
                return {"type": kind, "value": value}
        return None


class _Words(typed.Params):
    issue_key: Key
    body: Rich = Field(description="Text, in Markdown (or a document in Atlassian's format)")
    format: Format = "markdown"


class AddComment(_Visible, _Words):
    """A comment on an issue."""

    internal: bool = Field(False, description="Service projects: an internal note that customers do not see")


class ListComments(typed.Params):
    """Which comments of an issue."""

    issue_key: Key
    newest_first: bool = Field(False, description="Begin with the newest, not with the oldest")
    limit: Limit = 100
    all: All = False


class UpdateComment(_Visible, _Words):
    """A comment to rewrite; whom it is for stays as it was, unless a role or group is given."""

    comment_id: Id = Field(description="The comment's id, as list_comments gives it", examples=["10042"])


class DeleteComment(typed.Params):
    """A comment to delete."""

    issue_key: Key
    comment_id: Id = Field(description="The comment's id, as list_comments gives it", examples=["10042"])
    missing_ok: MissingOk = False


class ListWorklogs(typed.Params):
    """Which entries of the time spent on an issue."""

    issue_key: Key
    limit: Limit = 100
    all: All = False


class AddWorklog(_Visible):
    """Time that was spent on an issue."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["comment"]})

    issue_key: Key
    time_spent: Spent = Field(description="How long, in weeks, days, hours and minutes", examples=["1h 30m"])
    started: Moment = Field(None, description="When it began, such as 2024-05-31T09:00; now when empty")
    comment: OptionalRich = Field(None, description="What was done, in Markdown")
    format: Format = "markdown"
    remaining: Annotated[Spent | None, BlankIsNone] = Field(
        None, description="Time that remains from now on; empty: what remained, less what was spent"
    )


class ListSprints(typed.Params):
    """Which sprints of a board."""

    board: Text = Field(description="The board's id or name", examples=["ABC board"])
    states: Annotated[list[Literal["future", "active", "closed"]] | None, typed.Parted] = Field(
        None, description="Only those that are future, active or closed; all when empty"
    )
    limit: Limit = 100
    all: All = False


class AddToSprint(typed.Params):
    """Issues for a sprint."""

    sprint_id: Id = Field(description="The sprint's id, as list_sprints gives it", examples=["37"])
    issue_keys: Annotated[list[BareKey], typed.Parted] = Field(min_length=1, description="Keys of the issues")


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


class ListAttachments(typed.Params):
    """An issue whose files are asked for."""

    issue_key: Key


class DownloadAttachment(typed.Params):
    """A file of an issue, for a file here."""

    attachment_id: Id = Field(description="The attachment's id, as list_attachments gives it", examples=["10001"])
    file_path: Text = Field(
        description="File to write, or a folder to write into", json_schema_extra={"flowbook_type": "file"}
    )
    overwrite: bool = Field(True, description="Whether an existing file may be replaced")
