"""The Telegram tasks, against a local server that answers as Telegram's Bot API does.

https://core.telegram.org/bots/api, section "Making requests", and what its server sends (HttpConnection.cpp, Query.h
and Client.cpp of https://github.com/tdlib/telegram-bot-api): JSON with ``ok`` and ``result``, or ``error_code`` (which
is the status), ``description`` and ``parameters``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workflow, Workspace
from flowbook.tasks import Context, running_as
from flowbook.testing import Answer, FakeService
from integrations import telegram
from tests.integrations.examples import examples
from tests.integrations.forms import parts
from tests.integrations.outcomes import succeeded

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
SECRET = TOKEN.partition(":")[2]
CHAT = "-1001234567890"
MESSAGE = {
    "message_id": 365,
    "from": {"id": 110201543, "is_bot": True, "first_name": "Flows", "username": "flows_bot"},
    "chat": {"id": -1001234567890, "title": "Orders", "type": "supergroup"},
    "date": 1732872398,
    "text": "hi",
}
NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)


def done(result: Any = True) -> Answer:
    return Answer(json={"ok": True, "result": result})


def refused(status: int, description: str, headers: dict[str, str] | None = None, **parameters: Any) -> Answer:
    """An error as the server sends it."""
    told = {"parameters": parameters} if parameters else {}
    body = {"ok": False, "error_code": status, "description": description, **told}
    return Answer(status, json=body, headers=headers or {})


@pytest.fixture
def bot(service: FakeService, pauses: list[float]) -> dict[str, str]:
    """Credentials for the local Telegram."""
    return {"bot_token": TOKEN, "base_url": service.url}


def on(service: FakeService, method: str, *answers: Answer) -> None:
    service.on("*", f"/bot{TOKEN}/{method}", list(answers))


def failed(result: dict[str, Any]) -> dict[str, Any]:
    """What a failed result says, after checking that no part of the token is in it."""
    assert result["success"] is False
    assert SECRET not in json.dumps(result)
    return result


def test_the_connection_is_tried_by_get_me(service: FakeService, bot: dict[str, str]) -> None:
    on(service, "getMe", done({"id": 110201543, "is_bot": True, "first_name": "Flows", "username": "flows_bot"}))
    result = telegram.test_connection(bot, {})
    assert succeeded(result)["username"] == "flows_bot"
    assert result["message"] == "Successfully connected to Telegram as @flows_bot."
    assert service.requests[0].body == b""


@pytest.mark.parametrize("token", ["", "abc", "110201543", f"{TOKEN}/../x", "1:short", f"{TOKEN}?a=b"])
def test_what_is_no_token_is_refused_before_it_becomes_part_of_an_address(service: FakeService, token: str) -> None:
    result = telegram.test_connection({"bot_token": token, "base_url": service.url}, {})
    assert result["success"] is False
    assert "bot_token" in result["message"]
    assert service.requests == []


def test_a_message_is_sent_as_the_documentation_says(service: FakeService, bot: dict[str, str]) -> None:
    on(service, "sendMessage", done(MESSAGE))
    params = {
        "chat": CHAT,
        "text": "<b>hi</b>",
        "format": "html",
        "silent": True,
        "reply_to": 7,
        "link_preview": False,
        "buttons": [{"text": "Yes", "callback_data": "yes"}],
    }
    assert succeeded(telegram.send_message(bot, params)) == MESSAGE
    assert service.requests[0].json == {
        "chat_id": CHAT,
        "text": "<b>hi</b>",
        "parse_mode": "HTML",
        "disable_notification": True,
        "reply_parameters": {"message_id": 7},
        "link_preview_options": {"is_disabled": True},
        "reply_markup": {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]},
    }


def test_a_chat_may_be_a_number_as_an_expression_gives_it(service: FakeService, bot: dict[str, str]) -> None:
    on(service, "sendMessage", done(MESSAGE))
    succeeded(telegram.send_message(bot, {"chat": -1001234567890, "text": 5}))
    assert service.requests[0].json == {"chat_id": CHAT, "text": "5"}


@pytest.mark.parametrize(
    ("task", "params"),
    [
        (telegram.send_message, {"chat": "orders", "text": "x"}),
        (telegram.send_message, {"chat": CHAT, "text": ""}),
        (telegram.send_message, {"chat": CHAT, "text": "x", "buttons": [{}], "reply_markup": {"a": 1}}),
        (telegram.send_file, {"chat": CHAT}),
        (telegram.send_file, {"chat": CHAT, "content": "x"}),
        (telegram.send_file, {"chat": CHAT, "url": "https://a.b", "file_id": "x"}),
        (telegram.send_album, {"chat": CHAT, "files": ["a"]}),
        (telegram.send_poll, {"chat": CHAT, "question": "?", "options": "one"}),
        (telegram.edit_message, {"chat": CHAT, "message_id": 1}),
        (telegram.edit_message, {"chat": CHAT, "message_id": 1, "text": "a", "caption": "b"}),
    ],
)
def test_params_that_do_not_fit_are_named_before_anything_is_sent(
    service: FakeService, bot: dict[str, str], task: Any, params: dict[str, Any]
) -> None:
    assert "params do not fit" in failed(task(bot, params))["message"]
    assert service.requests == []


@pytest.mark.parametrize(
    ("status", "description", "kind", "words"),
    [
        (400, "Bad Request: chat not found", "not_found", "/start"),
        (400, "Bad Request: message is too long", "invalid", "4096"),
        (400, 'Bad Request: can\'t parse entities: Unsupported start tag "x" at byte offset 0', "invalid", "escape"),
        (401, "Unauthorized", "unauthorized", "@BotFather"),
        (403, "Forbidden: bot was blocked by the user", "forbidden", "unblock"),
        (403, "Forbidden: bot was kicked from the supergroup chat", "forbidden", "again"),
        (404, "Not Found", "not_found", "@BotFather"),
        (400, "Bad Request: not enough rights to send text messages to the chat", "forbidden", "administrator"),
        (400, "Bad Request: something new", "invalid", "something new"),
    ],
)
def test_a_refusal_is_said_in_words_and_does_not_pass(
    service: FakeService, bot: dict[str, str], status: int, description: str, kind: str, words: str
) -> None:
    on(service, "sendMessage", refused(status, description))
    result = failed(telegram.send_message(bot, {"chat": CHAT, "text": "x"}))
    assert (result["data"]["kind"], result["data"]["status"], result.get("permanent")) == (kind, status, True)
    assert words in result["message"]
    assert len(service.requests) == 1


def test_a_group_that_moved_tells_where_to(service: FakeService, bot: dict[str, str]) -> None:
    """ResponseParameters.migrate_to_chat_id."""
    moved = refused(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-10055)
    on(service, "sendMessage", moved)
    result = failed(telegram.send_message(bot, {"chat": "-55", "text": "x"}))
    assert result["data"]["migrate_to_chat_id"] == -10055
    assert "use the chat -10055" in result["message"]


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "4"}], ids=["in the body", "in the header too"])
def test_flood_control_is_waited_for(
    service: FakeService, bot: dict[str, str], pauses: list[float], headers: dict[str, str]
) -> None:
    """ResponseParameters.retry_after, which a proxy before the server may not repeat as a header."""
    flood = refused(429, "Too Many Requests: retry after 4", headers, retry_after=4)
    on(service, "sendMessage", flood, done(MESSAGE))
    succeeded(telegram.send_message(bot, {"chat": CHAT, "text": "x"}))
    assert pauses == [4.0]
    assert len(service.requests) == 2


def test_a_longer_flood_wait_is_left_to_the_nodes_retry(service: FakeService, bot: dict[str, str]) -> None:
    on(service, "sendMessage", refused(429, "Too Many Requests: retry after 3600", retry_after=3600))
    result = failed(telegram.send_message(bot, {"chat": CHAT, "text": "x"}))
    assert (result["data"]["kind"], result.get("permanent", False)) == ("rate_limited", False)
    assert "asks to wait 3600 s" in result["message"]
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer(
            502, body="<html><head><title>502 Bad Gateway</title></head></html>", headers={"Content-Type": "text/html"}
        ),
        Answer(drop=True),
        Answer(200, json={"status": "maintenance"}),
        Answer(200, json=["ok"]),
        Answer(200, body="<html><title>Sign in</title></html>", headers={"Content-Type": "text/html"}),
        Answer(302, headers={"Location": f"https://elsewhere.example/bot{TOKEN}/sendMessage"}),
        Answer(200, json={"ok": True, "result": {}}, truncate=9),
        Answer(500, json={"ok": False, "error_code": 500, "description": f"Internal error at /bot{TOKEN}/sendMessage"}),
    ],
)
def test_a_message_is_sent_once_and_no_error_shows_the_token(
    service: FakeService, bot: dict[str, str], answer: Answer
) -> None:
    """It stands in the address, which many libraries show."""
    on(service, "sendMessage", answer)
    result = failed(telegram.send_message(bot, {"chat": CHAT, "text": "x"}))
    assert result.get("permanent", False) is (answer.status == 302)
    assert len(service.requests) == 1


def test_what_reads_and_what_may_be_repeated_is_tried_again(service: FakeService, bot: dict[str, str]) -> None:
    broken = Answer(502, body="Bad Gateway")
    on(service, "getChat", broken, done({"id": 5, "type": "private", "first_name": "Ada"}))
    on(service, "deleteMessage", broken, done())
    assert succeeded(telegram.get_chat(bot, {"chat": "5"}))["first_name"] == "Ada"
    assert succeeded(telegram.delete_message(bot, {"chat": "5", "message_id": 1}))["deleted"] is True


def test_what_is_so_already_is_a_success(service: FakeService, bot: dict[str, str]) -> None:
    one = {"chat": CHAT, "message_id": 365}
    on(service, "editMessageText", refused(400, NOT_MODIFIED))
    on(service, "deleteMessage", refused(400, "Bad Request: message to delete not found"))
    assert succeeded(telegram.edit_message(bot, {**one, "text": "hi"})) == {**one, "changed": False}
    assert succeeded(telegram.delete_message(bot, one)) == {**one, "deleted": False}


def test_an_edit_goes_to_the_method_for_what_is_new(service: FakeService, bot: dict[str, str]) -> None:
    one = {"chat": CHAT, "message_id": 365}
    for method in ("editMessageText", "editMessageCaption", "editMessageReplyMarkup"):
        on(service, method, done(MESSAGE))
    for params in ({"text": "a"}, {"caption": "b", "format": "markdown"}, {"buttons": []}):
        assert succeeded(telegram.edit_message(bot, {**one, **params}))["changed"] is True
    place = {"chat_id": CHAT, "message_id": 365}
    assert [(request.path.rpartition("/")[2], request.json) for request in service.requests] == [
        ("editMessageText", {**place, "text": "a"}),
        ("editMessageCaption", {**place, "caption": "b", "parse_mode": "MarkdownV2"}),
        ("editMessageReplyMarkup", {**place, "reply_markup": {"inline_keyboard": []}}),
    ]


SIMPLE: list[tuple[Any, dict[str, Any], str, dict[str, Any]]] = [
    (
        telegram.send_location,
        {"chat": "@a_b", "latitude": 1.5, "longitude": 2},
        "sendLocation",
        {"chat_id": "@a_b", "latitude": 1.5, "longitude": 2.0},
    ),
    (
        telegram.send_poll,
        {"chat": "1", "question": "?", "options": "a, b"},
        "sendPoll",
        {
            "chat_id": "1", "question": "?", "options": [{"text": "a"}, {"text": "b"}],
            "is_anonymous": True, "allows_multiple_answers": False,
        },
    ),
    (
        telegram.forward_message,
        {"chat": "1", "from_chat": "2", "message_id": 3},
        "forwardMessage",
        {"chat_id": "1", "from_chat_id": "2", "message_id": 3},
    ),
    (
        telegram.copy_message,
        {"chat": "1", "from_chat": "2", "message_id": 3, "caption": "c"},
        "copyMessage",
        {"chat_id": "1", "from_chat_id": "2", "message_id": 3, "caption": "c"},
    ),
    (
        telegram.pin_message,
        {"chat": "1", "message_id": 3},
        "pinChatMessage",
        {"chat_id": "1", "message_id": 3, "disable_notification": True},
    ),
    (telegram.unpin_message, {"chat": "1", "message_id": 3}, "unpinChatMessage", {"chat_id": "1", "message_id": 3}),
    (telegram.unpin_message, {"chat": "1", "all": True}, "unpinAllChatMessages", {"chat_id": "1"}),
    (
        telegram.set_reaction,
        {"chat": "1", "message_id": 3, "emoji": "👍"},
        "setMessageReaction",
        {"chat_id": "1", "message_id": 3, "reaction": [{"type": "emoji", "emoji": "👍"}]},
    ),
    (
        telegram.answer_callback,
        {"callback_query_id": 4382, "text": "ok", "alert": True},
        "answerCallbackQuery",
        {"callback_query_id": "4382", "text": "ok", "show_alert": True},
    ),
    (
        telegram.set_webhook,
        {"url": "https://a.b/c", "secret_token": "tell-nobody", "kinds": "message"},
        "setWebhook",
        {"url": "https://a.b/c", "secret_token": "tell-nobody", "allowed_updates": ["message"]},
    ),
    (telegram.delete_webhook, {"drop_pending": True}, "deleteWebhook", {"drop_pending_updates": True}),
    (
        telegram.get_updates,
        {"after": 9, "wait": 5, "kinds": ["message"]},
        "getUpdates",
        {"offset": 10, "limit": 100, "timeout": 5, "allowed_updates": ["message"]},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("task", "params", "method", "sent"), SIMPLE, ids=[one[2] for one in SIMPLE])
def test_each_method_is_asked_for_by_its_documented_fields(
    service: FakeService, bot: dict[str, str], task: Any, params: dict[str, Any], method: str, sent: dict[str, Any]
) -> None:
    on(service, method, done([] if method == "getUpdates" else MESSAGE))
    result = task(bot, params)
    succeeded(result)
    assert service.requests[0].json == sent
    assert "tell-nobody" not in json.dumps(result)


def test_chats_and_members_and_the_webhook_are_read(service: FakeService, bot: dict[str, str]) -> None:
    member = {"user": {"id": 5, "is_bot": False, "first_name": "Ada"}, "status": "administrator"}
    on(service, "getChatMember", done(member))
    on(service, "getChatAdministrators", done([member]))
    hook = {"url": "", "has_custom_certificate": False, "pending_update_count": 3}
    on(service, "getWebhookInfo", done(hook))
    assert succeeded(telegram.get_member(bot, {"chat": CHAT, "user_id": 5})) == member
    assert succeeded(telegram.list_administrators(bot, {"chat": CHAT})) == [member]
    assert telegram.get_webhook(bot, {})["message"] == "There is no webhook; 3 wait."
    assert service.requests[0].query == {"chat_id": CHAT, "user_id": "5"}


def test_updates_while_a_webhook_is_set_are_refused_in_words(service: FakeService, bot: dict[str, str]) -> None:
    words = (
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )
    on(service, "getUpdates", refused(409, words))
    result = failed(telegram.get_updates(bot, {}))
    assert result["data"]["kind"] == "conflict"
    assert "Use delete_webhook first" in result["message"]


def test_a_file_goes_up_from_disk_from_data_and_from_the_web(
    service: FakeService, bot: dict[str, str], tmp_path: Path
) -> None:
    for method in ("sendDocument", "sendPhoto"):
        on(service, method, done(MESSAGE))
    (tmp_path / "Größe.csv").write_text("a\n1\n")
    with running_as(Context("run", "flow", "node", 1, None, root=tmp_path)):
        succeeded(telegram.send_file(bot, {"chat": CHAT, "file_path": "Größe.csv", "caption": "ä", "silent": True}))
    content = {"content": {"a": 1}, "file_name": "a.json", "buttons": [{"text": "x", "url": "https://a.b"}]}
    succeeded(telegram.send_file(bot, {"chat": CHAT, **content}))
    succeeded(telegram.send_file(bot, {"chat": CHAT, "url": "https://a.b/c.png", "kind": "photo"}))
    first, second, third = service.requests
    form = parts(first)
    assert form["document"][1] == b"a\n1\n"
    assert {name: form[name] for name in ("chat_id", "caption", "disable_notification")} == {
        "chat_id": CHAT, "caption": "ä", "disable_notification": "true"
    }  # fmt: skip
    form = parts(second)
    assert form["document"] == ("a.json", b'{"a": 1}')
    assert json.loads(form["reply_markup"]) == {"inline_keyboard": [[{"text": "x", "url": "https://a.b"}]]}
    assert third.json == {"chat_id": CHAT, "photo": "https://a.b/c.png"}


def test_an_album_goes_up_as_one(service: FakeService, bot: dict[str, str], tmp_path: Path) -> None:
    on(service, "sendMediaGroup", done([MESSAGE, MESSAGE, MESSAGE]))
    (tmp_path / "a.png").write_bytes(b"png")
    files = ["a.png", {"filename": "b.mp4", "content": b"mp4", "kind": "video"}, {"file_id": "AgAC", "caption": "*c*"}]
    with running_as(Context("run", "flow", "node", 1, None, root=tmp_path)):
        assert len(succeeded(telegram.send_album(bot, {"chat": CHAT, "files": files, "format": "markdown"}))) == 3
    form = parts(service.requests[0])
    assert (form["file0"], form["file1"]) == (("a.png", b"png"), ("b.mp4", b"mp4"))
    assert json.loads(form["media"]) == [
        {"type": "photo", "media": "attach://file0"},
        {"type": "video", "media": "attach://file1"},
        {"type": "photo", "media": "AgAC", "caption": "*c*", "parse_mode": "MarkdownV2"},
    ]


def test_a_file_comes_down_whole_or_not_at_all(service: FakeService, bot: dict[str, str], tmp_path: Path) -> None:
    told = {"file_id": "BQAC", "file_unique_id": "AgAD", "file_size": 5, "file_path": "documents/file 7.txt"}
    on(service, "getFile", done(told))
    service.on("GET", f"/file/bot{TOKEN}/documents/file 7.txt", [Answer(body=b"hello"), Answer(body=b"hell")])
    with running_as(Context("run", "flow", "node", 1, None, root=tmp_path)):
        data = succeeded(telegram.download_file(bot, {"file_id": "BQAC", "file_path": "in/"}))
        assert (data["name"], data["size"]) == ("file 7.txt", 5)
        assert (
            "is there already"
            in failed(telegram.download_file(bot, {"file_id": "BQAC", "file_path": "in/"}))["message"]
        )
        short = telegram.download_file(bot, {"file_id": "BQAC", "file_path": "in/", "overwrite": True})
        assert "4 bytes came of 5" in failed(short)["message"]
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["file 7.txt"]
    assert (tmp_path / "in" / "file 7.txt").read_bytes() == b"hello"


def test_a_dry_run_and_a_run_s_record_show_no_token(service: FakeService, tmp_path: Path, pauses: list[float]) -> None:
    """The address of a message that would be sent is shown; what identifies the bot in it is not."""
    on(service, "sendMessage", refused(400, "Bad Request: chat not found"))
    with Workspace(tmp_path) as ws:
        ws.create_type("telegram")
        ws.create_integration("My Bot", "telegram", {"bot_token": TOKEN, "base_url": service.url})
        flow = Workflow(name="telling")
        flow.add("send", "telegram.send_message", integration="My Bot", params={"chat": "5", "text": "hi"})
        dry = ws.run(flow, dry_run=True)
        (intent,) = dry["send"].intents
        assert intent.action == "POST /bot***/sendMessage"
        assert (intent.detail["url"], intent.detail["json"]["text"]) == (f"{service.url}/bot***/sendMessage", "hi")
        assert not service.requests
        ws.save(flow)
        run = ws.start("telling").wait()
        assert run.status == "failed"
        shown = json.dumps([dry.to_dict(), run.to_dict()])
        assert SECRET not in shown
        assert len(service.requests) == 1
    assert SECRET.encode() not in b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


def test_the_readme_shows_each_task() -> None:
    assert set(examples(Path(telegram.__file__).parent)) == set(telegram.__all__)
