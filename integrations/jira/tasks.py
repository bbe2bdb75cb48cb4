"""The connection, issues, their links and projects, for Cloud and Data Center alike.

Facts: https://developer.atlassian.com/cloud/jira/platform/rest/v3/ and, for Data Center (version 2 of the API),
https://developer.atlassian.com/server/jira/platform/rest/. Issues come as Jira's own objects, with ``url`` added.
"""

from __future__ import annotations

from typing import Any

from flowbook import Result, TaskFailed, http, task
from flowbook.counting import counted, cut

from .client import CHANGED, CREATED, ELSEWHERE, Credentials, Jira, collect, issue_path, items_of, search
from .comments import deletion
from .fields import details, others, rich
from .models import (
    AssignIssue,
    CreateIssue,
    DeleteIssue,
    FindUser,
    GetIssue,
    LinkIssues,
    ListProjects,
    ListTransitions,
    Nothing,
    SearchIssues,
    TransitionIssue,
    UpdateIssue,
)
from .people import id_of, people_like
from .wiki import to_text


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: Nothing) -> Result:
    """Try the credentials and say whose they are.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-myself/
    """
    with Jira(credentials) as jira:
        try:
            user = jira.get(f"{jira.api}/myself").json
        except http.ServiceError as error:
            raise _explained(jira, error) from None
    if not isinstance(user, dict) or not (user.get("accountId") or user.get("name")):
        raise TaskFailed("The address answers, but not as Jira does.", {"kind": "bad_answer"}, ELSEWHERE)
    name = user.get("displayName") or user.get("name")
    data = {
        "name": name,
        "email": user.get("emailAddress"),
        "id": user.get("accountId") or user.get("name"),
        "time_zone": user.get("timeZone"),
        "cloud": jira.cloud,
    }
    return Result.ok(f"Connected to Jira {'Cloud' if jira.cloud else 'Data Center'} as {name}", data)


def _explained(jira: Jira, error: http.ServiceError) -> http.ServiceError:
    """``error`` with a hint that fits the kind of Jira and of credentials."""
    other = "email and api_token" if not jira.cloud else "token"
    if error.status == 404 and _deployment(jira) == ("Server" if jira.cloud else "Cloud"):
        kind = "Data Center" if jira.cloud else "Cloud"
        error.hint = f"This is Jira {kind}: it wants {other} as credentials."
    elif error.status == 401 and jira.cloud:
        error.hint = "Check the e-mail address and the API token; a password does not work."
    elif error.status == 401:
        error.hint = (
            "Check the personal access token: it may be wrong, expired or revoked. Cloud wants email and api_token."
        )
    elif error.status == 403 and error.response is not None and error.response.headers.get("X-Seraph-LoginReason"):
        error.hint = "Jira asks for a CAPTCHA after failed logins: log in once in a browser, then try again."
    return error


