"""The façade that joins everything: what notebooks, the command line and scripts call."""

from flowbook.workspace.earlier import LastValues
from flowbook.workspace.integrations import Trial
from flowbook.workspace.location import find_root
from flowbook.workspace.reading import FileText, Origin, Reading
from flowbook.workspace.run import Run
from flowbook.workspace.starting import DRY
from flowbook.workspace.workspace import Workspace

__all__ = ["DRY", "FileText", "LastValues", "Origin", "Reading", "Run", "Trial", "Workspace", "find_root"]
