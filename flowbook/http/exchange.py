"""One request and its answer, by way of requests."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from flowbook.counting import counted
from flowbook.http import beginning
from flowbook.http.address import leads_to, origin, place
from flowbook.http.cookies import Cookies
from flowbook.http.faults import BadAnswer, cut_off, unusable
from flowbook.http.response import Response

if TYPE_CHECKING:
    import requests

_CHUNK = 65_536


class Body:
    """What a request carries; ``repeatable`` when it can be sent a second time."""

    def __init__(self, json: Any = None, data: Any = None, files: Any = None) -> None:
        self.json = json
        self.data = data
        self.files = files
        self._starts: list[tuple[Any, int]] = []
        self.repeatable = all(self._keep(stream) for stream in self._streams())

    def _streams(self) -> Iterable[Any]:
        if self.data is not None and not isinstance(self.data, (str, bytes, bytearray, Mapping, list, tuple)):
            yield self.data
        given = self.files.values() if isinstance(self.files, Mapping) else [item[1] for item in self.files or ()]
        for one in given:
            content = one[1] if isinstance(one, (list, tuple)) else one
            if not isinstance(content, (str, bytes, bytearray)):
                yield content

    def _keep(self, stream: Any) -> bool:
        """Remember where an open file stands; False for what can be read only once, such as a generator."""
        try:
            self._starts.append((stream, stream.tell()))
        except (AttributeError, OSError):
            return False
        return True

    def rewind(self) -> None:
        """Put open files back to where they stood."""
        for stream, start in self._starts:
            stream.seek(start)


@dataclass(frozen=True)
class Order:
    """One request, ready to be sent."""

    method: str
    url: str = field(repr=False)
    params: Any = field(repr=False)
    body: Body = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    seen: Callable[[bytes], None] | None = field(default=None, repr=False)
    into: IO[bytes] | None = field(default=None, repr=False)
    reads: bool = False


@dataclass(frozen=True)
class Own:
    """What a session adds to the requests that go to its own origin, and to no other."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: Mapping[str, str] = field(default_factory=dict, repr=False)


def described(order: Order) -> dict[str, Any]:
    """What a request would send, as plain data; without headers, which may hold credentials."""
    body = order.body
    found: dict[str, Any] = {"method": order.method, "url": order.url}
    if order.params:
        found["query"] = dict(order.params) if isinstance(order.params, Mapping) else list(order.params)
    if body.json is not None:
        found["json"] = body.json
    elif body.files:
        parts = body.files.items() if isinstance(body.files, Mapping) else body.files
        found["form"] = {str(name): "a file" for name, *_ in parts}
    if isinstance(body.data, (str, Mapping)):
        found["data"] = dict(body.data) if isinstance(body.data, Mapping) else body.data
    elif body.data is not None:
        found["data"] = f"{counted(len(body.data), 'byte')}" if isinstance(body.data, (bytes, bytearray)) else "a file"
    return found


def open_session() -> requests.Session:
    """A requests session that takes proxies and the CA bundle from the environment, but no credentials from .netrc.

    It keeps no cookies: it would return them to another port of the host that set them.
    """
    from http.cookiejar import DefaultCookiePolicy

    import requests

    from flowbook import __version__

    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # Its own look at where a redirect leads would come before ours, and read the whole of its body.
    session.get_redirect_target = lambda resp: None  # type: ignore[method-assign]
    session.headers["User-Agent"] = f"flowbook/{__version__}"
    # Without an auth of its own a session would put what .netrc says in place of our Authorization header.
    session.auth = _as_it_is
    for scheme in ("http://", "https://"):
        session.mount(scheme, _adapter()(pool_maxsize=16))
    return session


@lru_cache(maxsize=1)
def _adapter() -> Any:
    from requests.adapters import HTTPAdapter

    class Adapter(HTTPAdapter):
        """Its connections, those to proxies too, ask whether what they send is still wanted."""

        def init_poolmanager(self, *given: Any, **more: Any) -> None:
            super().init_poolmanager(*given, **more)
            beginning.hold(self.poolmanager)

        def proxy_manager_for(self, proxy: str, **more: Any) -> Any:
            known = proxy in self.proxy_manager
            manager = super().proxy_manager_for(proxy, **more)
            return manager if known else beginning.hold(manager)

    return Adapter


