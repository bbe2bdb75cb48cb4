"""Every integration folder that can be found: located without importing, loaded at first use, reloaded when edited.

A folder that cannot be used is a :class:`FolderProblem` that says why and what to do, never a crash.
"""

from flowbook.catalog.briefs import Listed, TaskBrief
from flowbook.catalog.catalog import Catalog
from flowbook.catalog.folder import Folder, FolderProblem

__all__ = ["Catalog", "Folder", "FolderProblem", "Listed", "TaskBrief"]
