"""Slack's channels, threads and what is done to single messages, against a local server that answers as Slack does.

The answers are the examples of Slack's own description (slackapi/slack-api-specs, web-api/slack_web_openapi_v2.json),
the refusals the codes of each method's page under https://docs.slack.dev/reference/methods (section Errors): 200, and
``"ok": false`` with the code.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workflow, Workspace
from flowbook.testing import Answer, FakeService, Request, check_contract
from integrations import slack
from tests.integrations.examples import examples
from tests.integrations.outcomes import succeeded

TOKEN = "xoxb-1111-2222-verysecret"
CHANNEL, TS = "C024BE91L", "1401383885.000061"
MESSAGE = {"channel": CHANNEL, "ts": TS}
ADA, BOB = "U023BECGF", "W012A3CDE"
NO = {
    "cant_delete_message": "only the bot's own messages can be deleted",
    "user_not_in_channel": "Invite them first",
    "name_taken": "there is a channel of that name already",
    "restricted_action": "does not let this bot make channels",
    "invalid_name_specials": "no name for a channel",
    "not_in_channel": "the bot itself is not in that channel",
    "cant_invite": "cannot be invited",
    "method_not_supported_for_channel_type": "Choose a public channel",
    "too_long": "Shorten it to 250 characters",
    "thread_not_found": "there is no such thread",
    "message_not_found": "there is no message with that ts",
    "channel_not_found": "there is no such channel",
}


@pytest.fixture
def bot(service: FakeService, pauses: list[float]) -> dict[str, str]:
    """Credentials with a bot token for the local Slack, whose JSON is called what Slack calls it."""
    service.json_type = "application/json; charset=utf-8"
    return {"bot_token": TOKEN, "base_url": f"{service.url}/api"}


def refusal(code: str) -> Answer:
    return Answer(json={"ok": False, "error": code})


ENDEAVOR = {"id": "C0EAQDV4Z", "name": "endeavor", "is_private": False, "is_archived": False, "is_member": True}
GENERAL = {"id": CHANNEL, "name": "general", "is_private": False, "is_archived": False, "is_member": True}
WRITES: list[tuple[str, dict[str, Any], str, dict[str, Any], dict[str, str], Any]] = [
    ("delete_message", MESSAGE, "chat.delete", {"channel": CHANNEL, "ok": True, "ts": TS}, MESSAGE,
     {**MESSAGE, "deleted": True}),
    ("send_ephemeral", {"channel": CHANNEL, "user": ADA, "text": "psst"}, "chat.postEphemeral",
     {"message_ts": "1502210682.580145", "ok": True}, {"channel": CHANNEL, "user": ADA, "text": "psst"},
     {"channel": CHANNEL, "user": ADA, "message_ts": "1502210682.580145", "text": "psst"}),
    ("create_channel", {"name": "#endeavor", "private": True}, "conversations.create",
     {"channel": ENDEAVOR, "ok": True}, {"name": "endeavor", "is_private": "true"}, ENDEAVOR),
    ("invite_to_channel", {"channel": CHANNEL, "users": f"{ADA}, {BOB}, {ADA}"}, "conversations.invite",
     {"channel": GENERAL, "ok": True}, {"channel": CHANNEL, "users": f"{ADA},{BOB}"},
     {"channel": CHANNEL, "invited": [ADA, BOB], "already_there": []}),
    ("join_channel", {"channel": CHANNEL}, "conversations.join", {"channel": GENERAL, "ok": True},
     {"channel": CHANNEL}, GENERAL),
    ("set_topic", {"channel": CHANNEL, "topic": ""}, "conversations.setTopic", {"ok": True},
     {"channel": CHANNEL, "topic": ""}, {"channel": CHANNEL, "topic": ""}),
    ("remove_reaction", {**MESSAGE, "emoji": ":thumbsup:"}, "reactions.remove", {"ok": True},
     {"channel": CHANNEL, "timestamp": TS, "name": "thumbsup"}, {**MESSAGE, "emoji": "thumbsup"}),
    ("update_message", {**MESSAGE, "blocks": [{"type": "divider"}]}, "chat.update", {"ok": True, **MESSAGE},
     {**MESSAGE, "blocks": '[{"type": "divider"}]'}, {**MESSAGE, "text": None}),
]  # fmt: skip


@pytest.mark.parametrize(("task", "params", "method", "answer", "form", "data"), WRITES, ids=[one[0] for one in WRITES])
def test_a_task_that_writes_sends_the_documented_form(
    service: FakeService,
    bot: dict[str, str],
    task: str,
    params: dict[str, Any],
    method: str,
    answer: dict[str, Any],
    form: dict[str, str],
    data: Any,
) -> None:
    """Once, with the token in headers only; the data is what the task's docstring says."""
    service.on("POST", f"/api/{method}", json=answer)
    assert succeeded(getattr(slack, task)(bot, params)) == data
    (call,) = service.requests
    assert (call.form, call.query, call.headers["Authorization"]) == (form, {}, f"Bearer {TOKEN}")


