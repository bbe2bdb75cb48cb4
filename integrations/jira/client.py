"""The connection to Jira: Cloud or Data Center, its address, error words and pages.

Facts: https://developer.atlassian.com/cloud/jira/platform/rest/v3/ and
https://developer.atlassian.com/server/jira/platform/rest/ (version 2).
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field, field_validator, model_validator

from flowbook import Secret, TaskFailed, __version__, current, http, typed

PAGE = 100
LONGEST_WAIT = 300.0
"""Seconds that one call may wait because Jira asks for it."""
CREATED, CHANGED = (201,), (204,)
"""What Jira answers, by the sections "Responses" of its documentation: Cloud and Data Center alike."""
ELSEWHERE = "Check the integration's base_url."


class Credentials(typed.Credentials):
    """How to reach Jira, and as whom: ``email`` and ``api_token`` for Cloud, ``token`` for Data Center."""

    base_url: str = Field(
        description="Address of Jira: https://your-site.atlassian.net, or that of your Data Center",
        json_schema_extra={"flowbook_type": "url"},
    )
    email: str = Field(
        "", description="Cloud: e-mail address of the account", json_schema_extra={"flowbook_type": "email"}
    )
    api_token: Secret = Field(
        default_factory=lambda: Secret(""),
        description="Cloud: API token (id.atlassian.com > Security > API tokens)",
    )
    token: Secret = Field(
        default_factory=lambda: Secret(""),
        description="Data Center: personal access token (your profile > Personal Access Tokens)",
    )

    @field_validator("email", "api_token", "token", mode="before")
    @classmethod
    def _stripped(cls, value: Any) -> Any:
        if isinstance(value, Secret):
            return Secret(value.reveal().strip())
        return value.strip() if isinstance(value, str) else value

    @field_validator("base_url")
    @classmethod
    def _address(cls, value: str) -> str:
        address = re.sub(r"/rest(/api(/(2|3|latest))?)?$", "", value.strip().rstrip("/")).rstrip("/")
        if not address:
            raise ValueError("must be the address of Jira, such as https://your-site.atlassian.net")
        if "://" not in address:
            address = f"https://{address}"
        site = re.match(r"(https://[^/]+\.atlassian\.net)(?=/|$)", address)
        return site.group(1) if site else address

    @model_validator(mode="after")
    def _one_way(self) -> Credentials:
        if not self.token and not (self.email and self.api_token):
            raise ValueError("email and api_token are needed (Cloud), or token (Data Center)")
        return self

    @property
    def cloud(self) -> bool:
        """Whether this is Jira Cloud (email and API token) and not Data Center (token)."""
        return bool(self.email and self.api_token)


class Jira(http.Session):
    """A session with Jira's REST API; ``cloud`` tells which of the two it is, ``api`` where the API starts."""

    def __init__(self, credentials: Credentials, max_bytes: int = 50_000_000) -> None:
        self.cloud = credentials.cloud
        self.api = "/rest/api/3" if self.cloud else "/rest/api/2"
        headers = {"Accept": "application/json", "User-Agent": f"flowbook/{__version__}"}
        if not self.cloud:
            headers["Authorization"] = f"Bearer {credentials.token.reveal()}"
        super().__init__(
            credentials.base_url,
            service="Jira",
            headers=headers,
            auth=(credentials.email, credentials.api_token.reveal()) if self.cloud else None,
            explain=explain,
            secrets=[credentials.api_token, credentials.token],
            max_wait=LONGEST_WAIT,
            max_bytes=max_bytes,
        )

    def __enter__(self) -> Jira:
        return self


def explain(response: http.Response) -> str | None:
    """What Jira says about an error: its messages and what is wrong with each field."""
    try:
        answer = response.json
    except http.ServiceError:
        return None
    if not isinstance(answer, dict):
        return None
    messages = [str(message) for message in answer.get("errorMessages") or []]
    errors = answer.get("errors")
    if isinstance(errors, dict):
        messages += [f"{field}: {text}" for field, text in errors.items()]
    if not messages and answer.get("message"):
        messages = [str(answer["message"])]
    words = "; ".join(dict.fromkeys(message.rstrip(". ") for message in messages))
    return f"{words}." if words else None


