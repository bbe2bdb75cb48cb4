"""What can go wrong with a service, told in words."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

from flowbook.errors import TaskFailed

if TYPE_CHECKING:
    from flowbook.http.response import Response

Kind = Literal[
    "unreachable", "wrong_address", "tls", "timeout", "unauthorized", "forbidden", "not_found", "conflict", "invalid",
    "rate_limited", "server_error", "bad_answer",
]  # fmt: skip

HINTS: dict[str, str] = {
    "unreachable": "Check that the service is running and that this machine may reach it (network, firewall, proxy).",
    "wrong_address": "Check the spelling of the address, and that this machine is online.",
    "tls": "Check the address; for a certificate of your own authority, set REQUESTS_CA_BUNDLE to its file.",
    "timeout": "Try again later, or allow more time.",
    "unauthorized": "Check this integration's credentials: they may be wrong, expired or revoked.",
    "forbidden": "The credentials are accepted but may not do this: give them the permission or scope it needs.",
    "not_found": "Check the names and the address, and that these credentials may see what is asked for.",
    "conflict": "Look at what is there now, and try again.",
    "invalid": "Correct the params that it names.",
    "rate_limited": "Try again later, or give the node a retry with a longer wait.",
    "server_error": "The fault is on the service's side: try again later.",
    "bad_answer": "Check that the address is the service's API and not a sign-in page or a proxy.",
}

_AGAIN = "Try again."
_BY_STATUS: dict[int, Kind] = {
    401: "unauthorized", 403: "forbidden", 404: "not_found", 408: "timeout", 409: "conflict", 410: "not_found",
    412: "conflict", 429: "rate_limited",
}  # fmt: skip


_PERMANENT = frozenset({"unauthorized", "forbidden", "not_found", "invalid"})
_MAY_CHANGE = frozenset({423, 424, 425})  # locked, failed dependency, too early: invalid only for now
_PASSING = frozenset({"unreachable", "timeout"})
_PASSING_STATUS = frozenset({408, 500, 502, 503, 504})


class ServiceError(TaskFailed):
    """A service did not do what was asked of it.

    ``kind`` says why: "unreachable", "wrong_address" (no such host, or not a web address), "tls", "timeout",
    "unauthorized" (401), "forbidden" (403), "not_found" (404, 410), "conflict" (409, 412), "invalid" (other 4xx),
    "rate_limited" (429), "server_error" (5xx), "bad_answer" (cut off, too large, not what it should be).
    ``status`` is the HTTP status, None when there was no answer; ``response`` the answer. ``data`` repeats kind and
    status for workflows that go on after a failure. ``passing`` says whether it may be otherwise at another try,
    ``permanent`` that it will not, and ``uncertain`` that what was asked for may have been done all the same.
    """

    def __init__(
        self,
        message: str,
        kind: Kind,
        *,
        status: int | None = None,
        response: Response | None = None,
        hint: str | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        known = {"kind": kind, "status": status} if data is None else {"kind": kind, "status": status, **data}
        permanent = kind in _PERMANENT and status not in _MAY_CHANGE
        super().__init__(message, known, HINTS[kind] if hint is None else hint, permanent=permanent)
        self.kind: Kind = kind
        self.status = status
        self.response = response
        self.passing = kind in _PASSING if status is None else status in _PASSING_STATUS
        self.uncertain = kind == "bad_answer" or (status is not None and status >= 500)

    def warn(self) -> None:
        """Say that what was asked for may have been done; for a call that must not simply be repeated."""
        self.message = f"{self.message} It may have taken effect all the same."
        look = "Look whether it did before you send it again."
        self.hint = look if self.hint in (HINTS[self.kind], _AGAIN, "") else f"{self.hint} {look}"
        self.args = (self.message,)
        self.data["may_have_taken_effect"] = True


class BadAnswer(ServiceError):
    """The answer is not what it should be: cut off, too large, or not JSON."""

    def __init__(
        self, message: str, *, response: Response | None = None, hint: str | None = None, passing: bool = False
    ) -> None:
        status = None if response is None else response.status
        super().__init__(message, "bad_answer", status=status, response=response, hint=hint)
        self.passing = passing


def unlike(service: str, address: str, response: Response | None = None) -> BadAnswer:
    """The fault of an answer that ``service`` does not give; ``address`` is what its base_url should be."""
    return BadAnswer(
        f"{service}: the answer is not what it should be.", response=response, hint=f"Check base_url: it is {address}."
    )


def kind_of_status(status: int) -> Kind:
    """The kind of fault that an HTTP status of 400 and above tells of."""
    if status >= 500:
        return "server_error"
    return _BY_STATUS.get(status, "invalid")


def name_of_status(status: int) -> str:
    """The status with its name: ``404 Not Found``."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def fault_of(error: Exception, service: str, place: str, timeout: float) -> ServiceError:
    """The fault that an exception of requests, urllib3 or a socket tells of, in words of our own.

    Nothing of the exception's text is taken over, since it may hold the address with its query, or a header's value.
    """
    from requests import exceptions as r

    causes = list(_causes(error))
    if isinstance(error, r.SSLError) or any(type(cause).__name__ == "SSLError" for cause in causes):
        return ServiceError(f"{service}: no secure connection to {place}: {_tls_reason(causes)}.", "tls")
    if isinstance(error, r.ProxyError):
        hint = "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY."
        return ServiceError(f"{service}: the proxy on the way to {place} did not answer.", "unreachable", hint=hint)
    if isinstance(error, r.Timeout) or any(isinstance(cause, TimeoutError) for cause in causes):
        fault = ServiceError(f"{service} did not answer: {place} took longer than {timeout:g} s.", "timeout")
        fault.uncertain = not isinstance(error, r.ConnectTimeout)
        return fault
    if any(isinstance(cause, socket.gaierror) or type(cause).__name__ == "NameResolutionError" for cause in causes):
        fault = ServiceError(f"{service} could not be found: the name of {place} does not resolve.", "wrong_address")
        fault.passing = any(isinstance(c, socket.gaierror) and c.errno == socket.EAI_AGAIN for c in causes)
        return fault
    if isinstance(error, (r.InvalidURL, r.MissingSchema, r.InvalidSchema, r.URLRequired, r.InvalidProxyURL)):
        return ServiceError(f"{service}: {place} is not an address that can be called.", "wrong_address")
    if isinstance(error, ValueError):
        return _unsendable(service)
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return ServiceError(f"{service} could not be reached: {place} refused the connection.", "unreachable")
    if isinstance(error, (r.ChunkedEncodingError, r.ContentDecodingError, r.StreamConsumedError)):
        return cut_off(service, place)
    fault = ServiceError(f"{service} could not be reached: the connection to {place} broke off.", "unreachable")
    fault.uncertain = True
    return fault


