"""GitHub's releases, their files, and the runs of its workflows, against a server of our own.

The answers have the form of the examples in GitHub's own description (npm ``@octokit/openapi``), cut to the fields
that the tasks look at: https://docs.github.com/en/rest/releases and https://docs.github.com/en/rest/actions.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workflow, Workspace
from flowbook.tasks import Context, running_as
from flowbook.testing import Answer, FakeService, Request, fake_service
from integrations import github
from integrations.github.client import uploads_address

TOKEN = "ghp_a1b2c3d4e5f6"
REPO = "octocat/hello"
RELEASES = "/repos/octocat/hello/releases"
RUN = "/repos/octocat/hello/actions/runs/30433642"
CONTENT = b"\x1f\x8bthe program"
NOT_FOUND = Answer(
    404, json={"message": "Not Found", "documentation_url": "https://docs.github.com/rest", "status": "404"}
)
ASSET = {
    "id": 5,
    "name": "app.zip",
    "label": "",
    "state": "uploaded",
    "content_type": "application/zip",
    "size": len(CONTENT),
    "digest": f"sha256:{hashlib.sha256(CONTENT).hexdigest()}",
    "browser_download_url": "https://github.com/octocat/hello/releases/download/v1/app.zip",
}
RELEASE = {"id": 1, "tag_name": "v1", "name": "One", "draft": False, "assets": [ASSET]}


@pytest.fixture
def service() -> Iterator[FakeService]:
    with fake_service() as running:
        running.json_type = "application/json; charset=utf-8"
        yield running
        assert running.unexpected == []


def call(service: FakeService, task: str, **params: Any) -> Any:
    return getattr(github, task)({"token": TOKEN, "base_url": service.url}, {"repo": REPO, **params})


def sent(service: FakeService) -> list[tuple[str, str]]:
    return [(one.method, one.path) for one in service.requests]


# --- releases ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("params", "path"), [({}, "latest"), ({"release_id": 1}, "1"), ({"tag": "v1"}, "tags/v1"), ({"tag": " "}, "latest")]
)
def test_a_release_is_found_by_its_tag_its_id_or_as_the_latest(
    service: FakeService, params: dict[str, Any], path: str
) -> None:
    service.on("GET", f"{RELEASES}/{path}", json=RELEASE)
    result = call(service, "get_release", **params)
    assert (result.data, result.message) == (RELEASE, "Found release v1 of octocat/hello")


def test_a_release_that_is_not_there_is_said_to_be_none(service: FakeService) -> None:
    service.on("GET", f"{RELEASES}/{{rest:path}}", NOT_FOUND)
    result = call(service, "get_release", tag="v9")
    assert "There is no published release with the tag v9 in octocat/hello." in result.message
    assert "a draft is found by its release_id only" in result.message
    assert result.permanent


def test_a_release_is_changed_by_its_id_which_its_tag_leads_to(service: FakeService) -> None:
    service.on("GET", f"{RELEASES}/tags/v1", json=RELEASE).on("PATCH", f"{RELEASES}/1", json=RELEASE)
    result = call(service, "update_release", tag="v1", new_tag="v1.0", draft=False, latest="true")
    assert result.success, result.message
    assert service.requests[-1].json == {"tag_name": "v1.0", "draft": False, "make_latest": "true"}
    assert call(service, "update_release", release_id=1, body="Text").success
    assert sent(service) == [("GET", f"{RELEASES}/tags/v1"), ("PATCH", f"{RELEASES}/1"), ("PATCH", f"{RELEASES}/1")]


# --- their files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "uploads"),
    [
        ("", "https://uploads.github.com"),
        ("https://api.github.com/", "https://uploads.github.com"),
        ("https://git.acme.org/api/v3", "https://git.acme.org/api/uploads"),
        ("https://api.acme.ghe.com", "https://uploads.acme.ghe.com"),
        ("http://127.0.0.1:4010", "http://127.0.0.1:4010"),
    ],
)
def test_files_are_sent_to_the_host_for_uploads_that_belongs_to_the_api(base: str, uploads: str) -> None:
    assert uploads_address(base) == uploads


def test_a_file_is_added_to_a_release_as_it_is(service: FakeService, tmp_path: Path) -> None:
    (tmp_path / "app.zip").write_bytes(CONTENT)
    service.on("GET", f"{RELEASES}/tags/v1", json={**RELEASE, "assets": []})
    service.on("POST", f"{RELEASES}/1/assets", status=201, json=ASSET)
    said: list[Any] = []
    context = Context(root=tmp_path, progress=lambda done, total, text: said.append((done, total)))
    with running_as(context):
        result = call(service, "upload_release_asset", tag="v1", file_path="app.zip", label="The app")
    assert (result.data, said[-1]) == (ASSET, (len(CONTENT), len(CONTENT)))
    upload = service.requests[-1]
    assert (upload.query, upload.body) == ({"name": "app.zip", "label": "The app"}, CONTENT)
    assert upload.headers["Content-Type"] == "application/octet-stream"
    assert upload.headers["Content-Length"] == str(len(CONTENT))


def test_data_becomes_a_file_of_a_release_and_takes_the_place_of_another(service: FakeService) -> None:
    service.on("GET", f"{RELEASES}/1", json=RELEASE).on("DELETE", f"{RELEASES}/assets/5", Answer(204))
    exists = {"resource": "ReleaseAsset", "code": "already_exists", "field": "name"}
    refused = Answer(422, json={"message": "Validation Failed", "errors": [exists]})
    service.on("POST", f"{RELEASES}/1/assets", [refused, Answer(201, json=ASSET)])
    params = {"release_id": 1, "name": "app.zip", "content": "grüß", "content_type": "text/plain"}
    assert "ReleaseAsset name exists already" in call(service, "upload_release_asset", **params).message
    assert call(service, "upload_release_asset", **params, overwrite=True).success
    assert [method for method, _ in sent(service)] == ["GET", "POST", "GET", "DELETE", "POST"]
    assert service.requests[-1].body == "grüß".encode()
    assert service.requests[-1].headers["Content-Type"] == "text/plain"


@pytest.fixture
def storage(service: FakeService) -> Iterator[FakeService]:
    """Where the API's redirect leads: another server, which gets no token (303 and 302 are both documented)."""
    with fake_service() as other:
        address = f"{other.url}/production-release-asset/5?sig=x"
        service.on("GET", f"{RELEASES}/latest", json=RELEASE)
        service.on("GET", f"{RELEASES}/assets/5", Answer(302, headers={"Location": address}))
        other.on(
            "GET", "/production-release-asset/5", body=CONTENT, headers={"Content-Type": "application/octet-stream"}
        )
        yield other


