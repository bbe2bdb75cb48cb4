"""Run history in SQLite: records the events of runs, reads runs back."""

from flowbook.journal.database import Database
from flowbook.journal.journal import Journal, NodeRecord, OutputPiece, RunRecord, RunSummary, Version
from flowbook.journal.recorder import Recorder

__all__ = ["Database", "Journal", "NodeRecord", "OutputPiece", "Recorder", "RunRecord", "RunSummary", "Version"]
