"""The body of a function as the code of a node, and back.

The code of a node is a cell: it runs from top to bottom, and its last expression is the node's data. So a body with one
``return`` at its end is written as such a cell; any other one as the whole function and a call of it.
"""

from __future__ import annotations

import ast
import tokenize

from flowbook.formats.python.text import Fault, Source, inside_texts
from flowbook.records import NamedTuple

INDENT = "    "
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_NEVER_FLAT = (ast.Yield, ast.YieldFrom, ast.Await, ast.Global, ast.Nonlocal, ast.AsyncFor, ast.AsyncWith)


class Body(NamedTuple):
    """A function's body as code. ``whole`` says that it is the function itself, still to be called."""

    code: str
    whole: bool


def body_of(source: Source, function: ast.FunctionDef, statements: list[ast.stmt]) -> Body:
    """The code of a function whose body is ``statements`` (without the docstring)."""
    lines, first_line = _region(source, function, statements)
    returns = _returns(statements)
    last = statements[-1]
    if _never_flat(statements) or len(returns) > 1 or (returns and (returns != [last] or returns[0].value is None)):
        return Body(_whole(source, function, lines), True)
    if returns:
        place, column = last.lineno - first_line, source.column(last.lineno, last.col_offset)
        column -= _indentation(source, statements)
        value = lines[place][column + len("return") :].lstrip(" ")
        if not value or value[0] in "\\\t" or lines[place][:column].strip():
            return Body(_whole(source, function, lines), True)
        lines[place] = lines[place][:column] + value
    elif isinstance(last, ast.Expr):
        lines.append("None")  # a function without return gives nothing, a cell that ends so would give its value
    return Body(ended("\n".join(lines)), False)


def ended(code: str) -> str:
    """Code as it is written when nothing else is said: a single line as it is, several with a line break at the end."""
    return f"{code}\n" if "\n" in code else code


def _returns(statements: list[ast.stmt]) -> list[ast.Return]:
    return [node for node in _own(statements) if isinstance(node, ast.Return)]


def _never_flat(statements: list[ast.stmt]) -> bool:
    return any(isinstance(node, ast.Nonlocal) for one in statements for node in ast.walk(one)) or any(
        isinstance(node, _NEVER_FLAT) for node in _own(statements)
    )


def _own(statements: list[ast.stmt]) -> list[ast.AST]:
    """What stands in the function itself, without the functions and classes inside it."""
    found: list[ast.AST] = []
    waiting: list[ast.AST] = list(statements)
    while waiting:
        node = waiting.pop(0)
        found.append(node)
        if not isinstance(node, _SCOPES):
            waiting.extend(ast.iter_child_nodes(node))
    return found


def _indentation(source: Source, statements: list[ast.stmt]) -> int:
    first = statements[0]
    return source.column(first.lineno, first.col_offset)


def _region(source: Source, function: ast.FunctionDef, statements: list[ast.stmt]) -> tuple[list[str], int]:
    """The lines of a body, unindented, with the comments before and after its statements; and which line is first."""
    first, last = statements[0], statements[-1]
    header = source.header_end(function)
    if first.lineno <= header:
        if first is not last or first.lineno != first.end_lineno or function.body[0] is not first:
            raise Fault("the body begins in the line of the 'def'", "Begin it in a line of its own.", first)
        start, end = source.column(first.lineno, first.col_offset), source.column(last.lineno, last.end_col_offset or 0)
        return [source.lines[first.lineno - 1][start:end]], first.lineno
    begin = header
    if function.body[0] is not first:
        begin = max(header, function.body[0].end_lineno or header)
    end = _with_comments(source, last.end_lineno or last.lineno)
    pad = " " * _indentation(source, statements)
    region = "\n".join(source.lines[begin:end])
    return _unindented(region, source.lines[first.lineno - 1][: len(pad)], first), begin + 1


def _with_comments(source: Source, end: int) -> int:
    """The line after the last statement's, and after the indented comments that follow it."""
    for place in range(end, len(source.lines)):
        line = source.lines[place]
        if line.strip() and not (line[0] in " \t" and line.lstrip().startswith("#")):
            break
        if line.strip():
            end = place + 1
    return end


def _unindented(region: str, pad: str, at: ast.AST) -> list[str]:
    lines = region.split("\n")
    try:
        kept = inside_texts(f"if 1:\n{region}\n")
    except (SyntaxError, tokenize.TokenError, IndentationError):
        raise Fault("this body cannot be read", "Indent it evenly.", at) from None
    return [_without(pad, line) if place + 2 not in kept and line.strip() else line for place, line in enumerate(lines)]


def _without(pad: str, line: str) -> str:
    return line.removeprefix(pad) if line.startswith(pad) else line.lstrip()


def _whole(source: Source, function: ast.FunctionDef, body: list[str]) -> str:
    header = source.lines[function.lineno - 1 : source.header_end(function)]
    outer = function.col_offset
    head = [line[outer:] if not line[:outer].strip() else line for line in header]
    return "\n".join([*head, *indented("\n".join(body))]) + "\n"


def indented(code: str) -> list[str]:
    """The lines of code, indented as a function's body; texts of several lines stay what they are."""
    kept = inside_texts(code)
    return [
        line if place in kept or not line.strip() else INDENT + line for place, line in enumerate(code.split("\n"), 1)
    ]


def as_body(code: str) -> list[str] | None:
    """The lines of the function body that is read as this code; None when there is none that surely is."""
    try:
        source = Source(code)
        lines = source.text.rstrip("\n").split("\n")
        tree = source.tree
        if not tree.body:
            return None
        last = tree.body[-1]
        if isinstance(last, ast.Expr):
            column = source.column(last.lineno, last.col_offset)
            if lines[last.lineno - 1][:column].strip("( "):  # brackets around the whole are no part of the tree
                return None
            lines[last.lineno - 1] = f"return {lines[last.lineno - 1]}"
        return indented("\n".join(lines))
    except (Fault, SyntaxError, tokenize.TokenError):
        return None
