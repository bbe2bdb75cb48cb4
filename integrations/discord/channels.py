"""Servers, channels and threads.

Facts: https://docs.discord.com/developers/resources/guild and https://docs.discord.com/developers/resources/channel.
"""

from __future__ import annotations

from typing import Any

from flowbook import Result, task

from .client import Bot
from .models import CreateChannel, CreateThread, Credentials, OneServer, TestConnection

KINDS = {"text": 0, "voice": 2, "category": 4, "announcement": 5, "forum": 15}
PUBLIC_THREAD = 11


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_servers(credentials: Credentials, params: TestConnection) -> Result:
    """List the servers that the bot is in. Data: a list of Discord's guilds (id, name)."""
    with Bot(credentials, "to list servers") as bot:
        found = bot.servers()
    return Result.ok(f"{len(found)} server{'' if len(found) == 1 else 's'}.", found)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_channels(credentials: Credentials, params: OneServer) -> Result:
    """List the channels of a server, without threads. Data: a list of Discord's channels (id, name, type)."""
    with Bot(credentials, "to list channels") as bot:
        found = bot.many(f"guilds/{bot.server_id(params.server)}/channels")
    return Result.ok(f"{len(found)} channel{'' if len(found) == 1 else 's'}.", found)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"id": "41771983423143937", "guild_id": "41771983423143936", "name": "general", "type": 0},
)
def create_channel(credentials: Credentials, params: CreateChannel) -> Result:
    """Make a channel; needs the permission Manage Channels. Data: Discord's channel.

    https://docs.discord.com/developers/resources/guild#create-guild-channel
    """
    with Bot(credentials, "to make a channel") as bot:
        server = bot.server_id(params.server)
        parent = bot.channel_id(params.category, server) if params.category else None
        body = {"name": params.name, "type": KINDS[params.kind], "topic": params.topic, "parent_id": parent}
        given = {name: value for name, value in body.items() if value is not None}
        channel = bot.one("POST", f"guilds/{server}/channels", json=given, expect=(200, 201))
    return Result.ok(f"Channel {channel.get('name')} made.", channel)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "id": "41771983423143938",
        "guild_id": "41771983423143936",
        "parent_id": "41771983423143937",
        "name": "Release 1.2",
        "type": 11,
    },
)
def create_thread(credentials: Credentials, params: CreateThread) -> Result:
    """Begin a thread: at a message, in a channel, or in a forum with its first message. Data: Discord's channel of it.

    https://docs.discord.com/developers/resources/channel#start-thread-from-message
    """
    body: dict[str, Any] = {"name": params.name, "auto_archive_duration": params.archive_after}
    with Bot(credentials, "to begin a thread") as bot:
        channel = bot.channel_id(params.channel, params.server)
        path = f"channels/{channel}/threads"
        if params.message_id:
            path = f"channels/{channel}/messages/{params.message_id}/threads"
        elif params.content:
            body["message"] = {"content": params.content}
        else:
            body["type"] = PUBLIC_THREAD
        thread = bot.one("POST", path, json=body, expect=(200, 201))
    return Result.ok(f"Thread {thread.get('name')} begun.", thread)