def unusable(service: str, reason: str) -> ServiceError:
    """The fault of an address that is none, or has more than one meaning."""
    hint = "Write it like https://example.com."
    fault = ServiceError(f"{service}: the address cannot be used: {reason}.", "wrong_address", hint=hint)
    fault.permanent = True
    return fault


def _unsendable(service: str) -> ServiceError:
    return ServiceError(
        f"{service}: a header or credential holds a character that cannot be sent.",
        "invalid",
        hint="Look for a line break, a space at the end or a typographic character, often left by copying.",
    )


def cut_off(service: str, place: str) -> BadAnswer:
    """The fault of an answer that ended too early or could not be decoded."""
    return BadAnswer(f"{service}: the answer of {place} was cut off or damaged on its way.", hint=_AGAIN, passing=True)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """``error`` and what it was made of; requests and urllib3 keep that in args, ``reason`` and the context."""
    todo, seen = [error], set[int]()
    while todo and len(seen) < 30:
        one = todo.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = [*getattr(one, "args", ()), getattr(one, "reason", None), one.__cause__, one.__context__]
        todo.extend(item for item in inner if isinstance(item, BaseException))


def _tls_reason(causes: list[BaseException]) -> str:
    import ssl

    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate was not accepted ({cause.verify_message.rstrip('.')})"
    reasons = [cause.reason for cause in causes if isinstance(cause, ssl.SSLError) and isinstance(cause.reason, str)]
    if any("WRONG_VERSION_NUMBER" in reason or "HTTP_REQUEST" in reason for reason in reasons):
        return "it does not speak TLS at that port (http:// instead of https://?)"
    return f"the handshake failed ({reasons[0].replace('_', ' ').lower()})" if reasons else "the handshake failed"
