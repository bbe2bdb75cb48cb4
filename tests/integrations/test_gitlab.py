"""The GitLab tasks, against a local server that answers as GitLab does.

https://docs.gitlab.com/api/rest/ (status codes, pagination response headers, data validation errors),
https://docs.gitlab.com/api/issues/, .../merge_requests/, .../repository_files/, .../pipelines/, .../notes/ and
.../releases/, whose example answers these are made of, and
https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/.
"""

from __future__ import annotations

import base64
import hashlib
import time
from pathlib import Path
from typing import Any

import pytest

from flowbook.tasks import Context, running_as
from flowbook.testing import Answer, FakeService, Request
from integrations import gitlab
from integrations.gitlab.client import project_path
from tests.integrations.examples import examples
from tests.integrations.outcomes import failing_without, succeeded

TOKEN = "glpat-0123456789abcdefghij"
PROJECT = {
    "id": 9,
    "path_with_namespace": "acme/tools/shop",
    "default_branch": "main",
    "web_url": "https://gitlab.com/x",
}
AT = {"project": "acme/tools/shop"}
PATH = "/api/v4/projects/acme/tools/shop"
ISSUE = {"id": 84, "iid": 14, "project_id": 9, "title": "Issues with auth", "state": "opened", "labels": ["bug"],
         "web_url": "https://gitlab.com/x/-/issues/14"}  # fmt: skip
MERGE_REQUEST = {
    "id": 1,
    "iid": 12,
    "title": "test1",
    "state": "opened",
    "sha": "8888888888888888888888888888888888888888",
}


@pytest.fixture
def account(service: FakeService, pauses: list[float], waits: list[float]) -> dict[str, str]:
    service.on("GET", PATH, json=PROJECT)
    return {"token": TOKEN, "base_url": service.url}


failed = failing_without(TOKEN)


def test_the_connection_is_tried_by_asking_whose_token_it_is(service: FakeService, account: dict[str, str]) -> None:
    service.on("GET", "/api/v4/user", json={"id": 1, "username": "ada", "name": "Ada", "email": "ada@example.com"})
    result = gitlab.test_connection(account, {})
    assert succeeded(result)["username"] == "ada"
    assert service.requests[0].headers["PRIVATE-TOKEN"] == TOKEN


@pytest.mark.parametrize(
    "given",
    ["acme/tools/shop", " /acme/tools/shop/ ", "https://gitlab.com/acme/tools/shop", "https://gitlab.com/acme/tools/shop.git",
     "https://gitlab.com/acme/tools/shop/-/issues/7?x=1"],
)  # fmt: skip
def test_a_project_is_one_part_of_the_address(service: FakeService, account: dict[str, str], given: str) -> None:
    """Namespaced paths are URL-encoded: https://docs.gitlab.com/api/rest/#namespaced-paths."""
    assert succeeded(gitlab.get_project(account, {"project": given}))["id"] == 9
    assert service.requests[0].path == PATH
    assert project_path("acme/tools/shop") == "projects/acme%2Ftools%2Fshop"


@pytest.mark.parametrize("given", ["shop", "../x", "a/../b", "a b/c", ""])
def test_what_is_no_project_is_refused(service: FakeService, account: dict[str, str], given: str) -> None:
    assert "project" in failed(gitlab.get_project(account, {"project": given}))["message"]
    assert service.requests == []


def pages(entries: list[dict[str, Any]]) -> Any:
    """Offset-based pagination, with its headers; the last X-Next-Page is empty."""

    def answer(request: Request) -> Answer:
        number, size = int(request.query.get("page", "1")), int(request.query["per_page"])
        more = number * size < len(entries)
        told = {"X-Page": str(number), "X-Per-Page": str(size), "X-Next-Page": str(number + 1) if more else ""}
        return Answer(json=entries[(number - 1) * size : number * size], headers=told)

    return answer


