"""Single objects: reading, writing, copying, deleting, looking at, and handing out links."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import quote

from flowbook import Result, TaskFailed, current, stored, task
from flowbook.counting import counted

from .client import explained, open_client
from .models import CopyObject, Credentials, DeleteObjects, GetObject, HeadObject, PresignUrl, PutObject
from .storing import keeping, storing
from .transfer import follow, transfers

DELETE_BATCH = 1000


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={
        "bucket": "reports",
        "key": "a.csv",
        "size": 120,
        "etag": "9b2cf5",
        "content_type": "text/csv",
        "version_id": None,
    },
)
def put_object(credentials: Credentials, params: PutObject) -> Result:
    """Store data as an object: text, JSON, CSV, Parquet or bytes.

    Data: {"bucket", "key", "size", "etag", "content_type", "version_id"}; size in bytes.
    Facts: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
    """
    body, content_type = stored.encode(params.data, params.format, params.key, params.encoding, safe=params.safe)
    content_type = params.content_type or content_type
    client = open_client(credentials)
    with explained(f"{params.bucket}/{params.key} could not be stored", credentials):
        answer = client.put_object(Bucket=params.bucket, Key=params.key, Body=body, **storing(params, content_type))
    data = {
        "bucket": params.bucket,
        "key": params.key,
        "size": len(body),
        "etag": answer.get("ETag", "").strip('"'),
        "content_type": content_type,
        "version_id": answer.get("VersionId"),
    }
    return Result.ok(f"{params.key} stored in {params.bucket} ({counted(len(body), 'byte')}).", data)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_object(credentials: Credentials, params: GetObject) -> Result:
    """Read an object: as text, JSON, a table (CSV or Parquet) or bytes.

    Data: the text, the JSON value, a DataFrame or list of objects, or bytes.
    Facts: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    """
    client = open_client(credentials)
    name = f"{params.bucket}/{params.key}"
    with explained(f"{name} could not be read", credentials):
        answer = client.get_object(Bucket=params.bucket, Key=params.key, **_version(params.version_id))
        with closing(answer["Body"]) as stream:
            size = answer.get("ContentLength", 0)
            if size > params.max_bytes:
                raise TaskFailed(
                    f"{name} has {size:,} bytes; max_bytes allows {params.max_bytes:,}.",
                    hint="Raise max_bytes, or use download_file.",
                )
            body = _read(stream, size)
    form = stored.format_of(params.as_, params.key, answer.get("ContentType", ""))
    data = stored.decode(body, form, params.encoding, params.table_as, name)
    return Result.ok(f"{name} read as {form} ({counted(len(body), 'byte')}).", data)


def _read(stream: Any, size: int) -> bytes:
    body = bytearray()
    for piece in stream.iter_chunks(1 << 20):
        body += piece
        current().progress(len(body), size or None, "bytes")
        if current().cancelled:
            raise TaskFailed("Cancelled.")
    return bytes(body)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def head_object(credentials: Credentials, params: HeadObject) -> Result:
    """Look at an object without reading it: size, content type, metadata.

    Data: {"key", "size", "content_type", "modified", "etag", "metadata", "storage_class", "cache_control",
    "encryption", "version_id"}.
    Facts: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    """
    client = open_client(credentials)
    with explained(f"{params.bucket}/{params.key} could not be looked at", credentials):
        answer = client.head_object(Bucket=params.bucket, Key=params.key, **_version(params.version_id))
    data = {
        "key": params.key,
        "size": answer["ContentLength"],
        "content_type": answer.get("ContentType"),
        "modified": answer["LastModified"].isoformat() if answer.get("LastModified") else None,
        "etag": answer.get("ETag", "").strip('"'),
        "metadata": answer.get("Metadata", {}),
        "storage_class": answer.get("StorageClass", "STANDARD"),
        "cache_control": answer.get("CacheControl"),
        "encryption": answer.get("ServerSideEncryption"),
        "version_id": answer.get("VersionId"),
    }
    return Result.ok(f"{params.key}: {data['size']:,} bytes, {data['content_type']}.", data)


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"bucket": "reports", "key": "may.csv"},
)
def copy_object(credentials: Credentials, params: CopyObject) -> Result:
    """Copy an object inside the service, in parts when it is large.

    Data: {"bucket", "key"}. Facts: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
    """
    bucket, key = params.bucket or params.source_bucket, params.key or params.source_key
    extra: dict[str, Any] = keeping(params)
    if params.metadata is not None:
        extra |= {"Metadata": params.metadata, "MetadataDirective": "REPLACE"}
        extra |= {"ContentType": params.content_type} if params.content_type else {}
    client = open_client(credentials)
    source = {"Bucket": params.source_bucket, "Key": params.source_key}
    with (
        explained(f"{params.source_bucket}/{params.source_key} could not be copied", credentials),
        transfers(client) as manager,
    ):
        head = client.head_object(**source)
        if params.metadata is not None and not params.content_type and head.get("ContentType"):
            extra["ContentType"] = head["ContentType"]
        follow(lambda seen: manager.copy(source, bucket, key, extra, seen), head["ContentLength"])
    return Result.ok(f"Copied to {bucket}/{key}.", {"bucket": bucket, "key": key})


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def delete_objects(credentials: Credentials, params: DeleteObjects) -> Result:
    """Delete objects by their keys, or all whose keys start with a prefix. A key that is not there is fine.

    Data: {"deleted": [keys], "errors": [{"key", "code", "message"}]}; with any error the node fails.
    Facts: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
    """
    client = open_client(credentials)
    deleted: list[str] = []
    errors: list[dict[str, str]] = []
    with explained(f"Objects of {params.bucket} could not be deleted", credentials):
        for keys in _batches(client, params):
            if current().cancelled:
                raise TaskFailed("Cancelled.", {"deleted": deleted, "errors": errors})
            wanted = {"Objects": [{"Key": key} for key in keys], "Quiet": False}
            answer = client.delete_objects(Bucket=params.bucket, Delete=wanted)
            deleted += [entry["Key"] for entry in answer.get("Deleted", [])]
            errors += [
                {"key": entry.get("Key", ""), "code": entry.get("Code", ""), "message": entry.get("Message", "")}
                for entry in answer.get("Errors", [])
            ]
            current().progress(len(deleted), len(params.keys) or None, "objects")
    data = {"deleted": deleted, "errors": errors}
    if errors:
        first = errors[0]
        message = f"{len(errors):,} of {len(errors) + len(deleted):,} objects could not be deleted;"
        raise TaskFailed(f"{message} {first['key']}: {first['code']} {first['message']}".strip() + ".", data)
    return Result.ok(f"{len(deleted):,} object{'' if len(deleted) == 1 else 's'} deleted.", data)


def _batches(client: Any, params: DeleteObjects) -> Iterator[list[str]]:
    """The keys to delete, at most a thousand at a time (as many as one request may name)."""
    if params.keys:
        for start in range(0, len(params.keys), DELETE_BATCH):
            yield params.keys[start : start + DELETE_BATCH]
        return
    pages = client.get_paginator("list_objects_v2")
    size = {"PageSize": DELETE_BATCH}
    for page in pages.paginate(Bucket=params.bucket, Prefix=params.prefix, PaginationConfig=size):
        keys = [entry["Key"] for entry in page.get("Contents", [])]
        if keys:
            yield keys


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def presign_url(credentials: Credentials, params: PresignUrl) -> Result:
    """Make a link to an object that works without credentials for a while.

    Nothing is asked of the service, so whether the object is there shows only when the link is used. Whoever
    has the link may use it. Data: {"url", "method", "expires"}; expires in seconds.
    Facts: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html
    """
    client = open_client(credentials)
    wanted: dict[str, Any] = {"Bucket": params.bucket, "Key": params.key}
    if params.method == "get" and params.filename:
        wanted["ResponseContentDisposition"] = f"attachment; filename*=UTF-8''{quote(params.filename, safe='')}"
    if params.method == "put" and params.content_type:
        wanted["ContentType"] = params.content_type
    operation = "get_object" if params.method == "get" else "put_object"
    with explained("The link could not be made", credentials):
        url = client.generate_presigned_url(operation, Params=wanted, ExpiresIn=params.expires)
    data = {"url": url, "method": params.method.upper(), "expires": params.expires}
    return Result.ok(f"Link to {params.bucket}/{params.key}, good for {params.expires:,} seconds.", data)


def _version(version_id: str | None) -> dict[str, str]:
    return {"VersionId": version_id} if version_id else {}
