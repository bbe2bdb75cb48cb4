"""How the requests of this API are made, the same for every task. Its folder has a copy of this file."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from flowbook import Result, TaskFailed, current, http
from flowbook.counting import counted

_MOST_PAGES = 1000
_EARLY = 30.0
"""How long before its end an access token is used no more, in seconds."""
_JOINTS = {"csv": ",", "ssv": " ", "pipes": "|", "tsv": "\t"}


@dataclass(frozen=True)
class Service:
    """The API: its name, and how it knows its users. ``keys`` are (place, name, credential)."""

    name: str
    keys: tuple[tuple[str, str, str], ...] = ()
    basic: bool = False
    bearer: bool = False
    oauth: bool = False
    scopes: str = ""


@dataclass(frozen=True)
class Pages:
    """How to ask for all pages: ``by`` link, next, cursor, page or offset; ``switch`` is the param that asks for it."""

    by: str
    switch: str
    param: str = ""
    next: str = ""
    items: str = ""


@dataclass(frozen=True)
class Places:
    """Where the values of a task's params go: params by name, with the names that the API gives them."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    header: Mapping[str, str] = field(default_factory=dict)
    cookie: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    whole: str = ""
    kind: str = ""
    required: bool = False
    styles: Mapping[str, str] = field(default_factory=dict)


def send(
    service: Service,
    credentials: Any,
    params: Any,
    method: str,
    path: str,
    places: Places,
    pages: Pages | None = None,
    server: str = "",
) -> Result:
    """Send one request, or ask for all pages; data is the answer: JSON, text or bytes, or the list of all items."""
    given = {name: getattr(params, name) for name in type(params).model_fields if getattr(params, name) is not None}
    for name, vendor in places.path.items():
        value = _joined(given[name], places.styles.get(name, "csv"))
        path = path.replace("{" + vendor + "}", http.segment(value))
    headers = {vendor: _joined(given[name], "csv") for name, vendor in places.header.items() if name in given}
    cookies = [f"{vendor}={_text(given[name])}" for name, vendor in places.cookie.items() if name in given]

    def ask(session: http.Session) -> Result:
        with ExitStack() as opened:
            options = _body(places, given, headers, opened)
            options |= {"params": list(_query(places, given)), "headers": headers, "parse": False}
            if pages is not None and given.get(pages.switch):
                return _all(session, path.lstrip("/"), pages, method, options)
            answer = session.request(method, path.lstrip("/"), **options)
            return Result.ok(f"{service.name} answered {answer.status}.", _read(answer))

    return _asked(service, credentials, server, ask, cookies)


def probe(service: Service, credentials: Any, path: str = "") -> Result:
    """Whether the API answers, and takes the credentials: by a GET that needs nothing else."""

    def ask(session: http.Session) -> Result:
        answer = session.get(path.lstrip("/"), accept=() if path else (404, 405, 406), parse=False)
        if path:
            return Result.ok(f"Connected: {service.name} answered {answer.status}.")
        return Result.ok(f"{service.name} answers; whether the credentials are right is not known.")

    return _asked(service, credentials, "", ask)


def _asked(
    service: Service, credentials: Any, server: str, ask: Callable[[http.Session], Result], cookies: Sequence[str] = ()
) -> Result:
    """What ``ask`` gives; asked again with a new access token where one that was kept is refused: nothing was done."""
    access = _access(service, credentials)
    token, kept = access.token() if access else ("", False)
    with _session(service, credentials, server, token, cookies) as session:
        try:
            return ask(session)
        except http.ServiceError as error:
            if access is None or not kept or error.status != 401:
                raise
    token, _ = access.token(refused=token)
    with _session(service, credentials, server, token, cookies) as session:
        return ask(session)


