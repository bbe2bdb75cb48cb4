"""What a person has turned to: it is selected on the canvas, shown in the inspector and in the run panel."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Literal

from flowbook.ui.canvas.canvas import Canvas
from flowbook.ui.editor.arrangement import Arrangement
from flowbook.ui.editor.edge_form import EdgeForm
from flowbook.ui.editor.editing import Editing
from flowbook.ui.editor.inspector import Inspector
from flowbook.ui.editor.note_form import NoteForm
from flowbook.ui.runs.live import RunPanel

REVEAL_AFTER = 0.45  # seconds: longer than a double click takes
NONE: Mapping[str, list[str]] = {"nodes": [], "edges": [], "notes": []}


class Selecting:
    """Keeps canvas, inspector and run panel at the same node, connection or note."""

    def __init__(
        self, editing: Editing, places: Arrangement, canvas: Canvas, inspector: Inspector, panel: RunPanel
    ) -> None:
        self._editing, self._places = editing, places
        self._canvas, self._inspector, self._panel = canvas, inspector, panel
        self._about = ("", "")  # the group and id of the connection or note that the inspector shows
        self._revealing = threading.Timer(REVEAL_AFTER, lambda: None)

    def node(self, node: str) -> None:
        """Select a node and show it in the inspector."""
        if node not in self._editing.workflow.nodes:
            return  # of a run whose node has been deleted meanwhile
        self._canvas.select([node])
        self.take({"nodes": [node]})
        self._reveal_node(node)

    def all_of_it(self) -> None:
        """Show on the canvas what was selected here."""
        chosen = self._editing.selected
        self._canvas.select(chosen["nodes"], notes=chosen["notes"])
        self.take(chosen)

    def take(self, payload: Mapping[str, Any]) -> None:
        """Show what was selected on the canvas."""
        chosen = {group: list(payload.get(group, ())) for group in NONE}
        self._editing.selected = chosen
        only = [(group, ids[0]) for group, ids in chosen.items() if ids] if sum(map(len, chosen.values())) == 1 else []
        group, id = only[0] if only else ("", "")
        if group in ("edges", "notes"):
            self._show_form(group, id)
        elif group or not self._still_about():
            nodes = chosen["nodes"]
            self._show_node(nodes[0] if len(nodes) == 1 else "")
        self._panel.select(self._inspector.node)

    def edge(self, id: str) -> None:
        """Show a connection in the inspector."""
        self._show_form("edges", id)

    def note(self, id: str) -> None:
        """Select a note, show it in the inspector, and go on in its text."""
        self._canvas.select(notes=[id])
        self._editing.selected = {"nodes": [], "edges": [], "notes": [id]}
        self._show_form("notes", id)
        if isinstance(self._inspector.form, NoteForm):
            self._inspector.form.focus()

    def opened(self, payload: Mapping[str, Any]) -> None:
        """A node, connection or note was double-clicked."""
        kind, id = payload.get("kind"), str(payload["id"])
        if kind == "node":
            self.take({"nodes": [id]})
        elif kind == "edge":
            self.edge(id)
        elif id in self._editing.workflow.notes:
            self.note(id)

    def place(self, place: str) -> None:
        """Select the node, or show the edge ("a→b"), that a problem is about."""
        if place in self._editing.workflow.nodes:
            self._canvas.focus_node(place)
            self.take({"nodes": [place]})
            return
        source, _, target = place.partition("→")
        for edge in self._editing.elements["edges"]:
            if (edge["source"], edge["target"]) == (source, target):
                self.edge(edge["id"])
                return

    def edited(self) -> None:
        """Show what is selected as it is after an edit."""
        form = self._inspector.form
        if form is not None and not form.there:
            self._inspector.leave_form()
        self._inspector.refresh()
        self._show_side()

    def close(self) -> None:
        """Stop what waits."""
        self._revealing.cancel()

    def _show_node(self, node: str) -> None:
        before = self._inspector.node
        if node != before or self._inspector.form is not None:
            self._inspector.select(node)
            self._places.to_top()
        if node:
            self._places.give_way()
        self._show_side()
        if node and node != before:
            self._reveal_node(node)

    def _show_form(self, group: str, id: str) -> None:
        self._places.give_way()
        if self._inspector.form is not None and self._about == (group, id):
            return
        self._about = (group, id)
        editing = self._editing
        done = self._done
        if group == "edges":
            self._inspector.show_form(EdgeForm(editing, editing.edge(id), done))
        else:
            self._inspector.show_form(NoteForm(editing, id, done))
        self._places.to_top()
        self._show_side()
        form = self._inspector.form
        self._reveal_soon(id, "edge" if group == "edges" else "note", lambda: self._inspector.form is form)

    def _done(self) -> None:
        self._inspector.leave_form()
        self._show_side()

    def _still_about(self) -> bool:
        """Whether what the inspector shows has only another id: no view has that selected, and a person is at it."""
        group, id = self._about
        form = self._inspector.form
        return form is not None and form.there and all(one["id"] != id for one in self._editing.elements[group])

    def _show_side(self) -> None:
        self._places.show_inspector(bool(self._inspector.node) or self._inspector.form is not None)

    def _reveal_node(self, node: str) -> None:
        self._reveal_soon(node, "node", lambda: self._inspector.node == node)

    def _reveal_soon(self, id: str, group: Literal["node", "edge", "note"], still: Callable[[], bool]) -> None:
        """Bring what was selected into sight: it may be new, half outside, or behind the inspector that has just come.

        Not at once, or the second click of a double click would miss it.
        """

        def reveal() -> None:
            if still():
                self._canvas.reveal(id, group)

        self._revealing.cancel()
        self._revealing = threading.Timer(REVEAL_AFTER, reveal)
        self._revealing.daemon = True
        self._revealing.start()
