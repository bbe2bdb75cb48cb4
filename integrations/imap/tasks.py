"""Trying the credentials, and changing what is in folders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowbook import Result, TaskFailed, mail, task

from .mailbox import about_to, mailbox, select
from .marks import expunge, there
from .marks import mark as put_marks
from .models import (
    AppendMessage,
    Credentials,
    DeleteMessages,
    MarkMessages,
    MoveMessages,
    Several,
    TestConnection,
)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: TestConnection) -> Result:
    """Try the mail server: connect, encrypt, sign in, and look into the inbox.

    A failure's data has a "kind": unauthorized, tls, unreachable, wrong_address, timeout, rate_limited.
    Data: {"security", "messages", "unseen", "idle"}: idle is whether the server tells of new messages by itself.
    """
    with mailbox(credentials) as client:
        status = client.folder_status("INBOX", ["MESSAGES", "UNSEEN"])
        idle = client.has_capability("IDLE")
    data = {
        "security": credentials.security,
        "messages": status.get(b"MESSAGES"),
        "unseen": status.get(b"UNSEEN"),
        "idle": bool(idle),
    }
    open_text = " The password travelled unencrypted." if credentials.security == "none" else ""
    words = f"Signed in as {credentials.username}: {data['messages']:,} messages, {data['unseen']:,} unread.{open_text}"
    return Result.ok(words, data)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def mark_messages(credentials: Credentials, params: MarkMessages) -> Result:
    """Mark messages: read, flagged, answered, with keywords. Data: {"changed"}: how many of them are there."""
    wanted = {"\\Seen": params.seen, "\\Flagged": params.flagged, "\\Answered": params.answered}
    wanted |= dict.fromkeys(params.add, True) | dict.fromkeys(params.remove, False)
    add = [flag for flag, on in wanted.items() if on]
    remove = [flag for flag, on in wanted.items() if on is False]
    if not add and not remove:
        raise TaskFailed("Nothing is said that they are to be marked with.", hint="Give seen, …", permanent=True)

    def mark(client: Any, uids: list[int]) -> None:
        put_marks(client, params.folder, uids, add=add, remove=remove)

    done = _with_those_there(credentials, params, "mark", mark, add=add, remove=remove)
    return Result.ok(f"{done:,} of {len(params.uids):,} marked.", {"changed": done})


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def move_messages(credentials: Credentials, params: MoveMessages) -> Result:
    """Move messages to another folder. Data: {"moved"}: how many of them were there; they get other uids."""

    def move(client: Any, uids: list[int]) -> None:
        if client.has_capability("MOVE"):
            client.move(uids, params.to_folder)
            return
        _check_expunge(client, "move")
        client.copy(uids, params.to_folder)
        expunge(client, params.folder, uids)

    done = _with_those_there(credentials, params, "move", move, to_folder=params.to_folder)
    return Result.ok(f"{done:,} of {len(params.uids):,} moved to {params.to_folder}.", {"moved": done})


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False, example={"copied": 1})
def copy_messages(credentials: Credentials, params: MoveMessages) -> Result:
    """Copy messages to another folder. Data: {"copied"}: how many of them were there."""
    done = _with_those_there(
        credentials,
        params,
        "copy",
        lambda client, uids: client.copy(uids, params.to_folder),
        reading=True,
        to_folder=params.to_folder,
    )
    return Result.ok(f"{done:,} of {len(params.uids):,} copied to {params.to_folder}.", {"copied": done})


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def delete_messages(credentials: Credentials, params: DeleteMessages) -> Result:
    """Delete messages for good; to keep them for a while, move them to the trash. Data: {"deleted"}.

    Only these go: others that are marked as deleted stay as they are.
    """

    def delete(client: Any, uids: list[int]) -> None:
        _check_expunge(client, "delete")
        expunge(client, params.folder, uids)

    done = _with_those_there(credentials, params, "delete", delete)
    return Result.ok(f"{done:,} of {len(params.uids):,} deleted.", {"deleted": done})


def _check_expunge(client: Any, what: str) -> None:
    """Without UIDPLUS (RFC 4315) whatever else is marked as deleted in the folder would go too."""
    if not client.has_capability("UIDPLUS"):
        hint = "Mark them in place of that: mark_messages."
        raise TaskFailed(f"The server cannot {what} certain messages only.", hint=hint, permanent=True)


def _with_those_there(
    credentials: Credentials, params: Several, word: str, change: Callable[[Any, list[int]], Any],
    *, reading: bool = False, **detail: Any,
) -> int:  # fmt: skip
    """Change those of the messages that are there, and say how many they are."""
    folders = [params.folder, params.to_folder] if isinstance(params, MoveMessages) else [params.folder]
    with mailbox(credentials, *folders) as client:
        select(client, params.folder, writing=not reading)
        found = there(client, params.uids)
        if found:
            about_to(client, f"{word} {len(found)} in {params.folder}", uids=found, **detail)
            change(client, found)
    return len(found)


@task(
    effects="write",
    network=True,
    reads_files="attachments",
    writes_files=False,
    runs_code=False,
    example={"uid": 42, "message_id": "<1.2@example.com>"},
)
def append_message(credentials: Credentials, params: AppendMessage) -> Result:
    """Put a message into a folder, as a draft that a person looks over and sends. Nothing is sent by this.

    It is marked as far as the user may mark what is in that folder. Data: {"uid", "message_id"}; uid is null where the
    server does not say it.
    """
    content, id = _composed(credentials, params)
    flags = [flag for flag, on in (("\\Draft", params.draft), ("\\Seen", params.seen)) if on]
    with mailbox(credentials, params.folder) as client:
        about_to(client, f"put a message into {params.folder}", subject=params.subject, size=len(content))
        said = client.append(params.folder, content, flags)
    return Result.ok(f"Put into {params.folder}.", {"uid": _uid_in(said), "message_id": id})


def _uid_in(said: Any) -> int | None:
    """The uid in "[APPENDUID 38505 3955] APPEND completed" (RFC 4315)."""
    words = bytes(said).partition(b"]")[0].split() if isinstance(said, (bytes, bytearray)) else []
    return int(words[2]) if len(words) == 3 and words[0] == b"[APPENDUID" and words[2].isdigit() else None


def _composed(credentials: Credentials, params: AppendMessage) -> tuple[bytes, str | None]:
    if params.raw is not None:
        raw = params.raw.encode() if isinstance(params.raw, str) else params.raw
        return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), None
    me = credentials.username
    message = mail.composed(
        sender=next(iter(mail.addresses(me, "username")), None) if "@" in me else None,
        to=params.to,
        subject=params.subject,
        body=params.body,
        html=params.html,
        attachments=params.attachments,
    )
    return mail.as_bytes(message, eight_bits=False), str(message["Message-ID"])
