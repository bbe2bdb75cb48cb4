"""Which servers an integration may be used with: patterns of hosts, and whether one lets a server through.

A pattern is a host (``api.github.com``), one with its port (``localhost:8080``), all below a domain
(``*.amazonaws.com``, which is not ``amazonaws.com`` itself), the folder of a unix socket (``/run/postgresql``), or
``*`` for every server.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

ANY = "*"
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_PATTERN = re.compile(rf"(?P<host>(?:\*\.)?{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{{1,5}}))?")
_MOST = 253


def checked_host(text: str) -> str:
    """A pattern in its one spelling: in lowercase and ASCII. ValueError says what is wrong with it."""
    given = text.strip()
    if given == ANY:
        return given
    if given.startswith("/"):
        return _socket(given)
    if "/" in given or "@" in given:
        raise ValueError("give the host alone, as api.example.com, not an address")
    host = _ascii(given.rstrip(".").lower())
    host = f"[{host}]" if _is_v6(host) else host
    found = _PATTERN.fullmatch(host)
    if found is None or len(host) > _MOST:
        raise ValueError("it is not a host, such as api.example.com, *.example.com or localhost:8080")
    if found["port"] is not None and not 0 < int(found["port"]) < 65_536:
        raise ValueError("its port is none")
    return host


def allows(patterns: Iterable[str], host: str, port: int | None = None) -> bool:
    """Whether one of the patterns lets ``host`` (and ``port``) through; what is no host passes none but ``*``."""
    name = named(host)
    return any(_fits(pattern, name, port) for pattern in patterns)


def named(host: str) -> str:
    """A host as patterns spell it; one that is unclear stays as it is, and fits none."""
    try:
        return checked_host(host)
    except ValueError:
        return host


def host_of(address: str) -> str:
    """The pattern for the server of an address (a URL, or a host alone); empty when none is named in it.

    The port is in it when the address names one.
    """
    text = address.strip()
    if "://" not in text:
        return _checked_or_nothing(text)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if not host or "*" in host:
        return ""
    host = f"[{host}]" if ":" in host else host
    return _checked_or_nothing(host if port is None else f"{host}:{port}")


def _checked_or_nothing(text: str) -> str:
    try:
        return checked_host(text) if text and "*" not in text else ""
    except ValueError:
        return ""


def _fits(pattern: str, name: str, port: int | None) -> bool:
    if pattern == ANY:
        return True
    if pattern.startswith("/"):
        return pattern == name
    found = _PATTERN.fullmatch(pattern)
    if found is None or (found["port"] is not None and (port is None or int(found["port"]) != port)):
        return False
    if found["host"].startswith("*."):
        end = found["host"][1:]
        return name.endswith(end) and len(name) > len(end) and not name.startswith("*")
    return found["host"] == name


def _socket(path: str) -> str:
    if "\0" in path or "," in path or ".." in path.split("/"):
        raise ValueError("it is no folder of a socket")
    return path.rstrip("/") or "/"


def _is_v6(text: str) -> bool:
    try:
        return isinstance(ipaddress.ip_address(text), ipaddress.IPv6Address)
    except ValueError:
        return False


def _ascii(host: str) -> str:
    if host.isascii():
        return host
    import idna  # requests brings it along

    try:
        return idna.encode(host).decode()
    except idna.IDNAError:
        raise ValueError("it has letters that no host has") from None
