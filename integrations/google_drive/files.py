"""Files and folders: found, told about, made, copied, moved, renamed and thrown away.

Facts: https://developers.google.com/workspace/drive/api/reference/rest/v3/files.
"""

from __future__ import annotations

from typing import Any

from flowbook import Result, task
from flowbook.counting import counted

from .client import EVERYWHERE, FILE, PATH, Drive, place, quoted, told
from .models import (
    KINDS,
    CopyFile,
    CreateFolder,
    Credentials,
    ListFiles,
    MoveFile,
    OneFile,
    TestConnection,
    UpdateFile,
)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: TestConnection) -> Result:
    """Ask Drive who signed in. Data: {"email", "name", "used", "limit"}, in bytes; limit may be None."""
    with Drive(credentials) as drive:
        answer = drive.call("GET", "drive/v3/about", "user", params={"fields": "user,storageQuota"})
    user, quota = answer["user"] or {}, answer.get("storageQuota") or {}
    limit = int(quota["limit"]) if quota.get("limit") else None
    data = {"email": user.get("emailAddress"), "name": user.get("displayName"), "used": int(quota.get("usage") or 0)}
    return Result.ok(f"Successfully connected to Google Drive as {data['email']}!", {**data, "limit": limit})


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_files(credentials: Credentials, params: ListFiles) -> Result:
    """Find files and folders. Data: a list of what get_file gives.

    The words of a query: https://developers.google.com/workspace/drive/api/guides/search-files
    """
    more = {"corpora": "drive", "driveId": params.drive} if params.drive else {}
    with Drive(credentials) as drive:
        found, others = drive.found(params.wanted, q=_query(params), orderBy=params.order, **more)
    if params.exact_name:  # Drive's = may mean any case
        found = [one for one in found if one.get("name") == params.exact_name]
    return Result.ok(f"{counted(len(found), 'file', others)}.", [told(one) for one in found])


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_file(credentials: Credentials, params: OneFile) -> Result:
    """Ask about a file or folder.

    Data: {"id", "name", "kind", "mime_type", "size" (bytes; None for Google's own documents), "folder", "description",
    "starred", "trashed", "created", "modified", "url", "download_url", "md5", "owner", "drive", "target"}; kind is
    file, folder, document, spreadsheet, presentation, shortcut or pdf, target what a shortcut leads to.
    """
    with Drive(credentials) as drive:
        data = told(drive.file(params.file))
    return Result.ok(f"{data['name']!r}.", data)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "id": "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs",
        "name": "Reports",
        "kind": "folder",
        "mime_type": "application/vnd.google-apps.folder",
        "size": None,
        "folder": "0AFfQ0CGhYQyJUk9PVA",
        "description": None,
        "starred": False,
        "trashed": False,
        "created": "2024-05-01T09:30:00.000Z",
        "modified": "2024-05-01T09:30:00.000Z",
        "url": "https://drive.google.com/file/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs/view",
        "download_url": None,
        "md5": None,
        "owner": "ada@example.com",
        "drive": None,
        "target": None,
    },
)
def create_folder(credentials: Credentials, params: CreateFolder) -> Result:
    """Make a folder. Drive takes several of one name: with only_once one that is there is given. Data: as get_file."""
    body: dict[str, Any] = {"name": params.name, "mimeType": KINDS["folder"]}
    parent = params.folder or "root"
    with Drive(credentials) as drive:
        if params.only_once:
            name, kind = quoted(params.name), quoted(KINDS["folder"])
            query = f"name = {name} and mimeType = {kind} and {quoted(parent)} in parents and trashed = false"
            alike, _ = drive.found(None, q=query, orderBy="createdTime")
            there = [one for one in alike if one.get("name") == params.name]  # Drive's = may mean any case
            if there:
                return Result.ok(f"The folder {params.name!r} is there.", told(there[0]))
        found = told(drive.made(PATH, body | ({"parents": [params.folder]} if params.folder else {})))
    return Result.ok(f"Folder {params.name!r} made.", found)


@task(
    effects="write",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example=FILE,
)
def copy_file(credentials: Credentials, params: CopyFile) -> Result:
    """Copy a file; a folder cannot be copied. Data: the copy, as get_file gives it."""
    body: dict[str, Any] = {"name": params.name} if params.name else {}
    with Drive(credentials) as drive:
        found = told(
            drive.made(place(params.file, "copy"), body | ({"parents": [params.folder]} if params.folder else {}))
        )
    return Result.ok(f"Copied as {found['name']!r}.", found)


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example=FILE,
)
def move_file(credentials: Credentials, params: MoveFile) -> Result:
    """Move a file or folder into another folder. Data: as get_file gives it."""
    with Drive(credentials) as drive:
        there = drive.file(params.file).get("parents") or []
        before = [one for one in there if one != params.folder]
        if params.folder in there and not before:
            found = told(drive.file(params.file))
        else:
            query = {"addParents": params.folder} | ({"removeParents": ",".join(before)} if before else {})
            found = told(drive.changed(params.file, {}, **query))
    return Result.ok(f"{found['name']!r} is there.", found)


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example=FILE,
)
def update_file(credentials: Credentials, params: UpdateFile) -> Result:
    """Rename a file or folder, describe it, or give it a star. Data: as get_file gives it."""
    given = {"name": params.name, "description": params.description, "starred": params.starred}
    with Drive(credentials) as drive:
        found = told(drive.changed(params.file, {name: value for name, value in given.items() if value is not None}))
    return Result.ok(f"{found['name']!r} changed.", found)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def trash_file(credentials: Credentials, params: OneFile) -> Result:
    """Put a file or folder into the trash, where Drive keeps it for 30 days. Data: as get_file gives it."""
    with Drive(credentials) as drive:
        found = told(drive.changed(params.file, {"trashed": True}))
    return Result.ok(f"{found['name']!r} is in the trash.", found)


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def restore_file(credentials: Credentials, params: OneFile) -> Result:
    """Take a file or folder out of the trash. Data: as get_file gives it."""
    with Drive(credentials) as drive:
        found = told(drive.changed(params.file, {"trashed": False}))
    return Result.ok(f"{found['name']!r} is restored.", found)


@task(effects="write", network=True, reads_files=False, writes_files=False, runs_code=False)
def delete_file(credentials: Credentials, params: OneFile) -> Result:
    """Delete a file, or a folder with all that it holds, for good. Data: {"id"}."""
    with Drive(credentials) as drive:
        drive.nothing("DELETE", place(params.file), params=EVERYWHERE, retry=False)
    return Result.ok("Deleted.", {"id": params.file})


def _query(params: ListFiles) -> str:
    said = [f"trashed = {str(params.trashed).lower()}"]
    texts = (
        (params.folder, "{} in parents"),
        (params.name, "name contains {}"),
        (params.exact_name, "name = {}"),
        (params.text, "fullText contains {}"),
        (params.mime_type, "mimeType = {}"),
        (KINDS.get(params.kind), "mimeType = {}"),
        (KINDS["folder"] if params.kind == "file" else None, "mimeType != {}"),
        (_moment(params.modified_since), "modifiedTime >= {}"),
        ("me" if params.mine else None, "{} in owners"),
    )
    said += [words.format(quoted(given)) for given, words in texts if given]
    return " and ".join(said + ([f"({params.query})"] if params.query else []))


def _moment(text: str | None) -> str | None:
    """RFC 3339, in UTC where no zone is said."""
    if text is None or len(text) == 10:
        return text and f"{text}T00:00:00"
    return text.replace(" ", "T", 1)
