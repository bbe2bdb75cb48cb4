"""Comments on records. Facts: https://airtable.com/developers/web/api/list-comments and /create-comment."""

from __future__ import annotations

from flowbook import Result, task
from flowbook.counting import counted

from .client import PAGE, Airtable, unlike
from .models import AddComment, Credentials, ListComments


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_comments(credentials: Credentials, params: ListComments) -> Result:
    """List the comments on a record, newest first. Data: a list of Airtable's comments (id, text, author)."""
    wanted = params.wanted
    with Airtable(credentials) as airtable:
        path = f"{airtable.table(params.base, params.table)}/{params.record}/comments"
        size = PAGE if wanted is None else min(PAGE, wanted)
        found, more = airtable.listed(path, "comments", wanted, {"pageSize": size})
    return Result.ok(f"{counted(len(found), 'comment', more)}.", found)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "id": "comB5z37Mg9zaEPw6",
        "author": {"id": "usrL2PNC5o3H4lBEi", "email": "ada@example.com"},
        "text": "Hello, world!",
        "createdTime": "2021-03-01T09:00:00.000Z",
    },
)
def add_comment(credentials: Credentials, params: AddComment) -> Result:
    """Comment on a record; @[usr...] mentions somebody. Data: Airtable's comment."""
    with Airtable(credentials) as airtable:
        path = f"{airtable.table(params.base, params.table)}/{params.record}/comments"
        comment = airtable.call("POST", path, json={"text": params.text}, expect=(200,))
    if "id" not in comment:
        raise unlike()
    return Result.ok("Comment added.", comment)
