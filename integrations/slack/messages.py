"""Messages and reactions. Facts: the methods' pages under https://docs.slack.dev/reference/methods."""

from __future__ import annotations

import time
from typing import Any

from flowbook import Result, TaskFailed, http, task

from .answers import code_of
from .client import Slack, is_person, post_to_webhook
from .models import (
    Credentials,
    OneMessage,
    Reaction,
    SendEphemeral,
    SendMessage,
    SendNotification,
    UpdateMessage,
)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"text": "Hello", "channel": "C024BE91L", "ts": "1503435956.000247"},
)
def send_message(credentials: Credentials, params: SendMessage) -> Result:
    """Send a message to a channel, a person or a thread.

    By chat.postMessage with a bot token, else by the webhook. Data: channel, ts (for update_message, add_reaction and
    replies) and text; a webhook tells no ts.
    """
    content = {
        "text": params.text,
        "blocks": params.blocks,
        "thread_ts": params.thread_ts,
        "reply_broadcast": params.reply_broadcast or None,
        "unfurl_links": params.unfurl_links,
        "unfurl_media": params.unfurl_media,
    }
    sent = _send(credentials, params.via, params.channel, content)
    return Result.ok("Message sent successfully!", {"text": params.text, **sent})


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def send_notification(credentials: Credentials, params: SendNotification) -> Result:
    """Send a message with a title and a coloured bar: good, warning or danger.

    A secondary attachment (https://docs.slack.dev/legacy/legacy-messaging/legacy-secondary-message-attachments).
    """
    attachment = {
        "fallback": f"{params.title}: {params.message}",
        "color": params.color,
        "title": params.title,
        "text": params.message,
        "footer": "Flowbook",
        "ts": int(time.time()),
    }
    content = {"attachments": [attachment], "thread_ts": params.thread_ts}
    sent = _send(credentials, params.via, params.channel, content)
    return Result.ok("Notification sent!", {"title": params.title, **sent})


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"channel": "C024BE91L", "ts": "1503435956.000247", "text": "Hello"},
)
def update_message(credentials: Credentials, params: UpdateMessage) -> Result:
    """Replace the text, the blocks, or both of a message that the bot sent."""
    with Slack(credentials, "to change a message") as slack:
        answer = slack.post(
            "chat.update",
            channel=slack.channel_id(params.channel),
            ts=params.ts,
            text=params.text,
            blocks=params.blocks,
        )
    data = {"channel": answer.get("channel"), "ts": answer.get("ts", params.ts), "text": params.text}
    return Result.ok("Message updated.", data)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def delete_message(credentials: Credentials, params: OneMessage) -> Result:
    """Delete a message that the bot sent; that there is none (any more) is fine.

    Data: {"channel", "ts", "deleted": whether there was one}.
    """
    with Slack(credentials, "to delete a message") as slack:
        channel = slack.channel_id(params.channel)
        data = {"channel": channel, "ts": params.ts}
        try:
            slack.post("chat.delete", channel=channel, ts=params.ts)
        except http.ServiceError as error:
            if code_of(error) != "message_not_found":
                raise
            return Result.ok("There was no such message.", {**data, "deleted": False})
    return Result.ok("Message deleted.", {**data, "deleted": True})


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"channel": "C024BE91L", "user": "U0123456", "message_ts": "1502210682.580145", "text": "Hello"},
)
def send_ephemeral(credentials: Credentials, params: SendEphemeral) -> Result:
    """Send a message that only one person in a channel sees, until they reload; Slack does not promise that it arrives.

    Data: {"channel", "user" (their ID), "message_ts", "text"}; such a message can be neither changed nor deleted.
    """
    with Slack(credentials, "to send a message to one person") as slack:
        channel, user = slack.channel_id(params.channel), slack.user_id(params.user)
        answer = slack.post(
            "chat.postEphemeral",
            channel=channel,
            user=user,
            text=params.text,
            blocks=params.blocks,
            thread_ts=params.thread_ts,
        )
    data = {"channel": channel, "user": user, "message_ts": answer.get("message_ts"), "text": params.text}
    return Result.ok("Message sent to one person.", data)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_permalink(credentials: Credentials, params: OneMessage) -> Result:
    """Ask for the address of a message. Data: {"channel", "permalink"}."""
    with Slack(credentials, "to ask for a message's address") as slack:
        channel = slack.channel_id(params.channel)
        answer, _ = slack.get("chat.getPermalink", channel=channel, message_ts=params.ts)
    data = {"channel": channel, "permalink": answer.get("permalink")}
    return Result.ok(f"The message is at {answer.get('permalink')}", data)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def add_reaction(credentials: Credentials, params: Reaction) -> Result:
    """Add an emoji to a message; that it is there already is fine."""
    emoji, data, new = _react(credentials, params, "reactions.add", "already_reacted")
    return Result.ok(f":{emoji}: added." if new else f":{emoji}: was there already.", data)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def remove_reaction(credentials: Credentials, params: Reaction) -> Result:
    """Take the bot's emoji off a message; that it is not there is fine."""
    emoji, data, new = _react(credentials, params, "reactions.remove", "no_reaction")
    return Result.ok(f":{emoji}: taken off." if new else f":{emoji}: was not there.", data)


def _react(credentials: Credentials, params: Reaction, method: str, fine: str) -> tuple[str, dict[str, Any], bool]:
    """The emoji, the task's data, and whether anything changed; ``fine`` is Slack's code for that nothing did."""
    emoji = params.emoji.strip(":")
    with Slack(credentials, "for a reaction") as slack:
        channel = slack.channel_id(params.channel)
        data = {"channel": channel, "ts": params.ts, "emoji": emoji}
        try:
            slack.post(method, channel=channel, timestamp=params.ts, name=emoji)
        except http.ServiceError as error:
            if code_of(error) != fine:
                raise
            return emoji, data, False
    return emoji, data, True


def _send(credentials: Credentials, via: str, channel: str | None, content: dict[str, Any]) -> dict[str, Any]:
    """Send by bot token or webhook; which of them, to which channel, and the message's ts where Slack tells it."""
    webhook = credentials.webhook_url
    by_token = via == "bot_token" or (via == "auto" and credentials.bot_token and (channel or not webhook))
    if by_token:
        with Slack(credentials, "to send a message this way") as slack:
            if not channel:
                raise TaskFailed(
                    "Missing 'channel': a bot token can post anywhere.",
                    hint="Say where, as in #general.",
                    permanent=True,
                )
            answer = slack.post("chat.postMessage", channel=_where(slack, channel), **content)
        return {"channel": answer.get("channel", channel), "ts": answer.get("ts"), "via": "bot_token"}
    if not webhook:
        raise TaskFailed(
            "Missing webhook_url or bot_token.", hint="Add one of them to this Slack integration.", permanent=True
        )
    if content.get("reply_broadcast"):
        raise TaskFailed(
            "A webhook cannot show a reply in the channel too.",
            hint="Give this Slack integration a bot token and the message a channel, or leave reply_broadcast off.",
            permanent=True,
        )
    payload = {"channel": channel, **content}
    post_to_webhook(webhook, {name: value for name, value in payload.items() if value is not None})
    return {"channel": channel, "via": "webhook"}


def _where(slack: Slack, channel: str) -> str:
    """What chat.postMessage takes for a channel: a name or an ID, but of a person the conversation with them."""
    return slack.channel_id(channel) if is_person(channel) else channel
