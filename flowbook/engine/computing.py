"""Whether code can be seen to change nothing outside of the process: then a dry run runs it.

What is allowed is listed, where that can be: modules, and of them what is their own. Of what data has, which are plain
values and tables of pandas and numpy, what writes is listed, and what reaches something else by its name as a text.
"""

from __future__ import annotations

import ast
import builtins
import importlib
from collections.abc import Iterator
from types import ModuleType

from flowbook.parsing import parse_module

_COMPUTING = frozenset({
    "base64", "bisect", "calendar", "cmath", "collections", "copy", "dataclasses", "datetime", "decimal", "difflib",
    "enum", "fractions", "functools", "hashlib", "heapq", "hmac", "html", "itertools", "json", "math", "operator",
    "random", "re", "statistics", "string", "textwrap", "time", "typing", "unicodedata", "uuid", "zoneinfo",
    "collections.abc", "html.entities",
})  # fmt: skip
"""Modules that can change nothing outside of the process."""
_HOMES = _COMPUTING | {
    "builtins",
    "pydecimal",
    "pydatetime",
    "struct",
    "blake2",
    "md5",
    "sha1",
    "sha2",
    "sha3",
    "openssl",
}
"""Where what is theirs says that it comes from, without the underscores of modules in C."""
_BY_TEXT = frozenset({
    "attrgetter", "methodcaller", "call", "get_type_hints", "evaluate_forward_ref", "ForwardRef", "Formatter",
    "singledispatch", "singledispatchmethod", "main", "global_enum", "reset_tzpath", "tzset",
})  # fmt: skip
"""What is theirs and reaches attributes or code that a text names, or changes the process."""
_OUTSIDE = frozenset({
    "open", "exec", "eval", "compile", "input", "breakpoint", "getattr", "setattr", "delattr", "globals", "locals",
    "vars", "current", "display", "help", "exit", "quit",
})  # fmt: skip
_VALUES = frozenset({"to_dict", "to_list", "to_numpy", "to_string", "to_frame", "to_records", "to_pydatetime"})
_WRITES = frozenset({"tofile", "dump", "savefig", "save", "eval", "evaluate", "query", "ctypes"})
_FRAMES = frozenset(
    f"{kind}_{what}" for kind in ("gi", "cr", "ag", "tb", "f")
    for what in ("frame", "code", "await", "yieldfrom", "next", "back", "builtins", "globals", "locals")
)  # fmt: skip
_METHOD_BY_NAME = frozenset({"apply", "applymap", "agg", "aggregate", "transform", "map", "pivot_table"})
"""Methods of tables that call what they are given, or the method of that name."""
_PLAIN = frozenset(name for name in vars(builtins) if not name.startswith("_")) - _OUTSIDE


def only_computes(source: str) -> bool:
    """Whether code can be seen to change nothing outside, whatever data it is given."""
    try:
        tree = parse_module(source)
        return _Code(tree).only_computes()
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True  # it fails by itself, and says where


class _Code:
    def __init__(self, tree: ast.AST) -> None:
        self._all = list(ast.walk(tree))
        self._modules = dict(self._imported())
        self._stored = {one.id for one in self._all if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Load)}
        self._functions = {one.name for one in self._all if isinstance(one, ast.FunctionDef)}
        self._bases = {id(one.value) for one in self._all if isinstance(one, ast.Attribute)}
        self._called = {id(one.func) for one in self._all if isinstance(one, ast.Call)}

    def only_computes(self) -> bool:
        return all(map(self._computes, self._all))

    def _imported(self) -> Iterator[tuple[str, str]]:
        """The names of modules in the code, and which they are."""
        for one in self._all:
            if isinstance(one, ast.Import):
                for alias in one.names:
                    name = alias.name if alias.asname else alias.name.partition(".")[0]
                    yield alias.asname or name, name
            elif isinstance(one, ast.ImportFrom):
                for alias in one.names:
                    if f"{one.module}.{alias.name}" in _COMPUTING:
                        yield alias.asname or alias.name, f"{one.module}.{alias.name}"

    def _module(self, node: ast.expr) -> str | None:
        """The module that a name, or what stands behind its dot, is; None when it is none."""
        if isinstance(node, ast.Name):
            return self._modules.get(node.id)
        outer = self._module(node.value) if isinstance(node, ast.Attribute) else None
        inner = f"{outer}.{node.attr}" if isinstance(node, ast.Attribute) else ""
        return inner if outer is not None and inner in _COMPUTING else None

    def _computes(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Import):
            return all(alias.name in _COMPUTING for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            return not node.level and module in _COMPUTING and all(_is_theirs(module, one.name) for one in node.names)
        if isinstance(node, ast.Name):
            # A module by itself could be called by another name, which is not followed.
            hidden = node.id in self._modules and id(node) not in self._bases
            return not hidden and node.id not in _OUTSIDE and not node.id.startswith("__")
        if isinstance(node, ast.Attribute):
            return self._attribute_computes(node)
        if isinstance(node, ast.MatchClass):
            return all(map(_is_harmless, node.kwd_attrs))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            by_name = node.func.attr in _METHOD_BY_NAME
            return not by_name or all(map(self._names_no_method, [*node.args, *(one.value for one in node.keywords)]))
        return True

    def _attribute_computes(self, node: ast.Attribute) -> bool:
        if self._module(node) is not None and id(node) not in self._bases:
            return False  # as of a name: what it is called then is not followed
        module = self._module(node.value)
        if module is not None:
            return module in _COMPUTING and _is_theirs(module, node.attr)
        if node.attr in _METHOD_BY_NAME and id(node) not in self._called:
            return False
        return _is_harmless(node.attr)

    def _names_no_method(self, given: ast.AST) -> bool:
        """Whether what such a method is given is a function that is seen here, or a name that is."""
        if isinstance(given, ast.Constant):
            return not isinstance(given.value, str) or _is_harmless(given.value)
        if isinstance(given, (ast.List, ast.Tuple, ast.Set)):
            return all(map(self._names_no_method, given.elts))
        if isinstance(given, ast.Dict):
            return all(map(self._names_no_method, given.values))
        if isinstance(given, ast.Name):
            return given.id not in self._stored and given.id in _PLAIN | self._functions
        if isinstance(given, ast.Attribute):
            base = given.value.id if isinstance(given.value, ast.Name) else ""
            return base not in self._stored and (base in self._modules or base in _PLAIN)
        return isinstance(given, ast.Lambda)


def _is_harmless(name: str) -> bool:
    """Whether an attribute of data neither writes nor leads out of it.

    Every method that begins with ``to_`` but makes a value counts as writing.
    """
    writes = name in _WRITES or (name.startswith("to_") and name not in _VALUES)
    return not name.startswith("_") and not writes and name not in _FRAMES


def _is_theirs(module: str, name: str) -> bool:
    """Whether what a module has under that name is its own, and not another module that it uses."""
    if name.startswith("_") or name in _BY_TEXT or name == "*":
        return False
    if f"{module}.{name}" in _COMPUTING:
        return True
    has = importlib.import_module(module)
    if not hasattr(has, name):
        return False  # a module inside of it, which the import would load: it is named nowhere here
    found = getattr(has, name)
    home = getattr(found, "__module__", None) or module
    from_there = isinstance(home, str) and home.partition(".")[0].strip("_") in _HOMES
    return from_there and not isinstance(found, ModuleType)
