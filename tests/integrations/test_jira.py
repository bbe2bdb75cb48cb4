"""Jira Cloud and Data Center: each task's requests, pages, limits and faults, against a server of our own."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flowbook.tasks import Context, running_as
from flowbook.testing import Answer, FakeService, Request, check_contract, fake_service
from integrations import jira
from tests.integrations.examples import examples
from tests.integrations.faults import UNREACHABLE, Fault, check_fault, faults

API_TOKEN = "atlassian-api-token-1"
PAT = "personal-access-token-2"
CLOUD = "/rest/api/3"
SERVER = "/rest/api/2"
ANN = {"accountId": "712020:11111111-2222-3333-4444-555555555555", "name": "ann", "displayName": "Ann Lee",
       "emailAddress": "ann@example.com", "active": True}  # fmt: skip


@pytest.fixture
def service() -> Iterator[FakeService]:
    with fake_service() as running:
        running.json_type = "application/json;charset=UTF-8"
        yield running
        assert running.unexpected == []


def cloud(service: FakeService, task: str, **params: Any) -> Any:
    credentials = {"base_url": service.url, "email": "me@example.com", "api_token": API_TOKEN, "token": ""}
    return getattr(jira, task)(credentials, params)


def server(service: FakeService, task: str, **params: Any) -> Any:
    return getattr(jira, task)({"base_url": service.url, "email": "", "api_token": None, "token": PAT}, params)


def sent(service: FakeService) -> list[tuple[str, str, dict[str, str], Any]]:
    return [(one.method, one.path, one.query, one.json) for one in service.requests]


def paragraph(*texts: str) -> dict[str, Any]:
    return {"type": "paragraph", "content": [{"type": "text", "text": text} for text in texts]}


def document(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"version": 1, "type": "doc", "content": list(blocks)}


def test_cloud_is_asked_with_email_and_token_and_data_center_with_a_bearer_token(service: FakeService) -> None:
    service.on("GET", f"{CLOUD}/myself", json=ANN).on("GET", f"{SERVER}/myself", json=ANN)
    assert cloud(service, "test_connection").message == "Connected to Jira Cloud as Ann Lee"
    assert server(service, "test_connection").message == "Connected to Jira Data Center as Ann Lee"
    basic, bearer = (one.headers["Authorization"] for one in service.requests)
    assert base64.b64decode(basic.removeprefix("Basic ")).decode() == f"me@example.com:{API_TOKEN}"
    assert bearer == f"Bearer {PAT}"
    assert service.requests[0].headers["Accept"] == "application/json"


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("", ""),
        ("/", ""),
        ("/rest/api/2", ""),
        ("/jira/", "/jira"),
        ("/jira/rest", "/jira"),
    ],
)
def test_the_address_may_be_given_with_what_comes_after_it(service: FakeService, given: str, meant: str) -> None:
    service.on("GET", f"{meant}{SERVER}/myself", json=ANN)
    assert jira.test_connection({"base_url": service.url + given, "token": PAT}, {}).success


def test_cloud_pages_a_search_by_token(service: FakeService) -> None:
    pages = [{"issues": [{"key": "A-1"}], "nextPageToken": "t1"}, {"issues": [{"key": "A-2"}], "isLast": True}]
    service.on("POST", f"{CLOUD}/search/jql", [Answer(json=page) for page in pages])
    result = cloud(service, "search_issues", jql="project = A", all=True, expand=["changelog", "names"])
    first = {"jql": "project = A", "maxResults": 100, "fields": ["*navigable"], "expand": "changelog,names"}
    assert [one.json for one in service.requests] == [first, {**first, "nextPageToken": "t1"}]
    assert result.data == [
        {"key": "A-1", "url": f"{service.url}/browse/A-1"},
        {"key": "A-2", "url": f"{service.url}/browse/A-2"},
    ]
    assert result.message == "Found 2 issues"


def test_data_center_pages_a_search_by_position(service: FakeService) -> None:
    def page(request: Request) -> Answer:
        start = request.json["startAt"]
        return Answer(json={"startAt": start, "total": 5, "issues": [{"key": f"A-{start}"}, {"key": f"A-{start + 1}"}]})

    service.on("POST", f"{SERVER}/search", page)
    result = server(service, "search_issues", jql="project = A", fields="summary, status", expand=["names"], limit=4)
    first = {"jql": "project = A", "maxResults": 4, "startAt": 0, "fields": ["summary", "status"], "expand": ["names"]}
    assert [one.json for one in service.requests] == [first, {**first, "maxResults": 2, "startAt": 2}]
    assert result.message == "Found 4 issues of 5 (there are more: raise limit, or set all)"


def test_a_search_stops_at_the_limit_and_when_the_same_page_comes_again(service: FakeService) -> None:
    service.on("POST", f"{CLOUD}/search/jql", json={"issues": [{"key": "A-1"}], "nextPageToken": "same"})
    assert len(cloud(service, "search_issues", jql="x", all=True).data) == 2
    result = cloud(service, "search_issues", jql="x", limit=1)
    assert result.message == "Found 1 issue (there are more: raise limit, or set all)"
    assert service.requests[-1].json["maxResults"] == 1


def test_an_issue_is_read_with_its_description_as_text(service: FakeService) -> None:
    issue = {"key": "A-1", "fields": {"summary": "Sum", "description": document(paragraph("One"), paragraph("Two"))}}
    service.on("GET", f"{CLOUD}/issue/A-1", json=issue)
    result = cloud(service, "get_issue", issue_key="a-1", fields=["summary", "description"], expand="names")
    assert result.message == "Found A-1: Sum"
    assert result.data == {**issue, "url": f"{service.url}/browse/A-1", "description_text": "One\nTwo"}
    assert service.requests[0].query == {"fields": "summary,description", "expand": "names"}


def test_an_issue_is_created_with_all_that_was_given(service: FakeService) -> None:
    service.on("GET", f"{CLOUD}/user/assignable/search", json=[ANN])
    service.on("POST", f"{CLOUD}/issue", Answer(201, json={"id": "1", "key": "A-9"}))
    result = cloud(
        service, "create_issue", project="A", summary="Sum", issue_type="Bug", description="**Hi**", priority="High",
        assignee="ann@example.com", labels="x, y", components=["api"], due_date=date(2024, 5, 31), parent="A-1",
        fields={"customfield_10": 5, "fixVersions": [{"name": "1"}]},
    )  # fmt: skip
    assert result.data == {"id": "1", "key": "A-9", "url": f"{service.url}/browse/A-9"}
    assert service.requests[0].query == {"project": "A", "query": "ann@example.com", "maxResults": "50"}
    bold = {"type": "text", "text": "Hi", "marks": [{"type": "strong"}]}
    fields = {
        "project": {"key": "A"}, "summary": "Sum", "issuetype": {"name": "Bug"}, "priority": {"name": "High"},
        "description": document({"type": "paragraph", "content": [bold]}), "assignee": {"id": ANN["accountId"]},
        "labels": ["x", "y"], "components": [{"name": "api"}], "duedate": "2024-05-31", "parent": {"key": "A-1"},
        "customfield_10": 5, "fixVersions": [{"name": "1"}],
    }  # fmt: skip
    assert service.requests[1].json == {"fields": fields}


def test_an_issue_of_data_center_has_wiki_markup_and_user_names(service: FakeService) -> None:
    service.on("GET", f"{SERVER}/user/assignable/search", json=[ANN])
    service.on("POST", f"{SERVER}/issue", status=201, json={"id": "1", "key": "A-9"})
    description = "# Title\n\nSome **bold**, _it_ and `x`, [a](https://b.c)\n\n- one\n  1. two\n\n```py\n1\n```"
    assert server(
        service, "create_issue", project="100", summary="S", description=description, assignee="Ann Lee"
    ).success
    assert service.requests[0].query == {"project": "100", "username": "Ann Lee", "maxResults": "50"}
    fields = service.requests[1].json["fields"]
    assert fields["description"] == (
        "h1. Title\n\nSome *bold*, _it_ and {{x}}, [a|https://b.c]\n\n* one\n*# two\n\n{code:py}\n1\n{code}"
    )
    assert (fields["assignee"], fields["project"]) == ({"name": "ann"}, {"id": "100"})


TEXT_AREA = "com.atlassian.jira.plugin.system.customfieldtypes:textarea"
FIELDS = [
    {"id": "summary", "name": "Summary"},
    {"id": "customfield_1", "name": "Story Points", "schema": {"custom": "x:float"}},
    {"id": "customfield_2", "name": "Notes", "schema": {"custom": TEXT_AREA}},
    {"id": "customfield_3", "name": "Twin"},
    {"id": "customfield_4", "name": "Twin"},
]  # fmt: skip


def test_other_fields_may_be_named_as_people_name_them(service: FakeService) -> None:
    service.on("GET", f"{CLOUD}/field", json=FIELDS).on("PUT", f"{CLOUD}/issue/A-1", Answer(204))
    assert cloud(service, "update_issue", issue_key="A-1", fields={"story points": 3, "customfield_2": "Hi"}).success
    assert service.requests[-1].json == {"fields": {"customfield_1": 3, "customfield_2": document(paragraph("Hi"))}}


@pytest.mark.parametrize(
    ("name", "says"), [("Twin", "customfield_3, customfield_4"), ("Gone", "Custom fields here: Notes, Story Points")]
)
def test_a_field_name_that_is_not_clear_is_explained(service: FakeService, name: str, says: str) -> None:
    service.on("GET", f"{CLOUD}/field", json=FIELDS)
    assert says in cloud(service, "update_issue", issue_key="A-1", fields={name: 1}).message


def test_an_update_sends_only_what_changes(service: FakeService) -> None:
    service.on("PUT", f"{CLOUD}/issue/A-1", Answer(204))
    result = cloud(
        service, "update_issue", issue_key="A-1", summary="New", add_labels="x", remove_labels=["y"], notify=False
    )
    assert result.data["changed"] == ["labels", "summary"]
    body = {"fields": {"summary": "New"}, "update": {"labels": [{"add": "x"}, {"remove": "y"}]}}
    assert sent(service) == [("PUT", f"{CLOUD}/issue/A-1", {"notifyUsers": "false"}, body)]


START = {"id": "11", "name": "Start", "to": {"name": "In Progress"}}
FINISH = {"id": "31", "name": "Finish", "to": {"name": "Done"}}
TRANSITIONS = {"transitions": [START, FINISH]}


@pytest.mark.parametrize("name", ["finish", "DONE", "31"])
def test_an_issue_moves_on_by_the_name_of_the_transition_or_status(service: FakeService, name: str) -> None:
    service.on("GET", f"{CLOUD}/issue/A-1/transitions", json=TRANSITIONS)
    service.on("POST", f"{CLOUD}/issue/A-1/transitions", Answer(204))
    service.on("POST", f"{CLOUD}/issue/A-1/comment", status=201, json={"id": "5"})
    result = cloud(service, "transition_issue", issue_key="A-1", transition=name, resolution="Fixed", comment="Bye")
    assert result.message == "A-1 is Done now"
    assert service.requests[1].json == {"transition": {"id": "31"}, "fields": {"resolution": {"name": "Fixed"}}}
    assert service.requests[2].json == {"body": document(paragraph("Bye"))}


def test_a_transition_that_is_not_available_lists_those_that_are(service: FakeService) -> None:
    service.on("GET", f"{SERVER}/issue/A-1/transitions", json=TRANSITIONS)
    result = server(service, "transition_issue", issue_key="A-1", transition="Close")
    assert not result.success
    assert "Available now: Start (to In Progress), Finish (to Done)." in result.message


@pytest.mark.parametrize("who", ["ann@example.com", "ANN LEE", "712020:11111111-2222-3333-4444-555555555555"])
def test_an_issue_is_assigned_to_the_person_who_is_meant(service: FakeService, who: str) -> None:
    other = {"accountId": "x", "displayName": "Ann Leeson", "active": True}
    service.on("GET", f"{CLOUD}/user/assignable/search", json=[other, ANN])
    service.on("PUT", f"{CLOUD}/issue/A-1/assignee", Answer(204))
    assert cloud(service, "assign_issue", issue_key="A-1", assignee=who).success
    assert service.requests[-1].json == {"accountId": ANN["accountId"]}
    assert all(one.query == {"issueKey": "A-1", "query": who, "maxResults": "50"} for one in service.requests[:-1])


@pytest.mark.parametrize("who", ["5b10ac8d82e05b22cc7d4ef5", "5b10a2844c20165700ede21g"])
def test_an_old_account_id_is_taken_as_it_is(service: FakeService, who: str) -> None:
    """Also those of Atlassian's documentation, which are not quite hexadecimal."""
    service.on("PUT", f"{CLOUD}/issue/A-1/assignee", Answer(204))
    assert cloud(service, "assign_issue", issue_key="A-1", assignee=who).success
    assert [one.json for one in service.requests] == [{"accountId": who}]


