"""A file of n8n, read with bounds and looked over: its nodes and connections, or an error with the place."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from flowbook.counting import counted
from flowbook.errors import FileFormatError
from flowbook.formats.files import MERGE, MERGE_REMEDY, marks_of_a_merge
from flowbook.json_text import TooDeep, parse_json

MAX_BYTES = 5 * 1024**2
MAX_NODES = 1000
MAX_EDGES = 5000
MAX_DEPTH = 60
_REMEDY = "Export it from n8n again: Download in the menu of the workflow."


@dataclass
class Step:
    """A node of n8n: ``kind`` is its type without the package, ``params`` are what differs from its defaults."""

    name: str
    type: str
    version: float
    params: dict[str, Any]
    about: dict[str, Any]

    @property
    def kind(self) -> str:
        """The type in short: ``set``, ``httpRequest``, of n8n's AI nodes ``lc:agent``."""
        package, _, name = self.type.rpartition(".")
        return f"lc:{name}" if "langchain" in package else name or self.type

    @property
    def position(self) -> tuple[float, float]:
        """Where it stands on our canvas, whose nodes are twice as wide as n8n's."""
        given = self.about.get("position")
        if isinstance(given, list) and len(given) >= 2 and all(isinstance(one, (int, float)) for one in given[:2]):
            return float(given[0]) * _WIDER, float(given[1])
        return 0.0, 0.0

    @property
    def on_error(self) -> str:
        """``stopWorkflow``, ``continueRegularOutput`` or ``continueErrorOutput``."""
        return str(self.about.get("onError") or ("continueRegularOutput" if self.about.get("continueOnFail") else ""))


@dataclass(frozen=True)
class Edge:
    """A connection of an output with an input. ``kind`` is "main", or that of a part of an AI node."""

    source: str
    output: int
    target: str
    input: int
    kind: str = "main"


@dataclass
class Export:
    """A workflow as n8n writes it down."""

    name: str
    steps: dict[str, Step]
    edges: list[Edge]
    pins: dict[str, Any]
    zone: str
    lost: list[tuple[str, str]]
    """Connections that begin or end at a node that is not there: n8n passes over them, and so is done here."""
    renamed: list[tuple[str, str]]
    """Nodes that had the name of another, with that name: connections lead to the last that has it, as n8n's do."""


def located(given: Any) -> Any:
    """The value of a choice that n8n keeps with how it was made (``{"mode": "list", "value": …}``); else as it is.

    Newer files mark it by ``__rl``; those that were written by hand or by a model leave that out.
    """
    if isinstance(given, dict) and "value" in given and (given.get("__rl") or set(given) <= _OF_CHOICES):
        return given["value"]
    return given


_HALF = re.compile("[\ud800-\udfff]")
_WIDER = 1.5
_OF_CHOICES = frozenset({"__rl", "mode", "value", "cachedResultName", "cachedResultUrl", "__regex"})


def is_export(document: Any) -> bool:
    """Whether a document is a workflow of n8n: it has nodes in a list, and connections."""
    return isinstance(document, dict) and isinstance(document.get("nodes"), list) and "flowbook" not in document


def read_json(text: str, name: str) -> Any:
    """The value of a JSON text. Raises FileFormatError with the place of what is wrong."""
    if len(text) > MAX_BYTES:
        raise FileFormatError.about(name, f"this is larger than {MAX_BYTES >> 20} MiB, the most that is read.", _REMEDY)
    try:
        value = parse_json(text, parse_constant=lambda word: None)
    except TooDeep:
        raise FileFormatError.about(name, "this is nested too deeply to be a workflow.", _REMEDY) from None
    except json.JSONDecodeError as error:
        if (line := marks_of_a_merge(text)) is not None:
            raise FileFormatError.about(name, f"{MERGE}.", MERGE_REMEDY, at=f"{line}:1") from None
        where = f"{error.lineno}:{error.colno}"
        raise FileFormatError.about(name, f"this is not JSON: {error.msg}.", _REMEDY, at=where) from None
    except ValueError as error:
        raise FileFormatError.about(name, f"this is not JSON: {error}.", _REMEDY) from None
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [one for each in level for one in _inside(each)]
        if not level:
            return value
    raise FileFormatError.about(name, f"this is nested more than {MAX_DEPTH} levels deep.", _REMEDY)


