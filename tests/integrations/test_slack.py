"""The Slack tasks, against a local server that answers as Slack does.

The Web API: https://docs.slack.dev/apis/web-api, section "Evaluating responses" (200 and JSON, also for a refusal). A
webhook, as it really comes: 200, ``Content-Type: text/html``, body ``ok``; refusals are bare words with 4xx and 5xx, of
the same type (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, section "Handling errors").
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flowbook.tasks import Context, running_as
from flowbook.testing import Answer, FakeService, Request, load_folder
from integrations import slack
from tests.integrations.outcomes import succeeded
from tests.ports import refusing_port

TOKEN = "xoxb-1111-2222-verysecret"
HOOK = "/services/T000/B000/hooksecretXYZ"
HTML = {"Content-Type": "text/html"}
SENT = Answer(body="ok", headers=HTML)


@pytest.fixture
def service(service: FakeService) -> FakeService:
    """A service whose JSON is called what Slack calls it."""
    service.json_type = "application/json; charset=utf-8"
    return service


@pytest.fixture
def bot(service: FakeService, pauses: list[float]) -> dict[str, str]:
    """Credentials with a bot token for the local Slack."""
    return {"webhook_url": "", "bot_token": TOKEN, "base_url": f"{service.url}/api"}


@pytest.fixture
def hook(service: FakeService, pauses: list[float]) -> dict[str, str]:
    """Credentials with a webhook of the local Slack, which answers ok."""
    service.on("POST", HOOK, SENT)
    return {"webhook_url": service.url + HOOK}


def failed(result: dict[str, Any]) -> str:
    """The message of a failed result, after checking that no secret is in it."""
    assert result["success"] is False
    assert TOKEN not in json.dumps(result)
    assert "hooksecretXYZ" not in json.dumps(result)
    return str(result["message"])


def asked(service: FakeService, path: str) -> list[Request]:
    """The requests for one path."""
    return [request for request in service.requests if request.path == path]


# --- test_connection --------------------------------------------------------------------------------------------------


def test_a_bot_token_is_tried_by_auth_test(service: FakeService, bot: dict[str, str]) -> None:
    """The token goes into headers, never into the address or body; who it is, is told."""
    identity = {"ok": True, "team": "Acme", "team_id": "T1", "user": "flowbot", "user_id": "U1", "url": "https://x"}
    service.on("GET", "/api/auth.test", json=identity, headers={"X-OAuth-Scopes": "chat:write,files:write"})
    result = slack.test_connection(bot, {})
    data = succeeded(result)
    assert result["message"].startswith("Successfully connected to Slack!")
    assert (data["team"], data["user"], data["scopes"]) == ("Acme", "flowbot", ["chat:write", "files:write"])
    (call,) = service.requests
    assert call.headers["Authorization"] == f"Bearer {TOKEN}"
    assert (call.query, call.body) == ({}, b"")


def test_a_webhook_is_tried_by_a_test_message(service: FakeService, hook: dict[str, str]) -> None:
    """As users know it: a message appears in the channel."""
    result = slack.test_connection(hook)
    assert succeeded(result)["status"] == "connected"
    assert result["message"].startswith("Successfully connected to Slack!")
    assert "test message was posted" in result["message"]
    assert service.requests[0].json["text"]


def test_with_both_the_webhook_is_tried_only_when_asked(
    service: FakeService, bot: dict[str, str], hook: dict[str, str]
) -> None:
    """A test should not write into a channel needlessly; it says what was tried."""
    service.on("GET", "/api/auth.test", json={"ok": True, "team": "Acme", "user": "flowbot"})
    both = {**bot, **hook}
    assert "webhook was not tried" in slack.test_connection(both, {})["message"]
    assert not asked(service, HOOK)
    assert "test message was posted" in slack.test_connection(both, {"post_test_message": True})["message"]
    assert len(asked(service, HOOK)) == 1


def test_without_any_credential_it_says_what_is_missing() -> None:
    """Empty fields of a form count as not given."""
    assert "Missing webhook_url and bot_token" in failed(
        slack.test_connection({"webhook_url": "", "bot_token": " ", "base_url": ""}, {})
    )


@pytest.mark.parametrize(
    ("code", "extra", "words", "kind"),
    [
        ("invalid_auth", {}, "not valid", "unauthorized"),
        ("token_revoked", {}, "revoked", "unauthorized"),
        ("missing_scope", {"needed": "chat:write", "provided": "files:read"}, "needed: chat:write", "forbidden"),
        ("something_new", {}, "something_new", "invalid"),
    ],
)
def test_a_refused_token_is_said_in_words_with_a_remedy(
    service: FakeService, bot: dict[str, str], code: str, extra: dict[str, str], words: str, kind: str
) -> None:
    """Slack answers 200 and "ok": false; the kind of failure is told all the same."""
    service.on("GET", "/api/auth.test", json={"ok": False, "error": code, **extra})
    result = slack.test_connection(bot, {})
    assert words in failed(result)
    assert (result["data"]["error"], result["data"]["kind"]) == (code, kind)


def test_an_unreachable_slack_is_told_apart(pauses: list[float]) -> None:
    """Nothing listens at base_url."""
    with refusing_port() as port:
        result = slack.test_connection({"bot_token": TOKEN, "base_url": f"http://127.0.0.1:{port}"}, {})
    assert "refused the connection" in failed(result)
    assert result["data"]["kind"] == "unreachable"


def test_an_address_that_is_not_slack_is_told_apart(service: FakeService, bot: dict[str, str]) -> None:
    """HTML, or JSON that is not Slack's."""
    service.on("GET", "/api/auth.test", body="<title>Login</title>", headers={"Content-Type": "text/html"})
    assert "HTML page titled 'Login'" in failed(slack.test_connection(bot, {}))
    service.on("GET", "/api/auth.test", json={"hello": "world"})
    assert "base_url" in failed(slack.test_connection(bot, {}))


