"""The one door from the workspace to the studio: what is asked of it, and the only import that goes up to it.

The studio is built on the workspace, and the workspace opens the studio when a notebook asks for it. What goes up is
asked by these protocols alone, and :func:`frontend` imports at the moment it is called, so a script loads no widgets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from flowbook.installing import check_studio

if TYPE_CHECKING:
    from flowbook.workspace.rescuing import Given
    from flowbook.workspace.run import Run
    from flowbook.workspace.workspace import Workspace


class Shown(Protocol):
    """What a notebook displays as the last value of a cell."""

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]: ...


class Studio(Shown, Protocol):
    """The four tabs of a workspace."""

    @property
    def selected(self) -> str:
        """The name of the open tab."""

    def open(self, tab: str) -> object:
        """Open a tab by its name and return it."""


class Editor(Shown, Protocol):
    """The graph editor of one workflow."""

    @property
    def name(self) -> str:
        """The workflow's name."""

    def close(self) -> None:
        """Take the editor off every page; a run that goes on is not touched."""


class Frontend(Protocol):
    """What shows a workspace to people."""

    def studio(self, workspace: Workspace) -> Studio:
        """The four tabs."""

    def editor(self, workspace: Workspace, name: str) -> Editor:
        """The editor of a stored workflow, or of a file by its path. Raises NotFound."""

    def show_run(self, run: Run) -> None:
        """Display a run that is going on in the current cell, and keep it up to date."""

    def show_rescue(self, given: Given) -> None:
        """Display what a cell gives in the place of a node, with a button that goes on with the run."""


def frontend() -> Frontend:
    """The studio. Raises FlowbookError where it is not installed."""
    check_studio("This")
    from flowbook.ui import frontend as ours  # against the arrows: .importlinter lets this one import pass

    return ours
