"""A file of the person's own machine, chosen in the browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets

from flowbook.ui.parts.files import widget
from flowbook.ui.parts.ordering import OwnWidget


class FileChoice(OwnWidget):
    """A button that asks for a file, and beside it the ``name`` of the one that was chosen.

    ``chosen(name, content)`` hears of each. The content comes as a message and stays out of the widget's state, which a
    notebook may be saved with.
    """

    _esm = widget("parts/file_choice.js")

    label = traitlets.Unicode().tag(sync=True)
    accept = traitlets.Unicode().tag(sync=True)
    name = traitlets.Unicode().tag(sync=True)

    def __init__(self, label: str, accept: str, chosen: Callable[[str, bytes], object]) -> None:
        super().__init__(label=label, accept=accept)
        self._chosen = chosen
        self.on_msg(self._receive)

    def _receive(self, _widget: Any, content: Any, buffers: Any) -> None:
        if not isinstance(content, dict) or content.get("kind") != "file" or not buffers:
            return
        self.name = str(content.get("name") or "")
        self._chosen(self.name, bytes(buffers[0]))