def _session(service: Service, credentials: Any, server: str, token: str, cookies: Sequence[str]) -> http.Session:
    given = list(cookies)
    headers: dict[str, str] = {}
    query: dict[str, str] = {}
    secrets: list[str] = []
    for place, name, credential in service.keys:
        secret = getattr(credentials, credential)
        if secret is None:
            continue
        secrets.append(secret.reveal())
        if place == "query":
            query[name] = secret.reveal()
        elif place == "cookie":
            given.append(f"{name}={secret.reveal()}")
        elif name.lower() == "cookie":
            given.append(secret.reveal())
        else:
            headers[name] = secret.reveal()
    if given:
        headers["Cookie"] = "; ".join(given)  # there is one header for all of them
    auth = None
    if service.basic and credentials.username:
        auth = (credentials.username, credentials.password.reveal() if credentials.password else "")
    if service.oauth and credentials.oauth2:
        token = credentials.oauth2.reveal()
    elif service.bearer and credentials.token:
        token = credentials.token.reveal()
    if token:
        headers["Authorization"] = f"Bearer {token}"
        secrets.append(token)
    return http.Session(
        server or credentials.base_url, service=service.name, headers=headers, query=query, auth=auth, secrets=secrets
    )


def _access(service: Service, credentials: Any) -> _Access | None:
    """What the calls of a run get their access token from, where they need one."""
    given = (service.bearer and credentials.token) or (service.basic and credentials.username)
    if given or not service.oauth or credentials.oauth2 or not credentials.client_id:
        return None
    return current().keep("access token", lambda: _Access(service, credentials))


class _Access:
    """The access token of a run: got when it is first needed, and anew when its time is over or it was refused."""

    def __init__(self, service: Service, credentials: Any) -> None:
        self._service = service
        self._credentials = credentials
        self._lock = threading.Lock()
        self._token = self._refresh = ""
        self._until = 0.0

    def token(self, refused: str = "") -> tuple[str, bool]:
        """The token, and whether it was there before."""
        with self._lock:
            kept = bool(self._token) and self._token != refused and time.monotonic() < self._until
            if not kept:
                found = _signed_in(self._service, self._credentials, self._refresh)
                self._token = found["access_token"]
                self._refresh = str(found.get("refresh_token") or self._refresh)
                self._until = time.monotonic() + _seconds(found.get("expires_in"))
            return self._token, kept


def _seconds(lifetime: Any) -> float:
    """For how long a token is used; what its answer says is a number, or as text, or not there."""
    try:
        seconds = float(lifetime or 0)
    except (TypeError, ValueError):
        seconds = 0.0
    return max(seconds - _EARLY, seconds / 2) if seconds > 0 else math.inf


def _signed_in(service: Service, credentials: Any, renewed: str) -> dict[str, Any]:
    """An answer with an access token: by the refresh token (``renewed``: the last answer had another one), else by
    the client's own credentials (RFC 6749, 4.4 and 6).
    """
    secret = credentials.client_secret.reveal() if credentials.client_secret else ""
    form = {"grant_type": "client_credentials", "client_id": credentials.client_id, "client_secret": secret}
    secrets = [secret] if secret else []
    refresh = renewed or (credentials.refresh_token.reveal() if credentials.refresh_token else "")
    if refresh:
        secrets.append(refresh)
        form |= {"grant_type": "refresh_token", "refresh_token": refresh}
    elif credentials.scopes:
        form["scope"] = credentials.scopes
    if not credentials.token_url:
        raise TaskFailed(
            "There is no address to get an access token from.", hint="Give the integration a token_url.", permanent=True
        )
    with http.Session(credentials.token_url, service=f"{service.name} (sign-in)", secrets=secrets) as session:
        answer = session.post("", data=form, headers={"Accept": "application/json"}, retry=True).json
    found: dict[str, Any] = answer if isinstance(answer, dict) else {}
    token = found.get("access_token")
    if not isinstance(token, str) or not token:
        raise TaskFailed(f"{service.name} gave no access token.", hint="Check client_id, client_secret and scopes.")
    current().hide(token)
    if found.get("refresh_token"):
        current().hide(str(found["refresh_token"]))
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _joined(value: Any, style: str) -> str:
    if isinstance(value, dict):
        value = [part for pair in value.items() for part in pair]
    return _JOINTS.get(style, ",").join(map(_text, value)) if isinstance(value, list) else _text(value)


