"""The libraries that a folder's code imports and that are not installed: said before a task needs one.

Only names are compared, so a task counts as needing what any function it names may import: worth a word, not a refusal.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator

from flowbook.catalog.folder import FolderProblem
from flowbook.catalog.loading import Snapshot
from flowbook.installing import how_to_install, is_installed
from flowbook.parsing import parse_module

_IMPORTS = re.compile(rb"^[ \t]*(?:import|from)[ \t]+([A-Za-z_]\w*)", re.MULTILINE)


def missing_libraries(folder: str, snapshot: Snapshot, tasks: Iterable[str]) -> Iterator[FolderProblem]:
    """A warning for each library that is imported somewhere in the folder's code and is not installed."""
    missing = missing_of(snapshot)
    if not missing:
        return
    code = _Code(snapshot, missing)
    needed = {task: code.needs(task) for task in tasks}
    for library in sorted(missing):
        needing = tuple(task for task, libraries in needed.items() if library in libraries)
        if needing:
            shown = ", ".join(needing[:6]) + (", …" if len(needing) > 6 else "")
            what = f"the package {library!r} is not installed, which may be needed by {shown}."
            remedy = f"{how_to_install(library)}."
            yield FolderProblem(folder, what, remedy, kind="warning", library=library, needed_by=needing)


def missing_of(snapshot: Snapshot) -> set[str]:
    """The libraries that are imported anywhere in a folder's code, also where it can do without, and not installed."""
    return {name for name in _imported(snapshot) if not is_installed(name)}


def _imported(snapshot: Snapshot) -> set[str]:
    found = {name for content in snapshot.files.values() for name in _IMPORTS.findall(content)}
    return {name.decode() for name in found} - sys.stdlib_module_names - {"flowbook"}


class _Code:
    """The functions of a folder by name: which others each names, and which missing libraries it imports."""

    def __init__(self, snapshot: Snapshot, missing: set[str]) -> None:
        self._missing = missing
        self._named: dict[str, set[str]] = {}
        self._imports: dict[str, set[str]] = {}
        for path, content in snapshot.files.items():
            if path.endswith(".py"):
                self._read(content)

    def _read(self, content: bytes) -> None:
        try:
            body = parse_module(content).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self._named.setdefault(node.name, set()).update(_names_in(node))
                self._imports.setdefault(node.name, set()).update(_imports_in(node))

    def needs(self, function: str) -> set[str]:
        """The missing libraries that a function, or what it names, imports."""
        seen: set[str] = set()
        waiting = [function]
        while waiting:
            name = waiting.pop()
            if name in self._named and name not in seen:
                seen.add(name)
                waiting.extend(self._named[name])
        return self._missing & {library for name in seen for library in self._imports[name]}


def _imports_in(node: ast.AST) -> Iterator[str]:
    """The packages that a function imports, without those that it can do without."""
    if isinstance(node, ast.Import):
        yield from (alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield (node.module or "").partition(".")[0]
    for inner in ast.iter_child_nodes(node):
        if not (isinstance(inner, ast.Try) and _goes_on_without(inner)):
            yield from _imports_in(inner)


def _goes_on_without(attempt: ast.Try) -> bool:
    """Whether a failed import in it is caught, and not told by another error."""
    caught = [handler for handler in attempt.handlers if handler.type is not None and _catches(handler.type)]
    return bool(caught) and not any(isinstance(part, ast.Raise) for one in caught for part in ast.walk(one))


def _catches(kind: ast.expr) -> bool:
    return not {"ImportError", "ModuleNotFoundError"}.isdisjoint(_names_in(kind))


def _names_in(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            yield inner.id
        elif isinstance(inner, ast.Attribute):
            yield inner.attr
