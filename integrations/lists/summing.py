"""Tasks that make few items of many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flowbook import Result, TaskFailed, task

from .fields import field, key_of, rank, sameness, with_field
from .models import Aggregate, Summarize, Value
from .tasks import counted


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def aggregate(credentials: object, params: Aggregate) -> Result:
    """Make one object of all items: lists of the values of some of their fields, or one list of whole items.

    Data: the object.
    """
    if not params.fields:
        return Result.ok(f"Gathered {counted(params.items)}", {params.into: params.items})
    gathered: dict[str, Any] = {}
    for name, path in params.fields.items():
        values = [field(item, path) for item in params.items]
        values = values if params.nothing else [value for value in values if value is not None]
        if params.flat:
            values = [one for value in values for one in (value if isinstance(value, list) else [value])]
        gathered = with_field(gathered, name, values)
    return Result.ok(f"Gathered {counted(params.items)}", gathered)


@task(effects="read", network=False, reads_files=False, writes_files=False, runs_code=False)
def summarize(credentials: object, params: Summarize) -> Result:
    """Work out sums, counts and the like, of all items or of groups of them.

    A value is called as its ``as`` says, else after what was worked out: sum_price. What is missing does not count.

    Data: a list with one object a group: the fields that make it, and what was worked out.
    """
    groups: dict[Any, list[Any]] = {}
    for item in params.items:
        groups.setdefault(key_of(item, params.by), []).append(item)
    if not params.by and not groups:
        groups[()] = []
    found = []
    met: dict[Any, int] = {}  # groups lie in groups, each where it was met first
    places = {key: [met.setdefault(key[:depth], len(met)) for depth in range(1, len(key) + 1)] for key in groups}
    for rows in (groups[key] for key in sorted(groups, key=places.__getitem__)):
        one = {name: field(rows[0], name) for name in params.by}
        for value in params.values:
            one[value.as_ or f"{value.how}_{value.field.replace('.', '_')}"] = _worked_out(value, rows)
        found.append(one)
    return Result.ok(f"Summed {counted(params.items)} up in {len(found):,}", found)


def _worked_out(value: Value, rows: list[Any]) -> Any:
    values = [found for row in rows if (found := field(row, value.field)) is not None]
    if value.how == "concatenate":
        return value.separator.join(one if isinstance(one, str) else sameness(one) for one in values)
    return _WAYS[value.how](values, value.field)


def _numbers(values: list[Any], name: str) -> list[Any]:
    found = []
    for value in values:
        try:
            found.append(value if isinstance(value, (int, float)) else float(value))
        except (TypeError, ValueError):
            raise TaskFailed(
                f"The field {name} holds something that is no number: {sameness(value)[:60]}.", permanent=True
            ) from None
    return found


def _average(values: list[Any], name: str) -> Any:
    return sum(numbers) / len(numbers) if (numbers := _numbers(values, name)) else None


_WAYS: dict[str, Callable[[list[Any], str], Any]] = {
    "append": lambda values, name: values,
    "average": _average,
    "count": lambda values, name: len(values),
    "count_unique": lambda values, name: len({sameness(value) for value in values}),
    "max": lambda values, name: max(values, key=rank, default=None),
    "min": lambda values, name: min(values, key=rank, default=None),
    "sum": lambda values, name: sum(_numbers(values, name)),
}
