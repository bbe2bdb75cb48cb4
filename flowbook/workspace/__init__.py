"""The façade that joins everything: what notebooks, the command line and scripts call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowbook.lazily import lazily

if TYPE_CHECKING:
    from flowbook.workspace.earlier import LastValues
    from flowbook.workspace.frames import Runs
    from flowbook.workspace.location import find_root
    from flowbook.workspace.past import PastRun
    from flowbook.workspace.reading import FileText, Origin, Reading
    from flowbook.workspace.run import Run
    from flowbook.workspace.sweep import Sweep
    from flowbook.workspace.trial import Trial
    from flowbook.workspace.workspace import Workspace

__all__ = [
    "FileText", "LastValues", "Origin", "PastRun", "Reading", "Run", "Runs", "Sweep", "Trial", "Workspace",
    "find_root",
]  # fmt: skip

_HOMES = {
    "FileText": "flowbook.workspace.reading",
    "LastValues": "flowbook.workspace.earlier",
    "Origin": "flowbook.workspace.reading",
    "PastRun": "flowbook.workspace.past",
    "Reading": "flowbook.workspace.reading",
    "Run": "flowbook.workspace.run",
    "Runs": "flowbook.workspace.frames",
    "Sweep": "flowbook.workspace.sweep",
    "Trial": "flowbook.workspace.trial",
    "Workspace": "flowbook.workspace.workspace",
    "find_root": "flowbook.workspace.location",
}

__getattr__ = lazily(__name__, _HOMES)  # a run needs neither tables nor sweeps
