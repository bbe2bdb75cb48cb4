"""The inspector: everything about the selected node, each thing changed where it stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from flowbook import edits
from flowbook.errors import FlowbookError
from flowbook.models import Node, Parameter
from flowbook.tasks import TaskSpec
from flowbook.ui.editor.behaviour_tab import BehaviourTab
from flowbook.ui.editor.edge_form import EdgeForm
from flowbook.ui.editor.editing import Editing, Subject
from flowbook.ui.editor.note_form import NoteForm
from flowbook.ui.editor.params_tab import ParamsTab
from flowbook.ui.editor.scope import Scope
from flowbook.ui.editor.values_tabs import InputTab, OutputTab
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.form_past import Late
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.holding import dispose, swap, take_out
from flowbook.ui.parts.theme import Heading, Message, TabBar, Tone, button, column, row, show
from flowbook.view.wording import problem_there
from flowbook.workspace import LastValues

TABS = ("Params", "Behaviour", "Input", "Output")
Part = Literal["only", "to"]


class Inspector:
    """What is known of one node, and the forms that change it.

    ``run_part(part, node)`` runs it alone, or up to it; ``write_pin(node, data)`` opens the form of its pinned data,
    ``create_integration(type, node)`` that of an integration it needs, ``edit_integration(name)`` that of the one that
    it has; ``curl(node, text)`` takes a curl command.
    """

    def __init__(
        self,
        editing: Editing,
        run_part: Callable[[Part, str], object],
        write_pin: Callable[[str, Any], object],
        create_integration: Callable[[str, str], object],
        edit_integration: Callable[[str], object],
        curl: Callable[[str, str], object],
    ) -> None:
        self._editing = editing
        self._node = self._filled = ""  # the node that is shown, and the one that the form of its id and label is about
        self._mine = False
        self._last = LastValues({}, {})
        self._heading = Heading()
        self._basics = Form([], title="Node")
        self._basics.widget.add_class("fb-basics")
        self._basics.on_change(self._basics_changed)
        self._basics.on_action(lambda _: edit_integration(str(self._basics.value("integration") or "")))
        self._alone = button(
            "Run This Node", lambda: run_part("only", self._node), tooltip="With the last run's inputs"
        )
        self._create = button("Create Integration", lambda: create_integration(self._folder_of(self._node), self._node))
        self._up_to = button("Run Up to Here", lambda: run_part("to", self._node))
        self.params = ParamsTab(editing, self._edit, curl)
        self.params.form.on_submit(lambda: run_part("only", self._node), "runs it", enter=False)
        self.behaviour = BehaviourTab(editing, self._edit)
        self.input = InputTab()
        self.output = OutputTab(editing.do, write_pin)
        self._pages = {
            "Params": self.params.widget, "Behaviour": self.behaviour.widget, "Input": self.input.widget,
            "Output": self.output.widget,
        }  # fmt: skip
        self._tabs = TabBar(tabs=list(TABS), selected="Params", label="The selected node")
        self._tabs.observe(lambda change: self._show_tab(), "selected")
        self._nothing = Message(text="Select a node to see and change what it does.")
        self._whole = column(
            self._heading,
            self._basics.widget,
            self._create,
            row(self._alone, self._up_to),
            self._tabs,
            *self._pages.values(),
        )
        self.form: EdgeForm | NoteForm | None = None
        self._left: EdgeForm | NoteForm | None = None  # the one that was shown before
        self._form_box = column()
        self.widget = column(self._nothing, self._whole, self._form_box, name="fb-inspector")
        self.reload_values()
        self.select("")

    @property
    def node(self) -> str:
        """The node that is shown; empty when there is none."""
        return self._node

    @property
    def last_inputs(self) -> dict[str, Any]:
        """The inputs of the last run."""
        return dict(self._last.inputs)

    def select(self, node: str) -> None:
        """Show a node; with "" none."""
        self._drop_form()
        self._node = node if node in self._editing.workflow.nodes else ""
        if self._node != self._editing.fresh:
            self._editing.fresh = ""
        self.refresh()
        show(self._whole, bool(self._node))
        show(self._nothing, not self._node)

    def show_form(self, form: EdgeForm | NoteForm) -> None:
        """Show a connection or a note in place of a node."""
        self.select("")
        self.form = form
        swap(self._form_box, form.widget)
        show(self._form_box, True)
        show(self._nothing, False)

    def leave_form(self) -> None:
        """Show the connection or note no longer."""
        self.select("")

    def _drop_form(self) -> None:
        """Show no connection or note. Its form lives until the next: a page may have to tell what was typed there."""
        if self.form is not None:
            self._left, left = self.form, self._left
            take_out(self._form_box)
            if left is not None:
                dispose(left.widget)
        self.form = None
        show(self._form_box, False)

    def close(self) -> None:
        """Close the form that is shown no longer; the others are in the page's boxes."""
        if self._left is not None:
            dispose(self._left.widget)

    def open_tab(self, name: str) -> None:
        """Open Params, Behaviour, Input or Output."""
        self._tabs.selected = name

    def pin(self, act: str, node: str) -> None:
        """**Pin**, **Edit** or **Unpin** the data of a node, which need not be the one that is shown."""
        self.output.act(act, node, self._editing.workflow.nodes[node], self._last.records.get(node))
        self.refresh()

    def open_setting(self, name: str) -> None:
        """Open the field of **Behaviour** that holds a setting, such as ``for_each``, and give it the keyboard."""
        self.open_tab("Behaviour")
        self.behaviour.form.focus(name)

    def refresh(self) -> None:
        """Show the node as it is now; called after every edit that was not made here."""
        self._node, self._filled = (self._editing.now_called(id) for id in (self._node, self._filled))
        node = self._editing.workflow.nodes.get(self._node)
        if self._mine:
            return
        if node is None:
            if self._node:
                self.select("")
            return
        self._fill_basics(node)
        self._show_tab()

    def show_problems(self) -> None:
        """Show the last validation's problems at their fields."""
        if self._node not in self._editing.workflow.nodes:
            return
        self._basics_notes()
        if self._tabs.selected == "Params":
            self.params.show_notes()
        elif self._tabs.selected == "Behaviour":
            self.behaviour.show_notes()

    @property
    def last(self) -> LastValues:
        """What the last runs gave, or the run of the history that is looked at."""
        return self._last

    def reload_values(self, run: str = "") -> None:
        """Read the last run's values again, after a run; or those of one ``run`` of the history."""
        if self._editing.restricted:  # what others' code and data would come to is not looked at unasked
            self._last = LastValues({}, {}).with_pins(self._editing.workflow)
            if self._node:
                self._show_tab()
            return
        try:
            self._last = self._editing.workspace.last_values(self._editing.workflow, run)
        except FlowbookError:
            self._last = LastValues({}, {})
        if self._node:
            self._show_tab()

    # -- id, label, task and integration -------------------------------------------------------------------------

    def _fill_basics(self, node: Node) -> None:
        spec = self._spec(node)
        about = f"{node.task} — {spec.description}" if spec is not None and spec.description else node.task
        with self._heading.hold_sync():
            self._heading.text, self._heading.detail = node.label or self._node, about
        values = {"id": self._node, "label": node.label or None, "task": node.task, "integration": node.integration}
        late = self._late(self._editing.subject(self._node)) if self._node != self._filled else None
        self._basics.set_fields(self._basic_fields(node), values, anew=late is not None, late=late)
        self._filled = self._node
        self._offer_integration()
        self._basics_notes()

    def _offer_integration(self) -> None:
        node = self._editing.workflow.nodes[self._node]
        fitting = self._editing.integrations_for(node.folder)
        needed = self._needs_integration(node) if fitting else self._takes_integration(node)
        show(self._create, needed and node.integration not in fitting)

    def _folder_of(self, node: str) -> str:
        return self._editing.workflow.nodes[node].folder

    def _basic_fields(self, node: Node) -> list[Field]:
        tasks = [spec.name for folder in self._folders() for spec in folder.tasks.values()]
        tasks = tasks if node.task in tasks else [node.task, *tasks]
        fitting = self._editing.integrations_for(node.folder)
        if node.integration and node.integration not in fitting:
            fitting = [*fitting, node.integration]
        choices = tuple(fitting) or ("none",)
        none = "none of this type yet" if self._needs_integration(node) else "none needed"
        return [
            Field(Parameter(name="id", required=True), label="Id"),
            Field(Parameter(name="label"), label="Label"),
            Field(Parameter(name="task", type="select", choices=tuple(tasks), required=True), label="Task"),
            Field(
                Parameter(name="integration", type="select", choices=choices), label="Integration",
                placeholder="Select" if fitting else none, disabled=not fitting, action="Edit" if fitting else "",
            ),
        ]  # fmt: skip

    def _basics_notes(self) -> None:
        notes: dict[str, str | tuple[str, Tone]] = {}
        for problem in self._editing.problems_of(self._node):
            tone: Tone = "error" if problem.severity == "error" else "warning"
            if problem.field in ("task", "integration", "label"):
                notes[problem.field] = (problem_there(problem), tone)
        self._basics.show_notes(notes)

    def _basics_changed(self, name: str) -> None:
        node = self._editing.workflow.nodes.get(self._node)
        if node is None:
            return
        value = self._basics.value(name)
        try:
            if name == "id":
                self._rename(str(value or ""))
            elif name == "label":
                self._edit(edits.change_node(self._node, label=value or ""), "label")
                self._heading.text = value or self._node
            elif name == "task" and value:
                self._change_task(str(value), node)
            elif name == "integration":
                self._edit(edits.change_node(self._node, integration=value), "integration")
                self._offer_integration()
        except FlowbookError as error:
            self._basics.show_errors({name: str(error)})

    def _late(self, node: Subject) -> Late:
        """Takes what is typed in a page that still shows this node, when the form is about another already."""

        def take(name: str, value: Any) -> None:
            if node.id not in self._editing.workflow.nodes or (name == "id" and value == node.id):
                return
            if name == "id":
                self._editing.late(node, edits.rename_node(node.id, str(value or "")), name)
            elif name == "label":
                self._editing.late(node, edits.change_node(node.id, label=value or ""), name)

        return take

    def _rename(self, new: str) -> None:
        if new != self._node:
            self._editing.do(edits.rename_node(self._node, new))

    def _change_task(self, task: str, node: Node) -> None:
        fields: dict[str, Any] = {"task": task}
        if task.partition(".")[0] != node.folder:
            fitting = self._editing.integrations_for(task.partition(".")[0])
            fields["integration"] = fitting[0] if len(fitting) == 1 else None
        self._edit(edits.change_node(self._node, **fields), "task")
        self.refresh()

    def _edit(self, action: edits.Action, field: str) -> bool:
        """Make an edit that was typed here, so that no form is filled in again; whether it changed anything."""
        self._mine = True
        try:
            return self._editing.do(action, merge=f"{self._node}.{field}") is not None
        finally:
            self._mine = False

    # -- the tabs --------------------------------------------------------------------------------------------------

    def _show_tab(self) -> None:
        for name, page in self._pages.items():
            show(page, name == self._tabs.selected)
        node = self._editing.workflow.nodes.get(self._node)
        if node is None:
            return
        scope = Scope(self._editing.workflow, self._node, self._last.with_pins(self._editing.workflow))
        if self._tabs.selected == "Params":
            self.params.show(self._node, scope, self._spec(node))
        elif self._tabs.selected == "Behaviour":
            record = self._last.records.get(self._node)
            self.behaviour.show(self._node, scope, record.data if record is not None else None)
        elif self._tabs.selected == "Input":
            self.input.show(node, scope)
        else:
            self.output.show(self._node, node, self._last.records.get(self._node))

    def _spec(self, node: Node) -> TaskSpec | None:
        try:
            spec: TaskSpec = self._editing.workspace.task(node.task)
        except FlowbookError:
            return None
        return spec

    def _folders(self) -> list[Any]:
        return list(self._editing.workspace.listed_folders())

    def _takes_integration(self, node: Node) -> bool:
        try:
            return bool(self._editing.workspace.integration_folder(node.folder).credentials)
        except FlowbookError:
            return False

    def _needs_integration(self, node: Node) -> bool:
        try:
            folder = self._editing.workspace.integration_folder(node.folder)
            return any(parameter.required for parameter in folder.credentials)
        except FlowbookError:
            return False