def _inside(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _in_whole_characters(value: Any) -> Any:
    """The document with U+FFFD for each half of a character, as JavaScript leaves them where it cuts a text: no file of
    ours holds any."""
    if isinstance(value, str):
        return value if value.isascii() else _HALF.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_in_whole_characters(key): _in_whole_characters(inner) for key, inner in value.items()}
    return [_in_whole_characters(inner) for inner in value] if isinstance(value, list) else value


def export_of(document: Any, name: str) -> Export:
    """A document of n8n, looked over. Raises FileFormatError, which names the node or connection that is wrong."""
    document = _in_whole_characters(document)
    if isinstance(document, list) and len(document) == 1:
        document = document[0]
    if isinstance(document, list):
        raise FileFormatError.about(
            name, f"this holds {counted(len(document), 'workflow')}.", "Export each to a file of its own."
        )
    if not is_export(document):
        raise FileFormatError.about(name, "this is no workflow of n8n: it has no list of nodes.", _REMEDY)
    given = document["nodes"]
    if len(given) > MAX_NODES:
        raise FileFormatError.about(name, f"nodes: there are {len(given):,}, and at most {MAX_NODES:,} are read.")
    steps: dict[str, Step] = {}
    renamed: list[tuple[str, str]] = []
    places = {str(one.get("name")): place for place, one in enumerate(given) if isinstance(one, dict)}
    taken = set(places)
    for place, one in enumerate(given):
        step = _step(one, name, f"nodes[{place}]")
        if not (was := step.name) or places[was] != place:
            step.name = _unused(was or step.kind, taken)
            renamed += [(step.name, was)] if was else []
        steps[step.name] = step
        taken.add(step.name)
    settings = document.get("settings")
    zone = settings.get("timezone") if isinstance(settings, dict) else None
    pins = document.get("pinData")
    title = document.get("name")
    edges, lost = _edges(document.get("connections"), steps, name)
    return Export(
        title if isinstance(title, str) and title.strip() else "imported",
        steps,
        edges,
        pins if isinstance(pins, dict) else {},
        zone if isinstance(zone, str) and zone != "DEFAULT" else "",
        lost,
        renamed,
    )


def _unused(name: str, taken: set[str]) -> str:
    """A name like this that no node has."""
    found, number = name, 1
    while found in taken:
        found, number = f"{name}{number}", number + 1
    return found


def _step(one: Any, name: str, place: str) -> Step:
    if not isinstance(one, dict):
        raise FileFormatError.about(name, f"{place}: a node is an object, not {type(one).__name__}.", _REMEDY)
    if not isinstance(one.get("type"), str) or not one["type"]:
        raise FileFormatError.about(name, f"{place}: the node has no type.", _REMEDY)
    params = one.get("parameters", {})
    if not isinstance(params, dict):
        raise FileFormatError.about(name, f"{place}.parameters: this is not an object.", _REMEDY)
    version = one.get("typeVersion", 1)
    version = float(version) if isinstance(version, (int, float)) and not isinstance(version, bool) else 1.0
    title = one.get("name")  # a note may have none: nothing leads to it
    return Step(title if isinstance(title, str) else "", one["type"], version, params, one)


def _edges(given: Any, steps: dict[str, Step], name: str) -> tuple[list[Edge], list[tuple[str, str]]]:
    """The connections, and those of which an end is not there."""
    if given is None:
        return [], []
    if not isinstance(given, dict):
        raise FileFormatError.about(name, "connections: this is not an object.", _REMEDY)
    found: list[Edge] = []
    for source, kinds in given.items():
        for kind, outputs in (kinds if isinstance(kinds, dict) else {}).items():
            for output, ends in enumerate(outputs if isinstance(outputs, list) else []):
                given_ends = ends if isinstance(ends, list) else []
                found += [_edge(end, (source, output, kind), name) for end in given_ends]
    if len(found) > MAX_EDGES:
        raise FileFormatError.about(name, f"connections: there are {len(found):,}, and at most {MAX_EDGES:,} are read.")
    there = [one for one in found if one.source in steps and one.target in steps]
    lost = [(one.source, one.target) for one in found if one.source not in steps or one.target not in steps]
    return list(dict.fromkeys(there)), list(dict.fromkeys(lost))


def _edge(end: Any, begin: tuple[str, int, str], name: str) -> Edge:
    source, output, kind = begin
    target = end.get("node") if isinstance(end, dict) else None
    if not isinstance(target, str):
        what = f"connections.{source}: a connection names no node that it leads to."
        raise FileFormatError.about(name, what, _REMEDY)
    number = end.get("index", 0)
    return Edge(source, output, target, number if isinstance(number, int) and 0 <= number < 100 else 0, kind)
