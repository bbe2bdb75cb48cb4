"""Discord: messages, files, reactions, threads, channels, people and roles, by webhook or bot."""

from .channels import create_channel, create_thread, list_channels, list_servers
from .files import send_file
from .messages import (
    add_reaction,
    delete_message,
    edit_message,
    get_message,
    list_messages,
    pin_message,
    remove_reaction,
    send_direct_message,
    send_message,
    unpin_message,
)
from .people import add_role, find_member, list_members, list_roles, remove_role, test_connection

HOSTS = ("discord.com", "discordapp.com")

__all__ = [
    "add_reaction",
    "add_role",
    "create_channel",
    "create_thread",
    "delete_message",
    "edit_message",
    "find_member",
    "get_message",
    "list_channels",
    "list_members",
    "list_messages",
    "list_roles",
    "list_servers",
    "pin_message",
    "remove_reaction",
    "remove_role",
    "send_direct_message",
    "send_file",
    "send_message",
    "test_connection",
    "unpin_message",
]