def search(
    jira: Jira, jql: str, fields: list[str], expand: list[str], limit: int | None
) -> tuple[list[Any], int | None, bool]:
    """Up to ``limit`` issues (None: all), how many there are if Jira says so (Data Center), and whether there are more.

    Cloud pages by token (``/search/jql``), Data Center by position (``/search``).
    """
    found: list[Any] = []
    total: int | None = None
    following: dict[str, Any] = {} if jira.cloud else {"startAt": 0}
    had: list[dict[str, Any]] = []
    while following not in had:
        had.append(following)
        size = PAGE if limit is None else min(PAGE, limit - len(found))
        answer = jira.post(
            _search_path(jira), json=_search_body(jira, jql, fields, expand, size, following), retry=True
        )
        page, total, after = _search_page(jira, answer.json, following)
        found += page
        current().progress(len(found), limit if limit is not None else total)
        if after is None or (limit is not None and len(found) >= limit):
            return found[:limit], total, after is not None or (limit is not None and len(found) > limit)
        following = after
    return found, total, False


def _search_path(jira: Jira) -> str:
    return f"{jira.api}/search/jql" if jira.cloud else f"{jira.api}/search"


def _search_body(
    jira: Jira, jql: str, fields: list[str], expand: list[str], size: int, following: dict[str, Any]
) -> dict[str, Any]:
    body: dict[str, Any] = {"jql": jql, "maxResults": size, "fields": fields, **following}
    if expand:
        # A text with commas on Cloud, a list on Data Center: so their descriptions say.
        body["expand"] = ",".join(expand) if jira.cloud else expand
    return body


def _search_page(
    jira: Jira, answer: Any, following: dict[str, Any]
) -> tuple[list[Any], int | None, dict[str, Any] | None]:
    """The issues of a page, the total, and what to ask for next (None at the end)."""
    page = items_of(answer, "issues")
    if jira.cloud:
        token = answer.get("nextPageToken")
        last = not token or answer.get("isLast") is True
        return page, None, None if last else {"nextPageToken": token}
    total = int(answer.get("total") or 0)
    end = int(following["startAt"]) + len(page)
    return page, total, {"startAt": end} if page and end < total else None


def items_of(answer: Any, name: str) -> list[Any]:
    """The list called ``name`` in an answer; TaskFailed when there is none."""
    items = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
        hint = "Check the integration's base_url, and whether it is Cloud (email, api_token) or Data Center (token)."
        raise TaskFailed(f"Jira answered without a list of {name}.", {"kind": "bad_answer"}, hint)
    return items


def object_of(answer: Any, has: str, what: str) -> dict[str, Any]:
    """The one thing that an answer tells of, with a field that it ``has``; TaskFailed when it is something else."""
    if not isinstance(answer, dict) or has not in answer:
        raise TaskFailed(f"Jira answered with something else than {what}.", {"kind": "bad_answer"}, ELSEWHERE)
    return answer


def collect(jira: Jira, path: str, name: str, query: dict[str, Any], limit: int | None) -> tuple[list[Any], bool]:
    """Up to ``limit`` items (None: all) of the list ``name`` in as many pages as it takes, and whether there are more.

    For what is paged by position; Data Center hands over some of it at once.
    """
    found: list[Any] = []
    while True:
        size = PAGE if limit is None else min(PAGE, limit - len(found))
        answer = jira.get(path, params={**query, "startAt": len(found), "maxResults": size}).json
        page = items_of(answer, name)
        found += page
        total = answer.get("total")
        ended = not page or answer.get("isLast") is True or (total is not None and len(found) >= total)
        if ended or (limit is not None and len(found) >= limit):
            return found[:limit], not ended or (limit is not None and len(found) > limit)
        current().progress(len(found), limit if limit is not None else total)


def issue_path(jira: Jira, key: str) -> str:
    """Where an issue is in the API."""
    return f"{jira.api}/issue/{http.segment(key)}"
