"""The Slack tasks, against a local server that answers as Slack documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flowbook.tasks import Context, running_as
from integrations import slack
from tests.ports import refusing_port

TOKEN = "xoxb-1111-2222-verysecret"
HOOK = "/services/T000/B000/hooksecretXYZ"


@pytest.fixture
def bot(service: Any, pauses: list[float]) -> dict[str, str]:
    """Credentials with a bot token for the local Slack."""
    return {"webhook_url": "", "bot_token": TOKEN, "base_url": f"{service.url}/api"}


@pytest.fixture
def hook(service: Any, pauses: list[float], answer: Any) -> dict[str, str]:
    """Credentials with a webhook of the local Slack, which answers ok."""
    service.routes[f"POST {HOOK}"] = answer(body=b"ok")
    return {"webhook_url": service.url + HOOK}


def failed(result: dict[str, Any]) -> str:
    """The message of a failed result, after checking that no secret is in it."""
    assert result["success"] is False
    assert TOKEN not in json.dumps(result)
    assert "hooksecretXYZ" not in json.dumps(result)
    return str(result["message"])


def succeeded(result: dict[str, Any]) -> Any:
    assert result["success"] is True, result["message"]
    return result["data"]


# --- test_connection --------------------------------------------------------------------------------------------------


def test_a_bot_token_is_tried_by_auth_test(service: Any, bot: dict[str, str], answer: Any) -> None:
    """The token goes into headers, never into the address or body; who it is, is told."""
    identity = {"ok": True, "team": "Acme", "team_id": "T1", "user": "flowbot", "user_id": "U1", "url": "https://x"}
    service.routes["GET /api/auth.test"] = answer(identity, headers={"X-OAuth-Scopes": "chat:write,files:write"})
    result = slack.test_connection(bot, {})
    data = succeeded(result)
    assert result["message"].startswith("Successfully connected to Slack!")
    assert (data["team"], data["user"], data["scopes"]) == ("Acme", "flowbot", ["chat:write", "files:write"])
    (call,) = service.calls
    assert call.headers["Authorization"] == f"Bearer {TOKEN}"
    assert (call.query, call.body) == ({}, b"")


def test_a_webhook_is_tried_by_a_test_message(service: Any, hook: dict[str, str]) -> None:
    """As users know it: a message appears in the channel."""
    result = slack.test_connection(hook)
    assert succeeded(result)["status"] == "connected"
    assert result["message"].startswith("Successfully connected to Slack!")
    assert "test message was posted" in result["message"]
    assert service.calls[0].json["text"]


def test_with_both_the_webhook_is_tried_only_when_asked(
    service: Any, bot: dict[str, str], hook: dict[str, str], answer: Any
) -> None:
    """A test should not write into a channel needlessly; it says what was tried."""
    service.routes["GET /api/auth.test"] = answer({"ok": True, "team": "Acme", "user": "flowbot"})
    both = {**bot, **hook}
    assert "webhook was not tried" in slack.test_connection(both, {})["message"]
    assert not service.named(f"POST {HOOK}")
    assert "test message was posted" in slack.test_connection(both, {"post_test_message": True})["message"]
    assert len(service.named(f"POST {HOOK}")) == 1


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
    service: Any, bot: dict[str, str], answer: Any, code: str, extra: dict[str, str], words: str, kind: str
) -> None:
    """Slack answers 200 and "ok": false; the kind of failure is told all the same."""
    service.routes["GET /api/auth.test"] = answer({"ok": False, "error": code, **extra})
    result = slack.test_connection(bot, {})
    assert words in failed(result)
    assert (result["data"]["error"], result["data"]["kind"]) == (code, kind)


def test_an_unreachable_slack_is_told_apart(pauses: list[float]) -> None:
    """Nothing listens at base_url."""
    with refusing_port() as port:
        result = slack.test_connection({"bot_token": TOKEN, "base_url": f"http://127.0.0.1:{port}"}, {})
    assert "refused the connection" in failed(result)
    assert result["data"]["kind"] == "unreachable"


def test_an_address_that_is_not_slack_is_told_apart(service: Any, bot: dict[str, str], answer: Any) -> None:
    """HTML, or JSON that is not Slack's."""
    service.routes["GET /api/auth.test"] = answer(body=b"<title>Login</title>", content_type="text/html")
    assert "HTML page titled 'Login'" in failed(slack.test_connection(bot, {}))
    service.routes["GET /api/auth.test"] = answer({"hello": "world"})
    assert "base_url" in failed(slack.test_connection(bot, {}))


