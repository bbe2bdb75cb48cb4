"""IMAP: mail found, read, waited for, marked, moved and its attachments saved, in any mailbox, over IMAPClient."""

from .folders import create_folder, list_folders
from .messages import get_message, save_attachments, search_messages
from .tasks import append_message, copy_messages, delete_messages, mark_messages, move_messages, test_connection

__all__ = [
    "append_message",
    "copy_messages",
    "create_folder",
    "delete_messages",
    "get_message",
    "list_folders",
    "mark_messages",
    "move_messages",
    "save_attachments",
    "search_messages",
    "test_connection",
]
