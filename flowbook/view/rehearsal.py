"""What a dry run found out, for people: the map of what would be changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flowbook.results import NodeResult
from flowbook.tasks.intent import Intent

_KINDS = {"http": "service", "sql": "database", "mail": "mail server", "file": "file", "code": "code", "task": "task"}


def side_effects(run: Mapping[str, NodeResult]) -> Iterator[str]:
    """Lines: what each service, database, file would be changed by, by which nodes, in how many calls."""
    found: dict[tuple[str, str], dict[str, dict[str, int]]] = {}
    for id, result in run.items():
        for intent in result.intents:
            calls = found.setdefault((intent.kind, intent.target), {}).setdefault(intent.action, {})
            calls[id] = calls.get(id, 0) + 1
    if not found:
        yield "Nothing outside would be changed, as far as it could be followed."
        return
    yield "Nothing was changed. It would have:"
    for (kind, target), actions in found.items():
        yield f"  {_KINDS[kind]} {target}".rstrip()
        for action, nodes in actions.items():
            count = sum(nodes.values())
            yield f"    {action}: {count} call{'' if count == 1 else 's'} ({', '.join(nodes)})"


def detail_lines(intent: Intent) -> Iterator[str]:
    """The whole of a call, line by line."""
    for name, value in intent.detail.items():
        yield f"{name}: {value}"