# --- send_message -----------------------------------------------------------------------------------------------------


def test_a_message_goes_through_the_webhook_as_json(service: FakeService, hook: dict[str, str]) -> None:
    """The guide's way: webhook_url, text and channel."""
    result = slack.send_message(hook, {"text": "Hello", "channel": "#general"})
    assert result == {
        "success": True,
        "message": "Message sent successfully!",
        "data": {"text": "Hello", "channel": "#general", "via": "webhook"},
    }
    (call,) = service.requests
    assert (call.method, call.path, call.headers["Content-Type"]) == ("POST", HOOK, "application/json")
    assert call.json == {"text": "Hello", "channel": "#general"}
    assert "Authorization" not in call.headers


def test_a_message_goes_by_chat_post_message_with_a_bot_token(service: FakeService, bot: dict[str, str]) -> None:
    """Form-encoded, blocks as JSON text, as Slack's OpenAPI description says."""
    posted = {"ok": True, "channel": "C024BE91L", "ts": "1503435956.000247", "message": {}}
    service.on("POST", "/api/chat.postMessage", json=posted)
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*Größe*"}}]
    params = {"text": "Größe & mehr", "channel": "#general", "thread_ts": "1503435956.000100", "blocks": blocks}
    data = succeeded(slack.send_message(bot, params))
    assert (data["channel"], data["ts"]) == ("C024BE91L", "1503435956.000247")
    (call,) = service.requests
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert (call.headers["Authorization"], call.headers["token"], call.query) == (f"Bearer {TOKEN}", TOKEN, {})
    assert call.form == {
        "text": "Größe & mehr",
        "channel": "#general",
        "thread_ts": "1503435956.000100",
        "blocks": json.dumps(blocks),
    }


def test_with_both_credentials_the_channel_decides(
    service: FakeService, bot: dict[str, str], hook: dict[str, str]
) -> None:
    """A channel wants the bot, no channel the webhook's own; ``via`` settles it otherwise."""
    service.on("POST", "/api/chat.postMessage", json={"ok": True, "channel": "C1", "ts": "1.1"})
    both = {**bot, **hook}
    assert succeeded(slack.send_message(both, {"text": "x", "channel": "#a"}))["via"] == "bot_token"
    assert succeeded(slack.send_message(both, {"text": "x"}))["via"] == "webhook"
    assert succeeded(slack.send_message(both, {"text": "x", "channel": "#a", "via": "webhook"}))["via"] == "webhook"
    assert "Missing 'channel'" in failed(slack.send_message(both, {"text": "x", "via": "bot_token"}))


def test_what_an_expression_gives_is_sent_as_text(service: FakeService, hook: dict[str, str]) -> None:
    """A number from an earlier node is a fine message; a ts that YAML read as a number keeps its decimals."""
    succeeded(slack.send_message(hook, {"text": 5, "thread_ts": 1503435956.0001}))
    assert service.requests[0].json == {"text": "5", "thread_ts": "1503435956.000100"}


def test_blocks_may_come_from_the_block_kit_builder(service: FakeService, hook: dict[str, str]) -> None:
    """Its {"blocks": [...]}, as an object or as text."""
    for blocks in ({"blocks": [{"type": "divider"}]}, '{"blocks": [{"type": "divider"}]}', [{"type": "divider"}]):
        succeeded(slack.send_message(hook, {"text": "x", "blocks": blocks}))
    assert [call.json["blocks"] for call in service.requests] == [[{"type": "divider"}]] * 3
    assert "blocks" in failed(slack.send_message(hook, {"text": "x", "blocks": "nonsense"}))


