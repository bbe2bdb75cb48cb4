"""Cookies: what a service's answers set, for its next requests."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flowbook.http.address import origin, sounds_secret
from flowbook.internal import internal

if TYPE_CHECKING:
    from http.cookiejar import CookieJar

    from requests import PreparedRequest, Response

_SET_BY = "flowbook-set-by"


class Cookies:
    """A jar of cookies that sessions may share, also between threads; it is in memory only.

    A cookie goes back to where the rules for cookies allow it (RFC 6265), and besides only by the scheme and to the
    port that it came from: two services on one host are not the same.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        with self._lock:
            return f"<Cookies: {len(self._jar)}>"

    @internal
    def secrets(self) -> list[str]:
        """What those cookies hold that are likely to give access: scripts may not read them, or their names say so."""
        with self._lock:
            return [str(cookie.value) for cookie in self._jar if cookie.value and _gives_access(cookie)]

    @internal
    def add_to(self, request: PreparedRequest) -> None:
        """Give ``request`` its cookies, unless it brings a Cookie header of its own."""
        from requests.cookies import get_cookie_header

        if "Cookie" in request.headers:
            return
        with self._lock:
            found = get_cookie_header(self._jar, request)  # type: ignore[no-untyped-call]
        if found:
            request.headers["Cookie"] = found

    @internal
    def take_from(self, answer: Response) -> None:
        """Keep the cookies that ``answer`` sets."""
        from requests.cookies import extract_cookies_to_jar

        with self._lock:
            extract_cookies_to_jar(self._jar, answer.request, answer.raw)  # type: ignore[no-untyped-call]

    @cached_property
    def _jar(self) -> CookieJar:
        return _jar()


def _jar() -> CookieJar:
    from http.cookiejar import CookieJar, DefaultCookiePolicy

    class SameOrigin(DefaultCookiePolicy):
        """Marks each cookie with the scheme and port it came from, and returns it there."""

        def set_ok(self, cookie: Any, request: Any) -> bool:
            cookie.set_nonstandard_attr(_SET_BY, _way(request))
            return super().set_ok(cookie, request)

        def return_ok(self, cookie: Any, request: Any) -> bool:
            return cookie.get_nonstandard_attr(_SET_BY) == _way(request) and super().return_ok(cookie, request)

    return CookieJar(SameOrigin())


def _gives_access(cookie: Any) -> bool:
    script = any(cookie.has_nonstandard_attr(name) for name in ("HttpOnly", "httponly", "HTTPOnly"))
    return script or sounds_secret(cookie.name) or cookie.name.lower().endswith("sid")


def _way(request: Any) -> str:
    """Scheme and port of a request, as one text."""
    scheme, _, port = origin(request.get_full_url())
    return f"{scheme}:{port}"
