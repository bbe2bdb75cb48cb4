"""Flags and keywords of messages, and whether the server took them.

A server that lets the user set some flags of a folder only says OK and leaves the others as they are (RFC 4314, 4:
rights s, t, w and e), so it is asked what came of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .mailbox import forbidden

_DELETED = "\\Deleted"


def mark(client: Any, folder: str, uids: list[int], *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
    """Change marks of messages of the folder that is open; TaskFailed where the server did not take them."""
    if add:
        client.add_flags(uids, add, silent=True)
    if remove:
        client.remove_flags(uids, remove, silent=True)
    found = [_lowered(flags) for flags in client.get_flags(uids).values()]
    refused = [flag for flag in add if any(flag.lower() not in flags for flags in found)]
    refused += [flag for flag in remove if any(flag.lower() in flags for flags in found)]
    if refused:
        raise forbidden(f"mark messages in {folder} with {', '.join(refused)}, or the server keeps no such mark")


def expunge(client: Any, folder: str, uids: list[int]) -> None:
    """Take messages out of the folder that is open; TaskFailed where they stay, and then as they were."""
    before = {uid for uid, flags in client.get_flags(uids).items() if _DELETED.lower() in _lowered(flags)}
    client.add_flags(uids, [_DELETED], silent=True)
    client.uid_expunge(uids)
    left = there(client, uids)
    if not left:
        return
    if kept := sorted(set(left) - before):
        client.remove_flags(kept, [_DELETED], silent=True)
    raise forbidden(f"delete messages in {folder}")


def there(client: Any, uids: list[int]) -> list[int]:
    """Those of the messages that are in the folder that is open."""
    return sorted(set(client.search(["UID", ",".join(map(str, uids))])))


def _lowered(flags: Any) -> set[str]:
    return {flag.decode("ascii", "replace").lower() for flag in flags}