def test_lists_come_page_by_page(service: FakeService, account: dict[str, str]) -> None:
    issues = [{**ISSUE, "iid": number} for number in range(250)]
    service.on("GET", f"{PATH}/issues", pages(issues))
    found = succeeded(gitlab.list_issues(account, {**AT, "labels": "bug, urgent", "all": True}))
    assert [one["iid"] for one in found] == list(range(250))
    assert service.requests[0].query == {"state": "opened", "labels": "bug,urgent", "per_page": "100"}
    assert [request.query.get("page") for request in service.requests] == [None, "2", "3"]
    some = gitlab.list_issues(account, {**AT, "limit": 120})
    assert (len(succeeded(some)), "and there are more" in some["message"]) == (120, True)


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (401, {"message": "401 Unauthorized"}, "unauthorized", "valid access token"),
        (401, {"error": "invalid_token", "error_description": "Token is expired. You can either do..."},
         "unauthorized", "Token is expired"),
        (403, {"message": "403 Forbidden"}, "forbidden", "scope api"),
        (404, {"message": "404 Project Not Found"}, "not_found", "hides what it may not"),
        (400, {"message": {"title": ["can't be blank", "is too short"], "base": {"x": ["y"]}}}, "invalid",
         "title: can't be blank, is too short; base: x: y"),
        (400, {"error": "title is missing"}, "invalid", "title is missing"),
        (422, {"message": "Branch cannot be merged"}, "invalid", "Branch cannot be merged"),
    ],
)  # fmt: skip
def test_a_refusal_is_said_in_words_and_does_not_pass(
    service: FakeService, account: dict[str, str], status: int, body: dict[str, Any], kind: str, words: str
) -> None:
    service.on("POST", f"{PATH}/issues", Answer(status, json=body))
    result = failed(gitlab.create_issue(account, {**AT, "title": "x"}))
    assert (result["data"]["kind"], result["permanent"], len(service.requests)) == (kind, True, 1)
    assert words in result["message"]


@pytest.mark.parametrize(
    "headers", [{"Retry-After": "7"}, {"RateLimit-Reset": str(int(time.time()) + 8)}], ids=["Retry-After", "Reset"]
)
def test_a_rate_limit_is_waited_for(
    service: FakeService, account: dict[str, str], pauses: list[float], headers: dict[str, str]
) -> None:
    """A plain text, and headers: Retry-After, else the time at which it ends."""
    service.on("POST", f"{PATH}/issues", [Answer(429, body="Retry later\n", headers=headers), Answer(201, json=ISSUE)])
    succeeded(gitlab.create_issue(account, {**AT, "title": "x"}))
    assert len(pauses) == 1
    assert 0 <= pauses[0] <= 8


@pytest.mark.parametrize(
    "answer",
    [
        Answer(502, body="<html><title>502</title></html>", headers={"Content-Type": "text/html"}),
        Answer(drop=True),
        Answer(201, json={"status": "maintenance"}),
        Answer(200, json=ISSUE),
        Answer(201, json=[]),
    ],
)
def test_what_is_no_answer_of_gitlab_is_no_success_and_not_sent_again(
    service: FakeService, account: dict[str, str], answer: Answer
) -> None:
    service.on("POST", f"{PATH}/issues", answer)
    failed(gitlab.create_issue(account, {**AT, "title": "x"}))
    assert len(service.requests) == 1


def test_issues_are_made_changed_and_commented_on(service: FakeService, account: dict[str, str]) -> None:
    service.on("POST", f"{PATH}/issues", Answer(201, json=ISSUE))
    service.on("PUT", f"{PATH}/issues/14", [Answer(503, body="busy"), Answer(json={**ISSUE, "state": "closed"})])
    service.on("GET", f"{PATH}/issues/14", json=ISSUE)
    note = {"id": 302, "body": "hi", "author": {"username": "ada"}}
    service.on("POST", f"{PATH}/merge_requests/12/notes", Answer(201, json=note))
    service.on("GET", f"{PATH}/issues/14/notes", pages([note]))
    new = {"title": "T", "description": "d", "labels": "a, b", "assignee_ids": "3, 4", "due_date": "2025-01-31"}
    assert succeeded(gitlab.create_issue(account, {**AT, **new}))["iid"] == 14
    assert service.requests[0].json == {**new, "labels": "a,b", "assignee_ids": [3, 4]}
    closed = gitlab.update_issue(account, {**AT, "issue": "#14", "state": "close", "add_labels": ["done"]})
    assert succeeded(closed)["state"] == "closed"
    assert service.requests[2].json == {"state_event": "close", "add_labels": "done"}
    assert "params do not fit" in failed(gitlab.update_issue(account, {**AT, "issue": 14}))["message"]
    assert succeeded(gitlab.get_issue(account, {**AT, "issue": 14})) == ISSUE
    assert succeeded(gitlab.add_comment(account, {**AT, "merge_request": "!12", "body": "hi"})) == note
    assert succeeded(gitlab.list_comments(account, {**AT, "issue": 14})) == [note]
    assert "either issue or merge_request" in failed(gitlab.add_comment(account, {**AT, "body": "hi"}))["message"]