# --- send_message -----------------------------------------------------------------------------------------------------


def test_a_message_goes_through_the_webhook_as_json(service: Any, hook: dict[str, str]) -> None:
    """The guide's way: webhook_url, text and channel."""
    result = slack.send_message(hook, {"text": "Hello", "channel": "#general"})
    assert result == {
        "success": True,
        "message": "Message sent successfully!",
        "data": {"text": "Hello", "channel": "#general", "via": "webhook"},
    }
    (call,) = service.calls
    assert (call.method, call.path, call.headers["Content-Type"]) == ("POST", HOOK, "application/json")
    assert call.json == {"text": "Hello", "channel": "#general"}
    assert "Authorization" not in call.headers


def test_a_message_goes_by_chat_post_message_with_a_bot_token(service: Any, bot: dict[str, str], answer: Any) -> None:
    """Form-encoded, blocks as JSON text, as Slack's OpenAPI description says."""
    posted = {"ok": True, "channel": "C024BE91L", "ts": "1503435956.000247", "message": {}}
    service.routes["POST /api/chat.postMessage"] = answer(posted)
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*Größe*"}}]
    params = {"text": "Größe & mehr", "channel": "#general", "thread_ts": "1503435956.000100", "blocks": blocks}
    data = succeeded(slack.send_message(bot, params))
    assert (data["channel"], data["ts"]) == ("C024BE91L", "1503435956.000247")
    (call,) = service.calls
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert (call.headers["Authorization"], call.headers["token"], call.query) == (f"Bearer {TOKEN}", TOKEN, {})
    assert call.form == {
        "text": "Größe & mehr",
        "channel": "#general",
        "thread_ts": "1503435956.000100",
        "blocks": json.dumps(blocks),
    }


def test_with_both_credentials_the_channel_decides(
    service: Any, bot: dict[str, str], hook: dict[str, str], answer: Any
) -> None:
    """A channel wants the bot, no channel the webhook's own; ``via`` settles it otherwise."""
    service.routes["POST /api/chat.postMessage"] = answer({"ok": True, "channel": "C1", "ts": "1.1"})
    both = {**bot, **hook}
    assert succeeded(slack.send_message(both, {"text": "x", "channel": "#a"}))["via"] == "bot_token"
    assert succeeded(slack.send_message(both, {"text": "x"}))["via"] == "webhook"
    assert succeeded(slack.send_message(both, {"text": "x", "channel": "#a", "via": "webhook"}))["via"] == "webhook"
    assert "Missing 'channel'" in failed(slack.send_message(both, {"text": "x", "via": "bot_token"}))


def test_what_an_expression_gives_is_sent_as_text(service: Any, hook: dict[str, str]) -> None:
    """A number from an earlier node is a fine message; a ts that YAML read as a number keeps its decimals."""
    succeeded(slack.send_message(hook, {"text": 5, "thread_ts": 1503435956.0001}))
    assert service.calls[0].json == {"text": "5", "thread_ts": "1503435956.000100"}


def test_blocks_may_come_from_the_block_kit_builder(service: Any, hook: dict[str, str]) -> None:
    """Its {"blocks": [...]}, as an object or as text."""
    for blocks in ({"blocks": [{"type": "divider"}]}, '{"blocks": [{"type": "divider"}]}', [{"type": "divider"}]):
        succeeded(slack.send_message(hook, {"text": "x", "blocks": blocks}))
    assert [call.json["blocks"] for call in service.calls] == [[{"type": "divider"}]] * 3
    assert "blocks" in failed(slack.send_message(hook, {"text": "x", "blocks": "nonsense"}))


@pytest.mark.parametrize("params", [{}, {"text": ""}, {"text": "x", "txt": "y"}, {"text": "x", "thread_ts": "abc"}])
def test_params_that_do_not_fit_are_named_before_anything_is_sent(
    service: Any, hook: dict[str, str], params: dict[str, Any]
) -> None:
    """Nothing reaches Slack."""
    assert "params do not fit" in failed(slack.send_message(hook, params))
    assert service.calls == []


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
    service: Any, hook: dict[str, str], answer: Any, status: int, text: str, words: str
) -> None:
    """Its body is a bare code."""
    service.routes[f"POST {HOOK}"] = answer(status=status, body=text.encode())
    message = failed(slack.send_message(hook, {"text": "x"}))
    assert words in message
    assert text in message


