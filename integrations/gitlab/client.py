"""Talks to GitLab's REST API: one request, its pages and its limits.

Facts: https://docs.gitlab.com/api/rest/ (pagination, status codes), https://docs.gitlab.com/api/rest/authentication/
and https://docs.gitlab.com/security/rate_limits/.
"""

from __future__ import annotations

import functools
import time
from typing import Any

from flowbook import current, http

from .models import Credentials

PAGE = 100
HINTS = {
    401: "Put a valid access token into this integration; it may have expired.",
    403: "Give the token the scope api, and its owner a role that may do this.",
    404: "Check the project's path and the number, and that the token may see them: GitLab hides what it may not.",
}

_unlike = functools.partial(http.unlike, "GitLab", "the address of GitLab itself, as https://gitlab.com")


class GitLab:
    """The REST API with an access token; a context manager."""

    def __init__(self, credentials: Credentials) -> None:
        token = credentials.token.reveal()
        self._session = http.Session(
            f"{credentials.base_url.strip().rstrip('/').removesuffix('/api/v4')}/api/v4",
            service="GitLab",
            headers={"PRIVATE-TOKEN": token},
            secrets=[token],
            explain=explain,
            limit=seconds_to_wait,
        )

    def __enter__(self) -> GitLab:
        return self

    def __exit__(self, *error: object) -> None:
        self._session.close()

    def get(self, path: str, /, **query: Any) -> dict[str, Any]:
        """The one thing at an address."""
        return _object(self._session.get(path, params=_given(query)))

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What was made: 201, by https://docs.gitlab.com/api/rest/#status-codes."""
        return _object(self._session.post(path, json=_given(body), expect=(201,)))

    def put(self, path: str, body: dict[str, Any], *, again: bool = True) -> dict[str, Any]:
        """What was changed; not ``again`` is for what fails when it was carried out already."""
        return _object(self._session.put(path, json=_given(body), expect=(200,), retry=again))

    def found(self, path: str, /, **query: Any) -> dict[str, Any] | None:
        """The one thing at an address; None when there is none."""
        response = self._session.get(path, params=_given(query), accept=(404,))
        return None if response.status == 404 else _object(response)

    def several(self, path: str, wanted: int | None, /, **query: Any) -> tuple[list[dict[str, Any]], bool]:
        """The first ``wanted`` entries (None: all) of a list, and whether there are more.

        The next page's number is X-Next-Page: https://docs.gitlab.com/api/rest/#pagination-response-headers.
        """
        size = PAGE if wanted is None else min(PAGE, wanted)
        asked: dict[str, Any] = {**_given(query), "per_page": size}
        found: list[dict[str, Any]] = []

        def following(page: http.Response) -> dict[str, str] | None:
            number = page.headers.get("X-Next-Page", "").strip()
            return {"page": number} if number else None

        for page in self._session.pages(path, params=asked, next=following):
            entries = page.json
            if not isinstance(entries, list):
                raise _unlike(page)
            found += entries
            current().progress(len(found), wanted)
            if wanted is not None and len(found) >= wanted:
                return found[:wanted], len(found) > wanted or following(page) is not None
        return found, False


def project_path(project: str) -> str:
    """The path of a project, given by its number or its path with namespace."""
    return f"projects/{http.segment(project)}"


def explain(response: http.Response) -> tuple[str, str] | str | None:
    """GitLab's words: {"message"} (a text, or lists by field), or {"error", "error_description"}."""
    answer = response.json
    words = _words(answer.get("message")) or str(answer.get("error_description") or answer.get("error") or "")
    hint = HINTS.get(response.status)
    return (words, hint) if words and hint else words or None


def seconds_to_wait(response: http.Response) -> float | None:
    """RateLimit-Reset, a Unix time, where there is no Retry-After."""
    told = response.headers.get("RateLimit-Reset", "")
    return max(0.0, int(told) - time.time()) if response.status == 429 and told.isdecimal() else None


def _words(message: Any) -> str:
    if isinstance(message, dict):
        return "; ".join(f"{name}: {_words(inner)}" for name, inner in message.items())
    if isinstance(message, list):
        return ", ".join(map(_words, message))
    return str(message or "")


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _object(response: http.Response) -> dict[str, Any]:
    answer = response.json
    if not isinstance(answer, dict) or not ({"id", "iid", "file_path", "tag_name"} & set(answer)):
        raise _unlike(response)
    return answer
