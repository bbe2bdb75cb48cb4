"""One request and its answer, by way of requests."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flowbook.http.address import place
from flowbook.http.faults import BadAnswer, cut_off
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


def open_session() -> requests.Session:
    """A requests session that takes proxies and the CA bundle from the environment, but no credentials from .netrc."""
    import requests
    from requests.adapters import HTTPAdapter

    from flowbook import __version__

    session = requests.Session()
    session.headers["User-Agent"] = f"flowbook/{__version__}"
    # Without an auth of its own a session would put what .netrc says in place of our Authorization header.
    session.auth = _as_it_is
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=16))
    return session


def _as_it_is(request: Any) -> Any:
    return request


def basic(user: str, password: str) -> str:
    """The Authorization header of basic authentication (RFC 7617, UTF-8)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@lru_cache(maxsize=1)
def failures() -> tuple[type[Exception], ...]:
    """What requests, urllib3 and sockets raise when a request fails."""
    import requests
    import urllib3

    return (requests.RequestException, urllib3.exceptions.HTTPError, OSError, UnicodeError)


def send(
    session: requests.Session,
    order: Order,
    headers: Mapping[str, str],
    timeouts: tuple[float, float],
    service: str,
    max_bytes: int,
    abandoned: Callable[[], bool],
) -> Response:
    """Send one request and read its answer; redirects are not followed.

    Raises what requests raises, and BadAnswer for an answer that is cut off or larger than ``max_bytes``.
    """
    order.body.rewind()
    received = session.request(
        order.method,
        order.url,
        params=order.params,
        json=order.body.json,
        data=order.body.data,
        files=order.body.files,
        headers={**headers, **order.headers},
        timeout=timeouts,
        allow_redirects=False,
        stream=True,
    )
    with received:
        content = b"" if order.method == "HEAD" else _read(received, service, max_bytes, abandoned)
        return Response(received, content, service)


def _read(received: requests.Response, service: str, max_bytes: int, abandoned: Callable[[], bool]) -> bytes:
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
        if abandoned():
            return b""
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
