"""The names that the code of a node uses without giving them a meaning, and the imports that give them one."""

from __future__ import annotations

import ast
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flowbook import language
from flowbook.expressions.code import free_names
from flowbook.parsing import parse_module

NOT_FOR_NODES = ("__future__", language.__name__)
"""Modules whose names a script imports for itself: the code of a node has no use for them."""

Import = Callable[[Iterable[str]], list[str]]
"""The import statements that give some of these names a meaning."""


def with_imports(code: str, statements: Import) -> str:
    """``code`` with the import statements before it that it needs, and an empty line, as far as there are any."""
    lines = statements(free_names(code))
    return "\n".join([*lines, "", code]) if lines else code


def imports_of(tree: ast.Module) -> Import:
    """The imports of a file: of each statement, in order, the part that is needed."""
    statements = [one for one in tree.body if isinstance(one, (ast.Import, ast.ImportFrom))]
    kept = [one for one in statements if not (isinstance(one, ast.ImportFrom) and one.module in NOT_FOR_NODES)]

    def needed(names: Iterable[str]) -> list[str]:
        return list(_parts(kept, set(names)))

    return needed


def _parts(statements: list[ast.Import | ast.ImportFrom], names: set[str]) -> Iterator[str]:
    for statement in statements:
        wanted = [alias for alias in statement.names if bound_name(alias) in names]
        if isinstance(statement, ast.ImportFrom) and wanted:
            source = "." * statement.level + (statement.module or "")
            yield f"from {source} import {', '.join(map(_alias, wanted))}"
        elif wanted:
            yield f"import {', '.join(map(_alias, wanted))}"


def bound_name(alias: ast.alias) -> str:
    """The name that an import gives a meaning."""
    return alias.asname or alias.name.partition(".")[0]


def names_bound_by(line: str) -> tuple[str, ...]:
    """The names that an import statement gives a meaning; none where it is none of the whole program."""
    try:
        statement = parse_module(line).body[0]
    except SyntaxError:
        return ()
    if not isinstance(statement, (ast.Import, ast.ImportFrom)):
        return ()
    if isinstance(statement, ast.ImportFrom) and (statement.level or statement.module == "__future__"):
        return ()
    return tuple(bound_name(alias) for alias in statement.names)


def _alias(alias: ast.alias) -> str:
    return f"{alias.name} as {alias.asname}" if alias.asname else alias.name


def imports_of_values(values: dict[str, Any]) -> Import:
    """The imports by which what a kernel's names stand for can be had elsewhere too."""

    def needed(names: Iterable[str]) -> list[str]:
        found = (_import_of(name, values[name]) for name in sorted(names) if name in values)
        return [statement for statement in found if statement]

    return needed


def _import_of(name: str, value: Any) -> str:
    if isinstance(value, types.ModuleType):
        module = value.__name__
        return f"import {module}" if module == name else f"import {module} as {name}"
    source, own = getattr(value, "__module__", None), getattr(value, "__qualname__", "")
    if not isinstance(source, str) or source == "__main__" or not isinstance(own, str) or not own.isidentifier():
        return ""
    parts = source.split(".")
    for count in range(1, len(parts) + 1):  # pandas.DataFrame rather than pandas.core.frame.DataFrame
        home = ".".join(parts[:count])
        if getattr(sys.modules.get(home), own, None) is value:
            return f"from {home} import {own}" if own == name else f"from {home} import {own} as {name}"
    return ""


def several(*sources: Import) -> Import:
    """The imports of several sources; for a name that more than one of them knows, that of the first."""

    def needed(names: Iterable[str]) -> list[str]:
        left, found = set(names), []
        for source in sources:
            for statement in source(sorted(left)):
                found.append(statement)
                left -= {*names_bound_by(statement)}
        return found

    return needed
