"""Who the integration is, people, and comments.

Facts: https://developers.notion.com/reference/user and https://developers.notion.com/reference/comment-object.
"""

from __future__ import annotations

from flowbook import Result, TaskFailed, task
from flowbook.counting import counted

from .client import Notion
from .markdown import blocks_of
from .models import AddComment, Credentials, FindUser, ListComments, ListUsers, Nothing


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: Nothing) -> Result:
    """Ask who the integration is. https://developers.notion.com/reference/get-self"""
    with Notion(credentials) as notion:
        me = notion.get("users/me")
    workspace = (me.get("bot") or {}).get("workspace_name")
    where = f" in {workspace}" if workspace else ""
    return Result.ok(f"Successfully connected to Notion as {me.get('name')}{where}.", me)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_users(credentials: Credentials, params: ListUsers) -> Result:
    """List the people and integrations of the workspace. Data: a list of Notion's users (id, name, type, person)."""
    with Notion(credentials) as notion:
        found, more = notion.several("users", params.wanted, {})
    return Result.ok(f"{counted(len(found), 'user', more)}.", found)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def find_user(credentials: Credentials, params: FindUser) -> Result:
    """Find one person by e-mail address or name. Data: Notion's user (id, name, person)."""
    with Notion(credentials) as notion:
        users, _ = notion.several("users", None, {})
    wanted = (params.email or params.name or "").casefold()
    if params.email:
        found = [one for one in users if str((one.get("person") or {}).get("email", "")).casefold() == wanted]
    else:
        found = [one for one in users if str(one.get("name", "")).casefold() == wanted]
    if len(found) == 1:
        return Result.ok(f"{found[0].get('name')} is {found[0].get('id')}.", found[0])
    what = f"there are {counted(len(found), 'user')}" if found else "there is no user"
    raise TaskFailed(
        f"Notion: {what} {params.email or params.name!r}.",
        {"kind": "not_found", "ids": [one.get("id") for one in found]},
        hint="Check the name; addresses are seen only with that capability.",
        permanent=True,
    )


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_comments(credentials: Credentials, params: ListComments) -> Result:
    """List the open comments on a page. Data: a list of Notion's comments (id, discussion_id, rich_text, created_by).

    https://developers.notion.com/reference/list-comments
    """
    with Notion(credentials) as notion:
        found, more = notion.several("comments", params.wanted, {"block_id": params.page})
    return Result.ok(f"{counted(len(found), 'comment', more)}.", found)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "object": "comment",
        "id": "94cc56ab-9f02-409d-9f99-1037e9fe502f",
        "discussion_id": "f1407351-36f5-4c49-a13c-49f8ba11776d",
        "created_time": "2022-07-15T16:52:00.000Z",
    },
)
def add_comment(credentials: Credentials, params: AddComment) -> Result:
    """Comment on a page, or answer a discussion. Data: Notion's comment.

    https://developers.notion.com/reference/create-a-comment
    """
    blocks = blocks_of(params.text)
    rich = [piece for block in blocks for piece in block[block["type"]].get("rich_text", [])]
    where = {"discussion_id": params.discussion} if params.discussion else {"parent": {"page_id": params.page}}
    with Notion(credentials) as notion:
        comment = notion.post("comments", {**where, "rich_text": rich})
    return Result.ok("Comment added.", comment)
