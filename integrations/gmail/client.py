"""Talks to the Gmail API.

Facts: https://developers.google.com/workspace/gmail/api/reference/rest/v1 and .../gmail/api/guides/handle-errors.
"""

from __future__ import annotations

import base64
from typing import Any

from flowbook import TaskFailed, google, http

from .models import Credentials

HINTS = {
    "PERMISSION_DENIED": "Sign in with an account that has Gmail; a service account needs subject: whom it acts for.",
    "NOT_FOUND": "Check the ID: it is of the account that signed in.",
    "FAILED_PRECONDITION": "A service account needs subject: whom it acts for.",
}
MOST_BYTES = 100_000_000


class Gmail(google.Api):
    """The API for who signed in, or whom a service account acts for; a context manager."""

    def __init__(self, credentials: Credentials) -> None:
        super().__init__(credentials, "Gmail", "", HINTS)
        self.session.max_bytes = MOST_BYTES

    def get(self, path: str, has: str, **query: Any) -> dict[str, Any]:
        """What is at a path below the mailbox."""
        return self.call("GET", mailbox(path), has, params=query)

    def post(self, path: str, has: str, body: dict[str, Any]) -> dict[str, Any]:
        """What a POST made."""
        return self.call("POST", mailbox(path), has, json=body, expect=(200,))

    def listed(self, name: str, wanted: int | None, **query: Any) -> tuple[list[dict[str, Any]], bool]:
        """The IDs of messages or drafts, and whether there are more."""
        return self.several(mailbox(name), name, wanted, 500, **query)

    def whole(self, path: str) -> tuple[dict[str, Any], bytes]:
        """A message or draft with the whole of its message as it came."""
        found = self.get(path, "id", format="raw")
        raw = (found.get("message") or found).get("raw") or ""
        return found, base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))

    def labels(self) -> list[dict[str, Any]]:
        """All labels; a mailbox always has some."""
        return list(self.get("labels", "labels")["labels"])

    def label_ids(self, names: list[str]) -> list[str]:
        """The IDs of labels by their names in any case, or by their IDs; TaskFailed for one that is not there."""
        if not names:
            return []
        there = self.labels()
        by_name = {str(one.get("name")).lower(): str(one.get("id")) for one in there}
        by_id = {str(one.get("id")) for one in there}
        for name in names:
            if name not in by_id and name.lower() not in by_name:
                known = ", ".join(sorted(str(one.get("name")) for one in there))
                raise TaskFailed(f"Gmail: there is no label {name!r}.", hint=f"There are: {known}.", permanent=True)
        return [name if name in by_id else by_name[name.lower()] for name in names]


def mailbox(path: str) -> str:
    """A path below the mailbox of who signed in; IDs in it are letters and digits."""
    return f"gmail/v1/users/me/{path}"


def place(*parts: str) -> str:
    """A path of several parts."""
    return "/".join(map(http.segment, parts))
