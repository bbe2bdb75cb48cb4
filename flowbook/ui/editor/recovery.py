"""What the editor says of drafts: that an earlier one's edits were brought back, and that others edit the same."""

from __future__ import annotations

import threading
from typing import Any, Protocol

from flowbook.errors import FlowbookError
from flowbook.ui.editor.drafting import Drafting
from flowbook.ui.editor.editing import Editing
from flowbook.ui.parts.theme import Message, Tone, button, row, told
from flowbook.view.wording import clock
from flowbook.workspace.drafts import Draft, Found

# Seconds: a kernel whose page was closed or loaded again takes some to end.
LOOK_AGAIN = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)


class Place(Protocol):
    """Where banners stand."""

    def add_banner(self, widget: Any) -> None:
        """Show one."""

    def remove_banner(self, widget: Any) -> None:
        """Take it away and close it."""


class Recovery:
    """Brings back the newest draft that an earlier editor left of a workflow, and asks whether to keep it.

    Older drafts are offered after it, one by one. What another living kernel edits is left to it, and said.
    """

    def __init__(self, editing: Editing, drafting: Drafting, place: Place) -> None:
        self._editing, self._drafting, self._place = editing, drafting, place
        self._banner: Any = None
        self._timer: threading.Timer | None = None
        self._lock = threading.RLock()  # what comes later is said from a thread of its own
        self._asking = False  # whether the banner asks about edits that were brought back
        editing.on_edit(self._edited)

    def begin(self) -> None:
        """Look for drafts, now and some seconds later when another kernel has one: it may be about to end."""
        self._look(0)

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    @property
    def said(self) -> str:
        """What the banner says; "" without one."""
        return str(self._banner.children[0].text) if self._banner is not None else ""

    def _look(self, tried: int) -> None:
        try:
            found = self._drafting.look()
        except FlowbookError as error:
            self._say(told(error), "warning", self._ok())
            return
        if found.drafts and not self._editing.dirty:
            self._bring_back(found.drafts[0])
        elif found.elsewhere:
            self._tell_of_others(found)
            if tried < len(LOOK_AGAIN):
                self._timer = threading.Timer(LOOK_AGAIN[tried], self._look, [tried + 1])
                self._timer.daemon = True
                self._timer.start()
        elif found.unreadable:
            names = ", ".join(str(path) for path in found.unreadable)
            self._say(f"Unsaved changes could not be read; they stay in {names}.", "warning", self._ok())
        elif tried:
            self._clear()  # the other kernel has saved its changes, or dropped them

    def _bring_back(self, draft: Draft) -> None:
        recovered = self._drafting.recover(draft)
        if recovered is None:
            self._look(0)
            return
        self._say(
            f"Unsaved changes from {clock(draft.saved_at)} were recovered."
            + (
                " It was saved elsewhere since they were made: Save will ask which to keep."
                if recovered.moved_on
                else ""
            ),
            "info",
            button("Keep", self.keep, tooltip="Go on with them; they are still not saved"),
            button("Discard", self.discard, tooltip="Go back to what is saved"),
        )
        self._asking = True

    def keep(self) -> None:
        """Go on with what was brought back."""
        self._offer_next()

    def discard(self) -> None:
        """Go back to what was there before."""
        self._asking = False
        self._drafting.take_back()
        self._offer_next()

    def _offer_next(self) -> None:
        """Ask about an older draft, when there is one."""
        self._clear()
        try:
            left = self._drafting.look().drafts
        except FlowbookError as error:
            self._say(told(error), "warning", self._ok())
            return
        if left:
            older = left[0]
            self._say(
                f"There are other unsaved changes too, from {clock(older.saved_at)}.", "info",
                button("Show", lambda: self._bring_back(older), tooltip="Take them into the editor; can be undone"),
                button("Discard", lambda: self._drop(older)),
            )  # fmt: skip

    def _drop(self, draft: Draft) -> None:
        try:
            self._drafting.drop(draft)
        except FlowbookError as error:
            self._say(told(error), "warning", self._ok())
            return
        self._offer_next()

    def _tell_of_others(self, found: Found) -> None:
        at = clock(found.elsewhere[0].saved_at)
        self._say(f"Another kernel has unsaved changes of it, from {at}.", "warning", self._ok())

    def _ok(self) -> Any:
        return button("OK", self._clear)

    def _edited(self) -> None:
        if self._asking and not self._editing.dirty:  # saved, or undone
            self._offer_next()

    def _say(self, text: str, tone: Tone, *buttons: Any) -> None:
        with self._lock:
            self._clear()
            self._banner = row(Message(text=text, tone=tone), *buttons, name="fb-recovered")
            self._place.add_banner(self._banner)

    def _clear(self) -> None:
        with self._lock:
            self._asking = False
            banner, self._banner = self._banner, None
            if banner is not None:
                self._place.remove_banner(banner)
