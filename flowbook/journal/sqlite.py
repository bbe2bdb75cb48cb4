"""The run history in one SQLite file."""

from __future__ import annotations

from pathlib import Path

from flowbook.journal.database import Database
from flowbook.journal.owners import Owner
from flowbook.journal.sql import SqlJournal


class SqliteJournal(SqlJournal):
    """A :class:`~flowbook.journal.protocol.WorkspaceJournal` in the file ``path``, or in memory when it is None."""

    def __init__(self, path: Path | None) -> None:
        super().__init__(Database(path), Owner(None if path is None else path.parent / "live"))
