"""Uploading piece by piece: what breaks off goes on where it stood.

Facts: https://developers.google.com/workspace/drive/api/guides/manage-uploads#resumable. A first request gives a
session's address; pieces are put there, each a multiple of 256 KiB; 308 says how much has come, and is asked for again
after a fault.
"""

from __future__ import annotations

import os
import re
from typing import IO, Any

from flowbook import current, http

from .client import EVERYWHERE, FIELDS, Drive

PIECE = 8 * 1024 * 1024
_TRIES = 5
_SECONDS = 300.0
_MORE = 308


def upload(
    drive: Drive, method: str, path: str, body: dict[str, Any], content: IO[bytes], kind: str | None
) -> dict[str, Any]:
    """Upload all of ``content``; the file that came of it."""
    size = content.seek(0, os.SEEK_END)
    kind = kind or "application/octet-stream"
    place = _session(drive, method, path, body, size, kind)
    done, faults = 0, 0
    while True:
        try:
            response = _put(drive, place, content, done, size, kind)
        except http.ServiceError as error:
            faults += 1
            if not error.passing or faults > _TRIES or current().sleep(2.0**faults):
                raise
            response = _asked(drive, place, size)
        if response.status != _MORE:
            return drive.checked(response, "id")
        come = _come(response)
        faults = 0 if come > done else faults + 1
        if faults > _TRIES:
            raise drive.unlike(response)
        done = come
        current().progress(done, size, "bytes")


def _session(drive: Drive, method: str, path: str, body: dict[str, Any], size: int, kind: str) -> str:
    """The address that the pieces go to."""
    headers = {"X-Upload-Content-Type": kind, "X-Upload-Content-Length": str(size)}
    query = {**EVERYWHERE, "uploadType": "resumable", "fields": FIELDS}
    response = drive.session.request(method, path, params=query, json=body, headers=headers, expect=(200,))
    place = response.headers.get("Location", "")
    if not place or not http.same_origin(place, drive.session.base_url):
        raise drive.unlike(response)
    return place


def _put(drive: Drive, place: str, content: IO[bytes], done: int, size: int, kind: str) -> http.Response:
    content.seek(done)
    piece = content.read(PIECE)
    headers = {"Content-Type": kind}
    if size:
        headers["Content-Range"] = f"bytes {done}-{done + len(piece) - 1}/{size}"
    return drive.session.request(
        "PUT", place, data=piece, headers=headers, accept=(_MORE,), expect=(200, 201), retry=False, timeout=_SECONDS
    )


def _asked(drive: Drive, place: str, size: int) -> http.Response:
    """How much has come, after a fault."""
    headers = {"Content-Range": f"bytes */{size}"}
    return drive.session.request("PUT", place, data=b"", headers=headers, accept=(_MORE,), expect=(200, 201))


def _come(response: http.Response) -> int:
    """The bytes that have come: Range is bytes=0-42, and is not there when there are none."""
    found = re.fullmatch(r"(?:bytes=)?0-(\d+)", response.headers.get("Range", ""))
    return int(found[1]) + 1 if found else 0
