"""What an expression refers to: which parts of it are paths from a name of the scope, and the names in them."""

from __future__ import annotations

import ast
import re
import string
from typing import Any

from flowbook.errors import ExpressionLimitError, ExpressionSyntaxError
from flowbook.expressions.elsewhere import hint_for_name, hint_for_node_field, hint_for_node_id, hyphen_hint
from flowbook.expressions.functions import CALLS
from flowbook.expressions.limits import MAX_DEPTH
from flowbook.expressions.lookup import NODE_FIELDS, SCOPE_NAMES, Reference, Step
from flowbook.expressions.syntax import Source, key_name, shortened
from flowbook.slips import nearest

JSON_WORDS = {"true": True, "false": False, "null": None}
"""Read as what they mean: that is how values look in files and results."""
_WORD = string.ascii_letters + string.digits
_PATH = re.compile(r"[\w.\-]+")
_REST = re.compile(r"(?:-\w+)+")


class References:
    """Finds the references of one expression, and notes what they refer to: the part of a
    :class:`~flowbook.expressions.compiler.Compiler` that knows names.

    ``locals`` are the variables of the comprehensions around, by name; ``in_default`` is how many ``default(…)`` are.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.names: set[str] = set()
        self.input_names: set[str] = set()
        self.required: set[str] = set()
        self.optional: set[str] = set()
        self.locals: dict[str, int] = {}
        self.in_default = 0

    def error(self, node: ast.AST, what: str, hint: str = "") -> ExpressionSyntaxError:
        """The error for a construct, naming the expression and the part."""
        text, part = self.source.text, self.source.of(node)
        where = "" if part == text else f" (in {shortened(part, 60)})"
        return ExpressionSyntaxError(f"${{{{ {shortened(text)} }}}}: {what.rstrip('.')}{where}.", text, hint)

    def too_deep(self) -> ExpressionLimitError:
        """The error for an expression that is nested too deeply."""
        text = self.source.text
        what = f"${{{{ {shortened(text)} }}}}: it is nested more than {MAX_DEPTH} levels deep."
        return ExpressionLimitError(what, text, "Split it into several nodes, or use a core.python node.")

    def reference(self, node: ast.expr) -> Reference | None:
        """The path that ``node`` is, from a name of the scope by constant keys; None if it is something else."""
        links: list[tuple[ast.expr, Any]] = []
        here = node
        while isinstance(here, (ast.Attribute, ast.Subscript)):
            key = key_name(here.attr) if isinstance(here, ast.Attribute) else _constant_key(here.slice)
            if key is None:
                return None
            links.append((here, key))
            here = here.value
        if not isinstance(here, ast.Name) or here.id in self.locals or (here is node and here.id in JSON_WORDS):
            return None
        if len(links) > MAX_DEPTH:
            raise self.too_deep()
        links.reverse()
        self._note_root(here)
        if here.id == "nodes":
            return self._node_reference(node, links)
        if here.id == "inputs" and links and isinstance(links[0][1], str):
            self.input_names.add(links[0][1])
        return Reference(here.id, "", "", self._steps(here, links))

    def _steps(self, before: ast.expr, links: list[tuple[ast.expr, Any]]) -> tuple[Step, ...]:
        steps: list[Step] = []
        for link, key in links:
            steps.append((key, shortened(self.source.of(before), 60)))
            before = link
        return tuple(steps)

    def _note_root(self, node: ast.Name) -> None:
        if node.id not in SCOPE_NAMES:
            raise self.error(node, f"there is no name '{shortened(node.id, 40)}' here", self._meant(node))
        self.names.add(node.id)

    def _meant(self, node: ast.Name) -> str:
        """What to write for a name that there is not."""
        if hyphen := self._hyphened(node):
            return hyphen
        if node.id in CALLS:
            return f"{node.id} is a function: write {CALLS[node.id].doc.signature}."
        near = nearest(node.id, [*SCOPE_NAMES, *self.locals, *JSON_WORDS, "True", "False", "None"])
        path = _PATH.match(self.source.text, self.source.span(node)[0])
        hint = hint_for_name(node.id, path.group() if path else node.id)
        if near and (near in self.locals or not hint):
            return f"Did you mean {near!r}?"
        return hint or f"The names there are: {', '.join([*SCOPE_NAMES, *self.locals])}."

    def _hyphened(self, name: ast.Name) -> str:
        """How to write the key that ``name`` seems to be the end of: ``headers.content-type`` reads as a difference."""
        start, end = self.source.span(name)
        text = self.source.text
        before = len(text[:start]) - len(text[:start].rstrip("-_.[]'\"" + _WORD))
        hint = hyphen_hint(text[start - before : end]) if text[start - 1 : start] == "-" else ""
        rest = _REST.match(text, end)
        return hyphen_hint(text[start - before : rest.end()]) if hint and rest else hint

    def _node_reference(self, node: ast.expr, links: list[tuple[ast.expr, Any]]) -> Reference:
        if len(links) < 2 or not isinstance(links[0][1], str):
            id = str(links[0][1]) if links else "<id>"
            raise self.error(
                node,
                "it must say which node and what of it",
                hint_for_node_id(self.source.text[self.source.span(node)[0] :])
                or f"Write nodes.{id}.data, nodes.{id}.message or nodes.{id}.success.",
            )
        id, field = links[0][1], links[1][1]
        if field not in NODE_FIELDS:
            raise self.error(
                node,
                f"a node has data, message and success, but no {shortened(repr(field), 40)}",
                hint_for_node_field(id, field),
            )
        (self.optional if self.in_default else self.required).add(id)
        return Reference("nodes", id, field, self._steps(links[1][0], links[2:]))


def _constant_key(node: ast.expr) -> Any:
    """The text or whole number that a subscript is; None if it is something else."""
    negative = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    inner = node.operand if negative and isinstance(node, ast.UnaryOp) else node
    if not isinstance(inner, ast.Constant):
        return None
    if type(inner.value) is int:
        return -inner.value if negative else inner.value
    return inner.value if type(inner.value) is str and not negative else None
