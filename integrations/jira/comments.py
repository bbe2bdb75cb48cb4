"""Comments on issues.

Facts: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/ and, for Data Center,
https://developer.atlassian.com/server/jira/platform/rest/ (issue: comments).
"""

from __future__ import annotations

from typing import Any

from flowbook import Result, http, task
from flowbook.counting import counted, cut

from .client import CHANGED, CREATED, Credentials, Jira, collect, issue_path, object_of
from .fields import rich
from .models import AddComment, DeleteComment, ListComments, UpdateComment
from .wiki import to_text


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_comments(credentials: Credentials, params: ListComments) -> Result:
    """List an issue's comments; ``body_text`` is the text of each without its format.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/
    """
    query = {"orderBy": "-created" if params.newest_first else "created"}
    with Jira(credentials) as jira:
        path = f"{issue_path(jira, params.issue_key)}/comment"
        found, more = collect(jira, path, "comments", query, None if params.all else params.limit)
    comments = [{**one, "body_text": to_text(one.get("body"))} for one in found]
    return Result.ok(f"Found {counted(len(comments), 'comment')}{cut(more)}", comments)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "id": "10000",
        "self": "https://example.atlassian.net/rest/api/3/issue/10010/comment/10000",
        "created": "2021-01-17T12:34:00.000+0000",
    },
)
def add_comment(credentials: Credentials, params: AddComment) -> Result:
    """Comment on an issue.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/
    """
    with Jira(credentials) as jira:
        body: dict[str, Any] = {"body": rich(jira, params.body, params.format)}
        if params.visibility:
            body["visibility"] = params.visibility
        if params.internal:
            body["properties"] = [{"key": "sd.public.comment", "value": {"internal": True}}]
        comment = jira.post(f"{issue_path(jira, params.issue_key)}/comment", json=body, expect=CREATED).json
    return Result.ok(f"Commented on {params.issue_key}", comment)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def update_comment(credentials: Credentials, params: UpdateComment) -> Result:
    """Rewrite a comment. Who may see it stays as it was, unless a role or group is given.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/
    """
    with Jira(credentials) as jira:
        path = _comment(jira, params.issue_key, params.comment_id)
        body: dict[str, Any] = {"body": rich(jira, params.body, params.format)}
        # What an update does not say of the visibility may open a comment to everybody: it is said each time.
        kept = None if params.visibility else object_of(jira.get(path).json, "id", "a comment").get("visibility")
        if visibility := params.visibility or kept:
            body["visibility"] = visibility
        answer = jira.put(path, json=body, expect=(200,)).json
        comment = object_of(answer, "id", "the comment")
    return Result.ok(f"Changed comment {params.comment_id} on {params.issue_key}", comment)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def delete_comment(credentials: Credentials, params: DeleteComment) -> Result:
    """Delete a comment.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/
    """
    with Jira(credentials) as jira:
        deleted = deletion(jira, _comment(jira, params.issue_key, params.comment_id), missing_ok=params.missing_ok)
    done = f"Deleted comment {params.comment_id} of {params.issue_key}"
    data = {"key": params.issue_key, "comment_id": params.comment_id, "deleted": deleted}
    return Result.ok(done if deleted else f"{params.issue_key} has no comment {params.comment_id} (any more)", data)


def deletion(jira: Jira, path: str, *, missing_ok: bool, query: dict[str, str] | None = None) -> bool:
    """Delete what is at ``path``; False when there is none, which is a failure unless ``missing_ok``.

    Without it a broken connection is not followed by another try: that one would not find what the first one deleted.
    """
    accept = (404,) if missing_ok else ()
    answer: http.Response = jira.delete(path, params=query, accept=accept, expect=CHANGED, retry=missing_ok)
    return answer.status != 404


def _comment(jira: Jira, key: str, id: str) -> str:
    return f"{issue_path(jira, key)}/comment/{id}"
