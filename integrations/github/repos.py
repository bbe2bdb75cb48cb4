"""Who the token belongs to, and repositories. Facts: https://docs.github.com/en/rest/repos."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from flowbook import Result, TaskFailed, http, task
from flowbook.counting import cut

from .client import CREATED, ELSEWHERE, Credentials, GitHub, collect, object_of, some
from .fields import (
    Account,
    All,
    BlankIsNone,
    Direction,
    Limit,
    Nothing,
    OneRepo,
    OptionalText,
    Params,
    Repo,
    Text,
    Time,
)

_TYPES = {
    "/user/repos": ("all", "owner", "public", "private", "member"),
    "user": ("all", "owner", "member"),
    "org": ("all", "public", "private", "forks", "sources", "member"),
}


class ListRepos(Params):
    """Whose repositories, and in which order."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["org", "user"]})

    org: Account = Field(None, description="Those of this organization")
    user: Account = Field(None, description="Those of this user; without org and user: your own")
    type: Annotated[Literal["all", "owner", "public", "private", "member", "forks", "sources"] | None, BlankIsNone] = (
        Field(None, description="Which ones")
    )
    sort: Annotated[Literal["created", "updated", "pushed", "full_name"] | None, BlankIsNone] = Field(
        None, description="Order by"
    )
    direction: Direction = Field(None, description="Ascending or descending")
    limit: Limit = 100
    all: All = False


class CreateRepo(Params):
    """A new repository."""

    repo_name: Text = Field(description="Name of the new repository", examples=["my-project"])
    private: bool = Field(True, description="Only for those invited; say false for a public repository")
    org: Account = Field(None, description="Organization that it shall belong to; empty: you")
    description: OptionalText = Field(None, description="What it is, in a line")
    homepage: OptionalText = Field(None, description="Its web page", json_schema_extra={"flowbook_type": "url"})
    auto_init: bool = Field(False, description="Start with a README and a first commit")
    gitignore_template: OptionalText = Field(None, description="Name of a .gitignore template, such as Python")
    license_template: OptionalText = Field(None, description="Keyword of a license, such as mit or apache-2.0")
    has_issues: bool | None = Field(None, description="With issues")
    has_wiki: bool | None = Field(None, description="With a wiki")


class ListCommits(Params):
    """Which commits of a repository."""

    repo: Repo
    branch: OptionalText = Field(None, description="Branch, tag or commit to start from; the default branch when empty")
    path: OptionalText = Field(None, description="Only those that touch this file or folder")
    author: OptionalText = Field(None, description="Login or e-mail address of the author")
    committer: OptionalText = Field(None, description="Login or e-mail address of who committed it")
    since: Time = Field(None, description="At or after this time, such as 2024-05-31T08:00:00Z")
    until: Time = Field(None, description="At or before this time")
    limit: Limit = 100
    all: All = False


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
    return Result.ok(f"Found {some(repos, 'repository', 'repositories')}{whose}{cut(more)}", repos)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "id": 1296269,
        "name": "Hello-World",
        "full_name": "octocat/Hello-World",
        "private": False,
        "html_url": "https://github.com/octocat/Hello-World",
        "clone_url": "https://github.com/octocat/Hello-World.git",
        "default_branch": "master",
        "owner": {"login": "octocat"},
    },
)
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
def list_commits(credentials: Credentials, params: ListCommits) -> Result:
    """List the commits of a repository, the newest first.

    https://docs.github.com/en/rest/commits/commits#list-commits
    """
    query = params.sent("path", "author", "committer", "since", "until", branch="sha")
    with GitHub(credentials) as api:
        commits, more = collect(api, f"/repos/{params.repo}/commits", query, None if params.all else params.limit)
    return Result.ok(f"Found {some(commits, 'commit')} in {params.repo}{cut(more)}", commits)
