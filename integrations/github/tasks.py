"""GitHub's tasks. Facts: https://docs.github.com/en/rest (API version 2022-11-28) and /en/graphql.

Lists come as plain lists of GitHub's own objects, single things as the object itself, so that a later node can say
``${{ nodes.fetch.data[0].title }}`` with any name that GitHub's documentation gives.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from flowbook import Result, TaskFailed, http, task

from .client import ELSEWHERE, Credentials, GitHub, collect, everything_of, graphql_address, object_of
from .contents import address, blob_sha, bytes_to_put, content_of, look_up
from .models import (
    AddComment,
    AddLabels,
    CloseIssue,
    CreateIssue,
    CreatePullRequest,
    CreateRelease,
    CreateRepo,
    DispatchWorkflow,
    GetFile,
    GraphQL,
    ListCommits,
    ListIssues,
    ListPullRequests,
    ListRepos,
    MergePullRequest,
    Nothing,
    OneIssue,
    OneRepo,
    PutFile,
    SearchIssues,
    UpdateIssue,
)

SEARCH_END = 1000
DONE, CREATED, STARTED = (200,), (201,), (200, 204)
"""The statuses that GitHub documents for each request (the section "HTTP response status codes")."""


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: Nothing) -> Result:
    """Try the token and say whose it is and what it may do.

    https://docs.github.com/en/rest/users/users#get-the-authenticated-user
    """
    with GitHub(credentials) as api:
        try:
            answer = api.get("/user")
        except http.ServiceError as error:
            if error.kind != "forbidden":
                raise
            return _installation(api, error)
        user = answer.json
    if not isinstance(user, dict) or not user.get("login"):
        raise TaskFailed("The address answers, but not as GitHub does.", {"kind": "bad_answer"}, ELSEWHERE)
    scopes = [scope.strip() for scope in answer.headers.get("X-OAuth-Scopes", "").split(",") if scope.strip()]
    data = {
        "login": user["login"],
        "name": user.get("name"),
        "scopes": scopes,
        "token_expires": answer.headers.get("GitHub-Authentication-Token-Expiration"),
        "requests_left": _count(answer.headers.get("X-RateLimit-Remaining")),
    }
    return Result.ok(f"Connected to GitHub as {user['login']}", data)


def _installation(api: http.Session, refused: http.ServiceError) -> Result:
    """An Actions or app token is nobody's: GitHub refuses /user to it, but tells it its limits."""
    limits = api.get("/rate_limit", accept=(401, 403, 404))
    if limits.status != 200:
        raise refused
    core = limits.json.get("resources", {}).get("core", {})
    data = {"login": None, "name": None, "scopes": [], "token_expires": None, "requests_left": core.get("remaining")}
    return Result.ok("Connected to GitHub with a token that belongs to an app, not to a user", data)


