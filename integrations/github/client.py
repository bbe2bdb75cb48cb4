"""The connection to GitHub: address, headers, error words, limits and pages.

Facts: https://docs.github.com/en/rest/using-the-rest-api (getting started, pagination, rate limits, troubleshooting).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import Field, field_validator

from flowbook import TaskFailed, __version__, current, http, typed

PUBLIC = "https://api.github.com"
API_VERSION = "2022-11-28"
# Every answer is described as application/json; GitHub takes its own media type first and means the same by it.
JSON = "application/vnd.github+json, application/json;q=0.9"
RAW = "application/vnd.github.raw+json"
PAGE = 100
LARGEST_ANSWER = 110_000_000
"""Bytes: GitHub hands over files of up to 100 MB."""
LONGEST_WAIT = 900.0
"""Seconds that one call may wait because GitHub asks for it; its hourly limit can ask for more, and fails the call."""
DONE, CREATED, GONE, STARTED = (200,), (201,), (204,), (200, 204)
"""The statuses that GitHub documents for each request (the section "HTTP response status codes")."""
ELSEWHERE = "Check the integration's base_url."
SECONDARY_WAIT = 60.0
SECONDARY_TRIES = 3


class Credentials(typed.Credentials):
    """How to reach GitHub, and as whom."""

    token: typed.Token = Field(
        description="Access token (Settings > Developer settings > Personal access tokens), classic or fine-grained"
    )
    base_url: str = Field(
        "",
        description="Only for GitHub Enterprise Server: https://HOST/api/v3",
        json_schema_extra={"flowbook_type": "url"},
    )

    @field_validator("base_url", mode="before")
    @classmethod
    def _address(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        address = value.strip().rstrip("/")
        return PUBLIC if urlsplit(address).hostname in ("github.com", "www.github.com") else address


class GitHub(http.Session):
    """A session with GitHub's REST API; as :class:`flowbook.http.Session`, and it waits out secondary limits."""

    def __init__(self, credentials: Credentials, base_url: str = "") -> None:
        token = credentials.token.reveal()
        super().__init__(
            base_url or credentials.base_url or PUBLIC,
            service="GitHub",
            headers={
                "Accept": JSON,
                "Authorization": f"Bearer {token}",
                "User-Agent": f"flowbook/{__version__}",
                "X-GitHub-Api-Version": API_VERSION,
            },
            explain=explain,
            secrets=[token],
            max_bytes=LARGEST_ANSWER,
            max_wait=LONGEST_WAIT,
        )

    def request(self, method: str, path: str = "", **options: Any) -> http.Response:
        """One request. A secondary limit that names no time is waited out for a minute, as GitHub asks for."""
        for _ in range(SECONDARY_TRIES - 1):
            try:
                return super().request(method, path, **options)
            except http.ServiceError as error:
                if not _unnamed_secondary_limit(error):
                    raise
            if not current().sleep(SECONDARY_WAIT):
                raise TaskFailed("The run was cancelled while waiting for GitHub's rate limit.")
        try:
            return super().request(method, path, **options)
        except http.ServiceError as error:
            error.permanent = error.permanent and not _unnamed_secondary_limit(error)
            raise


def graphql_address(base_url: str) -> str:
    """Where GraphQL is: beside ``/v3`` on GitHub Enterprise Server, else below the same address."""
    address = (base_url or PUBLIC).rstrip("/")
    return address.removesuffix("/v3") if address.endswith("/api/v3") else address


def uploads_address(base_url: str) -> str:
    """Where files of releases are sent: beside the API on github.com and ghe.com, else below the same address.

    https://docs.github.com/en/rest/releases/assets#upload-a-release-asset, and that page of Enterprise Server.
    """
    address = (base_url or PUBLIC).rstrip("/")
    if address.endswith("/api/v3"):
        return f"{address.removesuffix('/v3')}/uploads"
    host = urlsplit(address).hostname or ""
    if host == "api.github.com" or (host.startswith("api.") and host.endswith(".ghe.com")):
        return f"https://uploads.{host.removeprefix('api.')}"
    return address


def is_enterprise_server(base_url: str) -> bool:
    """Whether this is a GitHub Enterprise Server, which may know less than github.com."""
    return base_url.rstrip("/").endswith("/api/v3")