@pytest.mark.parametrize(
    ("task", "method", "code"),
    [
        ("delete_message", "chat.delete", "cant_delete_message"),
        ("send_ephemeral", "chat.postEphemeral", "user_not_in_channel"),
        ("create_channel", "conversations.create", "name_taken"),
        ("create_channel", "conversations.create", "restricted_action"),
        ("create_channel", "conversations.create", "invalid_name_specials"),
        ("invite_to_channel", "conversations.invite", "not_in_channel"),
        ("invite_to_channel", "conversations.invite", "cant_invite"),
        ("join_channel", "conversations.join", "method_not_supported_for_channel_type"),
        ("set_topic", "conversations.setTopic", "too_long"),
        ("remove_reaction", "reactions.remove", "message_not_found"),
        ("thread_replies", "conversations.replies", "thread_not_found"),
        ("get_permalink", "chat.getPermalink", "message_not_found"),
        ("list_members", "conversations.members", "channel_not_found"),
    ],
)
def test_what_slack_refuses_is_said_in_words_and_is_not_tried_again(
    service: FakeService, bot: dict[str, str], task: str, method: str, code: str
) -> None:
    """Also where a code means another thing than elsewhere; only a name that is taken may get free by itself."""
    service.on("GET", f"/api/{method}", refusal(code)).on("POST", f"/api/{method}", refusal(code))
    params: dict[str, Any] = next((one[1] for one in WRITES if one[0] == task), MESSAGE)
    result = getattr(slack, task)(bot, {"channel": CHANNEL} if task == "list_members" else params)
    assert result["success"] is False
    assert NO[code] in result["message"]
    assert f"({code})" in result["message"]
    assert result.get("permanent", False) is (code != "name_taken")
    assert (result["data"]["error"], len(service.requests)) == (code, 1)


@pytest.mark.parametrize(
    ("task", "params", "method", "answer", "words", "data"),
    [
        ("delete_message", MESSAGE, "chat.delete", refusal("message_not_found"), "no such message",
         {**MESSAGE, "deleted": False}),
        ("remove_reaction", {**MESSAGE, "emoji": "eyes"}, "reactions.remove", refusal("no_reaction"),
         ":eyes: was not there.", {**MESSAGE, "emoji": "eyes"}),
        ("join_channel", {"channel": CHANNEL}, "conversations.join",
         Answer(json={"channel": GENERAL, "ok": True, "response_metadata": {"warnings": ["already_in_channel"]},
                      "warning": "already_in_channel"}), "was in C024BE91L already", GENERAL),
        ("invite_to_channel", {"channel": CHANNEL, "users": [ADA]}, "conversations.invite",
         refusal("already_in_channel"), "0 invited, 1 there already.",
         {"channel": CHANNEL, "invited": [], "already_there": [ADA]}),
    ],
)  # fmt: skip
def test_what_is_so_already_is_a_success(
    service: FakeService,
    bot: dict[str, str],
    task: str,
    params: dict[str, Any],
    method: str,
    answer: Answer,
    words: str,
    data: Any,
) -> None:
    """These may be repeated: the second time says that nothing was to be done."""
    service.on("POST", f"/api/{method}", answer)
    result = getattr(slack, task)(bot, params)
    assert succeeded(result) == data
    assert words in result["message"]