def _count(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() else None


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_repo(credentials: Credentials, params: OneRepo) -> Result:
    """Describe a repository.

    https://docs.github.com/en/rest/repos/repos#get-a-repository
    """
    with GitHub(credentials) as api:
        repo = object_of(api.get(f"/repos/{params.repo}"))
    return Result.ok(f"Found {repo.get('full_name', params.repo)}", repo)


_TYPES = {
    "/user/repos": ("all", "owner", "public", "private", "member"),
    "user": ("all", "owner", "member"),
    "org": ("all", "public", "private", "forks", "sources", "member"),
}


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_repos(credentials: Credentials, params: ListRepos) -> Result:
    """List your repositories, or those of a user or organization.

    https://docs.github.com/en/rest/repos/repos#list-repositories-for-the-authenticated-user
    """
    if params.org and params.user:
        raise TaskFailed(
            "Both org and user are given.",
            hint="Give one of them, or neither for your own repositories.",
            permanent=True,
        )
    if params.org:
        path, types, whose = f"/orgs/{params.org}/repos", _TYPES["org"], f" of {params.org}"
    elif params.user:
        path, types, whose = f"/users/{params.user}/repos", _TYPES["user"], f" of {params.user}"
    else:
        path, types, whose = "/user/repos", _TYPES["/user/repos"], ""
    if params.type is not None and params.type not in types:
        raise TaskFailed(
            f"type {params.type!r} is not known here.", hint=f"Give one of {', '.join(types)}.", permanent=True
        )
    with GitHub(credentials) as api:
        repos, more = collect(api, path, params.sent("type", "sort", "direction"), None if params.all else params.limit)
    return Result.ok(f"Found {_some(repos, 'repository', 'repositories')}{whose}{_cut(more)}", repos)


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def create_repo(credentials: Credentials, params: CreateRepo) -> Result:
    """Create a repository, for you or for an organization.

    https://docs.github.com/en/rest/repos/repos#create-a-repository-for-the-authenticated-user
    """
    names = ("private", "description", "homepage", "auto_init", "gitignore_template", "license_template")
    body = params.sent(*names, "has_issues", "has_wiki", repo_name="name")
    path = f"/orgs/{params.org}/repos" if params.org else "/user/repos"
    with GitHub(credentials) as api:
        repo = object_of(api.post(path, json=body, expect=CREATED), "full_name")
    kind = "private" if params.private else "public"
    return Result.ok(f"Created the {kind} repository {repo['full_name']}", repo)


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
    return Result.ok(f"Found {_some(issues, f'{state}issue')} in {params.repo}{_cut(more)}", issues)


def _is_issue(item: dict[str, Any]) -> bool:
    return "pull_request" not in item


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_issue(credentials: Credentials, params: OneIssue) -> Result:
    """Read one issue or pull request.

    https://docs.github.com/en/rest/issues/issues#get-an-issue
    """
    with GitHub(credentials) as api:
        issue = object_of(api.get(_issue(params)))
    return Result.ok(f"Found {params.repo}#{params.issue_number}: {issue.get('title', '')}", issue)


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def create_issue(credentials: Credentials, params: CreateIssue) -> Result:
    """Open an issue.

    https://docs.github.com/en/rest/issues/issues#create-an-issue
    """
    body = params.sent("title", "body", "labels", "assignees", "milestone", "type")
    with GitHub(credentials) as api:
        issue = object_of(api.post(f"/repos/{params.repo}/issues", json=body, expect=CREATED), "number")
    return Result.ok(f"Opened {params.repo}#{issue['number']}: {params.title}", issue)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
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
        issue = object_of(api.patch(_issue(params), json=body, expect=DONE), "number")
    return Result.ok(f"Changed {', '.join(body)} of {params.repo}#{params.issue_number}", issue)


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def close_issue(credentials: Credentials, params: CloseIssue) -> Result:
    """Close an issue, with a comment if you like.

    https://docs.github.com/en/rest/issues/issues#update-an-issue
    """
    body = {"state": "closed", "state_reason": params.reason}
    with GitHub(credentials) as api:
        if params.comment:
            api.post(f"{_issue(params)}/comments", json={"body": params.comment}, expect=CREATED)
        issue = object_of(api.patch(_issue(params), json=body, expect=DONE), "number")
    return Result.ok(f"Closed {params.repo}#{params.issue_number}", issue)


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def add_comment(credentials: Credentials, params: AddComment) -> Result:
    """Comment on an issue or pull request.

    https://docs.github.com/en/rest/issues/comments#create-an-issue-comment
    """
    with GitHub(credentials) as api:
        comment = object_of(api.post(f"{_issue(params)}/comments", json={"body": params.body}, expect=CREATED))
    return Result.ok(f"Commented on {params.repo}#{params.issue_number}", comment)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def add_labels(credentials: Credentials, params: AddLabels) -> Result:
    """Add labels to an issue or pull request; the answer lists all it has then.

    https://docs.github.com/en/rest/issues/labels#add-labels-to-an-issue
    """
    with GitHub(credentials) as api:
        labels = everything_of(api.post(f"{_issue(params)}/labels", json={"labels": params.labels}, expect=DONE).json)
    return Result.ok(f"Added {', '.join(params.labels)} to {params.repo}#{params.issue_number}", labels)


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


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_pull_requests(credentials: Credentials, params: ListPullRequests) -> Result:
    """List the pull requests of a repository.

    https://docs.github.com/en/rest/pulls/pulls#list-pull-requests
    """
    query = params.sent("state", "head", "base", "sort", "direction")
    with GitHub(credentials) as api:
        pulls, more = collect(api, f"/repos/{params.repo}/pulls", query, None if params.all else params.limit)
    state = "" if params.state == "all" else f"{params.state} "
    return Result.ok(f"Found {_some(pulls, f'{state}pull request')} in {params.repo}{_cut(more)}", pulls)


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def create_pull_request(credentials: Credentials, params: CreatePullRequest) -> Result:
    """Open a pull request.

    https://docs.github.com/en/rest/pulls/pulls#create-a-pull-request
    """
    body = params.sent("title", "head", "body", "draft", "maintainer_can_modify")
    with GitHub(credentials) as api:
        body["base"] = params.base or _default_branch(api, params.repo)
        pull = object_of(api.post(f"/repos/{params.repo}/pulls", json=body, expect=CREATED), "number")
    return Result.ok(f"Opened pull request {params.repo}#{pull['number']}: {params.title}", pull)


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def merge_pull_request(credentials: Credentials, params: MergePullRequest) -> Result:
    """Merge a pull request.

    https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request
    """
    body = params.sent("commit_title", "commit_message", "sha", method="merge_method")
    with GitHub(credentials) as api:
        # A PUT, but one that must not be repeated: the second would fail although the first one merged.
        path = f"/repos/{params.repo}/pulls/{params.pull_number}/merge"
        answer = object_of(api.put(path, json=body, retry=False, expect=DONE), "sha")
    return Result.ok(f"Merged {params.repo}#{params.pull_number}", answer)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_commits(credentials: Credentials, params: ListCommits) -> Result:
    """List the commits of a repository, the newest first.

    https://docs.github.com/en/rest/commits/commits#list-commits
    """
    query = params.sent("path", "author", "committer", "since", "until", branch="sha")
    with GitHub(credentials) as api:
        commits, more = collect(api, f"/repos/{params.repo}/commits", query, None if params.all else params.limit)
    return Result.ok(f"Found {_some(commits, 'commit')} in {params.repo}{_cut(more)}", commits)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_file(credentials: Credentials, params: GetFile) -> Result:
    """Read a file of a repository: ``content`` is its text, or ``content_base64`` its bytes when it is none.

    https://docs.github.com/en/rest/repos/contents#get-repository-content
    """
    with GitHub(credentials) as api:
        found = look_up(api, params.repo, params.path, params.ref)
        if found is None:
            where = f" at {params.ref}" if params.ref else ""
            hint = "Check the names, and that the token may read this repository's contents."
            raise TaskFailed(f"There is no {params.path} in {params.repo}{where}.", hint=hint, permanent=True)
        content = content_of(api, params.repo, params.path, params.ref, found)
    data = {name: found.get(name) for name in ("path", "name", "sha", "html_url")} | {"size": len(content)}
    try:
        data["content"] = content.decode("utf-8")
    except UnicodeDecodeError:
        data["content_base64"] = base64.b64encode(content).decode()
    return Result.ok(f"Read {params.path} of {params.repo} ({len(content)} bytes)", data)


@task(effects="idempotent", network=True, reads_files="file_path", writes_files=False, runs_code=False)
def put_file(credentials: Credentials, params: PutFile) -> Result:
    """Create or replace a file of a repository; nothing is committed when it has this content already.

    https://docs.github.com/en/rest/repos/contents#create-or-update-file-contents
    """
    content = bytes_to_put(params)
    with GitHub(credentials) as api:
        there = look_up(api, params.repo, params.path, params.branch)
        if there is not None and there.get("sha") == blob_sha(content):
            return Result.ok(f"{params.path} in {params.repo} is up to date", {"content": there, "commit": None})
        sha = params.sha or (there or {}).get("sha")
        body = {
            "message": params.message or f"{'Update' if sha else 'Add'} {params.path}",
            "content": base64.b64encode(content).decode(),
            **({"sha": sha} if sha else {}),
            **params.sent("branch"),
        }
        # The sha makes a repeated PUT fail with a conflict although the first one was carried out.
        path = address(params.repo, params.path)
        answer = object_of(api.put(path, json=body, retry=False, expect=(*DONE, *CREATED)), "commit")
    return Result.ok(f"{'Replaced' if sha else 'Added'} {params.path} in {params.repo}", answer)


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def create_release(credentials: Credentials, params: CreateRelease) -> Result:
    """Publish a release.

    https://docs.github.com/en/rest/releases/releases#create-a-release
    """
    body = params.sent(
        "name", "body", "draft", "prerelease", tag="tag_name", target="target_commitish", latest="make_latest",
        generate_notes="generate_release_notes",
    )  # fmt: skip
    with GitHub(credentials) as api:
        release = object_of(api.post(f"/repos/{params.repo}/releases", json=body, expect=CREATED))
    return Result.ok(f"{'Drafted' if params.draft else 'Published'} release {params.tag} of {params.repo}", release)


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def dispatch_workflow(credentials: Credentials, params: DispatchWorkflow) -> Result:
    """Start a GitHub Actions workflow that has a ``workflow_dispatch`` trigger.

    https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event
    """
    path = f"/repos/{params.repo}/actions/workflows/{http.segment(params.workflow)}/dispatches"
    with GitHub(credentials) as api:
        ref = params.ref or _default_branch(api, params.repo)
        body: dict[str, Any] = {"ref": ref}
        if params.inputs:
            body["inputs"] = {name: _input(value) for name, value in params.inputs.items() if value is not None}
        answer = api.post(path, json=body, expect=STARTED)
        if answer.status == 200:  # documented for those who ask for the run's details
            object_of(answer, "workflow_run_id")
    return Result.ok(f"Started {params.workflow} of {params.repo} on {ref}", {"workflow": params.workflow, "ref": ref})


def _input(value: Any) -> str:
    """Inputs of a workflow are texts, also those that it reads as boolean, number or JSON."""
    return value if isinstance(value, str) else json.dumps(value)


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def graphql(credentials: Credentials, params: GraphQL) -> Result:
    """Run a GraphQL query or mutation; an error in its answer fails the node.

    https://docs.github.com/en/graphql/guides/forming-calls-with-graphql
    """
    body: dict[str, Any] = {"query": params.query}
    if params.variables:
        body["variables"] = params.variables
    with GitHub(credentials, base_url=graphql_address(credentials.base_url)) as api:
        answer = object_of(api.post("/graphql", json=body, expect=DONE))
    errors = answer.get("errors")
    if not errors and "data" not in answer:
        raise TaskFailed("GitHub's GraphQL answered without data.", answer, ELSEWHERE)
    if errors:
        words = "; ".join(str(error.get("message", error)) for error in errors if isinstance(error, dict))
        raise TaskFailed(f"GitHub's GraphQL says: {words or 'an error without words'}", answer)
    return Result.ok("The GraphQL query was answered", answer.get("data"))


def _issue(params: OneIssue) -> str:
    return f"/repos/{params.repo}/issues/{params.issue_number}"


def _default_branch(api: http.Session, repo: str) -> str:
    branch = object_of(api.get(f"/repos/{repo}")).get("default_branch")
    if not branch:
        raise TaskFailed(f"{repo} has no default branch.", hint="Name the branch.", permanent=True)
    return str(branch)


def _some(items: list[Any], one: str, many: str = "") -> str:
    return f"{len(items)} {one if len(items) == 1 else many or one + 's'}"


def _cut(more: bool) -> str:
    return " (there are more: raise limit, or set all)" if more else ""
