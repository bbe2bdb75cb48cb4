"""What in a request is a secret: by the name that it goes by, or because it looks like a token of a known service."""

from __future__ import annotations

import re

_WORDS = frozenset([
    "authorization", "auth", "token", "secret", "apikey", "password", "passwd", "passphrase", "pwd", "cookie",
    "signature", "sig", "credential", "credentials", "session", "sessionid", "sid", "jwt", "bearer", "pat",
    "accesstoken", "authtoken", "clientsecret", "accesskey", "secretkey", "appkey", "privatekey", "sessid",
])  # fmt: skip
_KEYS = frozenset([
    "api", "access", "secret", "private", "subscription", "auth", "app", "application", "account", "shared",
    "consumer", "master", "admin", "license", "licence", "client", "user", "rapidapi", "project", "integration",
    "write", "service", "functions", "webhook",
])  # fmt: skip
_NO_SECRET = frozenset([
    "page", "next", "continuation", "continue", "sync", "pagination", "cursor", "max", "min", "count", "num",
    "idempotency",
])  # fmt: skip
_SPLIT = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])")
_TOKEN = re.compile(
    r"(?:[sprk]{2}_(?:live|test)_[0-9A-Za-z]{10,}|sk-[A-Za-z0-9_-]{20,}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}"
    r"|xox[abeposr]-[A-Za-z0-9-]{10,}|AKIA[0-9A-Z]{16}|glpat-[\w-]{15,}|AIza[\w-]{30,}|SG\.[\w-]{15,}\.[\w-]{15,}"
    r"|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+|(?:bot)?[0-9]{8,12}:[\w-]{30,})"
)
_WEBHOOK = re.compile(r"/(?:services/T\w+/B\w+|api/webhooks/[0-9]+)/(?P<secret>[\w-]{15,})")


def named(name: str, *, header: bool = False) -> bool:
    """Whether what goes by ``name`` is a secret. In a header every key but one for idempotency is."""
    words = [word.lower() for word in _SPLIT.split(name) if word]
    if _NO_SECRET.intersection(words):
        return False
    if _WORDS.intersection(words):
        return words[-1] not in ("type", "method", "expires", "url", "uri", "id", "length", "limit", "limits")
    if not words or words[-1] != "key":
        return False
    return header or len(words) == 1 or words[-2] in _KEYS


def looks_like_a_token(value: str) -> bool:
    """Whether a value as a whole has the form of a known service's token."""
    return _TOKEN.fullmatch(value) is not None


def in_path(path: str) -> str:
    """The part of an address's path that is a secret, as chat services' webhooks have one; "" when there is none."""
    hook = _WEBHOOK.search(path)
    if hook is not None:
        return hook["secret"]
    return next((part for part in path.split("/") if looks_like_a_token(part)), "")
