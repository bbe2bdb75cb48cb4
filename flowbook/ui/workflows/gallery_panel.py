"""The gallery: ready workflows as cards with a picture, each stored by one click."""

from __future__ import annotations

import base64
from collections.abc import Callable
from html import escape
from typing import Any

import ipywidgets

from flowbook.catalog import Folder
from flowbook.errors import FlowbookError
from flowbook.gallery import Template, add, load, templates
from flowbook.ui.editor.files_panel import free_workflow_name
from flowbook.ui.parts.theme import Heading, Message, button, column
from flowbook.view.graph.drawing import svg
from flowbook.view.graph.picturing import elements_for
from flowbook.workspace import Workspace

_EXPLAINED = "Ready workflows to begin with. What they are connected to is chosen in the editor."
_CARD = "border:1px solid var(--jp-border-color2,#e0e0e0);border-radius:8px;overflow:hidden;background:#fff"


class GalleryPanel:
    """``on_added(name)`` is told which workflow was stored; ``close``, if given, is what its **Close** button does."""

    def __init__(
        self, workspace: Workspace, on_added: Callable[[str], None], close: Callable[[], object] | None = None
    ) -> None:
        self._workspace, self._on_added = workspace, on_added
        self.message = Message()
        self.buttons: dict[str, Any] = {}
        cards = ipywidgets.GridBox(
            [self._card(template) for template in templates()],
            layout=ipywidgets.Layout(
                grid_template_columns="repeat(auto-fill, minmax(280px, 1fr))", grid_gap="16px", width="100%"
            ),
        )
        closing = [button("Close", close)] if close is not None else []
        self.widget = column(Heading(text="Gallery", detail=_EXPLAINED), self.message, cards, *closing)

    def use(self, name: str) -> None:
        """Store the workflow ``name``, with a number behind its name when that is taken, and tell who listens."""
        taken = [one.name for one in self._workspace.workflows()]
        try:
            stored = add(self._workspace, name, stored_as=free_workflow_name(name, taken))
        except FlowbookError as error:
            self.message.fail(error)
            return
        self._on_added(stored[0])

    def _card(self, template: Template) -> Any:
        use = button("Use this", lambda: self.use(template.name), tooltip=f"Store “{template.title}” and open it")
        self.buttons[template.name] = use
        card = ipywidgets.VBox([ipywidgets.HTML(card_html(template, self._workspace.integration_folder)), use])
        card.layout.justify_content = "space-between"
        return card


def card_html(template: Template, find: Callable[[str], Folder]) -> str:
    """The picture, title and description of a workflow."""
    drawing = svg(elements_for(load(template.name), find))
    coded = base64.b64encode(drawing.encode()).decode()
    return (
        f'<div style="{_CARD}"><img alt="{escape(template.title)}" src="data:image/svg+xml;base64,{coded}" '
        'style="display:block;width:100%;height:130px;object-fit:contain"></div>'
        f'<div style="font-weight:600;margin-top:6px">{escape(template.title)}</div>'
        f'<div style="line-height:1.4;opacity:.8">{escape(template.description)}</div>'
    )
