"""What an integration folder says of a service that people sign in to with OAuth 2.0: where, and for what.

::

    class Credentials(typed.Credentials):
        client_id: str = Field(description="Client ID of your app")
        client_secret: Secret = Field(description="Its client secret")
        oauth2: Annotated[
            Secret,
            typed.OAuth2(
                authorize="https://login.example.com/authorize",
                token="https://login.example.com/token",
                scopes=["files.read"],
            ),
        ]

In a task ``credentials.oauth2`` is the access token. Whoever has an integration of this type signs in once, and
Flowbook renews the token by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from flowbook.hosts import host_of
from flowbook.records import NamedTuple
from flowbook.tasks.secret import Secret

_FIELD = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


class OAuth2:
    """The declaration of a sign-in, put beside the type of the credential that the access token goes to.

    ``authorize``, ``token``, ``device`` (RFC 8628) and ``revoke`` (RFC 7009) are the addresses of the service's
    endpoints; ``{name}`` in one is the credential of that name, as in ``{base_url}/oauth/token``; it may be one of
    ``scopes``, too. ``client_id`` and
    ``client_secret`` name the credentials that hold these, and with ``basic`` they go into a header and not into the
    request's body. ``redirect`` is an address on this machine, for services that want to know its port beforehand.
    ``extra`` are more parameters of the page that asks for consent, ``account`` an address that tells who signed in.
    ``service_account`` names the credential with the JSON key of a service account (RFC 7523), which needs nobody to
    sign in; ``subject`` the one that says for whom it acts. ``refresh_token`` names the credential with a refresh token
    that was got elsewhere, which a sign-in begins with. ``optional`` says that the folder gets a token in another way
    where nobody has signed in, as by the client's own credentials (RFC 6749, 4.4).
    """

    __slots__ = (
        "account",
        "authorize",
        "basic",
        "client_id",
        "client_secret",
        "device",
        "extra",
        "optional",
        "redirect",
        "refresh_token",
        "revoke",
        "scopes",
        "service_account",
        "subject",
        "token",
    )

    def __init__(
        self,
        *,
        token: str,
        authorize: str = "",
        scopes: Iterable[str] = (),
        device: str = "",
        revoke: str = "",
        client_id: str = "client_id",
        client_secret: str = "client_secret",  # noqa: S107 - the name of a credential
        basic: bool = False,
        redirect: str = "http://127.0.0.1/",
        extra: Mapping[str, str] | None = None,
        account: str = "",
        service_account: str = "",
        subject: str = "",
        refresh_token: str = "",
        optional: bool = False,
    ) -> None:
        self.authorize = authorize
        self.token = token
        self.scopes = tuple(scopes.split() if isinstance(scopes, str) else scopes)
        self.device = device
        self.revoke = revoke
        self.client_id = client_id
        self.client_secret = client_secret
        self.basic = basic
        self.redirect = redirect
        self.extra = dict(extra or {})
        self.account = account
        self.service_account = service_account
        self.subject = subject
        self.refresh_token = refresh_token
        self.optional = optional

    def __repr__(self) -> str:
        return f"OAuth2(authorize={self.authorize!r}, token={self.token!r}, scopes={list(self.scopes)!r})"

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The addresses that are named, as they are written."""
        named = (self.authorize, self.token, self.device, self.revoke, self.account)
        return tuple(address for address in named if address)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The servers that are known without the credentials, as patterns of :mod:`flowbook.hosts`."""
        found = [host_of(_FIELD.sub("x", one)) for one in self.endpoints if "{" not in _server(one)]
        return tuple(dict.fromkeys(host for host in found if host))

    def asked(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """The scopes to ask for, with the credentials that they name."""
        filled = [_FIELD.sub(lambda found: str(values.get(found[1]) or ""), one) for one in self.scopes]
        return tuple(" ".join(filled).split())

    def filled(self, address: str, values: Mapping[str, Any]) -> str:
        """An address with the credentials that it names: at its beginning as they are, elsewhere as a part of it."""

        def value(found: re.Match[str]) -> str:
            text = str(values.get(found[1]) or "")
            return text.rstrip("/") if found.start() == 0 else quote(text, safe="")

        return _FIELD.sub(value, address)

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        """The schema of the field's own type: what a task gets is the access token."""
        return handler(Secret if source is self else source)


def _server(address: str) -> str:
    return address.partition("://")[2].partition("/")[0] if "://" in address else address


class SignInField(NamedTuple):
    """The credential that is signed in for, how, and whether every integration ``needs`` it: an optional one does not,
    as long as it has no client ID.
    """

    field: str
    said: OAuth2
    needed: bool


def oauth2_of(model: type | None) -> SignInField | None:
    """The field of a credentials model that is signed in for, and its declaration; None when there is none."""
    fields = getattr(model, "model_fields", None)
    for name, field in fields.items() if isinstance(fields, dict) else ():
        for said in (*field.metadata, field.annotation):
            if isinstance(said, OAuth2):
                return SignInField(field.alias or name, said, field.is_required())
    return None
