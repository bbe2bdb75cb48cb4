"""The params of each task. What is not given is not sent, so that GitHub's own defaults hold."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from flowbook import typed

_REPO = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*/[A-Za-z0-9._-]+")
_WEB = re.compile(r"https?://[^/]+/([^/]+/[^/?#]+?)(?:\.git)?(?:[/?#].*)?")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def _repo(value: str) -> str:
    text = value.strip()
    web = _WEB.fullmatch(text)
    name = web.group(1) if web else text
    if not _REPO.fullmatch(name) or name.partition("/")[2] in (".", ".."):
        raise ValueError('must look like "owner/name"')
    return name


def _name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", value.strip().lstrip("@")):
        raise ValueError("must be the name of a user or organization, such as octocat")
    return value.strip().lstrip("@")


def _path(value: str) -> str:
    path = value.strip().strip("/")
    if not path or any(part in ("", ".", "..") for part in path.split("/")):
        raise ValueError("must be the path of a file inside the repository, such as docs/index.md")
    return path


def _time(value: str) -> str:
    text = value.strip()
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return f"{text}T00:00:00Z"
    if not _TIME.fullmatch(text):
        raise ValueError("must be a date or time such as 2024-05-31 or 2024-05-31T08:00:00Z")
    return text


def _written(value: Any) -> Any:
    """A date or time that YAML or a table gave, as text; one without a time zone is in UTC."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds") + ("Z" if value.tzinfo is None else "")
    return value.isoformat() if isinstance(value, date) else typed.Params.blank_is_none(value)


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value


def _workflow(value: str) -> str:
    name = value.strip().rpartition("/")[2]
    if name in ("", ".", ".."):
        raise ValueError("must be the workflow's file name, such as deploy.yml, or its number")
    return name


def _number(value: Any) -> Any:
    return value.strip().lstrip("#") if isinstance(value, str) else value


BlankIsNone = typed.BlankIsNone
Repo = Annotated[str, AfterValidator(_repo), Field(description='Repository, as "owner/name"')]
Text = Annotated[str, AfterValidator(_not_blank)]
LongText = Annotated[str, Field(json_schema_extra={"flowbook_type": "text"})]
Number = Annotated[int, BeforeValidator(_number), Field(ge=1)]
OptionalText = Annotated[str | None, BlankIsNone]
OptionalLongText = Annotated[str | None, BlankIsNone, Field(json_schema_extra={"flowbook_type": "text"})]
Names = Annotated[list[str] | None, typed.Parted]
Account = Annotated[Annotated[str, AfterValidator(_name)] | None, BlankIsNone]
Time = Annotated[Annotated[str, AfterValidator(_time)] | None, BeforeValidator(_written)]
Direction = Annotated[Literal["asc", "desc"] | None, BlankIsNone]
Limit = Annotated[int, Field(ge=1, description="How many at most")]
All = Annotated[bool, Field(description="Fetch all of them, whatever the limit")]


class Params(typed.Params):
    """What all params share."""

    def sent(self, *names: str, **renamed: str) -> dict[str, Any]:
        """The fields of these names that were given, by GitHub's names for them (``renamed``: ours=theirs)."""
        pairs = [*((name, name) for name in names), *renamed.items()]
        return {theirs: value for ours, theirs in pairs if (value := getattr(self, ours)) is not None}


class Nothing(Params):
    """No params."""


class OneRepo(Params):
    """A repository."""

    repo: Repo


class ListRepos(Params):
    """Whose repositories, and in which order."""

    org: Account = Field(None, description="Those of this organization")
    user: Account = Field(None, description="Those of this user; without org and user: your own")
    type: Annotated[Literal["all", "owner", "public", "private", "member", "forks", "sources"] | None, BlankIsNone] = (
        Field(None, description="Which ones")
    )
    sort: Annotated[Literal["created", "updated", "pushed", "full_name"] | None, BlankIsNone] = Field(
        None, description="Order by"
    )
    direction: Direction = Field(None, description="Ascending or descending")
    limit: Limit = 100
    all: All = False


