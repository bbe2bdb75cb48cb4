"""What the workspace asks of the studio (see :class:`flowbook.workspace.frontend.Frontend`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flowbook.ui.editor.editor import Editor
    from flowbook.ui.studio import Studio
    from flowbook.workspace import Run, Workspace


def studio(workspace: Workspace) -> Studio:
    """The four tabs."""
    from flowbook.ui.studio import Studio

    return Studio(workspace)


def editor(workspace: Workspace, name: str) -> Editor:
    """The editor of a stored workflow. Raises NotFound."""
    from flowbook.ui.editor.editor import Editor

    return Editor(workspace, name)


def show_run(run: Run) -> None:
    """Display a run that is going on in the current cell, and keep it up to date."""
    from flowbook.ui.runs.live import show

    show(run)
