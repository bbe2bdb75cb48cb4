"""Service accounts: a signed statement in place of a person (RFC 7523), for runs that nobody watches."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from flowbook.errors import SignInFailed
from flowbook.json_text import parse_json
from flowbook.oauth2.faults import Refused, account_refused
from flowbook.oauth2.provider import Provider
from flowbook.oauth2.tokens import Tokens

STATEMENT_SECONDS = 3600


def key_of(provider: Provider, text: str) -> dict[str, Any]:
    """The fields of a service account's JSON key. SignInFailed says what is wrong with it."""
    try:
        key = parse_json(text)
    except ValueError:
        key = None
    missing = [one for one in ("client_email", "private_key") if not (isinstance(key, dict) and _is_text(key.get(one)))]
    if missing or not isinstance(key, dict):
        raise SignInFailed(
            f"the service account of {provider.name!r} is not the JSON key of one: {' and '.join(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not in it.",
            "Put in all of the JSON file that the service gave when the key was made.",
        )
    return key


def tokens_for(provider: Provider, key: Mapping[str, Any], subject: str) -> Tokens:
    """New tokens for a service account. Raises SignInFailed, ServiceError.

    The claims are those of https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests
    """
    import jwt

    now = int(time.time())
    claims = {"iss": key["client_email"], "aud": provider.endpoint, "iat": now, "exp": now + STATEMENT_SECONDS}
    claims |= {"scope": " ".join(provider.scopes)} if provider.scopes else {}
    claims |= {"sub": subject} if subject else {}
    named = {"kid": key["private_key_id"]} if _is_text(key.get("private_key_id")) else None
    try:
        assertion = jwt.encode(claims, key["private_key"], "RS256", headers=named)
    except (ValueError, TypeError, jwt.PyJWTError):
        assertion = ""
    if not assertion:  # raised out here: the original error may show the key
        raise SignInFailed(
            f"the service account of {provider.name!r} has a private_key that cannot be used.",
            "Put in all of the JSON file that the service gave when the key was made.",
        )
    try:
        return provider.asserted(assertion)._replace(account=str(key["client_email"]))
    except Refused as error:
        raise account_refused(provider.name, error) from None


def secrets_of(text: Any) -> list[str]:
    """What must never be shown of a service account's JSON key."""
    try:
        key = parse_json(text)
    except (ValueError, TypeError):
        return []
    private = key.get("private_key") if isinstance(key, dict) else None
    return (
        [private, *(line for line in private.splitlines() if len(line) > 20 and "-----" not in line)]
        if _is_text(private) and isinstance(private, str)
        else []
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)
