"""The inspector's tab **Params**: a form of a node's params, or the same as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from flowbook import edits
from flowbook.json_text import parse_json
from flowbook.models import Parameter
from flowbook.tasks import TaskSpec
from flowbook.tasks.schema import MAIN
from flowbook.ui.editor import curl_paste
from flowbook.ui.editor.editing import Editing, Subject
from flowbook.ui.editor.marking import marks_of
from flowbook.ui.editor.scope import Scope
from flowbook.ui.editor.workflow_names import NAMES, with_workflow_names
from flowbook.ui.parts.fields import Field, Mark, braced, is_expression
from flowbook.ui.parts.file_names import with_file_names
from flowbook.ui.parts.form_past import Late
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.theme import Message, Tone, button, column, row, show
from flowbook.view.wording import problem_there

Note = tuple[str, Tone]
AS_JSON, AS_FORM = "Edit as JSON", "Edit as a Form"
FEW = 6  # as many params are shown as they are; of more, those that need not be given are folded
MORE = "More options"
_BARE: Note = ("This is text as it stands. ƒx makes an expression of it.", "warning")


class ParamsTab:
    """The params of one node after the other; ``edit(action, field)`` makes an edit.

    ``curl(node, text)`` hears of a curl command that was pasted into the form of a request.
    """

    def __init__(
        self,
        editing: Editing,
        edit: Callable[[edits.Action, str], bool],
        curl: Callable[[str, str], object],
    ) -> None:
        self._editing = editing
        self._edit = edit
        self._curl = curl
        self.node = ""
        self._keys: tuple[str, ...] = ()
        self._spec: TaskSpec | None = None
        self._emptied: set[str] = set()  # by hand, since the node is shown
        self._scope: Scope | None = None
        self.form = Form([], live=True, expressions=True, title="Params")
        self.form.on_change(self._changed)
        self.raw = Form([_RAW], live=True, title="Params as JSON")
        self.raw.on_change(lambda _: self._raw_changed())
        self.more = Form([_MORE_NAME, _MORE_VALUE], title="Another param")
        self.more.on_submit(self.add_param)
        self._add = column(self.more.widget, row(button("Add Param", self.add_param)))
        self._another = button("Add another param", self.open_more, kind="quiet", tooltip="One that has no field yet")
        self._adding = False  # whether the fields of another param are asked for
        self.raw.widget.add_class("fb-raw")
        self._toggle = button(AS_JSON, self.toggle, kind="quiet", tooltip="The same params, in the other way")
        self._nothing = Message()
        self.widget = column(
            self._nothing,
            self.form.widget,
            self._add,
            self.raw.widget,
            row(self._another, self._toggle),
        )
        self._as_json = False

    def show(self, node: str, scope: Scope, spec: TaskSpec | None) -> None:
        """Show a node's params; what is typed in a field of the same node stays as it is."""
        params = self._editing.workflow.nodes[node].params
        self.node = self._editing.now_called(self.node)
        anew = self._is_other(node, spec)
        if anew:
            self._keys = ()
            self._emptied.clear()
            self._adding = False
        fields = self._fields(params, spec)
        keys = tuple(one.name for one in fields)
        if anew or keys != self._keys or spec is not self._spec:
            self.node, self._keys, self._spec = node, keys, spec
            offered = self._with_file_names(node, grouped(fields, params))
            late = self._late(self._editing.subject(node), spec) if anew else None
            self.form.set_fields(self._with_workflow_names(offered, params), params, anew=anew, late=late)
            asks = spec is not None and spec.name == curl_paste.TASK
            self.form.on_paste(curl_paste.COMMAND if asks else "", lambda text: self._curl(self.node, text))
        else:
            self.form.set_values({name: params.get(name, self._default(name)) for name in keys})
        if anew:
            self.raw.set_fields([_RAW], {"params": dict(params)}, late=self._late_raw(self._editing.subject(node)))
        else:
            self.raw.set_values({"params": dict(params)})
        self.set_scope(scope)
        self._arrange()

    def _late(self, node: Subject, spec: TaskSpec | None) -> Late:
        """Takes what is typed in a page that still shows this node, when the form is about another already."""

        def take(name: str, value: Any) -> None:
            there = self._editing.workflow.nodes.get(node.id)
            if there is not None:
                params = with_param(there.params, name, value, _default(spec, name))
                self._editing.late(node, edits.change_node(node.id, params=params), name)

        return take

    def _late_raw(self, node: Subject) -> Late:
        def take(_: str, value: Any) -> None:
            if node.id in self._editing.workflow.nodes and (value is None or isinstance(value, dict)):
                self._editing.late(node, edits.change_node(node.id, params=value or {}), "params")

        return take

    def _is_other(self, node: str, spec: TaskSpec | None) -> bool:
        """Whether the form has been about another node, or another task of it."""
        names = [one.name if one is not None else "" for one in (spec, self._spec)]
        return node != self.node or not self._keys or names[0] != names[1]

    def set_scope(self, scope: Scope) -> None:
        """Take other values of the last run."""
        self._scope = scope
        for form in (self.form, self.raw):
            form.set_scope(scope.tree)
        self.show_notes()

    def toggle(self) -> None:
        """Change between the form and JSON."""
        self._as_json = not self._as_json
        if self._as_json:
            self.raw.set_values({"params": dict(self._editing.workflow.nodes[self.node].params)})
            self.raw.clear_errors()
        else:
            self._keys = ()
            if self._scope is not None:
                self.show(self.node, self._scope, self._spec)
        self._arrange()

    def open_more(self) -> None:
        """Ask for the name and the value of a param that has no field yet."""
        self._adding = True
        self._arrange()
        self.more.focus("name")

    def add_param(self) -> None:
        """Add a param that the task's description does not name."""
        if not self.more.check():
            return
        name, text = str(self.more.value("name")), self.more.value("value")
        node = self._editing.workflow.nodes[self.node]
        if name in node.params:
            self.more.show_errors({"name": f"“{name}” is there already."})
            return
        if self._edit(edits.change_node(self.node, params={**node.params, name: _value_of(text)}), name):
            self.more.set_fields([_MORE_NAME, _MORE_VALUE])
            self._adding = False
            if self._scope is not None:
                self.show(self.node, self._scope, self._spec)

    def show_notes(self) -> None:
        """Under each field what is wrong with it, or what its expression comes to."""
        node = self._editing.workflow.nodes.get(self.node)
        if node is None or self._scope is None:
            return
        wrong = self.form.problems()
        for problem in self._editing.problems_of(self.node):
            name = problem.field.removeprefix("params.").partition("[")[0].partition(".")[0]
            if problem.field.startswith("params."):
                wrong.setdefault(name, problem_there(problem))
        notes: dict[str, str | Note] = {}
        for name in self._keys:
            made = self._note(name, wrong.get(name, ""), node.params.get(name))
            if made is not None:
                notes[name] = made
        self.form.show_notes(notes, patient=self._editing.fresh == self.node)
        self.form.show_marks(self._marks(self.form))
        self.raw.show_marks(self._marks(self.raw))
        whole = next((p for p in self._editing.problems_of(self.node) if p.field == "params"), None)
        self.raw.show_notes({"params": (problem_there(whole), "error")} if whole else {})

    @staticmethod
    def _marks(form: Form) -> dict[str, list[Mark]]:
        return {
            one.name: marks_of(one, form.raw(one.name), template=form.is_expression(one.name))
            for one in form.fields if not one.parameter.secret
        }  # fmt: skip

    def _note(self, name: str, wrong: str, value: Any) -> Note | None:
        assert self._scope is not None
        if value is not None and _holds_expression(value):
            outcome = self._scope.value_of(value)
            if outcome.works is not True or not wrong:
                return outcome.note
        if not wrong and self._is_bare(name, value):
            return _BARE
        return (wrong, "error") if wrong else None

    def _is_bare(self, name: str, value: Any) -> bool:
        """Whether it is text that reads as an expression, where no code is expected."""
        parameter = self._spec.parameter(name) if self._spec else None
        code = parameter is not None and parameter.language
        return not code and isinstance(value, str) and not is_expression(value) and braced(value) != value

    def _fields(self, params: Mapping[str, Any], spec: TaskSpec | None) -> list[Field]:
        known = list(spec.parameters) if spec is not None else []
        named = {parameter.name for parameter in known}
        # the field of one that was emptied by hand stays where it is: a person who empties it means to fill it
        others = [one for one in dict.fromkeys((*self._keys, *params)) if one in params or one in self._emptied]
        extra = [_guessed(name, params.get(name, "")) for name in others if name not in named]
        return [Field(one, may_be_empty=_takes_empty(spec, one.name)) for one in (*known, *extra)]

    def _with_file_names(self, node: str, fields: list[Field]) -> list[Field]:
        """Offer the workspace's files, unless the node's integration says that its files are somewhere else."""
        workspace, given = self._editing.workspace, self._editing.workflow.nodes[node]
        if given.integration and self._spec is not None:
            folder = workspace.integration_folder(self._spec.name.partition(".")[0])
            if any(one.name == "root" for one in folder.credentials):
                return fields
        return with_file_names(fields, workspace.root)

    def _with_workflow_names(self, fields: list[Field], params: Mapping[str, Any]) -> list[Field]:
        task = self._spec.name if self._spec is not None else ""
        return with_workflow_names(fields, task, params, self._editing.workspace, self._editing.workflow.name)

    def _default(self, name: str) -> Any:
        return _default(self._spec, name)

    def _arrange(self) -> None:
        open_params = self._spec is None or self._spec.open_params
        self._toggle.description = AS_FORM if self._as_json else AS_JSON
        show(self.form.widget, not self._as_json)
        show(self.raw.widget, self._as_json)
        asking = self._adding or not self._keys  # where there is nothing else to fill in, there is nothing to ask
        show(self._add, open_params and asking and not self._as_json)
        show(self._another, open_params and not asking and not self._as_json)
        some = bool(self._keys) or self._as_json or open_params
        show(self._toggle, some)
        self._nothing.say("" if some else "This task takes no params.")

    def _changed(self, name: str) -> None:
        node = self._editing.workflow.nodes.get(self.node)
        if node is None:
            return
        params = with_param(node.params, name, self.form.value(name), self._default(name))
        if name not in params:
            self._emptied.add(name)
        self._edit(edits.change_node(self.node, params=params), name)
        for one in self._with_workflow_names(list(self.form.fields), params) if name == NAMES else ():
            self.form.update_field(one.name, placeholder=one.placeholder)
        self.show_notes()

    def _raw_changed(self) -> None:
        self.raw.show_marks(self._marks(self.raw))
        if self.raw.problems():
            self.raw.show_notes({name: (text, "error") for name, text in self.raw.problems().items()})
            return
        value = self.raw.value("params")
        if value is not None and not isinstance(value, dict):
            self.raw.show_notes({"params": ("The params must be a mapping: {…}.", "error")})
            return
        self.raw.show_notes({})
        self._edit(edits.change_node(self.node, params=value or {}), "params")