def test_one_who_is_there_already_keeps_nobody_from_being_invited(service: FakeService, bot: dict[str, str]) -> None:
    """Slack refuses the whole list then: the others are invited one by one. Names and addresses are looked up."""
    inside = {BOB}

    def invite(call: Request) -> Answer:
        users = set(call.form["users"].split(","))
        return refusal("already_in_channel") if users & inside else Answer(json={"ok": True, "channel": GENERAL})

    service.on("POST", "/api/conversations.invite", invite)
    service.on("GET", "/api/users.list", json={"ok": True, "members": [{"id": BOB, "name": "bob"}]})
    service.on("GET", "/api/users.lookupByEmail", json={"ok": True, "user": {"id": ADA}})
    data = succeeded(slack.invite_to_channel(bot, {"channel": CHANNEL, "users": "ada@example.com, @bob"}))
    assert data == {"channel": CHANNEL, "invited": [ADA], "already_there": [BOB]}


def test_more_people_than_slack_takes_at_once_are_invited_in_parts(service: FakeService, bot: dict[str, str]) -> None:
    """A hundred in one call."""
    service.on("POST", "/api/conversations.invite", json={"ok": True, "channel": GENERAL})
    users = [f"U{n:09}" for n in range(150)]
    assert succeeded(slack.invite_to_channel(bot, {"channel": CHANNEL, "users": users}))["invited"] == users
    assert [len(call.form["users"].split(",")) for call in service.requests] == [100, 50]


def test_a_channel_that_is_there_is_taken_when_that_is_asked_for(service: FakeService, bot: dict[str, str]) -> None:
    """Not one that is archived, and none that the bot cannot see: those stay a refusal."""
    service.on("POST", "/api/conversations.create", refusal("name_taken"))
    service.on("GET", "/api/conversations.list", json={"ok": True, "channels": [GENERAL]})
    result = slack.create_channel(bot, {"name": "general", "reuse": True})
    assert (succeeded(result), result["message"]) == (GENERAL, "#general was there already.")
    assert "(name_taken)" in slack.create_channel(bot, {"name": "hidden", "reuse": True})["message"]
    service.on("GET", "/api/conversations.list", json={"ok": True, "channels": [{**GENERAL, "is_archived": True}]})
    assert "archived channel #general" in slack.create_channel(bot, {"name": "general", "reuse": True})["message"]


def test_a_message_s_address_is_asked_for(service: FakeService, bot: dict[str, str]) -> None:
    """By chat.getPermalink."""
    link = "https://ghostbusters.slack.com/archives/C1H9RESGA/p135854651500008"
    service.on("GET", "/api/chat.getPermalink", json={"channel": CHANNEL, "ok": True, "permalink": link})
    assert succeeded(slack.get_permalink(bot, MESSAGE)) == {"channel": CHANNEL, "permalink": link}
    assert service.requests[0].query == {"channel": CHANNEL, "message_ts": TS}


def test_a_thread_is_read_over_all_pages_with_its_first_message_once(service: FakeService, bot: dict[str, str]) -> None:
    """Each page may begin with it."""
    first = {"ts": "1482960137.003543", "thread_ts": "1482960137.003543", "text": "island", "reply_count": 2}
    replies = [{"ts": f"148303760{n}.017503", "thread_ts": first["ts"], "text": "one island"} for n in (3, 4)]

    def page(call: Request) -> Answer:
        last = bool(call.query.get("cursor"))
        metadata = {} if last else {"response_metadata": {"next_cursor": "bmV4dF90czoxNDg0"}}
        return Answer(json={"ok": True, "messages": [first, replies[last]], "has_more": not last, **metadata})

    service.on("GET", "/api/conversations.replies", page)
    thread = {"channel": CHANNEL, "ts": first["ts"]}
    assert succeeded(slack.thread_replies(bot, {**thread, "all": True})) == [first, *replies]
    result = slack.thread_replies(bot, {**thread, "limit": 2, "oldest": "2016-12-28", "inclusive": True})
    assert succeeded(result) == [first, replies[0]]
    assert result["message"] == "2 messages (there are more: raise limit, or set all)."
    assert service.requests[-1].query == {**thread, "limit": "2", "oldest": "1482883200.000000", "inclusive": "true"}


