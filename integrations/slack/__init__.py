"""Slack: messages, notifications, files, channels, people and reactions, by webhook or bot token."""

from .tasks import (
    add_reaction,
    channel_history,
    find_user,
    list_channels,
    send_message,
    send_notification,
    test_connection,
    update_message,
    upload_file,
)

HOSTS = ("slack.com", "*.slack.com")

__all__ = [
    "add_reaction",
    "channel_history",
    "find_user",
    "list_channels",
    "send_message",
    "send_notification",
    "test_connection",
    "update_message",
    "upload_file",
]
