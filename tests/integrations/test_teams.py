"""The Teams tasks, against a local server that answers as Microsoft Graph and a workflow's webhook do.

https://learn.microsoft.com/graph/api/chatmessage-post, /channel-list-messages, /user-list-joinedteams, /channel-list,
/chat-post and /chatmessage-setreaction, whose example answers these are made of; /graph/errors, /graph/paging and
/graph/throttling. A workflow's webhook answers 202 with no body, and errors as
https://learn.microsoft.com/azure/logic-apps/logic-apps-http-endpoint tells.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workflow, Workspace
from flowbook.errors import SignInNeeded
from flowbook.tasks.oauth2 import oauth2_of
from flowbook.testing import Answer, FakeService
from integrations import teams
from integrations.teams.models import Credentials
from tests.integrations.examples import examples
from tests.integrations.outcomes import failing_without, succeeded

TOKEN = "eyJ0eXAiOiJKV1QiLCJub25jZSI6secretsecretsecret"
SIG = "pXlb6c1S8dWFfTqN1q3jzqsecretsigSIGsig"
HOOK_PATH = "/workflows/8d2a/triggers/manual/paths/invoke"
HOOK = f"{HOOK_PATH}?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={SIG}"
TEAM, CHANNEL = "fbe2bf47-16c8-47cf-b4a5-4b9b187c508b", "19:4a95f7d8db4c4e7fae857bcebe0623e6@thread.tacv2"
MESSAGES = f"/v1.0/teams/{TEAM}/channels/{CHANNEL}/messages"
MESSAGE = {
    "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#teams('x')/channels('y')/messages/$entity",
    "id": "1616990032035", "replyToId": None, "etag": "1616990032035", "messageType": "message",
    "createdDateTime": "2021-03-29T03:53:52.035Z", "importance": "normal", "locale": "en-us",
    "from": {"user": {"id": "8ea0e38b", "displayName": "Robin Kline", "userIdentityType": "aadUser"}},
    "body": {"contentType": "text", "content": "Hello World"}, "attachments": [], "mentions": [], "reactions": [],
}  # fmt: skip
PLACE = {"team": TEAM, "channel": CHANNEL}


def refused(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Answer:
    """https://learn.microsoft.com/graph/errors#error-resource-type"""
    inner = {"date": "2020-08-18T12:51:51", "request-id": "0000aaaa", "client-request-id": "0000aaaa"}
    return Answer(
        status, json={"error": {"code": code, "message": message, "innerError": inner}}, headers=headers or {}
    )


@pytest.fixture
def graph(service: FakeService, pauses: list[float]) -> dict[str, str]:
    service.json_type = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false"
    return {"oauth2": TOKEN, "client_id": "x", "tenant": "organizations", "base_url": f"{service.url}/v1.0"}


@pytest.fixture
def hook(service: FakeService, pauses: list[float]) -> dict[str, str]:
    service.on("POST", HOOK_PATH, status=202)
    return {"webhook_url": service.url + HOOK}


failed = failing_without(TOKEN, SIG)


def test_the_sign_in_is_tried_and_the_webhook_only_when_asked(
    service: FakeService, graph: dict[str, str], hook: dict[str, str]
) -> None:
    me = {"id": "87d349ed", "displayName": "Adele Vance", "mail": "a@b.org", "userPrincipalName": "a@b.org"}
    service.on("GET", "/v1.0/me", json=me)
    both = {**graph, **hook}
    result = teams.test_connection(both, {})
    assert succeeded(result)["displayName"] == "Adele Vance"
    assert "webhook was not tried" in result["message"]
    assert service.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"
    succeeded(teams.test_connection(both, {"post_test_message": True}))
    succeeded(teams.test_connection(hook, {}))
    assert [request.method for request in service.requests] == ["GET", "GET", "POST", "POST"]


