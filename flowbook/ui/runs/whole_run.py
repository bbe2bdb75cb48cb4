"""All that happens in a run, from its beginning, for whoever comes to it later."""

from __future__ import annotations

import threading
from collections.abc import Callable

from flowbook.events import Event
from flowbook.workspace.run import Run


def each_event(run: Run, take: Callable[[Event], object]) -> Callable[[], None]:
    """Have ``take`` called with what has happened in a run so far and with all that comes, each event once and one at a
    time; what is past has been taken when this returns. Call what is returned to stop that.

    As :meth:`Run.events`: of a node's progress only the last is known afterwards, and no single items.
    """
    lock = threading.RLock()
    seen: dict[int, Event] = {}  # the events themselves too: an id is given again once its object is gone
    early: list[Event] = []
    replayed = False

    def notice(event: Event) -> None:
        with lock:
            if not replayed:
                early.append(event)
            elif id(event) not in seen:
                take(event)

    stop = run.watch(notice)
    with lock:
        past = run.events()
        seen = {id(event): event for event in past}
        for event in [*past, *(event for event in early if id(event) not in seen)]:
            take(event)
        replayed = True
    return stop
