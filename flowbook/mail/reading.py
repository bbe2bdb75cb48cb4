"""Messages as data: headers, texts and attachments, whatever the message is like.

Facts: RFC 5322 and RFC 2045 to 2047. What a message calls itself need not be true: what cannot be read as it says is
read as well as it can be.
"""

from __future__ import annotations

from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from typing import Any

from flowbook import tables


def parsed(content: bytes) -> EmailMessage:
    """The message that the bytes are; there are none that are no message."""
    return message_from_bytes(content, policy=policy.default)


def headers(message: EmailMessage) -> dict[str, Any]:
    """{"from", "to", "cc", "reply_to", "subject", "date", "message_id", "in_reply_to"}, people as {"name", "email"}."""
    return told(lambda name: _header(message, name))


def told(header: Callable[[str], str]) -> dict[str, Any]:
    """As :func:`headers`, of a message whose header fields ``header`` gives by name, decoded; "" for one without it."""
    return {
        "from": next(iter(_people(header("from"))), None),
        "to": _people(header("to")),
        "cc": _people(header("cc")),
        "reply_to": _people(header("reply-to")),
        "subject": header("subject"),
        "date": _date(header("date")),
        "message_id": header("message-id") or None,
        "in_reply_to": header("in-reply-to") or None,
    }


def _header(message: EmailMessage, name: str) -> str:
    try:
        value = message.get(name)
    except (ValueError, IndexError, AttributeError, TypeError, LookupError):  # what the parser of headers fails with
        value = next((text for key, text in message.raw_items() if key.lower() == name), None)
    return "" if value is None else " ".join(tables.well_formed(str(value)).split())


def _people(text: str) -> list[dict[str, str]]:
    return [{"name": person, "email": address} for person, address in getaddresses([text]) if address or person]


def _date(text: str) -> str | None:
    try:
        return parsedate_to_datetime(text).isoformat() if text else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def bodies(message: EmailMessage) -> dict[str, Any]:
    """{"text", "html"}: what people read, null where there is none of the kind."""
    found: dict[str, Any] = {"text": None, "html": None}
    for part in message.walk():
        kind = {"text/plain": "text", "text/html": "html"}.get(part.get_content_type())
        if kind and found[kind] is None and not part.is_multipart() and not _is_attached(part):
            found[kind] = _text(part)
    return found


def attached(message: EmailMessage) -> list[EmailMessage]:
    """The parts that are files, those that the text shows (inline) and messages inside of it too, in their order."""
    found: list[EmailMessage] = []
    waiting: list[Any] = [message]
    while waiting:
        part = waiting.pop(0)
        inside = part.get_payload() if part.is_multipart() else None
        if part is not message and (part.get_content_type() == "message/rfc822" or (not inside and _is_file(part))):
            found.append(part)
        elif isinstance(inside, list):
            waiting[:0] = inside
    return found


def _is_attached(part: Any) -> bool:
    return str(_of(part.get_content_disposition)) == "attachment" or bool(_of(part.get_filename))


def _is_file(part: Any) -> bool:
    return _is_attached(part) or part.get_content_maintype() != "text"


def is_inline(part: EmailMessage) -> bool:
    """Whether a part is shown inside of the text."""
    return _of(part.get_content_disposition) != "attachment" and bool(part.get("content-id"))


def name_of(part: EmailMessage, number: int) -> str:
    """The name of a file, as the message gives it; one of ours where it gives none."""
    given = _of(part.get_filename)
    if given:
        return " ".join(tables.well_formed(str(given)).split())
    kind = part.get_content_type()
    ending = ".eml" if kind == "message/rfc822" else "." + kind.partition("/")[2].rpartition("+")[0].strip("x-")
    return f"attachment-{number}{ending if len(ending) > 1 else '.bin'}"


def content_of(part: EmailMessage) -> bytes:
    """The bytes of a file."""
    if part.is_multipart():
        inside: Any = part.get_payload()
        return b"".join(one.as_bytes() for one in inside)
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def described(part: EmailMessage, number: int) -> dict[str, Any]:
    """{"filename", "content_type", "size" (bytes), "inline"}."""
    return {
        "filename": name_of(part, number),
        "content_type": part.get_content_type(),
        "size": len(content_of(part)),
        "inline": is_inline(part),
    }


def _text(part: Any) -> str:
    content = part.get_payload(decode=True) or b""
    charset = str(_of(part.get_content_charset) or "utf-8")
    for one in (charset, "utf-8", "cp1252"):
        try:
            return tables.well_formed(content.decode(one).replace("\r\n", "\n"))
        except (LookupError, UnicodeError, ValueError):
            continue
    return str(content.decode("utf-8", "replace"))


def _of(asked: Any) -> Any:
    """What a part says of itself; None where its header is damaged."""
    try:
        return asked()
    except (ValueError, IndexError, AttributeError, TypeError, LookupError):
        return None
