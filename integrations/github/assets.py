"""The files of releases: up and down. Facts: https://docs.github.com/en/rest/releases/assets."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import IO, Any

from pydantic import ConfigDict, Field, model_validator
from typing_extensions import Self

from flowbook import Result, TaskFailed, attachments, contents, current, http, task

from .client import CREATED, GONE, Credentials, GitHub, object_of, uploads_address
from .fields import OptionalText
from .releases import GetRelease, OneRelease, release_of

LARGEST = 2_147_483_648
"""Bytes that a file of a release may have on GitHub."""
PIECE = 1_048_576
SLOWEST = 250_000
"""Bytes a second that a transfer is given time for, beside its first minute."""


class UploadReleaseAsset(OneRelease):
    """A file for a release."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["tag", "file_path"]})

    file_path: OptionalText = Field(
        None,
        description="The file; a relative path starts at the workspace's folder",
        json_schema_extra={"flowbook_type": "file"},
    )
    content: Any = Field(
        None,
        description="What to upload in place of a file: text, bytes, a DataFrame (as CSV) or anything JSON holds",
        json_schema_extra={"flowbook_type": "text"},
    )
    name: OptionalText = Field(None, description="Name of the asset; that of the file when empty; content needs one")
    label: OptionalText = Field(None, description="What the release's page shows in place of the name")
    content_type: OptionalText = Field(
        None, description="Its media type, such as application/zip; application/octet-stream when empty"
    )
    overwrite: bool = Field(False, description="Replace the asset of that name; else one that is there is an error")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.file_path is None) == (self.content is None or self.content == ""):
            raise ValueError("give either file_path or content")
        if self.file_path is None and not self.name:
            raise ValueError("content needs name, the name of the asset")
        return self


class DownloadReleaseAsset(GetRelease):
    """A file of a release, and where to put it."""

    name: OptionalText = Field(None, description="Name of the asset; may be empty where the release has just one")
    file_path: str = Field(
        "./",
        description="Where to put it; in a folder (with a / at its end) it gets the asset's name",
        json_schema_extra={"flowbook_type": "file"},
    )
    overwrite: bool = Field(False, description="Replace a file that is there")


@task(
    effects="write",
    network=True,
    reads_files="file_path",
    writes_files=False,
    runs_code=False,
    example={
        "id": 1,
        "name": "example.zip",
        "size": 1024,
        "content_type": "application/zip",
        "state": "uploaded",
        "browser_download_url": "https://github.com/octocat/Hello-World/releases/download/v1.0.0/example.zip",
    },
)
def upload_release_asset(credentials: Credentials, params: UploadReleaseAsset) -> Result:
    """Add a file to a release, from this machine or out of data. Data: GitHub's asset (id, browser_download_url, size).

    https://docs.github.com/en/rest/releases/assets#upload-a-release-asset
    """
    name, size, stream = _source(params)
    with stream, GitHub(credentials) as api:
        release = release_of(api, params)
        if params.overwrite:
            _remove(api, params.repo, release, name)
        with GitHub(credentials, base_url=uploads_address(credentials.base_url)) as uploads:
            current().progress(0, size, f"uploading {name}")
            answer = uploads.post(
                f"/repos/{params.repo}/releases/{release['id']}/assets",
                params={"name": name, **params.sent("label")},
                data=stream,
                headers={"Content-Type": params.content_type or "application/octet-stream"},
                expect=CREATED,
                timeout=60 + size / SLOWEST,
            )
        current().progress(size, size)
        asset = object_of(answer, "id")
    return Result.ok(f"Added {name} to release {release.get('tag_name')} of {params.repo} ({size:,} bytes)", asset)


@task(effects="idempotent", network=True, reads_files=False, writes_files="file_path", runs_code=False)
def download_release_asset(credentials: Credentials, params: DownloadReleaseAsset) -> Result:
    """Download a file of a release; it appears only when it is whole, and folders that are missing are made.

    Data: {"file_path", "name", "size", "content_type", "digest"}; size in bytes. What GitHub says of size and SHA-256
    is checked. https://docs.github.com/en/rest/releases/assets#get-a-release-asset
    """
    landing = contents.landing(params.file_path, params.overwrite)
    with GitHub(credentials) as api:
        asset = _asset(release_of(api, params), params)
        path = landing(str(asset["name"]))
        with contents.replacing(path) as unfinished:
            size = _fetch(api, params.repo, asset, unfinished)
    data = {"file_path": str(path), "size": size} | {key: asset.get(key) for key in ("name", "content_type", "digest")}
    return Result.ok(f"{asset['name']} of {params.repo} downloaded to {path} ({size:,} bytes)", data)


def _source(params: UploadReleaseAsset) -> tuple[str, int, IO[bytes]]:
    """The asset's name, how many bytes it has, and these."""
    stream: IO[bytes]
    if params.file_path is None:
        read = attachments.read({"filename": params.name, "content": params.content})
        name, size, stream = read.filename, len(read.content), io.BytesIO(read.content)
    else:
        path = current().file(params.file_path)
        name, size, stream = params.name or path.name, path.stat().st_size, path.open("rb")
    if 0 < size <= LARGEST:
        return name, size, stream
    stream.close()
    what = f"{name} is empty." if not size else f"{name} has {size:,} bytes."
    raise TaskFailed(what, hint="GitHub takes files of releases from 1 byte to 2 GiB.", permanent=True)


def _remove(api: http.Session, repo: str, release: dict[str, Any], name: str) -> None:
    """Delete the asset of that name, if there is one.

    https://docs.github.com/en/rest/releases/assets#delete-a-release-asset
    """
    for asset in release.get("assets") or []:
        if asset.get("name") == name:
            api.delete(f"/repos/{repo}/releases/assets/{asset['id']}", accept=(404,), expect=GONE)


def _asset(release: dict[str, Any], params: DownloadReleaseAsset) -> dict[str, Any]:
    assets: list[dict[str, Any]] = release.get("assets") or []
    found = [asset for asset in assets if params.name in (None, asset.get("name"))]
    if len(found) == 1:
        return found[0]
    known = ", ".join(str(asset.get("name")) for asset in assets[:20]) or "none"
    which = f"no file {params.name}" if params.name else f"not one file, but {len(assets)}"
    message = f"Release {release.get('tag_name')} of {params.repo} has {which}."
    raise TaskFailed(message, hint=f"Give the name of one that it has: {known}.", permanent=True)


def _fetch(api: http.Session, repo: str, asset: dict[str, Any], target: Path) -> int:
    """Write the asset into a new file; how many bytes it has.

    GitHub redirects to where they are, with an address that holds for a few minutes.
    """
    size, done = int(asset.get("size") or 0), 0
    api.max_bytes = LARGEST

    def seen(piece: bytes) -> None:
        nonlocal done
        done += len(piece)
        current().progress(min(done, size), size, "bytes")

    with target.open("x+b") as file:
        api.get(
            f"/repos/{repo}/releases/assets/{asset['id']}",
            headers={"Accept": "application/octet-stream"},
            timeout=60 + size / SLOWEST,
            parse=False,
            seen=seen,
            into=file,
        )
        got = file.tell()
        file.seek(0)
        sums = hashlib.sha256()
        while piece := file.read(PIECE):
            sums.update(piece)
    digest = str(asset.get("digest") or "")
    if got != size or (digest.startswith("sha256:") and digest != f"sha256:{sums.hexdigest()}"):
        message = f"What GitHub handed over as {asset['name']} is not what it says of it ({got:,} bytes)."
        raise TaskFailed(message, {"kind": "bad_answer"}, hint="Try again.")
    return size
