"""Tasks that take one list, or one object of it."""

from __future__ import annotations

import itertools
from typing import Any

from flowbook import Result, task
from flowbook.counting import counted as number_of

from .fields import field, key_of, rank, with_field, without_field
from .models import Credentials, Limit, Nothing, RenameFields, Sort, SplitOut, Spread, Unique, WithFields


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def test_connection(credentials: Credentials, params: Nothing) -> Result:
    """Nothing to connect to: this always succeeds."""
    return Result.ok("Nothing to connect to: these tasks need no credentials.")


def _chosen(items: list[Any], places: list[int], what: str) -> Result:
    chosen = [items[place] for place in places]
    return Result.ok(f"{what} {counted(chosen)}", {"items": chosen, "index": places})


def counted(items: list[Any]) -> str:
    """How many, in words."""
    return number_of(len(items), "item")


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def spread(credentials: object, params: Spread) -> Result:
    """Make one list of the lists in a list.

    What is no list becomes one item; what is no object becomes {"data": …}, and null {}.

    Data: {"items", "index": the place in the given list that each came from}.
    """
    items: list[Any] = []
    index: list[int] = []
    for place, value in enumerate(params.values):
        for one in value if isinstance(value, list) else [value]:
            items.append(one if isinstance(one, dict) else {} if one is None else {"data": one})
            index.append(place)
    return Result.ok(f"Made {counted(items)}", {"items": items, "index": index})


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def split_out(credentials: object, params: SplitOut) -> Result:
    """Make an item of each value of a list that is inside of items.

    A value that is an object is the new item itself, when one field is split out and no others are kept; else it is
    under the field's name.

    Data: {"items", "index": the place in the given list that each came from}.
    """
    items: list[Any] = []
    index: list[int] = []
    alone = len(params.fields) == 1 and not params.others
    for place, item in enumerate(params.items):
        columns = [_values(field(item, name)) for name in params.fields]
        rest: dict[str, Any] = item if params.others and isinstance(item, dict) else {}
        for name in params.fields:
            rest = without_field(rest, name)
        for row in itertools.zip_longest(*columns):
            one = row[0] if alone and isinstance(row[0], dict) else rest
            if one is rest:
                for name, value in zip(params.fields, row, strict=True):
                    one = with_field(one, name.rpartition(".")[2] if alone else name, value)
            items.append(one)
            index.append(place)
    return Result.ok(f"Made {counted(items)} of {len(params.items):,}", {"items": items, "index": index})


def _values(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else [] if value is None else [value]


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def sort(credentials: object, params: Sort) -> Result:
    """Sort items by fields: numbers before texts, texts whatever their case, items without the field last.

    Data: {"items", "index": the place in the given list that each came from}.
    """
    places = list(range(len(params.items)))
    for by in reversed(params.by):
        keys = [rank(field(item, by.field)) for item in params.items]
        places.sort(key=keys.__getitem__, reverse=by.descending)
        if by.descending:  # what lacks the field comes last all the same
            places.sort(key=lambda place: keys[place][0] == 9)
    return _chosen(params.items, places, "Sorted")


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def unique(credentials: object, params: Unique) -> Result:
    """Keep the first of items that are the same, in all their fields or in some.

    Data: {"items", "index": the place in the given list that each came from}.
    """
    first: dict[Any, int] = {}
    for place, item in enumerate(params.items):
        first.setdefault(key_of(item, params.fields) if params.fields else key_of({"": item}, [""]), place)
    return _chosen(params.items, list(first.values()), "Kept")


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def limit(credentials: object, params: Limit) -> Result:
    """Keep the first, or the last, so many items.

    Data: {"items", "index": the place in the given list that each came from}.
    """
    places = list(range(len(params.items)))
    kept = places[max(0, len(places) - params.count) :] if params.from_end else places[: params.count]
    return _chosen(params.items, kept, "Kept")


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def with_fields(credentials: object, params: WithFields) -> Result:
    """Set fields of an object; the others stay, or only some of them.

    Data: the object.
    """
    kept: dict[str, Any] = params.item if params.keep is None else {}
    for name in params.keep or ():
        if (value := field(params.item, name)) is not None:
            kept = with_field(kept, name, value)
    for name in params.drop:
        kept = without_field(kept, name)
    for name, value in params.fields.items():
        kept = with_field(kept, name, value) if params.dots else {**kept, name: value}
    return Result.ok(f"Set {number_of(len(params.fields), 'field')}", dict(kept))


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def rename_fields(credentials: object, params: RenameFields) -> Result:
    """Give fields of an object new names; those that it lacks are passed over.

    Data: the object.
    """
    item = params.item
    for old, new in params.names.items():
        value = field(item, old)
        if value is not None or old in item:
            item = with_field(without_field(item, old), new, value)
    return Result.ok(f"Renamed {number_of(len(params.names), 'field')}", dict(item))
