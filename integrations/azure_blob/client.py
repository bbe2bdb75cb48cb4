"""The client of azure-storage-blob, and its errors in words.

Facts: https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from flowbook import TaskFailed, current, how_to_install, http
from flowbook.counting import counted

from .answers import asked_wait, of_library, patient_retry, refusing_policy
from .models import Credentials

CONNECT_SECONDS = 10
READ_SECONDS = 40
TRIES = 2
"""Tries after the first."""
PART_BYTES = 8 * 1024 * 1024

_WILL_NOT_PASS = frozenset({"unauthorized", "forbidden", "not_found", "conflict", "invalid", "wrong_address"})
_KEY = ("unauthorized", "The server does not accept the key or signature", "Check account_key or sas_token.")
_BY_CODE: dict[str, tuple[str, str, str]] = {
    "AuthenticationFailed": _KEY,
    "InvalidAuthenticationInfo": _KEY,
    "NoAuthenticationInformation": _KEY,
    "AuthorizationFailure": ("forbidden", "The key may not do this", "Check what it allows, and the firewall."),
    "AuthorizationPermissionMismatch": ("forbidden", "The signature does not allow this", "Make one that does."),
    "AuthorizationServiceMismatch": ("forbidden", "The signature is for another service", "Make one for blobs."),
    "AuthorizationResourceTypeMismatch": ("forbidden", "The signature is for other things", "Make one for them."),
    "InsufficientAccountPermissions": ("forbidden", "The account may not do this", "Ask its owner."),
    "AccountIsDisabled": ("forbidden", "The account is disabled", "Ask its owner."),
    "ContainerNotFound": ("not_found", "There is no such container", "list_containers shows those there are."),
    "BlobNotFound": ("not_found", "There is no such blob", "list_blobs shows those there are."),
    "ResourceNotFound": ("not_found", "There is no such thing", "Check container and key."),
    "ContainerBeingDeleted": ("busy", "The container is being deleted", "Retry the node in a minute."),
    "BlobAlreadyExists": ("conflict", "There is a blob of that name", "Turn on overwrite, or take another name."),
    "BlobArchived": ("conflict", "The blob is archived", "Set it to another tier first."),
    "UnauthorizedBlobOverwrite": ("conflict", "There is a blob of that name", "Turn on overwrite."),
    "LeaseIdMissing": ("conflict", "Somebody holds a lease on it", "Wait until it is given back."),
    "ServerBusy": ("rate_limited", "The server asks to slow down", "Retry the node later."),
    "OperationTimedOut": ("timeout", "The server took too long", "Retry the node later."),
    "InternalError": ("server_error", "The server failed", "Retry the node later."),
    "InvalidResourceName": ("invalid", "That cannot be a name", "Use lowercase letters, digits and hyphens."),
    "InvalidMetadata": ("invalid", "The metadata is not allowed", "Its names are like those of variables."),
}  # fmt: skip
_BY_STATUS: dict[int, tuple[str, str, str]] = {
    401: _KEY,
    403: ("forbidden", "The key may not do this, or is wrong", "Check the credentials and what they allow."),
    404: ("not_found", "There is no such blob or container", "Check container and key."),
    408: ("timeout", "The server waited too long for the request", "Retry the node later."),
    409: ("busy", "It does not go with what is there", "Look at what is there, or retry the node later."),
    412: ("conflict", "It does not go with what is there", "Look at what is there."),
    429: ("rate_limited", "The server asks to slow down", "Retry the node later."),
}


@contextmanager
def opened(credentials: Credentials, doing: str) -> Iterator[Any]:
    """The client of the account; the library's errors in the block become TaskFailed, which begins with ``doing``."""
    try:
        from azure.core.exceptions import AzureError, DeserializationError
        from azure.storage.blob import BlobServiceClient
    except ImportError:
        hint = how_to_install("azure")
        raise TaskFailed("azure-storage-blob is not installed.", hint=hint, permanent=True) from None
    seconds = credentials.timeout or READ_SECONDS
    options: dict[str, Any] = {
        "connection_timeout": min(CONNECT_SECONDS, seconds),
        "read_timeout": seconds,
        "retry_policy": patient_retry(TRIES),
        "max_single_put_size": PART_BYTES,
        "max_block_size": PART_BYTES,
        "max_single_get_size": PART_BYTES,
        "max_chunk_get_size": PART_BYTES,
        "logging_enable": False,
        "user_agent": "flowbook",
        "permit_redirects": False,
        "_additional_pipeline_policies": [_policy(), refusing_policy()],
    }
    options["transport"] = _transport(**options)
    try:
        client = _service(BlobServiceClient, credentials, options)
    except ValueError as error:  # a key that is no base64, a connection string that is none
        said, hint = _without(str(error), credentials), "Check account_key, sas_token or connection_string."
        raise TaskFailed(f"{doing}: {said}.", {"kind": "invalid"}, hint, permanent=True) from None
    try:
        with client:
            yield client
    except (AzureError, DeserializationError) as error:  # the latter: a page, or XML of another form
        raise _explained(error, doing, credentials, client.primary_hostname.partition("/")[0]) from None
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        if not of_library(error):
            raise
        words = f"{doing}: what came is no answer of Azure's, which its library cannot read ({type(error).__name__})."
        raise TaskFailed(words, {"kind": "bad_answer"}, "Check account and endpoint_url.") from None


