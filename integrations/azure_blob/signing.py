"""Links that work without an account: shared access signatures of one blob, made with the account's key."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from flowbook import Result, TaskFailed, task

from .client import opened
from .models import Credentials, OneBlob, SignUrl

_EARLIER = timedelta(minutes=5)
"""Since when it works: clocks differ."""


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def sign_url(credentials: Credentials, params: SignUrl) -> Result:
    """Make a link that works without an account for some time; only an account's key can sign it.

    Data: {"url", "method", "expires_at"}. The blob need not be there. A PUT needs the header x-ms-blob-type: BlockBlob.
    """
    with opened(credentials, "The link could not be made") as client:
        url = link(credentials, client, params, params.method, params.expires)
    if not url:
        hint = "Put account_key, or a connection string with the key, into the integration."
        raise TaskFailed("A link is signed with the account's key, and none is given.", hint=hint, permanent=True)
    end = (datetime.now(timezone.utc) + timedelta(seconds=params.expires)).isoformat(timespec="seconds")
    message = f"A link to {params.container}/{params.key} that works until {end}."
    return Result.ok(message, {"url": url, "method": params.method, "expires_at": end})


def link(credentials: Credentials, client: Any, params: OneBlob, method: str, seconds: int) -> str:
    """The address of a blob with a signature; empty when there is no key to sign with."""
    from azure.storage.blob import BlobSasPermissions, generate_blob_sas

    key = getattr(client.credential, "account_key", None)
    if not key:
        return ""
    now = datetime.now(timezone.utc)
    allowed = {
        "GET": BlobSasPermissions(read=True),
        "PUT": BlobSasPermissions(create=True, write=True),
        "DELETE": BlobSasPermissions(delete=True),
    }
    token = generate_blob_sas(
        client.account_name, params.container, params.key, account_key=key, permission=allowed[method],
        start=now - _EARLIER, expiry=now + timedelta(seconds=seconds),
    )  # fmt: skip
    return f"{client.get_blob_client(params.container, params.key).url}?{token}"
