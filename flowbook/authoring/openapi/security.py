"""How an API knows its users: its security schemes as credentials."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from flowbook.authoring.openapi import swagger
from flowbook.authoring.openapi.document import Description, address_of, listed, mapping
from flowbook.authoring.openapi.names import identifier, one_line
from flowbook.authoring.openapi.operations import entries, servers_of
from flowbook.authoring.openapi.servers import first_address
from flowbook.errors import FileFormatError
from flowbook.records import NamedTuple

_MOST = 12
_TAKEN = {"base_url", "token", "username", "password", "client_id", "client_secret", "refresh_token", "token_url",
          "scopes", "oauth2"}  # fmt: skip
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")


class Credential(NamedTuple):
    """A field of the credentials; ``secret``, and with a ``default`` where there is one."""

    name: str
    description: str
    secret: bool = True
    default: str = ""
    url: bool = False


class Security(NamedTuple):
    """What a folder's credentials are. ``keys`` are (place, name, credential); ``base_url`` is "" if not known."""

    base_url: str
    keys: tuple[tuple[str, str, str], ...]
    basic: bool
    bearer: bool
    oauth: bool
    credentials: tuple[Credential, ...]
    authorize: str = ""
    """The page that a person signs in on, where there is one."""


def security_of(description: Description) -> Security:
    """The credentials that a description asks for. Raises FileFormatError for references that lead nowhere."""
    document = description.document
    found = swagger.schemes_of(document) if description.version == "2" else _schemes(document)
    schemes = [(name, description.followed(one)) for name, one in list(found.items())[:_MOST]]
    kinds = [_kind(one) for _, one in schemes]
    keys, fields = _keys(schemes)
    flows = [flow for _, one in schemes if one.get("type") == "oauth2" for flow in _flows(one)]
    addresses = [address_of(str(flow.get("tokenUrl") or ""), description.source) for flow in flows]
    address = next(filter(None, addresses), "")
    credentials = [Credential("base_url", "Address of the API.", False, _base_url(description), True), *fields]
    bearer, basic = "bearer" in kinds, "basic" in kinds
    for name, field, about in _unsaid(description, keys, bearer or basic):
        keys.append(("header", name, field))
        credentials.append(Credential(field, about))
    if bearer:
        credentials.append(Credential("token", "Access token, sent as a bearer token."))
    if basic:
        credentials.append(Credential("username", "User name.", secret=False))
        credentials.append(Credential("password", "Password."))
    if flows:
        credentials += _oauth(address, flows)
    pages = (address_of(str(flow.get("authorizationUrl") or ""), description.source) for flow in flows)
    page = next((one for one in pages if one and "{" not in one), "")  # a name in braces means a credential
    return Security(credentials[0].default, tuple(keys), basic, bearer, bool(flows), tuple(credentials), page)


def _schemes(document: dict[str, Any]) -> dict[str, Any]:
    return mapping(mapping(document.get("components")).get("securitySchemes"))


def _kind(scheme: dict[str, Any]) -> str:
    if scheme.get("type") == "http":
        return "basic" if str(scheme.get("scheme")).lower() == "basic" else "bearer"
    return {"oauth2": "bearer", "openIdConnect": "bearer", "apiKey": "key"}.get(str(scheme.get("type")), "")


def _keys(schemes: list[tuple[str, dict[str, Any]]]) -> tuple[list[tuple[str, str, str]], list[Credential]]:
    taken = set(_TAKEN)
    keys: dict[tuple[str, str], str] = {}
    fields: list[Credential] = []
    for name, scheme in schemes:
        place, key = str(scheme.get("in")), str(scheme.get("name"))
        if _kind(scheme) != "key" or place not in ("header", "query", "cookie") or (place, key) in keys:
            continue
        if place != "query" and not _HEADER.fullmatch(key):
            continue
        keys[place, key] = identifier(name if len(name) < 30 else key, taken)
        about = one_line(scheme.get("description")) or "API key."
        fields.append(Credential(keys[place, key], f"{about.removesuffix('.')} ({place} {one_line(key, 60)})."))
    return [(place, key, field) for (place, key), field in keys.items()], fields


def _unsaid(
    description: Description, keys: list[tuple[str, str, str]], authorized: bool
) -> Iterator[tuple[str, str, str]]:
    """Headers by which operations know their users though no security scheme sends them: name, field, what it holds.

    They are none of the tasks' params, since they are secrets.
    """
    sent = {"cookie" if place == "cookie" else name.lower() for place, name, _ in keys if place != "query"}
    sent |= {"authorization"} if authorized else set()
    known = {
        "Authorization": "What the header Authorization holds, such as Bearer and a token.",
        "Cookie": "What the header Cookie holds, such as the name of a session and its value.",
    }
    wanted = {name.lower() for name in known} - sent
    asked: set[str] = set()
    for entry in entries(description) if wanted else ():
        for one in (*listed(entry.item.get("parameters")), *listed(entry.node.get("parameters"))):
            with suppress(FileFormatError):  # such an operation is left out, and named
                found = description.followed(one)
                asked |= {str(found.get("name")).lower()} if found.get("in") == "header" else set()
    taken = _TAKEN | {field for _, _, field in keys}
    for name, about in known.items():
        if name.lower() in wanted & asked:
            yield name, identifier(name, taken), about


def _flows(scheme: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The flows by which a program can have a token without a person being there."""
    flows = mapping(scheme.get("flows"))
    yield from (
        mapping(flows[name]) for name in ("clientCredentials", "authorizationCode", "password") if name in flows
    )


def _oauth(address: str, flows: list[dict[str, Any]]) -> list[Credential]:
    scopes = " ".join(one for one in mapping(flows[0].get("scopes")) if re.fullmatch(r"[!#-\[\]-~]{1,100}", one))
    known = f" Known: {scopes}." if 0 < len(scopes) < 120 else ""
    return [
        Credential("token_url", "Where access tokens are had.", False, address, True),
        Credential("client_id", "Client id, to get access tokens with in place of the token above.", False),
        Credential("client_secret", "Client secret."),
        Credential("refresh_token", "Refresh token, for access in the name of a person; not needed by who signs in."),
        Credential("scopes", f"Scopes to ask for, with spaces between.{known}", False),
    ]


def _base_url(description: Description) -> str:
    """Where the API is; as most of its operations say, where it does not say so itself."""
    document = description.document
    servers = swagger.servers_of(document) if description.version == "2" else listed(document.get("servers"))
    found = first_address(description, servers)
    if found or servers:
        return found
    named = Counter(first_address(description, servers_of(one)) for one in entries(description))
    return named.most_common(1)[0][0] if named else ""
