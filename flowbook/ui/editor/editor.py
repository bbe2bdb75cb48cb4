"""The graph editor of one workflow: toolbar, palette, canvas, inspector, and the run below."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flowbook.edits import Place, become
from flowbook.errors import Conflict, FlowbookError
from flowbook.formats.flowfile import dumps
from flowbook.models import Workflow
from flowbook.ui.canvas.canvas import Canvas
from flowbook.ui.editor.add_node import AddNode
from flowbook.ui.editor.adding import Adding
from flowbook.ui.editor.arrangement import Arrangement, Drawer
from flowbook.ui.editor.conflict import ConflictPanel
from flowbook.ui.editor.drafting import Drafting
from flowbook.ui.editor.edge_form import EdgeForm
from flowbook.ui.editor.editing import Editing
from flowbook.ui.editor.files_panel import ExportPanel, ImportPanel
from flowbook.ui.editor.gestures import Gestures
from flowbook.ui.editor.home import Home, StoredHome
from flowbook.ui.editor.inputs_panel import Inputs
from flowbook.ui.editor.inspector import Inspector, Part
from flowbook.ui.editor.last_run import LastRun
from flowbook.ui.editor.new_integration import NewIntegration, OpenedIntegration
from flowbook.ui.editor.pin_form import PinForm
from flowbook.ui.editor.problems_panel import Problems
from flowbook.ui.editor.recovery import Recovery
from flowbook.ui.editor.review import Restriction
from flowbook.ui.editor.running import Running
from flowbook.ui.editor.selecting import Selecting
from flowbook.ui.editor.toolbar import Toolbar
from flowbook.ui.editor.triggers_panel import Triggers
from flowbook.ui.editor.versions_panel import Versions
from flowbook.ui.parts.holding import dispose
from flowbook.ui.parts.showing import shown
from flowbook.ui.parts.theme import Message, Tone, displayed, framed, sentence
from flowbook.ui.runs.live import RunPanel
from flowbook.view.graph.drawing import outline, svg
from flowbook.view.titles import title_and_about
from flowbook.workspace import FileText, Run, Workspace

_FOLLOWED = "Somebody else saved this workflow just now: it is shown as they saved it."
_NOT_FOLLOWED = "Somebody else saved this workflow just now. What you changed is kept; Save asks what becomes of it."
EMPTY = "Drag a task onto the canvas, or press Add Node."


class Editor:
    """The editor of one workflow; display it, or put ``widget`` inside :func:`flowbook.ui.parts.theme.framed`.

    ``home`` is where it is kept (default: the workspace's store); ``workflow`` is one that is not there yet. What is
    not saved is kept as a draft, which the next editor of it goes on with. ``back()`` leads to the
    list of all workflows, where there is one.
    Nothing waits for a browser: without one, a notebook keeps the static drawing of the graph.
    """

    def __init__(
        self,
        workspace: Workspace,
        name: str,
        *,
        workflow: Workflow | None = None,
        home: Home | None = None,
        back: Callable[[], object] | None = None,
    ) -> None:
        self.workspace = workspace
        home = home or StoredHome(workspace, name)
        self.editing = Editing(workspace, *((workflow, 0) if workflow is not None else home.read()), home)
        self._framed: Any = None
        self.canvas = Canvas(self.editing.elements, height="100%", hint=EMPTY)
        self.inspector = Inspector(
            self.editing, self.run_part, self._write_pin, self.create_integration,
            self.edit_integration, lambda node, text: self.adding.fill_by_curl(node, text),
        )  # fmt: skip
        self.adding = Adding(
            self.editing, self.canvas, self.tell_refusal, lambda: self.places.unfold_palette(),
            lambda name: self._commands()[name](),
        )  # fmt: skip
        self.toolbar = Toolbar(self._commands(), back)
        self.panel = RunPanel(workspace)
        self.places = Arrangement(
            self.toolbar.widget, self.adding.palette.widget, (self.canvas.widget, self.adding.chooser.widget),
            self.inspector.widget, self.panel.widget, self.save,
        )  # fmt: skip
        self.selecting = Selecting(self.editing, self.places, self.canvas, self.inspector, self.panel)
        self.adding.show_in(self.inspector, self.selecting)
        self.last_run = LastRun(
            self.editing, self.places, self.toolbar, self.canvas, self.inspector, self.panel
        )  # fmt: skip
        self.running = Running(
            self.editing, self.places, self.toolbar, self.canvas, self.inspector, self.panel, self.list_problems,
            self.last_run, self.selecting.place,
        )  # fmt: skip
        self.drafting = Drafting(self.editing, self.toolbar.show_draft)
        self.recovery = Recovery(self.editing, self.drafting, self.places)
        self.restriction = Restriction(self.editing, self.places, self.open, self.close_panel, self.running.start)
        self.widget = self.places.widget
        self._wire()
        self.refresh()
        self.last_run.show_newest()
        self.recovery.begin()

    def __repr__(self) -> str:
        return f"<Editor of {self.editing.workflow.name}{', not saved' if self.editing.dirty else ''}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        self._framed = self._framed or framed(self.widget)
        shown(self)
        elements, status = self.canvas.elements, self.canvas.status
        still = {"text/plain": outline(elements, status), "image/svg+xml": svg(elements, status)}
        return displayed(self._framed, still, **kwargs)

    @property
    def name(self) -> str:
        """The workflow's name."""
        return self.editing.workflow.name

    @property
    def run(self) -> Run | None:
        """The run that was started here last."""
        return self.running.run

    @property
    def drawer(self) -> Any:
        """The panel that lies over the right side, or None."""
        return self.places.drawer

    @property
    def message(self) -> Message:
        """What is said over the canvas."""
        return self.places.message

    def refresh(self) -> None:
        """Show the integration folders and integrations that there are now, and how the last run went."""
        self.adding.refresh()
        self._edited()
        self._show_problems()
        self.last_run.look_again()

    def others_saved(self) -> None:
        """Take over what somebody else has saved of this workflow, unless something was changed here: that is said."""
        try:
            followed = self.editing.follow()
        except FlowbookError as error:  # it was deleted, say
            self.message.fail(error)
            return
        if followed is not None:
            self.say(_FOLLOWED if followed else _NOT_FOLLOWED, "info" if followed else "warning")

    def close(self) -> None:
        """Take the editor off every page; a run that goes on is not touched, and what is not saved stays a draft."""
        self.recovery.close()
        self.drafting.close()
        self.selecting.close()
        self.editing.close()
        dispose(self._framed or self.widget)
        self.inspector.close()
        self.panel.close()
        self.canvas.close()

    # -- how it is put together ------------------------------------------------------------------------------------

    def _commands(self) -> Mapping[str, Callable[[], object]]:
        return {
            "run": self.start, "rehearse": self.rehearse, "cancel": self.cancel,
            "save": self.save, "add": self.add_node, "note": self.add_note,
            "undo": self.undo, "redo": self.redo, "layout": self.canvas.arrange, "fit": self.canvas.fit,
            "inputs": lambda: self.open(Inputs(self.editing, self.close_panel)),
            "problems": self.list_problems,
            "triggers": lambda: self.open(Triggers(self.editing, self.close_panel)),
            "versions": lambda: self.open(Versions(self.editing, self.close_panel)),
            "import": self.import_file,
            "export": lambda: self.open(ExportPanel(self.workspace, self.editing.workflow, self.close_panel)),
            "show_run": self.show_run,
        }  # fmt: skip

    def _wire(self) -> None:
        self.editing.on_canvas(self.canvas.patch)
        self.editing.on_edit(self._edited)
        self.editing.on_problems(self._show_problems)
        self.editing.on_say(self.canvas.tell)
        self.panel.on_select(self.select_node)
        self.gestures = Gestures(self)

    def tell_refusal(self, error: FlowbookError) -> None:
        """Say on the canvas why something was refused; which workflow it is about is to be seen."""
        self.canvas.tell(sentence(f"{error.apart_from(self.name)} {error.hint}".rstrip()))

    # -- panels ----------------------------------------------------------------------------------------------------

    def open(self, panel: Drawer) -> None:
        """Lay a panel over the right side in place of the one that lies there."""
        self.places.open(panel)

    def close_panel(self) -> None:
        """Close the panel."""
        self.places.close()

    def create_integration(self, kind: str, node: str) -> None:
        """Open the form of a new integration of a type, which the node has from then on."""
        self.open(NewIntegration(self.editing, kind, node, self.close_panel, self.refresh))

    def edit_integration(self, name: str) -> None:
        """Open the form of an integration that there is."""
        try:
            self.open(OpenedIntegration(self.workspace, name, self.close_panel, self.refresh))
        except FlowbookError as error:
            self.message.fail(error)

    def replay(self, run: str) -> None:
        """Show a run of the history with its data in place of the last one's. Raises NotFound, StoreDamaged."""
        self.last_run.replay(run)

    def _write_pin(self, node: str, data: Any) -> None:
        self.open(PinForm(self.editing, node, data, self.close_panel))

    def list_problems(self) -> None:
        """Open the list of what is wrong."""
        self.open(Problems(self.editing, self.close_panel, self.selecting.place))

    def say(self, text: str, tone: Tone = "info") -> None:
        """Say something over the canvas; "" takes it away."""
        self.message.say(text, tone)

    # -- edits -----------------------------------------------------------------------------------------------------

    def add_node(self) -> None:
        """Open the form of **Add Node**."""
        self.open(AddNode(self.editing, self.close_panel, self.adding.added))

    def add_task(self, task: str, at: Place | None = None, after: str = "") -> None:
        """Add a node for a task, connected to the one that it comes ``after``, and select it."""
        self.adding.add_task(task, at, after)

    def add_note(self) -> None:
        """Put a note on the canvas and open it."""
        self.selecting.note(self.editing.add_note())

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
        if not self.workspace.is_trusted(FileText(dumps(workflow), workflow.name)):
            self.editing.restrict()
        self.editing.do(become(workflow, "Import"))
        self.canvas.fit()

    def select_node(self, node: str) -> None:
        """Select a node and show it in the inspector."""
        self.selecting.node(node)

    def _edited(self) -> None:
        history = self.editing.history
        title, _ = title_and_about(self.name, self.editing.workflow.description)
        self.toolbar.show_state(self.name, title, self.editing.dirty, history.undo_label, history.redo_label)
        self.panel.show_pins(id for id, node in self.editing.workflow.nodes.items() if node.pinned is not None)
        self.selecting.edited()

    def _show_problems(self) -> None:
        problems = self.editing.problems
        errors = sum(problem.severity == "error" for problem in problems)
        self.toolbar.show_problems(errors, len(problems) - errors)
        if not errors:
            self.running.mended()
        self.inspector.show_problems()
        for part in (self.drawer, self.inspector.form):
            if isinstance(part, (Problems, EdgeForm)):
                part.show_problems()

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

    # -- running ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """**▶ Run**: show what is wrong, or ask for the inputs when there are any, then run what is in the editor."""
        self.running.start()

    def rehearse(self) -> None:
        """**Dry Run**: as a run, but nothing outside is changed, and what would be is shown."""
        self.running.start(rehearse=True)

    def run_part(self, part: Part, node: str) -> None:
        """Run one node alone, or up to it, with the last run's inputs."""
        self.running.run_part(part, node)

    def cancel(self) -> None:
        """Cancel the run that goes on."""
        self.running.cancel()

    def show_run(self) -> None:
        """Bring the run panel into sight."""
        self.places.unfold_below()
        self.panel.reveal()
