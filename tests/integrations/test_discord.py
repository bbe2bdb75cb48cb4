"""The Discord tasks, against a local server that answers as Discord does.

https://docs.discord.com/developers/reference (error messages, uploading files), .../topics/rate-limits (its example
answers), .../topics/opcodes-and-status-codes, .../resources/message, .../resources/webhook and .../resources/guild.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workflow, Workspace
from flowbook.tasks import Context, running_as
from flowbook.testing import Answer, FakeService, Request
from integrations import discord
from tests.integrations.examples import examples
from tests.integrations.forms import parts
from tests.integrations.outcomes import failing_without, succeeded

TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
HOOK_TOKEN = "3d89bb7572e0fb30d8128367b3b1b44fecd1726de135cbe28a41f8b2f777c372ba2939e72279b94526ff5d1bd4358d65cf11"
HOOK = f"/api/webhooks/223704706495545344/{HOOK_TOKEN}"
SERVER, CHANNEL, MESSAGE_ID = "197038439483310086", "41771983423143937", "334385199974967042"
MESSAGE = {
    "id": MESSAGE_ID, "channel_id": CHANNEL, "type": 0, "content": "Hello", "embeds": [], "attachments": [],
    "author": {"id": "53908099506183680", "username": "Mason", "discriminator": "0"},
    "timestamp": "2017-07-11T17:27:07.299000+00:00",
}  # fmt: skip
PLACE = {"channel": CHANNEL, "message_id": MESSAGE_ID}


def refused(status: int, code: int, message: str, **more: Any) -> Answer:
    """As the section "Error Messages" shows it."""
    return Answer(status, json={"code": code, "message": message, **more})


@pytest.fixture
def bot(service: FakeService, pauses: list[float]) -> dict[str, str]:
    return {"bot_token": TOKEN, "base_url": f"{service.url}/api/v10"}


@pytest.fixture
def hook(service: FakeService, pauses: list[float]) -> dict[str, str]:
    service.on("POST", HOOK, json=MESSAGE)
    return {"webhook_url": service.url + HOOK}


failed = failing_without(TOKEN, HOOK_TOKEN)


def api(service: FakeService, method: str, path: str, *answers: Answer) -> None:
    service.on(method, f"/api/v10/{path}", list(answers))


def test_both_credentials_are_tried_and_nothing_is_sent(
    service: FakeService, bot: dict[str, str], hook: dict[str, str]
) -> None:
    """The answer about a webhook holds its token; the task's data does not."""
    api(service, "GET", "users/@me", Answer(json={"id": "80351110224678912", "username": "flows", "bot": True}))
    told = {"name": "ci", "type": 1, "channel_id": CHANNEL, "token": HOOK_TOKEN, "avatar": None, "guild_id": SERVER,
            "id": "223704706495545344", "application_id": None}  # fmt: skip
    service.on("GET", HOOK, json={**told, "url": f"https://discord.com{HOOK}"})
    result = discord.test_connection({**bot, **hook}, {})
    data = succeeded(result)
    assert (data["bot"]["username"], data["webhook"]["name"]) == ("flows", "ci")
    assert HOOK_TOKEN not in json.dumps(result)
    assert [request.method for request in service.requests] == ["GET", "GET"]
    assert service.requests[0].headers["Authorization"] == f"Bot {TOKEN}"
    assert service.requests[0].headers["User-Agent"].startswith("DiscordBot (https://")
    assert "Authorization" not in service.requests[1].headers


@pytest.mark.parametrize("address", ["https://discord.com/api/webhooks/1/x/slack", "https://a.b/c", "nonsense"])
def test_what_is_no_webhook_is_refused(address: str) -> None:
    result = discord.send_message({"webhook_url": address}, {"content": "x"})
    assert "webhook_url" in failed(result)["message"]


def test_without_any_credential_it_says_what_is_missing() -> None:
    for task, params in ((discord.test_connection, {}), (discord.send_message, {"content": "x"})):
        assert (
            "Missing webhook_url and bot_token"
            in failed(task({"webhook_url": "", "bot_token": " "}, params))["message"]
        )


