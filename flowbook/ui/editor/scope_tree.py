"""A value as people look into it: a tree of keys, bounded, each with the path that an expression reaches it by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flowbook.errors import ExpressionError
from flowbook.expressions import plain

KEYS_SHOWN = 60
ITEMS_SHOWN = 5
DEPTH = 7
MOST_ENTRIES = 1_500
TEXT_SHOWN = 60

_KINDS = {"NoneType": "nothing", "bool": "yes or no", "int": "integer", "float": "number", "str": "text"}

Entry = dict[str, Any]


class Tree:
    """Makes entries; together they are at most 1,500, what comes later is told by number only.

    An entry is ``{"path", "key", "value" (in a few words), "kind"}``, with ``children`` and how many ``more`` there
    are; an item of a list has its position ``at``.
    """

    def __init__(self) -> None:
        self._left = MOST_ENTRIES

    def entry(self, path: str, key: str, value: Any, depth: int = 0) -> Entry:
        """A value and what is in it."""
        self._left -= 1
        made: Entry = {"path": path, "key": key, "value": short(value), "kind": kind_of(value)}
        view = _view(value)
        if depth >= DEPTH or self._left <= 0:
            return made
        if isinstance(view, Mapping):
            self._add_keys(made, view, depth)
        elif _is_list(view):
            self._add_items(made, view, depth)
        return made

    def _add_keys(self, made: Entry, view: Mapping[Any, Any], depth: int) -> None:
        keys = [key for key in list(view)[:KEYS_SHOWN] if isinstance(key, str)]
        made["children"] = [self.entry(_inside(made["path"], key), key, view[key], depth + 1) for key in keys]
        if len(view) > len(keys):
            made["more"] = len(view) - len(keys)

    def _add_items(self, made: Entry, view: Any, depth: int) -> None:
        size = min(len(view), ITEMS_SHOWN)
        made["children"] = [
            {**self.entry(f"{made['path']}[{at}]", f"[{at}]", view[at], depth + 1), "at": at} for at in range(size)
        ]
        if len(view) > size:
            made["more"] = len(view) - size


def parent(path: str, key: str, children: list[Entry], value: str = "") -> Entry:
    """An entry that only holds others."""
    return {"path": path, "key": key, "value": value, "kind": "mapping", "children": children}


def leaf(path: str, key: str, value: str, kind: str = "") -> Entry:
    """An entry with nothing in it, of which only words are known."""
    return {"path": path, "key": key, "value": value, "kind": kind}


def _inside(path: str, key: str) -> str:
    return f"{path}.{key}" if key.isidentifier() and key.isascii() else f"{path}[{json.dumps(key, ensure_ascii=False)}]"


def _view(value: Any) -> Any:
    try:
        return plain(value)
    except ExpressionError:
        return None


def _is_list(view: Any) -> bool:
    return not isinstance(view, (str, bytes)) and hasattr(view, "__len__") and hasattr(view, "__getitem__")


def kind_of(value: Any) -> str:
    """What a value is, in a word or two."""
    view = _view(value)
    if view is None and value is not None:
        return type(value).__name__
    if isinstance(view, Mapping):
        return "mapping"
    if _is_list(view):
        return f"list of {len(view)}"
    return _KINDS.get(type(view).__name__, type(view).__name__)


def short(value: Any) -> str:
    """A value in a few words: ``list of 42``, ``table 10×3``, ``{name, city}``, ``"octocat/hel…"``."""
    shape = getattr(value, "shape", None)
    if type(value).__name__ == "DataFrame" and isinstance(shape, tuple):
        return f"table {shape[0]}×{shape[1]}"
    view = _view(value)
    if view is None and value is not None:
        return type(value).__name__
    if isinstance(view, str):
        return json.dumps(cut(view, TEXT_SHOWN), ensure_ascii=False)
    if view is None or isinstance(view, (bool, int, float)):
        return json.dumps(view)
    if isinstance(view, Mapping):
        return cut("{" + ", ".join(map(str, list(view)[:6])) + (", …" if len(view) > 6 else "") + "}", TEXT_SHOWN)
    return f"list of {len(view)}" if _is_list(view) else type(value).__name__


def cut(text: str, size: int) -> str:
    """A text, not longer than that."""
    return text if len(text) <= size else text[: size - 1] + "…"
