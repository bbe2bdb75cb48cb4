"""What is around an issue of Jira: comments, files, time spent, sprints, people, and the end of it.

The answers are those of Jira Cloud's documentation: https://developer.atlassian.com/cloud/jira/platform/rest/v3/
(api-group-issue-comments, -issue-attachments, -issue-worklogs, -user-search) and
https://developer.atlassian.com/cloud/jira/software/rest/ (api-group-board, api-group-sprint).
"""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from flowbook.tasks import Context, running_as
from flowbook.testing import Answer, FakeService, Request
from tests.integrations.test_jira import ANN, CLOUD, PAT, SERVER, cloud, document, paragraph, sent, server, service

__all__ = ["service"]

ROLE = {"type": "role", "value": "Administrators", "identifier": "Administrators"}
COMMENT = {
    "self": "https://your-domain.atlassian.net/rest/api/3/issue/10010/comment/10000",
    "id": "10000",
    "author": {"accountId": "5b10a2844c20165700ede21g", "active": False, "displayName": "Mia Krystof"},
    "body": document(paragraph("Lorem ipsum.")),
    "created": "2021-01-17T12:34:00.000+0000",
    "updated": "2021-01-18T23:45:00.000+0000",
    "visibility": ROLE,
}
THREAD = f"{CLOUD}/issue/A-1/comment"


def paged(name: str, items: list[Any]) -> Any:
    """Answers of a list that is paged by position, two at a time whatever was asked for."""

    def answer(request: Request) -> Answer:
        start = int(request.query["startAt"])
        page = items[start : start + min(2, int(request.query["maxResults"]))]
        return Answer(json={"startAt": start, "maxResults": 2, "total": len(items), name: page})

    return answer


def test_comments_are_listed_over_all_pages_with_their_text(service: FakeService) -> None:
    service.on("GET", THREAD, paged("comments", [{**COMMENT, "id": str(number)} for number in range(3)]))
    result = cloud(service, "list_comments", issue_key="A-1", newest_first=True, all=True)
    assert [(one["id"], one["body_text"]) for one in result.data] == [(str(n), "Lorem ipsum.") for n in range(3)]
    assert [one.query["startAt"] for one in service.requests] == ["0", "2"]
    assert service.requests[0].query["orderBy"] == "-created"
    few = cloud(service, "list_comments", issue_key="A-1", limit=1)
    assert few.message == "Found 1 comment (there are more: raise limit, or set all)"


def test_a_comment_of_data_center_is_text_already(service: FakeService) -> None:
    service.on("GET", f"{SERVER}/issue/A-1/comment", paged("comments", [{"id": "1", "body": "h1. As it is"}]))
    assert server(service, "list_comments", issue_key="A-1").data[0]["body_text"] == "h1. As it is"


@pytest.mark.parametrize(
    ("params", "visibility"),
    [({}, ROLE), ({"visible_to_group": "staff"}, {"type": "group", "value": "staff"})],
)
def test_a_comment_that_is_rewritten_stays_for_whom_it_was(
    service: FakeService, params: dict[str, Any], visibility: Any
) -> None:
    service.on("GET", f"{THREAD}/10000", json=COMMENT).on("PUT", f"{THREAD}/10000", json=COMMENT)
    assert cloud(service, "update_comment", issue_key="A-1", comment_id=10000, body="New", **params).success
    assert service.requests[-1].json == {"body": document(paragraph("New")), "visibility": visibility}


GONE = Answer(404, json={"errorMessages": ["Can not find a comment for the id: 7."], "errors": {}})


@pytest.mark.parametrize(
    ("task", "params", "path", "query"),
    [
        ("delete_comment", {"comment_id": "7"}, f"{THREAD}/7", {}),
        ("delete_issue", {"subtasks": True}, f"{CLOUD}/issue/A-1", {"deleteSubtasks": "true"}),
        ("delete_issue", {}, f"{CLOUD}/issue/A-1", {}),
    ],
)
def test_what_is_deleted_twice_is_told_unless_that_is_fine(
    service: FakeService, waits: list[float], task: str, params: dict[str, Any], path: str, query: dict[str, str]
) -> None:
    service.on("DELETE", path, [Answer(204), GONE, GONE, Answer(drop=True)])
    done = cloud(service, task, issue_key="A-1", **params)
    assert (done.data["deleted"], sent(service)) == (True, [("DELETE", path, query, None)])
    missing = cloud(service, task, issue_key="A-1", **params)
    assert (missing.success, missing["permanent"]) == (False, True)
    assert "Can not find a comment" in missing.message
    fine = cloud(service, task, issue_key="A-1", missing_ok=True, **params)
    assert (fine.success, fine.data["deleted"]) == (True, False)
    assert "may have taken effect" in cloud(service, task, issue_key="A-1", **params).message
    assert len(service.requests) == 4, "not tried again: the second try would not find it"


