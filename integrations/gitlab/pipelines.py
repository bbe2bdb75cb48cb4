"""Pipelines: which there are, starting one, and waiting for it. Facts: https://docs.gitlab.com/api/pipelines/."""

from __future__ import annotations

from flowbook import Result, TaskFailed, current, task
from flowbook.counting import counted

from .client import GitLab, project_path
from .models import Credentials, ListPipelines, RunPipeline, WaitForPipeline
from .projects import default_branch

ENDED = frozenset({"success", "failed", "canceled", "skipped"})
WAITS_FOR_SOMEBODY = "manual"


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_pipelines(credentials: Credentials, params: ListPipelines) -> Result:
    """List the pipelines of a project, newest first. Data: a list of GitLab's pipelines (id, status, ref, web_url)."""
    with GitLab(credentials) as gitlab:
        path = f"{project_path(params.project)}/pipelines"
        found, more = gitlab.several(path, params.wanted, ref=params.ref, status=params.status)
    return Result.ok(f"{counted(len(found), 'pipeline', more)}.", found)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "id": 61,
        "iid": 21,
        "project_id": 1,
        "ref": "main",
        "sha": "384c444e840a515b23f21915ee5766b87068a70d",
        "status": "pending",
        "web_url": "https://gitlab.example.com/my-group/my-project/-/pipelines/61",
    },
)
def run_pipeline(credentials: Credentials, params: RunPipeline) -> Result:
    """Start a pipeline. Data: GitLab's pipeline (id, status, web_url); wait_for_pipeline waits for its end.

    https://docs.gitlab.com/api/pipelines/#create-a-new-pipeline
    """
    variables = [{"key": name, "value": value} for name, value in params.variables.items()]
    with GitLab(credentials) as gitlab:
        ref = params.ref or default_branch(gitlab, params.project)
        body = {"ref": ref, "variables": variables or None}
        pipeline = gitlab.post(f"{project_path(params.project)}/pipeline", body)
    return Result.ok(f"Pipeline {pipeline.get('id')} started.", pipeline)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def wait_for_pipeline(credentials: Credentials, params: WaitForPipeline) -> Result:
    """Wait until a pipeline has ended. Data: GitLab's pipeline; one that did not succeed is a failure."""
    with GitLab(credentials) as gitlab:
        path, waited = f"{project_path(params.project)}/pipelines/{params.pipeline_id}", 0.0
        while (pipeline := gitlab.get(path)).get("status") not in {*ENDED, WAITS_FOR_SOMEBODY}:
            current().progress(0, None, str(pipeline.get("status")))
            if waited >= params.timeout:
                what = f"Pipeline {params.pipeline_id} is still {pipeline.get('status')} after {params.timeout:g} s."
                raise TaskFailed(what, pipeline, "Allow more time, or wait for it again.")
            seconds = min(params.every, params.timeout - waited)
            if not current().sleep(seconds):
                raise TaskFailed("Cancelled while waiting for the pipeline.", pipeline)
            waited += seconds
    status = pipeline.get("status")
    if status != "success":
        hint = "Start its manual job in GitLab." if status == WAITS_FOR_SOMEBODY else f"See {pipeline.get('web_url')}"
        raise TaskFailed(f"Pipeline {params.pipeline_id}: {status}.", pipeline, hint, permanent=True)
    return Result.ok(f"Pipeline {params.pipeline_id} has succeeded.", pipeline)