def _deployment(jira: Jira) -> str:
    """Which kind of Jira it is, as far as it tells everybody: "Cloud", "Server" (Data Center too), or nothing."""
    try:
        answer = jira.get("/rest/api/2/serverInfo", accept=(401, 403, 404)).json
    except http.ServiceError:
        return ""
    return str(answer.get("deploymentType", "")) if isinstance(answer, dict) else ""


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def search_issues(credentials: Credentials, params: SearchIssues) -> Result:
    """Search issues by JQL.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/
    """
    with Jira(credentials) as jira:
        fields = params.fields or ["*navigable"]
        limit = None if params.all else params.limit
        issues, total, more = search(jira, params.jql, fields, params.expand or [], limit)
        found = [_with_url(jira, issue) for issue in issues]
    count = f"{len(found)} issue{'' if len(found) == 1 else 's'}" + (
        f" of {total}" if total is not None and more else ""
    )
    return Result.ok(f"Found {count}{cut(more)}", found)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_issue(credentials: Credentials, params: GetIssue) -> Result:
    """Read one issue; ``description_text`` is its description without the format.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
    """
    query = {name: ",".join(value) for name in ("fields", "expand") if (value := getattr(params, name))}
    with Jira(credentials) as jira:
        issue = _with_url(jira, jira.get(issue_path(jira, params.issue_key), params=query).json)
    fields = issue.get("fields") or {}
    if "description" in fields:
        issue["description_text"] = to_text(fields["description"])
    return Result.ok(f"Found {issue.get('key', params.issue_key)}: {fields.get('summary', '')}".rstrip(": "), issue)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "id": "10001",
        "key": "OPS-1",
        "self": "https://example.atlassian.net/rest/api/3/issue/10001",
        "url": "https://example.atlassian.net/browse/OPS-1",
    },
)
def create_issue(credentials: Credentials, params: CreateIssue) -> Result:
    """Create an issue.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
    """
    with Jira(credentials) as jira:
        fields: dict[str, Any] = {
            "project": {"id" if params.project.isdecimal() else "key": params.project},
            "summary": params.summary,
            "issuetype": {"name": params.issue_type},
            **details(jira, params, {"project": params.project}),
        }
        created = jira.post(f"{jira.api}/issue", json={"fields": fields}, expect=CREATED).json
        issue = _with_url(jira, created)
    return Result.ok(f"Created {issue.get('key')}: {params.summary}", issue)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def update_issue(credentials: Credentials, params: UpdateIssue) -> Result:
    """Change an issue; what is not given stays as it is.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
    """
    if params.labels is not None and (params.add_labels or params.remove_labels):
        raise TaskFailed("labels replaces all labels: it cannot go with add_labels or remove_labels.", permanent=True)
    with Jira(credentials) as jira:
        fields = details(jira, params, {"issueKey": params.issue_key})
        if params.summary is not None:
            fields["summary"] = params.summary
        labels = [
            *({"add": one} for one in params.add_labels or []),
            *({"remove": one} for one in params.remove_labels or []),
        ]
        body = {**({"fields": fields} if fields else {}), **({"update": {"labels": labels}} if labels else {})}
        if not body:
            raise TaskFailed(
                "Nothing was given to change.",
                hint="Give summary, description, labels, fields or others.",
                permanent=True,
            )
        query = None if params.notify else {"notifyUsers": "false"}
        jira.put(issue_path(jira, params.issue_key), json=body, params=query, expect=CHANGED)
        url = _url(jira, params.issue_key)
    changed = sorted({*fields, *(["labels"] if labels else [])})
    data = {"key": params.issue_key, "url": url, "changed": changed}
    return Result.ok(f"Changed {', '.join(changed)} of {params.issue_key}", data)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def delete_issue(credentials: Credentials, params: DeleteIssue) -> Result:
    """Delete an issue for good. One that has sub-tasks is refused by Jira, unless ``subtasks`` is set.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
    """
    query = {"deleteSubtasks": "true"} if params.subtasks else None
    with Jira(credentials) as jira:
        path = issue_path(jira, params.issue_key)
        deleted = deletion(jira, path, missing_ok=params.missing_ok, query=query)
    words = f"Deleted {params.issue_key}" if deleted else f"There is no {params.issue_key} (any more)"
    return Result.ok(words, {"key": params.issue_key, "deleted": deleted})


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_transitions(credentials: Credentials, params: ListTransitions) -> Result:
    """List the transitions that an issue can take now, with the status that each leads to.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
    """
    with Jira(credentials) as jira:
        path = f"{issue_path(jira, params.issue_key)}/transitions"
        found = items_of(jira.get(path).json, "transitions")
    return Result.ok(f"Found {counted(len(found), 'transition')}", found)


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def transition_issue(credentials: Credentials, params: TransitionIssue) -> Result:
    """Move an issue on in its workflow, by the name of the transition or of the status it leads to.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
    """
    with Jira(credentials) as jira:
        path = f"{issue_path(jira, params.issue_key)}/transitions"
        available = items_of(jira.get(path).json, "transitions")
        chosen = _transition(available, params)
        fields = others(jira, params.fields, params.format)
        if params.resolution is not None:
            fields["resolution"] = {"name": params.resolution}
        body: dict[str, Any] = {"transition": {"id": str(chosen["id"])}, **({"fields": fields} if fields else {})}
        jira.post(path, json=body, expect=CHANGED)
        if params.comment is not None:
            comment = {"body": rich(jira, params.comment, params.format)}
            jira.post(f"{issue_path(jira, params.issue_key)}/comment", json=comment, expect=CREATED)
        url = _url(jira, params.issue_key)
    status = (chosen.get("to") or {}).get("name")
    data = {"key": params.issue_key, "url": url, "transition": chosen.get("name"), "status": status}
    return Result.ok(f"{params.issue_key} is {status or chosen.get('name')} now", data)


def _transition(available: list[Any], params: TransitionIssue) -> dict[str, Any]:
    wanted = params.transition.casefold()
    for way in ("name", "to", "id"):
        found = [one for one in available if _named(one, way) == wanted]
        if len(found) == 1:
            return dict(found[0])
        if found:
            several = ", ".join(f"{one.get('name')} ({one.get('id')}, to {_named(one, 'to')})" for one in found)
            hint = "Give the transition by its id."
            raise TaskFailed(f"{params.transition!r} may be several transitions: {several}.", hint=hint, permanent=True)
    names = ", ".join(f"{one.get('name')} (to {(one.get('to') or {}).get('name')})" for one in available)
    hint = f"Available now: {names}." if names else "No transition is available to these credentials now."
    raise TaskFailed(f"{params.issue_key} has no transition {params.transition!r}.", hint=hint)


