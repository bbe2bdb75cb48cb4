"""Finds, in the source of a task, where a credential goes into what people see: prints, logs, results, errors."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from flowbook.tasks.keys import FunctionNode, function_node

_LOG_METHODS = frozenset(["debug", "info", "warning", "warn", "error", "exception", "critical", "log"])
_SHOWN = frozenset({"print", "pprint", "display", "TaskFailed"})
_TEXT_MAKERS = frozenset({"str", "repr", "format", "dict", "list", "dumps", "join", "strip", "copy"})


@dataclass(frozen=True)
class Leak:
    """``line`` of the file, counted from 1, and what happens there: "prints", "logs", "returns" or "raises"."""

    line: int
    verb: str


def leaks_in(function: Callable[..., Any], secrets: set[str], typed: bool) -> list[Leak]:
    """Where ``function`` shows one of its secret credentials. ``typed`` credentials hide until ``reveal()``."""
    inner = inspect.unwrap(function)
    node = function_node(inner)
    if node is None or not (node.args.posonlyargs or node.args.args):
        return []
    name = (node.args.posonlyargs + node.args.args)[0].arg
    tracer = _Tracer(name, secrets, typed)
    for _ in range(2):  # twice, for a loop that uses at its start what it sets at its end
        tracer.follow_assignments(node)
    return sorted({Leak(line, verb) for line, verb in tracer.shown(node)}, key=lambda leak: leak.line)


class _Tracer:
    def __init__(self, name: str, secrets: set[str], typed: bool) -> None:
        self.name = name
        self.secrets = secrets
        self.typed = typed
        self.tainted: set[str] = set()

    def follow_assignments(self, node: FunctionNode) -> None:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Assign) and self.reveals(inner.value):
                self.tainted |= {t.id for target in inner.targets for t in ast.walk(target) if _plain_name(t)}  # type: ignore[attr-defined]
            elif (
                isinstance(inner, (ast.AnnAssign, ast.NamedExpr))
                and isinstance(inner.target, ast.Name)
                and inner.value is not None
                and self.reveals(inner.value)
            ):
                self.tainted.add(inner.target.id)

    def shown(self, node: FunctionNode) -> Iterator[tuple[int, str]]:
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call):
                verb = _verb(inner.func)
                values = [*inner.args, *(keyword.value for keyword in inner.keywords)]
                if verb and any(self.reveals(value) for value in values):
                    yield inner.lineno, verb
            elif isinstance(inner, ast.Return) and isinstance(inner.value, ast.Dict) and self.reveals(inner.value):
                yield inner.lineno, "returns"

    def reveals(self, node: ast.AST | None) -> bool:
        """Whether the value of an expression holds a secret in clear."""
        if isinstance(node, ast.Name):
            return node.id in self.tainted or (node.id == self.name and not self.typed and bool(self.secrets))
        if isinstance(node, ast.Subscript):
            if isinstance(node.value, ast.Name) and node.value.id == self.name:
                return isinstance(node.slice, ast.Constant) and node.slice.value in self.secrets
            return False
        if isinstance(node, ast.Call):
            return self._call_reveals(node)
        if isinstance(node, (ast.JoinedStr, ast.FormattedValue, ast.BinOp, ast.BoolOp, ast.List, ast.Tuple, ast.Set)):
            return any(self.reveals(child) for child in ast.iter_child_nodes(node))
        if isinstance(node, ast.Dict):
            return any(self.reveals(value) for value in node.values)
        if isinstance(node, ast.IfExp):
            return self.reveals(node.body) or self.reveals(node.orelse)
        return isinstance(node, (ast.Starred, ast.Await)) and self.reveals(node.value)

    def _call_reveals(self, node: ast.Call) -> bool:
        called = node.func
        if isinstance(called, ast.Attribute):
            if called.attr == "reveal":
                return True
            if called.attr in ("get", "pop") and isinstance(called.value, ast.Name) and called.value.id == self.name:
                first = node.args[0] if node.args else None
                return isinstance(first, ast.Constant) and first.value in self.secrets
            if called.attr in _TEXT_MAKERS and self.reveals(called.value):
                return True
        if _last_name(called) not in _TEXT_MAKERS:
            return False
        return any(self.reveals(value) for value in [*node.args, *(keyword.value for keyword in node.keywords)])


def _plain_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _last_name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _verb(called: ast.AST) -> str:
    """What calling this does with its arguments before people's eyes; "" for nothing."""
    name = _last_name(called)
    owner = _last_name(called.value) if isinstance(called, ast.Attribute) else ""
    if name in _SHOWN:
        return "raises" if name == "TaskFailed" else "prints"
    if owner == "Result" and name in ("ok", "failed"):
        return "returns"
    if name == "write" and owner in ("stdout", "stderr"):
        return "prints"
    if (name in _LOG_METHODS and "log" in owner.lower()) or (owner == "warnings" and name == "warn"):
        return "logs"
    return "progress" if name == "progress" else ""
