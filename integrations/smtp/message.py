"""Making the message: RFC 5322 and MIME by the standard library's email package."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Mapping
from email import message_from_bytes
from email.generator import BytesGenerator
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, getaddresses, make_msgid
from typing import Any

from flowbook import TaskFailed, attachments

from .models import Credentials, SendEmail

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|<[^>]*>|\([^)]*\)')
_OWN_HEADERS = {"to", "cc", "bcc", "from", "sender", "subject", "reply-to", "date", "message-id", "mime-version"}


def build(credentials: Credentials, params: SendEmail) -> tuple[EmailMessage, str, list[str]]:
    """The message, the sender's address and all recipients' addresses; TaskFailed when something cannot be sent."""
    sender = _sender(credentials, params)
    to, cc, bcc = (addresses(getattr(params, name), name) for name in ("to", "cc", "bcc"))
    recipients = list(dict.fromkeys(address.addr_spec for address in (*to, *cc, *bcc)))
    if not recipients:
        raise TaskFailed("There is nobody to send it to.", hint="Give 'to' at least one address.")
    message = EmailMessage(policy=SMTP)
    message["Subject"] = _one_line("subject", params.subject)
    message["From"] = sender
    for name, found in (("To", to), ("Cc", cc), ("Reply-To", addresses(params.reply_to, "reply_to"))):
        if found:
            message[name] = found
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = make_msgid(domain=sender.domain)
    _add_headers(message, params.headers)
    _add_content(message, params)
    return message, sender.addr_spec, recipients


def addresses(given: str | list[str], name: str) -> list[Address]:
    """The addresses of a text or list, with commas or semicolons between; TaskFailed for what is none."""
    lines = [_one_line(name, text) for text in ([given] if isinstance(given, str) else given)]
    texts = [part for line in lines for part in _parted(line) if part.strip()]
    found = []
    for shown, email in getaddresses(texts):
        local, _, domain = email.rpartition("@")
        try:
            found.append(Address(shown, local, domain.encode("idna").decode("ascii") if domain else ""))
        except (ValueError, IndexError):
            domain = ""
        if not local or not domain or " " in email:
            raise TaskFailed(f"{name} holds something that is no address: {email or shown!r}.", hint="Write a@b.org.")
    return found


def _parted(text: str) -> list[str]:
    """``text`` parted at semicolons, as mail programs write lists; not in quotes nor in a group ("Team: a;")."""
    plain = _QUOTED.sub(lambda found: "x" * len(found.group()), text)
    if ":" in plain:
        return [text]
    ends = [found.start() for found in re.finditer(";", plain)]
    return [text[start:end] for start, end in zip([0, *(end + 1 for end in ends)], [*ends, len(text)], strict=True)]


def _one_line(name: str, text: str) -> str:
    """``text``, if it cannot smuggle further header fields into the message (nor break the line in Unicode's ways)."""
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs") for character in text):
        raise TaskFailed(f"{name} holds a line break or control character.", hint="Write it on one line.")
    return text


def _sender(credentials: Credentials, params: SendEmail) -> Address:
    username = credentials.username or ""
    given = params.from_email or credentials.from_email or (username if "@" in username else "")
    found = addresses(given, "from_email")
    if len(found) != 1:
        hint = "Give the param from_email, or set from_email in the integration."
        raise TaskFailed(
            "It is not said whom the mail comes from." if not found else "from_email must be one.", hint=hint
        )
    name = params.from_name or found[0].display_name or ("" if params.from_email else credentials.from_name or "")
    return Address(_one_line("from_name", name), found[0].username, found[0].domain)


def _add_headers(message: EmailMessage, headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        plain = name.isascii() and name.replace("-", "").isalnum()
        if not plain or name.lower() in _OWN_HEADERS or name.lower().startswith("content-"):
            raise TaskFailed(f"headers may not hold {name!r}.", hint="Use the param made for it, or an X-… name.")
        message[name] = _one_line(f"headers.{name}", value)


def _add_content(message: EmailMessage, params: SendEmail) -> None:
    if not params.body and not params.html:
        raise TaskFailed("The message has no body.", hint="Give body, html, or both.")
    if params.body:
        message.set_content(params.body)
    if params.html and params.body:
        message.add_alternative(params.html, subtype="html")
    elif params.html:
        message.set_content(params.html, subtype="html")
    for given in params.attachments:
        _attach(message, given)


def _attach(message: EmailMessage, given: Any) -> None:
    one = attachments.read(given)
    kind = _one_line("content_type", one.content_type)
    maintype, _, subtype = kind.partition("/")
    filename = _one_line("filename", one.filename)
    if kind.lower() == "message/rfc822":
        message.add_attachment(*_whole_message(one.content), filename=filename)
        return
    if maintype.lower() in ("message", "multipart"):  # which may not be base64 (RFC 2046, 5.2)
        maintype, subtype = "application", "octet-stream"
    options: dict[str, Any] = {"maintype": maintype, "subtype": subtype or "octet-stream", "filename": filename}
    page = message.get_body(("html",)) if one.content_id else None
    if page is None:
        message.add_attachment(one.content, **options)
    else:
        page.add_related(one.content, cid=f"<{_one_line('content_id', one.content_id)}>", **options)


def _whole_message(content: bytes) -> tuple[Any, str, str]:
    """A message that is attached, its subtype, and how it travels: 7bit or 8bit, nothing else (RFC 2046, 5.2.1)."""
    return message_from_bytes(content, policy=SMTP), "rfc822", "7bit" if content.isascii() else "8bit"


def as_bytes(message: EmailMessage, *, eight_bits: bool, utf8: bool = False) -> bytes:
    """The message as it is sent. With ``eight_bits`` what is attached stays as it is, else it is encoded for 7 bits.

    ``utf8`` writes header fields in UTF-8 (RFC 6532), for addresses that need it.

    Lines that begin with "From " stay so: ``smtplib`` would put ">" before them, as belongs into a mailbox file only.
    """
    if not eight_bits:
        for part in message.walk():
            if part.get_content_type() == "message/rfc822":
                part.replace_header("Content-Transfer-Encoding", "7bit")
    out = io.BytesIO()
    kept = SMTP.clone(utf8=utf8, refold_source="none", cte_type="8bit" if eight_bits else "7bit")
    BytesGenerator(out, mangle_from_=False, policy=kept).flatten(message)
    return out.getvalue()
