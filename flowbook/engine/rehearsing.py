"""Which tasks are called in a dry run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowbook.engine.computing import only_computes
from flowbook.models.code_nodes import CODE_PARAMS
from flowbook.plan import PlannedNode


def rehearsable(node: PlannedNode, params: Mapping[str, Any]) -> bool:
    """Whether a node's task is called in a dry run: it asks before it changes anything, or only computes.

    Code whose task says that it only reads (JavaScript that reaches nothing) can change nothing.
    """
    if not node.spec.runs_code or node.spec.effects == "read":
        return node.spec.rehearses
    source = params.get(CODE_PARAMS.get(node.task, ""))
    return isinstance(source, str) and only_computes(source)
