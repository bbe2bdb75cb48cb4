"""A Python source with its syntax tree, and the text of any part of it, character by character."""

from __future__ import annotations

import ast
import io
import tokenize
from typing import Any

from flowbook.formats.files import MERGE, MERGE_REMEDY, marks_of_a_merge
from flowbook.json_text import MAX_DIGITS, has_long_number
from flowbook.parsing import parse_module


class Fault(Exception):
    """Something in a source that is not of the form; whoever reads it says in which file, or cell, it stands."""

    def __init__(self, what: str, remedy: str = "", at: Any = None) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.line: int = getattr(at, "lineno", 1)
        self.column: int = getattr(at, "col_offset", 0) + 1


class Source:
    """A text of Python: its ``lines`` without their ends, and its ``tree``. Raises Fault for what is no Python."""

    def __init__(self, text: str) -> None:
        self.text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
        self.lines = self.text.split("\n")
        self.tree = _parsed(self.text)

    def of(self, node: ast.AST) -> str:
        """The text of an expression or statement; brackets around the whole of it are no part of it."""
        first, last = node.lineno, node.end_lineno  # type: ignore[attr-defined]
        return self.between(first, self.column(first, node.col_offset), last, self.column(last, node.end_col_offset))  # type: ignore[attr-defined]

    def column(self, line: int, offset: int) -> int:
        """Where in a line (from 1) something is, in characters; the tree counts bytes of UTF-8."""
        text = self.lines[line - 1]
        return offset if text.isascii() else len(text.encode()[:offset].decode())

    def between(self, first: int, start: int, last: int, end: int) -> str:
        """The text from one place to another, both as a line (from 1) and a column in characters (from 0)."""
        if first == last:
            return self.lines[first - 1][start:end]
        return "\n".join([self.lines[first - 1][start:], *self.lines[first : last - 1], self.lines[last - 1][:end]])

    def header_end(self, function: ast.FunctionDef) -> int:
        """The last line of a function's ``def …:``."""
        rest = io.StringIO("\n".join(self.lines[function.lineno - 1 :]) + "\n")
        depth = 0
        for token in tokenize.generate_tokens(rest.readline):
            if token.type == tokenize.OP:
                depth += (token.string in "([{") - (token.string in ")]}")
                if token.string == ":" and depth == 0:
                    return function.lineno - 1 + token.end[0]
        return function.lineno


def _parsed(text: str) -> ast.Module:
    try:
        return parse_module(text)
    except SyntaxError as error:
        if (line := marks_of_a_merge(text)) is not None:
            fault = Fault(MERGE, MERGE_REMEDY)
            fault.line, fault.column = line, 1
            raise fault from None
        fault = Fault(f"this is not Python: {(error.msg or 'invalid syntax').rstrip('.')}", "Mend the syntax.")
        if has_long_number(error.text or ""):
            fault = Fault(
                f"this number has more than {MAX_DIGITS} digits", "If it is meant as text, put it into quotes."
            )
        fault.line, fault.column = error.lineno or 1, max(error.offset or 1, 1)
        raise fault from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise Fault(f"this cannot be read as Python: {error or 'it is nested too deeply'}") from None


def inside_texts(code: str) -> set[int]:
    """The lines (from 1) that begin inside a text of several lines: their indentation is a part of that text.

    Raises SyntaxError or tokenize.TokenError for what is no Python.
    """
    if '"""' not in code and "'''" not in code and "\\\n" not in code:
        return set()
    found: set[int] = set()
    begun: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        kind = tokenize.tok_name[token.type]
        if kind == "STRING":
            found.update(range(token.start[0] + 1, token.end[0] + 1))
        elif kind in ("FSTRING_START", "TSTRING_START"):  # of Python 3.12 and 3.14; before, such a text is a STRING
            begun.append(token.start[0])
        elif kind in ("FSTRING_END", "TSTRING_END"):
            found.update(range(begun.pop() + 1, token.end[0] + 1))
    return found
