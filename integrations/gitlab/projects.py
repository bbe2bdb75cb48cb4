"""Who the token belongs to, projects and releases.

Facts: https://docs.gitlab.com/api/users/, https://docs.gitlab.com/api/projects/ and
https://docs.gitlab.com/api/releases/.
"""

from __future__ import annotations

from typing import Any

from flowbook import Result, TaskFailed, task
from flowbook.counting import counted

from .client import GitLab, project_path
from .models import CreateRelease, Credentials, ListProjects, ListReleases, Nothing, OneProject


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: Nothing) -> Result:
    """Ask whose token it is. https://docs.gitlab.com/api/users/#retrieve-the-current-user"""
    with GitLab(credentials) as gitlab:
        me = gitlab.get("user")
    data = {name: me.get(name) for name in ("id", "username", "name", "state", "web_url")}
    return Result.ok(f"Successfully connected to GitLab as {me.get('username')}.", data)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_projects(credentials: Credentials, params: ListProjects) -> Result:
    """List projects. Data: a list of GitLab's projects (id, path_with_namespace, default_branch, web_url)."""
    query: dict[str, Any] = {"search": params.search, "order_by": "id", "simple": "true"}
    if params.mine:
        query["membership"] = "true"
    if params.search:
        query["search_namespaces"] = "true"
    with GitLab(credentials) as gitlab:
        found, more = gitlab.several("projects", params.wanted, **query)
    return Result.ok(f"{counted(len(found), 'project', more)}.", found)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_project(credentials: Credentials, params: OneProject) -> Result:
    """Ask about a project. Data: GitLab's project (id, path_with_namespace, default_branch, web_url)."""
    with GitLab(credentials) as gitlab:
        project = gitlab.get(project_path(params.project))
    return Result.ok(f"{project.get('path_with_namespace')} is {project.get('id')}.", project)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_releases(credentials: Credentials, params: ListReleases) -> Result:
    """List the releases of a project, newest first. Data: a list of GitLab's releases (tag_name, name, description)."""
    with GitLab(credentials) as gitlab:
        found, more = gitlab.several(f"{project_path(params.project)}/releases", params.wanted)
    return Result.ok(f"{counted(len(found), 'release', more)}.", found)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "tag_name": "v0.3",
        "name": "New release",
        "description": "Super nice release",
        "created_at": "2019-01-03T02:22:45.118Z",
    },
)
def create_release(credentials: Credentials, params: CreateRelease) -> Result:
    """Make a release, and its tag when there is none. Data: GitLab's release (tag_name, name).

    https://docs.gitlab.com/api/releases/#create-a-release
    """
    body = {"tag_name": params.tag, "name": params.name, "description": params.description}
    with GitLab(credentials) as gitlab:
        ref = params.ref or default_branch(gitlab, params.project)
        release = gitlab.post(f"{project_path(params.project)}/releases", {**body, "ref": ref})
    return Result.ok(f"Release {params.tag} made.", release)


def default_branch(gitlab: GitLab, project: str) -> str:
    """The branch that stands in for one that is not given; TaskFailed when there is none."""
    branch = gitlab.get(project_path(project)).get("default_branch")
    if not branch:
        raise TaskFailed(f"{project} has no default branch.", hint="Name the branch.", permanent=True)
    return str(branch)