@pytest.mark.parametrize(
    ("run", "who", "method", "path", "body"),
    [
        (cloud, "automatic", "PUT", f"{CLOUD}/issue/A-1/assignee", {"accountId": "-1"}),
        (server, "automatic", "PUT", f"{SERVER}/issue/A-1/assignee", {"name": "-1"}),
        (cloud, "", "PUT", f"{CLOUD}/issue/A-1", {"fields": {"assignee": None}}),
        (server, "", "PUT", f"{SERVER}/issue/A-1", {"fields": {"assignee": {"name": ""}}}),
    ],
)
def test_an_issue_may_be_given_to_the_default_person_or_to_nobody(
    service: FakeService, run: Any, who: str, method: str, path: str, body: Any
) -> None:
    service.on(method, path, Answer(204))
    assert run(service, "assign_issue", issue_key="A-1", assignee=who).success
    assert sent(service) == [(method, path, {}, body)]


@pytest.mark.parametrize(
    ("people", "says"),
    [
        ([], "Nobody called 'ann' can be assigned in A-1"),
        ([ANN, {**ANN, "emailAddress": "b@c.d"}], "may be several people"),
    ],
)
def test_a_person_who_is_not_clear_is_asked_for(service: FakeService, people: list[Any], says: str) -> None:
    service.on("GET", f"{SERVER}/user/assignable/search", json=people)
    assert says in server(service, "assign_issue", issue_key="A-1", assignee="ann").message


