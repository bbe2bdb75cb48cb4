"""A workflow as the elements that a drawing is made of, without an editor around it."""

from __future__ import annotations

from collections.abc import Callable

from flowbook.catalog import Folder
from flowbook.errors import FlowbookError, NotFound
from flowbook.models import Workflow
from flowbook.view.graph.badges import badge
from flowbook.view.graph.drawing import svg
from flowbook.view.graph.elements import Badge, Elements, listed
from flowbook.view.graph.showing import elements_of


def elements_for(workflow: Workflow, find: Callable[[str], Folder]) -> Elements:
    """What :func:`flowbook.view.graph.drawing.svg` draws of ``workflow``; nodes without a place are arranged.

    ``find`` gives an integration folder by its name; where it cannot, the nodes get a badge all the same.
    """

    def badge_of(folder: str) -> Badge:
        try:
            return badge(folder, find(folder).icon)
        except FlowbookError:
            return badge(folder)  # the folder of a run that is long past may be gone

    shown = elements_of(workflow, badge_of, {})
    for id, node in shown["nodes"].items():
        if id not in workflow.layout:
            del node["x"], node["y"]
    return listed(shown)


def picture_of(workflow: Workflow) -> dict[str, str]:
    """A workflow's graph as what a notebook displays, without a script, and as text."""
    text = repr(workflow)
    if not workflow.nodes:
        return {"text/plain": text}

    def none(folder: str) -> Folder:
        raise NotFound("integration folder", folder)

    return {"image/svg+xml": svg(elements_for(workflow, none)), "text/plain": text}
