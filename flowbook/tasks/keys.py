"""Which keys a plain task's code reads: ``params["x"]``, ``params.get("y", 5)``, also in functions it hands them to."""

from __future__ import annotations

import ast
import functools
import inspect
import json
import textwrap
import types
from collections.abc import Callable, Iterator
from typing import Any

from flowbook.parsing import parse_module

_NOTHING: Any = object()
_DEEPEST = 4  # how many calls deep params are followed; real folders need one or two

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Key:
    """A key that code reads. ``default`` is what it falls back to, if ``has_default`` and JSON can hold it."""

    __slots__ = ("default", "has_default", "name", "needed")

    def __init__(self, name: str, needed: bool = False, has_default: bool = False, default: Any = None) -> None:
        self.name = name
        self.needed = needed
        self.has_default = has_default
        self.default = default


def keys_read(function: Callable[..., Any], position: int) -> list[Key]:
    """The keys read from the argument at ``position`` (0: credentials, 1: params), in the order of the code.

    A key is ``needed`` when it is only ever subscripted. [] when there is no source to read.
    """
    found: dict[str, Key] = {}
    guarded: set[str] = set()
    _follow(inspect.unwrap(function), position, found, guarded, 0, set())
    for name in guarded:
        found[name].needed = False
    return list(found.values())


def _follow(
    function: Any, position: int | str, found: dict[str, Key], guarded: set[str], depth: int, seen: set[Any]
) -> None:
    node = function_node(function)
    if node is None or depth > _DEEPEST or (function, position) in seen:
        return
    seen.add((function, position))
    arguments = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    name = position if isinstance(position, str) else (arguments[position] if position < len(arguments) else None)
    if name is None:
        return
    for inner in _in_order(node):
        key = _key_of(inner, name, function.__globals__)
        if key is not None:
            known = found.setdefault(key.name, key)
            known.needed = known.needed or key.needed
            if key.has_default and not known.has_default:
                known.has_default, known.default = True, key.default
            if not key.needed:
                guarded.add(key.name)
        for callee, where in _handed_on(inner, name, function.__globals__):
            _follow(callee, where, found, guarded, depth + 1, seen)


def _in_order(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _in_order(child)


def _key_of(node: ast.AST, name: str, names: dict[str, Any]) -> Key | None:
    """The key that this very node reads from the variable ``name``."""
    if isinstance(node, ast.Subscript) and _is(node.value, name) and isinstance(node.ctx, ast.Load):
        key = _text(node.slice)
        return Key(key, needed=True) if key else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is(node.func.value, name):
        key = _text(node.args[0]) if node.func.attr in ("get", "pop") and node.args else None
        if not key:
            return None
        if len(node.args) < 2:
            return Key(key, needed=node.func.attr == "pop")
        value = _constant(node.args[1], names)
        return Key(key, has_default=True, default=None if value is _NOTHING else value)
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and _is(node.comparators[0], name):
        key = _text(node.left) if isinstance(node.ops[0], (ast.In, ast.NotIn)) else None
        return Key(key) if key else None
    return None


def _handed_on(node: ast.AST, name: str, names: dict[str, Any]) -> Iterator[tuple[Any, int | str]]:
    """The functions that ``name`` is passed to as a whole, each with the argument it arrives as."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return
    callee = inspect.unwrap(names.get(node.func.id, len))
    if not isinstance(callee, types.FunctionType):
        return
    for position, argument in enumerate(node.args):
        if _is(argument, name):
            yield callee, position
    for keyword in node.keywords:
        if keyword.arg and _is(keyword.value, name):
            yield callee, keyword.arg


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and 0 < len(node.value) <= 100:
        return node.value
    return None


def _constant(node: ast.AST, names: dict[str, Any]) -> Any:
    """The value of a literal or of a module's constant, if JSON can hold it."""
    try:
        value = names.get(node.id, _NOTHING) if isinstance(node, ast.Name) else ast.literal_eval(node)
        json.dumps(value, allow_nan=False)
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return _NOTHING
    return list(value) if isinstance(value, tuple) else value


def function_node(function: Any) -> FunctionNode | None:
    """The syntax tree of a function, or None when its source cannot be had."""
    code = getattr(function, "__code__", None)
    if not isinstance(code, types.CodeType):
        return None
    source = source_of_module(function)
    tree = _parsed(source) if source else None
    if tree is not None:
        return _at_line(tree, code.co_firstlineno, code.co_name)
    try:
        lines, _ = inspect.getsourcelines(function)
    except (OSError, TypeError, IndexError, SyntaxError):
        return None
    tree = _parsed(textwrap.dedent("".join(lines)))
    return _at_line(tree, 1, code.co_name) if tree is not None else None


def source_of_module(function: Any) -> str | None:
    """The text that the function's module was made from: its loader knows it even after the file has changed."""
    names = getattr(function, "__globals__", {})
    get_source = getattr(names.get("__loader__"), "get_source", None)
    if get_source is None or getattr(function, "__code__", None) is None:
        return None
    if function.__code__.co_filename != names.get("__file__"):
        return None
    try:
        source: str | None = get_source(names["__name__"])
    except (ImportError, OSError, KeyError, TypeError):
        return None
    return source


@functools.lru_cache(maxsize=64)
def _parsed(source: str) -> ast.Module | None:
    try:
        return parse_module(source)
    except (SyntaxError, ValueError, RecursionError):
        return None


def _at_line(tree: ast.Module, line: int, name: str) -> FunctionNode | None:
    for node in ast.walk(tree):
        if not isinstance(node, FunctionNode):
            continue
        decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
        first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        if first == line and (
            isinstance(node, ast.Lambda) if name == "<lambda>" else getattr(node, "name", "") == name
        ):
            return node
    return None
