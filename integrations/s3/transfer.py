"""Whole files, up and down: in parts when they are large, with progress, ended by cancelling the run.

Facts: https://boto3.amazonaws.com/v1/documentation/api/latest/guide/s3.html (file transfer configuration)
"""

from __future__ import annotations

import mimetypes
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flowbook import Result, TaskFailed, contents, current, task

from .client import explained, open_client
from .models import Credentials, DownloadFile, UploadFile
from .storing import storing

PART_BYTES = 8 * 1024 * 1024
LOOK_SECONDS = 0.1


@task(
    effects="idempotent",
    network=True,
    reads_files="file_path",
    writes_files=False,
    runs_code=False,
    example={"bucket": "reports", "key": "may.csv", "size": 120, "content_type": "text/csv"},
)
def upload_file(credentials: Credentials, params: UploadFile) -> Result:
    """Upload a file, in parts when it is larger than 8 MiB.

    Data: {"bucket", "key", "size", "content_type"}; size in bytes.
    """
    path = current().file(params.file_path)
    key = params.key or path.name
    content_type = params.content_type or type_of(key, path)
    extra = storing(params, content_type)
    size = path.stat().st_size
    client = open_client(credentials)
    with explained(f"{path.name} could not be uploaded to {params.bucket}", credentials), transfers(client) as manager:
        follow(lambda seen: manager.upload(str(path), params.bucket, key, extra, seen), size)
    data = {"bucket": params.bucket, "key": key, "size": size, "content_type": content_type}
    return Result.ok(f"{path.name} uploaded to {params.bucket}/{key} ({size:,} bytes).", data)


def type_of(key: str, path: Path) -> str:
    """The content type that a key, or the name of a file, tells of."""
    guessed = mimetypes.guess_type(key)[0] or mimetypes.guess_type(path.name)[0]
    return guessed or "application/octet-stream"


@task(effects="idempotent", network=True, reads_files=False, writes_files="file_path", runs_code=False)
def download_file(credentials: Credentials, params: DownloadFile) -> Result:
    """Download an object into a file; it appears only when it is complete, and folders that are missing are made.

    In a folder it has the last part of the key as its name. Data: {"file_path", "size", "content_type"}; size in bytes.
    """
    path = contents.landing(params.file_path, params.overwrite)(params.key.rstrip("/"))
    extra = {"VersionId": params.version_id} if params.version_id else {}
    client = open_client(credentials)
    name = f"{params.bucket}/{params.key}"
    with explained(f"{name} could not be downloaded", credentials), transfers(client) as manager:
        head = client.head_object(Bucket=params.bucket, Key=params.key, **extra)
        size = head["ContentLength"]
        follow(lambda seen: manager.download(params.bucket, params.key, str(path), extra, seen), size)
    data = {"file_path": str(path), "size": size, "content_type": head.get("ContentType")}
    return Result.ok(f"{name} downloaded to {path} ({size:,} bytes).", data)


@contextmanager
def transfers(client: Any) -> Iterator[Any]:
    """boto3's transfer manager, which moves large objects in parts and several parts at a time."""
    from s3transfer.manager import TransferConfig, TransferManager

    config = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, max_request_concurrency=4)
    manager = TransferManager(client, config)
    try:
        yield manager
    finally:
        manager.shutdown(cancel=True)


def follow(start: Callable[[list[Any]], Any], size: int) -> None:
    """Start a transfer and wait for its end, telling of progress; TaskFailed when the run was cancelled meanwhile."""
    follow_all([start], size)


def follow_all(starts: Sequence[Callable[[list[Any]], Any]], size: int, before: int = 0, total: int = 0) -> None:
    """As :func:`follow`, for transfers at the same time, of ``size`` bytes together; the first that fails ends them.

    ``before`` is how many bytes of ``total`` went in earlier ones.
    """
    from s3transfer.exceptions import CancelledError

    context, done, total = current(), _Done(len(starts)), total or size
    futures: list[Any] = []

    def stop() -> None:
        for future in futures:
            future.cancel()

    with context.on_cancel(stop):  # at once: the process may be about to end, and waits for this block
        futures += [start([done]) for start in starts]
        while not done.over.wait(LOOK_SECONDS):
            context.progress(min(before + done.bytes, total), total, "bytes")
            if context.cancelled:
                stop()
        try:
            if done.failed is not None:
                stop()
                done.failed.result()
            for future in futures:
                future.result()
        except CancelledError:
            raise TaskFailed("Cancelled; what was half done is thrown away.") from None
    context.progress(before + size, total, "bytes")


class _Done:
    """What the transfer manager tells of: it calls these from its own threads."""

    def __init__(self, transfers: int) -> None:
        self.bytes = 0
        self.over = threading.Event()
        self.failed: Any = None
        self._left = transfers
        self._lock = threading.Lock()

    def on_queued(self, future: Any, **unused: Any) -> None:
        """The transfer was taken on."""

    def on_progress(self, future: Any, bytes_transferred: int, **unused: Any) -> None:
        """Some bytes went; a negative number when a part is tried again."""
        with self._lock:
            self.bytes += bytes_transferred

    def on_done(self, future: Any, **unused: Any) -> None:
        """One is over, well or not."""
        try:
            future.result()
        except Exception:  # noqa: BLE001 - follow_all asks for the result again, and it is told there
            self.failed = self.failed or future
        with self._lock:
            self._left -= 1
            if self._left == 0 or self.failed is not None:
                self.over.set()
