"""What goes wrong with a sign-in, in words: what happened, and what to do about it."""

from __future__ import annotations

import shlex

from flowbook.errors import FlowbookError, SignInFailed, SignInNeeded


def how_to_sign_in(name: str) -> str:
    """What to do, for an integration that is not signed in."""
    return f"Press Sign in in the Integrations tab, or run: flowbook integrations sign-in {shlex.quote(name)}"


_SAID = {
    "access_denied": ("consent was not given", "Sign in again, and allow what it asks for."),
    "expired_token": ("the code was not entered in time", "Begin again, and enter the new code."),
    "invalid_client": ("it does not know this client ID, or its secret is wrong", "Check both, and sign in again."),
    "invalid_grant": (
        "it does not take the code: it was used before, is too old, or was made for another sign-in",
        "Sign in again.",
    ),
    "invalid_scope": ("it does not know one of the scopes", "Check which scopes your app may ask for."),
    "unauthorized_client": (
        "this client may not sign in so",
        "Allow this way of signing in for your app, where it is registered.",
    ),
    "unsupported_grant_type": ("it does not offer this way of signing in", "Choose another way of signing in."),
    "temporarily_unavailable": ("it cannot sign anybody in at the moment", "Try again later."),
    "server_error": ("the fault is on its side", "Try again later."),
}


_AS_ADMIN = "If it acts for a person, have an administrator allow these scopes to it, by its client ID."
_SAID_OF_ACCOUNT = {
    "access_denied": ("it may not have one of the scopes", _AS_ADMIN),
    "invalid_client": ("it does not know this account", "Put in the JSON key of an account that is there still."),
    "invalid_grant": (
        "its statement was not taken",
        "Check that its key was not deleted, that a subject is a person who is there, and this machine's clock.",
    ),
    "invalid_scope": ("it does not know one of the scopes", "Check which scopes the account may ask for."),
    "unauthorized_client": ("it may not act so, or not for this subject", _AS_ADMIN),
}
"""By https://developers.google.com/identity/protocols/oauth2/service-account#jwt-error-codes; nobody signs in there."""


class Refused(FlowbookError):
    """An endpoint refused, by a ``code`` of the protocol; ``words`` are those of the service."""

    def __init__(self, code: str, words: str = "") -> None:
        self.code = code[:100]
        self.words = words[:300]
        what, hint = _SAID.get(code, ("", "Look the code up in the service's documentation."))
        super().__init__(f"{what} ({self.said})" if what else self.said, hint)

    @property
    def said(self) -> str:
        """The code, and the words of the service."""
        return f"{self.code}{f': {self.words}' if self.words else ''}"


def failed(name: str, error: Refused) -> SignInFailed:
    """A sign-in of an integration that the service refused."""
    return SignInFailed(f"{name!r} could not be signed in: {error.message}.", error.hint)


def account_refused(name: str, error: Refused) -> SignInFailed:
    """A service account of an integration that the service gave no token."""
    if error.code not in _SAID_OF_ACCOUNT:
        return SignInFailed(f"the service account of {name!r} got no token: {error.message}.", error.hint)
    what, hint = _SAID_OF_ACCOUNT[error.code]
    return SignInFailed(f"the service account of {name!r} got no token: {what} ({error.said}).", hint)


def needed(name: str, why: str = "nobody has signed in yet", hint: str = "") -> SignInNeeded:
    """An integration that cannot be used before somebody signs in, or does what ``hint`` says."""
    return SignInNeeded(f"the integration {name!r} is not signed in: {why}.", hint or how_to_sign_in(name))


def why_ended(error: Refused) -> str:
    """Why a refresh token is of no use any more, by what the service answered; empty when that is not what it says."""
    if error.code not in ("invalid_grant", "invalid_token", "token_revoked", "token_expired"):
        return ""
    return f"the sign-in has expired or was revoked ({error.said})"
