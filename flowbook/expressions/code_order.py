"""The names of a code node's Python that are used above the line which gives them a meaning.

Only what surely fails counts, should its line be reached: nothing is said of what runs later than it stands, as
functions do, under a condition of its own, or where its error may be caught.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from flowbook.expressions.code import bound_by, laid_out
from flowbook.parsing import parse_module

_ELSEWHERE = ("globals", "locals", "vars", "exec", "import *")
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def used_too_early(source: str) -> dict[str, int]:
    """The names that are used before they get their meaning, each with the first line that does so, from 1."""
    if any(word in source for word in _ELSEWHERE):
        return {}
    lead, text = laid_out(source)
    try:
        tree = parse_module(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    by_others = {name for each in ast.walk(tree) if isinstance(each, ast.Global | ast.Nonlocal) for name in each.names}
    found: dict[str, int] = {}
    for scope in ast.walk(tree):
        if isinstance(scope, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef):
            below = bound_by(scope)
            for used in _in_order(scope.body, by_others | _arguments(scope), set()):
                if used.id in below:
                    found.setdefault(used.id, used.lineno - lead.count("\n"))
    return found


def _arguments(scope: ast.AST) -> set[str]:
    if not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
        return set()
    return {each.arg for each in ast.walk(scope.args) if isinstance(each, ast.arg)}


def _in_order(statements: Iterable[ast.stmt], given: set[str], around: set[str]) -> Iterator[ast.Name]:
    """The names that have no meaning where they are used.

    ``given`` are those that have one, to which those of these statements are added. ``around`` are those that a loop
    around them gives: what stands under a condition may run when it has come round.
    """
    for one in statements:
        given |= {each.target.id for each in ast.walk(one) if isinstance(each, ast.NamedExpr)}
        yield from (name for name in _used_by(one) if name.id not in given)
        if isinstance(one, ast.With | ast.AsyncWith):
            targets = [item.optional_vars for item in one.items if item.optional_vars is not None]
            given.update(*(_names(target) for target in targets))
            yield from _in_order(one.body, given, around)
        elif isinstance(one, ast.If):
            either = given | around
            yield from _in_order([*one.body, *one.orelse], either, around)
        elif isinstance(one, ast.For | ast.AsyncFor):
            yield from _in_order(one.body, given | _names(one.target), around | bound_by(one))
        elif isinstance(one, ast.While):
            yield from _in_order(one.body, set(given), around | bound_by(one))
        given |= {one.name} if isinstance(one, _DEFINITIONS) else bound_by(ast.Module([one], []))


def _names(target: ast.expr) -> set[str]:
    return bound_by(ast.Module([ast.Expr(target)], []))


def _used_by(statement: ast.stmt) -> Iterator[ast.Name]:
    """The names that a statement uses at once, without those of the statements inside of it."""
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        yield statement.target
    waiting: list[ast.AST]
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
        defaults = [*statement.args.defaults, *statement.args.kw_defaults]
        waiting = [*statement.decorator_list, *(one for one in defaults if one is not None)]
    elif isinstance(statement, ast.AnnAssign):
        waiting = [] if statement.value is None else [statement.value]
    elif isinstance(statement, ast.With | ast.AsyncWith):
        waiting = [statement.items[0].context_expr]
    else:
        waiting = [one for one in ast.iter_child_nodes(statement) if isinstance(one, ast.expr | ast.keyword)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node
        elif isinstance(node, ast.IfExp):
            waiting.append(node.test)
        elif isinstance(node, ast.BoolOp):
            waiting.append(node.values[0])
        elif isinstance(node, _COMPREHENSIONS):
            waiting.append(node.generators[0].iter)
        elif not isinstance(node, ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))
