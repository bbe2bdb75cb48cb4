"""Telegram: messages, files, albums, polls, updates and webhooks, by a bot of the Bot API."""

from .chats import get_chat, get_member, list_administrators, test_connection
from .files import download_file, send_album, send_file
from .messages import (
    copy_message,
    delete_message,
    edit_message,
    forward_message,
    pin_message,
    send_location,
    send_message,
    send_poll,
    set_reaction,
    unpin_message,
)
from .updates import answer_callback, delete_webhook, get_updates, get_webhook, set_webhook

HOSTS = ("api.telegram.org",)

__all__ = [
    "answer_callback",
    "copy_message",
    "delete_message",
    "delete_webhook",
    "download_file",
    "edit_message",
    "forward_message",
    "get_chat",
    "get_member",
    "get_updates",
    "get_webhook",
    "list_administrators",
    "pin_message",
    "send_album",
    "send_file",
    "send_location",
    "send_message",
    "send_poll",
    "set_reaction",
    "set_webhook",
    "test_connection",
    "unpin_message",
]