@pytest.mark.parametrize(
    ("params", "more"),
    [
        ({}, {}),
        ({"visible_to_role": "Developers"}, {"visibility": {"type": "role", "value": "Developers"}}),
        ({"visible_to_group": "staff"}, {"visibility": {"type": "group", "value": "staff"}}),
        ({"internal": True}, {"properties": [{"key": "sd.public.comment", "value": {"internal": True}}]}),
    ],
)
def test_a_comment_is_written_for_those_who_may_see_it(
    service: FakeService, params: dict[str, Any], more: dict[str, Any]
) -> None:
    service.on("POST", f"{CLOUD}/issue/A-1/comment", status=201, json={"id": "5"})
    result = cloud(service, "add_comment", issue_key="A-1", body="*as it is*", format="text", **params)
    assert result.data == {"id": "5"}
    assert service.requests[0].json == {"body": document(paragraph("*as it is*")), **more}


def test_a_document_in_atlassians_format_is_taken_as_it_is(service: FakeService) -> None:
    given = document({"type": "panel", "attrs": {"panelType": "info"}, "content": [paragraph("Look")]})
    service.on("POST", f"{CLOUD}/issue/A-1/comment", status=201, json={"id": "5"})
    assert cloud(service, "add_comment", issue_key="A-1", body=given).success
    assert service.requests[0].json == {"body": given}
    assert "must have the type 'doc'" in cloud(service, "add_comment", issue_key="A-1", body={"type": "x"}).message


