"""What a message carries along, as params of integrations name it.

    from flowbook import attachments

    files = [attachments.read(given) for given in params.attachments]

A param gives each as a path, or as an object: ``file_path``, or ``filename`` with ``content`` (text, bytes, a DataFrame
as CSV in which a spreadsheet runs no cell, anything else as JSON) or ``base64``. ``content_type`` and ``content_id``
may be beside each of them.
"""

from __future__ import annotations

import base64
import json
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flowbook import tables
from flowbook.errors import TaskFailed
from flowbook.tasks import current
from flowbook.tasks.contract import well_formed

__all__ = ["Attachment", "read"]

_KEYS = ("file_path", "filename", "content", "base64", "content_type", "content_id")


@dataclass(frozen=True)
class Attachment:
    """A named content. ``content_type`` is a MIME type; ``content_id`` what HTML calls an image by, else empty."""

    filename: str
    content: bytes = field(repr=False)
    content_type: str
    content_id: str = ""


def read(given: Any) -> Attachment:
    """The attachment that a path or an object names; a relative path starts at the workspace's folder.

    Raises TaskFailed when there is no such file, or when a name or a content is missing or not understood.
    """
    entry = {"file_path": given} if isinstance(given, str) else given
    if not isinstance(entry, Mapping) or set(entry) - set(_KEYS):
        hint = f"Give a path, or an object of {', '.join(_KEYS)}."
        raise TaskFailed("An attachment is not understood.", hint=hint, permanent=True)
    filename, content = _of_file(entry) if entry.get("file_path") else _of_content(entry)
    kind = entry.get("content_type") or mimetypes.guess_type(filename)[0] or "application/octet-stream"
    return Attachment(filename, content, str(kind), str(entry.get("content_id") or ""))


def _of_file(entry: Mapping[str, Any]) -> tuple[str, bytes]:
    path = current().path(str(entry["file_path"]))
    if not path.is_file():
        raise TaskFailed(f"There is no file {entry['file_path']} to attach.", hint="Check its path.")
    return str(entry.get("filename") or path.name), path.read_bytes()


def _of_content(entry: Mapping[str, Any]) -> tuple[str, bytes]:
    if not entry.get("filename"):
        raise TaskFailed("An attachment has no filename.", hint="Add filename, or give file_path.", permanent=True)
    filename, content = str(entry["filename"]), entry.get("content")
    if "base64" in entry:
        try:
            return filename, base64.b64decode(str(entry["base64"]), validate=True)
        except ValueError:
            raise TaskFailed(f"The base64 of {filename} is damaged.", permanent=True) from None
    if content is None:
        raise TaskFailed(f"The attachment {filename} has no content.", hint="Give content or base64.", permanent=True)
    return filename, _as_bytes(content)


def _as_bytes(content: Any) -> bytes:
    if isinstance(content, (bytes, bytearray, memoryview)):
        return bytes(content)
    if hasattr(content, "to_csv"):
        return str(tables.no_formulas(content).to_csv(index=False)).encode()
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, default=_json_of)
    return well_formed(text).encode()


def _json_of(value: Any) -> str:
    return base64.b64encode(value).decode("ascii") if isinstance(value, (bytes, bytearray, memoryview)) else str(value)
