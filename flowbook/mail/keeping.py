"""What a message carries along, saved as files of the workspace."""

from __future__ import annotations

import re
from email.message import EmailMessage
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from flowbook import contents
from flowbook.errors import TaskFailed
from flowbook.mail.reading import attached, content_of, is_inline, name_of
from flowbook.tasks import current


def saved(
    message: EmailMessage, folder: str, *, pattern: str = "*", inline: bool = False, overwrite: bool = False
) -> list[dict[str, Any]]:
    """Save the attachments whose names are like ``pattern``: a list of {"path", "filename", "content_type", "size"}.

    Names are taken from the message, without folders in them; two of the same name get numbers. ``inline`` saves those
    too that are shown inside of the text. Nothing is written when one of them may not be.
    """
    told: list[dict[str, Any]] = []
    targets: list[tuple[str, bytes]] = []
    for number, part in enumerate(attached(message), 1):
        name = _safe(name_of(part, number), number)
        if fnmatchcase(name.lower(), pattern.lower()) and (inline or not is_inline(part)):
            path = _free(folder, name, {one["path"] for one in told}, overwrite)
            current().path(path, writing=True)  # all of them, before the first is written
            content = content_of(part)
            targets.append((path, content))
            kind = part.get_content_type()
            told.append({"path": path, "filename": name, "content_type": kind, "size": len(content)})
    for path, content in targets:
        with contents.replacing(path) as unfinished:
            unfinished.write_bytes(content)
    return told


def _safe(name: str, number: int) -> str:
    """A name of a file alone: no folders, nothing hidden, nothing that some systems do not take."""
    plain = re.sub(r'[\x00-\x1f\x7f<>:"|?*]', "_", re.split(r"[/\\]", name)[-1]).strip().lstrip(".").rstrip(". ")
    stem, dot, ending = plain.rpartition(".")
    return (f"{stem[:150]}{dot}{ending[:30]}" if dot else plain[:150]) or f"attachment-{number}"


def _free(folder: str, name: str, taken: set[str], overwrite: bool) -> str:
    stem, suffix = Path(name).stem, Path(name).suffix
    for number in range(1, 10_000):
        path = f"{folder}/{name if number == 1 else f'{stem} ({number}){suffix}'}"
        if path not in taken and (overwrite or not current().path(path).exists()):
            return path
    raise TaskFailed(f"{folder} has ten thousand files called {name}.", permanent=True)
