"""Data as a person looks at it: a tree, a table or its schema, drawn as in a run panel."""

from __future__ import annotations

from typing import Any

import traitlets

from flowbook.results import Omitted
from flowbook.ui.parts.files import widget
from flowbook.ui.parts.ordering import OwnWidget
from flowbook.ui.runs.run_styles import run_stylesheet
from flowbook.view.preview import preview


class _DataWidget(OwnWidget):
    _esm = widget("runs/data_view.js")
    _css = run_stylesheet()

    label = traitlets.Unicode().tag(sync=True)
    shown = traitlets.Dict().tag(sync=True)
    tree = traitlets.Dict().tag(sync=True)


class DataView:
    """Shows one value; the tree of what is a table is made when a person asks for it."""

    def __init__(self, label: str) -> None:
        self._data: Any = None
        self.widget = _DataWidget(label=label)
        self.widget.on_msg(self._receive)

    def show(self, data: Any) -> None:
        """Show a value; None shows nothing."""
        self._data = data
        with self.widget.hold_sync():
            self.widget.shown, self.widget.tree = preview(data) or {}, {}

    def show_omitted(self, omitted: Omitted) -> None:
        """Show why there is no value, and how it began."""
        self._data = None
        with self.widget.hold_sync():
            self.widget.shown = {"kind": "note", "why": omitted["why"], "text": omitted["preview"]}
            self.widget.tree = {}

    def _receive(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if isinstance(content, dict) and content.get("kind") == "look":
            self.widget.tree = preview(self._data, tree=True) or {}