LINKS = {"issueLinkTypes": [{"id": "1", "name": "Blocks", "inward": "is blocked by", "outward": "blocks"}]}


@pytest.mark.parametrize(
    ("words", "first", "second", "says"),
    [
        ("Blocks", "A-1", "B-2", "A-1 blocks B-2"),
        ("blocks", "A-1", "B-2", "A-1 blocks B-2"),
        ("is blocked by", "B-2", "A-1", "A-1 is blocked by B-2"),
    ],
)
def test_a_link_reads_as_a_sentence(service: FakeService, words: str, first: str, second: str, says: str) -> None:
    service.on("GET", f"{CLOUD}/issueLinkType", json=LINKS).on("POST", f"{CLOUD}/issueLink", Answer(201))
    result = cloud(service, "link_issues", issue_key="A-1", link_type=words, linked_issue_key="B-2")
    assert result.message == says
    body = {"type": {"name": "Blocks"}, "inwardIssue": {"key": first}, "outwardIssue": {"key": second}}
    assert service.requests[1].json == body


def test_a_link_type_that_is_not_there_lists_those_that_are(service: FakeService) -> None:
    service.on("GET", f"{CLOUD}/issueLinkType", json=LINKS)
    result = cloud(service, "link_issues", issue_key="A-1", link_type="Likes", linked_issue_key="B-2")
    assert "There are: Blocks (blocks / is blocked by)." in result.message