@pytest.mark.parametrize("params", [{}, {"text": ""}, {"text": "x", "txt": "y"}, {"text": "x", "thread_ts": "abc"}])
def test_params_that_do_not_fit_are_named_before_anything_is_sent(
    service: FakeService, hook: dict[str, str], params: dict[str, Any]
) -> None:
    """Nothing reaches Slack."""
    assert "params do not fit" in failed(slack.send_message(hook, params))
    assert service.requests == []


@pytest.mark.parametrize(
    ("status", "text", "words"),
    [
        (404, "no_service", "removed or switched off"),
        (400, "invalid_payload", "could not read the message"),
        (410, "channel_is_archived", "archived"),
        (403, "action_prohibited", "restricted"),
        (404, "channel_not_found", "no such channel"),
        (500, "rollup_error", "Slack's side"),
    ],
)
def test_what_a_webhook_refuses_is_said_in_words(
    service: FakeService, hook: dict[str, str], status: int, text: str, words: str
) -> None:
    """Its body is a bare code, which calls itself HTML."""
    service.on("POST", HOOK, Answer(status, body=text, headers=HTML))
    message = failed(slack.send_message(hook, {"text": "x"}))
    assert words in message
    assert text in message


@pytest.mark.parametrize(
    ("reply", "words", "kind"),
    [
        (Answer(body="no_service", headers=HTML), "removed or switched off", "not_found"),
        (Answer(json={"ok": False, "error": "invalid_auth"}), "not valid", "unauthorized"),
        (Answer(json={"ok": False, "error": "brand_new"}), "(brand_new)", "invalid"),
        (Answer(body="<html><title>Sign in</title></html>", headers=HTML), "titled 'Sign in'", "bad_answer"),
        (Answer(body="okay then"), "'okay then' came back", "bad_answer"),
        (Answer(json={"hello": 1}), "came back", "bad_answer"),
        (Answer(json=["ok"]), "came back", "bad_answer"),
        (Answer(body=""), "nothing came back", "bad_answer"),
        (Answer(204), "nothing came back", "bad_answer"),
    ],
)
def test_a_webhooks_answer_counts_by_what_it_says(
    service: FakeService, hook: dict[str, str], reply: Answer, words: str, kind: str
) -> None:
    """Not by its status or type: only ok is a success, and what else comes is not sent a second time."""
    service.on("POST", HOOK, reply)
    result = slack.send_message(hook, {"text": "x"})
    assert words in failed(result)
    assert result["data"]["kind"] == kind
    assert ("may have taken effect" in result["message"]) is (kind == "bad_answer")
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    "reply", [SENT, Answer(body="ok"), Answer(body="ok\n", headers=HTML), Answer(json={"ok": True})]
)
def test_a_webhook_that_says_ok_has_taken_the_message(
    service: FakeService, hook: dict[str, str], reply: Answer
) -> None:
    """As bare word, whatever it calls itself, or in JSON, as webhooks of workflows answer."""
    service.on("POST", HOOK, reply)
    assert slack.send_message(hook, {"text": "x"})["success"] is True
    assert slack.send_notification(hook, {"message": "x"})["success"] is True
    assert slack.test_connection(hook, {})["success"] is True


@pytest.mark.parametrize("code", ["not_in_channel", "channel_not_found", "is_archived", "ratelimited", "msg_too_long"])
def test_what_slack_refuses_is_said_in_words(service: FakeService, bot: dict[str, str], code: str) -> None:
    """Each with its code and a remedy, and nothing is sent twice."""
    service.on("POST", "/api/chat.postMessage", json={"ok": False, "error": code})
    result = slack.send_message(bot, {"text": "x", "channel": "#a"})
    assert f"({code})." in failed(result)
    assert result["message"].count(".") >= 2
    assert len(service.requests) == 1


def test_slacks_remarks_on_a_wrong_argument_are_passed_on(service: FakeService, bot: dict[str, str]) -> None:
    """response_metadata.messages."""
    remark = {"messages": ["[ERROR] must be less than 51 items [json-pointer:/blocks]"]}
    refusal = {"ok": False, "error": "invalid_blocks", "response_metadata": remark}
    service.on("POST", "/api/chat.postMessage", json=refusal)
    assert "must be less than 51 items" in failed(slack.send_message(bot, {"text": "x", "channel": "#a"}))


