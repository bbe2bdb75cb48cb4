"""Folders of the mailbox."""

from __future__ import annotations

from typing import Any

from flowbook import Result, task

from .mailbox import about_to, code_of, exists, library, mailbox
from .models import CreateFolder, Credentials, ListFolders

_COUNTS = ("MESSAGES", "UNSEEN", "UIDNEXT", "UIDVALIDITY")
_CANNOT = (b"\\noselect", b"\\nonexistent")


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_folders(credentials: Credentials, params: ListFolders) -> Result:
    """List the folders of the mailbox.

    Data: a list of {"name", "separator", "purpose" (as drafts, sent, trash, where the server says so), "messages",
    "unseen", "next_uid", "uidvalidity"}; the counts are null for one that holds only folders, for one that the user
    may not read, and without counts.
    """
    with mailbox(credentials) as client:
        found = client.list_folders(pattern=params.match)
        data = [_described(client, flags, separator, name, params.counts) for flags, separator, name in found]
    return Result.ok(f"{len(data):,} folder{'' if len(data) == 1 else 's'}.", data)


def _described(client: Any, flags: Any, separator: Any, name: Any, counts: bool) -> dict[str, Any]:
    known = {flag.lower() for flag in flags}
    status = _counted(client, name) if counts and known.isdisjoint(_CANNOT) else {}
    return {
        "name": str(name),
        "separator": separator.decode() if separator else None,
        "purpose": next((one for one in _PURPOSES if f"\\{one}".encode() in known), None),
        "messages": status.get(b"MESSAGES"),
        "unseen": status.get(b"UNSEEN"),
        "next_uid": status.get(b"UIDNEXT"),
        "uidvalidity": status.get(b"UIDVALIDITY"),
    }


def _counted(client: Any, name: str) -> dict[bytes, Any]:
    """Nothing where the server refuses it: it may be another's, or have gone meanwhile, and the others are there."""
    exceptions = library().exceptions
    try:
        return dict(client.folder_status(name, _COUNTS))
    except exceptions.IMAPClientAbortError:
        raise
    except exceptions.IMAPClientError:
        return {}


_PURPOSES = ("all", "archive", "drafts", "flagged", "junk", "sent", "trash")  # RFC 6154


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def create_folder(credentials: Credentials, params: CreateFolder) -> Result:
    """Make a folder, unless it is there already. Data: {"created"}."""
    with mailbox(credentials, params.name) as client:
        there = exists(client, params.name)
        if not there:
            about_to(client, f"create the folder {params.name}")
            there = not _created(client, params.name)
    return Result.ok("It is there already." if there else "Created.", {"created": not there})


def _created(client: Any, name: str) -> bool:
    """Whether it had to be made: it may be there under a name that ends without a separator, or come meanwhile."""
    try:
        client.create_folder(name)
    except library().exceptions.IMAPClientError as error:
        if code_of(error) != "ALREADYEXISTS":  # RFC 5530
            raise
        return False
    with _unwanted():
        client.subscribe_folder(name)
    return True


def _unwanted() -> Any:
    """For what a server may refuse: subscriptions are how mail programs show folders, and not all servers have them."""
    from contextlib import suppress

    return suppress(library().exceptions.IMAPClientError)