def test_members_are_listed_over_all_pages(service: FakeService, bot: dict[str, str]) -> None:
    """As IDs, which is what Slack gives."""

    def page(call: Request) -> Answer:
        metadata = {} if call.query.get("cursor") else {"response_metadata": {"next_cursor": "e3VzZXJfaWQ6IFcxfQ=="}}
        return Answer(json={"ok": True, "members": [BOB if call.query.get("cursor") else ADA], **metadata})

    service.on("GET", "/api/conversations.members", page)
    assert succeeded(slack.list_members(bot, {"channel": CHANNEL, "all": True})) == [ADA, BOB]


# --- what a message may say besides its text --------------------------------------------------------------------------


def test_blocks_need_no_text(service: FakeService, bot: dict[str, str]) -> None:
    """By token and by webhook alike."""
    service.on("POST", "/api/chat.postMessage", json={"ok": True, **MESSAGE})
    service.on("POST", "/services/T/B/x", body="ok", headers={"Content-Type": "text/html"})
    blocks = [{"type": "divider"}]
    succeeded(slack.send_message(bot, {"channel": CHANNEL, "blocks": blocks}))
    succeeded(slack.send_message({"webhook_url": f"{service.url}/services/T/B/x"}, {"text": " ", "blocks": blocks}))
    assert service.requests[0].form == {"channel": CHANNEL, "blocks": json.dumps(blocks)}
    assert service.requests[1].json == {"blocks": blocks}


def test_a_reply_may_be_shown_in_the_channel_and_links_as_they_are(service: FakeService, bot: dict[str, str]) -> None:
    """reply_broadcast, unfurl_links and unfurl_media are sent when they were given."""
    service.on("POST", "/api/chat.postMessage", json={"ok": True, **MESSAGE})
    params = {"channel": CHANNEL, "text": "x", "thread_ts": TS, "reply_broadcast": True, "unfurl_links": False}
    succeeded(slack.send_message(bot, {**params, "unfurl_media": True}))
    assert service.requests[0].form == {
        "channel": CHANNEL, "text": "x", "thread_ts": TS, "reply_broadcast": "true", "unfurl_links": "false",
        "unfurl_media": "true",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("task", "params", "words"),
    [
        ("send_message", {"text": "x", "reply_broadcast": True}, "reply_broadcast needs thread_ts"),
        ("send_message", {"blocks": []}, "give text, blocks, or both"),
        ("send_ephemeral", {"channel": CHANNEL, "user": ADA}, "give text, blocks, or both"),
        ("send_message", {"text": "x", "reply_broadcast": True, "thread_ts": TS}, "A webhook cannot"),
        ("set_topic", {"channel": CHANNEL, "topic": "x" * 251}, "topic"),
        ("create_channel", {"name": "x" * 81}, "name"),
        ("invite_to_channel", {"channel": CHANNEL, "users": ""}, "users"),
        ("upload_file", {"file_name": "a.txt"}, "exactly one of file_path, content and files"),
        ("upload_file", {"content": "", "file_name": "a.txt"}, "exactly one of file_path, content and files"),
        ("upload_file", {"content": "x", "files": ["a.txt"]}, "exactly one of file_path, content and files"),
        ("upload_file", {"content": "x"}, "content needs file_name"),
        ("upload_file", {"files": ["a.txt"], "title": "x"}, "put them beside each"),
        ("upload_file", {"files": [5]}, "An attachment is not understood"),
        ("upload_file", {"files": [{"filename": "a"}]}, "The attachment a has no content"),
        ("upload_file", {"files": [{"filename": "a", "content": ""}]}, "a is empty"),
    ],
)
def test_a_mistake_in_the_params_is_told_before_any_request(
    service: FakeService, bot: dict[str, str], task: str, params: dict[str, Any], words: str
) -> None:
    """Nothing reaches Slack."""
    hook = {"webhook_url": f"{service.url}/services/T/B/x"}
    result = getattr(slack, task)(hook if words.startswith("A webhook") else bot, params)
    assert result["success"] is False
    assert words in result["message"]
    assert service.requests == []