@pytest.mark.parametrize("way", ["bot", "hook"])
def test_a_rate_limit_is_waited_for(
    service: FakeService, bot: dict[str, str], hook: dict[str, str], pauses: list[float], way: str
) -> None:
    """429 with Retry-After, then success."""
    limit = Answer(429, json={"ok": False, "error": "ratelimited"}, headers={"Retry-After": "9"})
    service.on("POST", "/api/chat.postMessage", [limit, Answer(json={"ok": True, "channel": "C1", "ts": "1.1"})])
    service.on("POST", HOOK, [limit, SENT])
    succeeded(slack.send_message(bot if way == "bot" else hook, {"text": "x", "channel": "#a"}))
    assert pauses == [9.0]
    assert len(service.requests) == 2


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Answer(401, json={"ok": False, "error": "invalid_auth"}), "unauthorized"),
        (Answer(403, json={"ok": False, "error": "missing_scope", "needed": "x"}), "forbidden"),
        (Answer(404, json={"ok": False, "error": "channel_not_found"}), "not_found"),
        (Answer(409, body="<html><title>Conflict</title>", headers={"Content-Type": "text/html"}), "conflict"),
        (Answer(422, json={"message": "unprocessable"}), "invalid"),
        (Answer(429, json={"ok": False, "error": "ratelimited"}), "rate_limited"),
        (Answer(500, body="oops"), "server_error"),
        (Answer(body="<html>", headers={"Content-Type": "text/html"}), "bad_answer"),
        (Answer(body='{"ok": tr', headers={"Content-Type": "application/json"}), "bad_answer"),
        (Answer(body="{", headers={"Content-Length": "99"}), "bad_answer"),
        (Answer(body="x" * 60_000_000), "bad_answer"),
    ],
)
def test_every_fault_is_a_clear_result(service: FakeService, bot: dict[str, str], reply: Answer, kind: str) -> None:
    """Its kind is told, it says something, and holds no secret."""
    service.on("POST", "/api/chat.postMessage", reply)
    result = slack.send_message(bot, {"text": "x", "channel": "#a"})
    assert "Slack" in failed(result)
    assert result["data"]["kind"] == kind


# --- send_notification ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("color", ["good", "warning", "danger"])
def test_a_notification_is_an_attachment_with_colour_and_time(
    service: FakeService, hook: dict[str, str], color: str
) -> None:
    """Through the webhook."""
    result = slack.send_notification(hook, {"title": "Alert!", "message": "It happened", "color": color})
    assert (result["message"], result["data"]["title"]) == ("Notification sent!", "Alert!")
    (attachment,) = service.requests[0].json["attachments"]
    assert (attachment["title"], attachment["text"], attachment["color"]) == ("Alert!", "It happened", color)
    assert isinstance(attachment["ts"], int)


def test_a_notification_by_bot_token_has_the_same_attachment(service: FakeService, bot: dict[str, str]) -> None:
    """Attachments are JSON text inside the form."""
    service.on("POST", "/api/chat.postMessage", json={"ok": True, "channel": "C1", "ts": "1.1"})
    succeeded(slack.send_notification(bot, {"message": "m", "channel": "#a"}))
    form = service.requests[0].form
    assert set(form) == {"channel", "attachments"}
    assert json.loads(form["attachments"])[0]["title"] == "Notification"


def test_another_colour_is_refused(hook: dict[str, str]) -> None:
    """The choices are named."""
    message = failed(slack.send_notification(hook, {"message": "m", "color": "pink"}))
    assert "good" in message
    assert "danger" in message


# --- upload_file ------------------------------------------------------------------------------------------------------


def channels(call: Request) -> Answer:
    """The public channels on two pages, the private one on a page of its own."""
    if call.query["types"] == "private_channel":
        return Answer(json={"ok": True, "channels": [{"id": "C0PRIVATE1", "name": "secret-plans"}]})
    if call.query.get("cursor") == "page2":
        more = [{"id": "C0REPORTS1", "name": "reports"}]
        return Answer(json={"ok": True, "channels": more, "response_metadata": {"next_cursor": ""}})
    first = [{"id": "C0GENERAL1", "name": "general"}]
    return Answer(json={"ok": True, "channels": first, "response_metadata": {"next_cursor": "page2"}})


@pytest.fixture
def uploads(service: FakeService) -> FakeService:
    """A Slack that takes files: channels, a ticket, the upload, the completion."""
    address = service.url.replace("127.0.0.1", "localhost") + "/upload/v1/ticketABCDEF"
    done = {"ok": True, "files": [{"id": "F0FILE0001", "title": "T"}]}
    ticket = {"ok": True, "upload_url": address, "file_id": "F0FILE0001"}
    service.on("GET", "/api/conversations.list", channels)
    service.on("POST", "/api/files.getUploadURLExternal", json=ticket)
    service.on("POST", "/upload/v1/ticketABCDEF", body="OK - 12")
    service.on("POST", "/api/files.completeUploadExternal", json=done)
    return service


