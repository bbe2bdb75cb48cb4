"""Web addresses: what a session may call, where a call really goes, and how an address is shown to people.

An address that two programs read differently takes credentials to the wrong server. So only what has one meaning is an
address here (:func:`checked`), a reference in an answer is resolved only if it has one (:func:`resolved`), and before
anything is sent the sender's own parsers must find the host that was checked (:func:`leads_to`).
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit, urlunsplit

from flowbook.errors import InputError

Origin = tuple[str, str, int]

_PORTS = {"http": 80, "https": 443}
_ABSOLUTE = re.compile(
    r"(?P<scheme>https?)://(?:(?P<user>[^@/?#]*)@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]@:/?#%]+)(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<rest>[/?#].*)?",
    re.IGNORECASE | re.DOTALL,
)
_HOST = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_SECRET_NAME = re.compile(r"auth|cookie|credential|key|passw|secret|session|signature|token", re.IGNORECASE)


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


def checked(address: str, *, user: bool = False) -> str:
    """An absolute http or https address that has one meaning, its host in ASCII; ValueError says what is wrong with it.

    A user name in it is let through with ``user`` only.
    """
    _refuse_odd_characters(address)
    found = _ABSOLUTE.fullmatch(address)
    if found is None:
        raise ValueError(_why_not(address))
    if found["user"] is not None and not user:
        raise ValueError("it has a user name in it")
    if found["port"] is not None and not 0 < int(found["port"]) < 65_536:
        raise ValueError("its port is none")
    host = _ascii_host(found["host"])
    start, end = found.span("host")
    sane = address[:start] + host + address[end:]
    if _read(sane) != (host.strip("[]").lower(), int(found["port"] or _PORTS[found["scheme"].lower()])):
        raise ValueError("its host is not clear")
    return sane


def _read(address: str) -> tuple[str, int]:
    """Host and port as Python's own parser reads them; nothing for what it does not take."""
    try:
        return origin(address)[1:]
    except ValueError:
        return "", 0


def _refuse_odd_characters(text: str) -> None:
    """ValueError for what some programs take out of an address, or read as a slash, and others do not."""
    if any(character.isspace() or unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise ValueError("it has a space, line break or control character in it")
    if "\\" in text:
        raise ValueError("it has a backslash in it")


def _why_not(address: str) -> str:
    if not address.lower().startswith(("http://", "https://")):
        return "it does not start with https:// or http://"
    authority = re.split("[/?#]", address.partition("://")[2], maxsplit=1)[0]
    return "its host is not clear" if authority.rpartition("@")[2].partition(":")[0] else "it names no host"


def _ascii_host(host: str) -> str:
    """The host as it is looked up. One that Unicode or older rules make another of is refused."""
    if host.startswith("["):
        return host
    if host.isascii():
        if not _HOST.fullmatch(host):
            raise ValueError("its host is not clear")
        return host
    import idna  # requests brings it along

    if unicodedata.normalize("NFKC", host.casefold()) == host.lower():
        try:
            encoded = idna.encode(host.lower()).decode()
        except idna.IDNAError:
            encoded = ""
        if encoded.count(".") == host.count("."):  # some other characters are taken for dots
            return encoded
    raise ValueError("its host can be read in several ways (write it in ASCII: xn--...)")


def resolved(base: str, reference: str) -> str:
    """The absolute address that ``reference`` (such as a Location) means in an answer of ``base``.

    ValueError for everything that has no single meaning, or another scheme than http and https.
    """
    _refuse_odd_characters(reference)
    if _SCHEME.match(reference):
        return checked(reference)
    if reference.startswith("//"):
        return checked(f"{urlsplit(base).scheme}:{reference}")
    address = checked(urljoin(base, reference))
    if origin(address) != origin(base):
        raise ValueError("its host is not clear")
    return address


def leads_to(address: str) -> Origin:
    """The origin that the sender will connect to; ValueError when the parsers it uses do not agree on it.

    requests finds the connection by ``urllib.parse`` or by urllib3's parser, depending on its version.
    """
    from urllib3.exceptions import LocationParseError
    from urllib3.util import parse_url

    try:
        parts = parse_url(address)
    except LocationParseError:
        raise ValueError("its host is not clear") from None
    host = (parts.host or "").strip("[]").lower()
    found = (parts.scheme or "", host, parts.port or _PORTS.get(parts.scheme or "", 0))
    if found != origin(address):
        raise ValueError("its host is not clear")
    return found


def origin(address: str) -> Origin:
    """Scheme, host and port, in one spelling: two addresses of equal origin are the same service."""
    parts = urlsplit(address)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme, 0)


def same_origin(one: str, other: str) -> bool:
    """Whether two absolute addresses are of the same service: scheme, host and port; an unclear one is of none."""
    try:
        return origin(checked(one, user=True)) == origin(checked(other, user=True))
    except ValueError:
        return False


def without_user(address: str) -> str:
    """The address without a ``user:password@`` in it."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def user_of(address: str) -> tuple[str, str] | None:
    """The user name and password written into an address, if any."""
    parts: SplitResult = urlsplit(address)
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
    if path.lower().startswith(("http://", "https://")):
        return path
    return f"{base.rstrip('/')}/{path.lstrip('/')}" if path else base


def sounds_secret(name: str) -> bool:
    """Whether a header field of that name is likely to hold a credential."""
    return _SECRET_NAME.search(name) is not None
