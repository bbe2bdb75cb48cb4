"""Which tasks this user has used last in a workspace: a convenience, kept beside the user's keys, not in the store."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterable
from pathlib import Path

from flowbook.json_text import parse_json
from flowbook.paths import config_folder
from flowbook.whole_files import text_in

KEPT = 24
_READ = 100_000  # characters: what is longer was not written here


class RecentTasks:
    """The names of tasks, the last used one first, of the workspace whose store is at a place.

    With ``memory`` they are kept in this process alone. Nothing is looked up on the disk before the first use.
    """

    def __init__(self, place: str, *, memory: bool = False) -> None:
        self._place = place
        self._memory = memory
        self._lock = threading.Lock()
        self._names: tuple[str, ...] = ()

    def _path(self) -> Path:
        digest = hashlib.sha256(self._place.encode()).hexdigest()[:24]
        return config_folder(os.environ) / "recent" / f"{digest}.json"

    def names(self) -> list[str]:
        """The names, the last used one first; what cannot be read counts as none."""
        with self._lock:
            return list(self._read())

    def note(self, tasks: Iterable[str]) -> None:
        """Put these first. Where nothing can be written, they are known until this process ends."""
        with self._lock:
            self._names = tuple(dict.fromkeys([*tasks, *self._read()]))[:KEPT]
            if self._memory:
                return
            path = self._path()
            aside = path.with_suffix(f".{os.getpid()}")
            try:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                aside.write_text(json.dumps(self._names), encoding="utf-8")
                os.replace(aside, path)
            except OSError:
                self._memory = True  # a folder that may not be written to: nobody would be helped by hearing of it

    def _read(self) -> tuple[str, ...]:
        if self._memory:
            return self._names
        try:
            found = parse_json(text_in(self._path())[:_READ])
        except (OSError, ValueError):
            return self._names
        known = found if isinstance(found, list) else []
        return tuple(name for name in known if isinstance(name, str))[:KEPT]
