"""What the calls of one run have in common."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")
Owner = tuple[str, str]
"""Whose something is: an integration folder and an integration (empty for a node without one)."""


class Shared:
    """Things that calls of one run keep for those after them, such as the cookies of a sign-in.

    They are in memory only and end with the run: nothing of them is recorded. Each is its owner's: calls with another
    integration, or of another folder's tasks, do not see it. ``hide`` has a text kept out of all that is recorded.
    """

    def __init__(self, hide: Callable[[str], None] | None = None) -> None:
        self._things: dict[tuple[Owner, str], Any] = {}
        self._lock = threading.Lock()
        self._hide = hide

    def keep(self, owner: Owner, name: str, make: Callable[[], T]) -> T:
        """What ``owner`` keeps under ``name``; ``make()`` makes it the first time."""
        with self._lock:
            if (owner, name) not in self._things:
                self._things[owner, name] = make()
            thing: T = self._things[owner, name]
        return thing

    def hide(self, secret: str) -> None:
        """Keep ``secret`` out of what the run records and shows from now on."""
        if self._hide is not None:
            self._hide(secret)

    def __repr__(self) -> str:
        return f"<Shared: {len(self._things)} things>"