def test_a_merge_request_is_made_and_merged_once(service: FakeService, account: dict[str, str]) -> None:
    path = f"{PATH}/merge_requests"
    merged = {**MERGE_REQUEST, "state": "merged"}
    service.on("POST", path, Answer(201, json=MERGE_REQUEST))
    service.on("GET", f"{path}/12", [Answer(json=MERGE_REQUEST), Answer(json=MERGE_REQUEST), Answer(json=merged)])
    refusal = Answer(405, json={"message": "405 Method Not Allowed"})
    service.on("PUT", f"{path}/12/merge", [refusal, Answer(json=merged)])
    service.on("GET", path, pages([MERGE_REQUEST]))
    assert succeeded(gitlab.create_merge_request(account, {**AT, "source_branch": "fix", "title": "T"}))["iid"] == 12
    assert service.requests[-1].json == {"source_branch": "fix", "target_branch": "main", "title": "T"}
    one = {**AT, "merge_request": 12, "when_pipeline_succeeds": True, "sha": MERGE_REQUEST["sha"]}
    not_yet = failed(gitlab.merge(account, one))
    assert not_yet.get("permanent", False) is False, "a pipeline that runs may end"
    assert succeeded(gitlab.merge(account, one))["state"] == "merged"
    assert service.requests[-1].json == {
        "sha": MERGE_REQUEST["sha"], "auto_merge": True, "merge_when_pipeline_succeeds": True
    }  # fmt: skip
    again = gitlab.merge(account, one)
    assert (succeeded(again)["state"], "already" in again["message"]) == ("merged", True)
    assert succeeded(gitlab.list_merge_requests(account, AT)) == [MERGE_REQUEST]
    assert succeeded(gitlab.get_merge_request(account, {**AT, "merge_request": 12}))["state"] == "merged"


def file_of(content: bytes) -> dict[str, Any]:
    return {
        "file_name": "a.bin", "file_path": "data/a.bin", "size": len(content), "encoding": "base64", "ref": "main",
        "content": base64.b64encode(content).decode(), "content_sha256": hashlib.sha256(content).hexdigest(),
        "blob_id": "79f7bbd25901e8334750839545a9bd021f0e4c83",
        "last_commit_id": "570e7b2abdd848b95f2f578043fc23bd6f6fd24d",
    }  # fmt: skip


