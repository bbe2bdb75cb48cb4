"""Issues, and what pull requests share with them. Facts: https://docs.github.com/en/rest/issues."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from flowbook import Result, TaskFailed, http, task, typed
from flowbook.counting import cut

from .client import CREATED, DONE, GONE, Credentials, GitHub, collect, everything_of, object_of, some
from .fields import (
    All,
    BlankIsNone,
    Direction,
    Limit,
    Names,
    Number,
    OneIssue,
    OptionalLongText,
    OptionalText,
    Params,
    Repo,
    Text,
    Time,
)

SEARCH_END = 1000


class ListIssues(Params):
    """Which issues of a repository."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["state"]})

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


class CreateIssue(Params):
    """A new issue."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["body"]})

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


class AddLabels(OneIssue):
    """Labels for an issue or pull request."""

    labels: Annotated[list[str], typed.Parted] = Field(min_length=1, description="Labels to add; those it has stay")


class RemoveLabel(OneIssue):
    """A label of an issue or pull request."""

    label: Text = Field(description="Label to take off")


class LockIssue(OneIssue):
    """An issue or pull request to lock."""

    reason: Annotated[Literal["off-topic", "too heated", "resolved", "spam"] | None, BlankIsNone] = Field(
        None, description="Why, as GitHub shows it"
    )


class SearchIssues(Params):
    """A search over issues and pull requests."""

    query: Text = Field(description="GitHub's search words", examples=["repo:octocat/hello-world is:issue is:open"])
    sort: Annotated[Literal["comments", "reactions", "interactions", "created", "updated"] | None, BlankIsNone] = Field(
        None, description="Order by; the best match first when empty"
    )
    order: Direction = Field(None, description="Ascending or descending")
    limit: Limit = 100
    all: All = False


# What a dry run goes on with in the place of what the service would answer.
_ISSUE = {
    "id": 1,
    "number": 1347,
    "title": "Found a bug",
    "body": "I'm having a problem with this.",
    "state": "open",
    "html_url": "https://github.com/octocat/Hello-World/issues/1347",
    "user": {"login": "octocat"},
    "labels": [{"name": "bug"}],
    "created_at": "2011-04-22T13:33:48Z",
}


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_issues(credentials: Credentials, params: ListIssues) -> Result:
    """List the issues of a repository.

    https://docs.github.com/en/rest/issues/issues#list-repository-issues
    """
    query = params.sent("state", "assignee", "creator", "type", "mentioned", "milestone", "since", "sort", "direction")
    if params.labels:
        query["labels"] = ",".join(params.labels)
    keep = None if params.include_pull_requests else _is_issue
    limit = None if params.all else params.limit
    with GitHub(credentials) as api:
        issues, more = collect(api, f"/repos/{params.repo}/issues", query, limit, keep=keep)
    state = "" if params.state == "all" else f"{params.state} "
    return Result.ok(f"Found {some(issues, f'{state}issue')} in {params.repo}{cut(more)}", issues)


def _is_issue(item: dict[str, Any]) -> bool:
    return "pull_request" not in item


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_issue(credentials: Credentials, params: OneIssue) -> Result:
    """Read one issue or pull request.

    https://docs.github.com/en/rest/issues/issues#get-an-issue
    """
    with GitHub(credentials) as api:
        issue = object_of(api.get(params.resource))
    return Result.ok(f"Found {params.repo}#{params.issue_number}: {issue.get('title', '')}", issue)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example=_ISSUE,
)
def create_issue(credentials: Credentials, params: CreateIssue) -> Result:
    """Open an issue.

    https://docs.github.com/en/rest/issues/issues#create-an-issue
    """
    body = params.sent("title", "body", "labels", "assignees", "milestone", "type")
    with GitHub(credentials) as api:
        issue = object_of(api.post(f"/repos/{params.repo}/issues", json=body, expect=CREATED), "number")
    return Result.ok(f"Opened {params.repo}#{issue['number']}: {params.title}", issue)


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example=_ISSUE,
)
def update_issue(credentials: Credentials, params: UpdateIssue) -> Result:
    """Change an issue's title, text, state, labels, assignees or milestone.

    https://docs.github.com/en/rest/issues/issues#update-an-issue
    """
    body = params.sent("title", "body", "state", "state_reason", "labels", "assignees", "milestone")
    if not body:
        raise TaskFailed(
            "Nothing was given to change.",
            hint="Give title, body, state, labels, assignees or milestone.",
            permanent=True,
        )
    with GitHub(credentials) as api:
        issue = object_of(api.patch(params.resource, json=body, expect=DONE), "number")
    return Result.ok(f"Changed {', '.join(body)} of {params.repo}#{params.issue_number}", issue)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "id": 1,
        "number": 1347,
        "title": "Found a bug",
        "body": "I'm having a problem with this.",
        "state": "closed",
        "html_url": "https://github.com/octocat/Hello-World/issues/1347",
        "user": {"login": "octocat"},
        "labels": [{"name": "bug"}],
        "created_at": "2011-04-22T13:33:48Z",
    },
)
def close_issue(credentials: Credentials, params: CloseIssue) -> Result:
    """Close an issue, with a comment if you like.

    https://docs.github.com/en/rest/issues/issues#update-an-issue
    """
    body = {"state": "closed", "state_reason": params.reason}
    with GitHub(credentials) as api:
        if params.comment:
            api.post(f"{params.resource}/comments", json={"body": params.comment}, expect=CREATED)
        issue = object_of(api.patch(params.resource, json=body, expect=DONE), "number")
    return Result.ok(f"Closed {params.repo}#{params.issue_number}", issue)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def add_labels(credentials: Credentials, params: AddLabels) -> Result:
    """Add labels to an issue or pull request; the answer lists all it has then.

    https://docs.github.com/en/rest/issues/labels#add-labels-to-an-issue
    """
    with GitHub(credentials) as api:
        labels = everything_of(api.post(f"{params.resource}/labels", json={"labels": params.labels}, expect=DONE).json)
    return Result.ok(f"Added {', '.join(params.labels)} to {params.repo}#{params.issue_number}", labels)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def remove_label(credentials: Credentials, params: RemoveLabel) -> Result:
    """Take a label off an issue or pull request; that it does not have it is fine. Data: the labels that it has then.

    https://docs.github.com/en/rest/issues/labels#remove-a-label-from-an-issue
    """
    path = f"{params.resource}/labels/{http.segment(params.label)}"
    with GitHub(credentials) as api:
        answer = api.delete(path, accept=(404,), expect=DONE)
        if answer.status == 404:
            # GitHub says 404 for a label that it does not have, and for an issue that is not there.
            labels, _ = collect(api, f"{params.resource}/labels", {}, None)
            return Result.ok(f"{params.repo}#{params.issue_number} does not have the label {params.label}", labels)
        labels = everything_of(answer.json)
    return Result.ok(f"Took {params.label} off {params.repo}#{params.issue_number}", labels)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def lock_issue(credentials: Credentials, params: LockIssue) -> Result:
    """Lock an issue or pull request, so that only collaborators can comment.

    https://docs.github.com/en/rest/issues/issues#lock-an-issue
    """
    with GitHub(credentials) as api:
        api.put(f"{params.resource}/lock", json=params.sent(reason="lock_reason"), expect=GONE)
    data = {"repo": params.repo, "issue_number": params.issue_number, "locked": True}
    return Result.ok(f"Locked {params.repo}#{params.issue_number}", data)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def unlock_issue(credentials: Credentials, params: OneIssue) -> Result:
    """Unlock an issue or pull request.

    https://docs.github.com/en/rest/issues/issues#unlock-an-issue
    """
    with GitHub(credentials) as api:
        api.delete(f"{params.resource}/lock", expect=GONE)
    data = {"repo": params.repo, "issue_number": params.issue_number, "locked": False}
    return Result.ok(f"Unlocked {params.repo}#{params.issue_number}", data)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def search_issues(credentials: Credentials, params: SearchIssues) -> Result:
    """Search issues and pull requests all over GitHub; it hands over the first 1000 of them at most.

    https://docs.github.com/en/rest/search/search#search-issues-and-pull-requests
    """
    total = 0
    partial = False

    def items(answer: Any) -> list[Any]:
        nonlocal total, partial
        if not isinstance(answer, dict) or not isinstance(answer.get("items"), list):
            raise TaskFailed("GitHub answered with something else than search results.", {"kind": "bad_answer"})
        total = answer.get("total_count") or 0
        partial = partial or bool(answer.get("incomplete_results"))
        return list(answer["items"])

    most = SEARCH_END if params.all else min(params.limit, SEARCH_END)
    with GitHub(credentials) as api:
        found, _ = collect(api, "/search/issues", params.sent("sort", "order", query="q"), most, items=items)
    note = " (GitHub ran out of time: there may be more)" if partial else ""
    return Result.ok(f"Found {total} in all; here are {len(found)}{note}", found)
