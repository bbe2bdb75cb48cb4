"""Keeps the unsaved edits of one editor as a draft, and brings back those that an earlier one left."""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Callable
from datetime import datetime

from flowbook.errors import FlowbookError
from flowbook.models import Workflow
from flowbook.records import NamedTuple
from flowbook.ui.editor.editing import Editing
from flowbook.workspace.drafts import Base, Draft, Found, new_id

WRITE_AFTER = 0.3  # seconds after the first edit; what is edited meanwhile is written with it
SHARE = 10  # a draft takes at most this part of the time: a large workflow's is written less often


class Recovered(NamedTuple):
    """Edits that were brought back. ``moved_on`` is whether the workflow was saved by others since they were made."""

    draft: Draft
    moved_on: bool


class Drafting:
    """Writes a draft soon after an edit, and removes it when there is nothing to save any more.

    ``told(at, error)`` hears when the draft was kept last (None: there is none), or why it could not be.
    """

    def __init__(self, editing: Editing, told: Callable[[datetime | None, str], object]) -> None:
        self._editing = editing
        self._drafts = editing.workspace.drafts
        self._told = told
        self._id = new_id()
        self._lock = threading.RLock()
        self._timer: threading.Timer | None = None
        self._kept = self._closed = False
        self._pause = WRITE_AFTER
        self._before: tuple[Workflow, Base] | None = None
        editing.on_edit(self._edited)
        self._at_exit = weakref.WeakMethod(self.flush)
        atexit.register(_call, self._at_exit)

    # -- keeping ---------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write what waits, now."""
        with self._lock:
            waiting = self._stop()
        if waiting:
            self._write()

    def discard(self) -> None:
        """Remove the draft: what was edited is not wanted."""
        with self._lock:
            self._stop()
            self._closed = True
            self._drop()

    def close(self) -> None:
        """Write what waits; from now on nothing is kept."""
        self.flush()
        self._closed = True
        atexit.unregister(self._at_exit)

    def _edited(self) -> None:
        with self._lock:
            if self._closed:
                return
            if not self._editing.dirty:
                self._stop()
                self._drop()
            elif self._timer is None:
                self._timer = threading.Timer(self._pause, self._due)
                self._timer.daemon = True
                self._timer.start()

    def _due(self) -> None:
        with self._lock:
            self._timer = None
        self._write()

    def _stop(self) -> bool:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
        return timer is not None

    def _write(self) -> None:
        with self._lock:
            if self._closed or not self._editing.dirty:
                return
            began = time.monotonic()
            try:
                at = self._drafts.keep(self._id, self._editing.home.subject, *self._editing.state)
            except FlowbookError as error:
                self._told(None, str(error))
                return
            self._kept = True
            self._pause = max(WRITE_AFTER, SHARE * (time.monotonic() - began))
        self._told(at, "")

    def _drop(self) -> None:
        if not self._kept:
            return
        self._kept = False
        try:
            self._drafts.drop(self._id)
        except FlowbookError as error:
            self._told(None, str(error))
            return
        self._told(None, "")

    # -- bringing back ---------------------------------------------------------------------------------------------

    def look(self) -> Found:
        """The drafts of the workflow that this editor did not keep itself. Raises StoreError."""
        found = self._drafts.look(self._editing.home.subject)
        return found._replace(drafts=[one for one in found.drafts if one.id != self._id])

    def recover(self, draft: Draft) -> Recovered | None:
        """Go on with a draft, as one step that can be undone; None when it holds nothing that is not saved."""
        editing = self._editing
        before, current = editing.state
        editing.recover(draft.workflow, draft.base)
        if editing.workflow == before:
            editing.revision = current
            self._drafts.drop(draft.id)
            return None
        self._before = before, current
        self.flush()
        if self._kept:  # as this editor's own; else it stays where it is
            self._drafts.drop(draft.id)
        return Recovered(draft, draft.base != current)

    def drop(self, draft: Draft) -> None:
        """Remove a draft that an earlier editor left. Raises StoreError."""
        self._drafts.drop(draft.id)

    def take_back(self) -> None:
        """Go back to what was there before the last :meth:`recover`, as one step that can be undone."""
        before, self._before = self._before, None
        if before is not None:
            self._editing.recover(*before, label="Discard recovered changes")


def _call(method: weakref.WeakMethod[Callable[[], None]]) -> None:
    found = method()
    if found is not None:
        found()
