"""Every expression of a workflow: does it read, and is what it names there when it is evaluated."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from flowbook import expressions
from flowbook.errors import ExpressionError
from flowbook.expressions.templates import parts
from flowbook.models import SUB_WORKFLOW_TASKS, Node, Predicate
from flowbook.models.code_nodes import code_of
from flowbook.records import NamedTuple
from flowbook.slips import suggest
from flowbook.validation.draft import Draft
from flowbook.validation.graph import Graph
from flowbook.validation.report import Report, Severity

if TYPE_CHECKING:
    from flowbook.expressions import Expression

_ITEM_NAMES = frozenset({"item", "index"})


class _Place(NamedTuple):
    """Where an expression stands: its node (or edge), field, and which of the special names are in scope there."""

    node: str
    field: str
    names: frozenset[str] = frozenset()
    at: str = ""


class _Checker(NamedTuple):
    draft: Draft
    report: Report
    graph: Graph

    def bare(self, place: _Place, source: Any, check: Callable[[_Place, Expression], None]) -> None:
        """A field that is one expression."""
        from flowbook.validation.habits import compares_moments  # only workflows with expressions need it

        if not isinstance(source, str):
            return
        try:
            expression = expressions.compile_expression(source)
        except ExpressionError as error:
            self._unreadable(place, error)
            return
        self._names(place, expression)
        if compares_moments(expression.source):
            message = "compares moments as text, which is their order in one time zone only."
            self._warn("moments-as-text", place, message, "Compare timestamp(…) of both.")
        check(place, expression)

    def value(self, place: _Place, value: Any, check: Callable[[_Place, Expression], None]) -> None:
        """A structure that may hold expressions; each by itself, so that one bad one hides no other."""
        from flowbook.validation.habits import text_by_white_space  # as above

        for path, text in _texts(value, place.field):
            here = _Place(place.node, path, place.names)
            try:
                pieces = list(parts(text))
            except ExpressionError as error:
                self._unreadable(here, error)
                continue
            if len(pieces) > 1 and text_by_white_space(pieces):
                message = Predicate(
                    "is text: the line break that '|' or '>' adds makes text of what the expression gives."
                )
                self._warn("text-of-value", here, message, "Write the expression beside its key, or use '|-'.")
            for source, is_expression in pieces:
                if is_expression:
                    self.bare(here, source, check)

    def _unreadable(self, place: _Place, error: ExpressionError) -> None:
        remedy = error.hint or "Correct the expression."
        self.report.add("bad-expression", place.node, place.field, error.message, remedy, at=place.at)

    def _names(self, place: _Place, expression: Expression) -> None:
        for name in sorted(expression.input_names - self.draft.inputs.keys() - self.draft.undescribed):
            known = [*self.draft.inputs, *self.draft.undescribed]
            remedy = suggest(name, known, "input") or "Declare it under 'inputs'."
            self._add("unknown-input", place, f"there is no input {name!r}.", remedy)
        for name in sorted(expression.names & (_ITEM_NAMES - place.names)):
            remedy = "Give the node a for_each, or use something else."
            self._add("out-of-scope", place, f"{name!r} only exists in the fields of a node with for_each.", remedy)
        if "result" in expression.names and "result" not in place.names:
            remedy = "Use nodes.<id>.data of an earlier node."
            self._add("out-of-scope", place, "'result' only exists in retry.until.", remedy)

    def in_node(self, place: _Place, expression: Expression) -> None:
        """References to nodes, from a node's field."""
        for id in sorted(expression.references):
            if not self._exists(place, id):
                continue
            if id == place.node:
                remedy = "Use 'result' in retry.until, else a node before it."
                self._add(
                    "self-reference", place, Predicate("refers to the node itself, which has not run yet."), remedy
                )
            elif not self.graph.is_upstream(id, place.node):
                self._not_upstream(place, id, place.node)
            else:
                if not self.graph.surely_has_data(id, place.node):
                    self._maybe_missing(place, id, expression)
                self._no_value(place, id, expression)

    def on_edge(self, source: str) -> Callable[[_Place, Expression], None]:
        """References to nodes, from the ``when`` of an edge that leaves ``source``."""

        def check(place: _Place, expression: Expression) -> None:
            for id in sorted(expression.references):
                if not self._exists(place, id):
                    continue
                if id != source and not self.graph.is_upstream(id, source):
                    self._not_upstream(place, id, source)
                    continue
                if not self.graph.surely_has_data_at(id, source):
                    self._maybe_missing(place, id, expression)
                self._no_value(place, id, expression)

        return check

    def _exists(self, place: _Place, id: str) -> bool:
        if id in self.draft.nodes:
            return True
        remedy = suggest(id, self.draft.nodes, "node") or "Add it, or use another."
        self._add("unknown-node", place, f"there is no node {id!r}.", remedy)
        return False

    def _not_upstream(self, place: _Place, id: str, before: str) -> None:
        message = Predicate(f"refers to {id!r}, which does not run before {before!r}.")
        self._add("not-upstream", place, message, f"Connect {id!r} to {before!r}, or to a node before it.")

    def _maybe_missing(self, place: _Place, id: str, expression: Expression) -> None:
        if id in expression.optional_references or id not in data_references(expression.source):
            return
        message = Predicate(f"uses the data of {id!r}, which may have been skipped or have failed by then.")
        remedy = f"Write default(nodes.{id}.data, …), or let only its success lead here."
        self._warn("maybe-missing", place, message, remedy)

    def _no_value(self, place: _Place, id: str, expression: Expression) -> None:
        if code_of(self.draft.nodes[id]) is None or id not in data_references(expression.source):
            return
        from flowbook.validation.code import gives_nothing, no_value  # as in _check_node

        if gives_nothing(self.draft.nodes[id]):
            self._warn("no-value", place, *no_value(id))

    def _warn(self, code: str, place: _Place, message: str, remedy: str) -> None:
        self.report.add(code, place.node, place.field, message, remedy, severity="warning", at=place.at)

    def _add(self, code: str, place: _Place, message: str, remedy: str) -> None:
        severity: Severity = "warning" if self._unused(place) else "error"
        self.report.add(code, place.node, place.field, message, remedy, severity=severity, at=place.at)

    def _unused(self, place: _Place) -> bool:
        """Whether no run evaluates the field: that of a node that is disabled, or pinned, which calls nothing."""
        node = self.draft.nodes.get(place.node)
        return node is not None and (node.disabled or (node.pinned is not None and place.field != "when"))


