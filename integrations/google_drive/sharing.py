"""Who may do what. Facts: https://developers.google.com/workspace/drive/api/reference/rest/v3/permissions."""

from __future__ import annotations

from typing import Any

from flowbook import Result, TaskFailed, task
from flowbook.counting import counted

from .client import EVERYWHERE, Drive, place
from .models import Credentials, OneFile, RemovePermission, ShareFile

_FIELDS = "id,type,role,emailAddress,domain,displayName,expirationTime"


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_permissions(credentials: Credentials, params: OneFile) -> Result:
    """List who may do what with a file or folder. Data: a list of {"id", "kind", "role", "email", "domain", "name"}."""
    with Drive(credentials) as drive:
        found = [_told(one) for one in _permissions(drive, params.file)]
    return Result.ok(f"{counted(len(found), 'permission')}.", found)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "id": "01234567890123456789",
        "kind": "user",
        "role": "reader",
        "email": "ada@example.com",
        "domain": None,
        "name": "Ada",
    },
)
def share_file(credentials: Credentials, params: ShareFile) -> Result:
    """Let a person, a group, a domain or anyone see, comment on or change a file or folder. Data: the permission."""
    body: dict[str, Any] = {"type": params.kind, "role": params.role}
    body |= {"emailAddress": params.email} if params.kind in ("user", "group") else {}
    body |= {"domain": params.domain} if params.kind == "domain" else {}
    query: dict[str, Any] = {**EVERYWHERE, "fields": _FIELDS}
    if params.kind in ("user", "group"):
        query["sendNotificationEmail"] = str(params.notify).lower()
    if params.message:
        query["emailMessage"] = params.message
    with Drive(credentials) as drive:
        path = place(params.file, "permissions")
        found = _told(drive.call("POST", path, "role", params=query, json=body, expect=(200,)))
    return Result.ok(f"Shared with {found['email'] or found['domain'] or 'anyone'} as {found['role']}.", found)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def remove_permission(credentials: Credentials, params: RemovePermission) -> Result:
    """Take a permission away. Data: {"id"}; id is None where there was none for the address."""
    with Drive(credentials) as drive:
        id = params.permission
        if params.email is not None:
            wanted = params.email.lower()
            several = _permissions(drive, params.file)
            found = [one for one in several if str(one.get("emailAddress") or "").lower() == wanted]
            if not found:
                return Result.ok(f"It is not shared with {params.email}.", {"id": None})
            if found[0].get("role") == "owner":
                raise TaskFailed(f"{params.email} is the owner.", hint="An owner stays.", permanent=True)
            id = str(found[0].get("id"))
        drive.nothing("DELETE", place(params.file, "permissions", str(id)), params=EVERYWHERE)
    return Result.ok("Not shared any more.", {"id": id})


def _permissions(drive: Drive, id: str) -> list[dict[str, Any]]:
    fields = f"kind,nextPageToken,permissions({_FIELDS})"
    found, _ = drive.several(place(id, "permissions"), "permissions", None, 100, **EVERYWHERE, fields=fields)
    return found


def _told(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": one.get("id"),
        "kind": one.get("type"),
        "role": one.get("role"),
        "email": one.get("emailAddress"),
        "domain": one.get("domain"),
        "name": one.get("displayName"),
    }
