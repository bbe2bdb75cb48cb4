"""A widget whose state lives in the kernel and in every page that shows it, told on in small changes.

What is said, kernel ← page and kernel → page::

    ← {"kind": "hello", "revision": n}       a page has begun, or noticed that it missed a change
    → the trait ``state``, whole             when the page is not at the kernel's revision; also to pages that are new
    → {"kind": "welcome"}                    the kernel is there and has answered
    → {"kind": …, "revision": n + 1, …}      a change of the state, which leads from revision n to the next
    → {"kind": …, …}                         a sign that changes nothing (scroll there, select that)
    ← {"kind": …, …}                         what a person does

The browser's side is ``wire.js``.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import traitlets

from flowbook.ui.parts.ordering import OwnWidget


class Wire(OwnWidget):
    """``whole()`` gives the state, ``heard(kind, content)`` takes what a person does; ``lock`` guards both.

    ``whole`` may call :meth:`change` with what waits to be told: a page that is given the whole must not be told of it
    once more.
    """

    repeats = False
    state = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        whole: Callable[[], dict[str, Any]],
        heard: Callable[[str, dict[str, Any]], object],
        lock: threading.RLock | None = None,
        **traits: Any,
    ) -> None:
        self._whole = whole
        self._heard = heard
        self._lock: Any = lock or threading.RLock()
        self.revision = 0
        super().__init__(**traits)
        self.on_msg(self._receive)

    def change(self, kind: str, **content: Any) -> None:
        """Tell of a change that was made to the state."""
        with self._lock:
            self.revision += 1
            self.send({"kind": kind, "revision": self.revision, **content})

    def sign(self, kind: str, **content: Any) -> None:
        """Send a message that changes nothing of the state."""
        self.send({"kind": kind, **content})

    def replace(self) -> None:
        """Tell that all of the state is another."""
        with self._lock:
            self.revision += 1
            self.send_state("state")

    def get_state(self, *args: Any, **kwargs: Any) -> Any:
        """The synced traits, ``state`` as it is at this moment."""
        given = super().get_state(*args, **kwargs)
        if "state" in given:
            with self._lock:
                whole = self._whole()
                given["state"] = {**whole, "revision": self.revision}
        return given

    def _receive(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if not isinstance(content, dict):
            return
        kind = content.get("kind")
        if kind != "hello":
            if isinstance(kind, str):
                self._heard(kind, content)
            return
        with self._lock:
            if content.get("revision") != self.revision:
                self.send_state("state")
            self.sign("welcome")