def test_a_webhook_s_message_is_waited_for(service: FakeService, hook: dict[str, str]) -> None:
    """Without wait=true a message that is not saved makes no error."""
    params = {"content": "Hello", "username": "CI", "embeds": '{"title": "t"}', "silent": True, "mentions": "none"}
    assert succeeded(discord.send_message(hook, params)) == MESSAGE
    (call,) = service.requests
    assert call.query == {"wait": "true"}
    assert call.json == {
        "content": "Hello", "username": "CI", "embeds": [{"title": "t"}], "flags": 4096,
        "allowed_mentions": {"parse": []},
    }  # fmt: skip


def test_a_bot_s_message_goes_to_its_channel(service: FakeService, bot: dict[str, str], hook: dict[str, str]) -> None:
    api(service, "POST", f"channels/{CHANNEL}/messages", Answer(json=MESSAGE))
    both = {**bot, **hook}
    assert (
        succeeded(discord.send_message(both, {"content": "Hello", "channel": CHANNEL, "reply_to": MESSAGE_ID}))
        == MESSAGE
    )
    succeeded(discord.send_message(both, {"content": "Hello"}))
    succeeded(discord.send_message(both, {"content": "Hello", "channel": CHANNEL, "via": "webhook"}))
    assert "Missing 'channel'" in failed(discord.send_message(both, {"content": "x", "via": "bot"}))["message"]
    first, second, third = service.requests
    assert first.json == {
        "content": "Hello", "message_reference": {"message_id": MESSAGE_ID},
        "allowed_mentions": {"parse": ["users", "roles"]},
    }  # fmt: skip
    assert (second.path, third.path) == (HOOK, HOOK)


def test_in_a_run_a_message_whose_answer_is_lost_is_sent_once(service: FakeService, bot: dict[str, str]) -> None:
    """nonce and enforce_nonce: Discord gives the message back that it has already; another call has another nonce."""
    api(service, "POST", f"channels/{CHANNEL}/messages", Answer(502, body="Bad Gateway"), Answer(json=MESSAGE))
    for index in (0, 1):
        with running_as(Context("run", "flow", "node", 1, index)):
            succeeded(discord.send_message(bot, {"content": "Hello", "channel": CHANNEL}))
    first, again, other = (request.json for request in service.requests)
    assert first == again
    assert first["enforce_nonce"] is True
    assert len(first["nonce"]) <= 25
    assert other["nonce"] != first["nonce"]


@pytest.mark.parametrize(
    "answer", [Answer(502, body="Bad Gateway"), Answer(drop=True), Answer(204), Answer(json={"hello": 1})]
)
def test_a_webhook_s_message_is_not_sent_a_second_time(
    service: FakeService, hook: dict[str, str], answer: Answer
) -> None:
    service.on("POST", HOOK, answer)
    failed(discord.send_message(hook, {"content": "x"}))
    assert len(service.requests) == 1


def test_names_of_channels_are_exact_and_looked_up_in_the_server(service: FakeService, bot: dict[str, str]) -> None:
    api(service, "GET", "users/@me/guilds", Answer(json=[{"id": SERVER, "name": "Acme"}]))
    names = ["general", "General", "general-2", "twice", "twice"]
    channels = [{"id": str(41771983423143900 + n), "name": name, "type": 0} for n, name in enumerate(names)]
    api(service, "GET", f"guilds/{SERVER}/channels", Answer(json=channels))
    api(service, "POST", "channels/41771983423143900/messages", Answer(json=MESSAGE))
    succeeded(discord.send_message(bot, {"content": "x", "channel": "#general", "server": "Acme"}))
    succeeded(discord.send_message(bot, {"content": "x", "channel": "#general"}))
    wrong = failed(discord.send_message(bot, {"content": "x", "channel": "#gener"}))
    assert "there is no channel 'gener'" in wrong["message"]
    assert wrong["permanent"]
    assert "2 channels are called 'twice'" in failed(discord.get_message(bot, {**PLACE, "channel": "twice"}))["message"]
    assert "no server 'acme'" in failed(discord.list_channels(bot, {"server": "acme"}))["message"]