def _as_it_is(request: Any) -> Any:
    return request


def basic(user: str, password: str) -> str:
    """The Authorization header of basic authentication (RFC 7617, UTF-8)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@lru_cache(maxsize=1)
def failures() -> tuple[type[Exception], ...]:
    """What requests, urllib3, http.client (a plain ValueError, for what cannot be sent) and sockets raise."""
    import requests
    import urllib3

    return (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError)


def send(
    session: requests.Session,
    order: Order,
    own: Own,
    cookies: Cookies,
    timeouts: tuple[float, float],
    service: str,
    max_bytes: int,
    start: beginning.Beginning,
) -> Response:
    """Send one request and read its answer; redirects are not followed.

    Raises what requests raises, a ServiceError when the request would go elsewhere than its address says, BadAnswer
    for an answer that is cut off or larger than ``max_bytes``, and GivenUp when ``start`` does not let it begin.
    """
    order.body.rewind()
    prepared = _prepared(session, order, own, service)
    cookies.add_to(prepared)
    settings = session.merge_environment_settings(prepared.url, {}, True, None, None)
    with beginning.asked(start):
        received = session.send(prepared, timeout=timeouts, allow_redirects=False, **settings)
    with received:
        cookies.take_from(received)
        content = b"" if order.method == "HEAD" else _read(received, service, max_bytes, start, order)
        return Response(received, content, service)


def _prepared(session: requests.Session, order: Order, own: Own, service: str) -> requests.PreparedRequest:
    """The request as it will be sent, if it will be sent to where the order says."""
    import requests

    body = order.body
    headers = {**own.headers, **order.headers}
    request = requests.Request(
        order.method, order.url, headers, body.files, body.data, _query(order, own), json=body.json
    )
    prepared = session.prepare_request(request)
    try:
        right = leads_to(str(prepared.url)) == origin(order.url)
    except ValueError:
        right = False
    if not right:
        raise unusable(service, "its host is not clear")
    return prepared


def _query(order: Order, own: Own) -> Any:
    """The order's query with the session's own, unless the address has that already."""
    if not own.query:
        return order.params
    there = parse_qs(urlsplit(order.url).query, keep_blank_values=True)
    given = order.params.items() if isinstance(order.params, Mapping) else order.params or ()
    others = [(name, value) for name, value in given if name not in own.query]
    return [*others, *((name, value) for name, value in own.query.items() if name not in there)]


def _read(
    received: requests.Response,
    service: str,
    max_bytes: int,
    start: beginning.Beginning,
    order: Order,
) -> bytes:
    """The body, or nothing when it went into the order's file."""
    good = received.status_code < 300
    into = order.into if good else None
    if into is not None:  # without what an earlier try left there
        into.seek(0)
        into.truncate()
    where = place(received.url)
    announced = received.headers.get("Content-Length", "")
    length = int(announced) if announced.isascii() and announced.isdecimal() and len(announced) < 19 else None
    if length is not None and length > max_bytes:
        raise _too_large(service, where, max_bytes)
    chunks: list[bytes] = []
    size = 0
    for chunk in received.iter_content(_CHUNK):
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(service, where, max_bytes)
        if start.given_up:
            return b""
        if order.seen is not None and good:
            order.seen(chunk)
        if into is not None:
            into.write(chunk)
        else:
            chunks.append(chunk)
    # Older versions of urllib3, when told to stream, do not mind an answer that ends before its length.
    if length is not None and received.raw.tell() < length and received.status_code not in (204, 304):
        raise cut_off(service, where)
    return b"".join(chunks)


def _too_large(service: str, where: str, max_bytes: int) -> BadAnswer:
    limit = f"{max_bytes / 1_000_000:g} MB" if max_bytes >= 100_000 else f"{max_bytes} bytes"
    return BadAnswer(
        f"{service}: the answer of {where} is larger than {limit}, and was not read.",
        hint="Ask for less at once, or allow a larger answer.",
    )