def _named(transition: Any, way: str) -> str:
    """What a transition is called by: its own name or id, or (``to``) the status it leads to."""
    name = (transition.get("to") or {}).get("name") if way == "to" else transition.get(way)
    return str(name).casefold()


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def assign_issue(credentials: Credentials, params: AssignIssue) -> Result:
    """Assign an issue to somebody, to the project's default, or to nobody.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/
    """
    with Jira(credentials) as jira:
        path = issue_path(jira, params.issue_key)
        if params.assignee is None:
            # Unassigning is an edit: the assignee resource's own description allows no null.
            jira.put(path, json={"fields": {"assignee": None if jira.cloud else {"name": ""}}}, expect=CHANGED)
            return Result.ok(f"{params.issue_key} is assigned to nobody", {"key": params.issue_key, "assignee": None})
        who = id_of(jira, params.assignee, {"issueKey": params.issue_key})
        jira.put(f"{path}/assignee", json={"accountId" if jira.cloud else "name": who}, expect=CHANGED)
    return Result.ok(f"Assigned {params.issue_key} to {params.assignee}", {"key": params.issue_key, "assignee": who})


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def link_issues(credentials: Credentials, params: LinkIssues) -> Result:
    """Link two issues: "ABC-1 blocks ABC-2"; repeating it changes nothing.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-links/
    """
    with Jira(credentials) as jira:
        types = items_of(jira.get(f"{jira.api}/issueLinkType").json, "issueLinkTypes")
        link, turned = _link_type(types, params.link_type)
        first, second = params.issue_key, params.linked_issue_key
        if turned:
            first, second = second, first
        # Jira reads the "inward issue" of a new link as its subject: it is the one that "blocks".
        body = {"type": {"name": link["name"]}, "inwardIssue": {"key": first}, "outwardIssue": {"key": second}}
        jira.post(f"{jira.api}/issueLink", json=body, expect=CREATED)
    words = link.get("inward" if turned else "outward") or link["name"]
    data = {"from": params.issue_key, "to": params.linked_issue_key, "type": link["name"], "words": words}
    return Result.ok(f"{params.issue_key} {words} {params.linked_issue_key}", data)


def _link_type(types: list[Any], wanted: str) -> tuple[dict[str, Any], bool]:
    """The link type meant by its name or words, and whether its words were those of the other direction."""
    for ours, turned in (("name", False), ("outward", False), ("inward", True), ("id", False)):
        found = [one for one in types if str(one.get(ours, "")).casefold() == wanted.casefold()]
        if len(found) > 1:
            several = ", ".join(f"{one.get('name')} ({one.get('id')})" for one in found)
            hint = "Give the link type by its name or id."
            raise TaskFailed(f"{wanted!r} may be several link types: {several}.", hint=hint, permanent=True)
        if found:
            return found[0], turned
    names = ", ".join(f"{one.get('name')} ({one.get('outward')} / {one.get('inward')})" for one in types)
    raise TaskFailed(f"There is no link type {wanted!r}.", hint=f"There are: {names}.", permanent=True)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_projects(credentials: Credentials, params: ListProjects) -> Result:
    """List the projects that these credentials may see.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-projects/
    """
    with Jira(credentials) as jira:
        projects, more = (_cloud_projects if jira.cloud else _all_projects)(jira, params)
    return Result.ok(f"Found {counted(len(projects), 'project')}{cut(more)}", projects)


def _cloud_projects(jira: Jira, params: ListProjects) -> tuple[list[Any], bool]:
    query = {"query": params.query} if params.query else {}
    return collect(jira, f"{jira.api}/project/search", "values", query, None if params.all else params.limit)


def _all_projects(jira: Jira, params: ListProjects) -> tuple[list[Any], bool]:
    """Data Center hands over all projects at once."""
    answer = jira.get(f"{jira.api}/project").objects()
    text = (params.query or "").casefold()
    found = [one for one in answer if text in f"{one.get('key', '')}\n{one.get('name', '')}".casefold()]
    limit = None if params.all else params.limit
    return found[:limit], limit is not None and len(found) > limit


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def find_user(credentials: Credentials, params: FindUser) -> Result:
    """Find people by the beginning of their name or e-mail address.

    Data: a list of Jira's own objects; ``accountId`` (Cloud) or ``name`` (Data Center) is what names a person for sure.
    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-user-search/
    """
    with Jira(credentials) as jira:
        found, more = people_like(jira, params.query, params.limit)
    count = "1 person" if len(found) == 1 else f"{len(found)} people"
    return Result.ok(f"Found {count}{' (there are more: raise limit)' if more else ''}", found)


def _url(jira: Jira, key: str) -> str:
    return f"{jira.base_url}/browse/{key}"


def _with_url(jira: Jira, issue: Any) -> dict[str, Any]:
    if not isinstance(issue, dict):
        raise TaskFailed("Jira answered with something else than an issue.", {"kind": "bad_answer"}, ELSEWHERE)
    return {**issue, **({"url": _url(jira, issue["key"])} if issue.get("key") else {})}