FILE = {
    "id": 10000,
    "self": "https://your-domain.atlassian.net/rest/api/3/attachments/10000",
    "filename": "picture.jpg",
    "created": "2023-04-21T12:39:27.600+0000",
    "size": 4,
    "mimeType": "image/jpeg",
    "content": "https://your-domain.atlassian.net/jira/rest/api/3/attachment/content/10000",
}


def test_the_files_of_an_issue_are_listed(service: FakeService) -> None:
    answers = [Answer(json={"fields": fields}) for fields in ({"attachment": [FILE]}, {})]
    service.on("GET", f"{CLOUD}/issue/A-1", answers)
    assert cloud(service, "list_attachments", issue_key="A-1").data == [FILE]
    assert cloud(service, "list_attachments", issue_key="A-1").data == []
    assert service.requests[0].query == {"fields": "attachment"}


@pytest.mark.parametrize(
    ("run", "api", "path", "query"),
    [
        (cloud, CLOUD, f"{CLOUD}/attachment/content/10000", {"redirect": "false"}),
        (server, SERVER, "/secure/attachment/10000/picture.jpg", {}),
    ],
)
def test_a_file_is_downloaded_whole_into_the_workspace(
    service: FakeService, tmp_path: Path, run: Any, api: str, path: str, query: dict[str, str]
) -> None:
    """Cloud is asked to hand it over itself, and not to send one to the host where it is kept."""
    content = Answer(body=b"\xff\xd8\xff\xe0", headers={"Content-Type": "image/jpeg;charset=UTF-8"})
    service.on("GET", f"{api}/attachment/10000", json=FILE).on("GET", path, [content, Answer(body=b"\xff"), content])
    with running_as(Context(root=tmp_path)):
        done = run(service, "download_attachment", attachment_id="10000", file_path="in/")
        short = run(service, "download_attachment", attachment_id="10000", file_path="b.jpg")
        there = run(service, "download_attachment", attachment_id="10000", file_path="in/picture.jpg", overwrite=False)
    assert (tmp_path / "in" / "picture.jpg").read_bytes() == b"\xff\xd8\xff\xe0"
    assert done.data == {
        "file_path": str(tmp_path / "in" / "picture.jpg"), "filename": "picture.jpg", "size": 4,
        "content_type": "image/jpeg",
    }  # fmt: skip
    assert service.requests[1].query == query
    assert "has 4 bytes, but 1 came" in short.message
    assert "is there already" in there.message
    assert [one.name for one in tmp_path.rglob("*") if one.is_file()] == ["picture.jpg"]


@pytest.mark.parametrize(
    ("name", "written", "says"),
    [
        ("../../x.txt", "x.txt", ""),
        ("a\\b.txt", "b.txt", ""),
        ("..", "", "outside"),
        (".bashrc", "", "is hidden"),
        ("yaml.py", "", "where Python looks"),
    ],
)
def test_the_name_of_a_file_in_jira_leads_nowhere_else(
    service: FakeService, tmp_path: Path, name: str, written: str, says: str
) -> None:
    service.on("GET", f"{CLOUD}/attachment/1", json={**FILE, "filename": name})
    service.on("GET", f"{CLOUD}/attachment/content/1", Answer(body=b"1234"))
    with running_as(Context(root=tmp_path)):
        result = cloud(service, "download_attachment", attachment_id="1", file_path="./")
    assert says in result.message
    assert [one.name for one in tmp_path.rglob("*")] == ([written] if written else [])


def test_time_spent_is_listed_and_noted(service: FakeService) -> None:
    entry = {"id": "100028", "issueId": "10002", "timeSpent": "3h 20m", "comment": document(paragraph("Work"))}
    path = f"{CLOUD}/issue/A-1/worklog"
    service.on("GET", path, paged("worklogs", [entry])).on("POST", path, Answer(201, json=entry))
    assert cloud(service, "list_worklogs", issue_key="A-1").data == [{**entry, "comment_text": "Work"}]
    result = cloud(
        service, "add_worklog", issue_key="A-1", time_spent="3H  20 m", started="2021-01-17T12:34:00Z", comment="Work",
        visible_to_role="Developers", remaining="2d",
    )  # fmt: skip
    assert result.message == "Noted 3h 20m on A-1"
    assert service.requests[-1].query == {"adjustEstimate": "new", "newEstimate": "2d"}
    started = service.requests[-1].json.pop("started")
    assert service.requests[-1].json | {"started": ""} == {
        "timeSpent": "3h 20m", "started": "", "comment": document(paragraph("Work")),
        "visibility": {"type": "role", "value": "Developers"},
    }  # fmt: skip
    assert datetime.strptime(started, "%Y-%m-%dT%H:%M:%S.000%z") == datetime(2021, 1, 17, 12, 34, tzinfo=timezone.utc)


