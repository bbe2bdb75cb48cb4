"""Tasks that take two lists."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from flowbook import Result, TaskFailed, task

from .fields import key_of, sameness, without_field
from .models import Compare, Merge
from .tasks import counted

Join = Callable[[Merge], list[Any]]


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def merge(credentials: object, params: Merge) -> Result:
    """Make one list of two: one after the other, side by side, by equal fields, or each with each.

    Data: the list.
    """
    if params.by == "fields" and not params.fields:
        raise TaskFailed("Say which fields are equal: fields: {id: id}.", permanent=True)
    merged = _WAYS[params.by](params)
    return Result.ok(f"Merged {len(params.left):,} and {counted(params.right)} into {counted(merged)}", merged)


def _append(params: Merge) -> list[Any]:
    return [*params.left, *params.right]


def _each_with_each(params: Merge) -> list[Any]:
    return [_joined(params, left, right) for left in params.left for right in params.right]


def _by_position(params: Merge) -> list[Any]:
    shorter = min(len(params.left), len(params.right))
    pairs = list(itertools.zip_longest(params.left, params.right, fillvalue=None))
    matched = [] if params.keep.startswith("unmatched") else pairs[:shorter]
    wanted = params.keep == "both" or params.keep.startswith("unmatched")
    longer = "left" if len(params.left) > shorter else "right"
    longer_stays = wanted and (params.keep != "unmatched_left" or longer == "left")
    if longer_stays or params.keep == longer:
        matched = [*matched, *pairs[shorter:]]
    return [_joined(params, left or {}, right or {}) for left, right in matched]


def _by_fields(params: Merge) -> list[Any]:
    # an item that lacks a field equals none: nothing is no value to meet by
    mine, other = list(params.fields), list(params.fields.values())
    there: dict[Any, list[int]] = {}
    for place, right in enumerate(params.right):
        there.setdefault(key_of(right, other), []).append(place)
    nothing = sameness(None)
    matches = [[] if nothing in (key := key_of(left, mine)) else there.get(key, []) for left in params.left]
    met = {place for places in matches for place in places}
    found: list[Any] = []
    for left, places in zip(params.left, matches, strict=True):
        if not places and params.keep in ("left", "both", "unmatched_left", "unmatched"):
            found.append(left)
        if not params.keep.startswith("unmatched"):
            found += [
                _joined(params, left, params.right[place]) for place in places[: 1 if params.first_only else None]
            ]
    if params.keep in ("right", "both", "unmatched"):
        found += [right for place, right in enumerate(params.right) if place not in met]
    return found


_WAYS: dict[str, Join] = {"append": _append, "position": _by_position, "fields": _by_fields, "all": _each_with_each}


def _joined(params: Merge, left: Any, right: Any) -> Any:
    if not isinstance(left, dict) or not isinstance(right, dict):
        raise TaskFailed("Only objects can be joined with each other: a list holds something else.", permanent=True)
    return {**left, **right} if params.prefer == "right" else {**right, **left}


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def compare(credentials: object, params: Compare) -> Result:
    """Compare two lists item by item.

    Data: {"only_left", "only_right", "same": the left items of pairs that are equal, "different": [{"keys": the fields
    they were found by, "left", "right"}]}.
    """
    mine, other = list(params.fields), list(params.fields.values())
    waiting: dict[Any, list[Any]] = {}
    for right in params.right:
        waiting.setdefault(key_of(right, other), []).append(right)
    found: dict[str, list[Any]] = {"only_left": [], "only_right": [], "same": [], "different": []}
    paired: set[int] = set()
    for left in params.left:
        partners = waiting.get(key_of(left, mine))
        if not partners:
            found["only_left"].append(left)
            continue
        right = partners[0] if params.again else partners.pop(0)
        paired.add(id(right))
        if sameness(_compared(left, params.ignore)) == sameness(_compared(right, params.ignore)):
            found["same"].append(left)
        else:
            keys = {name: left.get(name) for name in mine} if isinstance(left, dict) else {}
            found["different"].append({"keys": keys, "left": left, "right": right})
    found["only_right"] = [right for right in params.right if id(right) not in paired]
    return Result.ok(f"different: {len(found['different']):,}, the same: {len(found['same']):,}", found)


def _compared(item: Any, ignore: list[str]) -> Any:
    if isinstance(item, dict):
        for name in ignore:
            item = without_field(item, name)
    return item
