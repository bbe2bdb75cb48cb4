"""Single objects: reading, writing, copying, deleting and looking at them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from flowbook import Result, TaskFailed, current, stored, task
from flowbook.counting import counted

from .client import NOTHING, OBJECT, PAGE, Storage, place, told
from .models import CopyObject, Credentials, DeleteObjects, GetObject, HeadObject, PutObject
from .transfer import SECONDS, send


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example=OBJECT,
)
def put_object(credentials: Credentials, params: PutObject) -> Result:
    """Store data as an object: text, JSON, CSV, Parquet or bytes. Data: as head_object gives it, without metadata."""
    body, kind = stored.encode(params.data, params.format, params.key, params.encoding, safe=params.safe)
    with Storage(credentials) as storage:
        found = send(storage, params, params.key, io.BytesIO(body), params.content_type or kind)
    return Result.ok(f"{params.key} stored in {params.bucket} ({counted(len(body), 'byte')}).", told(found))


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_object(credentials: Credentials, params: GetObject) -> Result:
    """Read an object: as text, JSON, a table (CSV or Parquet) or bytes.

    Data: the text, the JSON value, a DataFrame or list of objects, or bytes.
    """
    name = f"{params.bucket}/{params.key}"
    path = place(params.bucket, "o", params.key)
    with Storage(credentials) as storage:
        about = told(storage.call("GET", path, "name"))
        if (about["size"] or 0) > params.max_bytes:
            hint = "Raise max_bytes, or use download_file."
            size = f"{about['size']:,} bytes; max_bytes allows {params.max_bytes:,}"
            raise TaskFailed(f"{name} has {size}.", hint=hint, permanent=True)
        storage.session.max_bytes = params.max_bytes
        query = {"alt": "media"}
        body = storage.session.get(path, params=query, expect=(200,), parse=False, timeout=SECONDS).content
    form = stored.format_of(params.as_, params.key, str(about["content_type"] or ""))
    data = stored.decode(body, form, params.encoding, params.table_as, name)
    return Result.ok(f"{name} read as {form} ({counted(len(body), 'byte')}).", data)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def head_object(credentials: Credentials, params: HeadObject) -> Result:
    """Look at an object without reading it.

    Data: {"key", "size" (bytes), "content_type", "modified", "etag", "storage_class", "generation", "metadata",
    "cache_control", "md5" (hexadecimal)}. https://docs.cloud.google.com/storage/docs/json_api/v1/objects/get
    """
    with Storage(credentials) as storage:
        found = storage.call("GET", place(params.bucket, "o", params.key), "name")
    more = {"metadata": found.get("metadata") or {}, "cache_control": found.get("cacheControl"), "md5": _hex(found)}
    data = {**told(found), **more}
    return Result.ok(f"{params.key}: {data['size']:,} bytes, {data['content_type']}.", data)


def _hex(found: dict[str, Any]) -> str | None:
    import base64
    import binascii

    try:
        return base64.b64decode(found.get("md5Hash") or "", validate=True).hex() or None
    except (binascii.Error, TypeError):
        return None


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"bucket": "reports", "key": "may.csv", "size": 120},
)
def copy_object(credentials: Credentials, params: CopyObject) -> Result:
    """Copy an object inside the service, to another name or bucket. Data: {"bucket", "key", "size"}.

    https://docs.cloud.google.com/storage/docs/json_api/v1/objects/rewrite
    """
    bucket, key = params.to_bucket or params.bucket, params.to_key or params.key
    path = f"{place(params.bucket, 'o', params.key)}/rewriteTo/{place(bucket, 'o', key).removeprefix('storage/v1/')}"
    query: dict[str, str] = {}
    with Storage(credentials) as storage:
        while True:  # a large one takes several requests
            answer = storage.call("POST", path, "done", params=query, json={}, expect=(200,))
            current().progress(int(answer.get("totalBytesRewritten") or 0), int(answer.get("objectSize") or 0), "bytes")
            token = answer.get("rewriteToken")
            if answer["done"] is True or not token:
                break
            if current().cancelled:
                raise TaskFailed("Cancelled; what was half done is thrown away.")
            query = {"rewriteToken": str(token)}
        size = told(storage.call("GET", place(bucket, "o", key), "name"))["size"]
    return Result.ok(f"Copied to {bucket}/{key}.", {"bucket": bucket, "key": key, "size": size})


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def delete_objects(credentials: Credentials, params: DeleteObjects) -> Result:
    """Delete objects by their names, or all whose names begin with a prefix. One that is not there is fine.

    Data: {"deleted": [names], "missing": [names]}. https://docs.cloud.google.com/storage/docs/json_api/v1/objects/delete
    """
    data: dict[str, list[str]] = {"deleted": [], "missing": []}
    with Storage(credentials) as storage:
        for key in _keys(storage, params):
            if current().cancelled:
                raise TaskFailed("Cancelled.", data)
            path = place(params.bucket, "o", key)
            answer = storage.session.request("DELETE", path, accept=(404,), expect=(200, 204))
            if answer.status != 404 and answer.content.strip() not in NOTHING:
                raise storage.unlike(answer)
            data["missing" if answer.status == 404 else "deleted"].append(key)
            current().progress(len(data["deleted"]), len(params.keys) or None, "objects")
    return Result.ok(f"{counted(len(data['deleted']), 'object')} deleted.", data)


def _keys(storage: Storage, params: DeleteObjects) -> Iterator[str]:
    if params.keys:
        yield from params.keys
        return
    # All names first: what is deleted meanwhile would move the pages.
    pages = storage.pages(place(params.bucket, "o"), prefix=params.prefix, maxResults=PAGE)
    yield from [str(one["name"]) for page in pages for one in page.get("items") or []]
