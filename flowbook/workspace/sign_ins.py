"""The sign-ins of a workspace's integrations: begun, kept sealed, renewed by one process at a time, ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from flowbook.errors import FlowbookError, InputError, MissingCredentials, SignInFailed, VaultError
from flowbook.models import Integration
from flowbook.records import NamedTuple
from flowbook.tasks.oauth2 import OAuth2
from flowbook.workspace.locks import Locks, Taken

if TYPE_CHECKING:
    from flowbook.oauth2.browser import BrowserSignIn
    from flowbook.oauth2.device import DeviceSignIn
    from flowbook.oauth2.provider import Provider
    from flowbook.oauth2.tokens import Tokens
    from flowbook.workspace.credentials import CredentialBook

WAIT_SECONDS = 120.0
"""How long to wait for another process that renews the same tokens: longer than a call of the service may take."""


class SignedIn(NamedTuple):
    """How far an integration is signed in, as people are told: nothing secret.

    ``state`` is "signed_in", "signed_out", "ended" (``why`` says how), "account" (a service account) or "locked".
    ``until`` is when it ends unless it is used, in seconds since 1970; 0 when that is not known.
    """

    state: str
    account: str = ""
    scopes: tuple[str, ...] = ()
    until: float = 0.0
    renews: bool = False
    why: str = ""
    device: bool = False
    browser: bool = True


class SignIns:
    """Joins the book of credentials, which seals and opens, and :mod:`flowbook.oauth2`, which asks the services.

    By ``locks`` one process at a time renews a sign-in.
    """

    def __init__(self, book: CredentialBook, locks: Locks) -> None:
        self._book = book
        self._locks = locks
        self._lock = threading.RLock()
        self._accounts: dict[tuple[str, ...], Tokens] = {}
        self._unkept: dict[str, Tokens] = {}
        self._useless: dict[str, str] = {}

    # -- for runs --------------------------------------------------------------------------------------------------

    def usable(
        self,
        name: str,
        type: str,
        values: Mapping[str, Any],
        stored: Integration | None,
        *,
        fresh: bool,
        refused: str = "",
    ) -> tuple[dict[str, Any], list[str]]:
        """(``values`` with an access token in place of what is kept, what of it must never be shown).

        With ``fresh`` one that ends soon is renewed first, and so is ``refused``, which the service has ended before
        its time, if no one else has renewed that meanwhile. Raises SignInNeeded, SignInFailed, ServiceError.
        """
        found = self._book.sign_in(type)
        if found is None:
            return dict(values), []
        field, said, _ = found
        if values.get(said.service_account or field) and said.service_account:
            return self._of_account(name, type, dict(values), field, said, fresh, refused)
        from flowbook.oauth2.faults import needed
        from flowbook.oauth2.tokens import Tokens, digest_of

        text = values.get(field)
        tokens = Tokens.of_text(text)
        if text and tokens is None:  # an access token of a person's own, which cannot be renewed
            return dict(values), [str(text)]
        began = digest_of(values.get(said.refresh_token))
        if began and (tokens is None or tokens.began != began):
            if stored is None:  # of the environment: it can be kept nowhere, and the folder uses it itself
                return dict(values), []
            tokens = self._begun(name, stored, began) if fresh else None
            if tokens is None:
                return {**values, field: "", said.refresh_token: ""}, [values[said.refresh_token]]
            return {**values, field: tokens.access, said.refresh_token: ""}, tokens.secrets
        if tokens is None:
            if said.optional or not (found.needed or values.get(said.client_id)):
                return dict(values), []
            raise needed(name)
        if began:
            values = {**values, said.refresh_token: ""}
        hidden = tokens.secrets
        self._check_same(name, type, values, said, tokens)
        if fresh and ((refused and stored) or tokens.due() or tokens.ended):
            tokens = self._renewed(name, stored, refused)
        return {**values, field: tokens.access}, [*hidden, *tokens.secrets]

    def refused_again(self, name: str, token: str) -> None:
        """Know that a token which was got in place of a refused one was refused at once, so that none would do."""
        self._useless[name] = token

    def _check_same(self, name: str, type: str, values: Mapping[str, Any], said: OAuth2, tokens: Tokens) -> None:
        """Raise SignInNeeded when the client or the service is another than the one that was signed in to."""
        from flowbook.oauth2.faults import needed

        client = str(values.get(said.client_id) or "")
        if tokens.client_id != client:
            raise needed(name, "its client ID has changed since")
        if tokens.endpoint != said.filled(said.token, values):
            raise needed(name, "the address of the service has changed since, and the tokens are not sent to another")

    def _renewed(self, name: str, stored: Integration | None, refused: str) -> Tokens:
        """New tokens, got by this process or by another one that had the lock before; stored before they are used.

        Those that are stored, when ``refused`` is one that nothing renews.
        """
        from flowbook.http.faults import ServiceError
        from flowbook.oauth2.faults import needed

        if stored is None:
            raise needed(name, "it has ended")
        with self._alone(stored.id):
            tokens, provider = self._now(stored.id)
            refused = refused if tokens.access == refused else ""
            if refused and (self._useless.get(name) == refused or not (tokens.refresh or tokens.ended)):
                return tokens
            if not (refused or tokens.due() or tokens.ended):
                return tokens
            if tokens.ended or not tokens.refresh:
                if not tokens.ended and not tokens.over():
                    return tokens
                why = tokens.ended or "it has ended, and the service gave nothing to renew it with"
                raise self._ended(name, provider.said, why)
            try:
                return self._refreshed(name, stored.id, provider, tokens, "renewed")
            except ServiceError:
                if refused or tokens.over():
                    raise
                return tokens  # it is good for a while yet

    def _begun(self, name: str, stored: Integration, began: str) -> Tokens:
        """The tokens of a sign-in that begins with a refresh token which a person gave; as with all, stored first."""
        from flowbook.oauth2.faults import needed
        from flowbook.oauth2.tokens import Tokens, digest_of

        with self._alone(stored.id):
            provider, field, values = self._provider(self._book.safe.integration(stored.id))
            given = str(values.get(provider.said.refresh_token) or "")
            now = Tokens.of_text(values.get(field))
            unkept = self._unkept.pop(stored.id, None)
            if unkept is not None and unkept.began == digest_of(given):
                self._keep(stored.id, unkept)
                now = unkept
            if now is not None and now.began == digest_of(given):
                if not (now.ended or now.due()):
                    return now  # another process was quicker
            elif not given or digest_of(given) != began:
                raise needed(name, "its refresh token was changed meanwhile", "Run it again.")
            else:
                now = Tokens(
                    "", given, client_id=provider.client_id, endpoint=provider.endpoint, scopes=provider.scopes,
                    began=began,
                )  # fmt: skip
            if now.ended:
                raise self._ended(name, provider.said, now.ended)
            return self._refreshed(name, stored.id, provider, now, "signed in")

    def _refreshed(self, name: str, id: str, provider: Provider, tokens: Tokens, done: str) -> Tokens:
        """New tokens of the service, stored; that a sign-in is over is stored, too. ``done`` is what could not be done.

        Raises SignInNeeded when it is over, SignInFailed for another refusal, ServiceError where nothing answers.
        """
        from flowbook.oauth2.faults import Refused, why_ended

        try:
            new = provider.refreshed(tokens)
        except Refused as error:
            why = why_ended(error)
            if not why:
                raise SignInFailed(f"{name!r} could not be {done}: {error.message}.", error.hint) from None
            self._keep(id, tokens._replace(ended=why))
            raise self._ended(name, provider.said, why) from None
        self._keep(id, new)
        return new

    def _ended(self, name: str, said: OAuth2, why: str) -> FlowbookError:
        """That somebody has to sign in again, where the service has a page or a code for that; else, to get a token."""
        from flowbook.oauth2.faults import needed

        if said.authorize or said.device or not said.refresh_token:
            return needed(name, why)
        return needed(name, why, f"Get a new refresh token from the service, and put it into its {said.refresh_token}.")

    def _now(self, id: str) -> tuple[Tokens, Provider]:
        """What is stored now, and whom to ask; what could not be stored before is stored first."""
        from flowbook.oauth2.faults import needed
        from flowbook.oauth2.tokens import Tokens

        stored = self._book.safe.integration(id)
        provider, field, values = self._provider(stored)
        tokens = Tokens.of_text(values.get(field))
        unkept = self._unkept.pop(id, None)
        if unkept is not None and tokens is not None and tokens.since == unkept.since:  # of the same sign-in
            self._keep(id, unkept)
            tokens = unkept
        if tokens is None:
            raise needed(stored.name, "somebody has signed out meanwhile")
        return tokens, provider

    def _keep(self, id: str, tokens: Tokens) -> None:
        """Store tokens, sealed. When that fails they are not lost: the next who needs them stores them first."""
        self._unkept[id] = tokens
        self._book.keep_sign_in(id, tokens.text())
        del self._unkept[id]

    def _of_account(
        self, name: str, type: str, values: dict[str, Any], field: str, said: OAuth2, fresh: bool, refused: str
    ) -> tuple[dict[str, Any], list[str]]:
        from flowbook.oauth2 import accounts

        hidden = accounts.secrets_of(values[said.service_account])
        if not fresh:
            return {**values, field: ""}, hidden
        provider = self._made(name, type, values, said)
        key = accounts.key_of(provider, values[said.service_account])
        subject = str(values.get(said.subject) or "") if said.subject else ""
        which = (provider.endpoint, values[said.service_account], subject, *said.scopes)
        with self._lock:
            tokens = self._accounts.get(which)
            ended = bool(refused) and refused != self._useless.get(name)
            if tokens is None or tokens.due() or (ended and tokens.access == refused):
                tokens = self._accounts[which] = accounts.tokens_for(provider, key, subject)
        return {**values, field: tokens.access}, [*hidden, *tokens.secrets]

    def secrets(self, type: str, opened: Mapping[str, Any]) -> list[str]:
        """What must never be shown of what an integration keeps of a sign-in."""
        found = self._book.sign_in(type)
        if found is None:
            return []
        from flowbook.oauth2 import accounts
        from flowbook.oauth2.tokens import Tokens

        field, said, _ = found
        tokens = Tokens.of_text(opened.get(field))
        return [*(tokens.secrets if tokens else []), *accounts.secrets_of(opened.get(said.service_account))]

    # -- for people ------------------------------------------------------------------------------------------------

    def begin(self, name: str, *, device: bool) -> BrowserSignIn | DeviceSignIn:
        """Begin to sign an integration in; :meth:`end` waits for it. Raises NotFound, InputError, SignInFailed."""
        from flowbook.oauth2.browser import BrowserSignIn
        from flowbook.oauth2.device import DeviceSignIn

        stored = self._book.safe.integration(name)
        provider, _, _ = self._provider(stored)
        said = provider.said
        if not provider.client_id:
            raise MissingCredentials(f"the integration {stored.name!r} has no {said.client_id} yet.", "Fill that in.")
        if device and not said.device:
            raise InputError(f"{stored.type} offers no sign-in with a code.", "Sign in with a browser.")
        if device or not said.authorize:
            return DeviceSignIn(provider)
        return BrowserSignIn(provider)

    def end(self, name: str, begun: BrowserSignIn | DeviceSignIn) -> SignedIn:
        """Wait for a sign-in that was begun, and store what came of it."""
        from flowbook.oauth2.tokens import digest_of

        id = self._book.safe.integration(name).id
        tokens = begun.wait()
        with self._alone(id):
            self._unkept.pop(id, None)
            provider, _, values = self._provider(self._book.safe.integration(id))
            self._keep(id, tokens._replace(began=digest_of(values.get(provider.said.refresh_token))))
        found = self.state(id)
        assert found is not None
        return found

    def sign_out(self, name: str) -> str:
        """Revoke the tokens where the service offers that, and forget them; what could not be done, in words."""
        from flowbook.oauth2.faults import Refused
        from flowbook.oauth2.tokens import Tokens

        stored = self._book.safe.integration(name)
        provider, field, values = self._provider(stored)
        with self._alone(stored.id):
            tokens = Tokens.of_text(values.get(field))
            said = (
                ""
                if provider.said.revoke
                else "The service offers no way to revoke it: take the app's access away there."
            )
            try:
                if tokens is not None and not tokens.ended:
                    provider.revoke(tokens)
            except (Refused, FlowbookError) as error:
                said = f"The service did not revoke it ({error.message}): take the app's access away there."
            self._unkept.pop(stored.id, None)
            self._book.keep_sign_in(stored.id, None)
        return said

    def state(self, name: str) -> SignedIn | None:
        """How far an integration is signed in; None for one whose service has no sign-in."""
        from flowbook.oauth2.tokens import Tokens

        stored = self._book.safe.integration(name)
        found = self._book.sign_in(stored.type)
        if found is None:
            return None
        field, said, _ = found
        blank = SignedIn("signed_out", device=bool(said.device), browser=bool(said.authorize))
        if said.service_account and stored.fields.get(said.service_account):
            return blank._replace(state="account")
        if field not in stored.fields:
            if said.refresh_token and stored.fields.get(said.refresh_token):
                return blank._replace(state="signed_in", renews=True)  # as far as is known: it was not used yet
            asked = found.needed or (said.client_id in stored.fields and (not said.optional or blank.browser))
            return blank if asked else None
        try:
            tokens = Tokens.of_text(self._book.opened(stored).get(field))
        except VaultError as error:
            return blank._replace(state="locked", why=error.message)
        return blank._replace(state="signed_in") if tokens is None else _told(blank, tokens)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _provider(self, stored: Integration) -> tuple[Provider, str, dict[str, Any]]:
        found = self._book.sign_in(stored.type)
        if found is None:
            raise InputError(
                f"{stored.name!r} is of type {stored.type!r}, which nobody signs in to.", "Edit it instead."
            )
        values = self._book.opened(stored)
        return self._made(stored.name, stored.type, values, found.said), found.field, values

    def _made(self, name: str, type: str, values: Mapping[str, Any], said: OAuth2) -> Provider:
        from importlib.util import find_spec

        from flowbook.installing import how_to_install
        from flowbook.oauth2.provider import Provider

        if find_spec("oauthlib") is None:
            raise SignInFailed(
                "the package 'oauthlib' is not installed, and signing in needs it.", how_to_install("oauthlib")
            )
        meaning = self._book.meanings.of(name, type)
        hosts = self._book.meanings.default(type, values) if meaning is None else meaning.hosts
        return Provider(name, said, values, hosts)

    @contextmanager
    def _alone(self, id: str) -> Iterator[None]:
        """Within, no other thread or process renews, stores or takes away this sign-in."""
        with ExitStack() as held:
            try:
                held.enter_context(self._locks.held(f"sign-in-{id}", seconds=WAIT_SECONDS, every=0.05))
            except Taken:
                raise SignInFailed(
                    f"another process has been renewing this sign-in for more than {WAIT_SECONDS:.0f} seconds.",
                    "Look whether it hangs, and try again.",
                ) from None
            yield


def _told(blank: SignedIn, tokens: Tokens) -> SignedIn:
    known = blank._replace(account=tokens.account, scopes=tokens.scopes)
    if tokens.ended or (tokens.over() and not tokens.refresh):
        return known._replace(state="ended", why=tokens.ended or "it has ended")
    until = tokens.refresh_expires_at if tokens.refresh else tokens.expires_at
    return known._replace(state="signed_in", until=until, renews=bool(tokens.refresh))


Show = Callable[["BrowserSignIn | DeviceSignIn"], object]
"""Is told what a person has to open (and to enter)."""