def test_a_webhook_gets_an_adaptive_card(service: FakeService, hook: dict[str, str]) -> None:
    """With its signature, which stands in the query, and nothing else."""
    params = {"title": "Failed", "text": "**x**", "facts": {"n": 3}, "color": "attention",
              "buttons": [{"title": "Look", "url": "https://a.b"}]}  # fmt: skip
    assert succeeded(teams.send_card(hook, params)) == {"via": "webhook"}
    (call,) = service.requests
    assert (call.query["sig"], call.query["sp"]) == (SIG, "/triggers/manual/run")
    assert "Authorization" not in call.headers
    (attachment,) = call.json["attachments"]
    assert (call.json["type"], attachment["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    card = attachment["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    title, text, facts = card["body"]
    assert (title["text"], title["color"], text["text"]) == ("Failed", "Attention", "**x**")
    assert facts == {"type": "FactSet", "facts": [{"title": "n", "value": "3"}]}
    assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Look", "url": "https://a.b"}]


@pytest.mark.parametrize("params", [{}, {"title": "a", "card": {"type": "AdaptiveCard"}}, {"text": "a", "team": TEAM}])
def test_what_is_no_card_is_refused_before_anything_is_sent(
    service: FakeService, hook: dict[str, str], params: dict[str, Any]
) -> None:
    assert "params do not fit" in failed(teams.send_card(hook, params))["message"]
    assert service.requests == []


def test_a_card_that_teams_would_drop_is_refused(service: FakeService, hook: dict[str, str]) -> None:
    assert "28,000" in failed(teams.send_card(hook, {"text": "x" * 28_000}))["message"]
    assert service.requests == []


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (refused(404, "WorkflowNotFound", "The workflow could not be found."), "not_found", "was deleted"),
        (refused(401, "DirectApiAuthorizationRequired", "The request must be authenticated only by SAS."),
         "unauthorized", "with its sig"),
        (refused(400, "TriggerInputSchemaMismatch", "The input body does not match."), "invalid", "template"),
        (Answer(502, body="bad"), "server_error", "502"),
        (Answer(200, body="<html><title>Sign in</title></html>", headers={"Content-Type": "text/html"}),
         "bad_answer", "Sign in"),
        (Answer(204), "bad_answer", "204"),
        (Answer(drop=True), "unreachable", "broke off"),
    ],
)  # fmt: skip
def test_a_webhook_s_refusal_is_said_in_words_and_its_address_is_not(
    service: FakeService, hook: dict[str, str], answer: Answer, kind: str, words: str
) -> None:
    service.on("POST", HOOK_PATH, answer)
    result = failed(teams.send_card(hook, {"text": "x"}))
    assert (result["data"]["kind"], len(service.requests)) == (kind, 1)
    assert words in result["message"]


def test_without_any_credential_it_says_what_is_missing() -> None:
    assert "nobody is signed in" in failed(teams.test_connection({}, {}))["message"]
    assert "Signing in is required" in failed(teams.list_teams({"webhook_url": "https://a.b"}, {}))["message"]
    assert "needs tenant" in failed(teams.list_teams({"client_id": "x"}, {}))["message"]


def test_a_message_goes_to_a_channel_and_a_reply_to_its_message(service: FakeService, graph: dict[str, str]) -> None:
    service.on("POST", MESSAGES, Answer(201, json=MESSAGE))
    service.on("POST", f"{MESSAGES}/1616990032035/replies", Answer(201, json=MESSAGE))
    assert succeeded(teams.send_message(graph, {**PLACE, "text": "Hello World", "subject": "S"})) == MESSAGE
    reply = {**PLACE, "text": "**a** <b>", "format": "markdown", "reply_to": "1616990032035", "importance": "high"}
    succeeded(teams.send_message(graph, reply))
    first, second = (request.json for request in service.requests)
    assert first == {"body": {"contentType": "text", "content": "Hello World"}, "subject": "S"}
    html = "<p><strong>a</strong> &lt;b&gt;</p>\n"
    assert second == {"body": {"contentType": "html", "content": html}, "importance": "high"}


def test_a_card_by_graph_is_an_attachment_that_the_body_names(service: FakeService, graph: dict[str, str]) -> None:
    service.on("POST", MESSAGES, Answer(201, json=MESSAGE))
    assert succeeded(teams.send_card(graph, {**PLACE, "text": "x"}))["id"] == MESSAGE["id"]
    sent = service.requests[0].json
    (attachment,) = sent["attachments"]
    assert sent["body"]["content"] == f'<attachment id="{attachment["id"]}"></attachment>'
    assert json.loads(attachment["content"])["body"][0]["text"] == "x"