def explain(response: http.Response) -> str | None:
    """What GitHub says about an error: its message and what is wrong with each field."""
    try:
        answer = response.json
    except http.ServiceError:
        return None
    if not isinstance(answer, dict) or not isinstance(answer.get("message"), str):
        return None
    errors = answer.get("errors")
    found = [errors] if isinstance(errors, str) else errors if isinstance(errors, list) else []
    details = "; ".join(dict.fromkeys(filter(None, map(_detail, found))))
    words = ": ".join(filter(None, [answer["message"].rstrip(". "), details.rstrip(". ")]))
    return f"{words}." if words else None


_CODES = {
    "missing": "does not exist",
    "missing_field": "is missing",
    "invalid": "is not valid",
    "already_exists": "exists already",
    "unprocessable": "cannot be processed",
}


def _detail(error: Any) -> str:
    if isinstance(error, str):
        return error
    if not isinstance(error, dict):
        return ""
    if error.get("message"):
        return str(error["message"])
    what = " ".join(str(error[key]) for key in ("resource", "field") if error.get(key))
    return f"{what} {_CODES.get(str(error.get('code')), str(error.get('code', '')))}".strip()


def _unnamed_secondary_limit(error: http.ServiceError) -> bool:
    if error.status not in (403, 429) or error.response is None:
        return False
    told = error.response.headers
    if told.get("Retry-After") or told.get("X-RateLimit-Remaining") == "0":
        return False
    return "secondary rate limit" in error.response.text.lower()


def object_of(answer: http.Response, has: str = "") -> dict[str, Any]:
    """The one thing that an answer tells of, with a field that it ``has``; TaskFailed when it is something else."""
    found = answer.json
    if not isinstance(found, dict) or (has and has not in found):
        raise TaskFailed("GitHub answered with something else than was due.", {"kind": "bad_answer"}, ELSEWHERE)
    return found


def everything_of(answer: Any) -> list[Any]:
    """The items of a page that is a plain list."""
    if not isinstance(answer, list):
        raise TaskFailed("GitHub answered with something else than a list.", {"kind": "bad_answer"}, ELSEWHERE)
    return answer


def collect(
    api: http.Session,
    path: str,
    params: dict[str, Any],
    limit: int | None,
    *,
    items: Callable[[Any], list[Any]] = everything_of,
    keep: Callable[[Any], bool] | None = None,
) -> tuple[list[Any], bool]:
    """Up to ``limit`` items (None: all) over as many pages as it takes, and whether there are more.

    The next page's number is read from the Link header, as GitHub asks for, and asked for at the same address.
    """
    size = PAGE if limit is None or keep is not None else min(limit, PAGE)
    query: dict[str, Any] | None = {**params, "per_page": size}
    found: list[Any] = []
    had: list[dict[str, Any]] = []
    while query is not None and query not in had:
        answer = api.get(path, params=query)
        had.append(query)
        query = _next_page(query, answer)
        found += [item for item in items(answer.json) if keep is None or keep(item)]
        current().progress(len(found), limit)
        if limit is not None and len(found) >= limit:
            return found[:limit], len(found) > limit or query is not None
    return found, False


def _next_page(query: dict[str, Any], answer: http.Response) -> dict[str, Any] | None:
    following = answer.links.get("next")
    return {**query, **dict(parse_qsl(urlsplit(following).query))} if following else None


def named(name: str) -> Callable[[Any], list[Any]]:
    """For :func:`collect`: the items of a page that is an object with a list of that name."""

    def items(answer: Any) -> list[Any]:
        return everything_of(answer.get(name) if isinstance(answer, dict) else None)

    return items


def default_branch(api: http.Session, repo: str) -> str:
    """The branch that stands in for one that is not given; TaskFailed when there is none."""
    branch = object_of(api.get(f"/repos/{repo}")).get("default_branch")
    if not branch:
        raise TaskFailed(f"{repo} has no default branch.", hint="Name the branch.", permanent=True)
    return str(branch)


def some(items: list[Any], one: str, many: str = "") -> str:
    """How many of what, in words."""
    return f"{len(items)} {one if len(items) == 1 else many or one + 's'}"
