"""The boto3 client, and its errors in words.

Facts: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from flowbook import TaskFailed, current, http
from flowbook.counting import counted

from .answers import asked_wait, watch_answers
from .models import Credentials
from .sessions import DEFAULT_REGION, open_session

CONNECT_SECONDS = 10
READ_SECONDS = 40
ATTEMPTS = 3

_SIGNED_WRONG = "The server does not accept the secret key"
# error code → (kind, what happened, what to do); HEAD answers carry no code, just their status
_WILL_NOT_PASS = frozenset({"unauthorized", "forbidden", "not_found", "wrong_region", "invalid"})
_BY_CODE: dict[str, tuple[str, str, str]] = {
    "InvalidAccessKeyId": ("unauthorized", "The server does not know the access key", "Check access_key."),
    "SignatureDoesNotMatch": ("unauthorized", _SIGNED_WRONG, "Check secret_key, and that nothing was cut off."),
    "InvalidClientTokenId": ("unauthorized", "The access key is not known", "Check access_key, or the profile's."),
    "ExpiredTokenException": ("unauthorized", "The temporary credentials have expired", "Get new ones."),
    "ExpiredToken": ("unauthorized", "The temporary credentials have expired", "Get new ones."),
    "InvalidToken": ("unauthorized", "The session token is not valid", "Check session_token, or leave it empty."),
    "RequestTimeTooSkewed": ("unauthorized", "This machine's clock is wrong", "Set its clock."),
    "401": ("unauthorized", "The server does not accept the credentials", "Check access_key and secret_key."),
    "AccessDenied": ("forbidden", "The key may not do this", "Ask for the permission that the action needs."),
    "AllAccessDisabled": ("forbidden", "All access is disabled", "Ask the bucket's owner."),
    "403": ("forbidden", "The key may not do this, or is wrong", "Check the credentials and their permissions."),
    "NoSuchBucket": ("not_found", "There is no such bucket", "The task list_buckets shows those there are."),
    "NoSuchKey": ("not_found", "There is no such object", "The task list_objects shows those there are."),
    "NoSuchVersion": ("not_found", "There is no such version", "Check version_id."),
    "404": ("not_found", "There is no such object or bucket", "Check bucket and key."),
    "PermanentRedirect": ("wrong_region", "The bucket is in another region", "Set the credentials' region to its own."),
    "AuthorizationHeaderMalformed": ("wrong_region", "The region is not the right one", "Set the region it names."),
    "IllegalLocationConstraintException": ("wrong_region", "The region does not fit the address", "Set the region."),
    "301": ("wrong_region", "The bucket is in another region", "Set the credentials' region to its own."),
    "400": ("wrong_region", "The request was refused, often for a wrong region or key", "Check region and keys."),
    "TemporaryRedirect": ("server_error", "The bucket is still being moved to its region", "Retry the node later."),
    "BucketAlreadyExists": ("conflict", "Somebody else has a bucket of that name", "Take another name."),
    "BucketNotEmpty": ("conflict", "The bucket is not empty", "Delete its objects first, or turn on empty."),
    "InvalidBucketName": ("invalid", "That cannot be a bucket's name", "Use lowercase letters, digits and hyphens."),
    "EntityTooLarge": ("invalid", "The object is too large", "Use upload_file, which uploads in parts."),
    "OperationAborted": ("conflict", "Something else is being done with it", "Retry the node later."),
    "409": ("conflict", "It does not go with what is there", "Look at what is there, or retry the node later."),
    "RequestTimeout": ("timeout", "The server waited too long for the request", "Retry the node later."),
    "408": ("timeout", "The server waited too long for the request", "Retry the node later."),
    "SlowDown": ("rate_limited", "The server asks to slow down", "Retry the node later."),
    "TooManyRequests": ("rate_limited", "The server asks to slow down", "Retry the node later."),
    "429": ("rate_limited", "The server asks to slow down", "Retry the node later."),
    "NotImplemented": ("invalid", "This server does not offer that", "Check what the S3-compatible server supports."),
}


def open_client(credentials: Credentials) -> Any:
    """A boto3 client that takes no address from a profile, tries again what may be tried again, and has time limits."""
    role = credentials.role_arn
    with explained(f"The role {role} could not be taken" if role else "The client could not be made", credentials):
        session = open_session(credentials, lambda signed, service, url: _client(signed, service, url, credentials))
        client = _client(session, "s3", credentials.endpoint_url, credentials)
    context = current()  # uploads and downloads send from threads of their own

    def ask(request: Any, **unused: Any) -> None:
        if request.method not in ("GET", "HEAD") and context.rehearsing:
            address = urlsplit(request.url)
            context.about_to("http", address.netloc, f"{request.method} {address.path}", **_described(request))

    client.meta.events.register("before-send.s3", ask)
    watch_answers(client, ATTEMPTS)
    return client


class _Sender:
    """What a client sends its requests by: none begins, and none is waited for, after the run was cancelled.

    But for the one that throws away the parts of an upload, which would be paid for until somebody finds them.
    """

    def __init__(self, sender: Any) -> None:
        self._sender = sender
        self._context = current()  # uploads and downloads send from threads of their own
        http.hold(sender._manager)

    def send(self, request: Any) -> Any:
        """As botocore's own."""
        address = urlsplit(request.url)
        if request.method == "DELETE" and "uploadId=" in address.query:
            return self._sender.send(request)
        return http.sent(
            lambda: self._sender.send(request), f"asking {address.netloc}", lambda late: late.raw.close(), self._context
        )

    def close(self) -> None:
        """As botocore's own."""
        self._sender.close()


