"""Slack: messages, notifications, files, channels, people and reactions, by webhook or bot token."""

from .conversations import (
    channel_history,
    create_channel,
    invite_to_channel,
    join_channel,
    list_channels,
    list_members,
    set_topic,
    thread_replies,
)
from .files import upload_file
from .messages import (
    add_reaction,
    delete_message,
    get_permalink,
    remove_reaction,
    send_ephemeral,
    send_message,
    send_notification,
    update_message,
)
from .people import find_user, test_connection

HOSTS = ("slack.com", "*.slack.com")

__all__ = [
    "add_reaction",
    "channel_history",
    "create_channel",
    "delete_message",
    "find_user",
    "get_permalink",
    "invite_to_channel",
    "join_channel",
    "list_channels",
    "list_members",
    "remove_reaction",
    "send_ephemeral",
    "send_message",
    "send_notification",
    "set_topic",
    "test_connection",
    "thread_replies",
    "update_message",
    "upload_file",
]
