"""What people write in a code node out of habit, from functions, notebooks and scripts, and what to write here."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator

from flowbook.expressions.code import laid_out
from flowbook.parsing import parse_module

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)

# Of what no function is around. A comprehension counts as one only for what it may hold.
_OUTSIDE: tuple[tuple[tuple[type[ast.AST], ...], str], ...] = (
    (
        (ast.Return,),
        "The value of the last line is what the node gives: write it there alone, without return. To end early, put "
        "the code into a function and call that on the last line.",
    ),
    (
        (ast.Yield, ast.YieldFrom),
        "Collect the values in a list, and write that alone on the last line: it is what the node gives.",
    ),
    (
        (ast.Await, ast.AsyncFor, ast.AsyncWith),
        "Put it into a function, async def main(), and write asyncio.run(main()) on the last line.",
    ),
    ((ast.Break, ast.Continue), "It belongs into a loop. To end early, put the code into a function and return."),
)
# Of what is no Python at all: how its line looks.
_LINES = (
    (r"\s*[!%]+\s*(?:pip|conda|uv|mamba)\b", "Packages are installed beside Flowbook, not by a node: see its README."),
    (r"\s*!", "A command of the shell is run by: import subprocess; subprocess.run([…], check=True)"),
    (r"\s*%", "What begins with % is a notebook's. Leave it out: figures and tables are shown without it."),
    (r"\s*\?|.*\?\s*$", "Help with ? is a notebook's. Leave it out."),
    (r"\s*(?:print|exec)\s+[^\s(=.,)\]]", "This is Python 3: write print(…)."),
    (r"\s*(?:const|let|var|function)\s+\w", "This is Python. JavaScript runs in a node of javascript.run."),
    (r"\s*select\s.+\sfrom\s", "This is Python. SQL runs in a node of sqlite, postgres or mysql."),
    (r".*(?:&&|\|\|)", "Write and, or."),
)


def hint_for_code(source: str, line: int) -> str:
    """What to write in place of what is no Python, in ``line`` (from 1); empty for no idea."""
    body = _body(source)
    if body is None:
        lines = source.splitlines()
        shown = lines[line - 1] if 0 < line <= len(lines) else ""
        return next((hint for sign, hint in _LINES if re.match(sign, shown, re.IGNORECASE)), "")
    found = {type(node) for node in _outside(ast.Module(body, []))}
    return next((hint for kinds, hint in _OUTSIDE if found.intersection(kinds)), "")


def _outside(tree: ast.AST, *, looping: bool = False) -> Iterator[ast.AST]:
    """What stands outside of functions; ``break`` and ``continue`` only outside of loops too."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, _FUNCTIONS):
            continue
        if isinstance(node, ast.comprehension) and node.is_async:
            yield ast.Await(node.iter)
        if not (looping and isinstance(node, (ast.Break, ast.Continue))):
            yield node
        yield from _outside(node, looping=looping or isinstance(node, _LOOPS))


@functools.lru_cache(256)
def gives_nothing(source: str) -> bool:
    """Whether code surely gives no value: what it ends with has none, or prints it."""
    body = _body(source)
    if body is None:
        return False
    if not body or not isinstance(body[-1], ast.Expr):
        return True
    call = body[-1].value
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print"


def imported(source: str) -> set[str]:
    """The packages that code imports outside of functions, of ``if`` and of ``try``, each by its first name."""
    body = _body(source) or []
    names = [alias.name for each in body if isinstance(each, ast.Import) for alias in each.names]
    names += [each.module for each in body if isinstance(each, ast.ImportFrom) and each.module and not each.level]
    return {name.partition(".")[0] for name in names}


def _body(source: str) -> list[ast.stmt] | None:
    """The statements of code; None of what is none."""
    lead, text = laid_out(source)
    try:
        body = parse_module(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return body[0].body if lead and isinstance(body[0], ast.If) else body