def _described(request: Any) -> dict[str, Any]:
    """What a request would send, as plain data; without headers, which hold credentials."""
    body = request.body
    data = f"{counted(len(body), 'byte')}" if isinstance(body, (bytes, bytearray)) else "a file"
    return {"method": request.method, "url": request.url, **({"data": data} if body else {})}


def _client(session: Any, service: str, url: str | None, credentials: Credentials) -> Any:
    """A client of that session and service that asks whether the integration may be used with a server."""
    from botocore.config import Config

    own_server = bool(credentials.endpoint_url)
    style = credentials.addressing_style
    checksums = "when_required" if own_server else "when_supported"  # older servers refuse the newer checksum headers
    options: dict[str, Any] = {
        "ignore_configured_endpoint_urls": True,  # which the published types do not know
        "request_checksum_calculation": checksums,
        "response_checksum_validation": checksums,
    }
    config = Config(
        connect_timeout=min(CONNECT_SECONDS, credentials.timeout or READ_SECONDS),
        read_timeout=credentials.timeout or READ_SECONDS,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
        signature_version="s3v4" if service == "s3" else None,
        s3={"addressing_style": "path" if own_server and style == "auto" else style},
        user_agent_extra="flowbook",
        **options,
        tcp_keepalive=True,
    )
    # A region that a profile or the environment names goes before the default.
    region = session.region_name or DEFAULT_REGION
    client = session.client(service, region_name=region, endpoint_url=_checked(url), config=config)
    context = current()  # uploads and downloads send from threads of their own

    def check_host(request: Any, **unused: Any) -> None:
        address = urlsplit(request.url)
        context.check_host(address.hostname or "", address.port or {"http": 80, "https": 443}.get(address.scheme))

    client.meta.events.register_first(f"before-send.{service}", check_host)
    client._endpoint.http_session = _Sender(client._endpoint.http_session)
    return client


def _checked(url: str | None) -> str | None:
    if url is None:
        return None
    try:
        return http.checked_address(url).rstrip("/")
    except ValueError as error:
        reason = str(error)
    hint = "Give it as https://host or http://host:port."
    raise TaskFailed(f"endpoint_url cannot be used: {reason}.", {"kind": "wrong_address"}, hint, permanent=True)


@contextmanager
def explained(doing: str, credentials: Credentials) -> Iterator[None]:
    """Turn botocore's errors into TaskFailed with the server's words; ``data["kind"]`` says which kind it was.

    Kinds: unauthorized, forbidden, not_found, wrong_region, conflict, invalid, rate_limited, server_error, unreachable,
    wrong_address, timeout, tls, bad_answer.
    """
    import boto3.exceptions
    from botocore import exceptions, parsers

    began = time.monotonic()
    unanswered = (exceptions.BotoCoreError, exceptions.HTTPClientError, boto3.exceptions.Boto3Error)

    try:
        yield
    except exceptions.ClientError as error:
        raise refusal(doing, dict(error.response)) from None
    except (*unanswered, parsers.ResponseParserError) as error:
        kind, words, hint = _without_answer(error, credentials, time.monotonic() - began)
        raise TaskFailed(f"{doing}: {words}.", {"kind": kind}, hint, permanent=kind == "unauthorized") from None


