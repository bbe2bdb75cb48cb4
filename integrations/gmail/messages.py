"""Finding and reading messages.

Facts: https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages and .../guides/filtering.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from flowbook import Result, TaskFailed, current, mail, task
from flowbook.counting import counted

from .client import Gmail, place
from .models import (
    Credentials,
    GetAttachment,
    GetMessage,
    GetThread,
    Nothing,
    SaveAttachments,
    SearchMessages,
)

_HEADERS = ["From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To"]


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: Nothing) -> Result:
    """Ask Gmail whose mailbox it is. Data: {"email", "messages", "threads"}."""
    with Gmail(credentials) as gmail:
        found = gmail.get("profile", "emailAddress")
    data = {
        "email": found["emailAddress"],
        "messages": found.get("messagesTotal"),
        "threads": found.get("threadsTotal"),
    }
    return Result.ok(f"Successfully connected to Gmail as {data['email']}!", data)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def search_messages(credentials: Credentials, params: SearchMessages) -> Result:
    """Find messages, the newest first; none is marked as read.

    Data: a list of {"id", "thread", "labels", "snippet", "received", "unread", "size", "from", "to", "cc", "reply_to",
    "subject", "date", "message_id", "in_reply_to"}, with bodies also "text", "html" and "attachments". People are
    {"name", "email"}, labels are IDs.
    """
    more = {"includeSpamTrash": "true"} if params.spam_and_trash else {}
    with Gmail(credentials) as gmail:
        labels = gmail.label_ids(params.labels)
        found, others = gmail.listed(
            "messages", params.wanted, q=_query(params) or None, labelIds=labels or None, **more
        )
        messages = []
        for number, one in enumerate(found, 1):
            id = str(one.get("id"))
            messages.append(_read(gmail, id)[0] if params.bodies else _headed(gmail, id))
            current().progress(number, len(found), "messages")
    return Result.ok(f"{counted(len(messages), 'message', others)}.", messages)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_message(credentials: Credentials, params: GetMessage) -> Result:
    """Read a message: its texts and its attachments; it is not marked as read.

    Data: as a message of search_messages, with "text", "html", "attachments" ({"filename", "content_type", "size",
    "inline"}, with content also "content": bytes), and with raw also "raw": bytes.
    """
    with Gmail(credentials) as gmail:
        data, raw = _read(gmail, params.message, params.content)
    return Result.ok(f"Read {data['subject']!r}.", data | ({"raw": raw} if params.raw else {}))


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_thread(credentials: Credentials, params: GetThread) -> Result:
    """Read a conversation. Data: {"id", "messages"}: the oldest first, each as search_messages gives it."""
    with Gmail(credentials) as gmail:
        found = gmail.get(place("threads", params.thread), "messages", format="metadata", metadataHeaders=_HEADERS)
    messages = [_described(one) | _heads(one) for one in found["messages"]]
    return Result.ok(f"{counted(len(messages), 'message')}.", {"id": params.thread, "messages": messages})


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_attachment(credentials: Credentials, params: GetAttachment) -> Result:
    """Get an attachment of a message. Data: {"filename", "content_type", "size", "inline", "content" (bytes)}."""
    with Gmail(credentials) as gmail:
        _, raw = gmail.whole(place("messages", params.message))
    parts = mail.attached(mail.parsed(raw))
    told = [mail.described(part, number) for number, part in enumerate(parts, 1)]
    wanted = params.attachment
    for number, (part, one) in enumerate(zip(parts, told, strict=True), 1):
        if wanted in (one["filename"], str(number)):
            return Result.ok(f"{one['filename']!r}.", {**one, "content": mail.content_of(part)})
    known = ", ".join(repr(one["filename"]) for one in told)
    hint = f"There are: {known}." if told else "The message has none."
    raise TaskFailed(f"Gmail: there is no attachment {wanted!r}.", {"kind": "not_found"}, hint, permanent=True)


@task(effects="idempotent", network=True, reads_files=False, writes_files="folder_path", runs_code=False)
def save_attachments(credentials: Credentials, params: SaveAttachments) -> Result:
    """Save the attachments of a message as files. Data: a list of {"path", "filename", "content_type", "size"}.

    Names are taken from the message, without folders in them; two of the same name get numbers.
    """
    folder = params.folder_path.rstrip("/") or "/"
    current().path(folder, writing=True)  # a place that may not be written is refused first
    with Gmail(credentials) as gmail:
        _, raw = gmail.whole(place("messages", params.message))
    saved = mail.saved(
        mail.parsed(raw), folder, pattern=params.pattern, inline=params.inline, overwrite=params.overwrite
    )
    return Result.ok(f"{len(saved)} saved.", saved)


def _query(params: SearchMessages) -> str:
    """In the words of https://support.google.com/mail/answer/7190."""
    said = [f"({params.query})"] if params.query else []
    said += [] if params.unread is None else ["is:unread" if params.unread else "is:read"]
    for word, text in (("from", params.from_), ("to", params.to), ("subject", params.subject)):
        if text is not None:
            said.append(f"{word}:({_plain(text)})")
    for word, day in (("after", params.since), ("before", params.before)):
        if day is not None:
            said.append(f"{word}:{day.replace('-', '/')}")
    return " ".join(said)


def _plain(text: str) -> str:
    """Words without what would end the group that they are in."""
    return " ".join(text.translate(str.maketrans("(){}", "    ")).split())


def _headed(gmail: Gmail, id: str) -> dict[str, Any]:
    found = gmail.get(place("messages", id), "id", format="metadata", metadataHeaders=_HEADERS)
    return _described(found) | _heads(found)


def _read(gmail: Gmail, id: str, content: bool = False) -> tuple[dict[str, Any], bytes]:
    found, raw = gmail.whole(place("messages", id))
    message = mail.parsed(raw)
    parts = mail.attached(message)
    told = [
        mail.described(part, number) | ({"content": mail.content_of(part)} if content else {})
        for number, part in enumerate(parts, 1)
    ]
    return {**_described(found), **mail.headers(message), **mail.bodies(message), "attachments": told}, raw


def _described(found: dict[str, Any]) -> dict[str, Any]:
    labels = [str(one) for one in found.get("labelIds") or []]
    return {
        "id": found.get("id"),
        "thread": found.get("threadId"),
        "labels": labels,
        "snippet": found.get("snippet"),
        "received": _moment(found.get("internalDate")),
        "unread": "UNREAD" in labels,
        "size": found.get("sizeEstimate"),
    }


def _heads(found: dict[str, Any]) -> dict[str, Any]:
    fields = (found.get("payload") or {}).get("headers") or []
    named = {str(one.get("name")).lower(): " ".join(str(one.get("value") or "").split()) for one in reversed(fields)}
    return mail.told(lambda name: named.get(name, ""))


def _moment(milliseconds: Any) -> str | None:
    """When Gmail got it, as ISO text; internalDate is text of milliseconds."""
    if not str(milliseconds or "").isdecimal():
        return None
    return datetime.fromtimestamp(int(milliseconds) / 1000, timezone.utc).isoformat()
