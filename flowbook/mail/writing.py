"""Making a message: RFC 5322 and MIME by the standard library's email package."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterable, Mapping
from email import message_from_bytes
from email.generator import BytesGenerator
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, getaddresses, make_msgid
from typing import Any

from flowbook import attachments as carried
from flowbook.errors import TaskFailed

Recipients = str | list[str]

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|<[^>]*>|\([^)]*\)')
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
_LONGEST_LINE = 998
_OWN_HEADERS = {"to", "cc", "bcc", "from", "sender", "subject", "reply-to", "date", "message-id", "mime-version"}


def composed(
    *,
    sender: Address | None,
    subject: str,
    body: str = "",
    html: str = "",
    to: Recipients = "",
    cc: Recipients = "",
    bcc: Recipients = "",
    reply_to: Recipients = "",
    attachments: Iterable[Any] = (),
    headers: Mapping[str, str] | None = None,
    domain: str | None = None,
) -> EmailMessage:
    """The message that params describe; TaskFailed names what cannot be sent.

    ``attachments`` are what :func:`flowbook.attachments.read` takes, or gave.

    ``bcc`` is a header field, for services that send a whole message and take it out. ``domain`` is of its Message-ID,
    the sender's if not given: not the name of this machine, which nobody needs to know.
    """
    message = EmailMessage(policy=SMTP)
    message["Subject"] = one_line("subject", subject)
    if sender is not None:
        message["From"] = sender
    several = (("To", "to", to), ("Cc", "cc", cc), ("Bcc", "bcc", bcc), ("Reply-To", "reply_to", reply_to))
    for field, name, given in several:
        if found := addresses(given, name):
            message[field] = found
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = make_msgid(domain=domain or (sender.domain if sender else "") or "flowbook.invalid")
    _add_headers(message, headers or {})
    if body or not html:
        message.set_content(body)
    if html:
        (message.add_alternative if body else message.set_content)(html, subtype="html")
    for given in attachments:
        _attach(message, given)
    return message


def addresses(given: Recipients, name: str) -> list[Address]:
    """The addresses of a text or list, with commas or semicolons between; TaskFailed for what is none."""
    lines = [one_line(name, text) for text in ([given] if isinstance(given, str) else given)]
    texts = [part for line in lines for part in _parted(line) if part.strip()]
    found = []
    for shown, email in getaddresses(texts):
        local, _, domain = email.rpartition("@")
        try:
            found.append(Address(shown, local, domain.encode("idna").decode("ascii") if domain else ""))
        except (ValueError, IndexError):
            domain = ""
        if not local or not domain or " " in email:
            wrong = email or shown or ", ".join(texts)
            hint = "Write a@b.org, with commas between several."
            raise TaskFailed(f"{name} holds something that is no address: {wrong!r}.", hint=hint, permanent=True)
    return found


def _parted(text: str) -> list[str]:
    """``text`` parted at semicolons, as mail programs write lists; not in quotes nor in a group ("Team: a;")."""
    plain = _QUOTED.sub(lambda found: "x" * len(found.group()), text)
    if ":" in plain:
        return [text]
    ends = [found.start() for found in re.finditer(";", plain)]
    return [text[start:end] for start, end in zip([0, *(end + 1 for end in ends)], [*ends, len(text)], strict=True)]


def one_line(name: str, text: str) -> str:
    """``text``, if it cannot smuggle further header fields into the message (nor break the line in Unicode's ways)."""
    if any(unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs") for character in text):
        raise TaskFailed(
            f"{name} holds a line break or control character.", hint="Write it on one line.", permanent=True
        )
    return text


def _add_headers(message: EmailMessage, headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        plain = name.isascii() and name.replace("-", "").isalnum()
        if not plain or name.lower() in _OWN_HEADERS or name.lower().startswith("content-"):
            raise TaskFailed(
                f"headers may not hold {name!r}.", hint="Use the param made for it, or an X-… name.", permanent=True
            )
        message[name] = one_line(f"headers.{name}", value)


def _attach(message: EmailMessage, given: Any) -> None:
    one = given if isinstance(given, carried.Attachment) else carried.read(given)
    kind = one_line("content_type", one.content_type)
    maintype, _, subtype = kind.partition("/")
    filename = one_line("filename", one.filename)
    if kind.lower() == "message/rfc822" and _is_sendable(one.content):
        message.add_attachment(*_whole_message(one.content), filename=filename)
        return
    if maintype.lower() in ("message", "multipart"):  # which may not be base64 (RFC 2046, 5.2)
        maintype, subtype = "application", "octet-stream"
    options: dict[str, Any] = {"maintype": maintype, "subtype": subtype or "octet-stream", "filename": filename}
    page = message.get_body(("html",)) if one.content_id else None
    if page is None:
        message.add_attachment(one.content, **options)
    else:
        page.add_related(one.content, cid=f"<{one_line('content_id', one.content_id)}>", **options)


def _is_sendable(content: bytes) -> bool:
    """Whether it is a message with header fields and lines as they may travel (RFC 5322, 2.1.1); else it is a file."""
    lines = content.split(b"\n")
    longest = max(len(line.rstrip(b"\r")) for line in lines)
    return _FIELD.match(lines[0]) is not None and b"\0" not in content and longest <= _LONGEST_LINE


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
