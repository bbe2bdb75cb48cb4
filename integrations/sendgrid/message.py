"""A message as SendGrid takes it.

Facts: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send and the OpenAPI description that SendGrid
publishes (tsg_mail_v3: arrays and texts that are there must not be empty, plain text goes before HTML).
"""

from __future__ import annotations

import base64
import json
import re
import time
import unicodedata
from collections.abc import Callable, Iterable
from datetime import datetime
from email.utils import getaddresses
from typing import Any

from flowbook import TaskFailed, attachments

from .models import Credentials, SendEmail

MOST_RECIPIENTS = 1000
MOST_BYTES = 30_000_000
LATEST_SECONDS = 72 * 3600
MOST_ARGUMENTS = 10_000
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send: not allowed in "headers"
_OWN_HEADERS = frozenset(
    ["x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type", "content-transfer-encoding", "to", "from",
     "subject", "reply-to", "cc", "bcc"]
)  # fmt: skip

Address = dict[str, str]


def build(credentials: Credentials, params: SendEmail, own_sender: Callable[[], Address | None]) -> dict[str, Any]:
    """The request's body; TaskFailed when something is missing or cannot be sent.

    ``own_sender()`` gives the account's own sender, or None; it is called only when no sender is given.
    """
    message: dict[str, Any] = {
        "personalizations": _personalizations(params),
        **_reply_to(params),
        **_content(params),
    }
    attached = [_attachment(given) for given in params.attachments]
    if sum(len(entry["content"]) for entry in attached) > MOST_BYTES:
        raise TaskFailed(
            f"The attachments are larger than {MOST_BYTES:,} bytes together.",
            hint="Send links instead.",
            permanent=True,
        )
    if attached:
        message["attachments"] = attached
    if params.categories:
        message["categories"] = list(dict.fromkeys(params.categories))
    message |= _headers(params) | _unsubscribing(params)
    if params.ip_pool_name:
        message["ip_pool_name"] = params.ip_pool_name
    if params.send_at is not None and params.send_at != "":
        message["send_at"] = _moment(params.send_at)
    if params.sandbox:
        message["mail_settings"] = {"sandbox_mode": {"enable": True}}
    return {**message, "from": _sender(credentials, params, own_sender)}


def _personalizations(params: SendEmail) -> list[dict[str, Any]]:
    seen: set[str] = set()
    # SendGrid refuses an address that comes twice among to, cc and bcc
    to, cc, bcc = (_new(addresses(given, name), seen) for name, given in _recipients(params))
    if not to:
        raise TaskFailed("There is nobody to send it to.", hint="Give 'to' at least one address.", permanent=True)
    if len(to) + len(cc) + len(bcc) > MOST_RECIPIENTS:
        raise TaskFailed(
            f"More than {MOST_RECIPIENTS:,} recipients.", hint="Send it in several messages.", permanent=True
        )
    groups = [[address] for address in to] if params.separate else [to]
    extra: dict[str, Any] = {name: group for name, group in (("cc", cc), ("bcc", bcc)) if group}
    if params.dynamic_template_data:
        if not params.template_id:
            raise TaskFailed(
                "dynamic_template_data is given without template_id.", hint="Name the template.", permanent=True
            )
        extra["dynamic_template_data"] = params.dynamic_template_data
    if params.custom_args:
        if len(json.dumps(params.custom_args)) > MOST_ARGUMENTS:
            raise TaskFailed(f"custom_args are longer than {MOST_ARGUMENTS:,} bytes.", permanent=True)
        extra["custom_args"] = params.custom_args
    return [{"to": group, **extra} for group in groups]


def _recipients(params: SendEmail) -> Iterable[tuple[str, Any]]:
    return (("to", params.to), ("cc", params.cc), ("bcc", params.bcc))


def _new(found: list[Address], seen: set[str]) -> list[Address]:
    fresh = []
    for address in found:
        if address["email"].lower() not in seen:
            seen.add(address["email"].lower())
            fresh.append(address)
    return fresh


def addresses(given: str | list[str], name: str) -> list[Address]:
    """The addresses of a text or list; TaskFailed for what is none."""
    texts = [text for text in ([given] if isinstance(given, str) else given) if text.strip()]
    found = []
    for shown, email in getaddresses(texts):
        local, at, domain = email.rpartition("@")
        if not (local and at and domain) or _breaks("".join(texts)) or " " in email:
            raise TaskFailed(
                f"{name} holds something that is no address: {email or shown!r}.", hint="Write a@b.org.", permanent=True
            )
        found.append({"email": email, **({"name": shown} if shown else {})})
    return found