@pytest.mark.parametrize("code", ["not_in_channel", "channel_not_found", "is_archived", "ratelimited", "msg_too_long"])
def test_what_slack_refuses_is_said_in_words(service: Any, bot: dict[str, str], answer: Any, code: str) -> None:
    """Each with its code and a remedy, and nothing is sent twice."""
    service.routes["POST /api/chat.postMessage"] = answer({"ok": False, "error": code})
    result = slack.send_message(bot, {"text": "x", "channel": "#a"})
    assert f"({code})." in failed(result)
    assert result["message"].count(".") >= 2
    assert len(service.calls) == 1


def test_slacks_remarks_on_a_wrong_argument_are_passed_on(service: Any, bot: dict[str, str], answer: Any) -> None:
    """response_metadata.messages."""
    remark = {"messages": ["[ERROR] must be less than 51 items [json-pointer:/blocks]"]}
    service.routes["POST /api/chat.postMessage"] = answer(
        {"ok": False, "error": "invalid_blocks", "response_metadata": remark}
    )
    assert "must be less than 51 items" in failed(slack.send_message(bot, {"text": "x", "channel": "#a"}))


@pytest.mark.parametrize("way", ["bot", "hook"])
def test_a_rate_limit_is_waited_for(
    service: Any, bot: dict[str, str], hook: dict[str, str], answer: Any, pauses: list[float], way: str
) -> None:
    """429 with Retry-After, then success."""
    limit = answer({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "9"})
    service.routes["POST /api/chat.postMessage"] = [limit, answer({"ok": True, "channel": "C1", "ts": "1.1"})]
    service.routes[f"POST {HOOK}"] = [limit, answer(body=b"ok")]
    succeeded(slack.send_message(bot if way == "bot" else hook, {"text": "x", "channel": "#a"}))
    assert pauses == [9.0]
    assert len(service.calls) == 2


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ({"json": {"ok": False, "error": "invalid_auth"}, "status": 401}, "unauthorized"),
        ({"json": {"ok": False, "error": "missing_scope", "needed": "x"}, "status": 403}, "forbidden"),
        ({"json": {"ok": False, "error": "channel_not_found"}, "status": 404}, "not_found"),
        ({"body": b"<html><title>Conflict</title>", "content_type": "text/html", "status": 409}, "conflict"),
        ({"json": {"message": "unprocessable"}, "status": 422}, "invalid"),
        ({"json": {"ok": False, "error": "ratelimited"}, "status": 429}, "rate_limited"),
        ({"body": b"oops", "status": 500}, "server_error"),
        ({"body": b"<html>", "content_type": "text/html"}, "bad_answer"),
        ({"body": b'{"ok": tr', "content_type": "application/json"}, "bad_answer"),
        ({"body": b"{", "headers": {"Content-Length": "99"}}, "bad_answer"),
        ({"body": b"x" * 60_000_000}, "bad_answer"),
    ],
)
def test_every_fault_is_a_clear_result(
    service: Any, bot: dict[str, str], answer: Any, reply: dict[str, Any], kind: str
) -> None:
    """Its kind is told, it says something, and holds no secret."""
    service.routes["POST /api/chat.postMessage"] = answer(**reply)
    result = slack.send_message(bot, {"text": "x", "channel": "#a"})
    assert "Slack" in failed(result)
    assert result["data"]["kind"] == kind


# --- send_notification ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("color", ["good", "warning", "danger"])
def test_a_notification_is_an_attachment_with_colour_and_time(service: Any, hook: dict[str, str], color: str) -> None:
    """Through the webhook."""
    result = slack.send_notification(hook, {"title": "Alert!", "message": "It happened", "color": color})
    assert (result["message"], result["data"]["title"]) == ("Notification sent!", "Alert!")
    (attachment,) = service.calls[0].json["attachments"]
    assert (attachment["title"], attachment["text"], attachment["color"]) == ("Alert!", "It happened", color)
    assert isinstance(attachment["ts"], int)


def test_a_notification_by_bot_token_has_the_same_attachment(service: Any, bot: dict[str, str], answer: Any) -> None:
    """Attachments are JSON text inside the form."""
    service.routes["POST /api/chat.postMessage"] = answer({"ok": True, "channel": "C1", "ts": "1.1"})
    succeeded(slack.send_notification(bot, {"message": "m", "channel": "#a"}))
    form = service.calls[0].form
    assert set(form) == {"channel", "attachments"}
    assert json.loads(form["attachments"])[0]["title"] == "Notification"


