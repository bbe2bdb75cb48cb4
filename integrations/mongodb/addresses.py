"""Where a server is: the address, the options and the servers that credentials name, each checked.

https://www.mongodb.com/docs/manual/reference/connection-string/ says what a connection string may hold.
"""

from __future__ import annotations

from typing import Any

from flowbook import TaskFailed, current, tunnels

from .models import Credentials

_MECHANISMS = {"", "DEFAULT", "SCRAM-SHA-1", "SCRAM-SHA-256", "MONGODB-X509", "PLAIN"}
# What a connection string may not say: files outside of what a workspace may read, and what needs other servers.
_NOT_THERE = {"tlscafile", "tlscertificatekeyfile", "tlscrlfile", "proxyhost", "authmechanismproperties"}


def place_of(credentials: Credentials) -> str:
    """The servers as a message names them."""
    if credentials.connection_string is not None:
        return without_user(credentials.connection_string.reveal()) or "the connection string's servers"
    host = credentials.host
    return host if credentials.srv or "," in host or ":" in host else f"{host}:{credentials.port}"


def without_user(address: str) -> str:
    """The servers of a connection string, without who signs in."""
    rest = address.partition("://")[2]
    for end in "/?":
        before, found, _ = rest.rpartition("@")
        rest = rest[len(before) + 1 :] if found else rest
        rest = rest.partition(end)[0]
    return rest


def address_of(credentials: Credentials) -> tuple[str, dict[str, Any], str]:
    """What the client is to connect to, its options, and the database that the address names."""
    if credentials.connection_string is not None:
        address = credentials.connection_string.reveal().strip()
        return address, _tls(credentials), _database_of(address)
    names = [one.strip() for one in credentials.host.split(",") if one.strip()]
    options: dict[str, Any] = _tls(credentials)
    if credentials.username is not None:
        options["username"] = credentials.username
        options["password"] = credentials.password.reveal() if credentials.password else ""
        options["authSource"] = credentials.auth_source or "admin"
    if credentials.replica_set:
        options["replicaSet"] = credentials.replica_set
    elif not credentials.srv:
        options["directConnection"] = len(names) == 1
    if credentials.srv:
        return f"mongodb+srv://{names[0] if names else ''}/", options, ""
    return "mongodb://" + ",".join(_with_port(one, credentials.port) for one in names) + "/", options, ""


def _with_port(name: str, port: int) -> str:
    if name.count(":") > 1 and not name.startswith("["):
        name = f"[{name}]"
    return name if ":" in name.rpartition("]")[2] else f"{name}:{port}"


def _tls(credentials: Credentials) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if credentials.tls != "disable":
        options["tls"] = True
        if credentials.tls == "require":
            options["tlsAllowInvalidCertificates"] = True
        if credentials.tls == "verify-ca":
            options["tlsAllowInvalidHostnames"] = True
    for name, path in (("tlsCAFile", credentials.tls_ca), ("tlsCertificateKeyFile", credentials.tls_cert)):
        if path:
            options[name] = str(current().credential_file(path))
    return options


def _database_of(address: str) -> str:
    """The database that a connection string names. TaskFailed for a string that cannot be used."""
    from pymongo.errors import PyMongoError
    from pymongo.uri_parser import parse_uri

    plain = address.replace("mongodb+srv://", "mongodb://", 1) if address.startswith("mongodb+srv://") else address
    try:
        said = parse_uri(plain, validate=True, warn=False, normalize=False)
    except (PyMongoError, ValueError):
        raise wrong_string("The connection string cannot be read") from None
    options = {str(name).lower(): value for name, value in said["options"].items()}
    if taken := sorted(_NOT_THERE & set(options)):
        hint = "Give files as tls_ca and tls_cert; other ways to reach a server there are none."
        message = f"The connection string says {', '.join(taken)}, which it may not"
        raise TaskFailed(f"{message}.", {"kind": "wrong_address"}, hint, permanent=True)
    mechanism = str(options.get("authmechanism", "")).upper()
    encrypted = address.startswith("mongodb+srv://") or options.get("tls") or options.get("ssl")
    if mechanism not in _MECHANISMS:
        raise wrong_string(f"The way to sign in, {mechanism}, is none that there is here")
    if mechanism == "PLAIN" and not encrypted:
        raise wrong_string("PLAIN sends the password in clear, and the connection string has no tls=true")
    return said["database"] or ""


def wrong_string(what: str) -> TaskFailed:
    """The failure of a connection string, which is shown in no message."""
    hint = "It is like mongodb://USER:PASSWORD@HOST:27017/DATABASE; %, @, : and / in a password as %25, %40, %3A, %2F."
    return TaskFailed(f"{what}.", {"kind": "wrong_address"}, hint, permanent=True)


def checked(address: str) -> set[tuple[str, int | None]]:
    """The servers that an address names, each allowed; none for names that DNS is asked about."""
    from pymongo.errors import PyMongoError
    from pymongo.uri_parser import parse_uri

    if address.startswith("mongodb+srv://"):
        current().check_host(without_user(address))
        return set()
    try:
        nodes = parse_uri(address, warn=False)["nodelist"]
    except (PyMongoError, ValueError):
        hint = "It is a name or an address, with a port if need be: db.example.com:27017."
        raise TaskFailed("The host cannot be read.", {"kind": "wrong_address"}, hint, permanent=True) from None
    for host, port in nodes:
        current().check_host(host, None if host.startswith("/") else port)
    return set(nodes)


def through(tunnel: tunnels.Open, servers: set[tuple[str, int | None]]) -> tuple[str, set[tuple[str, int | None]]]:
    """The address of a tunnel's end here that leads to the only server, and what counts as that."""
    [(host, port)] = servers
    here = tunnel.listening(host, port or 27017)
    return f"mongodb://127.0.0.1:{here}/", {("127.0.0.1", here)}


def parent_of(address: str) -> str:
    """Below which domain the servers of a mongodb+srv name are, as its specification has it; empty for others."""
    name = without_user(address).lower() if address.startswith("mongodb+srv://") else ""
    return f".{name.partition('.')[2]}" if name.count(".") >= 2 else ""
