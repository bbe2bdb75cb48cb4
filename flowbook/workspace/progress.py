"""How far something is that takes a while: a line in a notebook's output or a terminal, nothing in a pipe."""

from __future__ import annotations

import sys
from typing import Any

from flowbook.workspace.run import in_notebook

WIDTH = 24


class Progress:
    """Shows how many of ``total`` are done, and how many of those failed; a notebook keeps the last line."""

    def __init__(self, what: str, total: int) -> None:
        self._what = what
        self._total = total
        self._done = self._failed = 0
        self._handle: Any = None

    def __enter__(self) -> Progress:
        if in_notebook():
            from IPython.display import display

            self._handle = display(self._bundle(), raw=True, display_id=True)  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *error: object) -> None:
        if self._handle is None and sys.stderr.isatty():
            sys.stderr.write("\n")

    def step(self, *, failed: bool) -> None:
        """One more is done."""
        self._done += 1
        self._failed += failed
        if self._handle is not None:
            self._handle.update(self._bundle(), raw=True)
        elif sys.stderr.isatty():
            sys.stderr.write(f"\r{self.line()}")
            sys.stderr.flush()

    def line(self) -> str:
        """How far it is, in words and as a bar."""
        filled = WIDTH * self._done // max(self._total, 1)
        failed = f", {self._failed} failed" if self._failed else ""
        return f"{self._what} {'█' * filled}{'·' * (WIDTH - filled)} {self._done} of {self._total}{failed}"

    def _bundle(self) -> dict[str, str]:
        return {"text/plain": self.line()}
