"""Whether a request is from who it says: the signatures of GitHub, Stripe and Slack.

- GitHub: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries (``X-Hub-Signature-256`` is
  ``sha256=`` and the HMAC-SHA256 of the body, hex; ``X-GitHub-Delivery`` is the delivery's GUID, also when redelivered)
- Stripe: https://docs.stripe.com/webhooks#verify-manually (``Stripe-Signature: t=…,v1=…``: the HMAC-SHA256 of
  ``t.body``; several ``v1`` while a secret is rolled; the event's ``id`` is the same each time that it is sent)
- Slack: https://api.slack.com/authentication/verifying-requests-from-slack (``X-Slack-Signature`` is ``v0=`` and the
  HMAC-SHA256 of ``v0:timestamp:body``; the Events API repeats an ``event_id``)
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

TOLERANCE_SECONDS = 300.0
"""How old a signature may be that says when it was made, as Stripe and Slack recommend."""

_NAMES = {"github": "GitHub", "stripe": "Stripe", "slack": "Slack"}


class Refused(Exception):
    """A request that is not taken; the text says why, for who sent it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def check(kind: str, secret: str, headers: Mapping[str, str], body: bytes, now: float) -> None:
    """Raise Refused unless the request is signed with the secret, as ``kind`` signs."""
    if kind == "github":
        given, text = [headers.get("X-Hub-Signature-256", "").removeprefix("sha256=")], body
    elif kind == "stripe":
        parts = [part.strip().partition("=") for part in headers.get("Stripe-Signature", "").split(",")]
        moment = next((value for name, _, value in parts if name == "t"), "")
        given, text = [value for name, _, value in parts if name == "v1"], moment.encode() + b"." + body
        _check_age(moment, now, "Stripe-Signature")
    else:
        moment = headers.get("X-Slack-Request-Timestamp", "")
        given = [headers.get("X-Slack-Signature", "").removeprefix("v0=")]
        text = b"v0:" + moment.encode() + b":" + body
        _check_age(moment, now, "X-Slack-Request-Timestamp")
    expected = hmac.new(secret.encode(), text, hashlib.sha256).hexdigest().encode()
    if not any(hmac.compare_digest(expected, one.encode()) for one in given):
        name = _NAMES.get(kind, kind)
        raise Refused(
            401,
            f"The signature is not that of this hook's secret, as {name} makes it. Give {name} the secret that was"
            " shown when the hook was added, or add the hook anew.",
        )


def _check_age(moment: str, now: float, header: str) -> None:
    age = abs(now - int(moment)) if moment.isascii() and moment.isdigit() and len(moment) < 15 else None
    if age is None:
        raise Refused(401, f"The request says no time at which it was signed: that stands in {header}.")
    if age > TOLERANCE_SECONDS:
        raise Refused(
            401,
            "The request was signed too long ago (or the clocks differ): it may be a copy of an old one. Sign it anew"
            " to send it again, and see that the clocks are right.",
        )


def delivery_of(kind: str, headers: Mapping[str, str], body: Any) -> str:
    """By what the sender tells this delivery from others, the same when it is sent again; empty when by nothing."""
    event = body if isinstance(body, dict) else {}
    if kind == "github":
        return headers.get("X-GitHub-Delivery", "")
    if kind == "stripe":
        return str(event.get("id") or "")
    if kind == "slack":
        return str(event.get("event_id") or "") or headers.get("X-Slack-Signature", "")
    # https://www.standardwebhooks.com and https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
    return headers.get("Webhook-Id", "") or headers.get("Idempotency-Key", "")
