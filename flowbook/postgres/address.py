"""Where a workspace's schema is; the password in it is shown nowhere."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from flowbook.errors import InputError

SCHEMES = ("postgresql", "postgres")
SCHEMA = "flowbook"
_SECRETS = ("password", "sslpassword", "oauth_client_secret")
_EXAMPLE = "Write it as postgresql://USER@HOST:5432/DATABASE, with ?schema=NAME for another schema than 'flowbook'."


class Address:
    """The address ``url``: ``postgresql://user:password@host:port/database?schema=flowbook``; see libpq for the rest.

    ``str()`` and ``repr()`` are without the password; ``sender`` tells who connects with it from all others. Raises
    InputError for what is no such address.
    """

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
            options = dict(parse_qsl(parts.query, keep_blank_values=True))
        except ValueError:
            raise InputError("the address of the PostgreSQL database cannot be read.", _EXAMPLE) from None
        database = unquote(parts.path.lstrip("/"))
        if parts.scheme not in SCHEMES or not database:
            raise InputError("the address of the PostgreSQL database names no database.", _EXAMPLE)
        self.schema = options.pop("schema", SCHEMA)
        if not self.schema.isidentifier() or not self.schema.islower() or len(self.schema) > 50:
            raise InputError(f"{self.schema!r} cannot be the name of a schema.", "Use small letters, digits and _.")
        secrets = {name: options.pop(name) for name in _SECRETS if options.get(name)}
        if parts.password:
            secrets["password"] = unquote(parts.password)
        self._secrets = secrets
        named = {"host": host, "port": port, "user": parts.username and unquote(parts.username), "dbname": database}
        self.parameters = {**options, **{name: value for name, value in named.items() if value}}
        user = f"{quote(unquote(parts.username))}@" if parts.username else ""
        shown = {**options, **({} if self.schema == SCHEMA else {"schema": self.schema})}
        place = f"{host}:{port}" if port else host
        self.sender = uuid.uuid4().hex
        self.shown = f"postgresql://{user}{place}/{quote(database)}" + (f"?{urlencode(shown)}" if shown else "")

    @property
    def connecting(self) -> dict[str, Any]:
        """What libpq connects with: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS"""
        defaults = {
            "connect_timeout": 10, "application_name": "flowbook", "client_encoding": "UTF8",
            "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000,
        }  # fmt: skip
        return {**defaults, **self.parameters, **self._secrets}

    @property
    def has_password(self) -> bool:
        """Whether something secret is in it."""
        return bool(self._secrets)

    @property
    def channel(self) -> str:
        """By what name those who use the schema are told of changes."""
        return f"flowbook_{self.schema}"

    def lock(self, part: str = "") -> int:
        """The number of the advisory lock that goes around what is changed in (a part of) the schema."""
        digest = hashlib.sha256(f"flowbook:{self.schema}{part and f':{part}'}".encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)

    def without_password(self, text: str) -> str:
        """A text of the database's in which the password is not."""
        for secret in sorted(self._secrets.values(), key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def __str__(self) -> str:
        return self.shown

    def __repr__(self) -> str:
        return f"Address({self.shown!r})"
