"""Files of issues: listing, attaching, and downloading into the workspace.

Facts: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-attachments/ and, for Data Center,
https://developer.atlassian.com/server/jira/platform/rest/ (attachment).
"""

from __future__ import annotations

import mimetypes

from flowbook import Result, TaskFailed, contents, current, http, task
from flowbook.counting import counted

from .client import Credentials, Jira, issue_path, items_of, object_of
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
    return Result.ok(f"Found {counted(len(found), 'attachment')}", found)


@task(effects="idempotent", network=True, reads_files=False, writes_files="file_path", runs_code=False)
def download_attachment(credentials: Credentials, params: DownloadAttachment) -> Result:
    """Download a file of an issue; it appears only when it is complete, and folders that are missing are made.

    Data: {"file_path", "filename" (in Jira), "size" (bytes), "content_type"}. Up to 500 MB.
    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-attachments/
    """
    landing = contents.landing(params.file_path, params.overwrite)
    with Jira(credentials, max_bytes=LARGEST) as jira:
        told = jira.get(f"{jira.api}/attachment/{params.attachment_id}").json
        found = object_of(told, "filename", "an attachment")
        target = landing(str(found["filename"]))
        path, query = _content(jira, params.attachment_id, str(found["filename"]))
        content = jira.get(path, params=query, headers={"Accept": "*/*"}, timeout=SECONDS, parse=False).content
    if isinstance(found.get("size"), int) and found["size"] != len(content):
        what = f"{target.name} has {found['size']:,} bytes, but {len(content):,} came"
        raise TaskFailed(f"{what}: nothing was written.", {"kind": "bad_answer"}, "Try again.")
    with contents.replacing(target) as unfinished:
        unfinished.write_bytes(content)
    data = {"file_path": str(target), "filename": found["filename"], "size": len(content)}
    return Result.ok(
        f"{target.name} downloaded to {target} ({counted(len(content), 'byte')})",
        {**data, "content_type": found.get("mimeType")},
    )


def _content(jira: Jira, id: str, name: str) -> tuple[str, dict[str, str] | None]:
    """Where a file's bytes are. Cloud would send one to another host with them; asked so it hands them over itself."""
    if jira.cloud:
        return f"{jira.api}/attachment/content/{id}", {"redirect": "false"}
    return f"/secure/attachment/{id}/{http.segment(name)}", None


@task(
    effects="write",
    network=True,
    reads_files="file_path",
    writes_files=False,
    runs_code=False,
    example={
        "id": "10001",
        "filename": "report.csv",
        "size": 532,
        "mimeType": "text/csv",
        "content": "https://example.atlassian.net/rest/api/3/attachment/content/10001",
        "created": "2022-10-06T07:32:47.000+0000",
    },
)
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
    added = object_of(answer[0] if isinstance(answer, list) and answer else None, "id", "the attachment")
    return Result.ok(f"Attached {name} to {params.issue_key} ({counted(len(content), 'byte')})", added)


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
