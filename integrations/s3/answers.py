"""What a server answers, before boto3 makes something of it: what is none of S3's, and how long it asks to wait."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flowbook import TaskFailed, current, http

MOST_SECONDS = 60
"""That a server may have a request wait; one that asks for more is not asked again."""

_AN_OBJECT = (("ETag", "LastModified"),)
_ALWAYS_THERE: dict[str, tuple[tuple[str, ...], ...]] = {
    "GetObject": _AN_OBJECT,
    "HeadObject": (*_AN_OBJECT, ("ContentLength",)),
    "PutObject": (("ETag",),),
    "UploadPart": (("ETag",),),
    "CopyObject": (("CopyObjectResult",),),
    "UploadPartCopy": (("CopyPartResult",),),
    "CreateMultipartUpload": (("UploadId",),),
}
"""What an answer has, one of each: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html and others."""


def watch_answers(client: Any, tries: int) -> None:
    """Have a client refuse what is no answer of S3's, and wait as long as it is asked to."""
    context = current()  # uploads and downloads ask from threads of their own

    def wait_as_asked(response: Any, attempts: int, **unused: Any) -> float | None:
        answer, parsed = response if response is not None else (None, {})
        asked = None if answer is None else http.asked_wait(answer.status_code, answer.headers)
        if answer is None or asked is None or attempts >= tries:
            return None
        if asked > MOST_SECONDS:
            code = str(parsed.get("Error", {}).get("Code", "")) or str(answer.status_code)
            data = {"kind": "rate_limited", "code": code, "status": answer.status_code}
            raise TaskFailed(f"The server asks to slow down ({code}).", data, http.wait_hint(asked))
        if not context.sleep(asked):
            raise TaskFailed("Cancelled.")
        return 0

    client.meta.events.register("after-call.s3", _refuse_none)
    client.meta.events.register_first("needs-retry.s3", wait_as_asked)
    client.meta.events.register_first("needs-retry.s3", _refuse_redirect)


def asked_wait(response: Mapping[str, Any]) -> float | None:
    """How many seconds an answer, as boto3 read it, asks to wait."""
    about = response.get("ResponseMetadata", {})
    headers = {name.title(): value for name, value in about.get("HTTPHeaders", {}).items()}
    return http.asked_wait(int(about.get("HTTPStatusCode", 0)), headers)


def _refuse_none(model: Any, http_response: Any, parsed: Mapping[str, Any], **unused: Any) -> None:
    """A proxy's page, or nothing at all, is no empty answer, nor an object: boto3 would take it for one."""
    if http_response.status_code >= 300:
        return
    page = http_response.headers.get("Content-Type", "").startswith("text/html")
    of_object = model.name in ("GetObject", "HeadObject")
    lacking = any(not any(name in parsed for name in names) for names in _ALWAYS_THERE.get(model.name, ()))
    if lacking or (page and not of_object) or (_has_body(model) and not http_response.content):
        came = "A web page" if page else "Something else"
        raise TaskFailed(f"{came} came in place of S3's answer.", {"kind": "bad_answer"}, "Check endpoint_url.")


def _has_body(model: Any) -> bool:
    """Whether the answers of an operation hold XML."""
    shape = model.output_shape
    if shape is None or model.has_streaming_output:
        return False
    return any("location" not in member.serialization for member in shape.members.values())


def _refuse_redirect(response: Any, request_dict: Any, **unused: Any) -> None:
    """An address that sends one elsewhere is the wrong one, unless it is S3 that names a bucket's region.

    boto3 would ask such an address for the region, which it sends elsewhere too, until Python gives up.
    """
    answer, parsed = response if response is not None else (None, {})
    if answer is None or answer.status_code not in (301, 302, 303, 307, 308):
        return
    code = str(parsed.get("Error", {}).get("Code", ""))
    bucket = request_dict.get("context", {}).get("s3_redirect", {}).get("bucket")
    if bucket and ("x-amz-bucket-region" in answer.headers or code in ("PermanentRedirect", "TemporaryRedirect")):
        return
    target = urlsplit(answer.headers.get("Location") or "")
    place = f"{target.scheme}://{target.netloc.rpartition('@')[2]}{target.path}" if target.netloc else target.path
    raise TaskFailed(
        f"The address is not S3's: it sends one to {place or 'nowhere in particular'} ({answer.status_code}).",
        {"kind": "wrong_address", "status": answer.status_code},
        "Set endpoint_url to the server itself: the right scheme, host and port, with nothing after them.",
        permanent=True,
    )