def test_a_file_is_really_uploaded_in_three_steps(uploads: FakeService, bot: dict[str, str], tmp_path: Path) -> None:
    """Ticket, bytes, completion: with the documented parameters, and the token at Slack's API only."""
    (tmp_path / "report.csv").write_bytes(b"a,b\n1,2\n\x00\xff")
    params = {"file_path": str(tmp_path / "report.csv"), "channels": "#general", "title": "The report"}
    data = succeeded(slack.upload_file(bot, {**params, "initial_comment": "Look!", "thread_ts": "1.000001"}))
    assert (data["file_id"], data["size"], data["channels"]) == ("F0FILE0001", 10, ["C0GENERAL1"])
    _, ticket, upload, complete = uploads.requests
    assert (ticket.form, ticket.query) == ({"filename": "report.csv", "length": "10"}, {})
    assert upload.body == b"a,b\n1,2\n\x00\xff"
    assert not {"authorization", "token"} & set(upload.headers)
    form = complete.form
    assert json.loads(form.pop("files")) == [{"id": "F0FILE0001", "title": "The report"}]
    assert form == {"channel_id": "C0GENERAL1", "initial_comment": "Look!", "thread_ts": "1.000001"}


def test_several_channels_are_shared_with_at_once(uploads: FakeService, bot: dict[str, str], tmp_path: Path) -> None:
    """Names on later pages and private ones are found; IDs are taken as they are."""
    (tmp_path / "a.txt").write_text("x")
    channels = "#reports, secret-plans, C0123456789"
    data = succeeded(slack.upload_file(bot, {"file_path": str(tmp_path / "a.txt"), "channels": channels}))
    assert data["channels"] == ["C0REPORTS1", "C0PRIVATE1", "C0123456789"]
    assert uploads.requests[-1].form["channels"] == "C0REPORTS1,C0PRIVATE1,C0123456789"
    assert json.loads(uploads.requests[-1].form["files"])[0]["title"] == "a.txt"


def test_an_unknown_channel_is_said_before_anything_is_uploaded(
    uploads: FakeService, bot: dict[str, str], tmp_path: Path
) -> None:
    """The file does not lie around in Slack."""
    (tmp_path / "a.txt").write_text("x")
    params = {"file_path": str(tmp_path / "a.txt"), "channels": "#nowhere"}
    assert "no channel '#nowhere'" in failed(slack.upload_file(bot, params))
    assert not asked(uploads, "/api/files.getUploadURLExternal")


def test_without_the_scope_for_private_channels_the_public_ones_are_found(
    uploads: FakeService, bot: dict[str, str], tmp_path: Path
) -> None:
    """groups:read is not needed for a public channel, nor does its lack hide the real problem."""
    (tmp_path / "a.txt").write_text("x")
    lacking = Answer(json={"ok": False, "error": "missing_scope", "needed": "groups:read"})

    def public_only(call: Request) -> Answer:
        return lacking if call.query["types"] == "private_channel" else channels(call)

    uploads.on("GET", "/api/conversations.list", public_only)
    succeeded(slack.upload_file(bot, {"file_path": str(tmp_path / "a.txt"), "channels": "#reports"}))
    message = failed(slack.upload_file(bot, {"file_path": str(tmp_path / "a.txt"), "channels": "#nowhere"}))
    assert "no channel '#nowhere'" in message


def test_a_failing_upload_is_tried_again_and_never_completed(
    uploads: FakeService, bot: dict[str, str], tmp_path: Path
) -> None:
    """The whole file is sent at each try; the upload's address, a secret, is not told."""
    (tmp_path / "a.txt").write_text("content")
    uploads.on("POST", "/upload/v1/ticketABCDEF", Answer(500, body="no /upload/v1/ticketABCDEF"))
    result = slack.upload_file(bot, {"file_path": str(tmp_path / "a.txt")})
    assert "500" in failed(result)
    assert {call.body for call in asked(uploads, "/upload/v1/ticketABCDEF")} == {b"content"}
    assert not asked(uploads, "/api/files.completeUploadExternal")


def test_an_upload_needs_a_bot_token_a_file_and_content(
    hook: dict[str, str], bot: dict[str, str], tmp_path: Any
) -> None:
    """Each lack is said at once."""
    (tmp_path / "empty").touch()
    path = str(tmp_path / "empty")
    assert "is empty" in failed(slack.upload_file(bot, {"file_path": path}))
    assert "no file" in failed(slack.upload_file(bot, {"file_path": str(tmp_path)}))
    (tmp_path / "empty").write_text("x")
    assert "bot token is required" in failed(slack.upload_file(hook, {"file_path": path}))
    many = {"file_path": path, "channels": "#a,#b", "thread_ts": "1.000001"}
    assert "exactly one channel" in failed(slack.upload_file(bot, many))


