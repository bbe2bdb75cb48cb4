"""The run history: records the events of runs, reads runs back.

What it must do is :class:`WorkspaceJournal`; :class:`SqliteJournal` does it in one SQLite file.
"""

from flowbook.journal.database import Database
from flowbook.journal.protocol import Records, RunRecord, RunSummary, Version, WorkspaceJournal, still_going
from flowbook.journal.recorder import Recorder
from flowbook.journal.retention import Keep, Pruned
from flowbook.journal.sqlite import SqliteJournal

Journal = SqliteJournal
"""The journal that a workspace has unless it says otherwise."""

__all__ = [
    "Database",
    "Journal",
    "Keep",
    "Pruned",
    "Recorder",
    "Records",
    "RunRecord",
    "RunSummary",
    "SqliteJournal",
    "Version",
    "WorkspaceJournal",
    "still_going",
]
