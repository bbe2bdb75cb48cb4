"""Whole files, up and down: a large one goes on where it broke off.

Facts: https://docs.cloud.google.com/storage/docs/resumable-uploads
"""

from __future__ import annotations

import mimetypes
from typing import IO, Any

from flowbook import Result, contents, current, google, http, task

from .client import OBJECT, UPLOADS, Storage, place, told
from .models import Credentials, DownloadFile, PutObject, UploadFile

SECONDS = 600.0


@task(
    effects="idempotent",
    network=True,
    reads_files="file_path",
    writes_files=False,
    runs_code=False,
    example=OBJECT,
)
def upload_file(credentials: Credentials, params: UploadFile) -> Result:
    """Upload a file, piece by piece. Data: as head_object gives it, without metadata."""
    path = current().file(params.file_path)
    key = params.key or path.name
    kind = params.content_type or mimetypes.guess_type(key)[0] or mimetypes.guess_type(path.name)[0]
    with open(path, "rb") as content, Storage(credentials) as storage:
        found = told(send(storage, params, key, content, kind or "application/octet-stream"))
    return Result.ok(f"{path.name} uploaded to {params.bucket}/{key} ({found['size']:,} bytes).", found)


def send(storage: Storage, params: PutObject | UploadFile, key: str, content: IO[bytes], kind: str) -> dict[str, Any]:
    """Upload all of ``content``; the object that came of it."""
    body: dict[str, Any] = {"name": key, "contentType": kind, "metadata": params.metadata}
    body |= {"cacheControl": params.cache_control} if params.cache_control else {}
    query = {} if params.overwrite else {"ifGenerationMatch": "0"}
    path = f"{UPLOADS}/{http.segment(params.bucket)}/o"
    return google.upload(storage, "POST", path, {**query, "name": key}, body, content, kind)


@task(effects="idempotent", network=True, reads_files=False, writes_files="file_path", runs_code=False)
def download_file(credentials: Credentials, params: DownloadFile) -> Result:
    """Download an object into a file; it appears only when it is complete, and folders that are missing are made.

    In a folder it has the last part of the name. Data: {"file_path", "size", "content_type"}.
    """
    target = contents.landing(params.file_path, params.overwrite)(params.key.rstrip("/"))
    path = place(params.bucket, "o", params.key)
    with Storage(credentials) as storage:
        about = told(storage.call("GET", path, "name"))
        storage.session.max_bytes = max(int(about["size"] or 0), 1)
        with contents.replacing(target) as unfinished, open(unfinished, "wb") as into:
            query = {"alt": "media"}
            storage.session.get(path, params=query, expect=(200,), parse=False, into=into, timeout=SECONDS)
            size = into.tell()
    data = {"file_path": str(target), "size": size, "content_type": about["content_type"]}
    return Result.ok(f"{params.bucket}/{params.key} downloaded to {target} ({size:,} bytes).", data)