def test_files_are_read_listed_and_put(service: FakeService, account: dict[str, str], tmp_path: Path) -> None:
    """The path in the repository is one part of the address; a commit in between is not overwritten."""
    path = f"{PATH}/repository/files/data/a.bin"
    missing = Answer(404, json={"message": "404 File Not Found"})
    made = {"file_path": "data/a.bin", "branch": "main"}
    service.on(
        "GET",
        path,
        [missing, Answer(json=file_of(b"old")), Answer(json=file_of(b"new")), Answer(json=file_of(b"\xff"))],
    )
    service.on("POST", path, Answer(201, json=made))
    service.on("PUT", path, Answer(json=made))
    (tmp_path / "a.txt").write_bytes(b"new")
    with running_as(Context("run", "flow", "node", 1, None, root=tmp_path)):
        put = {**AT, "path": "data/a.bin", "file_path": "a.txt"}
        assert succeeded(gitlab.put_file(account, put))["changed"] is True
        assert succeeded(gitlab.put_file(account, {**put, "message": "m", "branch": "main"}))["changed"] is True
        assert succeeded(gitlab.put_file(account, put))["changed"] is False
    assert succeeded(gitlab.get_file(account, {**AT, "path": "data/a.bin"}))["content_base64"] == "/w=="
    added, updated = (request.json for request in service.requests if request.method in ("POST", "PUT"))
    new = {"branch": "main", "content": base64.b64encode(b"new").decode(), "encoding": "base64"}
    assert added == {**new, "commit_message": "Add data/a.bin"}
    assert updated == {**new, "commit_message": "m", "last_commit_id": "570e7b2abdd848b95f2f578043fc23bd6f6fd24d"}
    entry = {"id": "a1e8", "name": "html", "type": "tree", "path": "files/html", "mode": "040000"}
    service.on("GET", f"{PATH}/repository/tree", pages([entry]))
    assert succeeded(gitlab.list_files(account, {**AT, "path": "files", "recursive": True})) == [entry]


def test_a_pipeline_is_started_and_waited_for(
    service: FakeService, account: dict[str, str], waits: list[float]
) -> None:
    pipeline = {"id": 61, "ref": "main", "status": "pending", "web_url": "https://gitlab.com/x/-/pipelines/61"}
    states = [Answer(json={**pipeline, "status": status}) for status in ("running", "running", "success", "failed")]
    service.on("POST", f"{PATH}/pipeline", Answer(201, json=pipeline))
    service.on("GET", f"{PATH}/pipelines/61", states)
    service.on("GET", f"{PATH}/pipelines", pages([pipeline]))
    assert succeeded(gitlab.run_pipeline(account, {**AT, "variables": {"A": "b"}}))["id"] == 61
    assert service.requests[-1].json == {"ref": "main", "variables": [{"key": "A", "value": "b"}]}
    one = {**AT, "pipeline_id": 61}
    assert succeeded(gitlab.wait_for_pipeline(account, {**one, "every": 3}))["status"] == "success"
    assert waits == [3.0, 3.0]
    ended = failed(gitlab.wait_for_pipeline(account, one))
    assert (ended["data"]["status"], ended["permanent"]) == ("failed", True)
    assert succeeded(gitlab.list_pipelines(account, {**AT, "status": "failed"})) == [pipeline]
    service.on("GET", f"{PATH}/pipelines/61", json={**pipeline, "status": "running"})
    waits.clear()
    assert "is still running" in failed(gitlab.wait_for_pipeline(account, {**one, "timeout": 0.5}))["message"]
    assert sum(waits) == pytest.approx(0.5, abs=0.1), "it waits as long as it was told to"


def test_a_pipeline_is_looked_at_once_more_when_the_time_is_over(
    service: FakeService, account: dict[str, str], waits: list[float]
) -> None:
    states = [Answer(json={"id": 61, "status": status}) for status in ("running", "success")]
    service.on("GET", f"{PATH}/pipelines/61", states)
    one = {**AT, "pipeline_id": 61, "every": 30, "timeout": 20}
    assert succeeded(gitlab.wait_for_pipeline(account, one))["status"] == "success"
    assert waits == [pytest.approx(20, abs=1)]


def test_projects_and_releases(service: FakeService, account: dict[str, str]) -> None:
    release = {"tag_name": "v1", "name": "v1", "description": "d"}
    service.on("GET", "/api/v4/projects", pages([PROJECT]))
    service.on("GET", f"{PATH}/releases", pages([release]))
    service.on("POST", f"{PATH}/releases", Answer(201, json=release))
    assert succeeded(gitlab.list_projects(account, {"search": "shop"})) == [PROJECT]
    assert service.requests[0].query["membership"] == "true"
    assert succeeded(gitlab.list_releases(account, AT)) == [release]
    assert succeeded(gitlab.create_release(account, {**AT, "tag": "v1"})) == release
    assert service.requests[-1].json == {"tag_name": "v1", "ref": "main"}


def test_the_readme_shows_each_task() -> None:
    assert set(examples(Path(gitlab.__file__).parent)) == set(gitlab.__all__)