def test_another_colour_is_refused(hook: dict[str, str]) -> None:
    """The choices are named."""
    message = failed(slack.send_notification(hook, {"message": "m", "color": "pink"}))
    assert "good" in message
    assert "danger" in message


# --- upload_file ------------------------------------------------------------------------------------------------------


@pytest.fixture
def uploads(service: Any, answer: Any) -> Any:
    """A Slack that takes files: channels on two pages, a ticket, the upload, the completion."""

    def channels(call: Any) -> Any:
        if call.query["types"] == "private_channel":
            return answer({"ok": True, "channels": [{"id": "C0PRIVATE1", "name": "secret-plans"}]})
        if call.query.get("cursor") == "page2":
            more = [{"id": "C0REPORTS1", "name": "reports"}]
            return answer({"ok": True, "channels": more, "response_metadata": {"next_cursor": ""}})
        first = [{"id": "C0GENERAL1", "name": "general"}]
        return answer({"ok": True, "channels": first, "response_metadata": {"next_cursor": "page2"}})

    address = service.url.replace("127.0.0.1", "localhost") + "/upload/v1/ticketABCDEF"
    service.routes |= {
        "GET /api/conversations.list": channels,
        "POST /api/files.getUploadURLExternal": answer({"ok": True, "upload_url": address, "file_id": "F0FILE0001"}),
        "POST /upload/v1/ticketABCDEF": answer(body=b"OK - 12"),
        "POST /api/files.completeUploadExternal": answer({"ok": True, "files": [{"id": "F0FILE0001", "title": "T"}]}),
    }
    return service


def test_a_file_is_really_uploaded_in_three_steps(uploads: Any, bot: dict[str, str], tmp_path: Path) -> None:
    """Ticket, bytes, completion: with the documented parameters, and the token at Slack's API only."""
    (tmp_path / "report.csv").write_bytes(b"a,b\n1,2\n\x00\xff")
    params = {"file_path": str(tmp_path / "report.csv"), "channels": "#general", "title": "The report"}
    data = succeeded(slack.upload_file(bot, {**params, "initial_comment": "Look!", "thread_ts": "1.000001"}))
    assert (data["file_id"], data["size"], data["channels"]) == ("F0FILE0001", 10, ["C0GENERAL1"])
    _, ticket, upload, complete = uploads.calls
    assert (ticket.form, ticket.query) == ({"filename": "report.csv", "length": "10"}, {})
    assert upload.body == b"a,b\n1,2\n\x00\xff"
    assert not {"Authorization", "token"} & set(upload.headers)
    form = complete.form
    assert json.loads(form.pop("files")) == [{"id": "F0FILE0001", "title": "The report"}]
    assert form == {"channel_id": "C0GENERAL1", "initial_comment": "Look!", "thread_ts": "1.000001"}


def test_several_channels_are_shared_with_at_once(uploads: Any, bot: dict[str, str], tmp_path: Path) -> None:
    """Names on later pages and private ones are found; IDs are taken as they are."""
    (tmp_path / "a.txt").write_text("x")
    channels = "#reports, secret-plans, C0123456789"
    data = succeeded(slack.upload_file(bot, {"file_path": str(tmp_path / "a.txt"), "channels": channels}))
    assert data["channels"] == ["C0REPORTS1", "C0PRIVATE1", "C0123456789"]
    assert uploads.calls[-1].form["channels"] == "C0REPORTS1,C0PRIVATE1,C0123456789"
    assert json.loads(uploads.calls[-1].form["files"])[0]["title"] == "a.txt"


def test_an_unknown_channel_is_said_before_anything_is_uploaded(
    uploads: Any, bot: dict[str, str], tmp_path: Path
) -> None:
    """The file does not lie around in Slack."""
    (tmp_path / "a.txt").write_text("x")
    params = {"file_path": str(tmp_path / "a.txt"), "channels": "#nowhere"}
    assert "no channel '#nowhere'" in failed(slack.upload_file(bot, params))
    assert not uploads.named("POST /api/files.getUploadURLExternal")


