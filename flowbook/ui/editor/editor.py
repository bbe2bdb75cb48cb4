"""The graph editor of one workflow: toolbar, palette, canvas, inspector."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from flowbook.edits import Place, become
from flowbook.errors import Conflict, FlowbookError
from flowbook.events import Event
from flowbook.models import Workflow
from flowbook.ui.canvas.canvas import Canvas
from flowbook.ui.canvas.chooser import Chooser
from flowbook.ui.canvas.running import LiveStatus
from flowbook.ui.editor.conflict import ConflictPanel
from flowbook.ui.editor.editing import Editing
from flowbook.ui.editor.files_panel import ExportPanel, ImportPanel
from flowbook.ui.editor.inspector import Inspector, Part
from flowbook.ui.editor.panels import AddNode, EdgeForm, Inputs, NoteForm, Problems, RunInputs, Versions
from flowbook.ui.editor.toolbar import Toolbar
from flowbook.ui.parts.holding import dispose, swap
from flowbook.ui.parts.picker import Picker, palette_groups
from flowbook.ui.parts.theme import Message, Tone, column, framed, row, sentence, show, status_tone
from flowbook.ui.runs.live import RunPanel
from flowbook.view.graph.drawing import outline, svg
from flowbook.view.wording import duration
from flowbook.workspace import Run, Workspace

REVEAL_AFTER = 0.45  # seconds: longer than a double click takes
HEIGHT = "clamp(500px, 60vh, 640px)"  # of the canvas and what stands beside it; vh: of the window's height
EMPTY = "Drag a task onto the canvas, or press Add Node."


class Editor:
    """The editor of one workflow; display it, or put ``widget`` inside :func:`flowbook.ui.parts.theme.framed`.

    ``workflow`` is one that is not stored yet. ``on_saved`` hears of every saving, and of a change of the name.
    Nothing waits for a browser: without one, a notebook keeps the static drawing of the graph.
    """

    def __init__(
        self,
        workspace: Workspace,
        name: str,
        *,
        workflow: Workflow | None = None,
        on_saved: Callable[[], object] = lambda: None,
    ) -> None:
        self.workspace = workspace
        stored = (workflow, 0) if workflow is not None else workspace.workflow_with_revision(name)
        self.editing = Editing(workspace, *stored)
        self.run: Run | None = None
        self._on_saved = on_saved
        self._framed: Any = None
        self.drawer: Any = None
        self._about = ("", "")  # the group and id of what the form of a connection or a note is about
        self._refused = False
        self._revealing = threading.Timer(REVEAL_AFTER, lambda: None)
        self.message = Message()
        self.canvas = Canvas(self.editing.elements, height=HEIGHT, hint=EMPTY)
        self.status = LiveStatus(self.canvas, self._run_ended, lambda: self.editing.workflow)
        self.inspector = Inspector(self.editing, self.run_part)
        self.palette = Picker("Tasks", self.add_task, draggable=True, empty="There are no integration folders yet.")
        self.chooser = Chooser(self.add_task)
        self.toolbar = Toolbar(self._commands())
        self._drawer_box = column(name="fb-drawer")
        self.panel = RunPanel(workspace)
        self.panel.on_select(self.select_node)
        self.below = column(self.panel.widget, name="fb-below")
        show(self.below, False)
        self.widget = column(
            self.toolbar.widget, column(self.message, name="fb-told"), self._drawer_box, self._workbench(), self.below,
            name="fb-editor",
        )  # fmt: skip
        self._wire()
        self.refresh()

    def __repr__(self) -> str:
        return f"<Editor of {self.editing.workflow.name}{', not saved' if self.editing.dirty else ''}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        self._framed = self._framed or framed(self.widget)
        bundle: dict[str, Any] = dict(self._framed._repr_mimebundle_(**kwargs) or {})
        elements, status = self.canvas.elements, self.canvas.status
        return {**bundle, "text/plain": outline(elements, status), "image/svg+xml": svg(elements, status)}

    @property
    def name(self) -> str:
        """The workflow's name."""
        return self.editing.workflow.name

    def refresh(self) -> None:
        """Show the integration folders and integrations that there are now."""
        groups = palette_groups(
            self.workspace.integration_folders(), {one.type for one in self.workspace.integrations()}
        )
        count = sum(len(group["items"]) for group in groups)
        self.palette.show(groups, placeholder=f"Search {count} tasks")
        self._edited()
        self._show_problems()

    def close(self) -> None:
        """Take the editor off every page; a run that goes on is not touched."""
        self._revealing.cancel()
        self.editing.close()
        dispose(self._framed or self.widget)
        self.panel.close()
        self.canvas.close()

    # -- how it is put together ------------------------------------------------------------------------------------

    def _workbench(self) -> Any:
        left = column(self.palette.widget, name="fb-side-left")
        stage = column(self.canvas.widget, self.chooser.widget, name="fb-stage")
        self._side = column(self.inspector.widget, name="fb-side-right")
        show(self._side, False)
        bench = row(left, stage, self._side, name="fb-workbench")
        bench.layout.height = HEIGHT
        return bench

    def _commands(self) -> Mapping[str, Callable[[], object]]:
        return {
            "run": self.start, "cancel": self.cancel, "save": self.save, "add": self.add_node, "note": self.add_note,
            "undo": self.undo, "redo": self.redo, "layout": self.canvas.arrange, "fit": self.canvas.fit,
            "inputs": lambda: self.open(Inputs(self.editing, self.close_panel)),
            "problems": lambda: self.open(Problems(self.editing, self.close_panel, self.show_place)),
            "versions": lambda: self.open(Versions(self.editing, self.close_panel)),
            "import": self.import_file,
            "export": lambda: self.open(ExportPanel(self.workspace, self.editing.workflow, self.close_panel)),
        }  # fmt: skip

    def _wire(self) -> None:
        self.editing.on_canvas(self.canvas.patch)
        self.editing.on_edit(self._edited)
        self.editing.on_problems(self._show_problems)
        on: Mapping[str, Callable[[dict[str, Any]], object]] = {
            "connect": lambda p: self.editing.connect(str(p["source"]), str(p["target"])),
            "extend": lambda p: self.chooser.ask(p, self.palette.groups),
            "delete": lambda p: self.editing.delete(p.get("nodes", ()), p.get("edges", ()), p.get("notes", ())),
            "move": lambda p: self.editing.move(p.get("positions", {}), p.get("notes", {})),
            "drop": lambda p: self.add_task(str(p["task"]), (float(p["x"]), float(p["y"]))),
            "background": lambda p: self.add_node(),
            "select": self._selected,
            "edge": lambda p: self._open_edge(str(p["id"])),
            "open": self._opened,
            "key": self._key,
        }
        for intent, handler in on.items():
            self.canvas.on(intent, self._refusable(handler))
        self._drawer_box.layout.display = "none"

    def _refusable(self, handler: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], object]:
        def handle(payload: dict[str, Any]) -> None:
            try:
                handler(payload)
            except FlowbookError as error:
                self._tell_refusal(error)

        return handle

    def _tell_refusal(self, error: FlowbookError) -> None:
        """Say on the canvas why something was refused; which workflow it is about is to be seen."""
        self.canvas.tell(sentence(str(error).removeprefix(f"{self.name}: ")))

    # -- panels ----------------------------------------------------------------------------------------------------

    def open(self, panel: Any) -> None:
        """Open a panel below the toolbar in place of the one that is open."""
        self.drawer = panel
        swap(self._drawer_box, panel.widget)
        show(self._drawer_box, True)

    def close_panel(self) -> None:
        """Close the panel."""
        self.drawer = None
        swap(self._drawer_box)
        show(self._drawer_box, False)

    def say(self, text: str, tone: Tone = "info") -> None:
        """Say something below the toolbar; "" takes it away."""
        self.message.say(text, tone)

    # -- edits -----------------------------------------------------------------------------------------------------

    def add_node(self) -> None:
        """Open the form of **Add Node**."""
        self.open(AddNode(self.editing, self.close_panel, self.select_node))

    def add_task(self, task: str, at: Place | None = None, after: str = "") -> None:
        """Add a node for a task, connected to the one that it comes ``after``, and select it."""
        try:
            self.select_node(self.editing.add_task(task, at, after=after))
        except FlowbookError as error:
            self._tell_refusal(error)
        if after:  # the list of tasks, which had the keyboard, has gone
            self.canvas.take_keyboard()

    def add_note(self) -> None:
        """Put a note on the canvas and open it."""
        self._open_note(self.editing.add_note())

    def undo(self) -> None:
        """Take the last step back."""
        if self.editing.undo() is None:
            self.canvas.tell("There is nothing to undo.", "info")

    def redo(self) -> None:
        """Do again what was undone."""
        if self.editing.redo() is None:
            self.canvas.tell("There is nothing to redo.", "info")

    def import_file(self) -> None:
        """Open the form that replaces the whole workflow by a file's."""
        detail = "It replaces what is in the editor; that can be undone."
        self.open(ImportPanel(self.workspace, self.close_panel, self._take, detail))

    def _take(self, workflow: Workflow) -> None:
        self.editing.do(become(workflow, "Import"))
        self.canvas.fit()

    def show_place(self, place: str) -> None:
        """Select the node, or open the edge ("a→b"), that a problem is about."""
        if place in self.editing.workflow.nodes:
            self.canvas.focus_node(place)
            self._selected({"nodes": [place], "edges": [], "notes": []})
            return
        source, _, target = place.partition("→")
        for edge in self.editing.elements["edges"]:
            if (edge["source"], edge["target"]) == (source, target):
                self._open_edge(edge["id"])
                return

    def select_node(self, node: str) -> None:
        """Select a node and show it in the inspector."""
        if node not in self.editing.workflow.nodes:
            return  # of a run whose node has been deleted meanwhile
        self.canvas.select([node])
        self._selected({"nodes": [node], "edges": [], "notes": []})
        self._reveal_soon(node)

    def _selected(self, payload: Mapping[str, Any]) -> None:
        self.editing.selected = {group: list(payload.get(group, ())) for group in ("nodes", "edges", "notes")}
        nodes = self.editing.selected["nodes"]
        before, node = self.inspector.node, nodes[0] if len(nodes) == 1 else ""
        if node != before:
            self.inspector.select(node)
        show(self._side, bool(node))
        if node and node != before:
            self._reveal_soon(node)
        self.panel.select(self.inspector.node)
        self._close_what_was_left()

    def _close_what_was_left(self) -> None:
        """Close the form of a connection or a note once a person has turned to something else."""
        if isinstance(self.drawer, (EdgeForm, NoteForm)):
            group, id = self._about
            left = id not in self.editing.selected[group]
            if left and any(one["id"] == id for one in self.editing.elements[group]):
                self.close_panel()

    def _reveal_soon(self, node: str) -> None:
        """Bring a node into sight: it may be new, half outside, or behind the inspector that has just come.

        Not at once, or the second click of a double click would miss it.
        """

        def reveal() -> None:
            if self.inspector.node == node:
                self.canvas.reveal(node)

        self._revealing.cancel()
        self._revealing = threading.Timer(REVEAL_AFTER, reveal)
        self._revealing.daemon = True
        self._revealing.start()

    def _open_edge(self, id: str) -> None:
        self.open(EdgeForm(self.editing, self.editing.edge(id), self.close_panel))
        self._about = ("edges", id)

    def _opened(self, payload: Mapping[str, Any]) -> None:
        kind, id = payload.get("kind"), str(payload["id"])
        if kind == "node":
            self._selected({"nodes": [id]})
        elif kind == "edge":
            self._open_edge(id)
        elif id in self.editing.workflow.notes:
            self._open_note(id)

    def _open_note(self, id: str) -> None:
        self.open(NoteForm(self.editing, id, self.close_panel))
        self._about = ("notes", id)

    def _key(self, payload: Mapping[str, Any]) -> None:
        at = (float(payload.get("x", 0.0)), float(payload.get("y", 0.0)))
        known: Mapping[str, Callable[[], object]] = {
            "undo": self.undo, "redo": self.redo, "save": self.save, "run": self.start, "copy": self._copy,
            "cut": self.editing.cut, "paste": lambda: self._show_selection(self.editing.paste(at)),
            "duplicate": lambda: self._show_selection(self.editing.duplicate()),
        }  # fmt: skip
        action = known.get(str(payload.get("name")))
        if action is not None:
            action()

    def _copy(self) -> None:
        count = self.editing.copy()
        if count:
            self.canvas.tell(f"Copied {count} thing{'' if count == 1 else 's'}.", "info")

    def _show_selection(self, _nodes: list[str]) -> None:
        chosen = self.editing.selected
        self.canvas.select(chosen["nodes"], notes=chosen["notes"])
        self._selected(chosen)

    def _edited(self) -> None:
        history = self.editing.history
        self.toolbar.show_state(self.name, self.editing.dirty, history.undo_label, history.redo_label)
        if isinstance(self.drawer, (EdgeForm, NoteForm)) and not self.drawer.there:
            self.close_panel()
        self.inspector.refresh()
        show(self._side, bool(self.inspector.node))

    def _show_problems(self) -> None:
        problems = self.editing.problems
        errors = sum(problem.severity == "error" for problem in problems)
        self.toolbar.show_problems(errors, len(problems) - errors)
        if self._refused and not errors:
            self._refused = False
            self.say("")
        self.inspector.show_problems()
        if isinstance(self.drawer, (Problems, EdgeForm)):
            self.drawer.show_problems()

    # -- storing ---------------------------------------------------------------------------------------------------

    def save(self) -> bool:
        """Store the workflow; whether that was done. A newer revision is shown with the choice there is."""
        try:
            self.editing.save()
        except Conflict:
            self.open(ConflictPanel(self))
            return False
        except FlowbookError as error:
            self.message.fail(error)
            return False
        self.saved()
        return True

    def saved(self) -> None:
        """Say that it was stored."""
        self.say("")
        self.canvas.tell("Saved.", "success")
        self._on_saved()

    # -- running ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """**▶ Run**: show what is wrong, or ask for the inputs when there are any, then run what is in the editor."""
        self.editing.validate()
        errors = [problem for problem in self.editing.problems if problem.severity == "error"]
        if errors:
            count = "a problem" if len(errors) == 1 else f"{len(errors)} problems"
            self._refused = True
            self.say(f"It cannot run: there {'is' if len(errors) == 1 else 'are'} {count}.", "error")
            self.open(Problems(self.editing, self.close_panel, self.show_place))
        elif self.editing.workflow.inputs:
            last = self.inspector.last_inputs
            self.open(RunInputs(self.editing, last, self.close_panel, lambda values: self._start(values)))
        else:
            self._start({})

    def run_part(self, part: Part, node: str) -> None:
        """Run one node alone, or up to it, with the last run's inputs."""
        inputs = self.editing.workflow.inputs
        last = {n: v for n, v in self.inspector.last_inputs.items() if n in inputs and not inputs[n].secret}
        missing = [n for n, one in inputs.items() if one.required and one.default is None and n not in last]
        if missing:
            self.open(RunInputs(self.editing, last, self.close_panel, lambda values: self._start(values, part, node)))
        else:
            self._start(last, part, node)

    def _start(self, inputs: Mapping[str, Any], part: Part | None = None, node: str = "") -> None:
        if self.run is not None and self.run.status == "running":
            self.say("It is running already. Cancel it first, or wait until it is over.", "warning")
            return
        self.say("")
        to, only = (node if part == "to" else None), (node if part == "only" else None)
        self.toolbar.show_running(True)
        try:
            self.run = self.workspace.start(self.editing.workflow, inputs, to=to, only=only, watch=self.status.notice)
        except FlowbookError as error:
            self.toolbar.show_running(False)
            self.message.fail(error)
            self.editing.validate()
            return
        self.panel.follow(self.run)
        show(self.below, True)
        self.panel.reveal()

    def cancel(self) -> None:
        """Cancel the run that goes on."""
        if self.run is not None:
            self.run.cancel()

    def _run_ended(self, event: Event) -> None:
        self.toolbar.show_running(False)
        status, message = getattr(event, "status", ""), getattr(event, "message", "")
        self.say(
            f"Run {status} in {duration(getattr(event, 'seconds', 0.0))}. {sentence(message)}".strip(),
            status_tone(status),
        )
        self.inspector.reload_values()
