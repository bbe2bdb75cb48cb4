"""The address of a curl command: what curl asks by it, and its query."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from flowbook.errors import FileFormatError
from flowbook.formats.curl import sensitive
from flowbook.formats.curl.bodies import fields_of
from flowbook.formats.curl.inputs import Inputs, is_variable
from flowbook.formats.curl.reading import Sending
from flowbook.records import NamedTuple

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_RANGE = re.compile(r"\[(?:([0-9]+)-[0-9]+|([a-z])-[a-z]|([A-Z])-[A-Z])(?::[0-9]+)?\]")
_CHOICE = re.compile(r"\{([^{}]*)\}")


class Address(NamedTuple):
    """``origin`` is "" where only the shell knows it; ``query`` are the parameters that are no secrets."""

    url: str
    origin: str
    query: dict[str, Any]
    secret_query: list[tuple[str, str]]


def address_of(sending: Sending, inputs: Inputs) -> Address:
    """The address; a user in it is given to ``sending``. Raises FileFormatError when it is not of HTTP."""
    text = sending.url.strip()
    if "globoff" not in sending.switches:
        text = _first_of(text, sending)
    scheme = _SCHEME.match(text)
    if scheme is None and not is_variable(text[:1]):
        text = "http://" + text
    elif scheme is not None and scheme[1].lower() not in ("http", "https"):
        raise FileFormatError(f"the address is none of HTTP: it begins with {scheme[1][:20]}://.", "")
    try:
        parts = urlsplit(text)
        user = (parts.username, parts.password)
    except ValueError:
        raise FileFormatError("the address of the curl command cannot be read.", "Copy all of it.") from None
    if user[0] is not None:
        if sending.user is None:
            sending.user = f"{unquote(user[0])}:{unquote(user[1] or '')}"
        parts = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    secret = sensitive.in_path(parts.path)
    path = parts.path.replace(secret, inputs.secret("path_secret", secret)) if secret else parts.path
    base = urlunsplit((parts.scheme, parts.netloc, path, "", ""))
    own = [parts.query] if parts.query else []
    given = sending.data if "get" in sending.switches else []
    query, bare, secrets = _query("&".join([*own, *sending.query, *given]))
    known = parts.scheme and parts.netloc and not is_variable(parts.netloc)
    origin = f"{parts.scheme}://{parts.netloc}" if known else ""
    return Address(base + (f"?{bare}" if bare else ""), origin, query, secrets)


def _query(text: str) -> tuple[dict[str, Any], str, list[tuple[str, str]]]:
    """The parameters, what can only be written into the address, and the secrets."""
    secrets: list[tuple[str, str]] = []
    kept: list[str] = []
    for part in text.split("&") if text else ():
        name, value = next(iter((fields_of(part) or {}).items()), ("", ""))
        if value and (sensitive.named(name) or sensitive.looks_like_a_token(value)):
            secrets.append((name, value))
        else:
            kept.append(part)
    fields = fields_of("&".join(kept))
    return ({}, "&".join(kept), secrets) if fields is None else (fields, "", secrets)


def _first_of(text: str, sending: Sending) -> str:
    """The first of the addresses that braces and ranges stand for, as curl makes them."""
    several = False

    def choice(found: re.Match[str]) -> str:
        nonlocal several
        several |= "," in found[1]
        return found[1].partition(",")[0]

    def start(found: re.Match[str]) -> str:
        nonlocal several
        several = True
        return str(found[1] or found[2] or found[3])

    taken = _RANGE.sub(start, _CHOICE.sub(choice, text))
    if several:
        sending.note("the address stands for several: the node asks the first of them; a for_each asks all")
    elif taken != text:
        sending.note("curl leaves out the braces of the address, and so does the node: put in what they stand for")
    return taken
