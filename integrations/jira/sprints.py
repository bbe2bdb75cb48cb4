"""Sprints of boards (Jira Software), on Cloud and Data Center alike.

Facts: https://developer.atlassian.com/cloud/jira/software/rest/api-group-board/ and …/api-group-sprint/; for Data
Center https://docs.atlassian.com/jira-software/REST/server (board, sprint).
"""

from __future__ import annotations

from typing import Any

from flowbook import Result, TaskFailed, current, task
from flowbook.counting import counted, cut

from .client import CHANGED, Credentials, Jira, collect
from .models import AddToSprint, ListSprints

AGILE = "/rest/agile/1.0"
MOST_AT_ONCE = 50
"""Issues that one request may move into a sprint."""


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_sprints(credentials: Credentials, params: ListSprints) -> Result:
    """List the sprints of a board, which is given by its id or name.

    https://developer.atlassian.com/cloud/jira/software/rest/api-group-board/
    """
    query = {"state": ",".join(params.states)} if params.states else {}
    with Jira(credentials) as jira:
        board = params.board if params.board.isdecimal() else _board(jira, params.board)
        path = f"{AGILE}/board/{board}/sprint"
        found, more = collect(jira, path, "values", query, None if params.all else params.limit)
    return Result.ok(f"Found {counted(len(found), 'sprint')}{cut(more)}", found)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def add_to_sprint(credentials: Credentials, params: AddToSprint) -> Result:
    """Move issues into a sprint that is not closed; they leave the one that they were in.

    https://developer.atlassian.com/cloud/jira/software/rest/api-group-sprint/
    """
    keys = list(dict.fromkeys(params.issue_keys))
    with Jira(credentials) as jira:
        for start in range(0, len(keys), MOST_AT_ONCE):
            part = keys[start : start + MOST_AT_ONCE]
            jira.post(f"{AGILE}/sprint/{params.sprint_id}/issue", json={"issues": part}, expect=CHANGED)
            current().progress(start + len(part), len(keys), "issues")
    count = f"{len(keys)} issue{'' if len(keys) == 1 else 's'}"
    return Result.ok(f"Moved {count} into sprint {params.sprint_id}", {"sprint_id": params.sprint_id, "issues": keys})


def _board(jira: Jira, name: str) -> str:
    """The id of the board with that name; Jira finds those that have it in theirs."""
    found, _ = collect(jira, f"{AGILE}/board", "values", {"name": name}, None)
    exact = [one for one in found if str(one.get("name", "")).casefold() == name.casefold()]
    if len(exact) == 1:
        return str(exact[0]["id"])
    shown = ", ".join(_shown(one) for one in (exact or found)[:10])
    if exact:
        hint = "Give the board by its id."
        raise TaskFailed(f"{name!r} may be several boards: {shown}.", hint=hint, permanent=True)
    hint = f"Jira found {shown}." if shown else "Check the spelling, and that these credentials may see the board."
    raise TaskFailed(f"There is no board {name!r}.", hint=hint, permanent=True)


def _shown(board: dict[str, Any]) -> str:
    return f"{board.get('name')} ({board.get('id')}, {board.get('type')})"
