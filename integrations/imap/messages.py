"""Finding and reading messages."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from flowbook import Result, TaskFailed, current, mail, task

from .mailbox import library, mailbox, select
from .marks import mark
from .models import Credentials, GetMessage, OneMessage, SaveAttachments, SearchMessages

_LOOK = 5.0  # seconds between two looks for messages, where the server tells of none by itself
_LONGEST = 60.0  # seconds of one wait for the server to tell; RFC 2177 wants them under 29 minutes
_TOGETHER = 200  # messages of which the headers are asked for at once
_FEW = ("FLAGS", "RFC822.SIZE", "INTERNALDATE", "BODY.PEEK[HEADER]")


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def search_messages(credentials: Credentials, params: SearchMessages) -> Result:
    """Find messages of a folder, and wait for one where that is wanted; none is marked as read.

    Data: {"messages", "last_uid", "uidvalidity"}; messages is a list of {"uid", "from", "to", "cc", "reply_to",
    "subject", "date", "received", "message_id", "in_reply_to", "seen", "flagged", "flags", "size"}, with bodies also
    "text", "html" and "attachments". What comes later is found with after_uid: last_uid and uidvalidity.
    """
    until = time.monotonic() + params.wait
    with suppress(_NotAgreed), mailbox(credentials, params.folder) as client:
        return _searched(client, params, until, told=client.has_capability("IDLE"))
    with mailbox(credentials, params.folder) as client:
        return _searched(client, params, until, told=False)


class _NotAgreed(Exception):
    """The server refused to tell of messages, or told of one before it agreed to, as Outlook may.

    IMAPClient's connection is of no use after either.
    """


def _searched(client: Any, params: SearchMessages, until: float, *, told: bool) -> Result:
    """Those there are, or come until then; the server is asked to tell of them where it is to be ``told``."""
    opened = select(client, params.folder)
    validity = opened.get(b"UIDVALIDITY")
    known = params.after_uid if params.uidvalidity in (None, validity) else 0
    found = _found(client, params, known)
    for seconds in _waits(until):
        if found or current().cancelled:
            break
        if told:
            _be_told(client, seconds)
        else:
            current().sleep(min(seconds, _LOOK))
            client.noop()
        found = _found(client, params, known)
    last = max([*found, known])
    kept = sorted(found, reverse=params.order == "newest")[: params.limit]
    if len(kept) < len(found) and params.order == "oldest":
        last = max(kept)  # those beyond the limit come next time
    messages = list(_described(client, kept, params))
    more = f" of {len(found):,}" if len(kept) < len(found) else ""
    note = "" if known == params.after_uid else " The folder was made anew: all of it was looked at."
    words = f"{len(messages):,}{more} message{'' if len(found) == 1 else 's'}.{note}"
    return Result.ok(words, {"messages": messages, "last_uid": last, "uidvalidity": validity})


def _found(client: Any, params: SearchMessages, known: int) -> list[int]:
    criteria = _criteria(params, known)
    plain = all(not isinstance(one, str) or one.isascii() for one in criteria)
    found = client.search(criteria, charset=None if plain else "UTF-8")
    return [uid for uid in found if uid > known]  # "7:*" is the last message, also when its uid is less


def _criteria(params: SearchMessages, known: int) -> list[Any]:
    criteria: list[Any] = [] if not known else ["UID", f"{known + 1}:*"]
    for wanted, word in ((params.unseen, "UNSEEN"), (params.flagged, "FLAGGED")):
        if wanted is not None:
            criteria.append(word if wanted else {"UNSEEN": "SEEN", "FLAGGED": "UNFLAGGED"}[word])
    texts = {"FROM": params.from_, "TO": params.to, "SUBJECT": params.subject, "TEXT": params.text}
    days = {"SINCE": params.since, "BEFORE": params.before}
    for word, value in {**texts, **days}.items():
        if value is not None:
            criteria += [word, value]
    return criteria or ["ALL"]


def _waits(until: float) -> Iterator[float]:
    """How long to wait before each next look: a second, then twice as long each time, up to _LONGEST.

    What arrives between a look and the wait after it may be told in one breath with the wait's beginning (Dovecot,
    Outlook). IMAPClient leaves that in a buffer which it does not watch, and shows it at the wait's end only.
    """
    seconds = 1.0
    while (left := until - time.monotonic()) > 0:
        yield min(left, seconds)
        seconds = min(2 * seconds, _LONGEST)


def _be_told(client: Any, seconds: float) -> None:
    """Wait until the server tells of something, or so many seconds are over; cancelling shuts the connection."""
    exceptions = library().exceptions
    try:
        client.idle()
    except exceptions.IMAPClientAbortError:
        raise
    except exceptions.IMAPClientError:
        raise _NotAgreed from None
    client.idle_check(timeout=seconds)
    client.idle_done()


def _described(client: Any, uids: list[int], params: SearchMessages) -> Iterator[dict[str, Any]]:
    for start in range(0, len(uids), _TOGETHER):
        some = uids[start : start + _TOGETHER]
        answers = client.fetch(some, _FEW)
        for uid in some:
            if uid in answers:  # else it was deleted meanwhile
                answer = answers[uid]
                whole = params.bodies and answer.get(b"RFC822.SIZE", 0) <= params.max_bytes
                yield _summary(uid, answer) | (_whole(client, uid) if whole else {})
        current().progress(start + len(some), len(uids), "messages")


def _whole(client: Any, uid: int) -> dict[str, Any]:
    answer = client.fetch([uid], ["BODY.PEEK[]"]).get(uid, {})
    return _body(mail.parsed(answer.get(b"BODY[]") or b""))


def _summary(uid: int, answer: dict[bytes, Any]) -> dict[str, Any]:
    flags = sorted(flag.decode("ascii", "replace") for flag in answer.get(b"FLAGS", ()))
    head = mail.parsed(answer.get(b"BODY[HEADER]") or answer.get(b"BODY[]") or b"")
    return {
        "uid": uid,
        **mail.headers(head),
        "received": _moment(answer.get(b"INTERNALDATE")),
        "seen": "\\Seen" in flags,
        "flagged": "\\Flagged" in flags,
        "flags": flags,
        "size": answer.get(b"RFC822.SIZE"),
    }


def _body(message: Any) -> dict[str, Any]:
    parts = [mail.described(part, number) for number, part in enumerate(mail.attached(message), 1)]
    return {**mail.bodies(message), "attachments": parts}


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_message(credentials: Credentials, params: GetMessage) -> Result:
    """Read a message: its texts and its attachments. Nothing is changed, unless it is to be marked as read.

    Data: as a message of search_messages, with "text", "html", "attachments" ({"filename", "content_type", "size",
    "inline"}, with content also "content": bytes), and with raw also "raw": bytes.
    """
    with mailbox(credentials, params.folder) as client:
        select(client, params.folder, writing=params.mark_seen)
        answer = _answer(client, params)
        if params.mark_seen:
            current().about_to("mail", client.host, f"mark message {params.uid} as read", folder=params.folder)
            mark(client, params.folder, [params.uid], add=["\\Seen"])
    message = mail.parsed(answer[b"BODY[]"])
    data = _summary(params.uid, answer) | _body(message)
    data["seen"] = data["seen"] or params.mark_seen
    if params.content:
        for one, part in zip(data["attachments"], mail.attached(message), strict=True):
            one["content"] = mail.content_of(part)
    return Result.ok(f"Read {data['subject']!r}.", data | ({"raw": answer[b"BODY[]"]} if params.raw else {}))


def _answer(client: Any, params: OneMessage) -> dict[bytes, Any]:
    """The whole message; TaskFailed when it is not there, or too large."""
    size = client.fetch([params.uid], ["RFC822.SIZE"]).get(params.uid, {}).get(b"RFC822.SIZE")
    if size is None:
        raise _gone(params)
    if size > params.max_bytes:
        hint = "Raise max_bytes to read it all the same."
        raise TaskFailed(f"The message has {size:,} bytes, more than {params.max_bytes:,}.", hint=hint, permanent=True)
    wanted = ["FLAGS", "RFC822.SIZE", "INTERNALDATE", "BODY.PEEK[]"]
    answer = dict(client.fetch([params.uid], wanted).get(params.uid, {}))
    if answer.get(b"BODY[]") is None:  # it was deleted meanwhile, or the server lost what it lists
        raise _gone(params)
    return answer


def _gone(params: OneMessage) -> TaskFailed:
    words = f"There is no message {params.uid} in {params.folder}."
    return TaskFailed(words, {"kind": "not_found"}, "A message that is moved gets another uid.", permanent=True)


@task(effects="idempotent", network=True, reads_files=False, writes_files="folder_path", runs_code=False)
def save_attachments(credentials: Credentials, params: SaveAttachments) -> Result:
    """Save the attachments of a message as files. Data: a list of {"path", "filename", "content_type", "size"}.

    Names are taken from the message, without folders in them; two of the same name get numbers.
    """
    folder = params.folder_path.rstrip("/") or "/"
    current().path(folder, writing=True)  # a place that may not be written is refused first
    with mailbox(credentials, params.folder) as client:
        select(client, params.folder)
        message = mail.parsed(_answer(client, params)[b"BODY[]"])
    saved = mail.saved(message, folder, pattern=params.pattern, inline=params.inline, overwrite=params.overwrite)
    return Result.ok(f"{len(saved)} saved.", saved)


def _moment(value: Any) -> str | None:
    """When the server got a message, as ISO text."""
    return value.isoformat() if isinstance(value, datetime) else None
