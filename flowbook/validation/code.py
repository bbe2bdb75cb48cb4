"""The source of code nodes: is it Python, and is what it names there."""

from __future__ import annotations

import builtins
from collections.abc import Collection

from flowbook.errors import suggest
from flowbook.expressions.code import Kind, code_references, free_names, unreadable
from flowbook.models.code_nodes import CODE_PARAMS, CODE_SCOPE
from flowbook.validation.draft import Draft
from flowbook.validation.report import Report

_PYTHONS = frozenset(dir(builtins))


def check_code(draft: Draft, report: Report, id: str, source: str) -> None:
    """Whether a code node's source is Python; and the nodes and inputs that it names.

    Those are worth a warning, since nobody knows which of its lines will run.
    """
    wrong = unreadable(source)
    if wrong is not None:
        field = f"params.{CODE_PARAMS[draft.nodes[id].task]}"
        message = f"is not Python: {wrong.message} (line {wrong.line})."
        report.add("bad-code", id, field, message, "Correct the code.")
    known: tuple[tuple[Kind, str, Collection[str]], ...] = (
        ("nodes", "node", draft.nodes),
        ("inputs", "input", [*draft.inputs, *draft.undescribed]),
    )
    for kind, what, there in known:
        for name in sorted(code_references(source, kind) - set(there)):
            remedy = suggest(name, there, what) or f"Add it, or change {kind}.{name} in the code."
            message = f"the code uses {kind}.{name}, and there is no {what} {name!r}."
            report.add(f"unknown-{what}", id, "params.code", message, remedy, severity="warning")
    for name in sorted(free_names(source) - CODE_SCOPE - _PYTHONS):
        message = f"the code uses {name!r}, and nothing there gives it a meaning."
        remedy = "Import or define it in the code, or give it as an input: inputs." + name
        report.add("unknown-name", id, "params.code", message, remedy, severity="warning")
