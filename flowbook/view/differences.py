"""What is different between two workflows by what they mean: nodes, params, edges, inputs; places on the canvas apart.

>>> one = Workflow(name="a")
>>> one.add("fetch", "http.request", params={"url": "https://example.org"})
>>> other = one.clone()
>>> other.change("fetch", timeout=30)
>>> print(differences(one, other).text())
~ node fetch
    timeout: – → 30
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from flowbook.models import Edge, Workflow
from flowbook.records import NamedTuple

Change = Literal["added", "removed", "changed", "renamed"]
Part = Literal["workflow", "input", "node", "edge", "note"]

MISSING = object()
"""Stands where a field is not there on one side: None is a value."""

_MARKS: dict[Change, str] = {"added": "+", "removed": "-", "changed": "~", "renamed": "~"}
VALUE_SHOWN = 120


class Field(NamedTuple):
    """A field that is different: its path, such as ``params.rows[0].name``, and what it was and is."""

    path: str
    before: Any
    after: Any


class Difference(NamedTuple):
    """One part that was added, removed, changed or renamed.

    ``name`` is a node's id, an input's name, a note's id, ``a → b`` for an edge, "" for the workflow itself;
    ``was`` is what it was called before, when it was renamed. A part that was added or removed has its fields too, with
    the other side missing.
    """

    part: Part
    name: str
    change: Change
    fields: tuple[Field, ...] = ()
    was: str = ""

    @property
    def title(self) -> str:
        """The part in words: "node fetch", "edge a → b"."""
        what = f"{self.part} {self.name}".rstrip()
        return f"node {self.was} is now {self.name}" if self.was else what

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON: a field that is missing on one side has no such key there."""
        fields = [
            {"field": field.path}
            | ({} if field.before is MISSING else {"before": field.before})
            | ({} if field.after is MISSING else {"after": field.after})
            for field in self.fields
        ]
        given = {"part": self.part, "name": self.name, "change": self.change}
        return given | ({"was": self.was} if self.was else {}) | {"fields": fields}


