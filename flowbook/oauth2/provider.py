"""The endpoints of one service, asked for one integration."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flowbook import http
from flowbook.errors import SignInFailed
from flowbook.hosts import host_of
from flowbook.http.faults import ServiceError
from flowbook.limits import Limits
from flowbook.oauth2.faults import Refused
from flowbook.oauth2.tokens import Tokens, account_in
from flowbook.records import NamedTuple
from flowbook.tasks import Context, running_as
from flowbook.tasks.oauth2 import OAuth2

TIMEOUT = 30.0
_ANSWERS = frozenset({400, 401, 403, 428})
_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_HERE = frozenset({"127.0.0.1", "::1", "localhost"})


class Asked(NamedTuple):
    """A request for consent: the page to open, and what its answer must be of."""

    url: str
    state: str
    verifier: str
    redirect: str


class Provider:
    """What a declaration means with the credentials of the integration ``name``, within its allowed hosts."""

    def __init__(self, name: str, said: OAuth2, values: Mapping[str, Any], hosts: tuple[str, ...]) -> None:
        self.name = name
        self.said = said
        self._values = values
        self._within = Context(limits=Limits(name, hosts))
        self.client_id = str(values.get(said.client_id) or "")
        self.secret = str(values.get(said.client_secret) or "")
        self.scopes = said.asked(values)
        self.endpoint = said.filled(said.token, values)

    # -- asking a person -------------------------------------------------------------------------------------------

    def ask(self, redirect: str) -> Asked:
        """The page that asks for consent and comes back to ``redirect``, with PKCE (RFC 7636, S256) and a state."""
        from oauthlib.oauth2 import WebApplicationClient

        where = self._address(self.said.authorize)
        self._within.check_host(urlsplit(where).hostname or "", urlsplit(where).port)
        client = WebApplicationClient(self.client_id)
        verifier, state = client.create_code_verifier(64), secrets.token_urlsafe(32)
        url = client.prepare_request_uri(
            "https" + where[where.index(":") :],  # oauthlib takes no other; _address has looked at that already
            redirect_uri=redirect,
            scope=list(self.scopes) or None,
            state=state,
            code_challenge=client.create_code_challenge(verifier, "S256"),
            code_challenge_method="S256",
            **self.said.extra,
        )
        return Asked(where[: where.index(":")] + url[url.index(":") :], state, verifier, redirect)

    def begin_device(self) -> dict[str, Any]:
        """The answer of the device endpoint (RFC 8628, section 3.2)."""
        form = {"client_id": self.client_id, "scope": " ".join(self.scopes)}
        form |= {"client_secret": self.secret} if self.secret and not self.said.basic else {}
        response = self._post(self._address(self.said.device), form)
        answer = _object(response)
        if answer.get("error"):
            raise Refused(str(answer["error"]), str(answer.get("error_description") or ""))
        uri = answer.get("verification_uri") or answer.get("verification_url")  # Google's older name
        if not all(isinstance(one, str) and one for one in (answer.get("device_code"), answer.get("user_code"), uri)):
            raise self.unfit("no code")
        return {**answer, "verification_uri": uri}

    # -- tokens ----------------------------------------------------------------------------------------------------

    def exchange(self, code: str, asked: Asked) -> Tokens:
        """The tokens for the code of an answer. Raises Refused, ServiceError."""
        return self._tokens("authorization_code", code=code, redirect_uri=asked.redirect, code_verifier=asked.verifier)

    def poll(self, device_code: str) -> Tokens:
        """The tokens for a code that was entered; Refused says "authorization_pending" before it was."""
        return self._tokens(_DEVICE, device_code=device_code)

    def refreshed(self, tokens: Tokens) -> Tokens:
        """New tokens for the refresh token. Raises Refused, ServiceError."""
        return self._tokens("refresh_token", tokens, refresh_token=tokens.refresh)

    def asserted(self, assertion: str) -> Tokens:
        """The tokens for a signed statement (RFC 7523). Raises Refused, ServiceError."""
        return self._tokens(_BEARER, assertion=assertion, whose=False)

    def revoke(self, tokens: Tokens) -> None:
        """Tell the service that the tokens are of no use any more (RFC 7009). Raises Refused, ServiceError."""
        if not self.said.revoke:
            return
        hint = "refresh_token" if tokens.refresh else "access_token"
        form = {"token": tokens.refresh or tokens.access, "token_type_hint": hint, **self._whose()}
        response = self._post(self._address(self.said.revoke), form)
        if response.status >= 400:
            answer = _object(response)
            raise Refused(str(answer.get("error") or response.status), str(answer.get("error_description") or ""))

    def _tokens(self, grant: str, before: Tokens | None = None, *, whose: bool = True, **given: str) -> Tokens:
        from oauthlib.oauth2 import OAuth2Error
        from oauthlib.oauth2.rfc6749.parameters import parse_token_response

        endpoint = self._address(self.said.token)
        form = {"grant_type": grant, **given, **(self._whose() if whose else {})}
        response = self._post(endpoint, form)
        try:
            answer = dict(parse_token_response(response.text))
        except OAuth2Error as error:
            if error.error != "missing_token":
                raise Refused(str(error.error), str(error.description or "")) from None
            answer = {}
        except (ValueError, TypeError, AttributeError):
            answer = {}
        if not isinstance(answer.get("access_token"), str) or response.status >= 400:
            raise self.unfit("no token")
        blank = Tokens("", client_id=self.client_id, endpoint=endpoint, scopes=self.scopes)
        return self._with_account(Tokens.of_answer(answer, before or blank))

    def _with_account(self, tokens: Tokens) -> Tokens:
        if tokens.account or not self.said.account:
            return tokens
        headers = {"Authorization": f"Bearer {tokens.access}"}
        try:
            with running_as(self._within), self._session(self._address(self.said.account), tokens.secrets) as session:
                return tokens._replace(account=account_in(session.get("", headers=headers).json))
        except ServiceError:
            return tokens  # who it is is told to a person; the tokens are good without it

    def _whose(self) -> dict[str, str]:
        """What says in a form which client asks."""
        if self.said.basic and self.secret:
            return {}
        return {"client_id": self.client_id, **({"client_secret": self.secret} if self.secret else {})}

    def unfit(self, what: str) -> SignInFailed:
        """What is raised for an answer that is none of the protocol's."""
        return SignInFailed(
            f"{self.name!r} could not be signed in: the service answered with {what}.",
            "Check the addresses of the sign-in: an answer that is a page comes from a proxy, or from another server.",
        )

    # -- the way there ---------------------------------------------------------------------------------------------

    def _post(self, url: str, form: Mapping[str, str]) -> http.Response:
        hidden = [self.secret, *(form[one] for one in _SECRET if one in form)]
        auth = (self.client_id, self.secret) if self.said.basic and self.secret else None
        with running_as(self._within), self._session(url, [one for one in hidden if one], auth) as session:
            return session.post("", data=dict(form), accept=_ANSWERS, parse=False)

    def _session(self, url: str, hidden: list[str], auth: tuple[str, str] | None = None) -> http.Session:
        return http.Session(
            url,
            service=f"The sign-in of {self.name!r}",
            headers={"Accept": "application/json"},
            auth=auth,
            secrets=hidden,
            timeout=TIMEOUT,
        )

    def _address(self, template: str) -> str:
        """An endpoint's address; SignInFailed for one that tokens must not be sent to."""
        address = self.said.filled(template, self._values)
        parts = urlsplit(address)
        if not host_of(address) or not (
            parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
        ):
            raise SignInFailed(
                f"{self.name!r} cannot be signed in at {address[:200]!r}: that is no https address.",
                "Correct the address in its credentials, or in the integration folder.",
            )
        return address


_SECRET = ("code", "code_verifier", "device_code", "refresh_token", "assertion", "token")


def _object(response: http.Response) -> dict[str, Any]:
    try:
        answer = response.json
    except ServiceError:
        return {}
    return answer if isinstance(answer, dict) else {}
