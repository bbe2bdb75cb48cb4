"""Keys as attributes in a code node's code, as expressions have them: ``nodes.fetch.data.body``, ``row.city``.

The code's own attribute look-ups are compiled to a look-up that tries the keys of a dict first. So data stays what it
is: no copy, no class of its own. What is called (``data.items()``) is a method, as ever.
"""

from __future__ import annotations

import ast
from typing import Any

from flowbook.named import Names

REACH = "__flowbook_reach__"
"""Under what name the code finds :func:`reach`."""


def reach(value: Any, name: str) -> Any:
    """``value.name``: a dict's key where there is one, else the attribute; likewise for ``inputs`` and ``nodes``."""
    if type(value) in (dict, Names) and name in value:
        return value[name]
    try:
        return getattr(value, name)
    except AttributeError:
        if isinstance(value, dict) and type(value) is not Names:
            if name in value:
                return value[name]
            shown = ", ".join(str(key)[:60] for key in list(value)[:12])
            raise AttributeError(f"there is no key or attribute {name!r}, only: {shown or 'nothing'}") from None
        raise


class _Reaching(ast.NodeTransformer):
    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        self.generic_visit(node)
        # Names with two underscores are those of classes and modules, and may be spelled otherwise inside of a class.
        if not isinstance(node.ctx, ast.Load) or node.attr.startswith("__"):
            return node
        found = ast.Call(ast.Name(REACH, ast.Load()), [node.value, ast.Constant(node.attr)], [])
        return ast.fix_missing_locations(ast.copy_location(found, node))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        inner = node.func.value if isinstance(node.func, ast.Attribute) else node.func
        visited = self.visit(inner)
        if isinstance(node.func, ast.Attribute):
            node.func.value = visited
        else:
            node.func = visited
        node.args = [self.visit(each) for each in node.args]
        node.keywords = [self.visit(each) for each in node.keywords]
        return node

    def visit_match_case(self, node: Any) -> Any:
        # A pattern (case Colour.RED) is made of names, not of look-ups.
        if node.guard is not None:
            node.guard = self.visit(node.guard)
        node.body = [self.visit(each) for each in node.body]
        return node


def reaching(tree: ast.Module) -> ast.Module:
    """The tree with its look-ups of attributes as those of :func:`reach`."""
    changed: ast.Module = _Reaching().visit(tree)
    return changed
