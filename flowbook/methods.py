"""The methods of HTTP, and which of them change nothing or may be sent twice.

From IANA's registry (https://www.iana.org/assignments/http-methods/): all of it but for CONNECT and PRI, which are no
requests for an answer but open a line, and with two that are in use without being in it: LIST of Vault and of other
key stores (https://developer.hashicorp.com/vault/api-docs), and PURGE of caches such as Varnish and Fastly.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, get_args

Method = Literal[
    "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "QUERY", "LIST", "PROPFIND", "PROPPATCH", "MKCOL",
    "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH", "PURGE", "ACL", "BASELINE-CONTROL", "BIND", "CHECKIN",
    "CHECKOUT", "LABEL", "LINK", "MERGE", "MKACTIVITY", "MKCALENDAR", "MKREDIRECTREF", "MKWORKSPACE", "ORDERPATCH",
    "REBIND", "TRACE", "UNBIND", "UNCHECKOUT", "UNLINK", "UPDATE", "UPDATEREDIRECTREF", "VERSION-CONTROL",
]  # fmt: skip
"""Those that are asked for most come first."""

METHODS: tuple[str, ...] = get_args(Method)

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND", "QUERY", "REPORT", "SEARCH", "TRACE"})
"""They ask only (RFC 9110, 9.2.1): a dry run sends them, too."""

IDEMPOTENT = SAFE | frozenset(
    {
        "PUT", "DELETE", "ACL", "BASELINE-CONTROL", "BIND", "CHECKIN", "CHECKOUT", "COPY", "LABEL", "LINK", "MERGE",
        "MKACTIVITY", "MKCALENDAR", "MKCOL", "MKREDIRECTREF", "MKWORKSPACE", "MOVE", "ORDERPATCH", "PROPPATCH",
        "REBIND", "UNBIND", "UNCHECKOUT", "UNLINK", "UNLOCK", "UPDATE", "UPDATEREDIRECTREF", "VERSION-CONTROL",
    }
)  # fmt: skip
"""Sent twice they do what they do once (RFC 9110, 9.2.2), so a broken call may be tried again."""


_OVERRIDES = frozenset({"x-http-method-override", "x-http-method", "x-method-override"})


def meant(method: str, headers: Iterable[tuple[str, Any]]) -> str:
    """The method that a request means: servers take another one than its own from certain headers.

    Which ones: https://expressjs.com/en/resources/middleware/method-override.html. One that would make it harmless
    counts for nothing, since a server need not know the header.
    """
    for name, value in headers:
        other = str(value).strip().upper()
        if name.strip().lower() in _OVERRIDES and (other not in IDEMPOTENT or (method in SAFE and other not in SAFE)):
            return other
    return method
