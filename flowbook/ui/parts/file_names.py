"""The files of a workspace, offered where a form asks for one."""

from __future__ import annotations

import dataclasses
import os
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from flowbook.paths import CODE_FOLDER
from flowbook.ui.parts.fields import Field

MOST_FILES = 200
MOST_ENTRIES = 5_000
DEPTH = 4
_LEFT_OUT = frozenset({"__pycache__", "node_modules", "site-packages"})


def with_file_names(fields: Iterable[Field], root: Path) -> list[Field]:
    """``fields``; those for a file suggest the files below ``root``."""
    found = list(fields)
    if not any(one.parameter.type == "file" for one in found):
        return found
    names = file_names(root)
    return [dataclasses.replace(one, suggestions=names) if one.parameter.type == "file" else one for one in found]


def file_names(root: Path) -> tuple[str, ...]:
    """The paths of the files below ``root``, relative to it and with slashes, those of nearer folders first.

    Hidden files and folders are left out, and those of programs. At most 200 files, four folders deep; what cannot be
    read is passed over.
    """
    names: list[str] = []
    waiting = deque([("", 1)])
    entries = 0
    while waiting and len(names) < MOST_FILES:
        folder, depth = waiting.popleft()
        try:
            with os.scandir(root / folder) as found:
                inside = sorted(found, key=lambda entry: entry.name)
        except OSError:
            continue
        entries += len(inside)
        if entries > MOST_ENTRIES:
            break
        for entry in inside:
            if entry.name.startswith(".") or entry.name in _LEFT_OUT or (not folder and entry.name == CODE_FOLDER):
                continue
            if entry.is_file():
                names.append(folder + entry.name)
            elif depth < DEPTH and entry.is_dir(follow_symlinks=False):
                waiting.append((f"{folder}{entry.name}/", depth + 1))
    return tuple(names[:MOST_FILES])
