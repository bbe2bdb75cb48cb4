"""Single blobs: reading, writing, copying, deleting and looking at them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flowbook import Result, TaskFailed, current, stored, task
from flowbook.counting import counted

from .client import fill_settings, opened, told
from .models import CopyBlob, Credentials, DeleteBlobs, GetBlob, OneBlob, PutBlob
from .quietly import unless_gone
from .signing import link

LOOK_SECONDS = 1.0


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"key": "may.csv", "size": 120, "content_type": "text/csv", "etag": "0x8DC69C9D1D1E8A0"},
)
def put_blob(credentials: Credentials, params: PutBlob) -> Result:
    """Store data as a block blob: text, JSON, CSV, Parquet or bytes. Data: {"key", "size", "content_type", "etag"}."""
    body, kind = stored.encode(params.data, params.format, params.key, params.encoding, safe=params.safe)
    kind = params.content_type or kind
    with opened(credentials, f"{params.container}/{params.key} could not be stored") as client:
        blob = client.get_blob_client(params.container, params.key)
        answer = blob.upload_blob(body, overwrite=params.overwrite, **fill_settings(params, kind))
    data = {"key": params.key, "size": len(body), "content_type": kind, "etag": str(answer["etag"]).strip('"')}
    return Result.ok(f"{params.key} stored in {params.container} ({counted(len(body), 'byte')}).", data)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def get_blob(credentials: Credentials, params: GetBlob) -> Result:
    """Read a blob: as text, JSON, a table (CSV or Parquet) or bytes.

    Data: the text, the JSON value, a DataFrame or list of objects, or bytes.
    """
    name = f"{params.container}/{params.key}"
    with opened(credentials, f"{name} could not be read") as client:
        blob = client.get_blob_client(params.container, params.key)
        about = told(blob.get_blob_properties())
        if about["size"] > params.max_bytes:
            size = f"{about['size']:,} bytes; max_bytes allows {params.max_bytes:,}"
            raise TaskFailed(f"{name} has {size}.", hint="Raise max_bytes, or use download_file.", permanent=True)
        body = blob.download_blob(length=None).readall()
    form = stored.format_of(params.as_, params.key, str(about["content_type"] or ""))
    data = stored.decode(body, form, params.encoding, params.table_as, name)
    return Result.ok(f"{name} read as {form} ({counted(len(body), 'byte')}).", data)


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def head_blob(credentials: Credentials, params: OneBlob) -> Result:
    """Look at a blob without reading it.

    Data: {"key", "size" (bytes), "content_type", "modified", "etag", "tier", "metadata", "cache_control", "md5"
    (hexadecimal)}.
    """
    with opened(credentials, f"{params.container}/{params.key} could not be looked at") as client:
        found = client.get_blob_client(params.container, params.key).get_blob_properties()
    settings = found.content_settings
    md5 = bytes(settings.content_md5).hex() if settings.content_md5 else None
    more = {"metadata": dict(found.metadata or {}), "cache_control": settings.cache_control, "md5": md5}
    data = {**told(found), **more}
    return Result.ok(f"{params.key}: {data['size']:,} bytes, {data['content_type']}.", data)


@task(
    effects="idempotent",
    network=True,
    reads_files=False,
    writes_files=False,
    runs_code=False,
    example={"container": "reports", "key": "may.csv", "size": 120},
)
def copy_blob(credentials: Credentials, params: CopyBlob) -> Result:
    """Copy a blob inside the account, to another name or container. Data: {"container", "key", "size"}."""
    container, key = params.to_container or params.container, params.to_key or params.key
    with opened(credentials, f"{params.container}/{params.key} could not be copied") as client:
        source = client.get_blob_client(params.container, params.key)
        size = source.get_blob_properties().size
        target = client.get_blob_client(container, key)
        target.start_copy_from_url(link(credentials, client, params, "GET", 3600) or source.url)
        while (copy := target.get_blob_properties().copy).status == "pending":
            if not current().sleep(LOOK_SECONDS):
                target.abort_copy(copy.id)
                raise TaskFailed("Cancelled; what was half done is thrown away.", {"kind": "cancelled"})
        if copy.status != "success":
            raise TaskFailed(f"The copy ended with {copy.status}: {copy.status_description}.")
    return Result.ok(f"Copied to {container}/{key}.", {"container": container, "key": key, "size": size})


@task(effects="idempotent", network=True, reads_files=False, writes_files=False, runs_code=False)
def delete_blobs(credentials: Credentials, params: DeleteBlobs) -> Result:
    """Delete blobs by their names, with their snapshots, or all whose names begin with a prefix.

    One that is not there is fine. Data: {"deleted": [names], "missing": [names]}.
    """
    data: dict[str, list[str]] = {"deleted": [], "missing": []}
    with opened(credentials, f"Blobs of {params.container} could not be deleted") as client:
        container = client.get_container_client(params.container)
        for key in _keys(container, params):
            if current().cancelled:
                raise TaskFailed("Cancelled.", data)
            gone = unless_gone(lambda key=key: container.delete_blob(key, delete_snapshots="include"))  # type: ignore[misc]
            data["deleted" if gone else "missing"].append(key)
            current().progress(len(data["deleted"]), len(params.keys) or None, "blobs")
    return Result.ok(f"{counted(len(data['deleted']), 'blob')} deleted.", data)


def _keys(container: Any, params: DeleteBlobs) -> Iterator[str]:
    if params.keys:
        yield from params.keys
        return
    yield from [one.name for one in container.list_blobs(name_starts_with=params.prefix)]
