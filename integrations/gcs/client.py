"""Talks to Google Cloud Storage.

Facts: https://docs.cloud.google.com/storage/docs/json_api/v1 and https://docs.cloud.google.com/storage/docs/request-endpoints.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowbook import google, http

from .models import Credentials

PATH = "storage/v1/b"
UPLOADS = "upload/storage/v1/b"
PAGE = 1000
NOTHING = (b"", b"{}", b"null")
"""What a deletion is answered with: the last by fake-gcs-server."""
HINTS = {
    "PERMISSION_DENIED": "Give who signed in, or the service account, a role on it, such as Storage Object User.",
    "NOT_FOUND": "Check bucket and key; list_objects shows those there are.",
}

# What a dry run goes on with in the place of what the service would answer.
OBJECT = {
    "key": "reports/may.csv",
    "size": 120,
    "content_type": "text/csv",
    "modified": "2024-05-01T09:30:00.000Z",
    "etag": "CJDz9I2Q7YUDEAE=",
    "storage_class": "STANDARD",
    "generation": "1714555800000000",
}


class Storage(google.Api):
    """The API as who signed in, or as a service account; a context manager. TaskFailed when there is no token."""

    def __init__(self, credentials: Credentials) -> None:
        super().__init__(credentials, "Google Cloud Storage", "", HINTS)

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """The pages of a list; an empty list is left out of the answer."""
        asked = {name: value for name, value in query.items() if value not in (None, "")}
        for response in self.session.pages(path, params=asked, next=_following):
            if not isinstance(response.json, dict) or "kind" not in response.json:
                raise self.unlike(response)
            yield response.json


def _following(page: http.Response) -> dict[str, Any] | None:
    token = page.json.get("nextPageToken") if isinstance(page.json, dict) else None
    return {"pageToken": token} if token else None


def place(bucket: str, *more: str) -> str:
    """The path of a bucket, and of what is in it: ``place("b", "o", key)``."""
    return "/".join([PATH, *map(http.segment, (bucket, *more))])


def told(found: dict[str, Any]) -> dict[str, Any]:
    """An object as the tasks give it."""
    return {
        "key": found.get("name"),
        "size": int(found["size"]) if str(found.get("size", "")).isdecimal() else None,
        "content_type": found.get("contentType"),
        "modified": found.get("updated"),
        "etag": found.get("etag"),
        "storage_class": found.get("storageClass"),
        "generation": found.get("generation"),
    }
