"""The façade that joins everything: what notebooks, the command line and scripts call."""

from flowbook.workspace.earlier import LastValues
from flowbook.workspace.frames import Runs
from flowbook.workspace.integrations import Trial
from flowbook.workspace.location import find_root
from flowbook.workspace.past import PastRun
from flowbook.workspace.reading import FileText, Origin, Reading
from flowbook.workspace.run import Run
from flowbook.workspace.sweep import Sweep
from flowbook.workspace.workspace import Workspace

__all__ = [
    "FileText", "LastValues", "Origin", "PastRun", "Reading", "Run", "Runs", "Sweep", "Trial", "Workspace",
    "find_root",
]  # fmt: skip
