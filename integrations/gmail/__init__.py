"""Gmail: messages found, read, sent and answered, drafts and labels."""

from flowbook import google

from .drafts import create_draft, delete_draft, list_drafts, send_draft
from .labels import change_labels, create_label, delete_label, list_labels, mark_read, trash_message, untrash_message
from .messages import get_attachment, get_message, get_thread, save_attachments, search_messages, test_connection
from .sending import reply_to_message, send_message

HOSTS = ("gmail.googleapis.com", *google.HOSTS)

# https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.drafts/delete: an empty object, or nothing
TAKES = {"delete_draft": ["nothing", "no content", "JSON of another form: {}", "JSON in a charset that is none"]}

__all__ = [
    "change_labels",
    "create_draft",
    "create_label",
    "delete_draft",
    "delete_label",
    "get_attachment",
    "get_message",
    "get_thread",
    "list_drafts",
    "list_labels",
    "mark_read",
    "reply_to_message",
    "save_attachments",
    "search_messages",
    "send_draft",
    "send_message",
    "test_connection",
    "trash_message",
    "untrash_message",
]
