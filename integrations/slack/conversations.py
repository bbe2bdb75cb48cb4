"""Channels: who is in them, what was said there, and new ones.

Facts: https://docs.slack.dev/apis/web-api/using-the-conversations-api, and the methods' pages under
https://docs.slack.dev/reference/methods.
"""

from __future__ import annotations

from typing import Any

from flowbook import Result, TaskFailed, http, task
from flowbook.counting import counted, cut

from .answers import code_of
from .client import Slack
from .models import (
    ChannelHistory,
    CreateChannel,
    Credentials,
    InviteToChannel,
    ListChannels,
    ListMembers,
    OneChannel,
    SetTopic,
    ThreadReplies,
)

MOST_INVITED = 100
"""People in one call of conversations.invite."""


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_channels(credentials: Credentials, params: ListChannels) -> Result:
    """List the channels that the bot can see. Data: a list of Slack's channel objects."""
    kinds = ",".join(kind.strip() for kind in params.types.split(","))
    with Slack(credentials, "to list channels") as slack:
        channels, more = slack.items(
            "conversations.list",
            "channels",
            params.wanted,
            types=kinds,
            exclude_archived=not params.include_archived,
        )
    return Result.ok(_count(channels, "channel", more), channels)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def channel_history(credentials: Credentials, params: ChannelHistory) -> Result:
    """Read the messages of a channel, newest first. Data: a list of Slack's message objects."""
    with Slack(credentials, "to read a channel") as slack:
        messages, more = slack.items(
            "conversations.history",
            "messages",
            params.wanted,
            channel=slack.channel_id(params.channel),
            oldest=params.oldest,
            latest=params.latest,
            inclusive=params.inclusive or None,
        )
    return Result.ok(_count(messages, "message", more), messages)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def thread_replies(credentials: Credentials, params: ThreadReplies) -> Result:
    """Read a thread, its first message first. Data: a list of Slack's message objects."""
    with Slack(credentials, "to read a thread") as slack:
        messages, more = slack.items(
            "conversations.replies",
            "messages",
            params.wanted,
            unlike_by="ts",  # each page may begin with the thread's first message
            channel=slack.channel_id(params.channel),
            ts=params.ts,
            oldest=params.oldest,
            latest=params.latest,
            inclusive=params.inclusive or None,
        )
    return Result.ok(_count(messages, "message", more), messages)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "id": "C0EAQDV4Z",
        "name": "endeavor",
        "is_channel": True,
        "is_private": False,
        "is_archived": False,
        "created": 1504554479,
        "creator": "U0123456",
    },
)
def create_channel(credentials: Credentials, params: CreateChannel) -> Result:
    """Make a channel; with reuse, or take the one of that name. Data: Slack's channel object.

    Needs channels:manage, for a private one groups:write. The bot is in the channel that it makes.
    """
    with Slack(credentials, "to make a channel") as slack:
        try:
            answer = slack.post("conversations.create", name=params.name, is_private=params.private)
        except http.ServiceError as error:
            there = slack.channel_named(params.name) if params.reuse and code_of(error) == "name_taken" else None
            if there is None:
                raise
            if there.get("is_archived"):
                raise TaskFailed(
                    f"There is an archived channel #{params.name}.",
                    {"error": "is_archived", "channel": there.get("id")},
                    hint="Unarchive it in Slack, or choose another name.",
                    permanent=True,
                ) from None
            return Result.ok(f"#{there.get('name')} was there already.", there)
    channel = answer.get("channel") or {}
    return Result.ok(f"#{channel.get('name', params.name)} created.", channel)


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"channel": "C024BE91L", "invited": ["U0123456"], "already_there": []},
)
def invite_to_channel(credentials: Credentials, params: InviteToChannel) -> Result:
    """Invite people to a channel that the bot is in; those who are there already stay.

    Needs channels:manage (channels:write.invites), for a private one groups:write. Data: channel, invited and
    already_there, as IDs.
    """
    with Slack(credentials, "to invite people") as slack:
        channel = slack.channel_id(params.channel)
        users = list(dict.fromkeys(slack.user_id(person) for person in params.users))
        there: list[str] = []
        for start in range(0, len(users), MOST_INVITED):
            there += _already_there(slack, channel, users[start : start + MOST_INVITED])
    invited = [user for user in users if user not in there]
    words = f"{len(invited)} invited" + (f", {len(there)} there already" if there else "")
    return Result.ok(f"{words}.", {"channel": channel, "invited": invited, "already_there": there})


def _already_there(slack: Slack, channel: str, users: list[str]) -> list[str]:
    """Invite ``users``; those of them who were in the channel. One who is makes Slack refuse all of them."""
    try:
        slack.post("conversations.invite", channel=channel, users=",".join(users))
    except http.ServiceError as error:
        if code_of(error) != "already_in_channel":
            raise
        return users if len(users) == 1 else [one for user in users for one in _already_there(slack, channel, [user])]
    return []


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def join_channel(credentials: Credentials, params: OneChannel) -> Result:
    """Let the bot join a public channel; that it is there already is fine. Needs channels:join.

    Data: Slack's channel object.
    """
    with Slack(credentials, "to join a channel") as slack:
        answer = slack.post("conversations.join", channel=slack.channel_id(params.channel))
    there = answer.get("warning") == "already_in_channel"
    words = f"The bot was in {params.channel} already." if there else f"The bot joined {params.channel}."
    return Result.ok(words, answer.get("channel"))


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def set_topic(credentials: Credentials, params: SetTopic) -> Result:
    """Give a channel another topic. Needs channels:manage, for a private one groups:write."""
    with Slack(credentials, "to set a topic") as slack:
        channel = slack.channel_id(params.channel)
        slack.post("conversations.setTopic", channel=channel, topic=params.topic)
    return Result.ok("Topic set.", {"channel": channel, "topic": params.topic})


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_members(credentials: Credentials, params: ListMembers) -> Result:
    """List who is in a channel. Data: a list of user IDs."""
    with Slack(credentials, "to list members") as slack:
        members, more = slack.items(
            "conversations.members",
            "members",
            params.wanted,
            channel=slack.channel_id(params.channel),
        )
    return Result.ok(_count(members, "member", more), members)


def _count(items: list[Any], what: str, more: bool) -> str:
    return f"{counted(len(items), what)}{cut(more)}."