def with_param(params: Mapping[str, Any], name: str, value: Any, default: Any) -> dict[str, Any]:
    """The params with another value of one; without it when the value is None, or what is meant without it."""
    if value is None or (name not in params and value == default):
        return {other: given for other, given in params.items() if other != name}
    return {**params, name: value}


def _default(spec: TaskSpec | None, name: str) -> Any:
    """What a param that is shown as a tick or a choice is when it is not given."""
    parameter = spec.parameter(name) if spec else None
    return parameter.default if parameter is not None and parameter.type in ("boolean", "select") else None


def _takes_empty(spec: TaskSpec | None, name: str) -> bool:
    """Whether a text may be empty, as far as its schema tells."""
    shape: Mapping[str, Any] = (spec.params_schema or {}).get("properties", {}).get(name, {}) if spec else {}
    return not any(one.get("minLength") or one.get("pattern") for one in (shape, *shape.get("anyOf", ())))


def grouped(fields: list[Field], params: Mapping[str, Any]) -> list[Field]:
    """Many fields under headings: those of the task's own groups, and what need not be given under one of its own."""
    if len(fields) <= FEW:
        return fields
    return [_placed(one, given=one.name in params) for one in fields]


def _placed(one: Field, *, given: bool) -> Field:
    group = one.parameter.group
    if group == MAIN or (not group and (given or one.parameter.required)):
        return one
    folded = not (given or one.parameter.required)
    return replace(one, group=group or MORE, folded=folded, counted=not group)


_RAW = Field(Parameter(name="params", type="json"), label="Params")
_MORE_NAME = Field(Parameter(name="name", required=True), label="Param name")
_MORE_VALUE = Field(Parameter(name="value", type="text", description="Text, or JSON."), label="Value")


def _value_of(text: Any) -> Any:
    if not isinstance(text, str):
        return ""
    try:
        return parse_json(text)
    except ValueError:
        return text


def _guessed(name: str, value: Any) -> Parameter:
    if isinstance(value, str):
        return Parameter(name=name, type="text" if "\n" in value else "string")
    return Parameter(name=name, type="json")


def _holds_expression(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_expression(inner) for inner in value.values())
    if isinstance(value, list):
        return any(_holds_expression(inner) for inner in value)
    return is_expression(value)
