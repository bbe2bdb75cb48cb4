"""Runs a piece of Python whose last expression is its value, and says where in it an error was."""

from __future__ import annotations

import ast
import linecache
import sys
import textwrap
import traceback
from types import CodeType
from typing import Any

from flowbook import FlowbookError, TaskFailed, installing, parsing

from . import reaching

_ASKING = "A run asks nobody: declare an input of the workflow, and read it with inputs.<name>."


def run(source: str, name: str, scope: dict[str, Any]) -> Any:
    """The value of the last expression of ``source`` (None when it ends with something else), run in ``scope``.

    ``name`` stands for the file in tracebacks. An error in the code prints its traceback, which shows the code's own
    lines, and raises TaskFailed naming the line; one of Flowbook's errors, or sys.exit, goes on as it is. A key of a
    dict is an attribute of it in the code too (:mod:`reaching`).
    """
    source = _unindented(source)
    statements, last = _compiled(source, name)
    # An entry without a modification time is never dropped by linecache.checkcache, as one of a real file would be.
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    namespace = {"__name__": "__main__", "__builtins__": __builtins__, reaching.REACH: reaching.reach, **scope}
    try:
        exec(statements, namespace)  # noqa: S102 - running the code is what a code node is for
        return None if last is None else eval(last, namespace)  # noqa: S307 - as above
    except FlowbookError:
        raise
    except Exception as error:  # noqa: BLE001 - the code may raise anything; it is told with the code's own lines
        failure = _failure(error, name, source)
    raise failure


def _unindented(source: str) -> str:
    """Code that was written indented as a whole, as in a triple-quoted text, without that indentation."""
    first = next((line for line in source.splitlines() if line.strip()), "")
    return textwrap.dedent(source) if first[:1].isspace() else source


def _compiled(source: str, name: str) -> tuple[CodeType, CodeType | None]:
    try:
        tree = reaching.reaching(parsing.parse_module(source, name))
        final = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        # dont_inherit: the __future__ imports of this module are none of the code's business
        statements = compile(tree, name, "exec", dont_inherit=True)
        if not isinstance(final, ast.Expr):
            return statements, None
        return statements, compile(ast.Expression(final.value), name, "eval", dont_inherit=True)
    except SyntaxError as error:
        place = f" in line {error.lineno}" if error.lineno else ""
        shown = f": {error.text.strip()}" if error.text and error.text.strip() else ""
        problem = f"the code has a syntax error{place}: {error.msg}{shown}"
    except (ValueError, RecursionError, MemoryError) as error:
        problem = f"the code cannot be compiled: {error or type(error).__name__}"
    raise TaskFailed(problem, permanent=True)


def _failure(error: Exception, name: str, source: str) -> TaskFailed:
    """Print the traceback from the code's first frame on; the failure that names the code's innermost line."""
    trace = error.__traceback__.tb_next if error.__traceback__ is not None else None
    described = traceback.TracebackException(type(error), error, trace, capture_locals=False)
    own = [frame for frame in described.stack if frame.filename != reaching.__file__]
    described.stack = traceback.StackSummary.from_list(own)
    print("".join(described.format()), file=sys.stderr, end="")
    text = described.format_exception_only()
    message = " ".join("".join(text).split())
    lines = [frame.lineno for frame in described.stack if frame.filename == name and frame.lineno]
    place = ""
    if lines:
        shown = source.splitlines()[lines[-1] - 1].strip()
        place = f" (line {lines[-1]}: {shown})"
    traceback.clear_frames(error.__traceback__)
    missing = installing.remedy_for(error)
    hint = missing or (_ASKING if isinstance(error, EOFError) else "")
    end = "." if hint else ""
    failed = TaskFailed(f"{message}{place}{end}", hint=hint, permanent=bool(missing))
    if missing:  # which library it was is asked where somebody else's machine lacks it
        failed.__context__ = error
    return failed
