"""Files of records, up and down. Facts: https://airtable.com/developers/web/api/upload-attachment."""

from __future__ import annotations

import base64
from typing import Any

from flowbook import Result, TaskFailed, attachments, contents, current, http, task
from flowbook.counting import counted

from .client import Airtable, unlike
from .models import Credentials, DownloadAttachment, UploadAttachment

LARGEST = 5_000_000
"""Bytes that Airtable takes in one upload."""
LARGEST_DOWN = 5_000_000_000
SLOWEST = 250_000
"""Bytes a second that a transfer is given time for, beside its first minute."""


@task(effects="write", network=True, reads_files="file_path", writes_files=False, runs_code=False)
def upload_attachment(credentials: Credentials, params: UploadAttachment) -> Result:
    """Add a file to a record's field of attachments, up to 5 MB. Data: Airtable's record, with that field.

    https://airtable.com/developers/web/api/upload-attachment
    """
    named = {"filename": params.file_name} if params.file_name else {}
    source = {"file_path": params.file_path} if params.file_path else {"content": params.content}
    file = attachments.read({**source, **named})
    if len(file.content) > LARGEST:
        hint = "Airtable takes 5 MB at most; put it on the web, and give its address to update_records."
        raise TaskFailed(f"{file.filename} has {counted(len(file.content), 'byte')}.", hint=hint, permanent=True)
    body = {
        "contentType": file.content_type,
        "filename": file.filename,
        "file": base64.b64encode(file.content).decode(),
    }
    with Airtable(credentials) as airtable:
        base = airtable.base(params.base)
    with Airtable(credentials, base_url=credentials.content_url) as content:
        path = f"{base}/{params.record}/{http.segment(params.field)}/uploadAttachment"
        record = content.call("POST", path, json=body, expect=(200,), timeout=60 + len(body["file"]) / SLOWEST)
    if "id" not in record:
        raise unlike()
    return Result.ok(f"{file.filename} added to {params.record} ({counted(len(file.content), 'byte')}).", record)


@task(effects="idempotent", network=True, reads_files=False, writes_files="file_path", runs_code=False)
def download_attachment(credentials: Credentials, params: DownloadAttachment) -> Result:
    """Download a file of a record; it appears only when it is whole. Data: {"file_path", "name", "size" (bytes)}."""
    place = contents.landing(params.file_path, params.overwrite)
    with Airtable(credentials) as airtable:
        record = airtable.call("GET", f"{airtable.table(params.base, params.table)}/{params.record}")
    attached = _the_one((record.get("fields") or {}).get(params.field), params)
    name, expected, url = str(attached.get("filename")), attached.get("size"), str(attached["url"])
    target = place(name)
    # The address gives access by itself, to whoever has it, for two hours; the token does not go there.
    session = http.Session(url, service="Airtable's files", secrets=[url], max_bytes=LARGEST_DOWN)
    with session, contents.replacing(target) as unfinished:
        with unfinished.open("w+b") as file:
            session.get(into=file, parse=False, timeout=60 + int(expected or 0) / SLOWEST)
            size = file.tell()
        if expected is not None and size != expected:
            what = f"Airtable: {size:,} bytes came of {expected:,}: nothing was written."
            raise TaskFailed(what, {"kind": "bad_answer"}, "Try again.")
    data = {"file_path": str(current().path(target)), "name": name, "size": size}
    return Result.ok(f"{name} downloaded to {target} ({size:,} bytes).", data)


def _the_one(found: Any, params: DownloadAttachment) -> dict[str, Any]:
    given = [one for one in found if isinstance(one, dict) and "url" in one] if isinstance(found, list) else []
    meant = [one for one in given if params.name in (None, one.get("filename"))]
    if len(meant) == 1:
        return meant[0]
    known = ", ".join(str(one.get("filename")) for one in given) or "none"
    which = f"no file {params.name}" if params.name and not meant else f"{counted(len(meant), 'file')}"
    raise TaskFailed(
        f"Airtable: the field {params.field!r} of {params.record} has {which}.",
        hint=f"Give the name of one that it has: {known}.",
        permanent=True,
    )