def test_without_the_scope_for_private_channels_the_public_ones_are_found(
    uploads: Any, bot: dict[str, str], answer: Any, tmp_path: Path
) -> None:
    """groups:read is not needed for a public channel, nor does its lack hide the real problem."""
    (tmp_path / "a.txt").write_text("x")
    public = uploads.routes["GET /api/conversations.list"]
    lacking = answer({"ok": False, "error": "missing_scope", "needed": "groups:read"})
    uploads.routes["GET /api/conversations.list"] = lambda call: (
        lacking if call.query["types"] == "private_channel" else public(call)
    )
    succeeded(slack.upload_file(bot, {"file_path": str(tmp_path / "a.txt"), "channels": "#reports"}))
    message = failed(slack.upload_file(bot, {"file_path": str(tmp_path / "a.txt"), "channels": "#nowhere"}))
    assert "no channel '#nowhere'" in message


def test_a_failing_upload_is_tried_again_and_never_completed(
    uploads: Any, bot: dict[str, str], answer: Any, tmp_path: Path
) -> None:
    """The whole file is sent at each try; the upload's address, a secret, is not told."""
    (tmp_path / "a.txt").write_text("content")
    uploads.routes["POST /upload/v1/ticketABCDEF"] = answer(status=500, body=b"no /upload/v1/ticketABCDEF")
    result = slack.upload_file(bot, {"file_path": str(tmp_path / "a.txt")})
    assert "500" in failed(result)
    assert {call.body for call in uploads.named("POST /upload/v1/ticketABCDEF")} == {b"content"}
    assert not uploads.named("POST /api/files.completeUploadExternal")


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


def test_a_relative_path_starts_at_the_workspace(uploads: Any, bot: dict[str, str], tmp_path: Path) -> None:
    """Not at wherever the process happens to run; progress is told."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").write_text("hello")
    said: list[Any] = []
    context = Context("run", root=tmp_path, progress=lambda done, total, text: said.append((done, total)))
    with running_as(context):
        assert succeeded(slack.upload_file(bot, {"file_path": "out/a.txt"}))["size"] == 5
    assert said == [(0, 5), (5, 5)]


# --- the rest ---------------------------------------------------------------------------------------------------------


def test_channels_are_listed_over_all_pages(service: Any, bot: dict[str, str], answer: Any) -> None:
    """limit cuts, all does not; what was not needed is not fetched."""

    def page(call: Any) -> Any:
        start = int(call.query.get("cursor", "0"))
        items = [{"id": f"C{n:09}", "name": f"c{n}"} for n in range(start, start + 3)]
        cursor = str(start + 3) if start < 6 else ""
        return answer({"ok": True, "channels": items, "response_metadata": {"next_cursor": cursor}})

    service.routes["GET /api/conversations.list"] = page
    assert len(succeeded(slack.list_channels(bot, {"all": True}))) == 9
    assert service.calls[0].query == {"types": "public_channel", "exclude_archived": "true", "limit": "200"}
    service.calls.clear()
    result = slack.list_channels(bot, {"limit": 4, "include_archived": True, "types": "public_channel, im"})
    assert [channel["name"] for channel in succeeded(result)] == ["c0", "c1", "c2", "c3"]
    assert result["message"] == "4 channels (there are more: raise limit, or set all)."
    assert len(service.calls) == 2
    assert service.calls[0].query == {"types": "public_channel,im", "exclude_archived": "false", "limit": "4"}


def test_a_list_ends_where_the_next_page_is_one_that_was_had(service: Any, bot: dict[str, str], answer: Any) -> None:
    """Servers that answer by the examples of Slack's description always name the same next page."""
    page = {"ok": True, "channels": [{"id": "C0"}], "response_metadata": {"next_cursor": "again"}}
    service.routes["GET /api/conversations.list"] = answer(page)
    succeeded(slack.list_channels(bot, {"all": True}))
    assert [call.query.get("cursor") for call in service.calls] == [None, "again"]


def test_a_message_is_updated_by_channel_id_and_ts(uploads: Any, bot: dict[str, str], answer: Any) -> None:
    """A channel given by name is looked up, as chat.update takes IDs only."""
    uploads.routes["POST /api/chat.update"] = answer({"ok": True, "channel": "C0GENERAL1", "ts": "1401383885.000061"})
    params = {"channel": "#general", "ts": "1401383885.000061", "text": "new"}
    assert succeeded(slack.update_message(bot, params))["ts"] == "1401383885.000061"
    assert uploads.calls[-1].form == {"channel": "C0GENERAL1", "ts": "1401383885.000061", "text": "new"}


