"""Whole folders, up and down: several files at a time, and nothing before it is clear that all of it may go."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

from flowbook import Result, TaskFailed, current, task
from flowbook.counting import counted

from .client import explained, open_client
from .models import Credentials, DownloadFolder, UploadFolder
from .storing import storing
from .transfer import follow_all, transfers, type_of

AT_ONCE = 100
"""Files whose transfers are begun together; a few of them go at the same time."""

Item = tuple[str, Path, int]
"""Key, file, and size in bytes."""


@task(effects="idempotent", network=True, reads_files="folder_path", writes_files=False, runs_code=False)
def upload_folder(credentials: Credentials, params: UploadFolder) -> Result:
    """Upload a folder's files with those of the folders below it; a key is the prefix and the path in the folder.

    Data: a list of {"key", "file_path", "size"}; size in bytes. What is there under other keys stays. A failure leaves
    what was uploaded before it; run it again.
    """
    folder = current().path(params.folder_path)
    if not folder.is_dir():
        raise TaskFailed(f"There is no folder {params.folder_path!r}.", hint="Check folder_path.", permanent=True)
    items = [(params.prefix + name, path, path.stat().st_size) for name, path in _files(folder, params)]
    client = open_client(credentials)
    doing = f"The folder {folder.name} could not be uploaded to {params.bucket}"
    with explained(doing, credentials), transfers(client) as manager:

        def start(item: Item, seen: list[Any]) -> Any:
            key, path, _ = item
            return manager.upload(str(path), params.bucket, key, storing(params, type_of(key, path)), seen)

        _move(items, start)
    return _moved(items, f"uploaded to {params.bucket}/{params.prefix}")


@task(effects="idempotent", network=True, reads_files=False, writes_files="folder_path", runs_code=False)
def download_folder(credentials: Credentials, params: DownloadFolder) -> Result:
    """Download all objects whose key begins with the prefix into a folder; folders that are missing are made.

    Data: a list of {"key", "file_path", "size"}; size in bytes. Each file appears only when it is complete; files that
    have no object stay.
    """
    current().path(params.folder_path, writing=True)
    client = open_client(credentials)
    doing = f"{params.bucket}/{params.prefix} could not be downloaded"
    with explained(doing, credentials), transfers(client) as manager:
        items = _targets(_objects(client, params), params)
        for parent in dict.fromkeys(path.parent for _, path, _ in items):
            _make(parent)

        def start(item: Item, seen: list[Any]) -> Any:
            key, path, _ = item
            return manager.download(params.bucket, key, str(path), None, seen)

        _move(items, start)
    return _moved(items, f"downloaded to {params.folder_path}")


def _files(folder: Path, params: UploadFolder) -> Iterator[tuple[str, Path]]:
    """Each file of the folder by its path in it, with "/"; links to folders are not followed, nor may any lead out."""
    for place, folders, names in os.walk(folder):
        if not params.hidden:
            folders[:] = [name for name in folders if not name.startswith(".")]
        folders.sort()
        for name in sorted(names):
            inner = (Path(place) / name).relative_to(folder).as_posix()
            if (params.hidden or not name.startswith(".")) and _fits(inner, params.pattern):
                yield inner, current().file(Path(place) / name)


def _objects(client: Any, params: DownloadFolder) -> list[tuple[str, int]]:
    """Key and size of each object to download; what stands for a folder only is none."""
    found: list[tuple[str, int]] = []
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=params.bucket, Prefix=params.prefix):
        if current().cancelled:
            raise TaskFailed("Cancelled.")
        for entry in page.get("Contents", []):
            key = entry["Key"]
            if not key.endswith("/") and _fits(_inner(key, params.prefix), params.pattern):
                found.append((key, entry["Size"]))
    return found


def _targets(found: Sequence[tuple[str, int]], params: DownloadFolder) -> list[Item]:
    """The file of each object; TaskFailed when two would be the same, or one is there and may not be replaced."""
    items: dict[Path, Item] = {}
    for key, size in found:
        path = current().path(f"{params.folder_path.rstrip('/') or '/'}/{_inner(key, params.prefix)}", writing=True)
        if path in items:
            two = f"{items[path][0]!r} and {key!r}"
            raise TaskFailed(f"{two} would be the same file {path}.", hint="Give a narrower prefix.", permanent=True)
        if path.is_dir():
            raise TaskFailed(f"{key!r} would be the file {path}, which is a folder.", permanent=True)
        if path.exists() and not params.overwrite:
            hint = "Turn on overwrite, or name another folder."
            raise TaskFailed(f"The file {path} is there already.", hint=hint, permanent=True)
        items[path] = (key, path, size)
    return list(items.values())


def _inner(key: str, prefix: str) -> str:
    """A key's path below the prefix; its last part when there is nothing after the prefix."""
    return key[len(prefix) :].lstrip("/") or key.rpartition("/")[2]


def _fits(inner: str, pattern: str) -> bool:
    return not pattern or fnmatch(inner, pattern) or fnmatch(inner.rpartition("/")[2], pattern)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"The folder {folder} cannot be made: {error.strerror or error}."
        raise TaskFailed(message, hint="Check folder_path.") from None


def _move(items: Sequence[Item], start: Any) -> None:
    total, before = sum(size for _, _, size in items), 0
    for first in range(0, len(items), AT_ONCE):
        part = items[first : first + AT_ONCE]
        size = sum(size for _, _, size in part)
        follow_all([partial(start, item) for item in part], size, before, total)
        before += size


def _moved(items: Sequence[Item], where: str) -> Result:
    total = sum(size for _, _, size in items)
    data = [{"key": key, "file_path": str(path), "size": size} for key, path, size in items]
    return Result.ok(f"{len(items):,} file{'' if len(items) == 1 else 's'} {where} ({counted(total, 'byte')}).", data)
