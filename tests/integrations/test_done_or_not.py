"""Whether a service did what a task asked of it: by the answer that its vendor documents, and by nothing else.

For every task that changes something at a web service: those of the folders below one by one, those of all others by
the catalog. What their real answers are is said where each is tested; here come those that are none: a proxy's page, a
redirect, an answer that is cut off.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flowbook.testing import Answer, FakeService, check_faults
from integrations import github, gmail, google_drive, jira, sendgrid, slack
from tests.crosses import crossed
from tests.integrations import test_service_faults as faults

PAGE = Answer(body="<html><title>Please sign in</title></html>", headers={"Content-Type": "text/html; charset=utf-8"})
TS = {"channel": "C0123456789", "ts": "1.000001"}
ISSUE = {"repo": "a/b", "issue_number": 7}
KEY = {"issue_key": "A-1"}

# What each task asks for before the request that changes something.
FOUND: dict[str, Any] = {
    "/repos/{a}/{b}": {"default_branch": "main"},
    "/repos/{a}/{b}/contents/{path:path}": {"type": "file", "sha": "s", "encoding": "base64", "content": ""},
    "/rest/api/3/issue/A-1/comment/5": {"id": "5"},
    "/repos/{a}/{b}/releases/{id}": {"id": 1, "tag_name": "v1", "assets": []},
    "/rest/api/3/issue/A-1/transitions": {"transitions": [{"id": "1", "name": "Close"}]},
    "/drive/v3/files/{id}": {"id": "1" * 33, "name": "n", "mimeType": "text/plain", "parents": ["0" * 33]},
    "/gmail/v1/users/me/labels": {"labels": [{"id": "L_1", "name": "One", "type": "user"}]},
    "/gmail/v1/users/me/messages/m": {"id": "m", "threadId": "t", "payload": {"headers": []}},
    "/rest/api/3/issueLinkType": {"issueLinkTypes": [{"id": "1", "name": "Blocks"}]},
}
WRITES = [
    (slack.send_message, "hook", {"text": "x"}),
    (slack.send_notification, "hook", {"message": "x"}),
    (slack.send_message, "bot", {"text": "x", "channel": "#a"}),
    (slack.upload_file, "bot", {"file_path": "a.txt"}),
    (slack.update_message, "bot", {**TS, "text": "x"}),
    (slack.add_reaction, "bot", {**TS, "emoji": "x"}),
    (slack.remove_reaction, "bot", {**TS, "emoji": "x"}),
    (slack.delete_message, "bot", TS),
    (slack.send_ephemeral, "bot", {"channel": "C0123456789", "user": "U0123456789", "text": "x"}),
    (slack.upload_file, "bot", {"content": "x", "file_name": "a.txt"}),
    (slack.create_channel, "bot", {"name": "a"}),
    (slack.invite_to_channel, "bot", {"channel": "C0123456789", "users": "U0123456789"}),
    (slack.join_channel, "bot", {"channel": "C0123456789"}),
    (slack.set_topic, "bot", {"channel": "C0123456789", "topic": "x"}),
    (github.create_repo, "github", {"repo_name": "r"}),
    (github.create_issue, "github", {"repo": "a/b", "title": "t"}),
    (github.update_issue, "github", {**ISSUE, "title": "t"}),
    (github.close_issue, "github", ISSUE),
    (github.close_issue, "github", {**ISSUE, "comment": "x"}),
    (github.add_comment, "github", {**ISSUE, "body": "x"}),
    (github.add_labels, "github", {**ISSUE, "labels": ["x"]}),
    (github.remove_label, "github", {**ISSUE, "label": "x"}),
    (github.lock_issue, "github", ISSUE),
    (github.unlock_issue, "github", ISSUE),
    (github.update_comment, "github", {"repo": "a/b", "comment_id": 1, "body": "x"}),
    (github.create_review, "github", {"repo": "a/b", "pull_number": 7, "event": "approve"}),
    (github.delete_file, "github", {"repo": "a/b", "path": "a"}),
    (github.update_release, "github", {"repo": "a/b", "release_id": 1, "name": "x"}),
    (github.upload_release_asset, "github", {"repo": "a/b", "release_id": 1, "content": "x", "name": "a"}),
    (github.create_pull_request, "github", {"repo": "a/b", "title": "t", "head": "h"}),
    (github.merge_pull_request, "github", {"repo": "a/b", "pull_number": 7}),
    (github.put_file, "github", {"repo": "a/b", "path": "a", "content": "b"}),
    (github.create_release, "github", {"repo": "a/b", "tag": "v1"}),
    (github.dispatch_workflow, "github", {"repo": "a/b", "workflow": "a.yml"}),
    (github.graphql, "github", {"query": "mutation {x}"}),
    (jira.create_issue, "jira", {"project": "A", "summary": "s"}),
    (jira.update_issue, "jira", {**KEY, "summary": "s"}),
    (jira.transition_issue, "jira", {**KEY, "transition": "Close"}),
    (jira.assign_issue, "jira", {**KEY, "assignee": "automatic"}),
    (jira.assign_issue, "jira", KEY),
    (jira.add_comment, "jira", {**KEY, "body": "x"}),
    (jira.delete_issue, "jira", KEY),
    (jira.update_comment, "jira", {**KEY, "comment_id": "5", "body": "x"}),
    (jira.delete_comment, "jira", {**KEY, "comment_id": "5"}),
    (jira.add_worklog, "jira", {**KEY, "time_spent": "1h"}),
    (jira.add_to_sprint, "jira", {"sprint_id": "3", "issue_keys": ["A-1"]}),
    (jira.link_issues, "jira", {**KEY, "linked_issue_key": "A-2", "link_type": "Blocks"}),
    (jira.add_attachment, "jira", {**KEY, "content": "x", "file_name": "a.txt"}),
    (sendgrid.add_contacts, "sendgrid", {"contacts": [{"email": "a@b.org"}]}),
    (sendgrid.create_contact_list, "sendgrid", {"name": "n"}),
    (sendgrid.add_suppressions, "sendgrid", {"emails": ["a@b.org"]}),
    (sendgrid.remove_suppressions, "sendgrid", {"kind": "bounces", "emails": ["a@b.org"]}),
    (google_drive.create_folder, "google_drive", {"name": "n"}),
    (google_drive.copy_file, "google_drive", {"file": "1" * 33}),
    (google_drive.move_file, "google_drive", {"file": "1" * 33, "folder": "2" * 33}),
    (google_drive.update_file, "google_drive", {"file": "1" * 33, "name": "n"}),
    (google_drive.restore_file, "google_drive", {"file": "1" * 33}),
    (google_drive.replace_content, "google_drive", {"file": "1" * 33, "content": "x"}),
    (google_drive.trash_file, "google_drive", {"file": "1" * 33}),
    (google_drive.delete_file, "google_drive", {"file": "1" * 33}),
    (google_drive.share_file, "google_drive", {"file": "1" * 33, "email": "a@b.org"}),
    (google_drive.remove_permission, "google_drive", {"file": "1" * 33, "permission": "5"}),
    (google_drive.upload_file, "google_drive", {"content": "x", "name": "n"}),
    (gmail.send_message, "gmail", {"to": "a@b.org", "subject": "s", "body": "b"}),
    (gmail.reply_to_message, "gmail", {"message": "m", "body": "b"}),
    (gmail.create_draft, "gmail", {"subject": "s"}),
    (gmail.send_draft, "gmail", {"draft": "d"}),
    (gmail.delete_draft, "gmail", {"draft": "d"}),
    (gmail.create_label, "gmail", {"name": "n"}),
    (gmail.delete_label, "gmail", {"label": "L_1"}),
    (gmail.change_labels, "gmail", {"messages": ["m"], "add": "L_1"}),
    (gmail.mark_read, "gmail", {"messages": ["m", "n"]}),
    (gmail.untrash_message, "gmail", {"message": "m"}),
    (gmail.trash_message, "gmail", {"message": "m"}),
    (sendgrid.send_email, "sendgrid", {"to": "a@b.org", "subject": "s", "body": "b", "from_email": "c@d.org"}),
]


def credentials(service: FakeService, kind: str) -> dict[str, str]:
    """Of a service at this address."""
    return {
        "hook": {"webhook_url": f"{service.url}/services/T/B/x"},
        "bot": {"bot_token": "xoxb-secret", "base_url": service.url},
        "github": {"token": "ghp-secret", "base_url": service.url},
        "jira": {"base_url": service.url, "email": "a@b.org", "api_token": "jira-secret"},
        "sendgrid": {"api_key": "SG.secret", "base_url": service.url},
        "google_drive": {"oauth2": "ya29.secret-secret", "base_url": service.url},
        "gmail": {"oauth2": "ya29.secret-secret", "base_url": service.url},
    }[kind]


@pytest.fixture
def answered(service: FakeService, pauses: list[float], tmp_path: Path) -> FakeService:
    """What is asked for is there; what would change something gets no answer yet."""
    for path, found in FOUND.items():
        service.on("GET", path, json=found)
    return service


FORM = Answer(200, json={"status": "maintenance"}), ""
"""What the task itself looks at; the others are its session's to find."""
OTHERS = [
    (PAGE, "Please sign in"),
    (Answer(303, headers={"Location": "/elsewhere"}), "redirects (303)"),
    (Answer(302), ""),
    (Answer(201, json={}, headers={"Content-Length": "99"}), "cut off"),
    (Answer(201, body="{", headers={"Content-Type": "application/json"}), ""),
]