def _service(made: Any, credentials: Credentials, options: dict[str, Any]) -> Any:
    if credentials.connection_string:
        return made.from_connection_string(credentials.connection_string.reveal(), **options)
    secret = credentials.account_key or credentials.sas_token
    text = secret.reveal().strip() if secret else ""
    if credentials.account_key:
        signer: Any = {"account_name": credentials.account, "account_key": text}
    else:
        from azure.core.credentials import AzureSasCredential

        signer = AzureSasCredential(text.lstrip("?"))
    address = credentials.endpoint_url or f"https://{credentials.account}.blob.core.windows.net"
    return made(address.rstrip("/"), credential=signer, **options)


def _transport(**options: Any) -> Any:
    """What sends the requests: none begins, and none is waited for, after the run was cancelled."""
    from azure.core.pipeline.transport import RequestsTransport

    context = current()  # parts are sent from threads of the library

    class Transport(RequestsTransport):  # type: ignore[misc]  # where the library is not installed
        def _init_session(self, session: Any) -> None:
            super()._init_session(session)
            for adapter in session.adapters.values():
                http.hold(adapter.poolmanager)

        def send(self, request: Any, **how: Any) -> Any:
            where = urlsplit(request.url).netloc
            send = super().send
            return http.sent(lambda: send(request, **how), f"asking {where}", _close, context)

    return Transport(**options)


def _close(answer: Any) -> None:
    answer.internal_response.close()


def _policy() -> Any:
    """What is asked before each request is sent: whether the server is allowed, and what a dry run is to be told."""
    from azure.core.pipeline.policies import SansIOHTTPPolicy

    context = current()  # parts are sent from threads of the library

    class Ask(SansIOHTTPPolicy[Any, Any]):
        def on_request(self, request: Any) -> None:
            asked = request.http_request
            place = urlsplit(asked.url)
            context.check_host(place.hostname or "", place.port or {"http": 80, "https": 443}.get(place.scheme))
            if context.cancelled:
                raise TaskFailed("Cancelled; what was half done is thrown away.", {"kind": "cancelled"})
            if asked.method not in ("GET", "HEAD") and context.rehearsing:
                body = asked.body
                size = f"{counted(len(body), 'byte')}" if isinstance(body, (bytes, bytearray)) else "a file"
                detail = {
                    "method": asked.method,
                    "url": asked.url.partition("?")[0],
                    **({"data": size} if body else {}),
                }
                context.about_to("http", place.netloc, f"{asked.method} {place.path}", **detail)

    return Ask()


def _explained(error: Any, doing: str, credentials: Credentials, place: str) -> TaskFailed:
    from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError

    status = getattr(error, "status_code", None)
    given = getattr(error, "error_code", None) or ""
    code = str(getattr(given, "value", given))
    if isinstance(error, HttpResponseError) and status is not None:
        kind, words, hint = _BY_CODE.get(code) or _BY_STATUS.get(status) or _other(status)
        said = f" ({code})" if code else f" ({status})"
        asked = asked_wait(error.response)
        hint = hint if asked is None else http.wait_hint(asked)
        data = {"kind": kind, "status": status, **({"code": code} if code else {})}
        return TaskFailed(f"{doing}: {words}{said}.", data, hint, permanent=kind in _WILL_NOT_PASS)
    reason = _without(str(error), credentials)
    if isinstance(error, (ServiceRequestError, ServiceResponseError)):
        kind, words = _unanswered(reason.lower(), place)
        return TaskFailed(f"{doing}: {words}.", {"kind": kind}, "Check account and endpoint_url, and the network.")
    line = " ".join(reason.split())[:200].rstrip(".")
    return TaskFailed(f"{doing}: {line}.", {"kind": "bad_answer"}, "Check endpoint_url.")


def _unanswered(reason: str, place: str) -> tuple[str, str]:
    """The kind and the words of an error that came without an answer, by what the library says of it."""
    if "certificate" in reason:
        return "tls", f"the certificate of {place} is not trusted"
    if "timed out" in reason or "timeout" in reason:
        return "timeout", f"{place} did not answer in time"
    if "resolve" in reason or "name or service not known" in reason or "getaddrinfo" in reason:
        return "wrong_address", f"the name of {place} is not known"
    if "refused" in reason:
        return "unreachable", f"{place} refused the connection"
    return "unreachable", f"no answer came from {place}"


def _other(status: int) -> tuple[str, str, str]:
    if status >= 500:
        return "server_error", "The server failed", "Retry the node later."
    if status < 300:
        return "bad_answer", "What came is no answer of Azure's", "Check endpoint_url."
    if status < 400:
        return "wrong_address", "The address sends one elsewhere", "Set endpoint_url to the account itself."
    return "invalid", "The server refused it", "Check the params."


def _without(text: str, credentials: Credentials) -> str:
    for secret in (credentials.account_key, credentials.sas_token, credentials.connection_string):
        if secret and len(secret.reveal()) > 2:
            text = text.replace(secret.reveal(), "***")
    return text


def told(found: Any) -> dict[str, Any]:
    """A blob as the tasks give it."""
    settings = found.content_settings
    return {
        "key": found.name,
        "size": found.size,
        "content_type": settings.content_type if settings else None,
        "modified": found.last_modified.isoformat() if found.last_modified else None,
        "etag": str(found.etag or "").strip('"'),
        "tier": found.blob_tier,
    }


def fill_settings(params: Any, kind: str) -> dict[str, Any]:
    """What is stored beside the content, as the library takes it; only what was given."""
    from azure.storage.blob import ContentSettings, StandardBlobTier

    given: dict[str, Any] = {
        "content_settings": ContentSettings(content_type=kind, cache_control=params.cache_control),
        "metadata": params.metadata or None,
        "tags": params.tags or None,
        "standard_blob_tier": StandardBlobTier(params.tier) if params.tier else None,
    }
    return {name: value for name, value in given.items() if value is not None}