class CreateRepo(Params):
    """A new repository."""

    repo_name: Text = Field(description="Name of the new repository", examples=["my-project"])
    private: bool = Field(True, description="Only for those invited; say false for a public repository")
    org: Account = Field(None, description="Organization that it shall belong to; empty: you")
    description: OptionalText = Field(None, description="What it is, in a line")
    homepage: OptionalText = Field(None, description="Its web page", json_schema_extra={"flowbook_type": "url"})
    auto_init: bool = Field(False, description="Start with a README and a first commit")
    gitignore_template: OptionalText = Field(None, description="Name of a .gitignore template, such as Python")
    license_template: OptionalText = Field(None, description="Keyword of a license, such as mit or apache-2.0")
    has_issues: bool | None = Field(None, description="With issues")
    has_wiki: bool | None = Field(None, description="With a wiki")


class ListIssues(Params):
    """Which issues of a repository."""

    repo: Repo
    state: Literal["open", "closed", "all"] = Field("open", description="Which state")
    labels: Names = Field(None, description="Only those with all of these labels")
    assignee: OptionalText = Field(None, description='Login of the assignee; "none" or "*" for nobody or anybody')
    creator: OptionalText = Field(None, description="Login of who opened it")
    type: OptionalText = Field(
        None, description="Name of the issue type, such as Bug; where the organization has these"
    )
    mentioned: OptionalText = Field(None, description="Login of who is mentioned")
    milestone: OptionalText = Field(None, description='Number of the milestone; "none" or "*"')
    since: Time = Field(None, description="Changed at or after this time, such as 2024-05-31T08:00:00Z")
    sort: Annotated[Literal["created", "updated", "comments"] | None, BlankIsNone] = Field(None, description="Order by")
    direction: Direction = Field(None, description="Ascending or descending")
    include_pull_requests: bool = Field(False, description="GitHub lists pull requests as issues too: keep them")
    limit: Limit = 100
    all: All = False


class OneIssue(Params):
    """An issue."""

    repo: Repo
    issue_number: Number = Field(description="Number of the issue")


class CreateIssue(Params):
    """A new issue."""

    repo: Repo
    title: Text = Field(description="Title")
    body: OptionalLongText = Field(None, description="Text, in Markdown")
    labels: Names = Field(None, description="Labels")
    assignees: Names = Field(None, description="Logins of the assignees")
    milestone: Number | None = Field(None, description="Number of the milestone")
    type: OptionalText = Field(None, description="Name of the issue type, where the organization has these")


class UpdateIssue(OneIssue):
    """What to change of an issue; the rest stays."""

    title: OptionalText = Field(None, description="New title")
    body: OptionalLongText = Field(None, description="New text, in Markdown")
    state: Annotated[Literal["open", "closed"] | None, BlankIsNone] = Field(None, description="New state")
    state_reason: Annotated[Literal["completed", "not_planned", "duplicate", "reopened"] | None, BlankIsNone] = Field(
        None, description="Why the state changes"
    )
    labels: Names = Field(None, description="Labels in place of those it has; an empty list removes all")
    assignees: Names = Field(None, description="Logins in place of the assignees it has; an empty list removes all")
    milestone: Number | None = Field(None, description="Number of the milestone")


class CloseIssue(OneIssue):
    """An issue to close."""

    reason: Literal["completed", "not_planned"] = Field("completed", description="Why")
    comment: OptionalLongText = Field(None, description="Comment to leave first, in Markdown")


class AddComment(OneIssue):
    """A comment on an issue or pull request."""

    body: Annotated[LongText, AfterValidator(_not_blank)] = Field(description="Text, in Markdown")


class AddLabels(OneIssue):
    """Labels for an issue or pull request."""

    labels: Annotated[list[str], typed.Parted] = Field(min_length=1, description="Labels to add; those it has stay")


class SearchIssues(Params):
    """A search over issues and pull requests."""

    query: Text = Field(description="GitHub's search words", examples=["repo:octocat/hello-world is:issue is:open"])
    sort: Annotated[Literal["comments", "reactions", "interactions", "created", "updated"] | None, BlankIsNone] = Field(
        None, description="Order by; the best match first when empty"
    )
    order: Direction = Field(None, description="Ascending or descending")
    limit: Limit = 100
    all: All = False


class ListPullRequests(Params):
    """Which pull requests of a repository."""

    repo: Repo
    state: Literal["open", "closed", "all"] = Field("open", description="Which state")
    head: OptionalText = Field(None, description='Branch they come from, as "owner:branch"')
    base: OptionalText = Field(None, description="Branch they go to")
    sort: Annotated[Literal["created", "updated", "popularity", "long-running"] | None, BlankIsNone] = Field(
        None, description="Order by"
    )
    direction: Direction = Field(None, description="Ascending or descending")
    limit: Limit = 100
    all: All = False


