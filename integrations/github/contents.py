"""Files of a repository, as GitHub's contents resource hands them over.

Facts: https://docs.github.com/en/rest/repos/contents (up to 1 MB in base64, up to 100 MB by the raw media type).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

from flowbook import TaskFailed, current, http

from .client import RAW, object_of
from .models import PutFile

LARGEST = 100_000_000


def address(repo: str, path: str) -> str:
    """The resource of a file; its slashes are quoted, since the path is one parameter of it."""
    return f"/repos/{repo}/contents/{http.segment(path)}"


def look_up(api: http.Session, repo: str, path: str, ref: str | None) -> dict[str, Any] | None:
    """What GitHub says of the file at ``path``, or None when there is none; TaskFailed when it is no file."""
    answer = api.get(address(repo, path), params={"ref": ref} if ref else None, accept=(404,))
    if answer.status == 404:
        return None
    found = answer.json
    if isinstance(found, list):
        raise TaskFailed(f"{path} in {repo} is a folder, not a file.", hint="Name a file inside it.", permanent=True)
    found = object_of(answer)
    if found.get("type") not in ("file", None):
        raise TaskFailed(f"{path} in {repo} is a {found['type']}, not a file.", permanent=True)
    return found


def content_of(api: http.Session, repo: str, path: str, ref: str | None, found: dict[str, Any]) -> bytes:
    """The file's bytes; what is too large for JSON is fetched raw."""
    if found.get("encoding") == "base64":
        try:
            return base64.b64decode(found.get("content", ""))
        except (binascii.Error, ValueError):
            raise TaskFailed(f"GitHub handed over {path} in a damaged form.", hint="Try again.") from None
    if int(found.get("size") or 0) > LARGEST:
        raise TaskFailed(
            f"{path} in {repo} is larger than 100 MB: GitHub does not hand it over this way.", permanent=True
        )
    query = {"ref": ref} if ref else None
    # Its content type is application/vnd.github.raw+json, whatever the file is: nothing to be read as JSON.
    return api.get(address(repo, path), params=query, headers={"Accept": RAW}, timeout=120, parse=False).content


def bytes_to_put(params: PutFile) -> bytes:
    """The bytes that ``content``, ``content_base64`` or ``file_path`` gives; TaskFailed unless it is one of them."""
    given = [name for name in ("content", "content_base64", "file_path") if getattr(params, name) is not None]
    if given != ["content"] and "content" in given and params.content == "":
        given.remove("content")
    if len(given) != 1:
        hint = "Give exactly one of content, content_base64 and file_path."
        raise TaskFailed("It is not clear what the file shall contain.", hint=hint, permanent=True)
    if params.content_base64 is not None:
        try:
            return base64.b64decode(params.content_base64, validate=True)
        except (binascii.Error, ValueError):
            raise TaskFailed("content_base64 is not base64.", permanent=True) from None
    if params.file_path is not None:
        return read_local(params.file_path)
    return (params.content or "").encode()


def read_local(name: str) -> bytes:
    """A local file's bytes; a relative name starts at the workspace's folder."""
    path = current().path(name)
    try:
        return path.read_bytes()
    except OSError as error:
        raise TaskFailed(f"The file {path} cannot be read: {error.strerror or 'unknown reason'}.") from None


def blob_sha(content: bytes) -> str:
    """The name that git gives these bytes, to see whether a file has them already."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
