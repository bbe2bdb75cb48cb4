"""What an expression of a node can use, with the values of the last run, and what it comes to with them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flowbook.engine.scope import scope as run_scope
from flowbook.engine.scope import visible
from flowbook.errors import ExpressionError
from flowbook.expressions import FUNCTIONS, Bound, Expression, compile_expression, compile_value, plain
from flowbook.models import Workflow
from flowbook.workspace.earlier import LastValues, loaded

KEYS_SHOWN = 12
TEXT_SHOWN = 60
PREVIEW_SHOWN = 300


@dataclass(frozen=True)
class Name:
    """Something an expression can use: ``text`` is how it is written, ``value`` what it was, for people."""

    group: str
    text: str
    value: str
    about: str = ""


@dataclass(frozen=True)
class Outcome:
    """What an expression comes to: ``text`` for people, and whether it ``works`` (None: that cannot be told yet)."""

    text: str
    works: bool | None


class Scope:
    """What the expressions of one node see."""

    def __init__(self, workflow: Workflow, node: str, last: LastValues) -> None:
        self._workflow = workflow
        self._node = node
        self._last = last
        before = workflow.upstream(node)
        self._upstream = [id for id in workflow.nodes if id in before]
        known = {
            id: visible(loaded(last.records[id]))
            for id in self._upstream
            if id in last.records and last.records[id].omitted is None
        }
        self._inputs = {name: given.default for name, given in workflow.inputs.items()}
        self._inputs.update({name: value for name, value in last.inputs.items() if name in self._inputs})
        self._scope = run_scope({"id": last.run or "20260101-120000", "workflow": workflow.name}, self._inputs, known)
        self._known = known
        self._add_item()

    def _add_item(self) -> None:
        given = self._workflow.nodes[self._node].for_each
        if given is None:
            return
        try:
            items = compile_expression(given).evaluate(self._scope) if isinstance(given, str) else given
            self._scope["item"] = next(iter(plain(items)))
        except (ExpressionError, StopIteration, TypeError):
            return
        self._scope["index"] = 0

    def names(self) -> list[Name]:
        """All names, nodes first, with their values; functions last."""
        found: list[Name] = []
        for id in self._upstream:
            found += self._node_names(id)
        found += [
            Name("Inputs", f"inputs.{name}", short(self._inputs[name]), given.description)
            for name, given in self._workflow.inputs.items()
        ]
        if self._workflow.nodes[self._node].for_each is not None:
            item = self._scope.get("item")
            found += [Name("For each", path, text) for path, text in _paths("item", item)]
            found.append(Name("For each", "index", "0", "The position in the list, from 0."))
        found += [Name("Run", f"run.{name}", short(value)) for name, value in self._scope["run"].items()]
        found += [Name("Functions", one.signature, one.gives, one.description) for one in FUNCTIONS.values()]
        return found

    def _node_names(self, id: str) -> Iterator[Name]:
        group, record = f"Node {id}", self._last.records.get(id)
        if record is None:
            yield Name(group, f"nodes.{id}.data", "not run yet")
            yield Name(group, f"nodes.{id}.message", "not run yet")
            return
        if record.omitted is not None:
            yield Name(group, f"nodes.{id}.data", "not kept", record.omitted["why"])
        elif record.status == "skipped":
            yield Name(group, f"nodes.{id}.data", "skipped")
        else:
            for path, text in _paths(f"nodes.{id}.data", record.data):
                yield Name(group, path, text)
        yield Name(group, f"nodes.{id}.message", short(record.message))
        yield Name(group, f"nodes.{id}.success", short(record.status == "succeeded"))

    def value_of(self, value: Any) -> Outcome:
        """What a param comes to: a JSON-like value with ``${{ }}`` in its texts."""
        try:
            bound = compile_value(value)
        except ExpressionError as error:
            return Outcome(str(error), False)
        return self._outcome(bound)

    def value_of_expression(self, text: str) -> Outcome:
        """What a bare expression comes to."""
        try:
            expression = compile_expression(text)
        except ExpressionError as error:
            return Outcome(str(error), False)
        return self._outcome(expression)

    def evaluated(self, value: Any) -> Any:
        """The params with the values of the last run in their places. Raises ExpressionError."""
        return compile_value(value).evaluate(self._scope)

    def _outcome(self, given: Bound | Expression) -> Outcome:
        foreign = sorted(given.references - set(self._upstream))
        if foreign:
            there = foreign[0] in self._workflow.nodes
            why = f"“{foreign[0]}” does not run before this node." if there else f"There is no node “{foreign[0]}”."
            return Outcome(why, False)
        waiting = sorted(given.references - given.optional_references - set(self._known))
        if waiting:
            return Outcome(f"The value shows once {_listed(waiting)} has run.", None)
        if "item" in given.names and "item" not in self._scope:
            return Outcome("The value shows once there is a first item.", None)
        try:
            return Outcome(preview(given.evaluate(self._scope)), True)
        except ExpressionError as error:
            return Outcome(str(error), False)


def _listed(names: Iterable[str]) -> str:
    return " and ".join(f"“{name}”" for name in names)


def _paths(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """The value itself, and the first keys inside it."""
    yield path, short(value)
    view = plain(value)
    if isinstance(view, Mapping):
        for key in list(view)[:KEYS_SHOWN]:
            yield _key(path, key), short(view[key])
    elif not isinstance(view, str) and hasattr(view, "__len__") and len(view):
        first = plain(view[0])
        if isinstance(first, Mapping):
            for key in list(first)[:KEYS_SHOWN]:
                yield _key(f"{path}[0]", key), short(first[key])
        else:
            yield f"{path}[0]", short(first)


def _key(path: str, key: Any) -> str:
    return f"{path}.{key}" if isinstance(key, str) and key.isidentifier() else f"{path}[{json.dumps(key, default=str)}]"


def short(value: Any) -> str:
    """A value in a few words: ``list · 42``, ``table 10×3``, ``"octocat/hel…"``."""
    shape = getattr(value, "shape", None)
    if type(value).__name__ == "DataFrame" and isinstance(shape, tuple):
        return f"table {shape[0]}×{shape[1]}"
    view = plain(value)
    if isinstance(view, str):
        return json.dumps(_cut(view, TEXT_SHOWN), ensure_ascii=False)
    if view is None or isinstance(view, (bool, int, float)):
        return json.dumps(view)
    if isinstance(view, Mapping):
        return f"mapping · {len(view)}"
    return f"list · {len(view)}" if hasattr(view, "__len__") else type(value).__name__


def preview(value: Any) -> str:
    """A value as it is shown under a field: text in quotation marks, else JSON, shortened."""
    if isinstance(value, str):
        return f"“{_cut(value, PREVIEW_SHOWN)}”"
    if type(value).__name__ == "DataFrame":
        return short(value)
    try:
        text = json.dumps(value, ensure_ascii=False, default=_jsonable)
    except (TypeError, ValueError, RecursionError):
        return short(value)
    return _cut(text, PREVIEW_SHOWN)


def _jsonable(value: Any) -> Any:
    view = plain(value)
    if isinstance(view, Mapping):
        return dict(view)
    return list(view) if hasattr(view, "__len__") and not isinstance(view, str) else view


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else text[: size - 1] + "…"
