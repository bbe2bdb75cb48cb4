"""The connection to SendGrid: its address, error words, lists and pages.

Facts: https://www.twilio.com/docs/sendgrid/api-reference.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from flowbook import TaskFailed, http

from .models import Credentials


def open_session(credentials: Credentials) -> http.Session:
    """A session with the Web API v3 (paths begin with /v3)."""
    key = credentials.api_key.reveal()
    base = credentials.base_url.rstrip("/").removesuffix("/v3")
    headers = {"Authorization": f"Bearer {key}"}
    return http.Session(base, service="SendGrid", headers=headers, explain=_explain, secrets=[key])


def _explain(response: http.Response) -> str | None:
    """SendGrid's own words: {"errors": [{"message", "field"}]}."""
    try:
        errors = response.json["errors"]
        words = [_error_words(error) for error in errors]
    except (http.ServiceError, KeyError, TypeError, AttributeError):
        return None
    return "; ".join(words) or None


def _error_words(error: dict[str, Any]) -> str:
    field = error.get("field")
    return f"{error.get('message', '')}" + (f" ({field})" if field and field != "null" else "")


def next_page(page: http.Response) -> str | None:
    """The token of the page that _metadata.next leads to; its address is not followed, as it may name another host."""
    about = page.object.get("_metadata")
    following = about.get("next") if isinstance(about, dict) else None
    token = parse_qs(urlsplit(str(following or "")).query).get("page_token")
    return token[0] if token else None


def list_in(answer: Any, name: str | None = None, of: type = dict) -> list[Any]:
    """The list of objects that an answer is, or has under ``name``; TaskFailed when it is or has none."""
    found = answer.get(name) if name and isinstance(answer, dict) else answer
    if not isinstance(found, list) or not all(isinstance(one, of) for one in found):
        raise TaskFailed("SendGrid's answer is not the list it should be.", {"kind": "bad_answer"}, "Check base_url.")
    return found


def paged(
    session: http.Session, path: str, query: dict[str, Any], limit: int | None, page: int
) -> tuple[list[dict[str, Any]], bool]:
    """Up to ``limit`` entries (None: all) of what is paged by a token, and whether there are more."""
    size = page if limit is None else min(page, limit + 1)
    found: list[dict[str, Any]] = []
    token: str | None = None
    had: set[str | None] = set()
    # A page that was had already, and enough of them, end the list.
    while token not in had and (limit is None or len(found) <= limit):
        had.add(token)
        wanted = {**query, "page_size": size, **({"page_token": token} if token else {})}
        answer = session.get(path, params=wanted)
        found += list_in(answer.json, "result")
        token = next_page(answer)
    return found[:limit], limit is not None and len(found) > limit