# --- files ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def uploads(service: FakeService) -> FakeService:
    """A Slack that takes files, each under an ID of its own."""
    tickets = iter(range(1, 9))

    def ticket(call: Request) -> Answer:
        n = next(tickets)
        return Answer(json={"ok": True, "upload_url": f"{service.url}/upload/v1/{n}", "file_id": f"F{n}"})

    def complete(call: Request) -> Answer:
        return Answer(json={"ok": True, "files": [{**one, "mimetype": ""} for one in json.loads(call.form["files"])]})

    service.on("POST", "/api/files.getUploadURLExternal", ticket)
    service.on("POST", "/upload/v1/{n}", body="OK - 2")
    return service.on("POST", "/api/files.completeUploadExternal", complete)


@pytest.mark.parametrize(
    ("content", "sent"),
    [("grüß", "grüß".encode()), (b"\xff\x00", b"\xff\x00"), ([{"a": 1}], b'[{"a": 1}]'), (5, b"5")],
)
def test_data_is_uploaded_without_a_file(uploads: FakeService, bot: dict[str, str], content: Any, sent: bytes) -> None:
    """Text and bytes as they are, anything else as JSON."""
    params = {"content": content, "file_name": "a.txt", "alt_text": "A sign", "channels": CHANNEL}
    data = succeeded(slack.upload_file(bot, params))
    assert (data["size"], data["title"], data["file"]["id"]) == (len(sent), "a.txt", "F1")
    ticket, upload, complete = uploads.requests
    assert ticket.form == {"filename": "a.txt", "length": str(len(sent)), "alt_txt": "A sign"}
    assert upload.body == sent
    assert complete.form == {"files": '[{"id": "F1", "title": "a.txt"}]', "channel_id": CHANNEL}


def test_several_files_go_into_one_message(uploads: FakeService, bot: dict[str, str], tmp_path: Path) -> None:
    """All of them are looked at before the first is sent, and they are completed together."""
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "empty").touch()
    path = str(tmp_path / "a.txt")
    files: list[Any] = [path, {"file_path": path, "title": "Again"}, {"filename": "b.csv", "content": "a,b"}]
    assert "is empty" in slack.upload_file(bot, {"files": [*files, str(tmp_path / "empty")]})["message"]
    assert uploads.requests == []
    result = slack.upload_file(bot, {"files": files, "channels": CHANNEL, "initial_comment": "Look"})
    data = succeeded(result)
    assert [(one["file_id"], one["title"], one["size"]) for one in data["files"]] == [
        ("F1", "a.txt", 1), ("F2", "Again", 1), ("F3", "b.csv", 3),
    ]  # fmt: skip
    assert result["message"] == "3 files uploaded (shared in C024BE91L)."
    assert [call.body for call in uploads.requests if call.path.startswith("/upload/")] == [b"x", b"x", b"a,b"]
    (complete,) = [call for call in uploads.requests if call.path.endswith("completeUploadExternal")]
    assert [one["title"] for one in json.loads(complete.form["files"])] == ["a.txt", "Again", "b.csv"]


# --- the folder -------------------------------------------------------------------------------------------------------


def test_a_dry_run_shows_the_call_that_each_task_would_make(
    service: FakeService, bot: dict[str, str], tmp_path: Path
) -> None:
    """The method and its arguments; Slack is told nothing."""
    with Workspace(tmp_path) as ws:
        ws.create_type("slack")
        ws.create_integration("Ours", "slack", bot)
        flow = Workflow(name="dry")
        for task, params, *_ in WRITES:
            flow.add(task, f"slack.{task}", integration="Ours", params=params)
        run = ws.run(flow, dry_run=True)
        for task, _, method, _, form, _ in WRITES:
            (intent,) = run[task].intents
            assert (intent.action, intent.detail["data"]) == (f"POST /api/{method}", form)
    assert service.requests == []


def test_the_readme_has_an_example_of_each_task_that_fits_its_params() -> None:
    assert set(examples(Path(slack.__file__).parent)) == set(slack.__all__)


def test_the_folder_keeps_the_contract() -> None:
    assert check_contract(Path(slack.__file__).parent) == []
