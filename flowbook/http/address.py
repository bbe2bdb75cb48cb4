"""Web addresses: what a session may call, and how an address is shown to people."""

from __future__ import annotations

from urllib.parse import SplitResult, quote, unquote, urlsplit, urlunsplit

from flowbook.errors import InputError

_PORTS = {"http": 80, "https": 443}


def segment(text: object) -> str:
    """``text`` quoted for use as one part of a path, so that it can name nothing else than itself.

    Raises InputError for what would be another path (an empty text, ``.`` and ``..``) or is no Unicode text.
    """
    name = str(text)
    try:
        quoted = quote(name, safe="")
    except UnicodeEncodeError:
        quoted = ""
    if not quoted or name in (".", ".."):
        raise InputError(f"{name!r} cannot be part of an address.", "Give the name or number of what is meant.")
    return quoted


def split(address: str) -> SplitResult:
    """The parts of an absolute http or https address; ValueError says what is wrong with it."""
    if any(character.isspace() or ord(character) < 32 for character in address):
        raise ValueError("it has a space or line break in it")
    parts = urlsplit(address)
    if parts.scheme not in _PORTS:
        raise ValueError("it does not start with https:// or http://")
    if not parts.hostname:
        raise ValueError("it names no host")
    _ = parts.port  # reading it is what checks it
    return parts


def origin(address: str) -> tuple[str, str, int]:
    """Scheme, host and port, in one spelling: two addresses of equal origin are the same service."""
    parts = urlsplit(address)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme, 0)


def without_user(parts: SplitResult) -> str:
    """The address without a ``user:password@`` in it."""
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def user_of(parts: SplitResult) -> tuple[str, str] | None:
    """The user name and password written into an address, if any."""
    if parts.username is None:
        return None
    return unquote(parts.username), unquote(parts.password or "")


def place(address: str) -> str:
    """Host (and a port that is not the usual one): all of an address that is fit to be shown.

    Paths and queries are left out, since services put secrets into both.
    """
    scheme, host, port = origin(address)
    return host if port == _PORTS.get(scheme) else f"{host}:{port}"


def join(base: str, path: str) -> str:
    """``path`` below ``base``; an absolute ``path`` is taken as it is."""
    if path.startswith(("http://", "https://")):
        return path
    return f"{base.rstrip('/')}/{path.lstrip('/')}" if path else base
