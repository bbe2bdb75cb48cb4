"""Talks to the Google Drive API.

Facts: https://developers.google.com/workspace/drive/api/reference/rest/v3,
https://developers.google.com/workspace/drive/api/guides/handle-errors and
https://developers.google.com/workspace/drive/api/guides/enable-shareddrives.
"""

from __future__ import annotations

from typing import Any

from flowbook import google, http

from .models import KINDS, Credentials

PATH = "drive/v3/files"
UPLOADS = "upload/drive/v3/files"
EVERYWHERE = {"supportsAllDrives": "true"}
FIELDS = (
    "id,name,mimeType,size,parents,description,starred,trashed,createdTime,modifiedTime,webViewLink,webContentLink,"
    "md5Checksum,driveId,owners(emailAddress,displayName),shortcutDetails(targetId,targetMimeType)"
)
HINTS = {
    "PERMISSION_DENIED": "Share the file with who signed in, or with the service account's address, and let it edit.",
    "NOT_FOUND": "Check the ID or link; what is not shared with who signed in is not found, either.",
}

# What a dry run goes on with in the place of what the service would answer.
FILE = {
    "id": "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs",
    "name": "report.csv",
    "kind": "file",
    "mime_type": "text/csv",
    "size": 120,
    "folder": "0AFfQ0CGhYQyJUk9PVA",
    "description": None,
    "starred": False,
    "trashed": False,
    "created": "2024-05-01T09:30:00.000Z",
    "modified": "2024-05-01T09:30:00.000Z",
    "url": "https://drive.google.com/file/d/1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs/view",
    "download_url": "https://drive.google.com/uc?id=1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs&export=download",
    "md5": "d41d8cd98f00b204e9800998ecf8427e",
    "owner": "ada@example.com",
    "drive": None,
    "target": None,
}


class Drive(google.Api):
    """The API as who signed in, or as a service account; a context manager. TaskFailed when there is no token."""

    def __init__(self, credentials: Credentials) -> None:
        super().__init__(credentials, "Google Drive", "", HINTS)

    def file(self, id: str) -> dict[str, Any]:
        """What Drive tells about a file."""
        return self.call("GET", place(id), "id", params={**EVERYWHERE, "fields": FIELDS})

    def made(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What a POST made."""
        query = {**EVERYWHERE, "fields": FIELDS}
        return self.call("POST", path, "id", params=query, json=body, expect=(200,))

    def changed(self, id: str, body: dict[str, Any], **query: str) -> dict[str, Any]:
        """What a file is after a PATCH."""
        asked = {**EVERYWHERE, "fields": FIELDS, **query}
        return self.call("PATCH", place(id), "id", params=asked, json=body, expect=(200,))

    def found(self, wanted: int | None, **query: Any) -> tuple[list[dict[str, Any]], bool]:
        """The files that a query finds, and whether there are more."""
        fields = f"kind,nextPageToken,files({FIELDS})"
        more = {**EVERYWHERE, "includeItemsFromAllDrives": "true", "fields": fields}
        return self.several(PATH, "files", wanted, 1000, **{**more, **query})


def place(id: str, *more: str) -> str:
    """The path of a file, and of what is below it."""
    return "/".join([PATH, http.segment(id), *map(http.segment, more)])


def quoted(text: str) -> str:
    """A text in a query: https://developers.google.com/workspace/drive/api/guides/search-files."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def told(found: dict[str, Any]) -> dict[str, Any]:
    """A file as the tasks give it."""
    target = found.get("shortcutDetails") or {}
    owners = [one.get("emailAddress") for one in found.get("owners") or []]
    names = {mime: kind for kind, mime in KINDS.items()}
    return {
        "id": found.get("id"),
        "name": found.get("name"),
        "kind": names.get(str(found.get("mimeType")), "file"),
        "mime_type": found.get("mimeType"),
        "size": int(found["size"]) if str(found.get("size", "")).isdecimal() else None,
        "folder": next(iter(found.get("parents") or []), None),
        "description": found.get("description"),
        "starred": bool(found.get("starred")),
        "trashed": bool(found.get("trashed")),
        "created": found.get("createdTime"),
        "modified": found.get("modifiedTime"),
        "url": found.get("webViewLink"),
        "download_url": found.get("webContentLink"),
        "md5": found.get("md5Checksum"),
        "owner": next(iter(owners), None),
        "drive": found.get("driveId"),
        "target": target.get("targetId"),
    }
