"""Whole files, up and down: in blocks when they are large, with progress, ended by cancelling the run."""

from __future__ import annotations

import mimetypes
from typing import Any

from flowbook import Result, contents, current, task

from .client import fill_settings, opened, told
from .models import Credentials, DownloadFile, UploadFile


@task(
    effects="idempotent",
    network=True,
    reads_files="file_path",
    writes_files=False,
    runs_code=False,
    example={"key": "may.csv", "size": 120, "content_type": "text/csv", "etag": "0x8DC69C9D1D1E8A0"},
)
def upload_file(credentials: Credentials, params: UploadFile) -> Result:
    """Upload a file, in blocks when it is larger than 8 MiB. Data: {"key", "size", "content_type", "etag"}."""
    path = current().file(params.file_path)
    key = params.key or path.name
    kind = params.content_type or mimetypes.guess_type(key)[0] or mimetypes.guess_type(path.name)[0]
    kind = kind or "application/octet-stream"
    size = path.stat().st_size
    doing = f"{path.name} could not be uploaded to {params.container}"
    with open(path, "rb") as content, opened(credentials, doing) as client:
        blob = client.get_blob_client(params.container, key)
        options = {"length": size, "overwrite": params.overwrite, "progress_hook": _progress()}
        answer = blob.upload_blob(content, **options, **fill_settings(params, kind))
    data = {"key": key, "size": size, "content_type": kind, "etag": str(answer["etag"]).strip('"')}
    return Result.ok(f"{path.name} uploaded to {params.container}/{key} ({size:,} bytes).", data)


def _progress() -> Any:
    context = current()  # called from threads of the library, too

    def told_of(done: int, total: int | None) -> None:
        context.progress(done, total, "bytes")

    return told_of


@task(effects="idempotent", network=True, reads_files=False, writes_files="file_path", runs_code=False)
def download_file(credentials: Credentials, params: DownloadFile) -> Result:
    """Download a blob into a file; it appears only when it is complete, and folders that are missing are made.

    In a folder it has the last part of the name. Data: {"file_path", "size", "content_type"}.
    """
    target = contents.landing(params.file_path, params.overwrite)(params.key.rstrip("/"))
    name = f"{params.container}/{params.key}"
    with opened(credentials, f"{name} could not be downloaded") as client:
        blob = client.get_blob_client(params.container, params.key)
        about = told(blob.get_blob_properties())
        with contents.replacing(target) as unfinished, open(unfinished, "wb") as into:
            blob.download_blob(progress_hook=_progress()).readinto(into)
            size = into.tell()
    data = {"file_path": str(target), "size": size, "content_type": about["content_type"]}
    return Result.ok(f"{name} downloaded to {target} ({size:,} bytes).", data)
