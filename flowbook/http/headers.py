"""The headers that a caller may give, none that change where a request goes or where it ends; the token in them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flowbook.errors import InputError

_OWN = {
    "host": "the address says which host is asked",
    "content-length": "what is sent says how long it is",
    "transfer-encoding": "what is sent says how it is sent",
    "te": "it is for the connection, which this session makes",
    "trailer": "it is for the connection, which this session makes",
    "connection": "it is for the connection, which this session makes",
    "keep-alive": "it is for the connection, which this session makes",
    "upgrade": "it is for the connection, which this session makes",
    "proxy-connection": "it is for the connection, which this session makes",
    "proxy-authorization": "it is for the proxy of this machine",
}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_NO_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")  # RFC 9110, 5.5


def check_headers(headers: Mapping[str, str]) -> None:
    """Raise InputError for a header that is not the caller's to set, or that would end before its end."""
    for name, value in headers.items():
        if not _TOKEN.fullmatch(str(name)):
            raise InputError(f"{str(name)[:60]!r} is no name of a header.", "Letters, digits and hyphens make one.")
        if why := _OWN.get(name.lower()):
            raise InputError(f"the header {name!r} cannot be set: {why}.", "Leave it out.")
        if _NO_VALUE.search(str(value)):
            raise InputError(
                f"the value of the header {name!r} holds a line break or another control character.",
                "Take it out: what follows it would be read as another header.",
            )


def token_in(headers: Mapping[str, str]) -> str:
    """The token of an Authorization header of the kind Bearer (RFC 6750, section 2.1); empty when there is none."""
    for name, value in headers.items():
        kind, _, token = str(value).strip().partition(" ")
        if name.lower() == "authorization" and kind.lower() == "bearer":
            return token.strip()
    return ""


def with_token(headers: Mapping[str, str], token: str) -> dict[str, str]:
    """Headers with another token in place of theirs."""
    others = {name: value for name, value in headers.items() if name.lower() != "authorization"}
    return {**others, "Authorization": f"Bearer {token}"}
