"""Python's own parser, for threads that parse at the same time.

CPython (3.11 and others, see its issue 106905) counts how deep the tree is that it makes in one place for all threads.
When they take turns in the middle of that it raises SystemError, "AST constructor recursion depth mismatch", though
nothing is wrong with the source.
"""

from __future__ import annotations

import ast
import threading
from collections.abc import Callable
from typing import TypeVar

Tree = TypeVar("Tree", bound=ast.AST)

TRIES = 20
_turn = threading.Lock()


def parse_module(source: str | bytes, name: str = "<unknown>") -> ast.Module:
    """``source`` as a tree; ``name`` stands for its file. Raises what :func:`ast.parse` raises for bad source."""
    return _again(lambda: ast.parse(source, name))


def parse_expression(text: str) -> ast.expr:
    """One expression as a tree. Raises what :func:`ast.parse` raises for bad source."""
    return _again(lambda: ast.parse(text, mode="eval")).body


def _again(parse: Callable[[], Tree]) -> Tree:
    with _turn:  # of this program's threads; those of others may still meet
        for _ in range(TRIES):
            try:
                return parse()
            except SystemError:
                continue
        return parse()
