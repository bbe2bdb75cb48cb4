"""Python's own parser, for threads that parse at the same time.

CPython (3.11 and others, see its issue 106905) counts how deep the tree is that it makes in one place for all threads.
When they take turns in the middle of that it raises SystemError, "AST constructor recursion depth mismatch", though
nothing is wrong with the source.

What it reads is others' text, so what Python would warn about in it (``"\\d"``, ``1else``) is not said on the standard
error of whoever looks at it, and is no error where warnings are errors.
"""

from __future__ import annotations

import ast
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import TypeVar

Made = TypeVar("Made")

TRIES = 20
PART = 200_000
"""Characters of a module that are parsed at once, at least, where it is parsed in parts."""
_DEFINITION = re.compile(r"(?<=\n\n)(?:class |@)")  # after an empty line: not a class behind its decorator
_turn = threading.Lock()
_WARNED_ABOUT = re.compile(r"\\|\d\.?[A-Za-z]")  # an escape that may be none, a number with a word right behind it


def parse_module(source: str | bytes, name: str = "<unknown>") -> ast.Module:
    """``source`` as a tree; ``name`` stands for its file. Raises what :func:`ast.parse` raises for bad source."""
    text = source if isinstance(source, str) else source.decode("latin-1")
    return _again(lambda: ast.parse(source, name), silent=_WARNED_ABOUT.search(text) is not None)


def parse_statements(source: str, name: str = "<unknown>") -> Iterator[ast.stmt]:
    """The statements of a long module of classes and functions, a part of it at a time: a tree takes seventy times its
    source. They know their line in their part only. Raises what :func:`ast.parse` raises, when it comes to that part.
    """
    for part in _parts(source):
        yield from parse_module(part, name).body


def _parts(source: str) -> Iterator[str]:
    start = 0
    while len(source) - start > PART:
        found = _DEFINITION.search(source, start + PART)
        if found is None:
            break
        yield source[start : found.start()]
        start = found.start()
    yield source[start:]


def parse_expression(text: str) -> ast.expr:
    """One expression as a tree. Raises what :func:`ast.parse` raises for bad source."""
    return _again(lambda: ast.parse(text, mode="eval"), silent=_WARNED_ABOUT.search(text) is not None).body


def parse_value(text: str) -> object:
    """What a literal stands for. Raises what :func:`ast.literal_eval` raises for anything else."""
    return _again(lambda: ast.literal_eval(text), silent=_WARNED_ABOUT.search(text) is not None)


def check_code(source: str) -> None:
    """Raise what :func:`compile` raises for what is no module of Python."""
    tree = parse_module(source)
    # dont_inherit: the __future__ imports of this module are none of the code's business
    _again(lambda: compile(tree, "<code>", "exec", dont_inherit=True), silent=True)


def _again(make: Callable[[], Made], *, silent: bool) -> Made:
    with _turn:  # of this program's threads; those of others may still meet
        if not silent:
            return _tried(make)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _tried(make)


def _tried(make: Callable[[], Made]) -> Made:
    for _ in range(TRIES):
        try:
            return make()
        except SystemError:
            continue
    return make()
