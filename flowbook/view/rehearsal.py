"""What a dry run found out, for people: the map of what would be changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flowbook.records import NamedTuple
from flowbook.results import NodeResult

_KINDS = {"http": "service", "sql": "database", "mail": "mail server", "file": "file", "code": "code", "task": "task"}


class SideEffect(NamedTuple):
    """One kind of call that would be made, to one place: ``nodes`` are the calls by node."""

    place: str
    action: str
    nodes: Mapping[str, int]

    @property
    def calls(self) -> str:
        """How many calls, and by which nodes."""
        count = sum(self.nodes.values())
        return f"{count} call{'' if count == 1 else 's'} ({', '.join(self.nodes)})"


def side_effects(run: Mapping[str, NodeResult]) -> list[SideEffect]:
    """What each service, database and file would be changed by; those of one place together."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for id, result in run.items():
        for intent in result.intents:
            place = f"{_KINDS[intent.kind]} {intent.target}".rstrip()
            calls = found.setdefault(place, {}).setdefault(intent.action, {})
            calls[id] = calls.get(id, 0) + 1
    return [SideEffect(place, action, nodes) for place, actions in found.items() for action, nodes in actions.items()]


NONE = "Nothing outside would be changed, as far as it could be followed."


def side_effect_lines(run: Mapping[str, NodeResult]) -> Iterator[str]:
    """The map as lines."""
    effects = side_effects(run)
    yield "Nothing was changed. It would have:" if effects else NONE
    place = ""
    for effect in effects:
        if effect.place != place:
            place = effect.place
            yield f"  {place}"
        yield f"    {effect.action}: {effect.calls}"
