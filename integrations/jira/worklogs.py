"""Time spent on issues.

Facts: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-worklogs/ and, for Data Center,
https://developer.atlassian.com/server/jira/platform/rest/ (issue: worklogs).
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from flowbook import Result, task
from flowbook.counting import counted, cut

from .client import CREATED, Credentials, Jira, collect, issue_path, object_of
from .fields import rich
from .models import AddWorklog, ListWorklogs
from .wiki import to_text


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_worklogs(credentials: Credentials, params: ListWorklogs) -> Result:
    """List the time that was spent on an issue; ``comment_text`` says what for, without its format.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-worklogs/
    """
    with Jira(credentials) as jira:
        path = f"{issue_path(jira, params.issue_key)}/worklog"
        found, more = collect(jira, path, "worklogs", {}, None if params.all else params.limit)
    entries = [{**one, "comment_text": to_text(one.get("comment"))} for one in found]
    return Result.ok(f"Found {counted(len(entries), 'worklog')}{cut(more)}", entries)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "id": "100028",
        "issueId": "10002",
        "timeSpent": "3h 20m",
        "timeSpentSeconds": 12000,
        "started": "2021-01-17T12:34:00.000+0000",
    },
)
def add_worklog(credentials: Credentials, params: AddWorklog) -> Result:
    """Note time that was spent on an issue. What remains is less by it, or what ``remaining`` says.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-worklogs/
    """
    started = params.started or datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000%z")
    body: dict[str, Any] = {"timeSpent": params.time_spent, "started": started}
    if params.visibility:
        body["visibility"] = params.visibility
    query = {"adjustEstimate": "new", "newEstimate": params.remaining} if params.remaining else None
    with Jira(credentials) as jira:
        if params.comment is not None:
            body["comment"] = rich(jira, params.comment, params.format)
        path = f"{issue_path(jira, params.issue_key)}/worklog"
        entry = object_of(jira.post(path, json=body, params=query, expect=CREATED).json, "id", "the worklog")
    return Result.ok(f"Noted {params.time_spent} on {params.issue_key}", entry)