@pytest.mark.parametrize("file_path", ["got/app.zip", "got/"])
def test_a_file_of_a_release_is_downloaded_whole_and_checked(
    service: FakeService, storage: FakeService, tmp_path: Path, file_path: str
) -> None:
    with running_as(Context(root=tmp_path)):
        result = call(service, "download_release_asset", name="app.zip", file_path=file_path)
        again = call(service, "download_release_asset", file_path=file_path)
        replaced = call(service, "download_release_asset", file_path=file_path, overwrite=True)
    assert result.success, result.message
    assert (tmp_path / "got" / "app.zip").read_bytes() == CONTENT
    assert [one.name for one in (tmp_path / "got").iterdir()] == ["app.zip"]
    assert (result.data["size"], result.data["digest"]) == (len(CONTENT), ASSET["digest"])
    assert "is there already" in again.message
    assert replaced.success
    assert storage.requests[0].headers["Accept"] == "application/octet-stream"
    assert "authorization" not in storage.requests[0].headers


def test_a_download_that_breaks_off_is_begun_anew(
    service: FakeService, storage: FakeService, tmp_path: Path, waits: list[float]
) -> None:
    """What came of the first try is not in the file."""
    whole = Answer(body=CONTENT, headers={"Content-Type": "application/octet-stream"})
    storage.on("GET", "/production-release-asset/5", [Answer(body=CONTENT * 2, truncate=15), whole])
    with running_as(Context(root=tmp_path)):
        result = call(service, "download_release_asset", file_path="app.zip")
    assert result.success, result.message
    assert (tmp_path / "app.zip").read_bytes() == CONTENT
    assert len(storage.requests) == 2


