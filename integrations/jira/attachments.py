"""Files of issues: listing, attaching, and downloading into the workspace.

Facts: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-attachments/ and, for Data Center,
https://developer.atlassian.com/server/jira/platform/rest/ (attachment).
"""

from __future__ import annotations

import mimetypes
import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path

from flowbook import Result, TaskFailed, current, http, task

from .client import ELSEWHERE, Credentials, Jira, counted, issue_path, items_of, object_of
from .models import AddAttachment, DownloadAttachment, ListAttachments

LARGEST = 500_000_000
"""Bytes: a file is in memory before it is written."""
SECONDS = 300


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def list_attachments(credentials: Credentials, params: ListAttachments) -> Result:
    """List the files of an issue: their ids, names, sizes (in bytes) and types, as Jira has them.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/ (the field "attachment")
    """
    with Jira(credentials) as jira:
        issue = jira.get(issue_path(jira, params.issue_key), params={"fields": "attachment"}).json
        fields = object_of(issue, "fields", "an issue")["fields"]
    # A project whose issues have no files has no such field.
    found = items_of(fields, "attachment") if isinstance(fields, dict) and "attachment" in fields else []
    return Result.ok(counted(found, "attachment", False), found)


@task(effects="idempotent", network=True, reads_files=False, writes_files="file_path", runs_code=False)
def download_attachment(credentials: Credentials, params: DownloadAttachment) -> Result:
    """Download a file of an issue; it appears only when it is complete, and folders that are missing are made.

    Data: {"file_path", "filename" (in Jira), "size" (bytes), "content_type"}. Up to 500 MB.
    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-attachments/
    """
    folder = params.file_path.endswith("/") or current().path(params.file_path).is_dir()
    target = None if folder else _target(params.file_path, params)
    with Jira(credentials, max_bytes=LARGEST) as jira:
        told = jira.get(f"{jira.api}/attachment/{params.attachment_id}").json
        found = object_of(told, "filename", "an attachment")
        name = re.split(r"[/\\]", str(found["filename"]))[-1]
        target = target or _target(f"{params.file_path.rstrip('/') or '/'}/{name}", params)
        path, query = _content(jira, params.attachment_id, str(found["filename"]))
        content = jira.get(path, params=query, headers={"Accept": "*/*"}, timeout=SECONDS, parse=False).content
    if isinstance(found.get("size"), int) and found["size"] != len(content):
        what = f"{name} has {found['size']:,} bytes, but {len(content):,} came"
        raise TaskFailed(f"{what}: nothing was written.", {"kind": "bad_answer"}, "Try again.")
    _write(target, content)
    data = {"file_path": str(target), "filename": found["filename"], "size": len(content)}
    return Result.ok(
        f"{name} downloaded to {target} ({len(content):,} bytes)", {**data, "content_type": found.get("mimeType")}
    )


def _content(jira: Jira, id: str, name: str) -> tuple[str, dict[str, str] | None]:
    """Where a file's bytes are. Cloud would send one to another host with them; asked so it hands them over itself."""
    if jira.cloud:
        return f"{jira.api}/attachment/content/{id}", {"redirect": "false"}
    return f"/secure/attachment/{id}/{http.segment(name)}", None


def _target(given: str, params: DownloadAttachment) -> Path:
    path = current().path(given, writing=True)
    if path.is_dir():
        raise TaskFailed(f"{given} is a folder.", hint="Name a file in it.", permanent=True)
    if path.exists() and not params.overwrite:
        raise TaskFailed(
            f"The file {path} is there already.", hint="Turn on overwrite, or name another.", permanent=True
        )
    return path


def _write(path: Path, content: bytes) -> None:
    """Put a file in its place once it is whole."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.replace(name, path)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(name)
            raise
    except OSError as error:
        message = f"The file {path} cannot be written: {error.strerror or error}."
        raise TaskFailed(message, hint="Check file_path.") from None


@task(effects="write", network=True, reads_files="file_path", writes_files=False, runs_code=False)
def add_attachment(credentials: Credentials, params: AddAttachment) -> Result:
    """Attach a file to an issue.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-attachments/
    """
    name, content = _file(params)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    with Jira(credentials) as jira:
        answer = jira.post(
            f"{issue_path(jira, params.issue_key)}/attachments",
            files={"file": (name, content, kind)},
            headers={"X-Atlassian-Token": "no-check"},
            expect=(200,),
            timeout=300,
        ).json
    if not isinstance(answer, list) or not answer:
        raise TaskFailed("Jira answered without the attachment.", {"kind": "bad_answer"}, ELSEWHERE)
    return Result.ok(f"Attached {name} to {params.issue_key} ({len(content)} bytes)", answer[0])


def _file(params: AddAttachment) -> tuple[str, bytes]:
    if (params.file_path is None) == (not params.content):
        raise TaskFailed(
            "It is not clear what shall be attached.", hint="Give file_path, or content and file_name.", permanent=True
        )
    if params.file_path is None:
        if not params.file_name:
            raise TaskFailed("The attachment has no name.", hint="Give file_name beside content.", permanent=True)
        content = params.content or ""
        return params.file_name, content.encode() if isinstance(content, str) else content
    path = current().path(params.file_path)
    try:
        return params.file_name or path.name, path.read_bytes()
    except OSError as error:
        raise TaskFailed(f"The file {path} cannot be read: {error.strerror or 'unknown reason'}.") from None
