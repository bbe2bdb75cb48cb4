"""Talks to Notion: one request, its pages, and which database is meant.

Facts: https://developers.notion.com/reference/intro, /status-codes and /request-limits.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

from flowbook import TaskFailed, current, http
from flowbook.counting import counted

from .models import Credentials, id_of
from .properties import text_of

API_VERSION = "2025-09-03"
PAGE = 100
_SHARE = "Check the ID, and share it with the integration: its ••• menu in Notion, Connections."
HINTS = {
    "unauthorized": "Put the integration's secret (https://www.notion.so/my-integrations) into this integration.",
    "restricted_resource": "Give the integration that capability at https://www.notion.so/my-integrations.",
    "object_not_found": _SHARE,
    "validation_error": "Correct what it names: names and types are those of the database, as get_database shows them.",
    "conflict_error": "Something else changed it at the same time: try again.",
    "rate_limited": "Give the node a retry with a longer wait.",
}

_unlike = functools.partial(http.unlike, "Notion", "https://api.notion.com")


class Source(NamedTuple):
    """A data source: the table of a database, with the types of its properties."""

    id: str
    title: str
    types: dict[str, str]


class Notion:
    """The API with an integration's secret; a context manager."""

    def __init__(self, credentials: Credentials) -> None:
        token = credentials.token.reveal()
        headers = {"Authorization": f"Bearer {token}", "Notion-Version": API_VERSION}
        base = f"{credentials.base_url.strip().rstrip('/').removesuffix('/v1')}/v1"
        self._session = http.Session(
            base, service="Notion", headers=headers, secrets=[token], explain=explain, timeout=70
        )

    def __enter__(self) -> Notion:
        return self

    def __exit__(self, *error: object) -> None:
        self._session.close()

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """What is at an address."""
        return _object(self._session.get(path, params=query or None))

    def post(self, path: str, body: dict[str, Any], *, reads: bool = False) -> dict[str, Any]:
        """What comes of a POST; one that only ``reads`` may be repeated, and is made in a dry run."""
        return _object(self._session.post(path, json=body, expect=(200,), reads=reads))

    def patch(self, path: str, body: dict[str, Any], *, again: bool = True) -> dict[str, Any]:
        """What comes of a PATCH, which may be repeated unless it adds something."""
        return _object(self._session.patch(path, json=body, expect=(200,), retry=again))

    def delete(self, path: str) -> dict[str, Any]:
        """What was deleted."""
        return _object(self._session.delete(path, expect=(200,)))

    def several(
        self, path: str, wanted: int | None, query: dict[str, Any], *, post: bool = False
    ) -> tuple[list[dict[str, Any]], bool]:
        """The first ``wanted`` results (None: all) of a list, and whether there are more.

        https://developers.notion.com/reference/intro#pagination
        """
        found: list[dict[str, Any]] = []
        cursor, had = None, set[str]()
        while True:
            size = PAGE if wanted is None else min(PAGE, wanted - len(found))
            asked = {**query, "page_size": size, **({"start_cursor": cursor} if cursor else {})}
            answer = self.post(path, asked, reads=True) if post else self.get(path, **asked)
            results = answer.get("results")
            if not isinstance(results, list):
                raise _unlike()
            found += results
            current().progress(len(found), wanted)
            cursor = answer.get("next_cursor") if answer.get("has_more") else None
            if not cursor or cursor in had:
                return found, False
            if wanted is not None and len(found) >= wanted:
                return found[:wanted], True
            had.add(cursor)

    def source(self, database: str, named: str | None = None) -> Source:
        """The data source of a database, given by ID, link or title; ``named`` says which one of several.

        https://developers.notion.com/docs/upgrade-guide-2025-09-03
        """
        id = id_of(database)
        if id is None:
            return self._source_titled(database)
        try:
            found = self.get(f"databases/{id}")
        except http.ServiceError as error:
            if error.status != 404:
                raise
            return _source(self.get(f"data_sources/{id}"))  # its own ID was given
        sources = found.get("data_sources") or []
        meant = [one for one in sources if named in (None, one.get("name"), one.get("id"))]
        if len(meant) != 1:
            names = ", ".join(repr(one.get("name")) for one in sources) or "none"
            raise TaskFailed(
                f"Notion: that database has {len(sources)} data sources, and it is not clear which one is meant.",
                hint=f"Give data_source: {names}.",
                permanent=True,
            )
        return _source(self.get(f"data_sources/{http.segment(meant[0]['id'])}"))

    def _source_titled(self, title: str) -> Source:
        asked = {"query": title, "filter": {"property": "object", "value": "data_source"}}
        results, _ = self.several("search", None, asked, post=True)
        # The search finds what contains the words; only what is called exactly so is meant.
        exact = [one for one in results if text_of(one.get("title")) == title.strip()]
        if len(exact) == 1:
            return _source(exact[0])
        what = f"there are {counted(len(exact), 'database')}" if exact else "there is no database"
        raise TaskFailed(
            f"Notion: {what} called {title!r} that the integration can see.",
            {"kind": "not_found", "ids": [one.get("id") for one in exact]},
            hint=f"Give its ID or link. {_SHARE}",
            permanent=True,
        )


def explain(response: http.Response) -> tuple[str, str] | str | None:
    """Notion's message, and what to do about its code."""
    answer = response.json
    message = str(answer["message"]).strip()
    hint = HINTS.get(str(answer.get("code")))
    return (message, hint) if hint else message or None


def _source(found: dict[str, Any]) -> Source:
    properties = found.get("properties") or {}
    types = {name: str(one.get("type")) for name, one in properties.items() if isinstance(one, dict)}
    return Source(str(found["id"]), text_of(found.get("title")), types)


def _object(response: http.Response) -> dict[str, Any]:
    answer = response.json
    if not isinstance(answer, dict) or "object" not in answer:
        raise _unlike(response)
    return answer
