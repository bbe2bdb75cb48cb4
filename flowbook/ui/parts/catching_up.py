"""What changes while a page begins is told to it again.

A page that is loaded again, or is one more, asks the kernel once for what all widgets are like, and hears of changes
from when it has made them: ipywidgets' manager loads all states first (``_loadFromKernel``), and a model listens when
it is constructed. A change in between is told to nobody there, and the page would show what was: on a busy machine that
is seconds. So each change is noted, and told once more when the page has all that was there.
"""

from __future__ import annotations

import threading
import time
import weakref
from typing import Any

import ipywidgets

LONGEST = 300.0
"""Seconds that a page may take to begin."""
_ALSO = 60.0
"""Seconds that what it says may be under way."""

_noted: weakref.WeakKeyDictionary[Any, dict[str, float]] = weakref.WeakKeyDictionary()
_noting = threading.Lock()


class Told(ipywidgets.Widget):
    """A widget whose changes are noted. ``repeats`` is false for one that sees by itself to what pages missed."""

    repeats = True

    def send_state(self, key: Any = None) -> None:
        """Tell pages of the traits ``key``, or of all."""
        if self.repeats and self.comm is not None:
            names = self.keys if key is None else [key] if isinstance(key, str) else key
            now = time.monotonic()
            with _noting:
                _noted.setdefault(self, {}).update(dict.fromkeys(names, now))
        super().send_state(key)


class Beginnings:
    """Which pages have begun to show what was made at that moment."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._pages: set[str] = set()

    def begun(self, page: Any, seconds: Any) -> None:
        """Tell a page what it may have missed: it is called ``page``, and was loaded so many seconds ago.

        One that was there when all of this was made has heard of it, and of what changed since.
        """
        if not isinstance(page, str) or not isinstance(seconds, (int, float)):
            return
        there = page not in self._pages and seconds >= time.monotonic() - self._since
        self._pages.add(page)
        if not there:
            _tell_again(min(LONGEST, seconds + _ALSO))


def _tell_again(seconds: float) -> None:
    since = time.monotonic() - seconds
    with _noting:
        found = [(widget, {name for name, at in names.items() if at >= since}) for widget, names in _noted.items()]
    for widget, names in found:
        if names and widget.comm is not None:
            super(Told, widget).send_state(names)
