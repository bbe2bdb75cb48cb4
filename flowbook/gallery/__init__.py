"""Ready workflows to begin with: each a ``.flow.yaml`` file beside this module.

>>> [one.title for one in templates()][:2]
['Daily issue report', 'Database check with an alert']

They name their integrations as the guide does (``My GitHub``, ``My Slack Workspace``, …); whoever has others chooses
them in the editor.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flowbook.errors import AlreadyExists, Conflict, NotFound
from flowbook.formats.flowfile import read_flow_file
from flowbook.models import Workflow, workflows_named
from flowbook.workspace import Workspace

__all__ = ["Template", "add", "load", "needed", "templates"]

_FOLDER = Path(__file__).parent
_TITLES = {
    "daily-issue-report": "Daily issue report",
    "database-check": "Database check with an alert",
    "nightly-csv-export": "Nightly CSV export to S3",
    "weekly-digest": "Weekly digest by e-mail",
    "web-page-watcher": "Web page watcher",
    "fan-out-api-pages": "Fan-out over the pages of an API",
    "issue-triage": "Issue triage from GitHub to Jira",
    "release-announcement": "Release announcement",
    "backup-files": "Backup of files to S3",
    "csv-quality-check": "Quality check of a CSV file",
    "check-all-files": "A workflow for each file of a folder",
    "download-and-tidy": "Download, sum up and tidy up",
    "summarize-page": "Summary of a page by a model",
    "sort-messages": "Messages sorted by a model",
    "answer-question": "Answer of a model that looks things up",
    "find-rows": "Search in a CSV file",
    "compare-two-files": "Comparison of two CSV files",
    "sum-up-sales": "Sales summed up by a column",
}


@dataclass(frozen=True)
class Template:
    """A workflow of the gallery: the name it is stored under, a title and a sentence for people, and its file."""

    name: str
    title: str
    description: str
    path: Path


def templates() -> list[Template]:
    """The workflows of the gallery, in the order in which they are shown."""
    return [
        Template(name, title, load(name).description, _FOLDER / f"{name}.flow.yaml") for name, title in _TITLES.items()
    ]


def load(name: str) -> Workflow:
    """The workflow of that name. Raises NotFound, which suggests the nearest one."""
    if name not in _TITLES:
        raise NotFound("workflow in the gallery", name, _TITLES)
    return read_flow_file(_FOLDER / f"{name}.flow.yaml")  # a file of ours, with nothing yet to judge it by


def needed(workflow: Workflow) -> list[str]:
    """The other workflows of the gallery that ``workflow`` runs as its steps."""
    called = [name for node in workflow.nodes.values() for name in workflows_named(node) or ()]
    return [name for name in _TITLES if name in called]


def add(workspace: Workspace, name: str, *, stored_as: str | None = None) -> list[str]:
    """Store the workflow ``name`` (as ``stored_as`` if given), and those it runs unless they are there already.

    The names of all that were stored, its own first. Raises NotFound, and AlreadyExists when its name is taken.
    """
    workflow = load(name)
    if stored_as is not None:
        workflow = workflow.copy_as(stored_as)
    try:
        workspace.save(workflow, revision=0)
    except Conflict:
        raise AlreadyExists(
            f"there is a workflow {workflow.name!r} already.", "Rename or delete that one first."
        ) from None
    stored = [workflow.name]
    present = {one.name for one in workspace.workflows()}
    for other in needed(workflow):
        if other not in present:
            stored += add(workspace, other)
    return stored
