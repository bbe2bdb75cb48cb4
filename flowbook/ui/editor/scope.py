"""What an expression of a node can use, with the values of the last run, and what it comes to with them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flowbook.engine.scope import scope as run_scope
from flowbook.engine.scope import visible
from flowbook.errors import ExpressionError
from flowbook.expressions import FUNCTIONS, Bound, Expression, compile_expression, compile_value, plain
from flowbook.expressions.limits import TooMuchTogether, together
from flowbook.models import Workflow
from flowbook.ui.editor.scope_tree import Entry, Tree, cut, leaf, parent, short
from flowbook.ui.parts.theme import Tone
from flowbook.workspace.earlier import LastValues, loaded

PREVIEW_SHOWN = 300
AT_ONCE = 0.4
"""Seconds of processor time that previews may take before the kernel looks after others again."""
_TOO_MUCH = "There is too much to evaluate here to show this: a run evaluates it."


class _Allowance:
    """What is left of :data:`AT_ONCE` in this turn of the kernel's loop; each turn has it anew."""

    def __init__(self) -> None:
        self._left = AT_ONCE
        self._turn: asyncio.AbstractEventLoop | None = None

    @contextmanager
    def spent(self) -> Iterator[None]:
        """Within, evaluations take what is left. Raises TooMuchTogether."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no kernel that others wait for
            yield
            return
        if self._turn is not loop:
            self._left, self._turn = AT_ONCE, loop
            loop.call_soon(self._renew)
        began = time.thread_time()
        try:
            with together(self._left):
                yield
        finally:
            self._left = max(0.0, self._left - (time.thread_time() - began))

    def _renew(self) -> None:
        self._turn = None


_ALLOWANCE = _Allowance()


@dataclass(frozen=True)
class Outcome:
    """What an expression comes to: ``text`` for people, and whether it ``works`` (None: that cannot be told yet)."""

    text: str
    works: bool | None

    @property
    def note(self) -> tuple[str, Tone]:
        """It as it stands under a field."""
        tone: Tone = "error" if self.works is False else "success" if self.works else "info"
        return (f"✓ {self.text}" if self.works else self.text), tone


def _nearest_first(workflow: Workflow, node: str) -> list[str]:
    """The node and those before it, in the order in which a person looks for their data."""
    sources: dict[str, list[str]] = {}
    for edge in workflow.edges:
        sources.setdefault(edge.target, []).append(edge.source)
    place = {id: at for at, id in enumerate(workflow.nodes)}
    found: dict[str, None] = {node: None}
    layer = [node]
    while layer:
        before = {id for one in layer for id in sources.get(one, ()) if id not in found}
        layer = sorted(before, key=lambda one: place.get(one, 0))
        found.update(dict.fromkeys(layer))
    return list(found)


class Scope:
    """What the expressions of one node see; ``leaving`` it, those of an edge that begins there, which see it too."""

    def __init__(self, workflow: Workflow, node: str, last: LastValues, *, leaving: bool = False) -> None:
        self._workflow = workflow
        self._node = node
        self._last = last
        self._named: set[str] = set()
        before = {*workflow.upstream(node), *([node] if leaving else [])}
        self._upstream = [id for id in _nearest_first(workflow, node) if id in before]
        known = {
            id: visible(loaded(last.records[id]))
            for id in self._upstream
            if id in last.records and last.records[id].omitted is None
        }
        self._inputs = {name: given.default for name, given in workflow.inputs.items()}
        self._inputs.update({name: value for name, value in last.inputs.items() if name in self._inputs})
        self._scope = run_scope({"id": last.run or "20260101-120000", "workflow": workflow.name}, self._inputs, known)
        self._known = known
        if not leaving:
            self._add_item()

    def with_result(self) -> Scope:
        """The same with ``result``, which ``until`` sees: what the node itself gave last."""
        record = self._last.records.get(self._node)
        self._named.add("result")
        if record is not None and record.omitted is None:
            self._scope["result"] = {
                "success": record.status == "succeeded", "message": record.message, "data": record.data,
            }  # fmt: skip
        return self

    def _add_item(self) -> None:
        given = self._workflow.nodes[self._node].for_each
        if given is None:
            return
        self._named |= {"item", "index"}
        try:
            with _ALLOWANCE.spent():
                items = compile_expression(given).evaluate(self._scope) if isinstance(given, str) else given
            self._scope["item"] = next(iter(plain(items)))
        except (ExpressionError, StopIteration, TypeError):
            return
        self._scope["index"] = 0

    def tree(self) -> dict[str, Any]:
        """All that can be used, for the browser: ``{"entries", "functions", "told"}``.

        ``entries`` are those of :mod:`flowbook.ui.editor.scope_tree`: nodes, inputs and what else has a name here.
        ``told`` is said where there is nothing to see yet.
        """
        tree = Tree()
        entries = (
            [parent("nodes", "nodes", [self._entry_of(tree, id) for id in self._upstream])] if self._upstream else []
        )
        if self._inputs:
            entries.append(parent("inputs", "inputs", [self._input(tree, name) for name in self._inputs]))
        for name in ("item", "index", "result"):
            if name in self._named:
                known = name in self._scope
                entries.append(
                    tree.entry(name, name, self._scope[name]) if known else leaf(name, name, "not known yet")
                )
        run = [tree.entry(f"run.{name}", name, value) for name, value in self._scope["run"].items()]
        functions = [
            {"name": one.name, "signature": one.signature, "gives": one.gives, "about": one.description}
            for one in FUNCTIONS.values()
        ]
        told = "" if self._upstream else "No node runs before this one."
        return {"entries": [*entries, parent("run", "run", run)], "functions": functions, "told": told}

    def _input(self, tree: Tree, name: str) -> Entry:
        path = f"inputs.{name}"
        if self._workflow.inputs[name].secret:
            return leaf(path, name, "secret", "secret")
        return tree.entry(path, name, self._inputs[name])

    def _entry_of(self, tree: Tree, id: str) -> Entry:
        path, record = f"nodes.{id}", self._last.records.get(id)
        if record is None:
            unknown = [leaf(f"{path}.{name}", name, "not run yet") for name in ("data", "message", "success")]
            return parent(path, id, unknown, "not run yet")
        if record.omitted is not None:
            data = leaf(f"{path}.data", "data", f"not kept: {record.omitted['why']}")
        elif record.status == "skipped":
            data = leaf(f"{path}.data", "data", "skipped")
        else:
            data = tree.entry(f"{path}.data", "data", record.data)
        about = [("message", record.message), ("success", record.status == "succeeded")]
        return parent(path, id, [data, *(tree.entry(f"{path}.{name}", name, value) for name, value in about)])

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
        with _ALLOWANCE.spent():
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
        if "result" in given.names and "result" not in self._scope:
            return Outcome("The value shows once this node has run.", None)
        try:
            with _ALLOWANCE.spent():
                found = given.evaluate(self._scope)
            return Outcome(preview(found), True)
        except TooMuchTogether:
            return Outcome(_TOO_MUCH, None)
        except ExpressionError as error:
            unlike = self._ended_otherwise(given.references - given.optional_references)
            return Outcome(unlike, None) if unlike else Outcome(str(error), False)

    def _ended_otherwise(self, ids: Iterable[str]) -> str:
        """That a node did not succeed last time: what uses its data may be right all the same."""
        ended = {id: self._last.records[id].status for id in sorted(ids) if id in self._last.records}
        unlike = {id: status for id, status in ended.items() if status != "succeeded"}
        if not unlike:
            return ""
        last = ", ".join(f"it was {status}" if status == "skipped" else f"it {status}" for status in unlike.values())
        return f"The value shows once {_listed(unlike)} has run: last time {last}."


def _listed(names: Iterable[str]) -> str:
    return " and ".join(f"“{name}”" for name in names)


def preview(value: Any) -> str:
    """A value as it is shown under a field: text in quotation marks, else JSON, shortened."""
    if isinstance(value, str):
        return f"“{cut(value, PREVIEW_SHOWN)}”"
    if type(value).__name__ == "DataFrame":
        return short(value)
    try:
        text = json.dumps(value, ensure_ascii=False, default=_jsonable)
    except (TypeError, ValueError, RecursionError):
        return short(value)
    return cut(text, PREVIEW_SHOWN)


def _jsonable(value: Any) -> Any:
    view = plain(value)
    if isinstance(view, Mapping):
        return dict(view)
    return list(view) if hasattr(view, "__len__") and not isinstance(view, str) else view