def test_a_relative_path_starts_at_the_workspace(uploads: FakeService, bot: dict[str, str], tmp_path: Path) -> None:
    """Not at wherever the process happens to run; progress is told."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").write_text("hello")
    said: list[Any] = []
    context = Context("run", root=tmp_path, progress=lambda done, total, text: said.append((done, total)))
    with running_as(context):
        assert succeeded(slack.upload_file(bot, {"file_path": "out/a.txt"}))["size"] == 5
    assert said == [(0, 5), (5, 5)]


# --- the rest ---------------------------------------------------------------------------------------------------------


def test_channels_are_listed_over_all_pages(service: FakeService, bot: dict[str, str]) -> None:
    """limit cuts, all does not; what was not needed is not fetched."""

    def page(call: Request) -> Answer:
        start = int(call.query.get("cursor", "0"))
        items = [{"id": f"C{n:09}", "name": f"c{n}"} for n in range(start, start + 3)]
        cursor = str(start + 3) if start < 6 else ""
        return Answer(json={"ok": True, "channels": items, "response_metadata": {"next_cursor": cursor}})

    service.on("GET", "/api/conversations.list", page)
    assert len(succeeded(slack.list_channels(bot, {"all": True}))) == 9
    assert service.requests[0].query == {"types": "public_channel", "exclude_archived": "true", "limit": "200"}
    service.requests.clear()
    result = slack.list_channels(bot, {"limit": 4, "include_archived": True, "types": "public_channel, im"})
    assert [channel["name"] for channel in succeeded(result)] == ["c0", "c1", "c2", "c3"]
    assert result["message"] == "4 channels (there are more: raise limit, or set all)."
    assert len(service.requests) == 2
    assert service.requests[0].query == {"types": "public_channel,im", "exclude_archived": "false", "limit": "4"}


def test_a_list_ends_where_the_next_page_is_one_that_was_had(service: FakeService, bot: dict[str, str]) -> None:
    """Servers that answer by the examples of Slack's description always name the same next page."""
    page = {"ok": True, "channels": [{"id": "C0"}], "response_metadata": {"next_cursor": "again"}}
    service.on("GET", "/api/conversations.list", json=page)
    succeeded(slack.list_channels(bot, {"all": True}))
    assert [call.query.get("cursor") for call in service.requests] == [None, "again"]


def test_a_message_is_updated_by_channel_id_and_ts(uploads: FakeService, bot: dict[str, str]) -> None:
    """A channel given by name is looked up, as chat.update takes IDs only."""
    uploads.on("POST", "/api/chat.update", json={"ok": True, "channel": "C0GENERAL1", "ts": "1401383885.000061"})
    params = {"channel": "#general", "ts": "1401383885.000061", "text": "new"}
    assert succeeded(slack.update_message(bot, params))["ts"] == "1401383885.000061"
    assert uploads.requests[-1].form == {"channel": "C0GENERAL1", "ts": "1401383885.000061", "text": "new"}


def test_a_reaction_is_added_once(service: FakeService, bot: dict[str, str]) -> None:
    """Colons are taken off; one that is there already is a success, any other refusal a failure."""
    params = {"channel": "C0123456789", "ts": "1401383885.000061", "emoji": ":thumbsup:"}
    for code in (None, "already_reacted"):
        service.on("POST", "/api/reactions.add", json={"ok": code is None, "error": code})
        assert succeeded(slack.add_reaction(bot, params))["emoji"] == "thumbsup"
    form = {"channel": "C0123456789", "timestamp": "1401383885.000061", "name": "thumbsup"}
    assert service.requests[0].form == form
    service.on("POST", "/api/reactions.add", json={"ok": False, "error": "invalid_name"})
    assert "no emoji" in failed(slack.add_reaction(bot, params))


def test_a_person_is_found_by_address_or_name(service: FakeService, bot: dict[str, str]) -> None:
    """By users.lookupByEmail, or among all of users.list: user, display or full name, whatever the case."""
    ada = {"id": "U0ADA00001", "name": "ada", "real_name": "Ada Lovelace", "profile": {"display_name": "Countess"}}
    gone = {"id": "U0GONE0001", "name": "ada2", "real_name": "Ada Lovelace", "deleted": True}
    service.on("GET", "/api/users.lookupByEmail", json={"ok": True, "user": ada})
    service.on("GET", "/api/users.list", json={"ok": True, "members": [gone, ada, ada]})
    assert succeeded(slack.find_user(bot, {"email": "ada@example.com"}))["id"] == "U0ADA00001"
    assert service.requests[0].query == {"email": "ada@example.com"}
    for name in ("@ada", "ada lovelace", "COUNTESS"):
        assert succeeded(slack.find_user(bot, {"name": name}))["id"] == "U0ADA00001"
    assert "no user 'bob'" in failed(slack.find_user(bot, {"name": "bob"}))
    assert "either email or name" in failed(slack.find_user(bot, {"email": "", "name": ""}))