def test_a_bot_in_several_servers_has_to_be_told_which(service: FakeService, bot: dict[str, str]) -> None:
    two = [{"id": SERVER, "name": "A"}, {"id": "197038439483310087", "name": "B"}]
    api(service, "GET", "users/@me/guilds", Answer(json=two))
    api(service, "GET", f"guilds/{SERVER}/roles", Answer(json=[]))
    assert "in 2 servers" in failed(discord.list_roles(bot, {}))["message"]
    assert succeeded(discord.list_roles({**bot, "server": "A"}, {})) == []


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (refused(403, 50001, "Missing Access"), "forbidden", "does not see that channel"),
        (refused(403, 50013, "Missing Permissions"), "forbidden", "permission"),
        (refused(404, 10003, "Unknown Channel"), "not_found", "Unknown Channel"),
        (refused(400, 50006, "Cannot send an empty message"), "invalid", "Give content"),
        (refused(401, 0, "401: Unauthorized"), "unauthorized", "token of the bot"),
        (refused(403, 50007, "Cannot send messages to this user"), "forbidden", "takes no messages"),
        (refused(413, 40005, "Request entity too large"), "invalid", "smaller file"),
        (
            refused(
                400, 50035, "Invalid Form Body",
                errors={"embeds": {"0": {"title": {"_errors": [{"code": "MAX_LENGTH", "message": "Too long."}]}}}},
            ),
            "invalid",
            "embeds.0.title: Too long.",
        ),
    ],
)  # fmt: skip
def test_a_refusal_is_said_in_words_and_does_not_pass(
    service: FakeService, bot: dict[str, str], answer: Answer, kind: str, words: str
) -> None:
    api(service, "POST", f"channels/{CHANNEL}/messages", answer)
    result = failed(discord.send_message(bot, {"content": "x", "channel": CHANNEL}))
    assert (result["data"]["kind"], result["permanent"]) == (kind, True)
    assert words in result["message"]
    assert len(service.requests) == 1


def limited(seconds: float, scope: str, headers: dict[str, str]) -> Answer:
    """The example answers of https://docs.discord.com/developers/topics/rate-limits."""
    told = {"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1470173023.123",
            "X-RateLimit-Reset-After": "64.57", "X-RateLimit-Scope": scope}  # fmt: skip
    body = {"message": "You are being rate limited.", "retry_after": seconds, "global": scope == "global"}
    return Answer(429, json=body, headers={**told, **headers})


@pytest.mark.parametrize(("headers", "waited"), [({}, 4.57), ({"Retry-After": "5"}, 5.0)])
def test_a_rate_limit_is_waited_for(
    service: FakeService, hook: dict[str, str], pauses: list[float], headers: dict[str, str], waited: float
) -> None:
    service.on("POST", HOOK, [limited(4.57, "user", headers), Answer(json=MESSAGE)])
    succeeded(discord.send_message(hook, {"content": "x"}))
    assert pauses == [waited]


def test_a_long_rate_limit_is_left_to_the_nodes_retry(service: FakeService, hook: dict[str, str]) -> None:
    service.on("POST", HOOK, limited(1336.57, "shared", {"Retry-After": "1337"}))
    result = failed(discord.send_message(hook, {"content": "x"}))
    assert (result["data"]["kind"], result.get("permanent", False)) == ("rate_limited", False)
    assert "wait 1337 s" in result["message"]


def test_files_go_up_with_the_message(
    service: FakeService, bot: dict[str, str], hook: dict[str, str], tmp_path: Path
) -> None:
    """files[n], payload_json and attachments."""
    api(service, "POST", f"channels/{CHANNEL}/messages", Answer(json=MESSAGE))
    (tmp_path / "a.txt").write_text("hello")
    with running_as(Context("run", "flow", "node", 1, None, root=tmp_path)):
        files = ["a.txt", {"filename": "b.json", "content": {"a": 1}}]
        succeeded(discord.send_file(bot, {"channel": CHANNEL, "content": "ä", "files": files}))
    succeeded(discord.send_file(hook, {"files": [{"filename": "c.csv", "content": "x"}]}))
    form = parts(service.requests[0])
    assert (form["files[0]"], form["files[1]"]) == (("a.txt", b"hello"), ("b.json", b'{"a": 1}'))
    payload = json.loads(form["payload_json"])
    assert payload["attachments"] == [{"id": 0, "filename": "a.txt"}, {"id": 1, "filename": "b.json"}]
    assert (payload["content"], payload["enforce_nonce"]) == ("ä", True)
    assert service.requests[1].query == {"wait": "true"}


