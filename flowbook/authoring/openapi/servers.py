"""Where an API is, and where one of its operations is."""

from __future__ import annotations

from typing import Any

from flowbook.authoring.openapi.document import Description, address_of, mapping

_MOST = 5


def first_address(description: Description, servers: list[Any]) -> str:
    """The whole address of the first of the servers that has one, its variables as they are by default; "" for none."""
    for server in servers[:_MOST]:
        url = str(mapping(server).get("url") or "")
        for name, variable in mapping(mapping(server).get("variables")).items():
            url = url.replace("{" + name + "}", str(mapping(variable).get("default") or ""))
        found = address_of(url, description.source)
        if found and found.isascii() and found.isprintable() and " " not in found:
            return found
    return ""