def refusal(doing: str, response: dict[str, Any]) -> TaskFailed:
    """What the server said no with."""
    error = response.get("Error", {})
    code = str(error.get("Code", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if status >= 500 and code not in _BY_CODE:
        kind, what, hint = "server_error", "The server had an error of its own", "Retry the node later."
    else:
        # What a status means in general is said where the server says no more: its own words go before.
        general = (
            _BY_CODE.get(str(status))
            if not code or code.isdigit() or status in (401, 403, 404, 408, 409, 429)
            else None
        )
        kind, what, hint = _BY_CODE.get(code) or general or ("invalid", "The server refused it", "")
    words = str(error.get("Message") or "").strip().rstrip(".")
    said = f" ({code}: {words})" if words and not code.isdigit() else f" ({code})" if code else ""
    region = error.get("Region") or response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get(
        "x-amz-bucket-region"
    )
    if kind == "wrong_region" and region:
        hint = f"Set the credentials' region to {region}."
    if (asked := asked_wait(response)) is not None:
        hint = http.wait_hint(asked)
    data = {"kind": kind, "code": code, "status": status or None}
    return TaskFailed(f"{doing}: {what}{said}.", data, hint, permanent=kind in _WILL_NOT_PASS)


def _without_answer(error: Exception, credentials: Credentials, seconds: float) -> tuple[str, str, str]:
    """Kind, words and hint of an error that came without a proper answer; the error's own text may hold addresses
    with signatures, so it is not passed on."""
    from botocore import exceptions as e
    from botocore.parsers import ResponseParserError

    if told := _without_credentials(error, credentials):
        return told
    asked = getattr(error, "kwargs", {}).get("endpoint_url")  # also the service that gives keys to who has signed in
    where = urlsplit(str(asked or credentials.endpoint_url)).netloc.rpartition("@")[2] or "Amazon S3"
    reach = "Check endpoint_url, and whether this machine may reach it."
    if isinstance(error, (e.ConnectTimeoutError, e.ReadTimeoutError)):
        words = f"{where} did not answer; given up after {max(round(seconds), 1)} s and {ATTEMPTS} attempts"
        return "timeout", words, f"{reach} What was being changed may have been changed all the same."
    if isinstance(error, e.SSLError):
        return "tls", f"no TLS connection to {where} could be made", "Check its certificate (AWS_CA_BUNDLE)."
    if isinstance(error, e.ProxyConnectionError):
        return "unreachable", "the proxy cannot be reached", "Check HTTPS_PROXY."
    if isinstance(error, e.EndpointConnectionError):
        # urllib3's "Failed to resolve", or the system's words: botocore carries over no more than the text
        if "resolve" in str(error) or "Name or service" in str(error.kwargs.get("error", "")):
            return "wrong_address", f"the name of {where} is not known", "Check endpoint_url and region."
        return "unreachable", f"{where} cannot be reached", reach
    if isinstance(error, (ResponseParserError, e.IncompleteReadError, e.ResponseStreamingError)):
        return "bad_answer", f"{where} answered with something that is not S3, or broke off", "Check endpoint_url."
    if isinstance(error, (e.ConnectionClosedError, e.HTTPClientError)):
        return "unreachable", f"the connection to {where} broke", "Retry the node."
    if isinstance(error, (e.ParamValidationError, e.InvalidRegionError)):
        return "invalid", " ".join(str(error).split()).rstrip("."), "Check the node's params."
    return "invalid", f"the request could not be made ({type(error).__name__})", ""


def _without_credentials(error: Exception, credentials: Credentials) -> tuple[str, str, str] | None:
    """Kind, words and hint when there was nothing to sign with, else None."""
    from botocore import exceptions as e

    profile = credentials.profile
    if isinstance(error, e.ProfileNotFound):
        return "unauthorized", f"this machine has no profile {profile!r}", "'aws configure list-profiles' shows them."
    if isinstance(error, (e.NoCredentialsError, e.PartialCredentialsError)):
        hint = "Give access_key and secret_key, or a profile, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        return "unauthorized", "no credentials were given, and none were found on this machine", hint
    if isinstance(error, (e.SSOError, e.TokenRetrievalError)):
        command = f"aws sso login --profile {profile}" if profile else "aws sso login"
        return "unauthorized", "the sign-in of the profile has expired, or there was none", f"Sign in again: {command}"
    if isinstance(error, (e.CredentialRetrievalError, e.MetadataRetrievalError)):
        return "unauthorized", "the credentials that the profile names could not be got", "Check the profile."
    if isinstance(error, (e.ConfigParseError, e.ConfigNotFound, e.InvalidConfigError)):
        return "unauthorized", "Amazon's configuration on this machine cannot be read", "Check ~/.aws/config."
    return None