def test_messages_are_changed_and_deleted_by_whoever_sent_them(
    service: FakeService, bot: dict[str, str], hook: dict[str, str]
) -> None:
    path = f"channels/{CHANNEL}/messages/{MESSAGE_ID}"
    api(service, "PATCH", path, Answer(json=MESSAGE))
    service.on("PATCH", f"{HOOK}/messages/{MESSAGE_ID}", json=MESSAGE)
    api(service, "DELETE", path, Answer(204), refused(404, 10008, "Unknown Message"))
    service.on("DELETE", f"{HOOK}/messages/{MESSAGE_ID}", status=204)
    assert succeeded(discord.edit_message(bot, {**PLACE, "content": "new"})) == MESSAGE
    assert (
        succeeded(discord.edit_message(hook, {"message_id": MESSAGE_ID, "content": "new", "thread_id": CHANNEL}))
        == MESSAGE
    )
    assert service.requests[1].query == {"thread_id": CHANNEL}
    assert succeeded(discord.delete_message(bot, PLACE))["deleted"] is True
    assert succeeded(discord.delete_message(bot, PLACE))["deleted"] is False
    assert succeeded(discord.delete_message(hook, {"message_id": MESSAGE_ID}))["deleted"] is True


def pages_of_messages(ids: list[int]) -> Any:
    """Get Channel Messages: newest first, before an ID."""

    def answer(request: Request) -> Answer:
        before = int(request.query.get("before", 10**20))
        page = [{**MESSAGE, "id": str(id)} for id in ids if id < before][: int(request.query["limit"])]
        return Answer(json=page)

    return answer


def test_messages_are_read_page_by_page(service: FakeService, bot: dict[str, str]) -> None:
    ids = list(range(334385199974967250, 334385199974967000, -1))
    service.on("GET", f"/api/v10/channels/{CHANNEL}/messages", pages_of_messages(ids))
    every = succeeded(discord.list_messages(bot, {"channel": CHANNEL, "all": True}))
    assert [int(one["id"]) for one in every] == ids
    assert [request.query["limit"] for request in service.requests] == ["100", "100", "100"]
    some = discord.list_messages(bot, {"channel": CHANNEL, "limit": 120})
    assert [int(one["id"]) for one in succeeded(some)] == ids[:120]
    assert "there may be more" in some["message"]
    asked = {"channel": CHANNEL, "since": str(ids[30]), "until": str(ids[9]), "all": True}
    assert [int(one["id"]) for one in succeeded(discord.list_messages(bot, asked))] == ids[10:30]


def test_a_date_stands_for_the_ids_of_its_moment(service: FakeService, bot: dict[str, str]) -> None:
    """The example of https://docs.discord.com/developers/reference#snowflakes: 175928847299117063."""
    service.on("GET", f"/api/v10/channels/{CHANNEL}/messages", json=[])
    succeeded(discord.list_messages(bot, {"channel": CHANNEL, "until": "2016-04-30T11:18:25.796Z"}))
    assert int(service.requests[0].query["before"]) == 175928847299117063 >> 22 << 22


def test_reactions_and_pins(service: FakeService, bot: dict[str, str]) -> None:
    service.on("*", "/api/v10/channels/{rest:path}", status=204)
    succeeded(discord.add_reaction(bot, {**PLACE, "emoji": "👍"}))
    succeeded(discord.remove_reaction(bot, {**PLACE, "emoji": "<:ok:41771983429993937>"}))
    succeeded(discord.pin_message(bot, PLACE))
    succeeded(discord.unpin_message(bot, PLACE))
    base = f"/api/v10/channels/{CHANNEL}/messages"
    assert [(request.method, request.path) for request in service.requests] == [
        ("PUT", f"{base}/{MESSAGE_ID}/reactions/👍/@me"),
        ("DELETE", f"{base}/{MESSAGE_ID}/reactions/ok:41771983429993937/@me"),
        ("PUT", f"{base}/pins/{MESSAGE_ID}"),
        ("DELETE", f"{base}/pins/{MESSAGE_ID}"),
    ]


