"""What a dry run found out, for people: the map of what would be changed, with what would be sent."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from flowbook.counting import counted
from flowbook.records import NamedTuple
from flowbook.results import NodeResult
from flowbook.tasks.intent import Intent

_KINDS = {"http": "service", "sql": "database", "mail": "mail server", "file": "file", "code": "code", "task": "task"}
_SEVERAL = {"code": "places of code"}


class SideEffect(NamedTuple):
    """One kind of call that would be made, to one place: ``nodes`` are the calls by node.

    ``sent`` is what the calls would send (a body, SQL, a mail), each other one once.
    """

    place: str
    action: str
    nodes: Mapping[str, int]
    sent: tuple[str, ...] = ()
    kind: str = ""

    @property
    def calls(self) -> str:
        """How many calls, and by which nodes."""
        count = sum(self.nodes.values())
        return f"{counted(count, 'call')} ({', '.join(self.nodes)})"


def side_effects(run: Mapping[str, NodeResult]) -> list[SideEffect]:
    """What each service, database and file would be changed by; those of one place together."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    sent: dict[tuple[str, str], dict[str, None]] = {}
    kinds: dict[str, str] = {}
    for id, result in run.items():
        for intent in result.intents:
            place = f"{_KINDS[intent.kind]} {intent.target}".rstrip()
            kinds[place] = _KINDS[intent.kind]
            calls = found.setdefault(place, {}).setdefault(intent.action, {})
            calls[id] = calls.get(id, 0) + 1
            sent.setdefault((place, intent.action), {}).update(dict.fromkeys(_what_is_sent(intent)))
    return [
        SideEffect(place, action, nodes, tuple(sent[place, action]), kinds[place])
        for place, actions in found.items()
        for action, nodes in actions.items()
    ]


def in_all(effects: Sequence[SideEffect]) -> str:
    """How many calls to how many services, databases and files."""
    places = Counter({effect.place: effect.kind for effect in effects}.values())
    listed = [f"{count} {kind if count == 1 else _SEVERAL.get(kind, f'{kind}s')}" for kind, count in places.items()]
    calls = sum(sum(effect.nodes.values()) for effect in effects)
    return f"In all: {calls} call{'' if calls == 1 else 's'} to {', '.join(listed)}."


def _what_is_sent(intent: Intent) -> Iterator[str]:
    """The parts of a call that its line does not say, as text."""
    said = {intent.action, intent.target}
    for name, value in intent.detail.items():
        if name in _SAID or value in (None, "", [], {}):
            continue
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        if text not in said:
            yield f"{name}: {text}"


_SAID = frozenset({"method", "path", "task"})
_SHOWN, _LONGEST = 5, 2_000

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
        for text in effect.sent[:_SHOWN]:
            cut = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
            yield from (f"      {line}" for line in cut.splitlines())
        if len(effect.sent) > _SHOWN:
            yield f"      … and {len(effect.sent) - _SHOWN} more; all of it: --json"
    if effects:
        yield in_all(effects)
