"""What files hold: read, downloaded, exported and uploaded.

Facts: https://developers.google.com/workspace/drive/api/guides/manage-downloads and .../guides/manage-uploads.
"""

from __future__ import annotations

import io
import mimetypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from flowbook import Result, TaskFailed, attachments, current, google, http, task
from flowbook import contents as files
from flowbook.counting import counted

from .client import EVERYWHERE, FIELDS, FILE, UPLOADS, Drive, place, told
from .models import EXPORTS, KINDS, Credentials, DownloadFile, ExportFile, ReadFile, ReplaceContent, UploadFile

_GOOGLES = "application/vnd.google-apps."
_AS_TEXT = {"document": "text/markdown", "spreadsheet": "text/csv", "presentation": "text/plain"}
_SECONDS = 600.0
_QUERY = {**EVERYWHERE, "fields": FIELDS}


@task(effects="read", network=True, reads_files=False, writes_files=False, runs_code=False)
def read_file(credentials: Credentials, params: ReadFile) -> Result:
    """Read what a file holds; a document of Google's as Markdown, a spreadsheet as CSV, a presentation as text.

    Data: {"id", "name", "mime_type", "size", "content"}, or "content_base64" where it is no text.
    """
    with Drive(credentials) as drive:
        about = told(drive.file(params.file))
        as_text = _AS_TEXT.get(str(about["kind"]))
        if as_text is None:
            _is_content(about)
        _fits(about, params.max_bytes)
        drive.session.max_bytes = params.max_bytes
        path, query = (place(params.file, "export"), {"mimeType": as_text}) if as_text else _media(params.file)
        content = drive.session.get(path, params=query, expect=(200,), parse=False, timeout=_SECONDS).content
    data = {"id": about["id"], "name": about["name"], "mime_type": as_text or about["mime_type"], "size": len(content)}
    data |= files.as_data(content, "utf-8-sig")
    return Result.ok(f"Read {about['name']!r} ({counted(len(content), 'byte')}).", data)


@task(effects="idempotent", network=True, reads_files=False, writes_files="file_path", runs_code=False)
def download_file(credentials: Credentials, params: DownloadFile) -> Result:
    """Download a file into the workspace. Documents of Google's have no content of their own: use export_file.

    Data: {"file_path", "name", "size", "mime_type"}.
    """
    target = files.landing(params.file_path, params.overwrite)
    with Drive(credentials) as drive:
        about = told(drive.file(params.file))
        _is_content(about)
        _fits(about, params.max_bytes)
        path, query = _media(params.file)
        return _saved(drive, params, about, target(str(about["name"])), path, query)


@task(effects="idempotent", network=True, reads_files=False, writes_files="file_path", runs_code=False)
def export_file(credentials: Credentials, params: ExportFile) -> Result:
    """Make a PDF, an Office file or another of a document of Google's, up to 10 MB, and save it in the workspace.

    Data: {"file_path", "name", "size", "mime_type"}.
    https://developers.google.com/workspace/drive/api/guides/ref-export-formats
    """
    target = files.landing(params.file_path, params.overwrite)
    with Drive(credentials) as drive:
        about = told(drive.file(params.file))
        if not str(about["mime_type"]).startswith(_GOOGLES):
            raise TaskFailed(
                f"{about['name']!r} is no document of Google's.", hint="Use download_file.", permanent=True
            )
        about |= {"name": f"{about['name']}.{params.format}", "mime_type": EXPORTS[params.format]}
        query = {"mimeType": about["mime_type"]}
        return _saved(drive, params, about, target(about["name"]), place(params.file, "export"), query)


@task(
    effects="write",
    network=True,
    reads_files="file_path",
    writes_files=False,
    runs_code=False,
    example=FILE,
)
def upload_file(credentials: Credentials, params: UploadFile) -> Result:
    """Upload a file of the workspace, or a content, as a new file; a large one goes on where it broke off.

    Drive takes several files of one name. Data: as get_file gives it.
    """
    body: dict[str, Any] = {"name": params.name or str(params.file_path).replace("\\", "/").rpartition("/")[2]}
    body |= {"parents": [params.folder]} if params.folder else {}
    body |= {"description": params.description} if params.description else {}
    body |= {"mimeType": KINDS[params.convert_to]} if params.convert_to else {}
    kind = params.mime_type or mimetypes.guess_type(str(params.file_path or body["name"]))[0]
    with _opened(params, body["name"]) as content, Drive(credentials) as drive:
        found = told(google.upload(drive, "POST", UPLOADS, _QUERY, body, content, kind))
    return Result.ok(f"{found['name']!r} uploaded.", found)


@task(
    effects="idempotent",
    network=True,
    reads_files="file_path",
    writes_files=False,
    runs_code=False,
    example=FILE,
)
def replace_content(credentials: Credentials, params: ReplaceContent) -> Result:
    """Give a file a new content; its ID, name and permissions stay. Data: as get_file gives it."""
    with _opened(params, "content") as content, Drive(credentials) as drive:
        about = told(drive.file(params.file))
        kind = params.mime_type or mimetypes.guess_type(str(params.file_path or about["name"]))[0]
        path = f"{UPLOADS}/{http.segment(params.file)}"
        found = told(google.upload(drive, "PATCH", path, _QUERY, {}, content, kind))
    return Result.ok(f"{found['name']!r} has a new content.", found)


@contextmanager
def _opened(params: UploadFile | ReplaceContent, name: str) -> Iterator[IO[bytes]]:
    """The content to upload; a file is read piece by piece."""
    if params.file_path is None:
        yield io.BytesIO(attachments.read({"filename": name, "content": params.content}).content)
        return
    path = current().file(params.file_path)
    if not path.is_file():
        raise TaskFailed(f"There is no file {params.file_path} to upload.", hint="Check its path.", permanent=True)
    with open(path, "rb") as file:
        yield file


def _media(id: str) -> tuple[str, dict[str, str]]:
    return place(id), {**EVERYWHERE, "alt": "media"}


def _is_content(about: dict[str, Any]) -> None:
    if str(about["mime_type"]).startswith(_GOOGLES):
        known = about["kind"] in _AS_TEXT
        hint = "Use export_file." if known else "Only files have a content; a shortcut names its target."
        raise TaskFailed(f"{about['name']!r} is a {about['kind']} of Google's.", hint=hint, permanent=True)


def _fits(about: dict[str, Any], most: int) -> None:
    if (about["size"] or 0) > most:
        size, hint = about["size"], "Raise max_bytes to get it all the same."
        raise TaskFailed(f"{about['name']!r} has {size:,} bytes, more than {most:,}.", hint=hint, permanent=True)


def _saved(
    drive: Drive, params: DownloadFile, about: dict[str, Any], target: Any, path: str, query: dict[str, str]
) -> Result:
    drive.session.max_bytes = params.max_bytes
    with files.replacing(target) as unfinished, open(unfinished, "wb") as into:
        drive.session.get(path, params=query, expect=(200,), parse=False, into=into, timeout=_SECONDS)
        size = into.tell()
    data = {"file_path": str(target), "name": about["name"], "size": size, "mime_type": about["mime_type"]}
    return Result.ok(f"{about['name']!r} saved ({size:,} bytes).", data)