def test_names_are_exact(service: FakeService, graph: dict[str, str]) -> None:
    every = [{"id": TEAM, "displayName": "Shop"}, {"id": "b" * 36, "displayName": "Shop 2"}]
    service.on("GET", "/v1.0/me/joinedTeams", json={"value": every})
    channels = [{"id": CHANNEL, "displayName": "General"}, {"id": "19:x", "displayName": "General"}]
    service.on(
        "GET", f"/v1.0/teams/{TEAM}/channels", [Answer(json={"value": channels[:1]}), Answer(json={"value": channels})]
    )
    service.on("GET", f"{MESSAGES}/1", json=MESSAGE)
    named = {"team": "Shop", "channel": "General", "message_id": "1"}
    assert succeeded(teams.get_message(graph, named)) == MESSAGE
    assert "2 channels called 'General'" in failed(teams.get_message(graph, named))["message"]
    wrong = failed(teams.list_channels(graph, {"team": "shop"}))
    assert "no team called 'shop'" in wrong["message"]
    assert wrong["permanent"]


def test_lists_follow_the_address_of_the_next_page(service: FakeService, graph: dict[str, str]) -> None:
    """@odata.nextLink; one that leads to another host gets no token."""
    following = f"{service.url}{MESSAGES}?$top=50&$skiptoken=abc"
    first = Answer(json={"value": [MESSAGE] * 50, "@odata.nextLink": following})
    service.on("GET", MESSAGES, [first, Answer(json={"value": [MESSAGE] * 20})])
    assert len(succeeded(teams.list_messages(graph, {**PLACE, "all": True}))) == 70
    assert [request.query for request in service.requests] == [{"$top": "50"}, {"$top": "50", "$skiptoken": "abc"}]
    service.on("GET", MESSAGES, Answer(json={"value": [MESSAGE] * 5, "@odata.nextLink": following}))
    some = teams.list_messages(graph, {**PLACE, "limit": 5})
    assert (len(succeeded(some)), "and there are more" in some["message"]) == (5, True)
    away = Answer(json={"value": [MESSAGE], "@odata.nextLink": "https://elsewhere.example/x"})
    service.on("GET", MESSAGES, away)
    assert "another host" in failed(teams.list_messages(graph, {**PLACE, "all": True}))["message"]


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (refused(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."),
         "unauthorized", "Sign in again"),
        (refused(403, "Forbidden", "Missing scope permissions on the request."), "forbidden", "that permission"),
        (refused(404, "NotFound", "NotFound"), "not_found", "Check the IDs"),
        (refused(400, "BadRequest", "Invalid body"), "invalid", "Invalid body (BadRequest)"),
    ],
)  # fmt: skip
def test_a_refusal_of_graph_is_said_in_words_and_does_not_pass(
    service: FakeService, graph: dict[str, str], answer: Answer, kind: str, words: str
) -> None:
    service.on("POST", MESSAGES, answer)
    result = failed(teams.send_message(graph, {**PLACE, "text": "x"}))
    assert (result["data"]["kind"], result["permanent"], len(service.requests)) == (kind, True, 1)
    assert words in result["message"]


@pytest.mark.parametrize(
    "answer", [Answer(502, body="bad"), Answer(201, json={"status": "maintenance"}), Answer(200, json=MESSAGE)]
)
def test_what_is_no_answer_of_graph_is_no_success_and_not_sent_again(
    service: FakeService, graph: dict[str, str], answer: Answer
) -> None:
    service.on("POST", MESSAGES, answer)
    failed(teams.send_message(graph, {**PLACE, "text": "x"}))
    assert len(service.requests) == 1


def test_throttling_is_waited_for(
    service: FakeService, graph: dict[str, str], hook: dict[str, str], pauses: list[float]
) -> None:
    limit = refused(429, "TooManyRequests", "Please retry again later.", {"Retry-After": "10"})
    service.on("POST", MESSAGES, [limit, Answer(201, json=MESSAGE)])
    service.on("POST", HOOK_PATH, [limit, Answer(202)])
    succeeded(teams.send_message(graph, {**PLACE, "text": "x"}))
    succeeded(teams.send_card(hook, {"text": "x"}))
    assert pauses == [10.0, 10.0]