def test_no_call_has_the_token_in_its_address(service: FakeService, bot: dict[str, str], tmp_path: Path) -> None:
    """Not at another host than Slack's own either, where its OpenAPI description wants it in the query."""
    (tmp_path / "a.txt").write_text("x")
    channel = {"channel": "C0123456789", "ts": "1.000001"}
    slack.test_connection(bot, {})
    slack.send_message(bot, {"text": "x", "channel": "@ada"})
    slack.upload_file(bot, {"file_path": str(tmp_path / "a.txt"), "channels": "#a"})
    slack.update_message(bot, {**channel, "text": "x"})
    slack.add_reaction(bot, {**channel, "emoji": "x"})
    slack.list_channels(bot, {})
    slack.find_user(bot, {"email": "ada@example.com"})
    slack.find_user(bot, {"name": "ada"})
    slack.channel_history(bot, {"channel": "#a"})
    assert len(service.requests) >= 9
    assert not [call for call in service.requests if TOKEN in json.dumps(call.query)]


@pytest.fixture
def people(uploads: FakeService) -> FakeService:
    """A Slack that knows Ada, and opens a conversation with her (https://docs.slack.dev/reference/methods/conversations.open)."""
    ada = {"id": "U0ADA00001", "name": "ada", "profile": {"email": "ada@example.com"}}
    opened = {"ok": True, "no_op": True, "already_open": True, "channel": {"id": "D0ADA00001"}}
    uploads.on("GET", "/api/users.list", json={"ok": True, "members": [ada]})

    def by_email(request: Request) -> Answer:
        there = request.query["email"].lower() == "ada@example.com"
        return Answer(json={"ok": True, "user": ada} if there else {"ok": False, "error": "users_not_found"})

    uploads.on("GET", "/api/users.lookupByEmail", by_email)
    return uploads.on("POST", "/api/conversations.open", json=opened)


@pytest.mark.parametrize("who", ["@ada", "U0ADA00001", "ada@example.com", "@Ada@example.com"])
def test_a_person_may_stand_wherever_a_channel_is_asked_for(
    people: FakeService, bot: dict[str, str], tmp_path: Path, who: str
) -> None:
    """The conversation with them is opened, and its ID is what the methods get: they know no users as channels."""
    (tmp_path / "a.txt").write_text("x")
    where, ts = "D0ADA00001", {"ts": "1.000001"}
    people.on("POST", "/api/chat.postMessage", json={"ok": True, "channel": where, **ts})
    people.on("POST", "/api/chat.update", json={"ok": True, "channel": where, **ts})
    people.on("POST", "/api/reactions.add", json={"ok": True})
    people.on("GET", "/api/conversations.history", json={"ok": True, "messages": []})
    succeeded(slack.send_message(bot, {"text": "x", "channel": who}))
    succeeded(slack.send_notification(bot, {"message": "x", "channel": who}))
    succeeded(slack.upload_file(bot, {"file_path": str(tmp_path / "a.txt"), "channels": who}))
    succeeded(slack.update_message(bot, {"channel": who, "text": "x", **ts}))
    succeeded(slack.add_reaction(bot, {"channel": who, "emoji": "x", **ts}))
    succeeded(slack.channel_history(bot, {"channel": who}))
    assert {call.form["users"] for call in asked(people, "/api/conversations.open")} == {"U0ADA00001"}
    named = [call.form.get("channel") or call.form.get("channel_id") for call in people.requests if call.body]
    named += [call.query["channel"] for call in people.requests if "channel" in call.query]
    assert [one for one in named if one] == [where] * 6


OTHERS = {
    "send_message": {"text": "x"},
    "send_notification": {"message": "x"},
    "send_ephemeral": {"text": "x", "user": "@ada"},
    "update_message": {"text": "x", "ts": "1.000001"},
    "delete_message": {"ts": "1.000001"},
    "get_permalink": {"ts": "1.000001"},
    "add_reaction": {"emoji": "x", "ts": "1.000001"},
    "remove_reaction": {"emoji": "x", "ts": "1.000001"},
    "channel_history": {},
    "thread_replies": {"ts": "1.000001"},
    "list_members": {},
    "invite_to_channel": {"users": "@ada"},
    "join_channel": {},
    "set_topic": {"topic": "x"},
}
"""Of each task that asks for a channel, what else it needs."""


def test_no_task_takes_a_person_for_a_channel(people: FakeService, bot: dict[str, str]) -> None:
    """All that ask for one; ``upload_file`` takes several, above."""
    specs = load_folder(Path(slack.__file__).parent).tasks.values()
    asking = {spec.function_name for spec in specs if "channel" in [one.name for one in spec.parameters]}
    assert asking == set(OTHERS)
    for name, others in OTHERS.items():
        people.requests.clear()
        getattr(slack, name)(bot, {"channel": "@ada", **others})  # what no conversation takes is for Slack to refuse
        sent = [one for one in people.requests if not one.path.endswith(("users.list", "conversations.open"))]
        assert [{**one.query, **one.form}["channel"] for one in sent] == ["D0ADA00001"], name