def _breaks(text: str) -> bool:
    """Whether ``text`` holds a line break or control character, in any of Unicode's ways."""
    return any(unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs") for character in text)


def _sender(credentials: Credentials, params: SendEmail, own_sender: Callable[[], Address | None]) -> Address:
    given = params.from_email or credentials.from_email
    own = None if given else own_sender()
    if not given and own is None:
        raise TaskFailed(
            "SendGrid needs to know who the mail comes from, and tells of no verified sender.",
            hint="Give the param from_email, or set from_email in the integration: an address verified with SendGrid.",
            permanent=True,
        )
    found = addresses(given, "from_email") if given else [{**(own or {}), **_named(credentials.from_name)}]
    if len(found) != 1:
        raise TaskFailed("from_email must be one address.", permanent=True)
    name = params.from_name or found[0].get("name") or ("" if params.from_email else credentials.from_name)
    return {"email": found[0]["email"], **_named(name)}


def _named(name: str | None) -> Address:
    return {"name": name} if name else {}


def _headers(params: SendEmail) -> dict[str, Any]:
    """Header fields of one's own; TaskFailed for those that SendGrid writes itself and refuses."""
    for name, value in params.headers.items():
        if name.lower() in _OWN_HEADERS:
            hint = "It has a param of its own, or SendGrid writes it."
            raise TaskFailed(f"headers may not hold {name}.", hint=hint, permanent=True)
        if not _HEADER.fullmatch(name) or _breaks(value):
            raise TaskFailed(f"headers holds something that is no header field: {name[:80]!r}.", permanent=True)
    return {"headers": params.headers} if params.headers else {}


def _unsubscribing(params: SendEmail) -> dict[str, Any]:
    if params.unsubscribe_group is None:
        if params.groups_to_display:
            raise TaskFailed("groups_to_display is given without unsubscribe_group.", permanent=True)
        return {}
    shown = {"groups_to_display": params.groups_to_display} if params.groups_to_display else {}
    return {"asm": {"group_id": params.unsubscribe_group, **shown}}


def _reply_to(params: SendEmail) -> dict[str, Any]:
    found = _new(addresses(params.reply_to, "reply_to"), set())
    if len(found) > 1:
        return {"reply_to_list": found}
    return {"reply_to": found[0]} if found else {}


def _content(params: SendEmail) -> dict[str, Any]:
    """Subject, content and template: a template needs neither of the others, all else needs both."""
    text = params.body or params.text
    if params.body and params.text:
        raise TaskFailed("body and text mean the same; give one of them.", permanent=True)
    parts = [("text/plain", text), ("text/html", params.html)]
    content = [{"type": kind, "value": value} for kind, value in parts if value]
    made: dict[str, Any] = {"template_id": params.template_id} if params.template_id else {}
    if params.subject:
        made["subject"] = params.subject
    if content:
        made["content"] = content
    if not params.template_id:
        missing = [name for name, there in (("subject", params.subject), ("body", content)) if not there]
        if missing:
            raise TaskFailed(
                f"The message has no {' and no '.join(missing)}.", hint="Give them, or a template_id.", permanent=True
            )
    return made


def _moment(given: int | str) -> int:
    try:
        at = int(given) if isinstance(given, int) or str(given).isdigit() else _iso(str(given))
    except ValueError:
        hint = "Write a unix time, or 2026-01-31T09:00:00+01:00."
        raise TaskFailed(f"send_at {given!r} is no moment in time.", hint=hint, permanent=True) from None
    if at > time.time() + LATEST_SECONDS:
        raise TaskFailed(
            "send_at is more than 72 hours ahead, which SendGrid does not take.", hint="Send it later.", permanent=True
        )
    return at


def _iso(text: str) -> int:
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise TaskFailed(
            f"send_at {text!r} does not say its time zone.", hint="Add it: …+00:00 for UTC.", permanent=True
        )
    return int(moment.timestamp())


def _attachment(given: Any) -> dict[str, str]:
    one = attachments.read(given)
    if not one.content:
        raise TaskFailed(f"The attachment {one.filename} is empty, which SendGrid does not take.", permanent=True)
    content = base64.b64encode(one.content).decode("ascii")
    made = {"content": content, "filename": one.filename, "type": one.content_type}
    if one.content_id:
        return {**made, "disposition": "inline", "content_id": one.content_id}
    return {**made, "disposition": "attachment"}
