"""GitHub: each task's requests, pages, limits and faults, against a server of our own."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from flowbook.http import exchange
from flowbook.tasks import Context, running_as
from flowbook.testing import Answer, FakeService, Request, check_contract, fake_service
from integrations import github
from tests.integrations.examples import examples
from tests.integrations.faults import UNREACHABLE, Fault, check_fault, faults

TOKEN = "ghp_a1b2c3d4e5f6"
REPO = "octocat/hello"
ISSUE = "/repos/octocat/hello/issues/7"


@pytest.fixture
def service() -> Iterator[FakeService]:
    with fake_service() as running:
        running.json_type = "application/json; charset=utf-8"
        yield running
        assert running.unexpected == []


def call(service: FakeService, task: str, **params: Any) -> Any:
    return getattr(github, task)({"token": TOKEN, "base_url": service.url}, params)


def sent(service: FakeService) -> list[tuple[str, str, dict[str, str], Any]]:
    return [(one.method, one.path, one.query, one.json) for one in service.requests]


def linked(service: FakeService, page: int) -> dict[str, str]:
    address = f"{service.url}/elsewhere?page={page}&per_page=100"
    return {"Link": f'<{address}>; rel="next", <{address}>; rel="last"'}


WRITES = [
    ("create_repo", {"repo_name": "new"}, "POST", "/user/repos", {"name": "new", "private": True, "auto_init": False}),
    (
        "create_repo",
        {
            "repo_name": "new",
            "private": False,
            "org": "acme",
            "description": "It",
            "auto_init": True,
            "has_wiki": False,
        },
        "POST",
        "/orgs/acme/repos",
        {"name": "new", "private": False, "description": "It", "auto_init": True, "has_wiki": False},
    ),
    ("create_issue", {"title": "Broken"}, "POST", "/repos/octocat/hello/issues", {"title": "Broken"}),
    (
        "create_issue",
        {"title": "Broken", "body": "Very", "labels": "bug, ui", "assignees": ["mona"], "milestone": 3},
        "POST",
        "/repos/octocat/hello/issues",
        {"title": "Broken", "body": "Very", "labels": ["bug", "ui"], "assignees": ["mona"], "milestone": 3},
    ),
    (
        "update_issue",
        {"issue_number": 7, "title": "New", "state": "closed", "state_reason": "duplicate", "labels": []},
        "PATCH",
        ISSUE,
        {"title": "New", "state": "closed", "state_reason": "duplicate", "labels": []},
    ),
    ("close_issue", {"issue_number": "#7"}, "PATCH", ISSUE, {"state": "closed", "state_reason": "completed"}),
    ("add_comment", {"issue_number": 7, "body": "Hi"}, "POST", f"{ISSUE}/comments", {"body": "Hi"}),
    ("add_labels", {"issue_number": 7, "labels": ["a", "b"]}, "POST", f"{ISSUE}/labels", {"labels": ["a", "b"]}),
    ("remove_label", {"issue_number": 7, "label": "a b/c"}, "DELETE", f"{ISSUE}/labels/a b/c", None),
    (
        "lock_issue",
        {"issue_number": 7, "reason": "too heated"},
        "PUT",
        f"{ISSUE}/lock",
        {"lock_reason": "too heated"},
    ),
    ("unlock_issue", {"issue_number": 7}, "DELETE", f"{ISSUE}/lock", None),
    (
        "update_comment",
        {"comment_id": 3, "body": "Better"},
        "PATCH",
        "/repos/octocat/hello/issues/comments/3",
        {"body": "Better"},
    ),
    (
        "create_review",
        {
            "pull_number": 7,
            "event": "request_changes",
            "body": "No",
            "comments": [{"path": "a.py", "line": 3, "body": "Why?"}],
            "commit_id": "abc",
        },
        "POST",
        "/repos/octocat/hello/pulls/7/reviews",
        {
            "event": "REQUEST_CHANGES",
            "body": "No",
            "commit_id": "abc",
            "comments": [{"path": "a.py", "line": 3, "body": "Why?"}],
        },
    ),
    (
        "create_pull_request",
        {"title": "Fix", "head": "fix", "base": "main", "body": "It does", "draft": True},
        "POST",
        "/repos/octocat/hello/pulls",
        {"title": "Fix", "head": "fix", "base": "main", "body": "It does", "draft": True},
    ),
    (
        "merge_pull_request",
        {"pull_number": 7, "method": "squash", "commit_title": "One", "commit_message": "Two", "sha": "abc"},
        "PUT",
        "/repos/octocat/hello/pulls/7/merge",
        {"merge_method": "squash", "commit_title": "One", "commit_message": "Two", "sha": "abc"},
    ),
    (
        "create_release",
        {"tag": "v1", "name": "One", "body": "All", "target": "main", "generate_notes": True, "latest": "false"},
        "POST",
        "/repos/octocat/hello/releases",
        {
            "tag_name": "v1",
            "name": "One",
            "body": "All",
            "target_commitish": "main",
            "draft": False,
            "prerelease": False,
            "generate_release_notes": True,
            "make_latest": "false",
        },
    ),
    (
        "dispatch_workflow",
        {"workflow": ".github/workflows/deploy.yml", "ref": "main", "inputs": {"dry": True, "count": 2, "no": None}},
        "POST",
        "/repos/octocat/hello/actions/workflows/deploy.yml/dispatches",
        {"ref": "main", "inputs": {"dry": "true", "count": "2"}, "return_run_details": True},
    ),
    ("graphql", {"query": "{viewer {login}}"}, "POST", "/graphql", {"query": "{viewer {login}}"}),
]


# As the sections "HTTP response status codes" of https://docs.github.com/en/rest say; 201 for all others.
ANSWERS = {
    "update_issue": Answer(json={"number": 7}),
    "close_issue": Answer(json={"number": 7}),
    "add_labels": Answer(json=[]),
    "remove_label": Answer(json=[]),
    "lock_issue": Answer(204),
    "unlock_issue": Answer(204),
    "update_comment": Answer(json={"id": 3}),
    "create_review": Answer(json={"id": 80, "state": "CHANGES_REQUESTED"}),
    "merge_pull_request": Answer(json={"sha": "c", "merged": True, "message": "Pull Request successfully merged"}),
    "dispatch_workflow": Answer(204),
    "graphql": Answer(json={"data": {}}),
}


@pytest.mark.parametrize(("task", "params", "method", "path", "body"), WRITES, ids=[one[0] for one in WRITES])
def test_a_task_that_writes_sends_what_was_given_and_nothing_else(
    service: FakeService, task: str, params: dict[str, Any], method: str, path: str, body: Any
) -> None:
    service.on(method, path, ANSWERS.get(task) or Answer(201, json={"id": 1, "number": 7, "full_name": "mona/new"}))
    if task not in ("create_repo", "graphql"):
        params = {"repo": REPO, **params}
    result = call(service, task, **params)
    assert result.success, result.message
    assert sent(service) == [(method, path, {}, body)]


def test_each_request_has_the_headers_that_github_asks_for(service: FakeService) -> None:
    service.on("GET", "/repos/octocat/hello", json={"full_name": REPO})
    assert call(service, "get_repo", repo=REPO).data == {"full_name": REPO}
    headers = service.requests[0].headers
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert headers["Accept"].split(",")[0] == "application/vnd.github+json"
    assert headers["X-GitHub-Api-Version"] == "2022-11-28"
    assert headers["User-Agent"].startswith("flowbook/")


LISTS = [
    ("list_repos", {}, "/user/repos", {}),
    (
        "list_repos",
        {"org": "acme", "type": "forks", "sort": "pushed"},
        "/orgs/acme/repos",
        {"type": "forks", "sort": "pushed"},
    ),
    ("list_repos", {"user": "mona", "direction": "asc"}, "/users/mona/repos", {"direction": "asc"}),
    (
        "list_issues",
        {"repo": REPO, "labels": ["bug", "ui"], "assignee": "none", "since": "2024-05-31", "state": "all"},
        "/repos/octocat/hello/issues",
        {"labels": "bug,ui", "assignee": "none", "since": "2024-05-31T00:00:00Z", "state": "all"},
    ),
    (
        "list_pull_requests",
        {"repo": REPO, "head": "mona:fix", "base": "main", "sort": "long-running", "direction": "desc"},
        "/repos/octocat/hello/pulls",
        {"state": "open", "head": "mona:fix", "base": "main", "sort": "long-running", "direction": "desc"},
    ),
    (
        "list_comments",
        {"repo": REPO, "issue_number": 7, "since": "2024-05-31"},
        f"{ISSUE}/comments",
        {"since": "2024-05-31T00:00:00Z"},
    ),
    ("list_reviews", {"repo": REPO, "pull_number": 7}, "/repos/octocat/hello/pulls/7/reviews", {}),
    ("list_releases", {"repo": REPO}, "/repos/octocat/hello/releases", {}),
    (
        "list_commits",
        {"repo": REPO, "branch": "dev", "path": "src", "committer": "mona", "until": "2024-05-31T08:00:00Z"},
        "/repos/octocat/hello/commits",
        {"sha": "dev", "path": "src", "committer": "mona", "until": "2024-05-31T08:00:00Z"},
    ),
]


@pytest.mark.parametrize(("task", "params", "path", "query"), LISTS)
def test_a_list_asks_with_the_filters_that_were_given(
    service: FakeService, task: str, params: dict[str, Any], path: str, query: dict[str, str]
) -> None:
    service.on("GET", path, json=[{"id": 1}])
    result = call(service, task, **params)
    assert result.success, result.message
    assert result.data == [{"id": 1}]
    assert sent(service) == [("GET", path, {**query, "per_page": "100"}, None)]


def test_all_pages_are_fetched_by_the_link_header_at_the_same_address(service: FakeService) -> None:
    pages = [Answer(json=[{"id": 1}], headers=linked(service, 2)), Answer(json=[{"id": 2}], headers=linked(service, 3)),
             Answer(json=[{"id": 3}])]  # fmt: skip
    service.on("GET", "/user/repos", pages)
    result = call(service, "list_repos", all=True, sort="created")
    assert [repo["id"] for repo in result.data] == [1, 2, 3]
    assert [one.query.get("page") for one in service.requests] == [None, "2", "3"]
    assert all(one.query["sort"] == "created" for one in service.requests)
    assert "more" not in result.message


def test_a_service_that_names_the_same_page_again_and_again_ends_the_list(service: FakeService) -> None:
    service.on("GET", "/user/repos", json=[{"id": 1}], headers=linked(service, 2))
    assert len(call(service, "list_repos", all=True).data) == 2


def test_a_list_stops_at_the_limit_and_says_that_there_is_more(service: FakeService) -> None:
    service.on("GET", "/repos/octocat/hello/commits", json=[{"sha": "a"}, {"sha": "b"}], headers=linked(service, 2))
    result = call(service, "list_commits", repo=REPO, limit=2)
    assert result.message == "Found 2 commits in octocat/hello (there are more: raise limit, or set all)"
    assert [one.query["per_page"] for one in service.requests] == ["2"]


def test_pull_requests_are_no_issues_unless_asked_for(service: FakeService) -> None:
    service.on("GET", "/repos/octocat/hello/issues", json=[{"number": 1}, {"number": 2, "pull_request": {}}])
    assert call(service, "list_issues", repo=REPO).data == [{"number": 1}]
    assert len(call(service, "list_issues", repo=REPO, include_pull_requests=True).data) == 2


def test_a_search_gives_the_items_and_tells_the_total(service: FakeService) -> None:
    found = {"total_count": 250, "incomplete_results": True, "items": [{"number": 1}]}
    service.on("GET", "/search/issues", json=found)
    result = call(service, "search_issues", query="is:issue crash", sort="created", order="asc", limit=5)
    assert result.data == [{"number": 1}]
    assert result.message == "Found 250 in all; here are 1 (GitHub ran out of time: there may be more)"
    query = {"q": "is:issue crash", "sort": "created", "order": "asc", "per_page": "5"}
    assert sent(service) == [("GET", "/search/issues", query, None)]


def test_closing_with_a_comment_comments_first(service: FakeService) -> None:
    service.on("POST", f"{ISSUE}/comments", status=201, json={"id": 1})
    service.on("PATCH", ISSUE, json={"number": 7, "state": "closed"})
    assert call(service, "close_issue", repo=REPO, issue_number=7, comment="Done", reason="not_planned").success
    assert [one.json for one in service.requests] == [
        {"body": "Done"},
        {"state": "closed", "state_reason": "not_planned"},
    ]


def test_the_default_branch_stands_in_for_a_base_or_ref_that_is_not_given(service: FakeService) -> None:
    service.on("GET", "/repos/octocat/hello", json={"default_branch": "trunk"})
    service.on("POST", "/repos/octocat/hello/pulls", status=201, json={"number": 8})
    service.on("POST", "/repos/octocat/hello/actions/workflows/12/dispatches", Answer(204))
    assert call(service, "create_pull_request", repo=REPO, title="Fix", head="fix").success
    assert service.requests[-1].json["base"] == "trunk"
    untold = {"run_id": None, "html_url": None}
    data = call(service, "dispatch_workflow", repo=REPO, workflow=12).data
    assert data == {"workflow": "12", "ref": "trunk", **untold}
    assert service.requests[-1].json == {"ref": "trunk", "return_run_details": True}


CONTENTS = "/repos/octocat/hello/contents/docs/a b.md"


def as_file(content: bytes, **more: Any) -> Answer:
    encoded = base64.encodebytes(content).decode()
    return Answer(json={"type": "file", "sha": "old", "encoding": "base64", "content": encoded, **more})


def test_a_file_is_read_as_text_and_what_is_no_text_as_base64(service: FakeService) -> None:
    service.on("GET", CONTENTS, [as_file("grüß".encode(), path="docs/a b.md"), as_file(b"\xff\x00")])
    text = call(service, "get_file", repo=REPO, path="/docs/a b.md", ref="dev").data
    assert (text["content"], text["size"], text["sha"]) == ("grüß", 6, "old")
    assert (
        base64.b64decode(call(service, "get_file", repo=REPO, path="docs/a b.md").data["content_base64"]) == b"\xff\x00"
    )
    assert [one.query for one in service.requests] == [{"ref": "dev"}, {}]


def test_a_path_is_sent_as_one_quoted_parameter(service: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    addresses: list[str] = []
    send = exchange.send

    def noted(session: Any, order: Any, *rest: Any) -> Any:
        addresses.append(order.url)
        return send(session, order, *rest)

    monkeypatch.setattr(exchange, "send", noted)
    service.on("GET", CONTENTS, as_file(b""))
    assert call(service, "get_file", repo=REPO, path="docs/a b.md").success
    assert addresses == [f"{service.url}/repos/octocat/hello/contents/docs%2Fa%20b.md"]


def test_a_file_too_large_for_json_is_fetched_raw(service: FakeService) -> None:
    described = Answer(json={"type": "file", "sha": "s", "encoding": "none", "content": "", "size": 5_000_000})
    # As it comes: the raw media type, called JSON whatever the file is.
    raw = {"Content-Type": "application/vnd.github.raw+json; charset=utf-8"}
    service.on("GET", CONTENTS, [described, Answer(body=b"x" * 5_000_000, headers=raw)])
    result = call(service, "get_file", repo=REPO, path="docs/a b.md")
    assert result.data["size"] == 5_000_000
    assert service.requests[1].headers["Accept"] == "application/vnd.github.raw+json"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(404, json={"message": "Not Found"}), "There is no docs/a b.md in octocat/hello."),
        (Answer(json=[]), "is a folder"),
        (Answer(json={"type": "submodule"}), "is a submodule"),
        (Answer(json={"type": "file", "encoding": "none", "size": 200_000_000}), "larger than 100 MB"),
        (Answer(json={"type": "file", "encoding": "base64", "content": "a"}), "damaged"),
    ],
)
def test_what_is_no_file_is_said_to_be_none(service: FakeService, answer: Answer, says: str) -> None:
    service.on("GET", CONTENTS, answer)
    result = call(service, "get_file", repo=REPO, path="docs/a b.md")
    assert not result.success
    assert says in result.message


def test_a_new_file_is_put_without_sha_and_an_old_one_with_the_sha_it_has(service: FakeService) -> None:
    service.on("GET", CONTENTS, [Answer(404, json={}), as_file(b"before")])
    service.on("PUT", CONTENTS, json={"commit": {"sha": "c"}})
    new = call(service, "put_file", repo=REPO, path="docs/a b.md", content="hé", branch="dev")
    old = call(service, "put_file", repo=REPO, path="docs/a b.md", content_base64="/wA=", message="Why")
    assert (new.message, old.message) == ("Added docs/a b.md in octocat/hello", "Replaced docs/a b.md in octocat/hello")
    assert [one.json for one in service.requests if one.method == "PUT"] == [
        {"message": "Add docs/a b.md", "content": base64.b64encode("hé".encode()).decode(), "branch": "dev"},
        {"message": "Why", "content": "/wA=", "sha": "old"},
    ]
    assert service.requests[0].query == {"ref": "dev"}


def test_a_file_that_is_the_same_already_is_not_committed_again(service: FakeService) -> None:
    sha_of_hello = "ce013625030ba8dba906f756967f9e9ca394464a"
    service.on("GET", CONTENTS, as_file(b"hello\n", sha=sha_of_hello))
    result = call(service, "put_file", repo=REPO, path="docs/a b.md", content="hello\n")
    assert result.message == "docs/a b.md in octocat/hello is up to date"
    assert [one.method for one in service.requests] == ["GET"]


def test_a_local_file_is_looked_for_in_the_workspace(service: FakeService, tmp_path: Path) -> None:
    (tmp_path / "report.bin").write_bytes(b"\x00\x01")
    service.on("GET", CONTENTS, Answer(404, json={})).on("PUT", CONTENTS, status=201, json={"commit": {}})
    with running_as(Context(root=tmp_path)):
        assert call(service, "put_file", repo=REPO, path="docs/a b.md", file_path="report.bin").success
        missing = call(service, "put_file", repo=REPO, path="docs/a b.md", file_path="other.bin")
    assert base64.b64decode(service.requests[-1].json["content"]) == b"\x00\x01"
    assert "other.bin cannot be read: No such file or directory" in missing.message


@pytest.mark.parametrize("content", [{}, {"content": "a", "content_base64": "YQ=="}])
def test_a_file_has_one_content(service: FakeService, content: dict[str, str]) -> None:
    result = call(service, "put_file", repo=REPO, path="x", **content)
    assert "exactly one of content, content_base64 and file_path" in result.message
    assert service.requests == []


def test_a_file_is_deleted_in_the_version_that_it_has_and_one_that_is_gone_stays_so(service: FakeService) -> None:
    service.on("GET", CONTENTS, [as_file(b"x"), Answer(404, json={}), as_file(b"x")])
    service.on("DELETE", CONTENTS, json={"content": None, "commit": {"sha": "c"}})
    deleted = call(service, "delete_file", repo=REPO, path="docs/a b.md", branch="dev")
    gone = call(service, "delete_file", repo=REPO, path="docs/a b.md")
    assert deleted.data == {"content": None, "commit": {"sha": "c"}}
    assert (gone.message, gone.data["commit"]) == ("There is no docs/a b.md in octocat/hello", None)
    assert call(service, "delete_file", repo=REPO, path="docs/a b.md", sha="mine", message="Why").success
    assert [one.json for one in service.requests if one.method == "DELETE"] == [
        {"message": "Delete docs/a b.md", "sha": "old", "branch": "dev"},
        {"message": "Why", "sha": "mine"},
    ]


ENTRY = {"type": "file", "size": 625, "name": "a.rb", "path": "lib/a.rb", "sha": "fff6fe3a"}


def test_a_folder_is_listed_as_github_does(service: FakeService) -> None:
    service.on("GET", "/repos/octocat/hello/contents/lib", [Answer(json=[ENTRY]), Answer(json=[ENTRY] * 1000)])
    tree = [{"path": "lib", "mode": "040000", "type": "tree", "sha": "1"}]
    service.on("GET", "/repos/octocat/hello/git/trees/HEAD", json={"sha": "9", "tree": tree, "truncated": False})
    assert call(service, "list_directory", repo=REPO, path="/lib/", ref="dev").data == [ENTRY]
    assert "GitHub tells no more than these" in call(service, "list_directory", repo=REPO, path="lib").message
    for root in ("", "/", "."):
        (entry,) = call(service, "list_directory", repo=REPO, path=root).data
        assert (entry["name"], entry["path"], entry["type"]) == ("lib", "lib", "dir")
    assert [one.query for one in service.requests] == [{"ref": "dev"}, {}, {}, {}, {}]


def test_a_folder_is_listed_with_those_below_it_by_its_tree(service: FakeService) -> None:
    tree = [
        {"path": "lib", "mode": "040000", "type": "tree", "sha": "1"},
        {"path": "lib/a.rb", "mode": "100644", "type": "blob", "size": 5, "sha": "2"},
        {"path": "lib/b", "mode": "120000", "type": "blob", "size": 4, "sha": "3"},
        {"path": "lib/c", "mode": "160000", "type": "commit", "sha": "4"},
        {"path": "library", "mode": "100644", "type": "blob", "size": 1, "sha": "5"},
    ]
    service.on("GET", "/repos/octocat/hello/git/trees/HEAD", json={"sha": "9", "tree": tree, "truncated": False})
    service.on("GET", "/repos/octocat/hello/git/trees/dev", json={"sha": "9", "tree": tree, "truncated": True})
    listed = call(service, "list_directory", repo=REPO, path="lib", recursive=True).data
    assert [(one["name"], one["type"]) for one in listed] == [("a.rb", "file"), ("b", "symlink"), ("c", "submodule")]
    assert "There is no folder nope" in call(service, "list_directory", repo=REPO, path="nope", recursive=True).message
    whole = call(service, "list_directory", repo=REPO, ref="dev", recursive=True)
    assert (len(whole.data), "GitHub tells no more" in whole.message) == (5, True)
    assert [one.query for one in service.requests] == [{"recursive": "1"}] * 3


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(404, json={"message": "Not Found"}), "There is no folder lib"),
        (as_file(b"x"), "is a file, not a folder"),
    ],
)
def test_what_is_no_folder_is_said_to_be_none(service: FakeService, answer: Answer, says: str) -> None:
    service.on("GET", "/repos/octocat/hello/contents/lib", answer)
    result = call(service, "list_directory", repo=REPO, path="lib")
    assert says in result.message
    assert result.permanent


def test_a_label_that_is_not_there_is_off_and_an_issue_that_is_not_there_is_told(service: FakeService) -> None:
    missing = Answer(404, json={"message": "Label does not exist"})
    service.on("DELETE", f"{ISSUE}/labels/x", missing).on("GET", f"{ISSUE}/labels", json=[{"name": "bug"}])
    result = call(service, "remove_label", repo=REPO, issue_number=7, label="x")
    assert (result.message, result.data) == ("octocat/hello#7 does not have the label x", [{"name": "bug"}])
    service.on("GET", f"{ISSUE}/labels", Answer(404, json={"message": "Not Found"}))
    assert "404 Not Found" in call(service, "remove_label", repo=REPO, issue_number=7, label="x").message


def test_a_pull_request_is_read(service: FakeService) -> None:
    service.on("GET", "/repos/octocat/hello/pulls/7", json={"number": 7, "title": "Fix", "mergeable": True})
    result = call(service, "get_pull_request", repo=REPO, pull_number="#7")
    assert (result.message, result.data["mergeable"]) == ("Found octocat/hello#7: Fix", True)


def test_an_error_in_a_graphql_answer_fails_the_task(service: FakeService) -> None:
    answer = {"data": {"viewer": None}, "errors": [{"message": "Field 'x' doesn't exist"}]}
    service.on("POST", "/graphql", json=answer)
    result = call(service, "graphql", query="{x}", variables={"a": 1})
    assert (result.success, result.data) == (False, answer)
    assert "Field 'x' doesn't exist" in result.message
    assert service.requests[0].json == {"query": "{x}", "variables": {"a": 1}}


def test_graphql_of_an_enterprise_server_is_beside_its_rest_api(service: FakeService) -> None:
    service.on("POST", "/api/graphql", json={"data": {"ok": True}}).on("GET", "/api/v3/repos/octocat/hello", json={})
    credentials = {"token": TOKEN, "base_url": f"{service.url}/api/v3/"}
    assert github.graphql(credentials, {"query": "{ok}"}).data == {"ok": True}
    assert github.get_repo(credentials, {"repo": REPO}).success


def test_a_repository_may_be_given_by_its_address(service: FakeService) -> None:
    service.on("GET", ISSUE, json={"title": "Broken"})
    result = call(service, "get_issue", repo="https://github.com/octocat/hello.git", issue_number="7")
    assert result.message == "Found octocat/hello#7: Broken"


@pytest.mark.parametrize("repo", ["", "octocat", "a/b/c", "../etc", "a/..", "a/b?x=1", "a b/c"])
def test_what_is_not_owner_and_name_is_refused_before_any_request(service: FakeService, repo: str) -> None:
    result = call(service, "get_repo", repo=repo)
    assert not result.success
    assert 'must look like "owner/name"' in result.message
    assert service.requests == []


def test_a_connection_test_tells_whose_token_it_is(service: FakeService) -> None:
    headers = {"X-OAuth-Scopes": "repo, workflow", "X-RateLimit-Remaining": "4999"}
    service.on("GET", "/user", json={"login": "mona", "name": "Mona"}, headers=headers)
    result = call(service, "test_connection")
    assert result.message == "Connected to GitHub as mona"
    assert result.data == {
        "login": "mona", "name": "Mona", "scopes": ["repo", "workflow"], "token_expires": None, "requests_left": 4999,
    }  # fmt: skip


def test_a_connection_test_knows_the_tokens_of_apps(service: FakeService) -> None:
    service.on("GET", "/user", Answer(403, json={"message": "Resource not accessible by integration"}))
    service.on("GET", "/rate_limit", json={"resources": {"core": {"remaining": 12}}})
    result = call(service, "test_connection")
    assert result.success
    assert result.data["requests_left"] == 12


def test_a_connection_test_passes_on_why_it_was_refused(service: FakeService) -> None:
    service.on("GET", "/user", Answer(403, json={"message": "Your account is suspended."}))
    service.on("GET", "/rate_limit", Answer(403, json={}))
    result = call(service, "test_connection")
    assert not result.success
    assert result.message.startswith("GitHub said 403 Forbidden: Your account is suspended. The credentials")


def test_a_used_up_limit_is_not_taken_for_the_token_of_an_app(service: FakeService) -> None:
    used_up = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 3000)}
    service.on("GET", "/user", Answer(403, json={"message": "API rate limit exceeded"}, headers=used_up))
    assert call(service, "test_connection").data["kind"] == "rate_limited"


def test_an_address_that_is_not_github_is_said_to_be_another(service: FakeService) -> None:
    service.on("GET", "/user", json={"hello": "world"})
    result = call(service, "test_connection")
    assert "not as GitHub does" in result.message
    assert result.data["kind"] == "bad_answer"


@pytest.mark.parametrize("answer", [None, [1], "text", 7])
@pytest.mark.parametrize(
    ("task", "params"),
    [
        ("get_repo", {}),
        ("create_issue", {"title": "t"}),
        ("get_file", {"path": "a"}),
        ("put_file", {"path": "a", "content": "b"}),
        ("merge_pull_request", {"pull_number": 1}),
        ("dispatch_workflow", {"workflow": "a.yml"}),
        ("graphql", {"query": "{viewer}"}),
    ],
)
def test_json_of_another_form_is_said_to_be_no_answer_of_githubs(
    service: FakeService, task: str, params: dict[str, Any], answer: Any
) -> None:
    for method in ("GET", "POST", "PUT"):
        service.on(method, "/{rest:path}", json=answer)
    result = call(service, task, **({} if task == "graphql" else {"repo": "a/b"}), **params)
    assert not result.success
    assert any(words in result.message for words in ("something else", "is a folder", "where 201 was due"))


@pytest.mark.parametrize("fault", faults({"full_name": REPO, "default_branch": "main"}))
def test_each_fault_of_the_service_becomes_a_clear_result(
    fault: Fault, service: FakeService, waits: list[float]
) -> None:
    check_fault(fault, service, waits, lambda: call(service, "get_repo", repo=REPO), TOKEN)


@pytest.mark.parametrize(("broken", "says"), UNREACHABLE)
def test_a_service_that_cannot_be_reached_becomes_a_clear_result(
    broken: Any, says: str, service: FakeService, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = {"token": TOKEN, "base_url": broken(service, monkeypatch)}
    result = github.test_connection(credentials, {})
    assert not result.success
    assert says in result.message
    assert TOKEN not in json.dumps(result)


def test_what_is_wrong_with_each_field_is_said_in_words(service: FakeService) -> None:
    errors = [{"resource": "Issue", "field": "title", "code": "missing_field"}, {"message": "Labels are odd"}]
    service.on(
        "POST", "/repos/octocat/hello/issues", Answer(422, json={"message": "Validation Failed", "errors": errors})
    )
    result = call(service, "create_issue", repo=REPO, title="x")
    assert "Validation Failed: Issue title is missing; Labels are odd" in result.message


SECONDARY = {"message": "You have exceeded a secondary rate limit."}
LIMITS = [
    pytest.param(403, {"Retry-After": "30"}, 30, id="secondary limit with Retry-After"),
    pytest.param(403, {}, 60, id="secondary limit that names no time"),
    pytest.param(403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "+40"}, 40, id="used up until the reset"),
    pytest.param(429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "+40"}, 40, id="429 until the reset"),
]


@pytest.mark.parametrize(("status", "headers", "seconds"), LIMITS)
def test_a_limit_is_waited_out_also_by_what_writes(
    service: FakeService, waits: list[float], status: int, headers: dict[str, str], seconds: float
) -> None:
    def limited(request: Request) -> Answer:
        told = {
            name: str(int(time.time()) + int(value)) if value[0] == "+" else value for name, value in headers.items()
        }
        return Answer(status, json=SECONDARY, headers=told)

    service.on("POST", "/repos/octocat/hello/issues", [limited, Answer(201, json={"number": 7})])
    result = call(service, "create_issue", repo=REPO, title="x")
    assert result.success, result.message
    assert waits == [pytest.approx(seconds, abs=9)]  # it counts from when the answer was read


def test_a_limit_that_lasts_too_long_fails_and_says_how_long(service: FakeService, waits: list[float]) -> None:
    service.on("GET", "/repos/octocat/hello", Answer(429, json=SECONDARY, headers={"Retry-After": "3000"}))
    result = call(service, "get_repo", repo=REPO)
    assert "It asks to wait 3000 s" in result.message
    assert waits == []


def test_a_refusal_that_is_no_limit_is_not_repeated(service: FakeService, waits: list[float]) -> None:
    service.on("POST", "/repos/octocat/hello/issues", Answer(403, json={"message": "Must have admin rights"}))
    assert "Must have admin rights" in call(service, "create_issue", repo=REPO, title="x").message
    assert (len(service.requests), waits) == (1, [])


def test_nothing_that_was_perhaps_done_is_done_again(service: FakeService, waits: list[float]) -> None:
    service.on("PUT", "/repos/octocat/hello/pulls/7/merge", Answer(500, json={"message": "Oh"}))
    assert not call(service, "merge_pull_request", repo=REPO, pull_number=7).success
    assert len(service.requests) == 1


MISTAKES = [
    ("list_repos", {"org": "a", "user": "b"}, "Both org and user"),
    ("list_repos", {"user": "b", "type": "forks"}, "Give one of all, owner, member"),
    ("update_issue", {"repo": REPO, "issue_number": 7, "title": " "}, "Nothing was given to change"),
    ("list_commits", {"repo": REPO, "since": "yesterday"}, "must be a date or time"),
    ("get_file", {"repo": REPO, "path": "../secret"}, "must be the path of a file"),
    ("put_file", {"repo": REPO, "path": "x", "content_base64": "?"}, "is not base64"),
    ("create_issue", {"repo": REPO, "title": "x", "colour": "red"}, "colour"),
    ("dispatch_workflow", {"repo": REPO, "workflow": ".."}, "must be the workflow's file name"),
    ("list_repos", {"org": "a/b"}, "must be the name of a user or organization"),
    ("list_issues", {"repo": REPO, "limit": 0}, "limit"),
]


@pytest.mark.parametrize(("task", "params", "says"), MISTAKES)
def test_a_mistake_in_the_params_is_told_before_any_request(
    service: FakeService, task: str, params: dict[str, Any], says: str
) -> None:
    result = call(service, task, **params)
    assert not result.success
    assert says in result.message
    assert service.requests == []


def test_an_empty_token_is_a_mistake_in_the_credentials() -> None:
    assert "token: must not be empty" in github.test_connection({"token": " "}, {}).message


def test_a_date_that_yaml_read_as_one_is_a_date_too(service: FakeService) -> None:
    service.on("GET", "/repos/octocat/hello/commits", json=[])
    assert call(
        service, "list_commits", repo=REPO, since=date(2024, 5, 31), until=datetime(2024, 6, 1, 8, tzinfo=timezone.utc)
    ).success
    query = service.requests[0].query
    assert (query["since"], query["until"]) == ("2024-05-31T00:00:00Z", "2024-06-01T08:00:00+00:00")


def test_the_readme_has_an_example_of_each_task_that_fits_its_params() -> None:
    assert set(examples(Path(github.__file__).parent)) == set(github.__all__)


def test_the_folder_keeps_the_contract() -> None:
    assert check_contract(Path(github.__file__).parent) == []
