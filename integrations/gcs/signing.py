"""Links that work without an account, signed with the key of a service account.

Facts: https://docs.cloud.google.com/storage/docs/authentication/signatures and
https://docs.cloud.google.com/storage/docs/authentication/canonical-requests
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from flowbook import Result, TaskFailed, task
from flowbook.json_text import parse_json

from .models import Credentials, SignUrl

_ALGORITHM = "GOOG4-RSA-SHA256"


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def sign_url(credentials: Credentials, params: SignUrl) -> Result:
    """Make a link that works without an account for some time; only a service account's key can sign it.

    Data: {"url", "method", "expires_at"}. The object need not be there.
    """
    now = datetime.now(timezone.utc)
    url = signed(_key(credentials), credentials.base_url, params, now)
    end = (now + timedelta(seconds=params.expires)).isoformat(timespec="seconds")
    message = f"A link to {params.bucket}/{params.key} that works until {end}."
    return Result.ok(message, {"url": url, "method": params.method, "expires_at": end})


def _key(credentials: Credentials) -> dict[str, Any]:
    given = credentials.service_account.reveal() if credentials.service_account else ""
    hint = "Put all of the JSON key of a service account into the integration."
    if not given:
        raise TaskFailed("Only a service account can sign a link.", hint=hint, permanent=True)
    try:
        key = parse_json(given)
        loaded = serialization.load_pem_private_key(str(key["private_key"]).encode(), None)
        email = str(key["client_email"])
    except (ValueError, KeyError, TypeError):
        raise TaskFailed("The service account's key is not one.", hint=hint, permanent=True) from None
    if not isinstance(loaded, rsa.RSAPrivateKey):
        raise TaskFailed("The service account's key is no RSA key.", hint=hint, permanent=True)
    return {"key": loaded, "email": email}


def signed(key: dict[str, Any], base_url: str, params: SignUrl, now: datetime) -> str:
    """The link, with a signature of version 4."""
    text, place, query = to_sign(key["email"], base_url, params, now)
    signature = key["key"].sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()).hex()
    return f"{place}?{query}&X-Goog-Signature={signature}"


def to_sign(email: str, base_url: str, params: SignUrl, now: datetime) -> tuple[str, str, str]:
    """What is signed, the address without a query, and the query without the signature."""
    address = urlsplit(base_url.strip().rstrip("/"))
    path = quote(f"/{params.bucket}/{params.key}", safe="/~")
    scope, moment = f"{now:%Y%m%d}/auto/storage/goog4_request", f"{now:%Y%m%dT%H%M%SZ}"
    given = {
        "X-Goog-Algorithm": _ALGORITHM,
        "X-Goog-Credential": f"{email}/{scope}",
        "X-Goog-Date": moment,
        "X-Goog-Expires": str(params.expires),
        "X-Goog-SignedHeaders": "host",
    }
    query = urlencode(given, quote_via=quote, safe="~")
    request = "\n".join([params.method, path, query, f"host:{address.netloc}", "", "host", "UNSIGNED-PAYLOAD"])
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = "\n".join([_ALGORITHM, moment, scope, digest])
    return text, f"{address.scheme}://{address.netloc}{path}", query