def _query(places: Places, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, vendor in places.query.items():
        if name not in given:
            continue
        value, style = given[name], places.styles.get(name, "")
        if style == "json":
            yield vendor, json.dumps(value, ensure_ascii=False)
        elif style == "deep" and isinstance(value, dict):
            yield from _deep(vendor, value)
        elif style in _JOINTS:
            yield vendor, _joined(value, style)
        elif isinstance(value, list):
            yield from ((vendor, _text(one)) for one in value)
        elif isinstance(value, dict):
            yield from ((key, _text(one)) for key, one in value.items())
        else:
            yield vendor, _text(value)


def _deep(name: str, value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from _deep(f"{name}[{key}]", inner)
        elif isinstance(inner, list):
            yield from ((f"{name}[{key}]", _text(one)) for one in inner)
        else:
            yield f"{name}[{key}]", _text(inner)


def _body(places: Places, given: Mapping[str, Any], headers: dict[str, str], opened: ExitStack) -> dict[str, Any]:
    content = {vendor: given[name] for name, vendor in places.body.items() if name in given}
    if places.kind == "multipart":
        if places.whole:
            content = dict(given.get(places.whole, {}))
        parts = [(name, (None, _text(one))) for name, value in content.items() for one in _each(value)]
        return {
            "files": parts
            + [_file(given[name], vendor, opened) for name, vendor in places.files.items() if name in given]
        }
    if places.whole:
        if places.whole not in given:
            return {}
        return _whole(given[places.whole], places.kind, headers)
    if not places.kind or not (content or places.required):
        return {}
    if places.kind == "form":
        return {"data": [(name, _text(one)) for name, value in content.items() for one in _each(value)]}
    if places.kind != "json":
        headers["Content-Type"] = places.kind
    return {"json": content}


def _whole(value: Any, kind: str, headers: dict[str, str]) -> dict[str, Any]:
    if kind == "json":
        return {"json": value}
    if kind == "form" and isinstance(value, dict):
        return {"data": [(name, _text(one)) for name, inner in value.items() for one in _each(inner)]}
    headers["Content-Type"] = "application/x-www-form-urlencoded" if kind == "form" else kind
    if "json" in kind:
        return {"data": json.dumps(value, ensure_ascii=False).encode()}
    return {"data": value if isinstance(value, bytes) else _text(value).encode()}


def _file(value: Any, vendor: str, opened: ExitStack) -> tuple[str, Any]:
    path = current().file(value)
    return vendor, (path.name, opened.enter_context(path.open("rb")))


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _read(answer: http.Response) -> Any:
    if not answer.content:
        return None
    if answer.is_json:
        return answer.json
    return answer.text if answer.media_type.startswith("text/") or "xml" in answer.media_type else answer.content


def _all(session: http.Session, path: str, pages: Pages, method: str, options: dict[str, Any]) -> Result:
    """The items of all pages, in a list."""
    items: list[Any] = []
    number = 0

    def following(answer: http.Response) -> Any:
        found = _items(answer.json, pages.items)
        if pages.by == "link":
            return answer.links.get("next")
        if pages.by in ("cursor", "next"):
            cursor = _at(answer.json, pages.next)
            return cursor if not cursor or pages.by == "next" else {pages.param: cursor}
        if not found:
            return None
        return {pages.param: starts + (len(items) if pages.by == "offset" else number)}

    query = dict(options.pop("params"))
    first = str(query.get(pages.param, ""))
    starts = int(first) if first.isdecimal() else 1 if pages.by == "page" else 0
    more = False
    for answer in session.pages(path, method=method, params=query, next=following, **options):
        items += _items(answer.json, pages.items)
        number += 1
        if number >= _MOST_PAGES:
            more = bool(following(answer))
            break
    note = "; there are more" if more else ""
    return Result.ok(f"{counted(len(items), 'item')} from {number} page{'' if number == 1 else 's'}{note}.", items)


def _items(body: Any, path: str) -> list[Any]:
    found = _at(body, path) if path else body
    return found if isinstance(found, list) else [] if found is None else [found]


def _at(body: Any, path: str) -> Any:
    for part in path.split("."):
        body = body.get(part) if isinstance(body, dict) else None
    return body
