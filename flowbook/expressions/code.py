"""The references in a code node's Python: ``nodes.fetch.data`` and ``inputs["repo"]``, found and renamed.

Only what surely is one counts. Where the code gives the name ``nodes`` or ``inputs`` a meaning of its own, it is left
alone, and so is what it makes up as it runs (``getattr(nodes, name)``).
"""

from __future__ import annotations

import ast
import keyword
import re
import symtable
import sys
from collections.abc import Iterator
from typing import Literal

from flowbook.errors import ExpressionError
from flowbook.expressions.templates import parts
from flowbook.parsing import check_code, parse_module
from flowbook.records import NamedTuple

Kind = Literal["nodes", "inputs"]

_METHODS = frozenset({"get", "items", "keys", "values"})  # of nodes and inputs as mappings, where none is called so
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_SCOPES = (*_FUNCTIONS, *_COMPREHENSIONS, ast.ClassDef)
_PLACES_IN_FSTRINGS = sys.version_info >= (3, 12)  # before, the tree says nothing reliable of places inside one


def free_names(source: str) -> set[str]:
    """The names that code uses and gives no meaning, builtins among them; none where that cannot be told.

    Not told is it of what is no Python, and of code with ``from … import *``.
    """
    text = _without_templates(source)
    if re.search(r"\bimport\s*\*", text):
        return set()
    lead = "if True:\n" if text[:1].isspace() and text.lstrip("\n")[:1].isspace() else ""  # code indented as a whole
    try:
        table = symtable.symtable(lead + text, "<code>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    given, used = set[str](), set[str]()
    for symbol in table.get_symbols():
        (given if symbol.is_assigned() or symbol.is_imported() else used).add(symbol.get_name())
    waiting = list(table.get_children())
    while waiting:
        inner = waiting.pop()
        waiting.extend(inner.get_children())
        for symbol in inner.get_symbols():
            if symbol.is_global():
                (given if symbol.is_assigned() or symbol.is_imported() else used).add(symbol.get_name())
    return {name for name in used - given if name.strip("_")}  # not what stands for a template


class _Reference(NamedTuple):
    """``begin`` to ``end`` is what names it: ``.fetch``, or the text between brackets with its quotation marks."""

    name: str
    begin: int
    end: int
    attribute: bool
    needed: bool = True  # without it the code fails; ``nodes.get("x")`` and ``"x" in nodes`` do not
    quote: str = '"'


def code_references(source: str, kind: Kind) -> set[str]:
    """The names of nodes (or inputs) without which the code fails, as far as they stand in it."""
    if kind not in source:
        return set()
    return {reference.name for reference in _references(source, kind) if reference.needed}


class Unreadable(NamedTuple):
    """Why code is none: ``line`` from 1, ``start`` to ``end`` the place in characters from its beginning."""

    message: str
    line: int
    start: int
    end: int


def unreadable(source: str) -> Unreadable | None:
    """What keeps code from being Python; None when nothing does, or an expression inside it may yet mend it."""
    lead, text = laid_out(source)
    try:
        check_code(text)
        return None
    except SyntaxError as error:
        if "${{" in source:
            return None
        return _placed(error, source, lead.count("\n"))
    except (ValueError, RecursionError, MemoryError) as error:
        return Unreadable(str(error) or type(error).__name__, 1, 0, len(source))


def _placed(error: SyntaxError, source: str, above: int) -> Unreadable:
    lines = source.splitlines(keepends=True) or [""]

    def place(line: int | None, column: int | None) -> int:
        at = min(max((line or 1) - above, 1), len(lines))
        return sum(map(len, lines[: at - 1])) + min(max((column or 1) - 1, 0), len(lines[at - 1].rstrip("\r\n")))

    start = place(error.lineno, error.offset)
    given = error.end_offset is not None and error.end_offset > 0
    end = place(error.end_lineno, error.end_offset) if given else start
    line = min(max((error.lineno or 1) - above, 1), len(lines))
    return Unreadable((error.msg or "invalid syntax").rstrip("."), line, start, max(start, end))


def code_reads(source: str, kind: Kind) -> set[str] | None:
    """The names of all nodes (or inputs) that the code can read; None when that does not stand in it.

    It does when ``nodes`` is used by nothing but ``nodes.x``, ``nodes["x"]`` and ``nodes.get("x")``.
    """
    if "current" in source or "globals" in source or "exec" in source or "eval" in source:
        return None
    if kind not in source:
        return set()
    try:
        tree = parse_module(_without_templates(source))
    except SyntaxError:
        return None
    found: set[str] = set()
    named = sum(isinstance(each, ast.Name) and each.id == kind for each in ast.walk(tree))
    for each in ast.walk(tree):
        name = _read_by(each, kind)
        if name is not None:
            found.add(name)
            named -= 1
    return None if named else found


def _read_by(node: ast.AST, kind: Kind) -> str | None:
    """The name that ``nodes.x``, ``nodes["x"]`` or ``nodes.get("x")`` reads."""
    if isinstance(node, ast.Call) and node.args and _is_get(node.func, kind):
        return _text(node.args[0])
    if isinstance(node, ast.Attribute) and _is(node.value, kind) and node.attr != "get":
        return node.attr
    return _text(node.slice) if isinstance(node, ast.Subscript) and _is(node.value, kind) else None


def _is_get(node: ast.AST, kind: Kind) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "get" and _is(node.value, kind)


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _text(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def rename_in_code(source: str, kind: Kind, old: str, new: str) -> str:
    """The code with ``nodes.new`` (or ``inputs.new``) where it said the old name; every other byte is left."""
    if old not in source or kind not in source:
        return source
    found = {(one.begin, one.end): one for one in _references(source, kind) if one.name == old}
    for (begin, end), one in sorted(found.items(), reverse=True):
        source = source[:begin] + _written(one, new) + source[end:]
    return source


def _written(reference: _Reference, new: str) -> str:
    quoted = f"{reference.quote}{new}{reference.quote}"
    if not reference.attribute:
        return quoted
    return f"[{quoted}]" if new in _METHODS or keyword.iskeyword(new) else f".{new}"


def _references(source: str, kind: Kind) -> list[_Reference]:
    lead, text = laid_out(source)
    try:
        tree = parse_module(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    if _taken(tree, kind):
        return []
    finder = _Finder(text, len(lead), kind)
    finder.visit(tree)
    return finder.found


def laid_out(source: str) -> tuple[str, str]:
    """The code as it is parsed, and what was put before it: for code that is indented as a whole, a line."""
    text = _without_templates(source)
    first = next((line for line in text.splitlines() if line.strip()), "")
    lead = "if True:\n" if first[:1].isspace() else ""
    return lead, lead + text


def _without_templates(source: str) -> str:
    """The code with a name of the same length in place of each ``${{ }}``, which are filled in before it runs."""
    if "${{" not in source:
        return source
    try:
        pieces = list(parts(source))
    except ExpressionError:
        return source
    return "".join("_" * (len(text) + 5) if is_expression else text for text, is_expression in pieces)


def _taken(tree: ast.Module, kind: str) -> bool:
    """Whether the code gives the name another meaning, for itself as a whole or from within a function."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.Global, ast.Nonlocal)) and kind in node.names:
            return True
        if isinstance(node, ast.NamedExpr) and node.target.id == kind:
            return True
    return kind in bound_by(tree)


def bound_by(scope: ast.AST) -> set[str]:
    """The names that a scope gives a meaning, without those of the scopes inside it."""
    names: set[str] = set()
    if isinstance(scope, _FUNCTIONS):
        given = scope.args
        every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
        names.update(one.arg for one in every if one is not None)
    waiting: list[ast.AST] = list(ast.iter_child_nodes(scope))
    while waiting:
        node = waiting.pop()
        names.update(_names_bound_by(node))
        if not isinstance(node, _SCOPES):
            waiting.extend(ast.iter_child_nodes(node))
    return names


def _names_bound_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest


class _Finder(ast.NodeVisitor):
    """Collects the references of one kind, leaving out the scopes in which its name means something else."""

    def __init__(self, text: str, lead: int, kind: str) -> None:
        self.found: list[_Reference] = []
        self._text = text
        self._lead = lead
        self._kind = kind
        self._lines = [line.encode() for line in re.split(r"(?<=\n)", text)]
        self._fstring: ast.JoinedStr | None = None
        self._called: set[int] = set()

    def visit(self, node: ast.AST) -> None:
        """Look at a node and what is inside it."""
        if isinstance(node, _SCOPES) and self._kind in bound_by(node):
            for outer in _evaluated_outside(node):
                self.visit(outer)
            return
        if isinstance(node, ast.JoinedStr) and self._fstring is None:
            self._fstring = node
            self.generic_visit(node)
            self._fstring = None
            return
        self._look_at(node)
        self.generic_visit(node)

    def _look_at(self, node: ast.AST) -> None:
        if isinstance(node, ast.Attribute) and self._is_root(node.value):
            method = node.attr in _METHODS
            if not node.attr.startswith("_") and not (method and id(node) in self._called):
                self._add(node.attr, node, attribute=True, needed=not method)
        elif isinstance(node, ast.Subscript) and self._is_root(node.value):
            self._add_text(node.slice)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            self._called.add(id(node.func))
            if node.args and node.func.attr == "get" and self._is_root(node.func.value):
                self._add_text(node.args[0], needed=False)
        elif isinstance(node, ast.Compare) and self._is_root(node.comparators[0]):
            self._add_text(node.left, needed=False)  # "fetch" in nodes

    def _is_root(self, node: ast.AST) -> bool:
        return isinstance(node, ast.Name) and node.id == self._kind

    def _add_text(self, node: ast.AST, *, needed: bool = True) -> None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            self._add(node.value, node, attribute=False, needed=needed)

    def _add(self, name: str, node: ast.expr, *, attribute: bool, needed: bool = True) -> None:
        for begin, end in self._spans(name, node, attribute):
            written = self._text[begin:end]
            quote = '"' if attribute else written[-1:]
            if self._fstring is not None and attribute:
                start, _ = self._span(self._fstring)
                quote = "'" if '"' in self._text[start : start + 4] else '"'
            if attribute or written == f"{quote}{name}{quote}":
                self.found.append(_Reference(name, begin - self._lead, end - self._lead, attribute, needed, quote))

    def _spans(self, name: str, node: ast.expr, attribute: bool) -> Iterator[tuple[int, int]]:
        if self._fstring is not None and not _PLACES_IN_FSTRINGS:
            yield from self._spans_in_fstring(name, attribute)
            return
        begin, end = self._span(node)
        if attribute:
            begin = self._text.rindex(".", begin, end)
        yield begin, end

    def _spans_in_fstring(self, name: str, attribute: bool) -> Iterator[tuple[int, int]]:
        assert self._fstring is not None
        begin, end = self._span(self._fstring)
        after = rf"(\s*\.\s*{name}\b)" if attribute else rf"(?:\[|\.get\()\s*((['\"]){name}\2)"
        for match in re.finditer(rf"\b{self._kind}{after}", self._text[begin:end]):
            before = self._text[begin : begin + match.start()]
            if before.rfind("{") > before.rfind("}"):
                yield begin + match.start(1), begin + match.end(1)

    def _span(self, node: ast.expr) -> tuple[int, int]:
        return self._place(node.lineno, node.col_offset), self._place(node.end_lineno or 0, node.end_col_offset or 0)

    def _place(self, line: int, column: int) -> int:
        return len((b"".join(self._lines[: line - 1]) + self._lines[line - 1][:column]).decode())


def _evaluated_outside(scope: ast.AST) -> list[ast.AST]:
    """The parts of a scope's definition that are evaluated around it, not in it."""
    if isinstance(scope, _COMPREHENSIONS):
        return [scope.generators[0].iter]
    found: list[ast.AST | None] = list(getattr(scope, "decorator_list", ()))
    if isinstance(scope, _FUNCTIONS):
        found += [*scope.args.defaults, *scope.args.kw_defaults]
    elif isinstance(scope, ast.ClassDef):
        found += [*scope.bases, *scope.keywords]
    return [one for one in found if one is not None]