def test_a_message_to_a_person_goes_to_the_chat_with_them(service: FakeService, graph: dict[str, str]) -> None:
    chat = "19:82fe7758-5bb3-4f0d-a43f-e555fd399c6f_8c0a1a67@unq.gbl.spaces"
    service.on("GET", "/v1.0/me", json={"id": "87d349ed"})
    service.on(
        "POST", "/v1.0/chats", [Answer(503, body="busy"), Answer(201, json={"id": chat, "chatType": "oneOnOne"})]
    )
    service.on("POST", f"/v1.0/chats/{chat}/messages", Answer(201, json=MESSAGE))
    succeeded(teams.send_chat_message(graph, {"user": "ada@example.com", "text": "hi"}))
    made = service.requests[2].json
    base = f"{service.url}/v1.0"
    assert [one["user@odata.bind"] for one in made["members"]] == [
        f"{base}/users('87d349ed')",
        f"{base}/users('ada%40example.com')",
    ]
    succeeded(teams.send_chat_message(graph, {"chat": chat, "text": "hi"}))
    service.on("GET", "/v1.0/me/chats", json={"value": [{"id": chat}]})
    service.on("GET", f"/v1.0/chats/{chat}/messages", json={"value": [MESSAGE]})
    assert succeeded(teams.list_chats(graph, {})) == [{"id": chat}]
    assert succeeded(teams.list_chat_messages(graph, {"chat": chat, "limit": 5})) == [MESSAGE]
    assert service.requests[-1].query == {"$top": "5"}


def test_teams_members_channels_and_reactions(service: FakeService, graph: dict[str, str]) -> None:
    service.on("GET", "/v1.0/me", json={"id": "87d349ed"})
    service.on("GET", "/v1.0/me/joinedTeams", json={"value": [{"id": TEAM, "displayName": "Shop"}]})
    service.on("GET", f"/v1.0/teams/{TEAM}/members", json={"value": [{"id": "m", "displayName": "Ada"}]})
    service.on("POST", f"/v1.0/teams/{TEAM}/channels", Answer(201, json={"id": CHANNEL, "displayName": "I"}))
    service.on("POST", f"{MESSAGES}/1/setReaction", Answer(204))
    service.on("POST", f"{MESSAGES}/1/unsetReaction", Answer(204))
    assert len(succeeded(teams.list_teams(graph, {}))) == 1
    assert succeeded(teams.list_members(graph, {"team": TEAM}))[0]["displayName"] == "Ada"
    succeeded(teams.create_channel(graph, {"team": TEAM, "name": "I", "private": True}))
    sent = service.requests[-1].json
    assert (sent["membershipType"], sent["members"][0]["roles"]) == ("private", ["owner"])
    one = {**PLACE, "message_id": "1", "emoji": "👍"}
    succeeded(teams.set_reaction(graph, one))
    succeeded(teams.set_reaction(graph, {**one, "remove": True}))
    assert service.requests[-2].json == {"reactionType": "👍"}


def test_a_sign_in_asks_microsoft_s_own_endpoints_of_the_tenant(tmp_path: Path) -> None:
    """https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow"""
    found = oauth2_of(Credentials)
    assert found is not None
    assert not found.needed
    assert found.said.filled(found.said.token, {"tenant": "a/b"}) == (
        "https://login.microsoftonline.com/a%2Fb/oauth2/v2.0/token"
    )
    assert "offline_access" in found.said.scopes
    with Workspace(tmp_path) as ws:
        ws.create_type("teams")
        ws.create_integration("Signed In", "teams", {"client_id": "my-app", "tenant": "my-tenant"})
        with pytest.raises(SignInNeeded, match="nobody has signed in yet"):
            ws.test_integration("Signed In")


def test_a_dry_run_shows_no_part_of_the_webhook(service: FakeService, hook: dict[str, str], tmp_path: Path) -> None:
    with Workspace(tmp_path) as ws:
        ws.create_type("teams")
        ws.create_integration("My Teams", "teams", hook)
        flow = Workflow(name="telling")
        flow.add("send", "teams.send_card", integration="My Teams", params={"text": "hi"})
        run = ws.run(flow, dry_run=True)
        (intent,) = run["send"].intents
        assert intent.detail["json"]["attachments"][0]["content"]["body"][0]["text"] == "hi"
        assert SIG not in json.dumps(run.to_dict())
    assert not service.requests


def test_the_readme_shows_each_task() -> None:
    assert set(examples(Path(teams.__file__).parent)) == set(teams.__all__)


def test_a_connector_of_former_times_posts_when_it_answers_1_and_only_then(
    service: FakeService, hook: dict[str, str]
) -> None:
    """https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using"""
    told = "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429"
    service.on("POST", HOOK_PATH, [Answer(200, body="1"), Answer(200, body=told)])
    assert succeeded(teams.send_card(hook, {"text": "x"})) == {"via": "webhook"}
    refused = failed(teams.send_card(hook, {"text": "x"}))
    assert "HTTP error 429" in refused["message"]
    assert refused["data"]["may_have_taken_effect"] is True