def test_what_is_not_the_file_that_github_told_of_is_not_kept(
    service: FakeService, storage: FakeService, tmp_path: Path
) -> None:
    storage.on("GET", "/production-release-asset/5", body=CONTENT[::-1])
    with running_as(Context(root=tmp_path)):
        result = call(service, "download_release_asset", file_path="app.zip")
    assert "is not what it says of it" in result.message
    assert list(tmp_path.iterdir()) == []


def test_a_release_without_that_file_says_what_it_has(service: FakeService, storage: FakeService) -> None:
    result = call(service, "download_release_asset", name="other.zip", file_path="/nowhere/x")
    assert "has no file other.zip. Give the name of one that it has: app.zip." in result.message


def test_a_name_that_github_gives_leads_nowhere_else(service: FakeService, tmp_path: Path) -> None:
    """Not out of the folder, and to nothing that would run by itself."""
    for name, words in (("..", "outside of the folder"), (".bashrc", "is hidden"), ("x.py", "where Python looks")):
        service.on("GET", f"{RELEASES}/latest", json={**RELEASE, "assets": [{**ASSET, "name": name}]})
        with running_as(Context(root=tmp_path)):
            assert words in call(service, "download_release_asset", file_path="./").message


# --- runs of workflows ------------------------------------------------------------------------------------------------


def run(status: str, conclusion: str | None = None) -> Answer:
    told = {"id": 30433642, "status": status, "conclusion": conclusion, "html_url": "https://github.com/runs/30433642"}
    return Answer(json=told)


def test_a_workflow_tells_the_run_that_it_started(service: FakeService) -> None:
    told = {"workflow_run_id": 30433642, "run_url": "https://api.github.com/x", "html_url": "https://github.com/x"}
    service.on("POST", "/repos/octocat/hello/actions/workflows/a.yml/dispatches", json=told)
    data = call(service, "dispatch_workflow", workflow="a.yml", ref="main").data
    assert data == {"workflow": "a.yml", "ref": "main", "run_id": 30433642, "html_url": "https://github.com/x"}


def test_an_enterprise_server_is_not_asked_for_what_it_does_not_know(service: FakeService) -> None:
    service.on("POST", "/api/v3/repos/octocat/hello/actions/workflows/a.yml/dispatches", Answer(204))
    credentials = {"token": TOKEN, "base_url": f"{service.url}/api/v3"}
    assert github.dispatch_workflow(credentials, {"repo": REPO, "workflow": "a.yml", "ref": "main"}).success
    assert service.requests[-1].json == {"ref": "main"}


@pytest.mark.parametrize(("workflow", "of"), [({}, "runs"), ({"workflow": "a.yml"}, "workflows/a.yml/runs")])
def test_runs_are_listed_with_the_filters_that_were_given(
    service: FakeService, workflow: dict[str, str], of: str
) -> None:
    service.on("GET", f"/repos/octocat/hello/actions/{of}", json={"total_count": 1, "workflow_runs": [{"id": 1}]})
    params = {"branch": "main", "event": "push", "status": "failure", "actor": "mona", "created": ">=2024-05-31"}
    assert call(service, "list_workflow_runs", **workflow, **params, head_sha="").data == [{"id": 1}]
    assert service.requests[0].query == {**params, "per_page": "100"}


def test_a_run_is_looked_at(service: FakeService) -> None:
    service.on("GET", RUN, [run("in_progress"), run("completed", "timed_out")])
    messages = [call(service, "get_workflow_run", run_id=30433642).message for _ in range(2)]
    assert messages == [f"Run 30433642 of octocat/hello is {how}" for how in ("in progress", "timed out")]


