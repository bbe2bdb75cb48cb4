"""What a server says: a JSON object a line, each about one thing that happened, with the run that it is about."""

from __future__ import annotations

import json
import sys
import threading
from contextlib import suppress
from typing import Any, TextIO

from flowbook.view.document import stamp


class Log:
    """Lines of JSON on ``stream`` (default: standard error). No secret of a hook, and no body, is ever given to it."""

    def __init__(self, now: Any, stream: TextIO | None = None) -> None:
        self._now = now
        self._stream = sys.stderr if stream is None else stream
        self._lock = threading.Lock()

    def __call__(self, event: str, /, *, level: str = "info", **about: Any) -> None:
        """Say what happened; what is None or empty of it is left out."""
        told = {name: value for name, value in about.items() if value not in (None, "")}
        line = json.dumps({"at": stamp(self._now()), "level": level, "event": event, **told}, default=str)
        with self._lock, suppress(OSError, ValueError):  # a full disk under the log ends no run, and no server
            print(line, file=self._stream, flush=True)
