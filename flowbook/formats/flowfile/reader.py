"""YAML to plain JSON values, with limits, and with the line of every field.

The events of PyYAML's parser are made into values here, not by one of its loaders: a loader recurses as deep as the
file says, expands aliases without a limit, takes the last of duplicate keys in silence, and reads ``on`` as true and
``2026-01-31`` as a date (YAML 1.1, https://yaml.org/type/bool.html). Read as in YAML 1.2's core schema: null, true and
false, whole and decimal numbers; everything else is text, keys always are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NoReturn

from flowbook.errors import FileFormatError
from flowbook.formats.files import MAX_BYTES
from flowbook.formats.flowfile.scalars import resolve
from flowbook.formats.flowfile.yaml_events import MAX_DEPTH, events, refuse, refuse_as_too_deep
from flowbook.records import NamedTuple

MAX_ALIASES = 200
MAX_ALIASED_VALUES = 100_000

_TAG = "tag:yaml.org,2002:"
_PART = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


class Repeated(NamedTuple):
    """A key that is there twice: in which node ("" for the workflow) and field, and what to say about it."""

    node: str
    field: str
    message: str
    remedy: str
    line: int


class Positions:
    """Where the fields of a document stand in its file.

    Looked up while the document lives and as long as it is not changed.
    """

    def __init__(self, document: Any, lines: dict[int, list[int] | dict[str, int]]) -> None:
        self._document = document
        self._lines = lines

    def line(self, node: str = "", field: str = "") -> int | None:
        """The line (from 1) of a node's field, such as ``params.text``, or of the workflow's when ``node`` is "".

        For a field that is not in the file, the line of the nearest thing around it; None when there is none.
        """
        parts: list[str | int] = ["nodes", node] if node else []
        parts += [int(index) if index else name for index, name in _PART.findall(field)]
        here, found = self._document, None
        for part in parts:
            lines = self._lines.get(id(here))
            try:
                found = lines[part]  # type: ignore[index]
                here = here[part]
            except (KeyError, IndexError, TypeError):
                break
        return found


class _Open:
    """A mapping or list that is being read: ``height`` levels below it, ``values`` in it, all aliases counted."""

    __slots__ = ("anchor", "height", "into", "key", "lines", "mapping", "mark", "values")

    def __init__(self, into: Any, mapping: bool, anchor: str | None, mark: Any, lines: Any) -> None:
        self.into = into
        self.mapping = mapping
        self.anchor = anchor
        self.mark = mark
        self.lines = lines
        self.key: str | None = None
        self.height = 0
        self.values = 1


class _Anchored(NamedTuple):
    value: Any
    height: int
    values: int


class _Builder:
    def __init__(self, source: str, text: str, repeated: list[Repeated] | None = None) -> None:
        self.source = source
        self.text = text
        self.repeated = repeated
        self.stack: list[_Open] = []
        self.anchors: dict[str, _Anchored | None] = {}
        self.lines: dict[int, Any] = {}
        self.root: Any = None
        self.documents = 0
        self.aliases = 0
        self.aliased_values = 0

    def fail(self, mark: Any, what: str, remedy: str) -> NoReturn:
        refuse(self.source, mark, what, remedy)

    # -- what the events do ----------------------------------------------------------------------------------

    def on_document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self.fail(event.start_mark, "a second document begins here", "Keep one workflow a file.")

    def on_scalar(self, event: Any) -> None:
        top = self.stack[-1] if self.stack else None
        if top is not None and top.mapping and top.key is None:
            self._key(top, event)
            return
        value = self._value(event)
        self._anchor(event.anchor, _Anchored(value, 0, 1))
        self._put(value, event.start_mark, 0, 1)

    def on_mapping(self, event: Any) -> None:
        self._open(event, {}, {}, "map")

    def on_list(self, event: Any) -> None:
        self._open(event, [], [], "seq")

    def on_alias(self, event: Any) -> None:
        self.aliases += 1
        if event.anchor not in self.anchors:
            self.fail(event.start_mark, f"there is no &{event.anchor} before this", "If it is meant as text, quote it.")
        anchored = self.anchors[event.anchor]
        if anchored is None:
            self.fail(event.start_mark, f"*{event.anchor} stands inside of what it repeats", "Write the values out.")
        self.aliased_values += anchored.values
        if self.aliases > MAX_ALIASES or self.aliased_values > MAX_ALIASED_VALUES:
            self.fail(
                event.start_mark,
                f"the aliases (*name) expand to more than {MAX_ALIASES} uses or {MAX_ALIASED_VALUES:,} values",
                "Write the values out.",
            )
        self._check_depth(event.start_mark, anchored.height)
        self._check_no_key(event.start_mark)
        self._put(anchored.value, event.start_mark, anchored.height, anchored.values)

    def on_end(self, event: Any) -> None:
        done = self.stack.pop()
        self._anchor(done.anchor, _Anchored(done.into, done.height, done.values))
        self._put(done.into, done.mark, done.height, done.values)

    # -- inside ----------------------------------------------------------------------------------------------

    def _open(self, event: Any, into: Any, lines: Any, tag: str) -> None:
        self._check_no_key(event.start_mark)
        self._check_depth(event.start_mark, 0)
        if event.tag not in (None, "!", _TAG + tag):
            self._unknown_tag(event)
        self._anchor(event.anchor, None)
        self.lines[id(into)] = lines
        self.stack.append(_Open(into, tag == "map", event.anchor, event.start_mark, lines))

    def _anchor(self, name: str | None, anchored: _Anchored | None) -> None:
        if name is not None:
            self.anchors[name] = anchored

    def _check_depth(self, mark: Any, height: int) -> None:
        if len(self.stack) + height >= MAX_DEPTH:
            refuse_as_too_deep(self.source, mark)

    def _check_no_key(self, mark: Any) -> None:
        if self.stack and self.stack[-1].mapping and self.stack[-1].key is None:
            self.fail(mark, "a key must be plain text", "Write it as a word, followed by a colon.")

    def _key(self, top: _Open, event: Any) -> None:
        key = event.value
        if key == "<<" and event.implicit[0]:
            self.fail(event.start_mark, "merging with << is not part of the format", "Write the fields out.")
        if key in top.lines:
            self._repeat(key, top, event.start_mark)
        top.key = key
        top.lines[key] = event.start_mark.line + 1

    def _repeat(self, key: str, top: _Open, mark: Any) -> None:
        what, remedy = (
            f"the key {key!r} is there twice, first on line {top.lines[key]}",
            "Remove or rename one of them.",
        )
        if self.repeated is None:
            self.fail(mark, what, remedy)
        path = [str(open.key) if open.mapping else f"[{len(open.into)}]" for open in self.stack[:-1]]
        node = ""
        if path[:1] == ["nodes"]:
            node, path = (path[1], [*path[2:], key]) if len(path) > 1 else (key, ["id"])
        else:
            path.append(key)
        self.repeated.append(Repeated(node, ".".join(path).replace(".[", "["), f"{what}.", remedy, mark.line + 1))

    def _put(self, value: Any, mark: Any, height: int, values: int) -> None:
        if not self.stack:
            self.root = value
            return
        top = self.stack[-1]
        top.height = max(top.height, height + 1)
        top.values += values
        if top.mapping:
            top.into[top.key] = value
            top.key = None
        else:
            top.into.append(value)
            top.lines.append(mark.line + 1)

    def _value(self, event: Any) -> Any:
        tag = event.tag
        if tag in ("!", _TAG + "str") or (tag is None and not event.implicit[0]):
            return event.value
        try:
            value = resolve(event.value)
        except ValueError as error:
            self.fail(event.start_mark, str(error), "If it is meant as text, put it into quotes.")
        if tag is None:
            return value
        return self._as_tagged(event, value)

    def _as_tagged(self, event: Any, value: Any) -> Any:
        kinds: dict[str, tuple[type, ...]] = {
            f"{_TAG}int": (int,),
            f"{_TAG}float": (int, float),
            f"{_TAG}bool": (bool,),
            f"{_TAG}null": (type(None),),
        }
        if event.tag not in kinds:
            self._unknown_tag(event)
        if type(value) not in kinds[event.tag]:
            tag = event.tag.replace(_TAG, "!!")
            self.fail(event.start_mark, f"{event.value[:40]!r} does not fit its tag {tag}", "Remove the tag.")
        return float(value) if event.tag.endswith("float") else value

    def _unknown_tag(self, event: Any) -> NoReturn:
        tag = event.tag.replace(_TAG, "!!")
        self.fail(event.start_mark, f"the tag {tag} is not part of the format", "Remove it, and write plain values.")


def parse(text: str, source: str, repeated: list[Repeated] | None = None) -> tuple[dict[str, Any], Positions]:
    """The document in ``text`` and the lines of its fields; FileFormatError (``source:line:column: …``) otherwise.

    Keys that are there twice are noted in ``repeated``; without that they are refused.
    """
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise FileFormatError.about(
            source,
            f"this is larger than {MAX_BYTES // 1024**2} MiB, the most that a workflow file may have.",
            "Keep data in files of its own and read them in a node.",
        )
    builder = _Builder(source, text, repeated=repeated)
    handlers = _handlers(builder)
    for event in events(text.removeprefix("\ufeff"), source):
        handle = handlers.get(type(event).__name__)
        if handle is not None:
            handle(event)
    document = builder.root
    if not isinstance(document, dict):
        what = "this is empty" if document is None else "this is not a mapping of fields"
        remedy = "A workflow file begins with 'flowbook: 1', then 'name: …'."
        raise FileFormatError.about(source, f"{what}.", remedy, at="1:1")
    return document, Positions(document, builder.lines)


def _handlers(builder: _Builder) -> dict[str, Callable[[Any], None]]:
    return {
        "DocumentStartEvent": builder.on_document,
        "ScalarEvent": builder.on_scalar,
        "MappingStartEvent": builder.on_mapping,
        "SequenceStartEvent": builder.on_list,
        "AliasEvent": builder.on_alias,
        "MappingEndEvent": builder.on_end,
        "SequenceEndEvent": builder.on_end,
    }
