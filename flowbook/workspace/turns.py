"""One run of a workflow at a time, for whoever asks for that, over all the processes that use a workspace."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from flowbook.errors import AlreadyRunning
from flowbook.journal import WorkspaceJournal
from flowbook.workspace.locks import Locks, Taken

LOOK_SECONDS = 0.5


@contextmanager
def turn(
    locks: Locks, journal: WorkspaceJournal, workflow: str, waiting: Callable[[AlreadyRunning], object] | None
) -> Iterator[None]:
    """Within, no other run of that workflow goes on that asked for its turn, or had begun before.

    Raises AlreadyRunning when one does, unless ``waiting`` is given: it is told once, and the turn is waited for.
    """
    with _alone(locks, workflow, journal, waiting):
        while (busy := _running(journal, workflow)) is not None:
            if waiting is None:
                raise AlreadyRunning(workflow, busy)
            waiting(AlreadyRunning(workflow, busy))
            while _running(journal, workflow) is not None:
                time.sleep(LOOK_SECONDS)
        yield


@contextmanager
def _alone(
    locks: Locks, workflow: str, journal: WorkspaceJournal, waiting: Callable[[AlreadyRunning], object] | None
) -> Iterator[None]:
    """Hold the lock of that workflow."""
    name = f"turn-{workflow}"
    with ExitStack() as held:
        try:
            held.enter_context(locks.held(name, seconds=0))
        except Taken:
            busy = AlreadyRunning(workflow, _running(journal, workflow) or "")
            if waiting is None:
                raise busy from None
            waiting(busy)
            held.enter_context(locks.held(name, seconds=None, every=LOOK_SECONDS))
        yield


def _running(journal: WorkspaceJournal, workflow: str) -> str | None:
    """The id of a run of that workflow that goes on, and is no part of another run."""
    found = journal.runs(workflow=workflow, status="running", limit=None)
    return next((run.id for run in found if not run.parent), None)
