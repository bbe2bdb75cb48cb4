"""Redirects: where an answer leads to, and what may go along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flowbook.http import address
from flowbook.http.exchange import Body, Order
from flowbook.http.faults import ServiceError
from flowbook.http.links import as_written
from flowbook.http.response import Response

REDIRECTS = frozenset({301, 302, 303, 307, 308})
SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})


def redirected(order: Order, response: Response, service: str, redact: Callable[[str], str], *, browser: bool) -> Order:
    """The request that follows ``order``, which was answered by a redirect.

    ``browser`` lets a POST that is answered 301, 302 or 303 become a GET, and any method that is answered 303; others
    stay what they are (https://fetch.spec.whatwg.org/#http-redirect-fetch). ``redact`` hides secrets: to another origin
    go no headers with one, nor an address with one. ServiceError names the address of a redirect that is not followed.
    """
    moved = f"{service} at {address.place(order.url)} redirects ({response.status}) to "
    url = _target(response, moved)
    scheme = address.origin(url)[0]
    target = f"{scheme}://{address.place(url)}"
    changes = order.method not in ("GET", "HEAD")
    elsewhere = address.origin(url) != address.origin(order.url)
    as_get = response.status == 303 or (response.status in (301, 302) and order.method in ("GET", "POST"))
    if changes and ((elsewhere and not as_get) or (not browser and response.status in (301, 302, 303))):
        refused = _refused(f"{moved}{target}.", response, _instead(response, url))
        refused.uncertain = response.status == 303  # which says: done, see the result there
        raise refused
    if scheme == "http" and address.origin(order.url)[0] == "https":
        hint = "Use an address that stays encrypted."
        raise ServiceError(f"{moved}{target}, which is not encrypted.", "tls", status=response.status, hint=hint)
    if elsewhere and redact(url) != url:
        hint = "It is sent to no other server. Use that address, if it is the service's own."
        raise _refused(f"{moved}{target}, and would take a credential there.", response, hint)
    turned = as_get and order.method != "HEAD"
    headers = {name: value for name, value in order.headers.items() if not elsewhere or _harmless(name, value, redact)}
    method, body = ("GET", Body()) if turned else (order.method, order.body)
    return replace(order, method=method, url=url, params=None, body=body, headers=headers)


def _instead(response: Response, url: str) -> str:
    """What to do about a change that is redirected (RFC 9110, 15.4: a 303 leads to what became of it)."""
    if url.partition("#")[0] == response.url.partition("#")[0]:
        return "It leads to itself: check base_url, and whether a proxy or a sign-in page answers in its place."
    if response.status == 303:
        return "What became of it is told there."
    return "Use that address."


def _target(response: Response, moved: str) -> str:
    reason = ""
    try:
        return address.resolved(response.url, as_written(response.headers["Location"]))
    except ValueError as error:
        reason = str(error)
    raise _refused(f"{moved}an address that cannot be used: {reason}.", response, "")


def _harmless(name: str, value: str, redact: Callable[[str], str]) -> bool:
    return name.lower() not in SECRET_HEADERS and not address.sounds_secret(name) and redact(value) == value


def _refused(message: str, response: Response, hint: str) -> ServiceError:
    fault = ServiceError(message, "wrong_address", status=response.status, hint=hint)
    fault.permanent = True
    return fault
