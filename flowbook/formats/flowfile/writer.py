"""A workflow's document to YAML: one way to write each thing, chosen to be read and compared by people.

Nodes are blocks; what is small by nature (an input, a retry, an edge, a position) stands on one line when it fits, and
so do short params. Text of several lines becomes a literal block. Whatever some YAML reader might take for something
else than text is quoted. (PyYAML's emitters choose neither by width nor by what a thing is, and the fast one escapes
every emoji.)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from flowbook.formats.flowfile.scalars import resolve

LINE_WIDTH = 100
PARAMS_WIDTH = 80
"""Params go over to one a line earlier than the rest: they are what people edit."""

_BLOCK_LEVELS = {"inputs": 1, "nodes": 2, "edges": 1, "layout": 1, "notes": 1}
"""How many levels inside a section are blocks, however short."""

_LONGEST_KEY = 200
"""A longer key is written with ``?``: YAML 1.2.2 limits ``key:`` to 1,024 characters (section 7.4)."""

_PLAIN = re.compile(r"[^\W\d][\w./@+ -]*(?<! )\Z|/[\w./@+-]*\Z")
_MISREAD = frozenset({"yes", "no", "on", "off", "y", "n", "true", "false", "null"})
"""Words that readers of YAML 1.1 or 1.2 take for something else than text, in some spelling."""

_ESCAPED = re.compile("[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff]")
"""What YAML does not print, and what people cannot see: directions, joiners, breaks."""


def render(document: Mapping[str, Any]) -> str:
    """The text of a document of plain JSON; equal documents (order included) give equal text."""
    lines: list[str] = []
    for key, value in document.items():
        if key == "edges":
            value = [{_Bare(name): part for name, part in edge.items()} for edge in value]
        lines += _field(key, value, 0, _BLOCK_LEVELS.get(key, 0), LINE_WIDTH)
    return "\n".join(lines) + "\n"


class _Bare(str):
    """A key of the format itself: `on: failure` needs no quotes, since our reader takes every key for text."""

    __slots__ = ()


def _field(key: str, value: Any, indent: int, levels: int, width: int) -> Iterator[str]:
    """The lines of ``key: value`` in a block mapping that begins in column ``indent``."""
    pad = " " * indent
    name = _key(key)
    if len(name) > _LONGEST_KEY:
        yield f"{pad}? {name}"
        name = ""
    lead = f"{pad}{name}:"
    inline = _inline(value, len(lead) + 1, indent + 2, levels, width)
    if inline is not None:
        yield f"{lead} {inline}"
        return
    yield lead
    # A list's dashes stand below the key that it belongs to, not to the right of it.
    yield from _block(value, indent if isinstance(value, list) else indent + 2, levels - 1, width)


def _block(value: Any, indent: int, levels: int, width: int) -> Iterator[str]:
    """The lines of a mapping or list that begins in column ``indent``."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _field(key, inner, indent, levels, PARAMS_WIDTH if key == "params" and indent == 4 else width)
        return
    pad = " " * indent
    for item in value:
        inline = _inline(item, indent + 2, indent + 2, levels, width)
        if inline is not None:
            yield f"{pad}- {inline}"
            continue
        first, *rest = _block(item, indent + 2, levels - 1, width)
        yield f"{pad}- {first.lstrip(' ')}"
        yield from rest


def _inline(value: Any, column: int, indent: int, levels: int, width: int) -> str | None:
    """What stands behind the colon or dash (with a literal block's lines), or None when ``value`` must be a block."""
    if isinstance(value, str) and _is_literal(value):
        lines = value.removesuffix("\n").split("\n")
        pad = " " * indent
        return "\n".join([_chomping(value), *(pad + line if line else "" for line in lines)])
    if not isinstance(value, (Mapping, list)):
        return _scalar(value)
    if not value:
        return "{}" if isinstance(value, Mapping) else "[]"
    return None if levels > 0 else _flow(value, width - column)


def _flow(value: Any, room: int) -> str | None:
    """``value`` on one line of at most ``room`` characters, or None."""
    if isinstance(value, str) and _is_literal(value):
        return None
    if not isinstance(value, (Mapping, list)):
        text = _scalar(value)
        return text if len(text) <= room else None
    parts: list[str] = []
    left = room - 2
    for item in value:
        head = f"{_key(item)}: " if isinstance(value, Mapping) else ""
        part = _flow(value[item] if isinstance(value, Mapping) else item, left - len(head))
        if part is None:
            return None
        parts.append(head + part)
        left -= len(parts[-1]) + 2
    if left + 2 < 0:
        return None
    inside = ", ".join(parts)
    return f"{{{inside}}}" if isinstance(value, Mapping) else f"[{inside}]"


def _is_literal(text: str) -> bool:
    if "\n" not in text or text[0] in " \t\n" or text.endswith("\n\n") or _ESCAPED.search(text):
        return False
    rows = text.split("\n")
    return all(row.rstrip(" \t") == row and (row.isprintable() or row.replace("\t", "").isprintable()) for row in rows)


def _chomping(text: str) -> str:
    return "|" if text.endswith("\n") else "|-"


def _key(key: str) -> str:
    return key if isinstance(key, _Bare) else _scalar(key)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return value if _is_plain(value) else _quoted(value)
    if isinstance(value, float):
        text = repr(value)
        # YAML 1.1 takes 1e+16 for text and 1.0e+16 for a number.
        return text.replace("e", ".0e") if "e" in text and "." not in text else text
    return json.dumps(value)


def _is_plain(text: str) -> bool:
    if not _PLAIN.match(text) or text.lower() in _MISREAD:
        return False
    try:
        return isinstance(resolve(text), str)
    except ValueError:
        return False


def _quoted(text: str) -> str:
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
