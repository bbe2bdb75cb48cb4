"""Messages that are sent later. Facts: https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.drafts."""

from __future__ import annotations

from typing import Any

from flowbook import Result, current, mail, task
from flowbook.counting import counted

from .client import Gmail, mailbox, place
from .models import CreateDraft, Credentials, ListDrafts, OneDraft
from .sending import answered, files, made, threaded, upload


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_drafts(credentials: Credentials, params: ListDrafts) -> Result:
    """List drafts. Data: a list of {"id", "message", "thread", "to", "subject", "text"}."""
    with Gmail(credentials) as gmail:
        found, more = gmail.listed("drafts", params.wanted, q=params.query)
        drafts = []
        for number, one in enumerate(found, 1):
            drafts.append(_read(gmail, str(one.get("id"))))
            current().progress(number, len(found), "drafts")
    return Result.ok(f"{counted(len(drafts), 'draft', more)}.", drafts)


@task(
    effects="write",
    network=True,
    reads_files="attachments",
    writes_files=False,
    runs_code=False,
    example={"id": "r-1234567890", "message": "18f0a1b2", "thread": "18f0a1b2"},
)
def create_draft(credentials: Credentials, params: CreateDraft) -> Result:
    """Write a draft, which a person looks over and sends; or send_draft. Data: {"id", "message", "thread"}."""
    options = {"to": params.to, "reply_to": params.reply_to, "headers": params.headers}
    carried = files(params)  # before anything is asked for
    with Gmail(credentials) as gmail:
        original = answered(gmail, params.reply_in) if params.reply_in else None
        message = made(params, carried, subject=params.subject or (original or {}).get("subject", ""), **options)
        if original:
            threaded(message, original)
        about = {"message": {"threadId": original["thread"]}} if original else {}
        found = upload(gmail, "drafts", about, message)
    return Result.ok("Draft written.", _told(found))


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"id": "18f0a1b3", "thread": "18f0a1b3", "labels": ["SENT"]},
)
def send_draft(credentials: Credentials, params: OneDraft) -> Result:
    """Send a draft. Data: {"id", "thread", "labels"} of the message."""
    with Gmail(credentials) as gmail:
        found = gmail.post("drafts/send", "id", {"id": params.draft})
    data = {"id": found["id"], "thread": found.get("threadId"), "labels": found.get("labelIds") or []}
    return Result.ok("Sent.", data)


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def delete_draft(credentials: Credentials, params: OneDraft) -> Result:
    """Delete a draft for good. Data: {"id"}."""
    with Gmail(credentials) as gmail:
        gmail.nothing("DELETE", mailbox(place("drafts", params.draft)), retry=False)
    return Result.ok("Draft deleted.", {"id": params.draft})


def _read(gmail: Gmail, id: str) -> dict[str, Any]:
    found, raw = gmail.whole(place("drafts", id))
    message = mail.parsed(raw)
    head = mail.headers(message)
    return {**_told(found), "to": head["to"], "subject": head["subject"], "text": mail.bodies(message)["text"]}


def _told(found: dict[str, Any]) -> dict[str, Any]:
    message = found.get("message") or {}
    return {"id": found["id"], "message": message.get("id"), "thread": message.get("threadId")}
