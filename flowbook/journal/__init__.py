"""Run history in SQLite: records the events of runs, reads runs back."""

from flowbook.journal.database import Database
from flowbook.journal.journal import (
    ACCEPTED,
    Journal,
    NodeRecord,
    OutputPiece,
    RunRecord,
    RunSummary,
    Version,
    still_going,
)
from flowbook.journal.recorder import Recorder

__all__ = [
    "ACCEPTED",
    "Database",
    "Journal",
    "NodeRecord",
    "OutputPiece",
    "Recorder",
    "RunRecord",
    "RunSummary",
    "Version",
    "still_going",
]
