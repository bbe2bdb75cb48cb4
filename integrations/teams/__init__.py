"""Microsoft Teams: cards by a workflow's webhook; messages, chats, teams and channels by Microsoft Graph."""

from .channels import create_channel, list_channels, list_members, list_teams
from .chats import list_chat_messages, list_chats, send_chat_message
from .messages import get_message, list_messages, send_card, send_message, set_reaction, test_connection

HOSTS = (
    "graph.microsoft.com",
    "login.microsoftonline.com",
    "*.logic.azure.com",
    "*.api.powerplatform.com",
)

__all__ = [
    "create_channel",
    "get_message",
    "list_channels",
    "list_chat_messages",
    "list_chats",
    "list_members",
    "list_messages",
    "list_teams",
    "send_card",
    "send_chat_message",
    "send_message",
    "set_reaction",
    "test_connection",
]
