"""What came of a sign-in: the tokens, and what is known of them."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any

from flowbook.json_text import parse_json
from flowbook.records import NamedTuple

FORMAT = 1
EARLY_SECONDS = 300.0
"""How long before its end a token is renewed, so that a task that begins with it can work with it."""


class Tokens(NamedTuple):
    """The tokens of one sign-in. Times are in seconds since 1970, 0 when they are not known.

    ``client_id`` and ``endpoint`` are those that they were got with: they are sent to no other. ``ended`` says why they
    are of no use any more. ``began`` is a digest of the refresh token that a person had given by then: another one
    begins a new sign-in.
    """

    access: str
    refresh: str = ""
    expires_at: float = 0.0
    lifetime: float = 0.0
    refresh_expires_at: float = 0.0
    scopes: tuple[str, ...] = ()
    account: str = ""
    client_id: str = ""
    endpoint: str = ""
    since: float = 0.0
    ended: str = ""
    began: str = ""

    def __repr__(self) -> str:
        return f"<Tokens of {self.account or 'an account'}>"

    @property
    def secrets(self) -> list[str]:
        """What must never be shown of them."""
        return [text for text in (self.access, self.refresh) if text]

    def due(self) -> bool:
        """Whether the access token ends so soon that a new one is to be got."""
        return bool(self.expires_at) and time.time() > self.expires_at - min(EARLY_SECONDS, self.lifetime / 2)

    def over(self) -> bool:
        """Whether the access token has ended."""
        return bool(self.expires_at) and time.time() >= self.expires_at

    def text(self) -> str:
        """As it is sealed."""
        return json.dumps({"flowbook_oauth2": FORMAT, **self._asdict()}, separators=(",", ":"))

    @classmethod
    def of_text(cls, text: Any) -> Tokens | None:
        """The tokens of :meth:`text`; None for any other text, which is an access token that a person gave."""
        try:
            kept = parse_json(text) if isinstance(text, str) and text.startswith("{") else None
        except ValueError:
            return None
        if not isinstance(kept, dict) or kept.get("flowbook_oauth2") != FORMAT:
            return None
        known = {name: kept[name] for name in cls._fields if name in kept}
        return cls(**{**known, "scopes": tuple(known.get("scopes", ()))})

    @classmethod
    def of_answer(cls, answer: Mapping[str, Any], before: Tokens) -> Tokens:
        """The tokens of a token endpoint's answer (RFC 6749, section 5.1); what it does not name is as ``before``."""
        now = time.time()
        lifetime = float(answer.get("expires_in") or 0)
        ends = _number(answer.get("refresh_token_expires_in"))
        return before._replace(
            access=str(answer["access_token"]),
            refresh=str(answer.get("refresh_token") or before.refresh),
            expires_at=now + lifetime if lifetime else 0.0,
            lifetime=lifetime,
            refresh_expires_at=now + ends if ends else before.refresh_expires_at,
            scopes=tuple(str(one) for one in answer.get("scope") or before.scopes),
            account=_account(answer.get("id_token")) or before.account,
            since=before.since or now,
            ended="",
        )


def digest_of(given: Any) -> str:
    """What tells a refresh token that a person gave from others; empty for none."""
    return (
        hashlib.sha256(given.encode("utf-8", "surrogatepass")).hexdigest() if isinstance(given, str) and given else ""
    )


def _number(given: Any) -> float:
    return float(given) if isinstance(given, (int, float)) and not isinstance(given, bool) else 0.0


def account_in(claims: Any) -> str:
    """Who signed in, as OpenID Connect's claims and other services call it; empty when it is not told."""
    if not isinstance(claims, Mapping):
        return ""
    names = ("email", "preferred_username", "login", "username", "name", "sub")
    return next((str(claims[name])[:200] for name in names if isinstance(claims.get(name), str) and claims[name]), "")


def _account(id_token: Any) -> str:
    """Who an ID token names. It came from the token endpoint itself, so its signature need not be checked
    (OpenID Connect Core 1.0, section 3.1.3.7, number 6)."""
    if not isinstance(id_token, str) or id_token.count(".") != 2:
        return ""
    part = id_token.split(".")[1]
    try:
        return account_in(parse_json(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))
    except ValueError:
        return ""
