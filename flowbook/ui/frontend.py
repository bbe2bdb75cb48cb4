"""What the workspace asks of the studio (see :class:`flowbook.workspace.frontend.Frontend`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowbook.ui.editor.editor import Editor
    from flowbook.ui.studio import Studio
    from flowbook.workspace import Run, Workspace
    from flowbook.workspace.rescuing import Given


def studio(workspace: Workspace) -> Studio:
    """The four tabs."""
    from flowbook.ui.studio import Studio

    return Studio(workspace)


def editor(workspace: Workspace, name: str) -> Editor:
    """The editor of a stored workflow, or of a file. Raises NotFound, and what reading a file raises."""
    from flowbook.ui.editor.editor import Editor
    from flowbook.ui.editor.home import FileHome
    from flowbook.workspace.reading import is_path

    return Editor(workspace, name, home=FileHome(workspace, Path(name)) if is_path(name) else None)


def show_run(run: Run) -> None:
    """Display a run that is going on in the current cell, and keep it up to date."""
    from flowbook.ui.runs.live import show

    show(run)


def show_rescue(given: Given) -> None:
    """Display what a cell gives in the place of a node, with **Continue**."""
    from flowbook.ui.runs.rescue_panel import RescuePanel

    RescuePanel(given).display()
