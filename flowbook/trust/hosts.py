"""The servers that an integration may be used with when nobody chose others."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from flowbook import hosts
from flowbook.models import Parameter

_NAMES = frozenset(
    [
        "address",
        "api_url",
        "base_url",
        "endpoint",
        "endpoint_url",
        "host",
        "hostname",
        "server",
        "server_url",
        "site",
        "ssh_host",
        "site_url",
        "url",
        "webhook",
        "webhook_url",
    ]
)


def names_server(name: str, parameters: Iterable[Parameter]) -> bool:
    """Whether the credential of that name says where the service is."""
    kinds = {parameter.name: parameter.type for parameter in parameters}
    return name in _NAMES or kinds.get(name) == "url"


def default_hosts(
    parameters: tuple[Parameter, ...], values: Mapping[str, Any], vendor: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """The patterns of the servers that ``values`` name; those of the service itself (``vendor``) where they name none.

    Where they name one of the service's own, the others of the service go with it. Empty: nothing is sent anywhere
    before somebody chooses one. ``values`` that are not texts, such as sealed ones, name nothing.
    """
    known = {p.name: p.default for p in parameters} | {k: v for k, v in values.items() if v not in (None, "")}
    named: list[str] = []
    for name, value in known.items():
        if isinstance(value, str) and names_server(name, parameters):
            named += _named_by(name, value)
    if not named or any(hosts.allows(vendor, *_parts(one)) for one in named):
        named += vendor
    return tuple(dict.fromkeys(named))


def _named_by(field: str, value: str) -> list[str]:
    found = [host for part in value.split(",") if (host := hosts.host_of(part))]
    if field == "endpoint_url":  # buckets may have names of their own below it
        found += [f"*.{host}" for host in found if not _is_address(host)]
    return found


def _parts(pattern: str) -> tuple[str, int | None]:
    host, colon, port = pattern.rpartition(":")
    return (host, int(port)) if colon and port.isdigit() else (pattern, None)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(_parts(host)[0].strip("[]"))
    except ValueError:
        return _parts(host)[0] == "localhost" or host.startswith(("/", "*"))
    return True
