"""The inspector's tab **Behaviour**: when a node runs, how often, and what its failure means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from flowbook import edits
from flowbook.errors import FlowbookError
from flowbook.models import Node, Parameter
from flowbook.ui.editor.editing import Editing, Subject
from flowbook.ui.editor.marking import marks_of
from flowbook.ui.editor.scope import Scope
from flowbook.ui.parts.fields import Field
from flowbook.ui.parts.form_past import Late
from flowbook.ui.parts.forms import Form
from flowbook.ui.parts.theme import Tone, button, column, row, sentence
from flowbook.view.wording import FIELD_LABELS, problem_there

RETRY = ("attempts", "wait", "backoff", "max_wait", "until")
JOIN = {"at least one, none blocked": None, "all": "all", "any": "any"}
ITEM = "${{ item }}"
WHERE = {"as the run says": None, "here": "here", "processes": "processes", "cluster": "cluster"}
EXPRESSIONS = ("when", "for_each", "until")
_LOOPED = ("item", "index", "result")  # what there is only once the node runs, for an item


def _field(
    group: str, name: str, type: Any = "string", about: str = "", suggestions: tuple[str, ...] = (), **more: Any
) -> Field:
    made = Parameter(name=name, type=type, description=about, **more)
    label = FIELD_LABELS[name]
    return Field(
        made, label=label, group=group, suggestions=suggestions, expression=name in EXPRESSIONS,
        without=_LOOPED if name in ("when", "for_each") else (),
    )  # fmt: skip


_RUNS, _LOOP, _AGAIN, _OUTPUT, _NOTES = "When it runs", "Loop", "Retries, time and failure", "Output", "Notes"
_REUSE = (
    "A length of time such as 12h, 1d or 2w, or true for any time: what it gave earlier is used while nothing that it"
    " depends on has changed."
)
FIELDS = (
    _field(_RUNS, "when", about="Runs only if this expression is true."),
    _field(_RUNS, "join", "select", choices=tuple(JOIN), default=next(iter(JOIN))),
    _field(_RUNS, "disabled", "boolean", "Hands on what comes before it, in place of running."),
    _field(_LOOP, "for_each", about="An expression that gives a list: runs once for each item."),
    _field(_LOOP, "max_parallel", "integer", "How many items at most."),
    _field(_AGAIN, "attempts", "integer", "The first one counts too."),
    _field(_AGAIN, "wait", "number", "Seconds before the second attempt."),
    _field(_AGAIN, "backoff", "number", "Each later wait is this many times longer."),
    _field(_AGAIN, "max_wait", "number", "Seconds."),
    _field(_AGAIN, "until", about="Tries again until this expression, which also sees result, is true."),
    _field(_AGAIN, "timeout", "number", "Seconds."),
    _field(_AGAIN, "isolate", "boolean", "Can be ended for certain, by Timeout or Cancel."),
    _field(_AGAIN, "where", "select", choices=tuple(WHERE), default=next(iter(WHERE))),
    _field(_AGAIN, "on_error", "select", choices=("stop", "continue"), default="stop"),
    _field(_OUTPUT, "cache", about=_REUSE, suggestions=("true", "12h", "1d", "2w")),
    _field(_OUTPUT, "pinned", "json", "Used in place of running."),
    _field(_NOTES, "notes", "text", language="markdown"),
)


def folded(values: Mapping[str, Any]) -> list[Field]:
    """The fields, of which those in groups with nothing set are folded."""
    used = {one.group for one in FIELDS if values.get(one.name) not in (None, False, one.parameter.default)}
    return [replace(one, folded=one.group not in used) for one in FIELDS]


class BehaviourTab:
    """The behaviour of one node after the other; ``edit(action, field)`` makes an edit."""

    def __init__(self, editing: Editing, edit: Callable[[edits.Action, str], bool]) -> None:
        self._editing = editing
        self._edit = edit
        self.node = ""
        self._scope: Scope | None = None
        self._last: Any = None
        self._refused: dict[str, str] = {}
        self.form = Form(FIELDS, live=True, title="Behaviour")
        self.form.on_change(self._changed)
        self.pin = button("Pin Last Output", self.pin_last, tooltip="Use what it gave last in place of running it")
        self.widget = column(self.form.widget, row(self.pin), name="fb-behaviour")

    def show(self, node: str, scope: Scope, last: Any) -> None:
        """Show a node's behaviour; ``last`` is the data it gave last, None when there is none."""
        values = values_of(self._editing.workflow.nodes[node])
        self.node = self._editing.now_called(self.node)
        if node != self.node:
            self.node = node
            self._refused.clear()
            self.form.set_fields(folded(values), values, late=self._late(self._editing.subject(node)))
        else:
            self.form.set_values({one.name: values.get(one.name) for one in FIELDS})
        self.set_scope(scope, last)

    def set_scope(self, scope: Scope, last: Any) -> None:
        """Take other values of the last run."""
        self._scope, self._last = scope, last
        self.form.set_scope(scope.with_result().tree)
        self.pin.disabled = last is None
        self.show_notes()

    def pin_last(self) -> None:
        """Pin what the node gave last."""
        if self._last is None:
            return
        try:
            self._edit(edits.pin(self.node, self._last), "pinned")
            self.form.set_values({"pinned": self._editing.workflow.nodes[self.node].pinned})
        except FlowbookError as error:
            self._refused["pinned"] = reason(error)
            self.show_notes()

    def show_notes(self) -> None:
        """Under each field what is wrong with it, or what its expression comes to."""
        if self.node not in self._editing.workflow.nodes or self._scope is None:
            return
        notes: dict[str, str | tuple[str, Tone]] = {}
        for name in EXPRESSIONS:
            value = self.form.value(name)
            if isinstance(value, str):
                notes[name] = self._scope.value_of_expression(value).note
        for problem in self._editing.problems_of(self.node):
            name = problem.field.removeprefix("retry.").partition("[")[0]
            tone: Tone = "error" if problem.severity == "error" else "warning"
            notes[name] = (problem_there(problem), tone)
        for name, text in {**self.form.problems(), **self._refused}.items():
            notes[name] = (text, "error")
        self.form.show_marks({one.name: marks_of(one, self.form.raw(one.name)) for one in FIELDS})
        known = {one.name for one in FIELDS}
        self.form.show_notes({name: note for name, note in notes.items() if name in known})

    def _changed(self, name: str) -> None:
        node = self._editing.workflow.nodes.get(self.node)
        if node is None:
            return
        if name in self.form.problems():
            self.show_notes()
            return
        self._refused.pop(name, None)
        try:
            retry = {part: self.form.value(part) for part in RETRY}
            self._edit(edits.change_node(self.node, **self._change(name, self.form.value(name), node, retry)), name)
        except FlowbookError as error:
            self._refused[name] = reason(error)
        self.show_notes()

    def _late(self, node: Subject) -> Late:
        """Takes what is typed in a page that still shows this node, when the form is about another already."""

        def take(name: str, value: Any) -> None:
            there = self._editing.workflow.nodes.get(node.id)
            if there is not None:
                retry = {part: getattr(there.retry, part, None) for part in RETRY}
                change = self._change(name, value, there, {**retry, name: value})
                self._editing.late(node, edits.change_node(node.id, **change), name)

        return take

    def _change(self, name: str, value: Any, node: Node, retry: Mapping[str, Any]) -> dict[str, Any]:
        if name in RETRY:
            given = {part: setting for part, setting in retry.items() if part in RETRY and setting is not None}
            return {"retry": given or None}
        if name == "join":
            return {"join": JOIN.get(str(value))}
        if name == "on_error":
            return {"on_error": value or "stop"}
        if name == "where":
            return {"where": WHERE[value] if value else None}
        if name == "for_each":
            return self._loop(value, node)
        if name == "cache":
            return {"cache": {"true": True, "false": None}.get(str(value).strip().lower(), value)}
        defaults = {"isolate": False, "disabled": False, "notes": ""}
        return {name: defaults.get(name) if value is None else value}

    def _loop(self, value: Any, node: Node) -> dict[str, Any]:
        """A task with a param for the item it works on, as code has one, is given the item while it loops."""
        if value is None:
            kept = {name: given for name, given in node.params.items() if (name, given) != ("item", ITEM)}
            return {"for_each": None, "max_parallel": None, "params": kept}
        takes = "item" not in node.params and self._takes_item(node.task)
        return {"for_each": value, "params": {**node.params, "item": ITEM} if takes else node.params}

    def _takes_item(self, task: str) -> bool:
        try:
            return self._editing.workspace.task(task).parameter("item") is not None
        except FlowbookError:
            return False


def values_of(node: Node) -> dict[str, Any]:
    """A node's fields as the form shows them."""
    retry = {part: getattr(node.retry, part) for part in RETRY} if node.retry is not None else {}
    join = next(label for label, word in JOIN.items() if word == node.join)
    same = ("max_parallel", "timeout", "isolate", "on_error", "disabled", "pinned")
    plain = {name: getattr(node, name) for name in same}
    texts = {name: _text(getattr(node, name)) for name in ("when", "cache")}
    where: str = node.where or next(iter(WHERE))
    return {
        **retry, **plain, **texts, "join": join, "where": where, "for_each": node.for_each, "notes": node.notes or None,
    }  # fmt: skip


def _text(value: str | bool | None) -> str | None:
    return str(value).lower() if isinstance(value, bool) else value


def reason(error: FlowbookError) -> str:
    """What a refused node's error says of the field."""
    said = sentence("; ".join(error.fields.values()) or str(error))
    return said if said.endswith(".") else f"{said}."
