"""Merge requests. Facts: https://docs.gitlab.com/api/merge_requests/."""

from __future__ import annotations

from flowbook import Result, http, task
from flowbook.counting import counted

from .client import GitLab, project_path
from .issues import joined
from .models import CreateMergeRequest, Credentials, ListMergeRequests, Merge, OneMergeRequest
from .projects import default_branch

NOT_YET = (405, 422)
"""The statuses of what cannot be merged as it is: a pipeline that runs, an approval that is missing, a conflict."""


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_merge_requests(credentials: Credentials, params: ListMergeRequests) -> Result:
    """List the merge requests of a project, newest first. Data: a list of GitLab's (iid, title, state)."""
    with GitLab(credentials) as gitlab:
        found, more = gitlab.several(
            f"{project_path(params.project)}/merge_requests",
            params.wanted,
            state=params.state,
            source_branch=params.source_branch,
            target_branch=params.target_branch,
            labels=joined(params.labels),
        )
    return Result.ok(f"{counted(len(found), 'merge request', more)}.", found)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_merge_request(credentials: Credentials, params: OneMergeRequest) -> Result:
    """Read one merge request. Data: GitLab's merge request (state, detailed_merge_status, head_pipeline, sha)."""
    with GitLab(credentials) as gitlab:
        found = gitlab.get(f"{project_path(params.project)}/merge_requests/{params.merge_request}")
    return Result.ok(f"!{params.merge_request}: {found.get('title')} ({found.get('state')})", found)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "id": 1,
        "iid": 1,
        "project_id": 3,
        "title": "test1",
        "state": "opened",
        "source_branch": "test1",
        "target_branch": "main",
        "web_url": "https://gitlab.example.com/my-group/my-project/-/merge_requests/1",
    },
)
def create_merge_request(credentials: Credentials, params: CreateMergeRequest) -> Result:
    """Make a merge request. Data: GitLab's merge request (iid, web_url).

    https://docs.gitlab.com/api/merge_requests/#create-a-merge-request
    """
    with GitLab(credentials) as gitlab:
        body = {
            "source_branch": params.source_branch,
            "target_branch": params.target_branch or default_branch(gitlab, params.project),
            "title": params.title,
            "description": params.description,
            "labels": joined(params.labels),
            "reviewer_ids": params.reviewer_ids,
            "remove_source_branch": params.remove_source_branch,
            "squash": params.squash,
        }
        made = gitlab.post(f"{project_path(params.project)}/merge_requests", body)
    return Result.ok(f"!{made.get('iid')} made in {params.project}.", made)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def merge(credentials: Credentials, params: Merge) -> Result:
    """Merge a merge request, now or once its pipeline has succeeded; that it is merged already is fine.

    Data: GitLab's merge request. https://docs.gitlab.com/api/merge_requests/#merge-a-merge-request
    """
    with GitLab(credentials) as gitlab:
        path = f"{project_path(params.project)}/merge_requests/{params.merge_request}"
        there = gitlab.get(path)
        if there.get("state") == "merged":
            return Result.ok(f"!{params.merge_request} is merged already.", there)
        body = {
            "sha": params.sha,
            "squash": params.squash,
            "should_remove_source_branch": params.remove_source_branch,
            # The first name is that of GitLab 17.11 and newer, the second that of older ones.
            "auto_merge": params.when_pipeline_succeeds or None,
            "merge_when_pipeline_succeeds": params.when_pipeline_succeeds or None,
        }
        try:
            found = gitlab.put(f"{path}/merge", body, again=False)
        except http.ServiceError as error:
            error.permanent = error.permanent and error.status not in NOT_YET
            raise
    done = "merged" if found.get("state") == "merged" else "will be merged"
    return Result.ok(f"!{params.merge_request} {done}.", found)
