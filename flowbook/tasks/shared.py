"""What the calls of one run have in common."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from flowbook.counting import counted

T = TypeVar("T")
logger = logging.getLogger("flowbook.tasks")
Owner = tuple[str, str]
"""Whose something is: an integration folder and an integration (empty for a node without one)."""


class AtEnd:
    """What calls of a run want done when it has ended, with all runs inside of it."""

    def __init__(self) -> None:
        self._actions: list[Callable[[], object]] = []
        self._lock = threading.Lock()
        self._over = False

    def add(self, action: Callable[[], object]) -> bool:
        """Have ``action`` called at the end; False, and it never is, when that has passed."""
        with self._lock:
            if not self._over:
                self._actions.append(action)
            return not self._over

    def come(self) -> None:
        """It has ended: do all of it, the last wish first. What an action raises is logged."""
        with self._lock:
            self._over, actions = True, self._actions[::-1]
            self._actions.clear()
        for action in actions:
            try:
                action()
            except Exception:
                logger.exception("what a task wanted done at the end of its run failed")


class Shared:
    """Things that calls of one run keep for those after them, such as the cookies of a sign-in.

    They are in memory only and end with the run: nothing of them is recorded. Each is its owner's: calls with another
    integration, or of another folder's tasks, do not see it. ``hide`` has a text kept out of all that is recorded.
    ``at_end`` is what is done when the run has ended; None where nobody tells of that.
    """

    def __init__(self, hide: Callable[[str], None] | None = None, at_end: AtEnd | None = None) -> None:
        self._things: dict[tuple[Owner, str], Any] = {}
        self._lock = threading.Lock()
        self._hide = hide
        self._at_end = at_end

    def keep(self, owner: Owner, name: str, make: Callable[[], T]) -> T:
        """What ``owner`` keeps under ``name``; ``make()`` makes it the first time."""
        with self._lock:
            if (owner, name) not in self._things:
                self._things[owner, name] = make()
            thing: T = self._things[owner, name]
        return thing

    def at_end(self, action: Callable[[], object]) -> bool:
        """Have ``action`` called when the run has ended; False when nobody will tell of that."""
        return self._at_end is not None and self._at_end.add(action)

    def hide(self, secret: str) -> None:
        """Keep ``secret`` out of what the run records and shows from now on."""
        if self._hide is not None:
            self._hide(secret)

    def __repr__(self) -> str:
        return f"<Shared: {counted(len(self._things), 'thing')}>"