class Differences(NamedTuple):
    """All that is different; ``moved`` names the nodes and notes whose place on the canvas is another, which no run
    depends on."""

    found: tuple[Difference, ...]
    moved: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether the two mean the same."""
        return not self.found

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {"same": self.same, "differences": [one.to_dict() for one in self.found], "moved": list(self.moved)}

    def text(self) -> str:
        """As lines for people; empty when the two are equal in every way."""
        return "\n".join(self.lines())

    def lines(self) -> Iterator[str]:
        """The lines of :meth:`text`."""
        for one in self.found:
            yield f"{_MARKS[one.change]} {one.title}"
            for field in one.fields:
                yield from _field_lines(one.change, field)
        if self.moved:
            yield f"  moved on the canvas: {', '.join(self.moved)}"


def differences(before: Workflow, after: Workflow) -> Differences:
    """What makes ``after`` of ``before``. A node that only has another id is renamed, with all that refers to it."""
    names, aligned = renamed(before, after), before.clone()
    for old, new in names.items():
        aligned.rename(old, new)
    found = [
        *_parts("workflow", {"": _about(before)}, {"": _about(after)}),
        *_parts("input", _documents(aligned.inputs), _documents(after.inputs)),
        *_nodes(_documents(aligned.nodes), _documents(after.nodes), {new: old for old, new in names.items()}),
        *_edges(aligned.edges, after.edges),
        *_parts("note", _texts(before), _texts(after)),
    ]
    return Differences(tuple(found), _moved(aligned, after))


def _about(workflow: Workflow) -> dict[str, Any]:
    return {"name": workflow.name} | ({"description": workflow.description} if workflow.description else {})


def _documents(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {id: part.to_document() for id, part in parts.items()}


def _texts(workflow: Workflow) -> dict[str, Any]:
    return {id: {"text": note.text} for id, note in workflow.notes.items()}


def renamed(before: Workflow, after: Workflow) -> dict[str, str]:
    """Old id → new id of the nodes that are the same but for that; none where it cannot be told which is which.

    A node that refers to another one that was renamed is the same with the other's new id in its place.
    """
    found: dict[str, str] = {}
    while more := _renamed_as_they_stand(before, after):
        found.update(more)
        before = before.clone()
        for old, new in more.items():
            before.rename(old, new)
    return found


def _renamed_as_they_stand(before: Workflow, after: Workflow) -> dict[str, str]:
    gone = [id for id in before.nodes if id not in after.nodes]
    new = [id for id in after.nodes if id not in before.nodes]
    if not gone or not new:
        return {}
    olds, news = _by_content(before, gone), _by_content(after, new)
    return {ids[0]: news[key][0] for key, ids in olds.items() if len(ids) == len(news.get(key, ())) == 1}


def _by_content(workflow: Workflow, ids: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for id in ids:
        found.setdefault(json.dumps(workflow.nodes[id].to_document(), sort_keys=True), []).append(id)
    return found


def _nodes(before: Mapping[str, Any], after: Mapping[str, Any], was: Mapping[str, str]) -> Iterator[Difference]:
    changed = {one.name: one for one in _parts("node", before, after)}
    for id in dict.fromkeys([*before, *after]):
        if id in was:
            yield Difference("node", id, "renamed", changed[id].fields if id in changed else (), was[id])
        elif id in changed:
            yield changed[id]


def _parts(part: Part, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for name in dict.fromkeys([*before, *after]):
        if name not in after:
            yield Difference(part, name, "removed", tuple(_fields(before[name], {})))
        elif name not in before:
            yield Difference(part, name, "added", tuple(_fields({}, after[name])))
        elif fields := tuple(_fields(before[name], after[name])):
            yield Difference(part, name, "changed", fields)


def _edges(before: Iterable[Edge], after: Iterable[Edge]) -> Iterator[Difference]:
    old = {(edge.source, edge.target, edge.on): edge for edge in before}
    new = {(edge.source, edge.target, edge.on): edge for edge in after}
    left = [edge for key, edge in new.items() if key not in old]
    for key, edge in old.items():
        other = new.get(key) or next((one for one in left if (one.source, one.target) == key[:2]), None)
        if other is None:
            yield Difference("edge", _edge_name(edge), "removed", tuple(_fields(_condition(edge), {})))
            continue
        if other in left:
            left.remove(other)
        if fields := tuple(_fields(_condition(edge), _condition(other))):
            yield Difference("edge", _edge_name(edge), "changed", fields)
    for edge in left:
        yield Difference("edge", _edge_name(edge), "added", tuple(_fields({}, _condition(edge))))


def _edge_name(edge: Edge) -> str:
    return f"{edge.source} → {edge.target}"


def _condition(edge: Edge) -> dict[str, Any]:
    return {name: value for name, value in edge.to_document().items() if name not in ("from", "to")}


def _fields(before: Any, after: Any, path: str = "") -> Iterator[Field]:
    """The fields in which two plain JSON values are different, the innermost ones."""
    if before is MISSING and isinstance(after, Mapping) and after:
        before = {}
    elif after is MISSING and isinstance(before, Mapping) and before:
        after = {}
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            inner = f"{path}.{key}" if path else str(key)
            yield from _fields(before.get(key, MISSING), after.get(key, MISSING), inner)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _fields(one, other, f"{path}[{place}]")
    elif not _alike(before, after):
        yield Field(path, before, after)


def _alike(before: Any, after: Any) -> bool:
    if MISSING in (before, after):
        return before is after
    return json.dumps(before, sort_keys=True) == json.dumps(after, sort_keys=True)  # 1, 1.0 and true are different


def _moved(before: Workflow, after: Workflow) -> tuple[str, ...]:
    places = [(before.layout, after.layout)]
    places.append(({id: note.at for id, note in before.notes.items()}, {id: n.at for id, n in after.notes.items()}))
    return tuple(id for old, new in places for id, at in new.items() if id in old and old[id] != at)


def _field_lines(change: Change, field: Field) -> Iterator[str]:
    texts = [value for value in (field.before, field.after) if isinstance(value, str) and "\n" in value]
    if texts and MISSING not in (field.before, field.after):
        yield f"    {field.path}:"
        old, new = str(field.before).splitlines(), str(field.after).splitlines()
        for line in list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]:
            yield f"      {line}"
    elif change == "added":
        yield f"    {field.path}: {_shown(field.after)}"
    elif change != "removed":
        yield f"    {field.path}: {_shown(field.before)} → {_shown(field.after)}"


def _shown(value: Any) -> str:
    if value is MISSING:
        return "–"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= VALUE_SHOWN else f"{text[: VALUE_SHOWN - 1]}…"
