"""Which nodes hold Python code, and what names it has."""

from __future__ import annotations

from flowbook.models.nodes import Node

CODE_PARAMS = {"core.python": "code"}
"""Task → the param of it that is Python code, in which ``nodes`` and ``inputs`` are names."""

CODE_SCOPE = frozenset({"nodes", "inputs", "item", "index", "__name__"})
"""The names that such code has beside Python's own."""


def code_of(node: Node) -> str | None:
    """The source of a code node; None for every other one."""
    source = node.params.get(CODE_PARAMS.get(node.task, ""))
    return source if isinstance(source, str) else None
