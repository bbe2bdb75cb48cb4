"""Labels, and what they mean: read, archived, in the trash.

Facts: https://developers.google.com/workspace/gmail/api/guides/labels and .../reference/rest/v1/users.labels.
"""

from __future__ import annotations

from typing import Any

from flowbook import Result, TaskFailed, task
from flowbook.counting import counted

from .client import Gmail, mailbox, place
from .models import ChangeLabels, CreateLabel, Credentials, MarkRead, Nothing, OneLabel, OneMessage

_AT_ONCE = 1000  # messages of one batchModify
_SHOWN = {"always": "labelShow", "unread": "labelShowIfUnread", "never": "labelHide"}


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_labels(credentials: Credentials, params: Nothing) -> Result:
    """List labels. Data: a list of {"id", "name", "system"}; system labels are Gmail's own, as INBOX and UNREAD."""
    with Gmail(credentials) as gmail:
        found = [_told(one) for one in gmail.labels()]
    return Result.ok(f"{counted(len(found), 'label')}.", found)


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"id": "Label_12", "name": "Invoices", "system": False},
)
def create_label(credentials: Credentials, params: CreateLabel) -> Result:
    """Make a label; one of this name that is there already is given. Data: {"id", "name", "system"}."""
    body = {"name": params.name, "labelListVisibility": _SHOWN[params.shown], "messageListVisibility": "show"}
    with Gmail(credentials) as gmail:
        there = [one for one in gmail.labels() if str(one.get("name")).lower() == params.name.lower()]
        if there:
            return Result.ok(f"The label {params.name!r} is there.", _told(there[0]))
        found = gmail.post("labels", "id", body)
    return Result.ok(f"Label {params.name!r} made.", _told(found))


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def delete_label(credentials: Credentials, params: OneLabel) -> Result:
    """Delete a label; messages stay, without it. Data: {"id"}."""
    with Gmail(credentials) as gmail:
        (id,) = gmail.label_ids([params.label])
        gmail.nothing("DELETE", mailbox(place("labels", id)), retry=False)
    return Result.ok(f"Label {params.label!r} deleted.", {"id": id})


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def change_labels(credentials: Credentials, params: ChangeLabels) -> Result:
    """Give messages labels, and take others away. Data: {"messages"}: how many."""
    with Gmail(credentials) as gmail:
        ids = gmail.label_ids([*params.add, *params.remove])
        add, remove = ids[: len(params.add)], ids[len(params.add) :]
        if both := set(add) & set(remove):
            raise TaskFailed(f"The label {both.pop()} is to be added and removed.", hint="Choose.", permanent=True)
        _change(gmail, params.messages, add, remove)
    return _changed(params.messages)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def mark_read(credentials: Credentials, params: MarkRead) -> Result:
    """Mark messages as read, or as not read. Data: {"messages"}: how many."""
    with Gmail(credentials) as gmail:
        _change(gmail, params.messages, [] if params.read else ["UNREAD"], ["UNREAD"] if params.read else [])
    return _changed(params.messages)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def trash_message(credentials: Credentials, params: OneMessage) -> Result:
    """Put a message into the trash, where Gmail keeps it for 30 days. Data: {"id", "labels"}."""
    return _moved(credentials, params, "trash", "In the trash.")


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def untrash_message(credentials: Credentials, params: OneMessage) -> Result:
    """Take a message out of the trash. Data: {"id", "labels"}."""
    return _moved(credentials, params, "untrash", "Taken out of the trash.")


def _moved(credentials: Credentials, params: OneMessage, how: str, said: str) -> Result:
    with Gmail(credentials) as gmail:
        found = gmail.post(place("messages", params.message, how), "id", {})
    return Result.ok(said, {"id": found["id"], "labels": found.get("labelIds") or []})


def _change(gmail: Gmail, messages: list[str], add: list[str], remove: list[str]) -> None:
    """batchModify passes over IDs that it does not know: a single message is changed by its own, which refuses that."""
    body: dict[str, Any] = {"addLabelIds": add, "removeLabelIds": remove}
    if len(messages) == 1:
        gmail.post(place("messages", messages[0], "modify"), "id", body)
        return
    for start in range(0, len(messages), _AT_ONCE):
        some = {**body, "ids": messages[start : start + _AT_ONCE]}
        gmail.nothing("POST", mailbox("messages/batchModify"), json=some)


def _changed(messages: list[str]) -> Result:
    return Result.ok(f"{counted(len(messages), 'message')} changed.", {"messages": len(messages)})


def _told(one: dict[str, Any]) -> dict[str, Any]:
    return {"id": one.get("id"), "name": one.get("name"), "system": one.get("type") == "system"}