@pytest.mark.parametrize(
    ("task", "kind", "params", "answer", "words"),
    [
        pytest.param(*write, *answer, id=f"{write[0].__name__}, {write[1]}-{number}")
        for number, (write, answer) in enumerate([*((one, FORM) for one in WRITES), *crossed(WRITES, OTHERS, each=2)])
    ],
)
def test_what_is_no_answer_of_the_vendor_is_no_success(
    answered: FakeService, tmp_path: Path, task: Any, kind: str, params: dict[str, Any], answer: Answer, words: str
) -> None:
    """The result is a failure, the request was sent once, and where it may have been carried out that is said."""
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answered.on(method, "/{rest:path}", answer)
    if "file_path" in params:
        (tmp_path / "a.txt").write_text("x")
        params = {**params, "file_path": str(tmp_path / "a.txt")}
    result = task(credentials(answered, kind), params)
    assert result["success"] is False, result
    assert words in result["message"]
    sent = [one for one in answered.requests if one.method in ("POST", "PATCH")]
    assert len(sent) <= 1
    if sent:
        # JSON of another form is looked at by the task itself, which knows of no try.
        assert "may have taken effect" in result["message"] or "maintenance" in str(answer.json)


ELSEWHERE = {"test_connection"}
"""It may write into a channel: test_slack.py."""
ONE_BY_ONE = {task.__module__.split(".")[1] for task, _, _ in WRITES}
NO_ANSWERS = ["a sign-in page", "302 to another service", "303 to another service", "cut off", "damaged JSON"]


quick = faults.quick


@faults.LEFT_OPEN
@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", sorted(set(faults.FOLDERS) - ONE_BY_ONE))
def test_no_other_folder_takes_it_for_done_either(name: str) -> None:
    """A new folder is held by being there."""
    folder = faults.FOLDERS[name]
    writing = [task.function_name for task in folder.tasks.values() if task.effects != "read" and not task.runs_code]
    if not writing:
        pytest.skip("it changes nothing")
    problems = check_faults(
        folder,
        credentials=faults.CREDENTIALS.get(name),
        prepare=faults.prepared(name),
        params=faults.PARAMS.get(name),
        tasks=writing,
        only=NO_ANSWERS,
        share=0.6,
    )
    assert [str(problem) for problem in problems] == []


@pytest.mark.parametrize("name", sorted(ONE_BY_ONE))
def test_every_task_that_writes_stands_here(name: str) -> None:
    named = {task.__name__ for task, _, _ in WRITES if task.__module__.split(".")[1] == name}
    writing = {
        task.function_name
        for task in faults.FOLDERS[name].tasks.values()
        if task.effects != "read" and not (task.capabilities.writes and task.effects == "idempotent")
    }
    assert writing - named - ELSEWHERE == set()
