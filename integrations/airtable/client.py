"""Talks to Airtable: one request, its pages, its limits, and which base is meant.

Facts: https://airtable.com/developers/web/api/introduction, /errors and /rate-limits.
"""

from __future__ import annotations

import functools
from typing import Any

from flowbook import TaskFailed, current, http
from flowbook.counting import counted

from .models import Credentials, base_id

PAGE = 100
AFTER_A_LIMIT = 30.0
"""Seconds that a base is shut after more than five requests in one: https://airtable.com/developers/web/api/rate-limits."""
BETWEEN = 0.21
"""Seconds between the requests of one task, so that it stays below that."""
_BILLING = "PUBLIC_API_BILLING_LIMIT_EXCEEDED"
_ACCESS = "Check the base, the table and their names, and that the token has access to that base (and the scope)."
HINTS = {
    "AUTHENTICATION_REQUIRED": "Put a valid token (https://airtable.com/create/tokens) into this integration.",
    "INVALID_PERMISSIONS": "Give the token the scope that it needs, and the person behind it that right.",
    "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND": _ACCESS,
    "NOT_FOUND": "Check the base, the table and the record's ID.",
    "TABLE_NOT_FOUND": _ACCESS,
    "MODEL_ID_NOT_FOUND": "Check the record's ID.",
    "UNKNOWN_FIELD_NAME": "Use the fields' names exactly, as list_tables shows them.",
    "INVALID_VALUE_FOR_COLUMN": "Give a value of the field's type, or turn on typecast.",
    "INVALID_MULTIPLE_CHOICE_OPTIONS": "Give one of the field's options, or turn on typecast to add it.",
    "INVALID_FILTER_BY_FORMULA": "Mend the formula; names of fields stand in {braces}.",
    _BILLING: "The plan's calls of this month are used up: wait for the next, or change the plan.",
}

unlike = functools.partial(http.unlike, "Airtable", "https://api.airtable.com")
"""The fault of an answer that is not what it should be."""


class Airtable:
    """The Web API with a personal access token; a context manager."""

    def __init__(self, credentials: Credentials, *, base_url: str = "", max_bytes: int = 50_000_000) -> None:
        token = credentials.token.reveal()
        self._session = http.Session(
            f"{(base_url or credentials.base_url).strip().rstrip('/').removesuffix('/v0')}/v0",
            service="Airtable",
            headers={"Authorization": f"Bearer {token}"},
            secrets=[token],
            explain=explain,
            limit=seconds_to_wait,
            max_wait=4 * AFTER_A_LIMIT,
            max_bytes=max_bytes,
        )

    def __enter__(self) -> Airtable:
        return self

    def __exit__(self, *error: object) -> None:
        self._session.close()

    def call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """The object that an answer is. ServiceError; a limit that lasts for the month is permanent."""
        try:
            response = self._session.request(method, path, **options)
        except http.ServiceError as error:
            error.permanent = error.permanent or (error.response is not None and _code(error.response) == _BILLING)
            raise
        answer = response.json
        if not isinstance(answer, dict):
            raise unlike(response)
        return answer

    def listed(
        self, path: str, key: str, wanted: int | None, query: dict[str, Any], *, post: bool = False
    ) -> tuple[list[dict[str, Any]], bool]:
        """The first ``wanted`` entries (None: all) of what is paged by an offset, and whether there are more."""
        found: list[dict[str, Any]] = []
        asked, had = dict(query), set[str]()
        while True:
            answer = self.call("POST", path, json=asked, reads=True) if post else self.call("GET", path, params=asked)
            page = answer.get(key)
            if not isinstance(page, list):
                raise unlike()
            found += page
            current().progress(len(found), wanted)
            offset = answer.get("offset")
            if not offset or offset in had:
                return found[:wanted], wanted is not None and len(found) > wanted
            if wanted is not None and len(found) >= wanted:
                return found[:wanted], True
            had.add(offset)
            asked["offset"] = offset
            current().sleep(BETWEEN)

    def base(self, base: str) -> str:
        """The ID of a base, given by that, its link or its name exactly."""
        if (id := base_id(base)) is not None:
            return id
        bases, _ = self.listed("meta/bases", "bases", None, {})
        found = [one for one in bases if one.get("name") == base]
        if len(found) == 1:
            return str(found[0]["id"])
        what = f"there are {counted(len(found), 'base')}" if found else "there is no base"
        raise TaskFailed(
            f"Airtable: {what} called {base!r} that the token can see.",
            {"kind": "not_found", "ids": [one.get("id") for one in found]},
            hint="Check the name, or give the ID (app...); list_bases shows what the token can see.",
            permanent=True,
        )

    def table(self, base: str, table: str) -> str:
        """The path of a table, which may be given by ID or name."""
        return f"{self.base(base)}/{http.segment(table)}"


def explain(response: http.Response) -> tuple[str, str] | str | None:
    """Airtable's words about an error, and what to do about its code."""
    code = _code(response)
    message = _message(response)
    words = f"{message.rstrip('. ')} ({code})" if message else code
    return (words, HINTS[code]) if code in HINTS else words or None


def seconds_to_wait(response: http.Response) -> float | None:
    """Half a minute after a limit of the moment; Airtable names no time."""
    return AFTER_A_LIMIT if response.status == 429 and _code(response) != _BILLING else None


def _error(response: http.Response) -> Any:
    """``error``, which is an object or just a code; of ``errors`` the first."""
    answer = response.object_or_empty
    several = answer.get("errors")
    return several[0] if isinstance(several, list) and several else answer.get("error")


def _code(response: http.Response) -> str:
    error = _error(response)
    if isinstance(error, dict):
        return str(error.get("type") or error.get("error") or "")
    return str(error or "")


def _message(response: http.Response) -> str:
    error = _error(response)
    return str(error.get("message") or "") if isinstance(error, dict) else ""