class CreatePullRequest(Params):
    """A new pull request."""

    repo: Repo
    title: Text = Field(description="Title")
    head: Text = Field(description='Branch with the changes; "owner:branch" from a fork')
    base: OptionalText = Field(None, description="Branch to merge into; the repository's default branch when empty")
    body: OptionalLongText = Field(None, description="Text, in Markdown")
    draft: bool = Field(False, description="As a draft")
    maintainer_can_modify: bool | None = Field(None, description="Whether maintainers may change the branch")


class MergePullRequest(Params):
    """A pull request to merge."""

    repo: Repo
    pull_number: Number = Field(description="Number of the pull request")
    method: Literal["merge", "squash", "rebase"] = Field("merge", description="How")
    commit_title: OptionalText = Field(None, description="Title of the merge commit")
    commit_message: OptionalLongText = Field(None, description="Text of the merge commit")
    sha: OptionalText = Field(None, description="Merge only if this is still the newest commit of its branch")


class ListCommits(Params):
    """Which commits of a repository."""

    repo: Repo
    branch: OptionalText = Field(None, description="Branch, tag or commit to start from; the default branch when empty")
    path: OptionalText = Field(None, description="Only those that touch this file or folder")
    author: OptionalText = Field(None, description="Login or e-mail address of the author")
    committer: OptionalText = Field(None, description="Login or e-mail address of who committed it")
    since: Time = Field(None, description="At or after this time, such as 2024-05-31T08:00:00Z")
    until: Time = Field(None, description="At or before this time")
    limit: Limit = 100
    all: All = False


class GetFile(Params):
    """A file of a repository."""

    repo: Repo
    path: Annotated[str, AfterValidator(_path)] = Field(
        description="Path inside the repository", examples=["README.md"]
    )
    ref: OptionalText = Field(None, description="Branch, tag or commit; the default branch when empty")


class PutFile(Params):
    """A file to create or replace, as one commit."""

    repo: Repo
    path: Annotated[str, AfterValidator(_path)] = Field(
        description="Path inside the repository", examples=["README.md"]
    )
    content: str | None = Field(None, description="The text", json_schema_extra={"flowbook_type": "text"})
    content_base64: OptionalText = Field(None, description="The bytes in base64, in place of content")
    file_path: OptionalText = Field(
        None, description="A local file, in place of content", json_schema_extra={"flowbook_type": "file"}
    )
    message: OptionalText = Field(None, description='Commit message; "Update PATH" or "Add PATH" when empty')
    branch: OptionalText = Field(None, description="Branch; the default branch when empty")
    sha: OptionalText = Field(None, description="Replace only this version (blob SHA); looked up when empty")


class CreateRelease(Params):
    """A new release."""

    repo: Repo
    tag: Text = Field(description="Tag; made when it is not there", examples=["v1.0.0"])
    name: OptionalText = Field(None, description="Name of the release")
    body: OptionalLongText = Field(None, description="Text, in Markdown")
    target: OptionalText = Field(None, description="Branch or commit for a new tag; the default branch when empty")
    draft: bool = Field(False, description="As a draft")
    prerelease: bool = Field(False, description="As a prerelease")
    generate_notes: bool = Field(False, description="Let GitHub write the name and notes")
    latest: Annotated[Literal["true", "false", "legacy"] | None, BlankIsNone] = Field(
        None, description="Whether it becomes the latest release"
    )


class DispatchWorkflow(Params):
    """A GitHub Actions workflow to start."""

    repo: Repo
    workflow: Annotated[str, AfterValidator(_workflow)] = Field(description="File name, such as deploy.yml, or number")
    ref: OptionalText = Field(None, description="Branch or tag to run on; the default branch when empty")
    inputs: dict[str, Any] = Field(default_factory=dict, description="Values for the workflow's inputs")


class GraphQL(Params):
    """A GraphQL query or mutation."""

    query: Annotated[LongText, AfterValidator(_not_blank)] = Field(description="The query")
    variables: dict[str, Any] = Field(default_factory=dict, description="Values for its variables")
