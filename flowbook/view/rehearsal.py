"""What a dry run found out, for people: the map of what would be changed, with what would be sent."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from flowbook.counting import counted
from flowbook.records import NamedTuple
from flowbook.results import NodeResult
from flowbook.tasks.intent import Intent

# What people call the place that a kind of call goes to; a kind of another folder's stands for itself.
_KINDS = {
    "http": "service", "mongodb": "database", "sql": "database", "mail": "mail server", "redis": "database",
    "ssh": "server", "sftp": "server",
}  # fmt: skip


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
            kind = _KINDS.get(intent.kind, intent.kind)
            place = f"{kind} {intent.target}".rstrip()
            kinds[place] = "" if place == kind else kind
            calls = found.setdefault(place, {}).setdefault(intent.action, {})
            calls[id] = calls.get(id, 0) + 1
            sent.setdefault((place, intent.action), {}).update(dict.fromkeys(_what_is_sent(intent)))
    return [
        SideEffect(place, action, nodes, tuple(sent[place, action]), kinds[place])
        for place, actions in found.items()
        for action, nodes in actions.items()
    ]


def in_all(effects: Sequence[SideEffect]) -> str:
    """How many calls to how many services, databases and files; code and whole tasks are no place."""
    places = Counter({effect.place: effect.kind for effect in effects if effect.kind}.values())
    to = f" to {', '.join(counted(count, kind) for kind, count in places.items())}" if places else ""
    return f"In all: {counted(sum(sum(effect.nodes.values()) for effect in effects), 'call')}{to}."


def _what_is_sent(intent: Intent) -> Iterator[str]:
    """The parts of a call that its line does not say, as text."""
    said = {intent.action, intent.target}
    for name, value in intent.detail.items():
        if name in _SAID or value in (None, "", [], {}):
            continue
        if name == "params" and isinstance(value, Mapping):
            yield "\n".join(_named(each, one) for each, one in value.items() if one is not None)
        elif (text := _text(value)) not in said:
            yield f"{name}: {text}"


def _named(name: str, value: object) -> str:
    text = _text(value)
    return f"{name}:\n{text}" if "\n" in text else f"{name}: {text}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


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
