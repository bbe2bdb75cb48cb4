"""Files of a repository, as GitHub's contents resource hands them over.

Facts: https://docs.github.com/en/rest/repos/contents (up to 1 MB in base64, up to 100 MB by the raw media type).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any

from pydantic import ConfigDict, Field

from flowbook import TaskFailed, current, http

from .client import RAW, object_of
from .fields import OneFile, OptionalText

LARGEST = 100_000_000
MOST_LISTED = 1000
"""Entries of a folder that the contents resource tells of."""
_TYPES = {"blob": "file", "tree": "dir", "commit": "submodule"}
_SYMLINK = "120000"


class PutFile(OneFile):
    """A file to create or replace, as one commit."""

    model_config = ConfigDict(json_schema_extra={"flowbook_main": ["content", "message"]})

    content: str | None = Field(None, description="The text", json_schema_extra={"flowbook_type": "text"})
    content_base64: OptionalText = Field(None, description="The bytes in base64, in place of content")
    file_path: OptionalText = Field(
        None, description="A local file, in place of content", json_schema_extra={"flowbook_type": "file"}
    )
    message: OptionalText = Field(None, description='Commit message; "Update PATH" or "Add PATH" when empty')
    branch: OptionalText = Field(None, description="Branch; the default branch when empty")
    sha: OptionalText = Field(None, description="Replace only this version (blob SHA); looked up when empty")


def address(repo: str, path: str) -> str:
    """The resource of a file or folder; its slashes are quoted, since the path is one parameter of it."""
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


def listing(api: http.Session, repo: str, path: str, ref: str | None) -> tuple[list[dict[str, Any]], bool]:
    """What is in a folder, and whether that is all of it; TaskFailed when it is no folder."""
    answer = api.get(address(repo, path), params={"ref": ref} if ref else None, accept=(404,))
    if answer.status == 404:
        raise _no_folder(repo, path, ref)
    found = answer.json
    if not isinstance(found, list):
        kind = object_of(answer, "type")["type"]
        raise TaskFailed(f"{path} in {repo} is a {kind}, not a folder.", hint="get_file reads a file.", permanent=True)
    return found, len(found) < MOST_LISTED


def tree_of(
    api: http.Session, repo: str, path: str, ref: str | None, *, deep: bool
) -> tuple[list[dict[str, Any]], bool]:
    """What is in the whole of a repository, or with ``deep`` in a folder and those below it; and whether that is all.

    With the names and types that :func:`listing` has.
    """
    query = {"recursive": "1"} if deep else None
    answer = api.get(f"/repos/{repo}/git/trees/{http.segment(ref or 'HEAD')}", params=query, accept=(404,))
    if answer.status == 404:
        raise _no_folder(repo, path, ref)
    tree = object_of(answer, "tree")
    inside = f"{path}/" if path else ""
    found = [_as_listed(entry) for entry in tree["tree"] if str(entry.get("path", "")).startswith(inside)]
    if path and not found and not tree.get("truncated"):
        raise _no_folder(repo, path, ref)
    return found, not tree.get("truncated")


def _as_listed(entry: dict[str, Any]) -> dict[str, Any]:
    kind = "symlink" if entry.get("mode") == _SYMLINK else _TYPES.get(str(entry.get("type")), entry.get("type"))
    return {**entry, "name": str(entry["path"]).rpartition("/")[2], "type": kind}


def _no_folder(repo: str, path: str, ref: str | None) -> TaskFailed:
    where = f" at {ref}" if ref else ""
    hint = "Check the names, and that the token may read this repository's contents."
    return TaskFailed(f"There is no folder {path or '/'} in {repo}{where}.", hint=hint, permanent=True)


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