def jobs(*states: str) -> Answer:
    found = [{"name": f"build {n}", "status": state} for n, state in enumerate(states)]
    return Answer(json={"total_count": len(found), "jobs": found})


def test_waiting_for_a_run_tells_of_its_jobs_until_it_is_completed(service: FakeService, waits: list[float]) -> None:
    service.on("GET", RUN, [run("queued"), run("in_progress"), run("completed", "success")])
    service.on("GET", f"{RUN}/jobs", [jobs(), jobs("completed", "in_progress")])
    said: list[Any] = []
    with running_as(Context(progress=lambda *told: said.append(told))):
        result = call(service, "wait_for_workflow_run", run_id=30433642, every=7)
    assert result.message == "Run 30433642 of octocat/hello ended: success"
    assert (result.data["conclusion"], waits) == ("success", [7.0, 7.0])
    assert said == [(0, None, "queued"), (1, 2, "build 1")]


def test_a_run_that_fails_fails_the_node_unless_any_end_will_do(service: FakeService) -> None:
    service.on("GET", RUN, run("completed", "failure"))
    result = call(service, "wait_for_workflow_run", run_id=30433642)
    assert "ended: failure. See https://github.com/runs/30433642" in result.message
    assert (result.data["conclusion"], result.permanent) == ("failure", True)
    assert call(service, "wait_for_workflow_run", run_id=30433642, any_conclusion=True).success


def test_waiting_ends_after_the_time_that_was_given(service: FakeService, waits: list[float]) -> None:
    service.on("GET", RUN, run("in_progress")).on("GET", f"{RUN}/jobs", jobs("in_progress"))
    result = call(service, "wait_for_workflow_run", run_id=30433642, every=10, max_wait=25)
    assert "After 25 s run 30433642 of octocat/hello is still in_progress. Raise max_wait" in result.message
    assert (waits, result.permanent) == ([10.0, 10.0, 5.0], False)


def test_the_node_s_timeout_ends_the_waiting(service: FakeService, tmp_path: Path) -> None:
    service.on("GET", RUN, run("in_progress")).on("GET", f"{RUN}/jobs", jobs("in_progress"))
    with Workspace(tmp_path) as ws:
        ws.create_type("github")
        ws.create_integration("Ours", "github", {"token": TOKEN, "base_url": service.url})
        flow = Workflow(name="wait")
        wait = {"repo": REPO, "run_id": 30433642}
        flow.add("wait", "github.wait_for_workflow_run", integration="Ours", params=wait, timeout=1)
        done = ws.start(flow).wait()
    assert (done["wait"].success, done["wait"].cause) == (False, "timed_out")
    assert ("GET", RUN) in sent(service)


