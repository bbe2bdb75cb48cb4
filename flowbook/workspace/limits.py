"""How long a run may take as a whole."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flowbook.errors import InputError, RunCancelled
from flowbook.workspace.run import Run


class Limit:
    """Cancels a run that is not over after so many seconds; None for no limit. InputError for what is no time."""

    def __init__(self, seconds: Any) -> None:
        if seconds is not None and (
            isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 < seconds < math.inf
        ):
            raise InputError(f"timeout: {seconds!r} is no number of seconds.", "Give one above 0, or None.")
        self._seconds = seconds
        self._reached = False

    def watch(self, run: Run) -> None:
        """Begin to count."""
        if self._seconds is None:
            return

        def stop() -> None:
            self._reached = run.status == "running"
            run.cancel()

        timer = threading.Timer(self._seconds, stop)
        timer.daemon = True
        timer.start()
        run.when_over(timer.cancel)

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Say of a run that was cancelled by this that it was."""
        try:
            yield
        except RunCancelled as error:
            if not self._reached or error.run is None:
                raise
            raise RunCancelled(
                f"{error.run.workflow}: the run was stopped after its timeout of {self._seconds:g} seconds.", error.run
            ) from None