def test_a_reaction_is_added_once(service: Any, bot: dict[str, str], answer: Any) -> None:
    """Colons are taken off; one that is there already is a success, any other refusal a failure."""
    params = {"channel": "C0123456789", "ts": "1401383885.000061", "emoji": ":thumbsup:"}
    for code in (None, "already_reacted"):
        service.routes["POST /api/reactions.add"] = answer({"ok": code is None, "error": code})
        assert succeeded(slack.add_reaction(bot, params))["emoji"] == "thumbsup"
    form = {"channel": "C0123456789", "timestamp": "1401383885.000061", "name": "thumbsup"}
    assert service.calls[0].form == form
    service.routes["POST /api/reactions.add"] = answer({"ok": False, "error": "invalid_name"})
    assert "no emoji" in failed(slack.add_reaction(bot, params))


def test_a_person_is_found_by_address_or_name(service: Any, bot: dict[str, str], answer: Any) -> None:
    """By users.lookupByEmail, or among all of users.list: user, display or full name, whatever the case."""
    ada = {"id": "U0ADA00001", "name": "ada", "real_name": "Ada Lovelace", "profile": {"display_name": "Countess"}}
    gone = {"id": "U0GONE0001", "name": "ada2", "real_name": "Ada Lovelace", "deleted": True}
    service.routes["GET /api/users.lookupByEmail"] = answer({"ok": True, "user": ada})
    service.routes["GET /api/users.list"] = answer({"ok": True, "members": [gone, ada, ada]})
    assert succeeded(slack.find_user(bot, {"email": "ada@example.com"}))["id"] == "U0ADA00001"
    assert service.calls[0].query == {"email": "ada@example.com", "token": TOKEN}
    for name in ("@ada", "ada lovelace", "COUNTESS"):
        assert succeeded(slack.find_user(bot, {"name": name}))["id"] == "U0ADA00001"
    assert "no user 'bob'" in failed(slack.find_user(bot, {"name": "bob"}))
    assert "either email or name" in failed(slack.find_user(bot, {"email": "", "name": ""}))


def test_the_token_is_never_in_an_address_of_slacks_own() -> None:
    """Its description wants it there to look up an address; Slack refuses it there to apps made since 2021."""
    from integrations.slack.client import _query_token

    assert _query_token("https://slack.com/api", TOKEN) == {}
    assert _query_token("https://files.slack-gov.com/api", TOKEN) == {}
    assert _query_token("https://notslack.com/api", TOKEN) == {"token": TOKEN}


def test_an_address_with_a_token_in_it_is_not_shown(service: Any, bot: dict[str, str], answer: Any) -> None:
    """Not in the error of an answer that repeats it, nor in that of one that does not come."""
    service.routes["GET /api/users.lookupByEmail"] = answer({"message": f"bad ?token={TOKEN}"}, 400)
    failed(slack.find_user(bot, {"email": "ada@example.com"}))
    failed(slack.find_user({**bot, "base_url": "http://127.0.0.1:1/api"}, {"email": "ada@example.com"}))


def test_a_name_that_several_people_have_is_not_guessed(service: Any, bot: dict[str, str], answer: Any) -> None:
    """They are named, to choose from."""
    people = [{"id": f"U00000000{n}", "name": f"kim{n}", "real_name": "Kim"} for n in (1, 2)]
    service.routes["GET /api/users.list"] = answer({"ok": True, "members": people})
    message = failed(slack.find_user(bot, {"name": "Kim"}))
    assert "kim1" in message
    assert "kim2" in message


def test_history_is_read_between_two_times(service: Any, bot: dict[str, str], answer: Any) -> None:
    """Dates become timestamps; pages are followed up to the limit."""

    def page(call: Any) -> Any:
        cursor = "" if call.query.get("cursor") else "more"
        messages = [{"ts": "2.0", "text": "b"}, {"ts": "1.0", "text": "a"}]
        return answer({"ok": True, "messages": messages, "response_metadata": {"next_cursor": cursor}})

    service.routes["GET /api/conversations.history"] = page
    params = {"channel": "C0123456789", "oldest": "2025-01-31", "latest": 1738400000, "limit": 3}
    assert [one["text"] for one in succeeded(slack.channel_history(bot, params))] == ["b", "a", "b"]
    assert service.calls[0].query == {
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