def test_cancelling_ends_the_waiting(service: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    service.on("GET", RUN, run("in_progress")).on("GET", f"{RUN}/jobs", jobs("in_progress"))
    monkeypatch.setattr(Context, "sleep", lambda self, seconds: False)
    result = call(service, "wait_for_workflow_run", run_id=30433642)
    assert "Cancelled while waiting for run 30433642 of octocat/hello" in result.message
    assert len(service.requests) == 2


# --- all of them ------------------------------------------------------------------------------------------------------

MISTAKES = [
    ("get_release", {"tag": "v1", "release_id": 1}, "give tag or release_id, not both"),
    ("update_release", {"name": "x"}, "give tag or release_id"),
    ("update_release", {"tag": "v1"}, "Nothing was given to change"),
    ("upload_release_asset", {"tag": "v1"}, "give either file_path or content"),
    ("upload_release_asset", {"tag": "v1", "content": "x"}, "content needs name"),
    ("upload_release_asset", {"tag": "v1", "content": b"", "name": "x"}, "x is empty"),
    ("wait_for_workflow_run", {"run_id": 1, "every": 0}, "every"),
    ("create_review", {"pull_number": 7, "event": "request_changes"}, "asks for changes needs a body"),
    ("create_review", {"pull_number": 7}, "needs a body, or comments"),
    ("create_review", {"pull_number": 7, "comments": [{"body": "x"}]}, "each needs path and body"),
    ("remove_label", {"issue_number": 7, "label": " "}, "must not be empty"),
    ("list_directory", {"path": "a/../b"}, "must be the path"),
]


@pytest.mark.parametrize(("task", "params", "says"), MISTAKES)
def test_a_mistake_in_the_params_is_told_before_any_request(
    service: FakeService, task: str, params: dict[str, Any], says: str
) -> None:
    result = call(service, task, **params)
    assert not result.success
    assert says in result.message
    assert service.requests == []


def test_a_dry_run_shows_what_would_be_sent_and_reads_the_rest(service: FakeService, tmp_path: Path) -> None:
    service.on("GET", "/repos/octocat/hello/contents/a", json={"type": "file", "sha": "s"})
    service.on("GET", f"{RELEASES}/1", json=RELEASE)
    (tmp_path / "app.zip").write_bytes(CONTENT)
    issue = {"issue_number": 7}
    tasks: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
        "remove_label": ({**issue, "label": "a b"}, "DELETE /repos/octocat/hello/issues/7/labels/a%20b", {}),
        "lock_issue": (issue, "PUT /repos/octocat/hello/issues/7/lock", {"json": {}}),
        "update_comment": (
            {"comment_id": 3, "body": "x"}, "PATCH /repos/octocat/hello/issues/comments/3", {"json": {"body": "x"}}
        ),
        "create_review": (
            {"pull_number": 7, "event": "approve"}, "POST /repos/octocat/hello/pulls/7/reviews",
            {"json": {"event": "APPROVE"}},
        ),
        "delete_file": (
            {"path": "a"}, "DELETE /repos/octocat/hello/contents/a", {"json": {"message": "Delete a", "sha": "s"}}
        ),
        "update_release": ({"release_id": 1, "name": "x"}, f"PATCH {RELEASES}/1", {"json": {"name": "x"}}),
        "upload_release_asset": (
            {"release_id": 1, "file_path": "app.zip"}, f"POST {RELEASES}/1/assets",
            {"query": {"name": "app.zip"}, "data": "a file"},
        ),
        "download_release_asset": ({"release_id": 1, "file_path": "new.zip"}, "write", {"path": "new.zip"}),
    }  # fmt: skip
    with Workspace(tmp_path) as ws:
        ws.create_type("github")
        ws.create_integration("Ours", "github", {"token": TOKEN, "base_url": service.url})
        flow = Workflow(name="dry")
        for task, (params, _, _) in tasks.items():
            flow.add(task, f"github.{task}", integration="Ours", params={"repo": REPO, **params})
        done = ws.run(flow, dry_run=True)
        for task, (_, action, detail) in tasks.items():
            (intent,) = done[task].intents
            assert intent.action == action
            assert detail.items() <= json.loads(json.dumps(intent.detail)).items()
    assert {one.method for one in service.requests} == {"GET"}


def test_each_of_them_waits_out_a_limit(service: FakeService, waits: list[float]) -> None:
    """The session's doing, for uploads too."""
    limit = Answer(429, json={"message": "You have exceeded a secondary rate limit."}, headers={"Retry-After": "30"})
    service.on("GET", f"{RELEASES}/1", json=RELEASE)

    def limited(answer: Answer) -> list[Any]:
        return [limit, answer]

    def upload(request: Request) -> Answer:
        assert request.body == b"x"
        return Answer(201, json=ASSET)

    service.on("POST", f"{RELEASES}/1/assets", [limit, upload])
    service.on("PUT", "/repos/octocat/hello/issues/7/lock", limited(Answer(204)))
    assert call(service, "upload_release_asset", release_id=1, content="x", name="n").success
    assert call(service, "lock_issue", issue_number=7).success
    assert waits == [30.0, 30.0]
