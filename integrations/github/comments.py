"""Comments on issues and pull requests. Facts: https://docs.github.com/en/rest/issues/comments."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from flowbook import Result, task
from flowbook.counting import cut

from .client import CREATED, DONE, Credentials, GitHub, collect, object_of, some
from .fields import All, Limit, LongText, Number, OneIssue, OneRepo, Time, not_blank


class AddComment(OneIssue):
    """A comment on an issue or pull request."""

    body: Annotated[LongText, AfterValidator(not_blank)] = Field(description="Text, in Markdown")


class ListComments(OneIssue):
    """Which comments of an issue or pull request."""

    since: Time = Field(None, description="Changed at or after this time, such as 2024-05-31T08:00:00Z")
    limit: Limit = 100
    all: All = False


class UpdateComment(OneRepo):
    """A comment and its new text."""

    comment_id: Number = Field(description="The comment's id, as add_comment and list_comments give it (data.id)")
    body: Annotated[LongText, AfterValidator(not_blank)] = Field(description="New text, in Markdown")


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "id": 1,
        "body": "Me too",
        "html_url": "https://github.com/octocat/Hello-World/issues/1347#issuecomment-1",
        "user": {"login": "octocat"},
        "created_at": "2011-04-14T16:00:49Z",
    },
)
def add_comment(credentials: Credentials, params: AddComment) -> Result:
    """Comment on an issue or pull request.

    https://docs.github.com/en/rest/issues/comments#create-an-issue-comment
    """
    with GitHub(credentials) as api:
        comment = object_of(api.post(f"{params.resource}/comments", json={"body": params.body}, expect=CREATED))
    return Result.ok(f"Commented on {params.repo}#{params.issue_number}", comment)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_comments(credentials: Credentials, params: ListComments) -> Result:
    """List the comments on an issue or pull request, the oldest first.

    https://docs.github.com/en/rest/issues/comments#list-issue-comments
    """
    limit = None if params.all else params.limit
    with GitHub(credentials) as api:
        comments, more = collect(api, f"{params.resource}/comments", params.sent("since"), limit)
    return Result.ok(f"Found {some(comments, 'comment')} on {params.repo}#{params.issue_number}{cut(more)}", comments)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def update_comment(credentials: Credentials, params: UpdateComment) -> Result:
    """Replace the text of a comment on an issue or pull request.

    https://docs.github.com/en/rest/issues/comments#update-an-issue-comment
    """
    path = f"/repos/{params.repo}/issues/comments/{params.comment_id}"
    with GitHub(credentials) as api:
        comment = object_of(api.patch(path, json={"body": params.body}, expect=DONE), "id")
    return Result.ok(f"Changed comment {params.comment_id} in {params.repo}", comment)
