"""The HTTP tasks: one request, or a whole list over its pages."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from flowbook import Result, Secret, TaskFailed, current, http, task
from flowbook.counting import counted

from .models import Credentials, Request, TestConnection, texts_of
from .paths import find, find_or_none

_TEXT_TYPES = ("application/xml", "application/x-ndjson", "application/yaml", "application/javascript")
_ANY_ERROR = range(400, 600)
_NO_REDIRECT = range(300, 400)  # such as 304 Not Modified; what names another address is followed
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_HIDDEN_HEADERS = frozenset({"set-cookie", "set-cookie2"})


@task(effects="read", network="url", reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: TestConnection) -> Result:
    """Try the credentials with a GET of base_url, or of another address that needs them."""
    address = params.url or credentials.base_url
    if not address:
        raise TaskFailed(
            "There is no address to try.", hint="Give the integration a base_url, or the test a url.", permanent=True
        )
    probe = Request(url=address, retries=1, timeout=15)
    with _target(credentials, probe) as target:
        accept = () if params.url else (404, 405, 406)
        response = target.session.get(target.path, accept=accept)
    data = {"status": response.status}
    if response.status < 400 and not response.is_page:
        return Result.ok(f"Connected: the service answered {response.status}.", data)
    what = response.described() if response.status < 400 else response.status
    message = f"The service answers, but with {what} there: whether the credentials are right is not known"
    return Result.ok(f"{message} before they are used for something that needs them.", data)


@task(
    effects="write",
    network="url",
    reads_files=["file_path", "files"],
    writes_files=False,
    runs_code=False,
    reusable=True,
)
def request(credentials: Credentials, params: Request) -> Result:
    """Send an HTTP request and read the answer, page by page if wanted.

    Data: status, headers (lowercase names) and body (JSON, text or bytes); with paginate, body is the list of all
    items, and pages says how many pages there were.
    """
    with _target(credentials, params) as target, ExitStack() as files:
        options: dict[str, Any] = {
            "params": _query_of(params.query),
            "headers": _text_of(params.headers),
            "accept": _accepted(params),
        }
        options["parse"] = params.response in ("auto", "json")
        options |= _body(params, files)
        if params.paginate != "none":
            return _all_pages(target, params, options)
        response = target.session.request(params.method, target.path, **options)
        _check_expected(response, params)
        data = {"status": response.status, "headers": _headers(response), "body": _parsed(response, params.response)}
    return Result.ok(f"{params.method} answered {response.status}{target.note}.", data)


@dataclass(frozen=True)
class _Target:
    """Where a request goes: the session, and the path in it."""

    session: http.Session
    path: str
    note: str = ""


@contextmanager
def _target(credentials: Credentials, params: Request) -> Iterator[_Target]:
    """The session for a request; it has the credentials only if the request goes to where they belong."""
    absolute = params.url.lower().startswith(("http://", "https://"))
    if not absolute and (not credentials.base_url or _SCHEME.match(params.url)):
        raise TaskFailed(
            f"{params.url.partition('?')[0]!r} is not a whole address.",
            hint="Start it with https://, or choose an integration that has a base_url.",
            permanent=True,
        )
    own = not (absolute and credentials.base_url) or http.same_origin(params.url, credentials.base_url)
    with http.Session(
        params.url if absolute else str(credentials.base_url),
        service="The service",
        timeout=params.timeout,
        max_wait=params.max_wait,
        retries=params.retries,
        max_bytes=params.max_bytes,
        browser_redirects=True,
        cookies=current().keep(f"session {params.session}", http.Cookies) if params.session else None,
        **(_authorization(credentials) if own else {}),
    ) as session:
        note = "" if own else " (without the credentials, which are for another host)"
        yield _Target(session, "" if absolute else params.url, note)


def _authorization(credentials: Credentials) -> dict[str, Any]:
    """What a session needs to be authorized."""
    headers = texts_of(credentials.secret_headers, "secret_headers")
    query = texts_of(credentials.secret_query, "secret_query")
    secrets: list[Secret | str] = [*headers.values(), *query.values()]
    for secret in secrets:
        current().hide(str(secret))
    if credentials.token:
        headers["Authorization"] = f"Bearer {credentials.token.reveal()}"
    if credentials.api_key:
        place = headers if credentials.api_key_in == "header" else query
        place[credentials.api_key_name] = credentials.api_key.reveal()
    secrets += [one for one in (credentials.token, credentials.password, credentials.api_key) if one]
    password = credentials.password.reveal() if credentials.password else ""
    auth = (credentials.username, password) if credentials.username else None
    return {"headers": headers, "query": query, "auth": auth, "secrets": secrets}


def _body(params: Request, files: ExitStack) -> dict[str, Any]:
    """The body as the session takes it; opened files are closed by ``files``."""
    body, kind = params.body, params.body_type
    if params.file_path:
        path = current().file(params.file_path)
        content_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return _raw(params, files.enter_context(path.open("rb")), content_type)
    if params.files or kind == "multipart":
        fields = [(name, (None, one)) for name, value in _query_of(body or {}).items() for one in _each(value)]
        parts = [(name, _part(one, files)) for name, value in params.files.items() for one in _each(value)]
        return {"files": fields + parts}
    if body is None:
        return {}
    if kind == "form":
        return {"data": _query_of(body)}
    if isinstance(body, (bytes, bytearray)):
        return _raw(params, bytes(body), "application/octet-stream")
    if kind == "text" or (kind == "auto" and isinstance(body, str)):
        return _raw(params, str(body).encode(), "text/plain; charset=utf-8")
    return {"json": body}


def _raw(params: Request, content: Any, content_type: str) -> dict[str, Any]:
    given = _text_of(params.headers)
    named = any(name.lower() == "content-type" for name in given)
    return {"data": content, "headers": given if named else {**given, "Content-Type": content_type}}


def _part(value: str | bytes, files: ExitStack) -> tuple[str, Any, str]:
    if isinstance(value, bytes):
        return "file", value, "application/octet-stream"
    path = current().file(value)
    content_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return path.name, files.enter_context(path.open("rb")), content_type


def _text_of(headers: dict[str, Any]) -> dict[str, str]:
    return {name: _plain(value) for name, value in headers.items() if value is not None}


def _query_of(values: dict[str, Any]) -> dict[str, Any]:
    """Values as text: true and false in lowercase, None left out, lists kept as lists."""
    return {
        name: [_plain(item) for item in value if item is not None] if isinstance(value, list) else _plain(value)
        for name, value in values.items()
        if value is not None
    }


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _accepted(params: Request) -> list[int]:
    errors = [status for status in params.expected if status >= 400] if params.fail_on_error else _ANY_ERROR
    return [*_NO_REDIRECT, *errors]


def _check_expected(response: http.Response, params: Request) -> None:
    if params.fail_on_error and params.expected and response.status not in params.expected:
        expected = ", ".join(map(str, params.expected))
        raise TaskFailed(
            f"The service answered {response.status} where {expected} was expected.",
            {"kind": "unexpected_status", "status": response.status},
            hint="Add the status to expected if it is fine.",
        )


def _headers(response: http.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in response.headers.items() if name.lower() not in _HIDDEN_HEADERS}


def _parsed(response: http.Response, wanted: str) -> Any:
    if wanted == "bytes":
        return response.content
    if wanted == "text":
        return response.text
    if wanted == "json":
        return response.json
    if not response.content:
        return None
    if response.is_json:
        return response.json
    kind = response.media_type
    return (
        response.text if kind.startswith("text/") or kind.endswith("+xml") or kind in _TEXT_TYPES else response.content
    )


def _all_pages(target: _Target, params: Request, options: dict[str, Any]) -> Result:
    """All items of a list, page after page, up to ``limit`` and ``max_pages``."""
    items: list[Any] = []
    pages = 0
    more = False

    def following(response: http.Response) -> Any:
        return _next_page(response, params)

    for response in target.session.pages(target.path, method=params.method, next=following, **options):
        _check_expected(response, params)
        found = find(response.json, params.items_path)
        items += found if isinstance(found, list) else [found]
        pages += 1
        more = bool(following(response))
        if pages >= params.max_pages or (params.limit is not None and len(items) >= params.limit):
            break
    limited = params.limit is not None and (len(items) > params.limit or (more and len(items) == params.limit))
    note = f"; there are more: raise {'limit' if limited else 'max_pages'}" if more or limited else ""
    items = items[: params.limit]
    data = {"status": response.status, "headers": _headers(response), "body": items, "pages": pages}
    many = f"{counted(len(items), 'item')} from {pages} page{'' if pages == 1 else 's'}"
    return Result.ok(f"{many}{note}{target.note}.", {**data, "more": more or limited})


def _next_page(response: http.Response, params: Request) -> str | dict[str, Any] | None:
    """The next page's address, or the query parameter that asks for it; None after the last one."""
    if params.paginate == "link":
        return response.links.get("next")
    cursor = find_or_none(response.json, params.cursor_path)
    if cursor in (None, "", False):
        return None
    if isinstance(cursor, str) and cursor.lower().startswith(("http://", "https://", "/")):
        return cursor
    return {params.cursor_param: cursor}
