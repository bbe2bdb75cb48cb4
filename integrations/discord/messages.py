"""Messages and reactions. Facts: https://docs.discord.com/developers/resources/message and .../resources/webhook."""

from __future__ import annotations

from typing import Any

from flowbook import Result, TaskFailed, http, task

from .answers import UNKNOWN_MESSAGE, code_of
from .client import PAGE, Bot, Webhook
from .models import (
    Credentials,
    DeleteMessage,
    EditMessage,
    ListMessages,
    OneMessage,
    Reaction,
    SendDirectMessage,
    SendFile,
    SendMessage,
    Way,
)

# What a dry run goes on with in the place of what the service would answer.
_SENT = {
    "id": "334385199974967042",
    "channel_id": "290926798999357250",
    "content": "Hello",
    "timestamp": "2017-07-11T17:27:07.299000+00:00",
    "author": {"id": "53908099506183680", "username": "Mason"},
    "attachments": [],
}


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example=_SENT,
)
def send_message(credentials: Credentials, params: SendMessage) -> Result:
    """Send a message to a channel or thread. Data: Discord's message (id, channel_id, content, timestamp).

    By the bot, which within a run sends it once even when it has to try again, else by the webhook.
    """
    message = send(credentials, params, [])
    return Result.ok("Message sent.", message)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example=_SENT,
)
def send_direct_message(credentials: Credentials, params: SendDirectMessage) -> Result:
    """Send a message to one person who shares a server with the bot. Data: Discord's message.

    https://docs.discord.com/developers/resources/user#create-dm
    """
    with Bot(credentials, "to write to one person") as bot:
        user = bot.user_id(params.user, params.server)
        # Asking for it again gives the same channel.
        channel = bot.one("POST", "users/@me/channels", json={"recipient_id": user}, expect=(200,), retry=True)
        message = bot.post(str(channel["id"]), params.payload(), [])
    return Result.ok(f"Message sent to {params.user}.", message)


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example=_SENT,
)
def edit_message(credentials: Credentials, params: EditMessage) -> Result:
    """Replace what a message of the bot, or of the webhook, says. Data: Discord's message."""
    options: dict[str, Any] = {"json": params.payload(), "expect": (200,), "retry": True}
    if _by_bot(credentials, params.via, params.channel):
        with Bot(credentials, "to change a message") as bot:
            channel = bot.channel_id(_channel(params.channel), params.server)
            message = bot.one("PATCH", f"channels/{channel}/messages/{params.message_id}", **options)
    else:
        with Webhook(credentials) as hook:
            message = hook.one("PATCH", f"messages/{params.message_id}", params=_thread(params.thread_id), **options)
    return Result.ok("Message changed.", message)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def delete_message(credentials: Credentials, params: DeleteMessage) -> Result:
    """Delete a message; that there is none (any more) is fine.

    Data: {"message_id", "deleted": whether there was one}.
    """
    data = {"message_id": params.message_id}
    try:
        if _by_bot(credentials, params.via, params.channel):
            with Bot(credentials, "to delete a message") as bot:
                channel = bot.channel_id(_channel(params.channel), params.server)
                bot.done("DELETE", f"channels/{channel}/messages/{params.message_id}")
        else:
            with Webhook(credentials) as hook:
                hook.done("DELETE", f"messages/{params.message_id}", params=_thread(params.thread_id))
    except http.ServiceError as error:
        if code_of(error) != UNKNOWN_MESSAGE:
            raise
        return Result.ok("There is no such message.", {**data, "deleted": False})
    return Result.ok("Message deleted.", {**data, "deleted": True})


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_message(credentials: Credentials, params: OneMessage) -> Result:
    """Read one message. Data: Discord's message (content, author, embeds, attachments, reactions)."""
    with Bot(credentials, "to read a message") as bot:
        channel = bot.channel_id(params.channel, params.server)
        message = bot.one("GET", f"channels/{channel}/messages/{params.message_id}")
    return Result.ok("Message read.", message)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_messages(credentials: Credentials, params: ListMessages) -> Result:
    """Read the messages of a channel or thread, newest first. Data: a list of Discord's messages.

    What they say is empty unless the bot has the Message Content intent.
    https://docs.discord.com/developers/resources/message#get-channel-messages
    """
    wanted = params.wanted
    found: list[dict[str, Any]] = []
    before, more = params.until, True
    with Bot(credentials, "to read a channel") as bot:
        path = f"channels/{bot.channel_id(params.channel, params.server)}/messages"
        while more and (wanted is None or len(found) < wanted):
            size = PAGE if wanted is None else min(PAGE, wanted - len(found))
            page = bot.many(path, limit=size, before=before)
            new = [one for one in page if params.since is None or int(one["id"]) > int(params.since)]
            found += new
            more = len(page) == size and len(new) == len(page) and page[-1]["id"] != before
            before = str(page[-1]["id"]) if page else before
    words = f"{len(found)} message{'' if len(found) == 1 else 's'}{'; there may be more' if more else ''}."
    return Result.ok(words, found)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def add_reaction(credentials: Credentials, params: Reaction) -> Result:
    """Add the bot's emoji to a message; that it is there already is fine."""
    return _react(credentials, params, "PUT", "added")


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def remove_reaction(credentials: Credentials, params: Reaction) -> Result:
    """Take the bot's emoji off a message."""
    return _react(credentials, params, "DELETE", "taken off")


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def pin_message(credentials: Credentials, params: OneMessage) -> Result:
    """Pin a message. https://docs.discord.com/developers/resources/message#pin-message"""
    return _pin(credentials, params, "PUT", "pinned")


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def unpin_message(credentials: Credentials, params: OneMessage) -> Result:
    """Unpin a message. https://docs.discord.com/developers/resources/message#unpin-message"""
    return _pin(credentials, params, "DELETE", "unpinned")