def test_cloud_pages_its_projects(service: FakeService) -> None:
    def page(request: Request) -> Answer:
        start = int(request.query["startAt"])
        return Answer(json={"values": [{"key": f"P{start}"}], "total": 3, "isLast": start == 2})

    service.on("GET", f"{CLOUD}/project/search", page)
    assert [one["key"] for one in cloud(service, "list_projects", all=True).data] == ["P0", "P1", "P2"]
    result = cloud(service, "list_projects", limit=1, query="p")
    assert result.message == "Found 1 project (there are more: raise limit, or set all)"
    assert service.requests[-1].query == {"startAt": "0", "maxResults": "1", "query": "p"}


def test_data_center_gives_all_projects_at_once(service: FakeService) -> None:
    service.on("GET", f"{SERVER}/project", json=[{"key": "ABC", "name": "Alpha"}, {"key": "B", "name": "Beta"}])
    assert [one["key"] for one in server(service, "list_projects", query="ALPHA").data] == ["ABC"]
    assert "there are more" in server(service, "list_projects", limit=1).message
    assert service.requests[0].query == {}


def test_a_file_is_attached_from_the_workspace_or_from_an_earlier_node(service: FakeService, tmp_path: Path) -> None:
    (tmp_path / "report.csv").write_bytes(b"a,b\n")
    service.on("POST", f"{CLOUD}/issue/A-1/attachments", json=[{"id": "3"}])
    with running_as(Context(root=tmp_path)):
        assert cloud(service, "add_attachment", issue_key="A-1", file_path="report.csv").data == {"id": "3"}
        missing = cloud(service, "add_attachment", issue_key="A-1", file_path="no.csv")
    assert cloud(service, "add_attachment", issue_key="A-1", content=b"\xff", file_name="x.bin").success
    first, second = service.requests
    assert first.headers["X-Atlassian-Token"] == "no-check"
    assert first.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert b'name="file"; filename="report.csv"\r\nContent-Type: text/csv\r\n\r\na,b\n' in first.body
    assert b'filename="x.bin"\r\nContent-Type: application/octet-stream\r\n\r\n\xff' in second.body
    assert "no.csv cannot be read: No such file or directory" in missing.message


def test_jiras_own_words_about_each_field_are_passed_on(service: FakeService) -> None:
    said = {"errorMessages": ["Wrong."], "errors": {"issuetype": "Specify a valid issue type"}}
    service.on("POST", f"{CLOUD}/issue", Answer(400, json=said))
    result = cloud(service, "create_issue", project="A", summary="S")
    assert "Jira said 400 Bad Request: Wrong; issuetype: Specify a valid issue type" in result.message


@pytest.mark.parametrize("fault", faults({"displayName": "Ann", "accountId": "1"}))
def test_each_fault_of_the_service_becomes_a_clear_result(
    fault: Fault, service: FakeService, waits: list[float]
) -> None:
    check_fault(fault, service, waits, lambda: cloud(service, "test_connection"), API_TOKEN)


