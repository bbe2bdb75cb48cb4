"""What starts runs without a person: schedules, hooks and the queue, as rows beside the run history.

A server (:mod:`flowbook.serving`) carries them out; everything here is only rows, so that any process may add to them,
and whatever a server had accepted is there after it was killed.
"""

from typing import TYPE_CHECKING

from flowbook.lazily import lazily

if TYPE_CHECKING:
    from flowbook.triggers.hooks import Hook, Hooks
    from flowbook.triggers.queue import Queue, Queued
    from flowbook.triggers.rows import Rows, SqliteRows
    from flowbook.triggers.schedules import Fired, Schedule, Schedules

__all__ = ["Fired", "Hook", "Hooks", "Queue", "Queued", "Rows", "Schedule", "Schedules", "SqliteRows"]

_HOMES = {
    **dict.fromkeys(("Hook", "Hooks"), "flowbook.triggers.hooks"),
    **dict.fromkeys(("Queue", "Queued"), "flowbook.triggers.queue"),
    **dict.fromkeys(("Rows", "SqliteRows"), "flowbook.triggers.rows"),
    **dict.fromkeys(("Fired", "Schedule", "Schedules"), "flowbook.triggers.schedules"),
}

__getattr__ = lazily(__name__, _HOMES)  # a run that a person starts has no use for them