def check_references(draft: Draft, report: Report, graph: Graph) -> None:
    """Note each expression that does not read, or names what is not there where it is evaluated."""
    checker = _Checker(draft, report, graph)
    for id, node in draft.nodes.items():
        _check_node(checker, id, node)
    for index, edge in draft.edges:
        if isinstance(edge.when, str) and edge.source in draft.nodes:
            place = _Place(f"{edge.source}→{edge.target}", "when", at=f"edges[{index}].when")
            checker.bare(place, edge.when, checker.on_edge(edge.source))


def _check_node(checker: _Checker, id: str, node: Node) -> None:
    names = _ITEM_NAMES if node.for_each is not None else frozenset()
    if node.params:
        checker.value(_Place(id, "params", names), node.params, checker.in_node)
    if node.when is not None:
        checker.bare(_Place(id, "when"), node.when, checker.in_node)
    if isinstance(node.for_each, str):
        checker.bare(_Place(id, "for_each"), node.for_each, checker.in_node)
    elif node.for_each is not None:
        checker.value(_Place(id, "for_each"), node.for_each, checker.in_node)
    if node.retry is not None and node.retry.until is not None:
        place = _Place(id, "retry.until", names | {"result"})
        checker.bare(place, node.retry.until, checker.in_node)
    source = code_of(node)
    if source is not None:
        from flowbook.validation.code import check_code  # what reads Python is loaded for who has code

        check_code(checker.draft, checker.report, id, source)
    _check_isolation(checker, id, node)
    if node.max_parallel is not None and node.for_each is None:
        remedy = "Give the node a for_each, or remove it."
        checker.report.add(
            "no-effect", id, "max_parallel", Predicate("does nothing without for_each."), remedy, severity="warning"
        )


def _check_isolation(checker: _Checker, id: str, node: Node) -> None:
    if node.isolate and node.task in SUB_WORKFLOW_TASKS:
        remedy = "Give it to nodes of the sub-workflow, which are called where they say, and remove it here."
        message = Predicate("does nothing for a node that only waits for a sub-workflow.")
        checker.report.add("no-effect", id, "isolate", message, remedy, severity="warning")
    waits = node.task in SUB_WORKFLOW_TASKS
    if node.where in ("processes", "cluster") and (node.isolate or waits):
        why = "for a node that only waits for a sub-workflow" if waits else "beside isolate, which has its own process"
        checker.report.add(
            "no-effect", id, "where", Predicate(f"does nothing {why}."), "Remove one of them.", severity="warning"
        )


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """(path, text) of every text in a structure that may hold an expression."""
    if isinstance(value, str):
        if "${{" in value:
            yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _texts(inner, f"{path}[{place}]")


def data_references(source: str) -> set[str]:
    """The nodes whose data an expression uses outside of ``default(…)``: ``message`` and ``success`` are always there.

    (``success`` of a skipped node is false, its message says why it was skipped.)
    """
    from flowbook.expressions.syntax import Source

    found: set[str] = set()
    waiting: list[ast.AST] = [Source(source).tree]
    while waiting:
        tree = waiting.pop()
        if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "default":
            waiting.extend(tree.args[1:])
            continue
        part, inner = _step(tree)
        id, root = _step(inner)
        if part == "data" and id is not None and isinstance(root, ast.Name) and root.id == "nodes":
            found.add(id)
        waiting.extend(ast.iter_child_nodes(tree))
    return found


def _step(tree: ast.AST | None) -> tuple[str | None, ast.AST | None]:
    """The name in ``x.name`` or ``x["name"]``, and the ``x``."""
    from flowbook.expressions.syntax import key_name

    if isinstance(tree, ast.Attribute):
        return key_name(tree.attr), tree.value
    if isinstance(tree, ast.Subscript) and isinstance(tree.slice, ast.Constant) and isinstance(tree.slice.value, str):
        return tree.slice.value, tree.value
    return None, None
