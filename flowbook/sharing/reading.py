"""What Python sources say without being run: the tasks they define and the modules they import."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from flowbook.parsing import parse_module


def tasks_of(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """The public tasks: those that ``__all__`` lists where it can be read, else the functions of ``tasks.py``."""
    package = _parsed(files.get("__init__.py", b""))
    listed = _listed(package) if package is not None else None
    if listed is not None:
        return listed
    tree = _parsed(files.get("tasks.py", files.get("__init__.py", b"")))
    body = tree.body if tree is not None else []
    functions = (node for node in body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return tuple(sorted(node.name for node in functions if not node.name.startswith("_")))


def imports_of(files: Mapping[str, bytes]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(the outermost modules that any of the sources imports, what cannot be told)."""
    found: set[str] = set()
    unclear: list[str] = []
    for path, data in files.items():
        if not path.endswith(".py"):
            continue
        tree = _parsed(data)
        if tree is None:
            unclear.append(f"{path} is not readable as Python")
            continue
        found.update(_imported(tree))
        called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and _named(node.func)}  # type: ignore[attr-defined]
        unclear += [f"{path} calls {name}(), which can run any code" for name in sorted(called & _ANYTHING)]
    return tuple(sorted(found)), tuple(unclear)


_ANYTHING = frozenset({"exec", "eval", "__import__", "compile"})


def _named(node: ast.expr) -> bool:
    return isinstance(node, ast.Name)


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module.partition(".")[0]


def _listed(tree: ast.Module) -> tuple[str, ...] | None:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            try:
                value = ast.literal_eval(node.value)
            except ValueError:
                return None
            return tuple(map(str, value)) if isinstance(value, (list, tuple)) else None
    return None


def _parsed(source: bytes) -> ast.Module | None:
    try:
        return parse_module(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
