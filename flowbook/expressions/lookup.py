"""Finding values: keys and positions only, never an attribute of an object, except the three of a node's result."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from flowbook.errors import ExpressionError, ExpressionLookupError
from flowbook.expressions.elsewhere import hint_for_key
from flowbook.expressions.limits import CONVERTED, Meter
from flowbook.expressions.values import describe, handed_on, is_list, is_map
from flowbook.expressions.views import SCALARS, ListView, plain
from flowbook.slips import nearest

NODE_FIELDS = ("data", "message", "success")
SCOPE_NAMES = ("inputs", "nodes", "item", "index", "run", "result")
_ABSENT: Any = object()
_KEYS_SHOWN = 12
_KEYS_COMPARED = 200
_WHERE = {
    "item": "'item' and 'index' are there in a node with for_each.",
    "index": "'item' and 'index' are there in a node with for_each.",
    "result": "'result' is there in a retry's 'until'.",
}

_WHY = {
    "skipped": "it was skipped",
    "failed": "it failed",
    "cancelled": "it was cancelled",
    "rehearsed": "in a dry run it is not called",
}

Step = tuple[Any, str]
"""A key or position, and the text of the path before it."""


class Missing(Exception):
    """Something that was looked up is not there. Its text is made only if nobody catches it (``default`` does)."""

    def explained(self) -> ExpressionLookupError:
        """The error for people: the path that failed, the keys there are, the nearest one."""
        kind, *details = self.args
        try:
            return ExpressionLookupError(*_EXPLAIN[kind](*details))
        except Exception:  # noqa: BLE001 - the data's own classes can raise anything when they are read
            return ExpressionLookupError("something that it looks up is not there.")


def _no_key(value: Any, key: Any, path: str) -> tuple[str, str, str]:
    names = [_named(name) for name in islice(value, _KEYS_COMPARED)]
    shown = ", ".join(names[:_KEYS_SHOWN]) + (", …" if len(value) > _KEYS_SHOWN else "")
    there = f"which has: {shown}" if names else "which is an empty mapping"
    near = nearest(_named(key), names)
    hint = f"Did you mean {near!r}?" if near else hint_for_key(key, path)
    return f"there is no {_short(key)} in {path}, {there}.", "", hint


def _no_position(value: Any, key: Any, path: str) -> tuple[str, str, str]:
    return f"there is no [{_short(key)}] in {path}, which is {describe(value)}.", "", "Positions start at 0."


def _not_a_mapping(value: Any, key: Any, path: str) -> tuple[str, str, str]:
    hint = hint_for_key(key, path) if is_list(value) or isinstance(value, str) else ""
    if hint:
        pass
    elif is_list(value):
        hint = f"Take one by its position, {path}[0], or all: [x.name for x in {path}]."
    elif value is None:
        hint = f"Where it may be missing, write default({path}.…, …)."
    if not isinstance(key, (str, int, float)):
        text = f"{path} is {describe(value)}, which has nothing at {describe(key)}."
        return text, "", "Keys are text, positions whole numbers."
    return f"{path} is {describe(value)}, so it has no {_short(key)}.", "", hint


def _no_node(id: str, field: str, state: str) -> tuple[str, str, str]:
    why = _WHY.get(state or "skipped", f"it is {state}")
    what = "data" if field == "data" else "result"
    hint = f"Where that may happen, write default(nodes.{id}.{field}, …)."
    if state == "rehearsed":
        hint = "Pin what it may give, and the dry run goes on with that."
    return f"node '{id}' has no {what}: {why}.", "", hint


def _not_in_scope(name: str, there: tuple[str, ...]) -> tuple[str, str, str]:
    return f"there is no '{name}' here, only: {', '.join(there)}.", "", _WHERE.get(name, "")


def _empty(text: str) -> tuple[str, str, str]:
    return text, "", "Where that may happen, write default(…, …)."


_EXPLAIN: dict[str, Any] = {
    "key": _no_key,
    "position": _no_position,
    "mapping": _not_a_mapping,
    "node": _no_node,
    "scope": _not_in_scope,
    "empty": _empty,
}


def _short(key: Any) -> str:
    """A key in words, made of no more of it than is shown."""
    text = repr(key[:61]) if isinstance(key, str) else _named(key)
    return text if len(text) <= 60 else text[:57] + "…"


def _named(key: Any) -> str:
    if isinstance(key, str):
        return key[:60]
    if isinstance(key, int) and key.bit_length() > 200:
        return "a huge number"
    return str(key) if type(key) in SCALARS else describe(key)


def taken(value: Any, key: Any, path: str, meter: Meter) -> Any:
    """As :func:`pick`, paid for."""
    if isinstance(value, ListView):
        value.pay_pick(meter)
    elif isinstance(key, str):
        meter.spend(len(key) >> 8)
    return pick(value, key, path)


def pick(value: Any, key: Any, path: str) -> Any:
    """The item of a plain value at a key or position, as it is (not made plain); Missing if it is not there."""
    if is_map(value):
        try:
            return value[key]
        except KeyError:
            raise Missing("key", value, key, path) from None
        except TypeError:
            raise ExpressionError(f"{describe(key)} cannot be a key of {path}.") from None
    if type(key) is int and (isinstance(value, str) or is_list(value)):
        try:
            return value[key]
        except IndexError:
            raise Missing("position", value, key, path) from None
    raise Missing("mapping", value, key, path)


def node_field(scope: Mapping[str, Any], id: str, field: str) -> Any:
    """``nodes.<id>.<field>`` as it is; Missing if the node has not run or gave no data."""
    result = scope.get("nodes", {}).get(id, _ABSENT)
    if result is _ABSENT:
        raise Missing("node", id, field, "")
    is_dict = isinstance(result, Mapping)
    value = result.get(field, _ABSENT) if is_dict else getattr(result, field, _ABSENT)
    if value is _ABSENT or (value is None and field == "data"):
        state = result.get("status", "") if is_dict else getattr(result, "status", "")
        state = str(getattr(state, "value", state) or "")
        if value is _ABSENT or state not in ("", "succeeded"):
            raise Missing("node", id, field, state)
    return value


class Reference:
    """A path from a name of the scope: ``nodes.query.data.rows[0]``."""

    __slots__ = ("field", "id", "root", "steps")

    def __init__(self, root: str, id: str, field: str, steps: tuple[Step, ...]) -> None:
        self.root = root
        self.id = id
        self.field = field
        self.steps = steps

    def fetch(self, scope: Mapping[str, Any], meter: Meter) -> Any:
        """What the path leads to, which may be a view; Missing if there is nothing."""
        return self._found(scope, meter)[0]

    def hand_on(self, scope: Mapping[str, Any]) -> Any:
        """As :meth:`fetch`, for what leaves the expression: the very object, or what a view on the way showed of it.

        Never a view itself: what is handed on is what the node gave, or plain data.
        """
        value, seen = self._found(scope, Meter())
        return handed_on(value) if seen else value

    def _found(self, scope: Mapping[str, Any], meter: Meter) -> tuple[Any, bool]:
        """What the path leads to, and whether the way led through a view."""
        if self.id:
            value = node_field(scope, self.id, self.field)
        else:
            try:
                value = scope[self.root]
            except KeyError:
                raise Missing("scope", self.root, tuple(scope)) from None
        seen = self.root == "item"  # a row of a table
        for key, path in self.steps:
            if type(value) is dict:
                try:
                    value = value[key]
                    continue
                except KeyError:
                    raise Missing("key", value, key, path) from None
            view = plain(value)
            if view is not value:
                meter.spend(CONVERTED)
                seen = True
            value = taken(view, key, path, meter)
        return value, seen
