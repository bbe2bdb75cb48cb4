"""Cards and messages of channels.

Facts: https://learn.microsoft.com/graph/api/chatmessage-post, /graph/api/channel-list-messages and
https://adaptivecards.io/explorer.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from flowbook import Result, TaskFailed, http, task
from flowbook.counting import counted

from .client import CARD, PAGE, Graph, check_size, post_to_webhook
from .models import (
    Credentials,
    Format,
    ListMessages,
    OneMessage,
    SendCard,
    SendMessage,
    SetReaction,
    TestConnection,
)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: TestConnection) -> Result:
    """Ask Graph who signed in; try the webhook by posting a test card.

    With both, the webhook is tried only if ``post_test_message`` is set, since that writes into its channel.
    """
    said = ["Successfully connected to Microsoft Teams!"]
    data: dict[str, Any] = {"status": "connected"}
    signed_in = bool(credentials.oauth2 and credentials.oauth2.reveal())
    if not signed_in and not credentials.webhook_url:
        raise TaskFailed("Missing webhook_url, and nobody is signed in.", hint="Do one, or both.", permanent=True)
    if signed_in:
        with Graph(credentials, "to test it") as graph:
            me = graph.one("GET", "me")
        data |= {name: me.get(name) for name in ("id", "displayName", "mail", "userPrincipalName")}
        said.append(f"Signed in as {me.get('displayName')}.")
    if credentials.webhook_url and (params.post_test_message or not signed_in):
        words = "Flowbook can post here: the connection test succeeded."
        post_to_webhook(credentials, simple_card(SendCard(text=words)))
        said.append("A test card was handed to the webhook.")
    elif credentials.webhook_url:
        said.append("The webhook was not tried (set post_test_message to post a test card).")
    return Result.ok(" ".join(said), data)


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def send_card(credentials: Credentials, params: SendCard) -> Result:
    """Post a card of title, text, facts and links, or a whole Adaptive Card, by the webhook or to a channel by Graph.

    A webhook tells only that the card was taken; Graph gives the message (id, webUrl).
    """
    card = params.card or simple_card(params)
    if not (params.team and params.channel):
        post_to_webhook(credentials, card)
        return Result.ok("Card handed to the webhook.", {"via": "webhook"})
    id = str(uuid.uuid4())
    body = {
        "body": {"contentType": "html", "content": f'<attachment id="{id}"></attachment>'},
        "attachments": [{"id": id, "contentType": CARD, "contentUrl": None, "content": json.dumps(card)}],
    }
    check_size(body)
    with Graph(credentials, "to post a card to a channel") as graph:
        path = _messages(graph, params.team, params.channel)
        message = graph.one("POST", path, json=body, expect=(201,))
    return Result.ok("Card sent.", message)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "id": "1616990032035",
        "webUrl": "https://teams.microsoft.com/l/message/19%3Ageneral%40thread.tacv2/1616990032035",
    },
)
def send_message(credentials: Credentials, params: SendMessage) -> Result:
    """Send a message to a channel, or reply to one there, as who signed in. Data: Graph's message (id, webUrl).

    https://learn.microsoft.com/graph/api/chatmessage-post
    """
    body: dict[str, Any] = {"body": content(params.text, params.format)}
    if params.subject and not params.reply_to:
        body["subject"] = params.subject
    if params.importance != "normal":
        body["importance"] = params.importance
    check_size(body)
    with Graph(credentials, "to send a message to a channel") as graph:
        path = _messages(graph, params.team, params.channel)
        path = f"{path}/{http.segment(params.reply_to)}/replies" if params.reply_to else path
        message = graph.one("POST", path, json=body, expect=(201,))
    return Result.ok(f"Message sent to {params.channel}.", message)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_message(credentials: Credentials, params: OneMessage) -> Result:
    """Read one message of a channel. Data: Graph's message (body, from, attachments, reactions)."""
    with Graph(credentials, "to read a message") as graph:
        path = _messages(graph, params.team, params.channel)
        message = graph.one("GET", f"{path}/{http.segment(params.message_id)}")
    return Result.ok("Message read.", message)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_messages(credentials: Credentials, params: ListMessages) -> Result:
    """Read the messages of a channel, without replies, those changed last first. Data: a list of Graph's messages.

    https://learn.microsoft.com/graph/api/channel-list-messages
    """
    with Graph(credentials, "to read a channel") as graph:
        path = _messages(graph, params.team, params.channel)
        size = PAGE if params.wanted is None else min(PAGE, params.wanted)
        found, more = graph.several(path, params.wanted, {"$top": size})
    return Result.ok(f"{counted(len(found), 'message', more)}.", found)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def set_reaction(credentials: Credentials, params: SetReaction) -> Result:
    """React to a message of a channel with an emoji, or take it away.

    https://learn.microsoft.com/graph/api/chatmessage-setreaction
    """
    action = "unsetReaction" if params.remove else "setReaction"
    with Graph(credentials, "for a reaction") as graph:
        path = _messages(graph, params.team, params.channel)
        graph.done(f"{path}/{http.segment(params.message_id)}/{action}", {"reactionType": params.emoji})
    data = {"message_id": params.message_id, "emoji": params.emoji}
    return Result.ok(f"{params.emoji} {'taken away' if params.remove else 'added'}.", data)


def content(text: str, format: Format) -> dict[str, str]:
    """Graph's itemBody of a text."""
    if format == "markdown":
        from markdown_it import MarkdownIt

        markup = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
        return {"contentType": "html", "content": markup.render(text)}
    return {"contentType": format, "content": text}


def simple_card(params: SendCard) -> dict[str, Any]:
    """An Adaptive Card of title, text, facts and links."""
    body: list[dict[str, Any]] = []
    if params.title:
        title = {"type": "TextBlock", "text": params.title, "weight": "Bolder", "size": "Large", "wrap": True}
        body.append({**title, "color": params.color.capitalize()})
    if params.text:
        body.append({"type": "TextBlock", "text": params.text, "wrap": True})
    if params.facts:
        facts = [{"title": name, "value": str(value)} for name, value in params.facts.items()]
        body.append({"type": "FactSet", "facts": facts})
    actions = [{"type": "Action.OpenUrl", "title": one["title"], "url": one["url"]} for one in params.buttons]
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        **({"actions": actions} if actions else {}),
    }


def _messages(graph: Graph, team: str, channel: str) -> str:
    id = graph.team_id(team)
    return f"teams/{http.segment(id)}/channels/{http.segment(graph.channel_id(id, channel))}/messages"
