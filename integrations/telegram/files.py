"""Files of a bot, to Telegram and from it. Facts: https://core.telegram.org/bots/api#sending-files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flowbook import Result, TaskFailed, attachments, contents, task
from flowbook.counting import counted

from .client import Telegram
from .models import Credentials, DownloadFile, SendAlbum, SendFile, parse_mode

METHODS = {
    "document": "sendDocument",
    "photo": "sendPhoto",
    "video": "sendVideo",
    "audio": "sendAudio",
    "voice": "sendVoice",
    "animation": "sendAnimation",
}
_KINDS = ("photo", "video", "document", "audio")


@task(
    effects="write",
    network=True,
    reads_files="file_path",
    writes_files=False,
    runs_code=False,
    example={
        "message_id": 42,
        "chat": {"id": -1001234567890, "type": "supergroup", "title": "Team"},
        "date": 1700000000,
        "document": {
            "file_id": "BQACAgQAAxkBAAIBY2",
            "file_unique_id": "AgADwQ",
            "file_name": "report.csv",
            "file_size": 532,
        },
    },
)
def send_file(credentials: Credentials, params: SendFile) -> Result:
    """Send a file as a document, photo, video, audio, voice or animation, from this machine, data, or the web.

    Data: Telegram's message; its document (or what it was sent as) has the file_id to send it again.
    https://core.telegram.org/bots/api#senddocument
    """
    fields: dict[str, Any] = {
        **params.sent(),
        "caption": params.caption,
        "parse_mode": parse_mode(params.format) if params.caption else None,
    }
    there = params.url or params.file_id
    if there:
        with Telegram(credentials) as bot:
            message = bot.post(METHODS[params.kind], **fields | {params.kind: there})
        return Result.ok(f"File sent to {params.chat}.", message)
    named = {"filename": params.file_name} if params.file_name else {}
    source = {"file_path": params.file_path} if params.file_path else {"content": params.content}
    file = attachments.read({**source, **named})
    upload: dict[str, tuple[str, bytes, str]] = {params.kind: (file.filename, file.content, file.content_type)}
    with Telegram(credentials) as bot:
        message = bot.upload(METHODS[params.kind], _form(fields), upload)
    return Result.ok(f"{file.filename} sent to {params.chat} ({counted(len(file.content), 'byte')}).", message)


@task(
    effects="write",
    network=True,
    reads_files="files",
    writes_files=False,
    runs_code=False,
    example=[
        {
            "message_id": 42,
            "chat": {"id": -1001234567890, "type": "supergroup", "title": "Team"},
            "date": 1700000000,
            "photo": [{"file_id": "AgACAgQAAxkBAAIBZG", "file_unique_id": "AQADxQ", "width": 90, "height": 60}],
        }
    ],
)
def send_album(credentials: Credentials, params: SendAlbum) -> Result:
    """Send several photos, videos, documents or sounds as one album. Data: a list of Telegram's messages.

    https://core.telegram.org/bots/api#sendmediagroup
    """
    media: list[dict[str, Any]] = []
    uploads: dict[str, tuple[str, bytes, str]] = {}
    for number, given in enumerate(params.files):
        media.append(_medium(given, f"file{number}", params, uploads))
    reply = {"message_id": params.reply_to} if params.reply_to else None
    fields = {**params.sent(), "media": media, "reply_parameters": reply}
    with Telegram(credentials) as bot:
        if uploads:
            messages = bot.upload("sendMediaGroup", _form(fields), uploads)
        else:
            messages = bot.post("sendMediaGroup", **fields)
    return Result.ok(f"{counted(len(media), 'file')} sent to {params.chat}.", messages)


@task(effects="idempotent", network=True, reads_files=False, writes_files="file_path", runs_code=False)
def download_file(credentials: Credentials, params: DownloadFile) -> Result:
    """Download a file that was sent to the bot; it appears only when it is whole. Up to 20 MB from Telegram's server.

    Data: {"file_path", "name", "size"}; size in bytes. https://core.telegram.org/bots/api#getfile
    """
    place = contents.landing(params.file_path, params.overwrite)
    with Telegram(credentials) as bot:
        told = bot.get("getFile", file_id=params.file_id)
        path = str(told.get("file_path") or "") if isinstance(told, dict) else ""
        if not path or path.startswith("/"):
            where = "it is on that server's own disk" if path else "it is not ready"
            raise TaskFailed(f"Telegram: the file cannot be downloaded: {where}.", hint="Try again later.")
        target, expected = place(path), told.get("file_size")
        with contents.replacing(target) as unfinished:
            with unfinished.open("w+b") as file:
                bot.fetch(path, int(expected or 0), file)
                size = file.tell()
            if expected is not None and size != expected:
                what = f"Telegram: {size:,} bytes came of {expected:,}: nothing was written."
                raise TaskFailed(what, {"kind": "bad_answer"}, "Try again.")
    name = path.rpartition("/")[2]
    data = {"file_path": str(target), "name": name, "size": size}
    return Result.ok(f"{name} downloaded to {target} ({size:,} bytes).", data)


def _medium(given: Any, part: str, params: SendAlbum, uploads: dict[str, tuple[str, bytes, str]]) -> dict[str, Any]:
    """Telegram's InputMedia of one file; what is uploaded is added to ``uploads`` as that part."""
    entry = dict(given) if isinstance(given, Mapping) else {"file_path": given}
    caption, kind = entry.pop("caption", None), entry.pop("kind", params.kind)
    if kind not in _KINDS:
        hint = f"An album is of these: {', '.join(_KINDS)}."
        raise TaskFailed(f"A file of the album is of the kind {kind!r}.", hint=hint, permanent=True)
    there = entry.get("url") or entry.get("file_id")
    if there and len(entry) == 1:
        where = str(there)
    else:
        file = attachments.read(entry)
        uploads[part] = (file.filename, file.content, file.content_type)
        where = f"attach://{part}"
    marked = {"parse_mode": mode} if caption and (mode := parse_mode(params.format)) else {}
    return {"type": kind, "media": where, **({"caption": str(caption)} if caption else {}), **marked}


def _form(fields: dict[str, Any]) -> dict[str, str]:
    """Fields of a form: what is None is left out, and all but texts are JSON."""
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in fields.items()
        if value is not None
    }
