"""The Slack tasks. Facts are from https://docs.slack.dev (each method has its page under /reference/methods)."""

from __future__ import annotations

import os
import time
from typing import Any

from flowbook import Result, TaskFailed, current, http, task

from .client import Slack, is_person, post_to_webhook, upload
from .models import (
    AddReaction,
    ChannelHistory,
    Credentials,
    FindUser,
    ListChannels,
    SendMessage,
    SendNotification,
    TestConnection,
    UpdateMessage,
    UploadFile,
)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: TestConnection) -> Result:
    """Try the credentials: the bot token by auth.test, a webhook by posting a test message.

    With both, the webhook is tried only if ``post_test_message`` is set, since that writes into its channel.
    """
    said, data = ["Successfully connected to Slack!"], {"status": "connected"}
    if not credentials.bot_token and not credentials.webhook_url:
        raise TaskFailed("Missing webhook_url and bot_token.", hint="Give one of them, or both.", permanent=True)
    if credentials.bot_token:
        with Slack(credentials, "to test it") as slack:
            answer, response = slack.get("auth.test")
        scopes = response.headers.get("X-OAuth-Scopes", "")
        data |= {name: answer.get(name) for name in ("team", "team_id", "user", "user_id", "bot_id", "url")}
        data |= {"scopes": [scope.strip() for scope in scopes.split(",") if scope.strip()]}
        said.append(f"The bot token is that of {answer.get('user')} in {answer.get('team')}.")
    if credentials.webhook_url and (params.post_test_message or not credentials.bot_token):
        post_to_webhook(credentials.webhook_url, {"text": "Flowbook can post here: the connection test succeeded."})
        said.append("A test message was posted by the webhook.")
    elif credentials.webhook_url:
        said.append("The webhook was not tried (set post_test_message to post a test message).")
    return Result.ok(" ".join(said), data)


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def send_message(credentials: Credentials, params: SendMessage) -> Result:
    """Send a message to a channel, a person or a thread.

    By chat.postMessage with a bot token, else by the webhook. Data: channel, ts (for update_message, add_reaction and
    replies) and text; a webhook tells no ts.
    """
    content = {"text": params.text, "blocks": params.blocks, "thread_ts": params.thread_ts}
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


@task(effects="write", network=True, reads_files="file_path", writes_files=False, runs_code=False)
def upload_file(credentials: Credentials, params: UploadFile) -> Result:
    """Upload a file and share it in channels.

    files.getUploadURLExternal, the upload, files.completeUploadExternal, as
    https://docs.slack.dev/messaging/working-with-files describes. Needs a bot token with files:write, and
    channels:read for channels given by name. Data: file_id, title, size in bytes, channels (IDs), file.
    """
    path = current().file(params.file_path)
    title = params.title or path.name
    with Slack(credentials, "to upload a file") as slack, path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        if size == 0:
            raise TaskFailed(f"{params.file_path} is empty.", hint="Slack takes no empty files.", permanent=True)
        channels = [slack.channel_id(channel) for channel in params.channels]
        ticket = slack.post("files.getUploadURLExternal", filename=path.name, length=size)
        current().progress(0, size, f"uploading {path.name}")
        upload(str(ticket["upload_url"]), stream, size, credentials.base_url)
        current().progress(size, size)
        answer = slack.post(
            "files.completeUploadExternal",
            files=[{"id": ticket["file_id"], "title": title}],
            channel_id=channels[0] if len(channels) == 1 else None,
            channels=",".join(channels) if len(channels) > 1 else None,
            initial_comment=params.initial_comment,
            thread_ts=params.thread_ts,
        )
    file = next(iter(answer.get("files") or []), {})
    where = f"shared in {', '.join(params.channels)}" if channels else "not shared, as no channels were given"
    data = {"file_id": ticket["file_id"], "title": title, "size": size, "channels": channels, "file": file}
    return Result.ok(f"{path.name} uploaded ({where}).", data)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def update_message(credentials: Credentials, params: UpdateMessage) -> Result:
    """Replace the text of a message that the bot sent."""
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
def add_reaction(credentials: Credentials, params: AddReaction) -> Result:
    """Add an emoji to a message; that it is there already is fine."""
    emoji = params.emoji.strip(":")
    with Slack(credentials, "to add a reaction") as slack:
        channel = slack.channel_id(params.channel)
        data = {"channel": channel, "ts": params.ts, "emoji": emoji}
        try:
            slack.post("reactions.add", channel=channel, timestamp=params.ts, name=emoji)
        except http.ServiceError as error:
            if (error.data or {}).get("error") != "already_reacted":
                raise
            return Result.ok(f":{emoji}: was there already.", data)
    return Result.ok(f":{emoji}: added.", data)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_channels(credentials: Credentials, params: ListChannels) -> Result:
    """List the channels that the bot can see. Data: a list of Slack's channel objects."""
    kinds = ",".join(kind.strip() for kind in params.types.split(","))
    with Slack(credentials, "to list channels") as slack:
        channels, more = slack.items(
            "conversations.list",
            "channels",
            None if params.all else params.limit,
            types=kinds,
            exclude_archived=not params.include_archived,
        )
    return Result.ok(_count(channels, "channel", more), channels)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def find_user(credentials: Credentials, params: FindUser) -> Result:
    """Find a person by e-mail address or name. Data: Slack's user object (id, name, real_name, profile).

    By address needs the scope users:read.email, by name users:read.
    """
    with Slack(credentials, "to find a person") as slack:
        user = slack.user_at(params.email) if params.email else slack.user_named(str(params.name))
    return Result.ok(f"{user.get('real_name') or user.get('name')} is {user.get('id')}.", user)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def channel_history(credentials: Credentials, params: ChannelHistory) -> Result:
    """Read the messages of a channel, newest first. Data: a list of Slack's message objects."""
    with Slack(credentials, "to read a channel") as slack:
        messages, more = slack.items(
            "conversations.history",
            "messages",
            None if params.all else params.limit,
            channel=slack.channel_id(params.channel),
            oldest=params.oldest,
            latest=params.latest,
            inclusive=params.inclusive or None,
        )
    return Result.ok(_count(messages, "message", more), messages)


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
    payload = {"channel": channel, **content}
    post_to_webhook(webhook, {name: value for name, value in payload.items() if value is not None})
    return {"channel": channel, "via": "webhook"}


def _where(slack: Slack, channel: str) -> str:
    """What chat.postMessage takes for a channel: a name or an ID, but of a person the conversation with them."""
    return slack.channel_id(channel) if is_person(channel) else channel


def _count(items: list[Any], what: str, more: bool) -> str:
    cut = " (there are more: raise limit, or set all)" if more else ""
    return f"{len(items)} {what}{'' if len(items) == 1 else 's'}{cut}."
