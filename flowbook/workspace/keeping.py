"""How much of the run history a workspace keeps by itself.

A year, or what two gigabytes hold, whichever is less; whoever owns the workspace says otherwise in
``.flowbook/settings.json``::

    {"history": {"keep_days": 90, "keep_gigabytes": 0.5}}

null sets no limit. Runs that can be resumed stay whatever it says.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from pathlib import Path
from typing import Any

from flowbook.errors import FlowbookError, InputError
from flowbook.journal import Keep, Pruned, WorkspaceJournal
from flowbook.json_text import parse_json
from flowbook.paths import SETTINGS
from flowbook.whole_files import text_in
from flowbook.workspace.history import Moment, seconds_of

DAY = 86_400.0
GIGABYTE = 1_000_000_000
DEFAULTS: dict[str, float] = {"keep_days": 365, "keep_gigabytes": 2}
LOOKED_AT_EVERY = 3_600.0


class Keeper:
    """Prunes the history of the workspace with that ``.flowbook`` folder; one in memory (None) keeps what it has."""

    def __init__(self, folder: Path | None, journal: WorkspaceJournal) -> None:
        self._folder = folder
        self._journal = journal
        self._looked = -math.inf
        self._lock = threading.Lock()

    def prune(self, keep: int | None, older_than: Moment | None, *, workflow: str | None, dry_run: bool) -> Pruned:
        """Delete what is not kept; what the settings say when neither is given. Raises InputError."""
        if keep is None and older_than is None:
            wanted = Keep() if self._folder is None else kept_by(self._folder)
        else:
            if keep is not None and (isinstance(keep, bool) or not isinstance(keep, int) or keep < 0):
                raise InputError(f"keep: {keep!r} is no number of runs.", "Give a whole number from 0.")
            wanted = Keep(keep, None if older_than is None else seconds_of(older_than, "older_than"))
        return self._journal.prune(wanted, workflow=workflow, dry_run=dry_run)

    def look(self) -> None:
        """Prune by the settings, if that was not done a short while ago; that it cannot be done harms nobody."""
        with self._lock:
            if self._folder is None or time.monotonic() < self._looked + LOOKED_AT_EVERY:
                return
            self._looked = time.monotonic()
        with contextlib.suppress(FlowbookError):
            self._journal.prune(kept_by(self._folder), in_passing=True)


def kept_by(folder: Path) -> Keep:
    """What the settings in a workspace's ``.flowbook`` folder say is to be kept. Raises InputError."""
    given = {**DEFAULTS, **_settings(folder / SETTINGS)}
    days, gigabytes = given["keep_days"], given["keep_gigabytes"]
    return Keep(
        since=None if days is None else time.time() - days * DAY,
        size=None if gigabytes is None else int(gigabytes * GIGABYTE),
    )


def _settings(file: Path) -> dict[str, Any]:
    wrong = InputError(
        f"the settings {str(file)!r} are not understood.",
        'Write {"history": {"keep_days": 365, "keep_gigabytes": 2}}: each a number above 0, or null for no limit.',
    )
    try:
        settings = parse_json(text_in(file))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InputError(f"the settings {str(file)!r} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise wrong from None
    history = settings.get("history", {}) if isinstance(settings, dict) else None
    if not isinstance(history, dict) or set(history) - set(DEFAULTS) or not all(map(_is_limit, history.values())):
        raise wrong
    return history


def _is_limit(value: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e9