def test_an_address_that_slack_answers_with_somebody_else_for_finds_nobody(
    service: FakeService, bot: dict[str, str]
) -> None:
    """Who was found is told, not taken."""
    other = {"id": "U1", "name": "ann", "profile": {"email": "ann@example.com.au"}}
    service.on("GET", "/api/users.lookupByEmail", json={"ok": True, "user": other})
    assert "what was found is ann@example.com.au" in failed(slack.find_user(bot, {"email": "ann@example.com"}))
    assert slack.find_user(bot, {"email": "Ann@Example.com.AU"})["success"] is True


@pytest.mark.parametrize(
    "address", ["http://{b}\\@{a}/up", "http://me:pw@{b}/up", "ftp://{b}/up", "//{b}/up", "", "http://{b}/\tup"]
)
def test_an_address_for_uploads_that_is_not_clear_gets_no_file(
    uploads: FakeService, bot: dict[str, str], tmp_path: Path, address: str
) -> None:
    """The bytes go to the server that Slack named, or nowhere."""
    (tmp_path / "a.txt").write_text("content-of-the-file")
    a, b = uploads.url[7:], uploads.url[7:].replace("127.0.0.1", "localhost")
    ticket = {"ok": True, "file_id": "F1", "upload_url": address.replace("{a}", a).replace("{b}", b)}
    uploads.on("POST", "/api/files.getUploadURLExternal", json=ticket)
    failed(slack.upload_file(bot, {"file_path": str(tmp_path / "a.txt")}))
    assert not [call for call in uploads.requests if b"content-of-the-file" in call.body]
    assert not asked(uploads, "/api/files.completeUploadExternal")


def test_a_web_page_in_place_of_the_uploads_answer_is_no_upload(
    uploads: FakeService, bot: dict[str, str], tmp_path: Path
) -> None:
    """A proxy's sign-in page takes no file."""
    (tmp_path / "a.txt").write_text("x")
    uploads.on("POST", "/upload/v1/ticketABCDEF", body="<html><title>Sign in</title></html>", headers=HTML)
    assert "titled 'Sign in'" in failed(slack.upload_file(bot, {"file_path": str(tmp_path / "a.txt")}))
    assert not asked(uploads, "/api/files.completeUploadExternal")


def test_an_address_with_a_token_in_it_is_not_shown(service: FakeService, bot: dict[str, str]) -> None:
    """Not in the error of an answer that repeats it, nor in that of one that does not come."""
    service.on("GET", "/api/users.lookupByEmail", Answer(400, json={"message": f"bad ?token={TOKEN}"}))
    failed(slack.find_user(bot, {"email": "ada@example.com"}))
    failed(slack.find_user({**bot, "base_url": "http://127.0.0.1:1/api"}, {"email": "ada@example.com"}))


def test_a_name_that_several_people_have_is_not_guessed(service: FakeService, bot: dict[str, str]) -> None:
    """They are named, to choose from."""
    people = [{"id": f"U00000000{n}", "name": f"kim{n}", "real_name": "Kim"} for n in (1, 2)]
    service.on("GET", "/api/users.list", json={"ok": True, "members": people})
    message = failed(slack.find_user(bot, {"name": "Kim"}))
    assert "kim1" in message
    assert "kim2" in message


def test_history_is_read_between_two_times(service: FakeService, bot: dict[str, str]) -> None:
    """Dates become timestamps; pages are followed up to the limit."""

    def page(call: Request) -> Answer:
        cursor = "" if call.query.get("cursor") else "more"
        messages = [{"ts": "2.0", "text": "b"}, {"ts": "1.0", "text": "a"}]
        return Answer(json={"ok": True, "messages": messages, "response_metadata": {"next_cursor": cursor}})

    service.on("GET", "/api/conversations.history", page)
    params = {"channel": "C0123456789", "oldest": "2025-01-31", "latest": 1738400000, "limit": 3}
    assert [one["text"] for one in succeeded(slack.channel_history(bot, params))] == ["b", "a", "b"]
    assert service.requests[0].query == {
        "channel": "C0123456789",
        "oldest": "1738281600.000000",
        "latest": "1738400000.000000",
        "limit": "3",
    }
    assert "date" in failed(slack.channel_history(bot, {**params, "oldest": "yesterday"}))


def test_slacks_own_host_gets_the_path_of_the_web_api_when_it_was_left_out() -> None:
    """https://slack.com means https://slack.com/api; any other address is taken as it is."""
    from integrations.slack.client import _web_api

    assert _web_api("https://slack.com/") == "https://slack.com/api"
    assert _web_api("https://slack-gov.com/api") == "https://slack-gov.com/api"
    assert _web_api("http://127.0.0.1:4010") == "http://127.0.0.1:4010"


def test_every_public_task_is_exported() -> None:
    """The folder's tasks are the guide's, and those beside them."""
    assert {"test_connection", "send_message", "send_notification", "upload_file"} <= set(slack.__all__)
    assert all(callable(getattr(slack, name)) for name in slack.__all__)