def test_the_steps_that_an_issue_can_take_are_listed(service: FakeService) -> None:
    steps = [{"id": "31", "name": "Finish", "to": {"name": "Done"}}]
    service.on("GET", f"{CLOUD}/issue/A-1/transitions", json={"expand": "transitions", "transitions": steps})
    assert cloud(service, "list_transitions", issue_key="A-1").data == steps


@pytest.mark.parametrize(("run", "api", "name"), [(cloud, CLOUD, "query"), (server, SERVER, "username")])
def test_people_are_found_by_how_their_name_begins(service: FakeService, run: Any, api: str, name: str) -> None:
    service.on("GET", f"{api}/user/search", json=[ANN, ANN])
    assert run(service, "find_user", query="ann").data == [ANN, ANN]
    assert run(service, "find_user", query="ann", limit=1).message == "Found 1 person (there are more: raise limit)"
    assert [one.query for one in service.requests] == [
        {name: "ann", "startAt": "0", "maxResults": "51"},
        {name: "ann", "startAt": "0", "maxResults": "2"},
    ]


SPRINT = {"id": 37, "state": "closed", "name": "sprint 1", "originBoardId": 5, "goal": "sprint 1 goal"}
BOARD = {"id": 84, "name": "scrum board", "type": "scrum"}


@pytest.mark.parametrize("board", ["84", "Scrum Board"])
@pytest.mark.parametrize("run", [cloud, server])
def test_the_sprints_of_a_board_are_listed_by_its_id_or_name(service: FakeService, run: Any, board: str) -> None:
    boards = [BOARD, {"id": 92, "name": "scrum board 2", "type": "scrum"}]
    service.on("GET", "/rest/agile/1.0/board", json={"startAt": 0, "total": 2, "isLast": True, "values": boards})
    pages = [{"startAt": 0, "isLast": False, "values": [SPRINT]}, {"startAt": 1, "isLast": True, "values": [SPRINT]}]
    service.on("GET", "/rest/agile/1.0/board/84/sprint", [Answer(json=page) for page in pages])
    assert run(service, "list_sprints", board=board, states="active, closed", all=True).data == [SPRINT, SPRINT]
    assert service.requests[-1].query == {"state": "active,closed", "startAt": "1", "maxResults": "100"}


@pytest.mark.parametrize(
    ("boards", "says"),
    [
        ([], "There is no board 'x'. Check the spelling"),
        ([BOARD], "There is no board 'x'. Jira found scrum board (84, scrum)."),
        ([{**BOARD, "name": "X"}, {**BOARD, "name": "x", "id": 5}], "may be several boards: X (84, scrum), x (5,"),
    ],
)
def test_a_board_that_is_not_clear_is_asked_for(service: FakeService, boards: list[Any], says: str) -> None:
    service.on("GET", "/rest/agile/1.0/board", json={"isLast": True, "values": boards})
    result = cloud(service, "list_sprints", board="x")
    assert says in result.message
    assert result["permanent"] is True


def test_issues_move_into_a_sprint_fifty_at_a_time(service: FakeService) -> None:
    service.on("POST", "/rest/agile/1.0/sprint/37/issue", Answer(204))
    keys = [f"A-{number}" for number in range(1, 61)]
    result = cloud(service, "add_to_sprint", sprint_id="37", issue_keys=[*keys, "a-1"])
    assert result.message == "Moved 60 issues into sprint 37"
    assert [len(one.json["issues"]) for one in service.requests] == [50, 10]
    assert service.requests[0].json == {"issues": keys[:50]}


@pytest.mark.parametrize(
    ("task", "params", "says"),
    [
        ("add_worklog", {"issue_key": "A-1", "time_spent": 90}, "must be a time such as 2h 30m"),
        ("add_worklog", {"issue_key": "A-1", "time_spent": "1h", "started": "soon"}, "must be a date or a time"),
        ("add_worklog", {"issue_key": "A-1", "time_spent": "1h", "visible_to_role": "a", "visible_to_group": "b"},
         "not for both"),
        ("delete_comment", {"issue_key": "A-1", "comment_id": "../1"}, "must be an id, which is a number"),
        ("add_to_sprint", {"sprint_id": "1", "issue_keys": []}, "issue_keys"),
        ("add_to_sprint", {"sprint_id": "1", "issue_keys": ["A-1", "x/y"]}, "must be an issue's key"),
        ("list_sprints", {"board": "1", "states": ["done"]}, "states"),
        ("find_user", {"query": " "}, "must not be empty"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_before_any_request(
    service: FakeService, task: str, params: dict[str, Any], says: str
) -> None:
    result = cloud(service, task, **params)
    assert says in result.message
    assert service.requests == []
    assert PAT not in result.message