@pytest.mark.parametrize(("broken", "says"), UNREACHABLE)
def test_a_service_that_cannot_be_reached_becomes_a_clear_result(
    broken: Any, says: str, service: FakeService, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    result = jira.test_connection({"base_url": broken(service, monkeypatch), "token": PAT}, {})
    assert not result.success
    assert says in result.message
    assert PAT not in json.dumps(result)


def test_a_search_is_repeated_after_a_fault_and_a_new_issue_is_not(service: FakeService, waits: list[float]) -> None:
    oh = Answer(503, json={"message": "Oh"})
    service.on("POST", f"{CLOUD}/search/jql", [oh, Answer(json={"issues": []})]).on("POST", f"{CLOUD}/issue", oh)
    assert cloud(service, "search_issues", jql="x").success
    assert not cloud(service, "create_issue", project="A", summary="S").success
    assert [one.path for one in service.requests] == [f"{CLOUD}/search/jql"] * 2 + [f"{CLOUD}/issue"]


def test_a_connection_test_tells_the_two_kinds_of_jira_apart(service: FakeService) -> None:
    service.on("GET", f"{CLOUD}/myself", Answer(404)).on("GET", f"{SERVER}/myself", Answer(404))
    service.on("GET", f"{SERVER}/serverInfo", [Answer(json={"deploymentType": kind}) for kind in ("Server", "Cloud")])
    assert "This is Jira Data Center: it wants token" in cloud(service, "test_connection").message
    assert "This is Jira Cloud: it wants email and api_token" in server(service, "test_connection").message


@pytest.mark.parametrize(
    ("run", "answer", "says"),
    [
        (cloud, Answer(401), "Check the e-mail address and the API token"),
        (server, Answer(401), "Check the personal access token"),
        (server, Answer(403, headers={"X-Seraph-LoginReason": "AUTHENTICATION_DENIED"}), "CAPTCHA"),
        (cloud, Answer(json={"hello": 1}), "not as Jira does"),
    ],
)
def test_a_connection_test_says_which_kind_of_failure_it_was(
    service: FakeService, run: Any, answer: Answer, says: str
) -> None:
    service.on("GET", "/rest/{rest:path}", answer)
    result = run(service, "test_connection")
    assert not result.success
    assert says in result.message
    assert result.data["kind"] in ("unauthorized", "forbidden", "bad_answer")


MISTAKES = [
    ("get_issue", {"issue_key": "../A-1"}, "must be an issue's key"),
    ("search_issues", {"jql": " "}, "must not be empty"),
    ("update_issue", {"issue_key": "A-1"}, "Nothing was given to change"),
    ("update_issue", {"issue_key": "A-1", "labels": ["a"], "add_labels": ["b"]}, "labels replaces all labels"),
    ("create_issue", {"project": "A", "summary": "S", "due_date": "soon"}, "must be a date"),
    ("add_comment", {"issue_key": "A-1", "body": "x", "visible_to_role": "a", "visible_to_group": "b"}, "not for both"),
    ("add_comment", {"issue_key": "A-1", "body": ""}, "must not be empty"),
    ("add_attachment", {"issue_key": "A-1"}, "not clear what shall be attached"),
    ("add_attachment", {"issue_key": "A-1", "content": "x"}, "has no name"),
    ("get_issue", {"issue_key": "A-1", "colour": 1}, "colour"),
]


@pytest.mark.parametrize(("task", "params", "says"), MISTAKES)
def test_a_mistake_in_the_params_is_told_before_any_request(
    service: FakeService, task: str, params: dict[str, Any], says: str
) -> None:
    result = cloud(service, task, **params)
    assert not result.success
    assert says in result.message
    assert service.requests == []


@pytest.mark.parametrize(
    ("credentials", "says"),
    [
        ({"base_url": "https://x.atlassian.net"}, "email and api_token are needed (Cloud), or token (Data Center)"),
        ({"base_url": "https://x.atlassian.net", "email": "a@b.c", "api_token": " "}, "email and api_token are needed"),
        ({"base_url": "/", "token": PAT}, "must be the address of Jira"),
    ],
)
def test_incomplete_credentials_are_told_without_a_secret(credentials: dict[str, str], says: str) -> None:
    message = jira.test_connection(credentials, {}).message
    assert says in message
    assert PAT not in message


def test_an_issue_may_be_given_by_its_address(service: FakeService) -> None:
    service.on("GET", f"{CLOUD}/issue/A-1", json={"key": "A-1", "fields": {}})
    assert cloud(service, "get_issue", issue_key="https://x.atlassian.net/browse/A-1").message == "Found A-1"


def test_the_readme_has_an_example_of_each_task_that_fits_its_params() -> None:
    assert sorted(examples(Path(jira.__file__).parent)) == sorted(jira.__all__)


def test_the_folder_keeps_the_contract() -> None:
    assert check_contract(Path(jira.__file__).parent) == []


# --- nobody but the one who is meant ----------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["ann@example.com", "Ann", "ann l", "5b10"])
@pytest.mark.parametrize("run", [cloud, server])
def test_somebody_with_more_than_that_name_is_not_taken_for_the_one_who_is_meant(
    service: FakeService, run: Any, who: str
) -> None:
    """The search finds by how names and addresses begin; who was found is told, and nothing is changed."""
    other = {"accountId": "5b10xyz", "name": "annlee", "displayName": "Ann Lee", "emailAddress": "ann@example.com.au"}
    service.on("GET", "/rest/api/{version}/user/assignable/search", json=[other])
    for task, params in (
        ("assign_issue", {"issue_key": "A-1"}),
        ("create_issue", {"project": "A", "summary": "S"}),
        ("update_issue", {"issue_key": "A-1"}),
    ):
        result = run(service, task, assignee=who, **params)
        assert f"Nobody called {who!r} can be assigned" in result.message
        assert "Jira found Ann Lee (ann@example.com.au, " in result.message
        assert result["permanent"] is True
    assert {one.method for one in service.requests} == {"GET"}


def test_somebody_whose_address_is_hidden_is_named_with_the_id_to_give(service: FakeService) -> None:
    """Cloud shows addresses only of those who allow it, so whether the address is theirs cannot be known."""
    hidden = {"accountId": "5b10a2844c20165700ede21z", "displayName": "Ann Lee", "active": True}
    service.on("GET", f"{CLOUD}/user/assignable/search", json=[hidden])
    message = cloud(service, "assign_issue", issue_key="A-1", assignee="ann@example.com").message
    assert "Jira found Ann Lee (5b10a2844c20165700ede21z)" in message
    assert "give the id" in message


def test_a_status_that_several_transitions_lead_to_is_not_guessed(service: FakeService) -> None:
    """They are named with the ids to choose by."""
    again = {"id": "41", "name": "Reject", "to": {"name": "Done"}}
    service.on("GET", f"{CLOUD}/issue/A-1/transitions", json={"transitions": [START, FINISH, again]})
    message = cloud(service, "transition_issue", issue_key="A-1", transition="done").message
    assert "may be several transitions: Finish (31, to done), Reject (41, to done)." in message
    assert [one.method for one in service.requests] == ["GET"]


def test_words_that_several_link_types_have_are_not_guessed(service: FakeService) -> None:
    """The types are named."""
    types = [{"id": "1", "name": "Halts", "outward": "blocks"}, {"id": "2", "name": "Stops", "outward": "blocks"}]
    service.on("GET", f"{CLOUD}/issueLinkType", json={"issueLinkTypes": types})
    message = cloud(service, "link_issues", issue_key="A-1", link_type="blocks", linked_issue_key="B-2").message
    assert "may be several link types: Halts (1), Stops (2)." in message


@pytest.mark.parametrize("answer", [[], [1], [[1]], [{}], {"id": "3"}])
def test_what_is_no_attachment_is_not_taken_for_one(service: FakeService, answer: Any) -> None:
    service.on("POST", "/rest/api/3/issue/A-1/attachments", json=answer)
    added = cloud(service, "add_attachment", issue_key="A-1", content="x", file_name="a.txt")
    assert (added.success, added.data["kind"]) == (False, "bad_answer")
