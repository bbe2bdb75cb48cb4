"""What refers to a node or an input by its name: params, conditions and a code node's source follow when it changes."""

from __future__ import annotations

from typing import Any

from flowbook.expressions.code import Kind, rename_in_code
from flowbook.expressions.renaming import rename_in_expression, rename_reference
from flowbook.models.code_nodes import CODE_PARAMS, code_of
from flowbook.models.nodes import Edge, Node


def renamed(node: Node, kind: Kind, old: str, new: str) -> Node:
    """The node, referring to ``new`` where it referred to ``old``; itself when it does not."""
    retry = node.retry
    if retry is not None and retry.until is not None:
        retry = retry.model_copy(update={"until": rename_in_expression(retry.until, kind, old, new)})
    found = {
        "params": _renamed_params(node, kind, old, new),
        "when": _bare(node.when, kind, old, new),
        "for_each": _bare(node.for_each, kind, old, new),
        "retry": retry,
    }
    if all(value == getattr(node, name) for name, value in found.items()):
        return node
    return node.model_copy(update=found)


def renamed_edge(edge: Edge, kind: Kind, old: str, new: str) -> Edge:
    """The edge with its condition referring to ``new`` where it referred to ``old``; itself when it does not."""
    when = _bare(edge.when, kind, old, new)
    return edge if when == edge.when else edge.model_copy(update={"when": when})


def _renamed_params(node: Node, kind: Kind, old: str, new: str) -> dict[str, Any]:
    params: dict[str, Any] = rename_reference(node.params, kind, old, new)
    source = code_of(node)
    if source is not None:
        name = CODE_PARAMS[node.task]
        params[name] = rename_in_code(params[name], kind, old, new)
    return params


def _bare(value: Any, kind: Kind, old: str, new: str) -> Any:
    if isinstance(value, str):
        return rename_in_expression(value, kind, old, new)
    return rename_reference(value, kind, old, new)
