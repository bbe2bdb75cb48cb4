"""What a workspace keeps its things in; the one place where a store and a journal are made."""

from __future__ import annotations

from pathlib import Path

from flowbook.journal import SqliteJournal, WorkspaceJournal
from flowbook.records import NamedTuple
from flowbook.store import TinyStore, WorkspaceStore

STORE = "flowbook.json"
HISTORY = "runs.sqlite"


class Backends(NamedTuple):
    """Where the documents of a workspace are, and where its runs."""

    store: WorkspaceStore
    journal: WorkspaceJournal


def open_backends(folder: Path | None) -> Backends:
    """The store and the journal of the workspace with that ``.flowbook`` folder; both in memory when it is None.

    Nothing is read or written before they are used.
    """
    if folder is None:
        return Backends(TinyStore(None), SqliteJournal(None))
    return Backends(TinyStore(folder / STORE), SqliteJournal(folder / HISTORY))
