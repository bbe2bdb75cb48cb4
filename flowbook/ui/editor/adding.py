"""How nodes come in: from the palette, from the list of tasks on the canvas, and by what people call a way to steer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flowbook.counting import counted
from flowbook.edits import Place
from flowbook.errors import FlowbookError
from flowbook.ui.canvas.canvas import Canvas
from flowbook.ui.canvas.chooser import Chooser
from flowbook.ui.editor import curl_paste, steering
from flowbook.ui.editor.curl_paste import Pasted
from flowbook.ui.editor.edge_form import EdgeForm
from flowbook.ui.editor.editing import Editing
from flowbook.ui.editor.inspector import Inspector
from flowbook.ui.editor.palette import palette_groups
from flowbook.ui.editor.selecting import Selecting
from flowbook.ui.editor.steering import Way
from flowbook.ui.parts.picker import Group, Picker

_OFFERED: Mapping[str, tuple[steering.Kind, ...]] = {
    "after": ("node", "line", "setting"), "between": ("node", "line"), "alone": ("node",),
}  # fmt: skip
"""The kinds of ways to steer that the list of tasks on the canvas offers, by where it comes up."""

_LINES = "Draw a line from “{node}” to each way on, and click a line to give it its condition."


class Adding:
    """The palette, the list of tasks where a line ended, and what a pick in them does.

    ``refused(error)`` hears why something cannot be added, ``called()`` that the palette is wanted where it is not to
    be seen, ``open_panel(name)`` of a panel that a way to steer leads to.
    """

    def __init__(
        self,
        editing: Editing,
        canvas: Canvas,
        refused: Callable[[FlowbookError], object],
        called: Callable[[], object] = lambda: None,
        open_panel: Callable[[str], object] = lambda name: None,
    ) -> None:
        self._open_panel = open_panel
        self._editing, self._canvas, self._refused = editing, canvas, refused
        self._inspector: Inspector
        self._selecting: Selecting
        self._all: list[Group] = []
        self._some: dict[str, list[Group]] = {}
        self.palette = Picker(
            "Tasks", self.pick, on_called=called, draggable=True, called=True,
            empty="There are no integration folders yet.",
        )  # fmt: skip
        self.chooser = Chooser(self.pick)

    def show_in(self, inspector: Inspector, selecting: Selecting) -> None:
        """Have what is added selected and shown there."""
        self._inspector, self._selecting = inspector, selecting

    def refresh(self) -> None:
        """List the integration folders, integrations and recently used tasks that there are now."""
        workspace = self._editing.workspace
        folders = workspace.listed_folders()
        in_use = {one.type for one in workspace.integrations()}
        recent = workspace.recent_tasks.names()
        self._all = palette_groups(folders, in_use, recent)
        self._some = {name: palette_groups(folders, in_use, recent, kinds) for name, kinds in _OFFERED.items()}
        tasks = {item["id"] for group in self._all for item in group["items"] if steering.way(item["id"]) is None}
        self.palette.show(self._all, placeholder=f"Search {counted(len(tasks), 'task')}")

    def ask(self, payload: Mapping[str, Any]) -> None:
        """Ask for what follows a node, where a line ended, or for what stands alone."""
        self.chooser.ask(payload, self._some["after" if payload.get("source") else "alone"])

    def ask_between(self, payload: Mapping[str, Any], edge: str) -> None:
        """Ask for what comes into a line."""
        source, target, _ = self._editing.edge(edge)
        said = f"Add between {source} and {target}"
        self.chooser.ask(payload, self._some["between"], lambda item: self.pick(item, into=edge), said=said)

    def ask_instead(self, payload: Mapping[str, Any], node: str, chosen: Callable[[str], object]) -> None:
        """Ask for the task that a node is to have in place of its own; ``chosen(task)`` hears of it."""
        self.chooser.ask(payload, self._some["alone"], chosen, said=f"Replace the task of {node} by")

    def pick(self, id: str, at: Place | None = None, after: str = "", into: str = "") -> None:
        """Do what an item stands for: add a node for a task, or steer."""
        way = steering.way(id)
        if way is None:
            self.add_task(id, at, after, into)
        elif way.kind == "node":
            before = self._editing.edge(into)[0] if into else after or self._selected("nodes")
            self.add_task(way.gives, at, after, into, **way.fields(before))
        elif way.kind == "page":
            self.palette.explain(way.gives)
        elif way.kind == "panel":
            self._open_panel(way.gives)
        elif way.follows and after:
            self.add_task(way.follows, at, after, **way.fields(after))
        elif way.kind == "setting":
            self._set(way, after)
        elif into:
            self._open_condition(into)
        else:
            self._condition(way, at, after)

    def add_task(self, task: str, at: Place | None = None, after: str = "", into: str = "", **fields: Any) -> str:
        """Add a node for a task and select it; "" if it is refused.

        It is connected to the one that it comes ``after``, or put ``into`` a line, given by its id on the canvas.
        """
        id = ""
        try:
            id = self._editing.add_task(task, at, after=after, into=into, **fields)
            self.added(id)
        except FlowbookError as error:
            self._refused(error)
        if after or into:  # the list of tasks, which had the keyboard, has gone
            self._canvas.take_keyboard()
        return id

    def added(self, node: str) -> None:
        """Select a new node, show what it needs first, and list its task among the recently used."""
        self._editing.workspace.recent_tasks.note([self._editing.workflow.nodes[node].task])
        self._editing.fresh = node
        self.refresh()
        self._inspector.open_tab("Params")
        self._selecting.node(node)

    def curl(self, text: str, at: Place) -> None:
        """Add a node for a curl command that was pasted at a place."""
        self._told(curl_paste.add(self._editing, text, at))

    def fill_by_curl(self, node: str, text: str) -> None:
        """Give a node the params of a curl command that was pasted into its form."""
        try:
            self._told(curl_paste.fill(self._editing, node, text))
        except FlowbookError as error:
            self._refused(error)

    def _told(self, pasted: Pasted) -> None:
        self.added(pasted.node)
        self._canvas.tell(pasted.said, "success" if pasted.complete else "warning")

    # -- ways to steer ---------------------------------------------------------------------------------------------

    def _set(self, way: Way, node: str) -> None:
        """Open the setting of a node, or the selected one, or say that it is one."""
        node = node or self._selected("nodes")
        if not node:
            self._canvas.tell(f"“{way.label}” is a setting of a node. Select the node first.", "info")
            return
        self._selecting.node(node)
        self._inspector.open_setting(way.gives)

    def _condition(self, way: Way, at: Place | None, after: str) -> None:
        """Open the condition of the selected line, or of one that leaves the selected node; else add where to begin,
        as where something is asked for that comes ``after`` a node.
        """
        edge = "" if after else self._selected("edges") or self._line_from(self._selected("nodes"))
        if edge:
            self._open_condition(edge)
            return
        label = way.label.partition(":")[0]
        node = self.add_task("core.noop", at, after or self._selected("nodes"), label=label)
        if node:
            self._canvas.tell(_LINES.format(node=label), "info")

    def _open_condition(self, edge: str) -> None:
        self._canvas.select(edges=[edge])
        self._selecting.take({"edges": [edge]})
        form = self._inspector.form
        if isinstance(form, EdgeForm):
            form.focus("when")

    def _line_from(self, node: str) -> str:
        """The id of the first line from a node, one without a condition before the others; "" when there is none."""
        lines = [edge for edge in self._editing.elements["edges"] if edge["source"] == node]
        flow = self._editing.workflow
        taken = {(edge.source, edge.target, edge.on) for edge in flow.edges if edge.when is not None}
        bare = [edge for edge in lines if self._editing.edge(edge["id"]) not in taken]
        return str((bare or lines)[0]["id"]) if lines else ""

    def _selected(self, group: str) -> str:
        """The one that is selected of a group; "" when there are none or several."""
        ids = self._editing.selected[group]
        return ids[0] if len(ids) == 1 else ""