def test_a_direct_message_opens_the_channel_to_one_person(service: FakeService, bot: dict[str, str]) -> None:
    members = [
        {"user": {"id": "80351110224678912", "username": "ada", "global_name": "Ada L."}, "nick": None, "roles": []},
        {"user": {"id": "80351110224678913", "username": "adam", "global_name": "Ada"}, "nick": "ADA", "roles": []},
    ]
    api(service, "GET", f"guilds/{SERVER}/members/search", Answer(json=members))
    api(service, "POST", "users/@me/channels", Answer(json={"id": CHANNEL, "type": 1}))
    api(service, "POST", f"channels/{CHANNEL}/messages", Answer(json=MESSAGE))
    succeeded(discord.send_direct_message({**bot, "server": SERVER}, {"user": "@ada", "content": "Hello"}))
    assert [request.json for request in service.requests[1:2]] == [{"recipient_id": "80351110224678912"}]
    nobody = failed(discord.find_member(bot, {"user": "@ad", "server": SERVER}))
    assert "there is no member '@ad'" in nobody["message"]


def test_channels_and_threads_are_made(service: FakeService, bot: dict[str, str]) -> None:
    made = Answer(201, json={"id": CHANNEL, "name": "incident-42", "type": 0})
    api(service, "POST", f"guilds/{SERVER}/channels", made)
    api(service, "POST", f"channels/{CHANNEL}/threads", made)
    api(service, "POST", f"channels/{CHANNEL}/messages/{MESSAGE_ID}/threads", made)
    params = {"server": SERVER, "name": "incident-42", "kind": "forum", "category": CHANNEL}
    assert succeeded(discord.create_channel(bot, params))["id"] == CHANNEL
    thread = {"channel": CHANNEL, "name": "t"}
    for more in ({}, {"content": "first"}, {"message_id": MESSAGE_ID}):
        succeeded(discord.create_thread(bot, {**thread, **more}))
    named = {"name": "t", "auto_archive_duration": 1440}
    assert [request.json for request in service.requests] == [
        {"name": "incident-42", "type": 15, "parent_id": CHANNEL},
        {**named, "type": 11},
        {**named, "message": {"content": "first"}},
        named,
    ]


def test_members_are_listed_page_by_page_and_roles_given(service: FakeService, bot: dict[str, str]) -> None:
    first = 80351110224678000

    def members(request: Request) -> Answer:
        start = int(request.query.get("after", first - 1)) + 1
        size = min(int(request.query["limit"]), first + 1500 - start)
        return Answer(json=[{"user": {"id": str(start + n)}, "roles": []} for n in range(size)])

    service.on("GET", f"/api/v10/guilds/{SERVER}/members", members)
    at = {"server": SERVER}
    assert len(succeeded(discord.list_members(bot, {**at, "all": True}))) == 1500
    assert len(succeeded(discord.list_members(bot, {**at, "limit": 1200}))) == 1200
    role = "41771983423143999"
    api(service, "GET", f"guilds/{SERVER}/roles", Answer(json=[{"id": role, "name": "On call"}]))
    service.on("*", f"/api/v10/guilds/{SERVER}/members/{first}/roles/{role}", status=204)
    who = {**at, "user": str(first), "role": "On call"}
    assert succeeded(discord.add_role(bot, who))["role_id"] == role
    succeeded(discord.remove_role(bot, who))
    assert [request.method for request in service.requests if request.path.endswith(role)] == ["PUT", "DELETE"]


def test_a_dry_run_shows_no_part_of_the_webhook(service: FakeService, hook: dict[str, str], tmp_path: Path) -> None:
    with Workspace(tmp_path) as ws:
        ws.create_type("discord")
        ws.create_integration("My Discord", "discord", hook)
        flow = Workflow(name="telling")
        flow.add("send", "discord.send_message", integration="My Discord", params={"content": "hi"})
        run = ws.run(flow, dry_run=True)
        (intent,) = run["send"].intents
        assert intent.detail["json"]["content"] == "hi"
        assert HOOK_TOKEN not in json.dumps(run.to_dict())
    assert not service.requests


def test_the_readme_shows_each_task() -> None:
    assert set(examples(Path(discord.__file__).parent)) == set(discord.__all__)
