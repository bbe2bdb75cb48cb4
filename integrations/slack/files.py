"""Files for Slack: one or several in one message, from this machine or out of data.

Facts: https://docs.slack.dev/messaging/working-with-files, section "Uploading files".
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

from flowbook import Result, TaskFailed, attachments, current, task
from flowbook.counting import counted

from .client import Slack, upload
from .models import Credentials, UploadFile

_OF_A_PATH = {"file_path", "filename"}


class Piece(NamedTuple):
    """One file to upload: what it is called, how many bytes it has, and where they are."""

    name: str
    title: str
    alt_text: str | None
    size: int
    source: Path | bytes

    def open(self) -> IO[bytes]:
        """Its bytes, from the start."""
        return io.BytesIO(self.source) if isinstance(self.source, bytes) else self.source.open("rb")


@task(
    effects="write",
    network=True,
    reads_files=("file_path", "files"),
    writes_files=False,
    runs_code=False,
    example={
        "file_id": "F0S43P1CZ",
        "title": "report.csv",
        "size": 532,
        "file": {"id": "F0S43P1CZ", "title": "report.csv"},
        "channels": ["C024BE91L"],
        "files": [
            {
                "file_id": "F0S43P1CZ",
                "title": "report.csv",
                "size": 532,
                "file": {"id": "F0S43P1CZ", "title": "report.csv"},
            }
        ],
    },
)
def upload_file(credentials: Credentials, params: UploadFile) -> Result:
    """Upload a file, data, or several of them, and share them in channels as one message.

    files.getUploadURLExternal, the upload, files.completeUploadExternal, as
    https://docs.slack.dev/messaging/working-with-files describes. Needs a bot token with files:write, and
    channels:read for channels given by name. Data: file_id, title, size in bytes and file (of the first one), channels
    (IDs), files (all of them).
    """
    pieces = _pieces(params)
    with Slack(credentials, "to upload a file") as slack:
        channels = [slack.channel_id(channel) for channel in params.channels]
        ids = _upload(slack, pieces, credentials.base_url)
        answer = slack.post(
            "files.completeUploadExternal",
            files=[{"id": id, "title": piece.title} for id, piece in zip(ids, pieces, strict=True)],
            channel_id=channels[0] if len(channels) == 1 else None,
            channels=",".join(channels) if len(channels) > 1 else None,
            initial_comment=params.initial_comment,
            thread_ts=params.thread_ts,
        )
    told = {file.get("id"): file for file in answer.get("files") or []}
    files = [
        {"file_id": id, "title": piece.title, "size": piece.size, "file": told.get(id, {})}
        for id, piece in zip(ids, pieces, strict=True)
    ]
    what = pieces[0].name if len(pieces) == 1 else f"{counted(len(pieces), 'file')}"
    where = f"shared in {', '.join(params.channels)}" if channels else "not shared, as no channels were given"
    return Result.ok(f"{what} uploaded ({where}).", {**files[0], "channels": channels, "files": files})


def _upload(slack: Slack, pieces: list[Piece], base_url: str) -> list[str]:
    """Send each one's bytes to the address that Slack gives for it; their IDs."""
    ids, done, total = [], 0, sum(piece.size for piece in pieces)
    for piece in pieces:
        if current().cancelled:
            raise TaskFailed("Cancelled; nothing was shared.")
        ticket = slack.post(
            "files.getUploadURLExternal", filename=piece.name, length=piece.size, alt_txt=piece.alt_text
        )
        current().progress(done, total, f"uploading {piece.name}")
        with piece.open() as stream:
            upload(str(ticket["upload_url"]), stream, piece.size, base_url)
        done += piece.size
        ids.append(str(ticket["file_id"]))
    current().progress(done, total)
    return ids


def _pieces(params: UploadFile) -> list[Piece]:
    """What shall be uploaded; TaskFailed when a part of it is not there, not understood or empty."""
    given: list[Any] = params.files
    if not given:
        named = {"filename": params.file_name} if params.file_name else {}
        source = {"file_path": params.file_path} if params.file_path else {"content": params.content}
        given = [{**source, **named, "title": params.title, "alt_text": params.alt_text}]
    pieces = [_piece(entry) for entry in given]
    for piece in pieces:
        if piece.size == 0:
            raise TaskFailed(f"{piece.name} is empty.", hint="Slack takes no empty files.", permanent=True)
    return pieces


def _piece(given: Any) -> Piece:
    """A file by its path, without reading it, or data as :mod:`flowbook.attachments` makes bytes of it."""
    entry = {"file_path": given} if isinstance(given, str) else given
    if not isinstance(entry, Mapping):
        return _piece_of(attachments.read(entry), None, None)  # which says what an entry is
    source = {name: value for name, value in entry.items() if name not in ("title", "alt_text")}
    title, alt_text = entry.get("title"), entry.get("alt_text")
    if source.get("file_path") and not set(source) - _OF_A_PATH:
        path = current().file(str(source["file_path"]))
        name = str(source.get("filename") or path.name)
        return Piece(name, title or name, alt_text, path.stat().st_size, path)
    return _piece_of(attachments.read(source), title, alt_text)


def _piece_of(read: attachments.Attachment, title: str | None, alt_text: str | None) -> Piece:
    return Piece(read.filename, title or read.filename, alt_text, len(read.content), read.content)
