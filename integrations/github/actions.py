"""Workflows of GitHub Actions. Facts: https://docs.github.com/en/rest/actions."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import Field

from flowbook import Result, TaskFailed, current, http, task
from flowbook.counting import cut

from .client import (
    STARTED,
    Credentials,
    GitHub,
    collect,
    default_branch,
    is_enterprise_server,
    named,
    object_of,
    some,
)
from .fields import Account, All, BlankIsNone, Limit, Number, OneRepo, OptionalText, Params, Repo, WorkflowName

WELL = ("success", "neutral", "skipped")
"""The conclusions that GitHub shows as no failure."""


class DispatchWorkflow(Params):
    """A GitHub Actions workflow to start."""

    repo: Repo
    workflow: WorkflowName
    ref: OptionalText = Field(None, description="Branch or tag to run on; the default branch when empty")
    inputs: dict[str, Any] = Field(default_factory=dict, description="Values for the workflow's inputs")


class ListWorkflowRuns(Params):
    """Which runs of workflows."""

    repo: Repo
    workflow: Annotated[WorkflowName | None, BlankIsNone] = Field(
        None, description="Only those of this workflow: its file name, such as deploy.yml, or its number"
    )
    branch: OptionalText = Field(None, description="Only those on this branch")
    event: OptionalText = Field(None, description="Only those started by this event, such as push")
    status: Annotated[
        Literal[
            "completed", "action_required", "cancelled", "failure", "neutral", "skipped", "stale", "success",
            "timed_out", "in_progress", "queued", "requested", "waiting", "pending",
        ]
        | None,
        BlankIsNone,
    ] = Field(None, description="Only those of this state, or that ended so")  # fmt: skip
    actor: Account = Field(None, description="Only those started by this user")
    created: OptionalText = Field(
        None, description="Only those made then, such as >=2024-05-31 or 2024-05-01..2024-05-31"
    )
    head_sha: OptionalText = Field(None, description="Only those on this commit")
    limit: Limit = 100
    all: All = False


class OneRun(OneRepo):
    """A run of a workflow."""

    run_id: Number = Field(
        description="The run's id, as dispatch_workflow (data.run_id) and list_workflow_runs give it"
    )

    @property
    def resource(self) -> str:
        """Its address in the API."""
        return f"/repos/{self.repo}/actions/runs/{self.run_id}"


class WaitForWorkflowRun(OneRun):
    """A run to wait for, and how long."""

    every: float = Field(10, ge=1, description="Seconds between two looks at it")
    max_wait: float = Field(3600, ge=0, description="Seconds to wait at most; the node's timeout may end it earlier")
    any_conclusion: bool = Field(False, description="Succeed however it ends; else only when it succeeded")


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "workflow": "deploy.yml",
        "ref": "main",
        "run_id": 30433642,
        "html_url": "https://github.com/octocat/Hello-World/actions/runs/30433642",
    },
)
def dispatch_workflow(credentials: Credentials, params: DispatchWorkflow) -> Result:
    """Start a GitHub Actions workflow that has a ``workflow_dispatch`` trigger.

    Data: {"workflow", "ref", "run_id", "html_url"}; the last two are None where GitHub does not tell them.

    https://docs.github.com/en/rest/actions/workflows#create-a-workflow-dispatch-event
    """
    path = f"/repos/{params.repo}/actions/workflows/{http.segment(params.workflow)}/dispatches"
    with GitHub(credentials) as api:
        ref = params.ref or default_branch(api, params.repo)
        body: dict[str, Any] = {"ref": ref}
        if params.inputs:
            body["inputs"] = {name: _input(value) for name, value in params.inputs.items() if value is not None}
        if not is_enterprise_server(api.base_url):
            body["return_run_details"] = True
        answer = api.post(path, json=body, expect=STARTED)
        run = object_of(answer, "workflow_run_id") if answer.status == 200 else {}
    data = {
        "workflow": params.workflow,
        "ref": ref,
        "run_id": run.get("workflow_run_id"),
        "html_url": run.get("html_url"),
    }
    return Result.ok(f"Started {params.workflow} of {params.repo} on {ref}", data)


def _input(value: Any) -> str:
    """Inputs of a workflow are texts, also those that it reads as boolean, number or JSON."""
    return value if isinstance(value, str) else json.dumps(value)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_workflow_runs(credentials: Credentials, params: ListWorkflowRuns) -> Result:
    """List the runs of a repository's workflows, the newest first.

    https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-repository
    """
    query = params.sent("branch", "event", "status", "actor", "created", "head_sha")
    of = f"workflows/{http.segment(params.workflow)}/runs" if params.workflow else "runs"
    limit = None if params.all else params.limit
    with GitHub(credentials) as api:
        runs, more = collect(api, f"/repos/{params.repo}/actions/{of}", query, limit, items=named("workflow_runs"))
    return Result.ok(f"Found {some(runs, 'run')} in {params.repo}{cut(more)}", runs)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_workflow_run(credentials: Credentials, params: OneRun) -> Result:
    """Look at a run of a workflow: its status, and its conclusion once it is completed.

    https://docs.github.com/en/rest/actions/workflow-runs#get-a-workflow-run
    """
    with GitHub(credentials) as api:
        run = object_of(api.get(params.resource), "status")
    return Result.ok(f"Run {params.run_id} of {params.repo} is {_state(run)}", run)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def wait_for_workflow_run(credentials: Credentials, params: WaitForWorkflowRun) -> Result:
    """Wait until a run of a workflow is completed; it fails when the run did. Data: the run.

    Progress is told in jobs. Cancel and the node's timeout end the waiting, not the run.
    https://docs.github.com/en/rest/actions/workflow-runs#get-a-workflow-run
    """
    with GitHub(credentials) as api:
        run, waited = object_of(api.get(params.resource), "status"), 0.0
        while run["status"] != "completed":
            which = f"run {params.run_id} of {params.repo}"
            if waited >= params.max_wait:
                message = f"After {params.max_wait:g} s {which} is still {run['status']}."
                raise TaskFailed(message, run, hint="Raise max_wait, or wait for it once more.")
            _tell(api, params, run)
            seconds = min(params.every, params.max_wait - waited)
            if not current().sleep(seconds):
                raise TaskFailed(f"Cancelled while waiting for {which}, which is {run['status']}.", run)
            waited += seconds
            run = object_of(api.get(params.resource), "status")
    if not params.any_conclusion and run.get("conclusion") not in WELL:
        hint = f"See {run['html_url']}" if run.get("html_url") else "See its log."
        raise TaskFailed(f"Run {params.run_id} of {params.repo} ended: {_state(run)}.", run, hint=hint, permanent=True)
    return Result.ok(f"Run {params.run_id} of {params.repo} ended: {_state(run)}", run)


def _tell(api: http.Session, params: WaitForWorkflowRun, run: dict[str, Any]) -> None:
    """How many of the run's jobs are done.

    https://docs.github.com/en/rest/actions/workflow-jobs#list-jobs-for-a-workflow-run
    """
    jobs = named("jobs")(api.get(f"{params.resource}/jobs", params={"per_page": 100}).json)
    done = [job for job in jobs if job.get("status") == "completed"]
    under_way = ", ".join(str(job.get("name")) for job in jobs if job.get("status") == "in_progress")
    current().progress(len(done), len(jobs) or None, under_way or str(run["status"]))


def _state(run: dict[str, Any]) -> str:
    """How a run is: its conclusion when it has one, else its status."""
    return str(run.get("conclusion") or run["status"]).replace("_", " ")
