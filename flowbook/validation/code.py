"""The source of code nodes: is it Python, and is what it names there."""

from __future__ import annotations

import builtins
import re
import sys
from collections.abc import Collection

from flowbook.expressions import code_habits
from flowbook.expressions.code import Kind, code_references, free_names, unreadable
from flowbook.expressions.code_order import used_too_early
from flowbook.installing import how_to_install, is_installed
from flowbook.models import Node, Predicate
from flowbook.models.code_nodes import CODE_PARAMS, CODE_SCOPE, code_of
from flowbook.slips import suggest
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
        message: str = Predicate(f"is not Python: {wrong.message} (line {wrong.line}).")
        report.add("bad-code", id, field, message, code_habits.hint_for_code(source, wrong.line) or "Correct the code.")
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
    for name, line in sorted(used_too_early(source).items()):
        if name not in CODE_SCOPE | _PYTHONS:
            message = f"line {line} of the code uses {name!r}, which gets a meaning only below."
            remedy = f"Give {name} a value above that line, or move the line down."
            report.add("used-too-early", id, "params.code", message, remedy, severity="warning")
    if "item" in free_names(source) and "item" not in draft.nodes[id].params:
        report.add("no-item", id, "params.code", *_no_item(draft.nodes[id]), severity="warning")
    for library in sorted(code_habits.imported(source) - sys.stdlib_module_names):
        if not is_installed(library):
            message = f"the package {library!r}, which the code imports, is not installed."
            report.add("missing-library", id, "params.code", message, f"{how_to_install(library)}.", severity="warning")
    for name in sorted(code_references(source, "nodes") & set(draft.nodes)):
        if gives_nothing(draft.nodes[name]) and re.search(rf"\b{name}\b['\"]?\]?\s*\.\s*data\b", source):
            report.add("no-value", id, "params.code", *no_value(name), severity="warning")


def gives_nothing(node: Node) -> bool:
    """Whether it is a code node whose code surely has no value."""
    source = code_of(node) if node.pinned is None and not node.disabled else None
    return source is not None and code_habits.gives_nothing(source)


def no_value(id: str) -> tuple[str, str]:
    """What is wrong with using the data of such a node, and what to do."""
    return Predicate(
        f"uses the data of {id!r}, whose code ends without a value."
    ), "Write the value alone on its last line."


def _no_item(node: Node) -> tuple[str, str]:
    """What is wrong with code that uses an item which it is not given, and what to do."""
    message = "the code uses item, which is None here: params do not give it."
    if node.for_each is not None:
        return message, 'Fill in the param item: "${{ item }}".'
    return message, 'Repeat the node (for_each), and fill in the param item: "${{ item }}".'
