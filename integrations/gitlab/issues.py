"""Issues, and comments on issues and merge requests.

Facts: https://docs.gitlab.com/api/issues/ and https://docs.gitlab.com/api/notes/.
"""

from __future__ import annotations

from typing import Any

from flowbook import Result, task
from flowbook.counting import counted

from .client import GitLab, project_path
from .models import AddComment, CreateIssue, Credentials, ListComments, ListIssues, OneIssue, UpdateIssue

# What a dry run goes on with in the place of what the service would answer.
_ISSUE = {
    "id": 84,
    "iid": 14,
    "project_id": 4,
    "title": "Issues with auth",
    "state": "opened",
    "labels": ["bug"],
    "web_url": "https://gitlab.example.com/my-group/my-project/-/issues/14",
    "created_at": "2016-01-07T12:44:33.959Z",
}


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_issues(credentials: Credentials, params: ListIssues) -> Result:
    """List the issues of a project, newest first. Data: a list of GitLab's issues (iid, title, state)."""
    with GitLab(credentials) as gitlab:
        found, more = gitlab.several(
            f"{project_path(params.project)}/issues",
            params.wanted,
            state=params.state,
            labels=joined(params.labels),
            search=params.search,
            assignee_username=params.assignee,
            updated_after=params.updated_after,
        )
    return Result.ok(f"{counted(len(found), 'issue', more)}.", found)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_issue(credentials: Credentials, params: OneIssue) -> Result:
    """Read one issue. Data: GitLab's issue."""
    with GitLab(credentials) as gitlab:
        issue = gitlab.get(f"{project_path(params.project)}/issues/{params.issue}")
    return Result.ok(f"#{params.issue}: {issue.get('title')}", issue)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example=_ISSUE,
)
def create_issue(credentials: Credentials, params: CreateIssue) -> Result:
    """Make an issue. Data: GitLab's issue (iid, web_url). https://docs.gitlab.com/api/issues/#create-an-issue"""
    with GitLab(credentials) as gitlab:
        issue = gitlab.post(f"{project_path(params.project)}/issues", {"title": params.title, **_fields(params)})
    return Result.ok(f"#{issue.get('iid')} made in {params.project}.", issue)


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example=_ISSUE,
)
def update_issue(credentials: Credentials, params: UpdateIssue) -> Result:
    """Change, close or reopen an issue. Data: GitLab's issue. https://docs.gitlab.com/api/issues/#update-an-issue"""
    body = {
        "title": params.title,
        "state_event": params.state,
        "add_labels": joined(params.add_labels),
        "remove_labels": joined(params.remove_labels),
    }
    with GitLab(credentials) as gitlab:
        issue = gitlab.put(f"{project_path(params.project)}/issues/{params.issue}", {**body, **_fields(params)})
    return Result.ok(f"#{params.issue} changed: it is {issue.get('state')}.", issue)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_comments(credentials: Credentials, params: ListComments) -> Result:
    """List the comments on an issue or a merge request, newest first. Data: a list of GitLab's notes."""
    with GitLab(credentials) as gitlab:
        found, more = gitlab.several(f"{project_path(params.project)}/{params.resource}/notes", params.wanted)
    return Result.ok(f"{counted(len(found), 'comment', more)}.", found)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "id": 301,
        "body": "Comment for issue",
        "author": {"id": 1, "username": "pipin"},
        "created_at": "2013-10-02T08:57:14Z",
    },
)
def add_comment(credentials: Credentials, params: AddComment) -> Result:
    """Comment on an issue or a merge request. Data: GitLab's note."""
    with GitLab(credentials) as gitlab:
        note = gitlab.post(f"{project_path(params.project)}/{params.resource}/notes", {"body": params.body})
    return Result.ok("Comment added.", note)


def joined(names: list[str] | None) -> str | None:
    """Labels as GitLab wants them: with commas."""
    return None if names is None else ",".join(names)


def _fields(params: CreateIssue | UpdateIssue) -> dict[str, Any]:
    return {
        "description": params.description,
        "labels": joined(params.labels),
        "assignee_ids": params.assignee_ids,
        "milestone_id": params.milestone_id,
        "due_date": params.due_date,
        "confidential": params.confidential,
    }