def send(credentials: Credentials, params: SendMessage | SendFile, files: list[Any]) -> dict[str, Any]:
    """Send by the bot or by the webhook; what Discord says of the message."""
    payload = params.payload()
    if _by_bot(credentials, params.via, params.channel):
        reply = {"message_reference": {"message_id": params.reply_to}} if params.reply_to else {}
        with Bot(credentials, "to send a message to a channel") as bot:
            channel = bot.channel_id(_channel(params.channel), params.server)
            return bot.post(channel, {**payload, **reply}, files)
    who = {"username": params.username, "avatar_url": params.avatar_url}
    payload |= {name: value for name, value in who.items() if value is not None}
    with Webhook(credentials) as hook:
        return hook.send("", payload, files, params={"wait": "true", **_thread(params.thread_id)})


def _by_bot(credentials: Credentials, via: Way, channel: str | None) -> bool:
    if via == "auto":
        return bool(credentials.bot_token) and (channel is not None or not credentials.webhook_url)
    return via == "bot"


def _channel(channel: str | None) -> str:
    if channel is None:
        raise TaskFailed("Missing 'channel'.", hint="A bot needs to know where.", permanent=True)
    return channel


def _thread(thread: str | None) -> dict[str, str]:
    return {"thread_id": thread} if thread else {}


def _react(credentials: Credentials, params: Reaction, method: str, done: str) -> Result:
    with Bot(credentials, "for a reaction") as bot:
        channel = bot.channel_id(params.channel, params.server)
        emoji = http.segment(params.emoji.strip("<>").removeprefix("a:").strip(":"))
        bot.done(method, f"channels/{channel}/messages/{params.message_id}/reactions/{emoji}/@me")
    data = {"channel_id": channel, "message_id": params.message_id, "emoji": params.emoji}
    return Result.ok(f"{params.emoji} {done}.", data)


def _pin(credentials: Credentials, params: OneMessage, method: str, done: str) -> Result:
    with Bot(credentials, "to pin a message") as bot:
        channel = bot.channel_id(params.channel, params.server)
        bot.done(method, f"channels/{channel}/messages/pins/{params.message_id}")
    return Result.ok(f"Message {done}.", {"channel_id": channel, "message_id": params.message_id})
