"""Sending messages, and answering them in their conversation.

Facts: https://developers.google.com/workspace/gmail/api/guides/sending, .../guides/threads (threadId, References,
In-Reply-To and Subject must fit) and .../guides/uploads.
"""

from __future__ import annotations

import json
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

from flowbook import Result, TaskFailed, attachments, mail, task

from .client import Gmail, place
from .models import CreateDraft, Credentials, ReplyToMessage, SendMessage

_BOUNDARY = "flowbook-4c3b1f0e9d7a"
_SECONDS = 300.0


@task(
    effects="write",
    network=True,
    reads_files="attachments",
    writes_files=False,
    runs_code=False,
    example={"id": "18f0a1b2", "thread": "18f0a1b2", "labels": ["SENT"]},
)
def send_message(credentials: Credentials, params: SendMessage) -> Result:
    """Send a message. Data: {"id", "thread", "labels"}."""
    if not any(mail.addresses(given, name) for name, given in _recipients(params)):
        raise TaskFailed("There is nobody to send it to.", hint="Give 'to' at least one address.", permanent=True)
    more = {"to": params.to, "reply_to": params.reply_to, "headers": params.headers}
    message = made(params, files(params), subject=params.subject, **more)
    with Gmail(credentials) as gmail:
        return _sent(upload(gmail, "messages/send", {}, message))


@task(
    effects="write",
    network=True,
    reads_files="attachments",
    writes_files=False,
    runs_code=False,
    example={"id": "18f0a1b3", "thread": "18f0a1b2", "labels": ["SENT"]},
)
def reply_to_message(credentials: Credentials, params: ReplyToMessage) -> Result:
    """Answer a message, in its conversation. Data: {"id", "thread", "labels"}."""
    carried = files(params)  # before anything is asked for
    with Gmail(credentials) as gmail:
        original = answered(gmail, params.message)
        me = str(gmail.get("profile", "emailAddress")["emailAddress"]) if params.to_all else ""
        to, cc = _answered_to(original["head"], me, params.to_all)
        copies = [*cc, *([params.cc] if isinstance(params.cc, str) else params.cc)]
        message = made(params, carried, subject=original["subject"], to=to, cc=copies)
        threaded(message, original)
        return _sent(upload(gmail, "messages/send", {"threadId": original["thread"]}, message))


def _recipients(params: SendMessage) -> tuple[tuple[str, Any], ...]:
    return ("to", params.to), ("cc", params.cc), ("bcc", params.bcc)


def files(params: SendMessage | CreateDraft | ReplyToMessage) -> list[attachments.Attachment]:
    """What the message carries along."""
    return [attachments.read(given) for given in params.attachments]


def made(
    params: SendMessage | CreateDraft | ReplyToMessage, carried: list[attachments.Attachment], **more: Any
) -> EmailMessage:
    """The message that params describe; TaskFailed when something cannot be sent."""
    if not params.body and not params.html and not isinstance(params, CreateDraft):
        raise TaskFailed("The message has no body.", hint="Give body, html, or both.", permanent=True)
    given: dict[str, Any] = {"cc": params.cc, "bcc": params.bcc, "attachments": carried, **more}
    return mail.composed(sender=_sender(params), body=params.body, html=params.html, **given)


def _sender(params: SendMessage | CreateDraft | ReplyToMessage) -> Address | None:
    """None leaves it to Gmail, which puts in who signed in."""
    found = mail.addresses(params.from_email, "from_email")
    if len(found) > 1:
        raise TaskFailed("from_email must be one.", hint="Write a@b.org.", permanent=True)
    name = params.from_name and mail.one_line("from_name", params.from_name)
    return Address(name or found[0].display_name, found[0].username, found[0].domain) if found else None


def answered(gmail: Gmail, id: str) -> dict[str, Any]:
    """What an answer needs of the message that it answers."""
    wanted = ["From", "To", "Cc", "Reply-To", "Subject", "Message-ID", "References"]
    found = gmail.get(place("messages", id), "payload", format="metadata", metadataHeaders=wanted)
    fields = {
        str(one.get("name")).lower(): str(one.get("value") or "") for one in found["payload"].get("headers") or []
    }
    head = mail.told(lambda name: " ".join(fields.get(name, "").split()))
    subject = head["subject"]
    own = fields.get("message-id", "").split()
    return {
        "head": head,
        "thread": found.get("threadId"),
        "subject": subject if subject[:3].lower() == "re:" else f"Re: {subject}".rstrip(),
        "references": [*fields.get("references", "").split(), *own],
        "id": own,
    }


def threaded(message: EmailMessage, original: dict[str, Any]) -> None:
    """Say in a message's header that it answers another (RFC 5322, 3.6.4)."""
    if original["id"]:
        message["In-Reply-To"] = original["id"][0]
    if original["references"]:
        message["References"] = " ".join(original["references"])


def _answered_to(head: dict[str, Any], me: str, to_all: bool) -> tuple[list[str], list[str]]:
    """To whom an answer goes, and who gets a copy. An answer to one's own message goes to whom that went."""
    sender = head["from"] or {}
    mine = bool(me) and str(sender.get("email")).lower() == me.lower()
    to = head["to"] if mine else head["reply_to"] or [sender]
    copies = (head["cc"] if mine else [*head["to"], *head["cc"]]) if to_all else []
    known = {me.lower(), *(str(one.get("email")).lower() for one in to)}
    copies = [one for one in copies if one["email"].lower() not in known]
    return [_written(one) for one in to if one.get("email")], [_written(one) for one in copies if one["email"]]


def _written(person: dict[str, str]) -> str:
    shown = person.get("name") or ""
    local, _, domain = person["email"].rpartition("@")
    try:
        return str(Address(shown, local, domain)) if local else person["email"]
    except ValueError:
        return person["email"]


def upload(
    gmail: Gmail, path: str, about: dict[str, Any], message: EmailMessage, method: str = "POST"
) -> dict[str, Any]:
    """Hand a message over as it is, with what belongs to it: multipart/related, up to 35 MB."""
    content = mail.as_bytes(message, eight_bits=False)
    head = f"--{_BOUNDARY}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{json.dumps(about)}\r\n"
    body = f"{head}--{_BOUNDARY}\r\nContent-Type: message/rfc822\r\n\r\n".encode() + content
    return gmail.call(
        method,
        f"upload/gmail/v1/users/me/{path}",
        "id",
        params={"uploadType": "multipart"},
        data=body + f"\r\n--{_BOUNDARY}--\r\n".encode(),
        headers={"Content-Type": f"multipart/related; boundary={_BOUNDARY}"},
        expect=(200,),
        timeout=_SECONDS,
    )


def _sent(found: dict[str, Any]) -> Result:
    data = {"id": found["id"], "thread": found.get("threadId"), "labels": found.get("labelIds") or []}
    return Result.ok("Sent.", data)
