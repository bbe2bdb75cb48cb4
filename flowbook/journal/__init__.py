"""Run history in SQLite: records the events of runs, reads runs back."""

from flowbook.journal.database import Database
from flowbook.journal.journal import (
    Journal,
    RunRecord,
    RunSummary,
    Version,
    still_going,
)
from flowbook.journal.recorder import Recorder

__all__ = [
    "Database",
    "Journal",
    "Recorder",
    "RunRecord",
    "RunSummary",
    "Version",
    "still_going",
]
