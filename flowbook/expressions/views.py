"""The read-only plain-JSON view of any value, made only of what is touched.

pandas and numpy are recognised by the module of a value's type, never imported: if a value is theirs, they are there.
"""

from __future__ import annotations

import dataclasses
import enum
import reprlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import date, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePath
from typing import Any, ClassVar
from uuid import UUID

from flowbook.counting import counted
from flowbook.errors import ExpressionError
from flowbook.expressions.limits import Meter
from flowbook.expressions.untouched import Untouched

SCALARS = frozenset({type(None), bool, int, float, str})
_SECRETS = frozenset({"Secret", "SecretStr", "SecretBytes"})
_HAND_ON = "Hand it on whole, as the only reference of a param, or turn it into plain data in a core.python node."


class ListView(Sequence[Any]):
    """A sequence seen as a list whose items become plain when they are touched."""

    __slots__ = ("_items",)
    weight: ClassVar[int] = 1

    def __init__(self, items: Any) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)(self._slice(index))
        place = range(len(self))[index]
        return self._cut(place, place + 1)[0]

    def __iter__(self) -> Iterator[Any]:
        size = self._chunk()
        for start in range(0, len(self), size):
            yield from self._cut(start, start + size)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (list, ListView)) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<a view of a list of {len(self)}>"

    def cost(self) -> int:
        """Steps that touching one item takes."""
        return 1

    def pay_pick(self, meter: Meter) -> None:
        """Pay for taking one item out."""
        meter.spend(2)

    def pay_slice(self, count: int, meter: Meter) -> None:
        """Pay for a slice of ``count`` items."""
        meter.spend(2 + (count >> 4))
        meter.hold(8 * count)

    def as_they_are(self) -> Iterator[Any] | None:
        """The items before they become plain, where each of them is converted by itself; else None."""
        size = self._chunk()
        return (item for start in range(0, len(self), size) for item in self._items[start : start + size])

    def _chunk(self) -> int:
        return 256

    def _slice(self, part: slice) -> Any:
        return self._items[part]

    def _cut(self, start: int, stop: int) -> list[Any]:
        return [plain(item) for item in self._items[start:stop]]


class SetView(ListView):
    """A set, in a fixed order: sorted where its items can be, else by the beginning of their text."""

    __slots__ = ("_given",)

    def __init__(self, items: Any) -> None:
        super().__init__(None)
        self._given = items

    def __len__(self) -> int:
        return len(self._given)

    def cost(self) -> int:
        """What each item's part in putting them in order takes."""
        if self._items is not None or not self._given:
            return 1
        letters = sum(len(item) for item in self._given if isinstance(item, (str, bytes, tuple, frozenset)))
        rounds = len(self._given).bit_length()
        return 2 + rounds + (letters * rounds >> 6) // len(self._given)

    def pay_pick(self, meter: Meter) -> None:
        """Pay for taking one item out."""
        if self._items is None:
            meter.items(len(self._given))
            meter.spend(len(self._given) * self.cost())
            self._ordered()

    def pay_slice(self, count: int, meter: Meter) -> None:
        """Pay for a slice of ``count`` items."""
        self.pay_pick(meter)
        super().pay_slice(count, meter)

    def as_they_are(self) -> Iterator[Any] | None:
        """The items before they become plain."""
        return (item for item in self._ordered())

    def _ordered(self) -> Any:
        if self._items is None:
            try:
                self._items = sorted(self._given)
            except TypeError:
                self._items = sorted(self._given, key=reprlib.repr)
        return self._items

    def _slice(self, part: slice) -> Any:
        return self._ordered()[part]

    def _cut(self, start: int, stop: int) -> list[Any]:
        return [plain(item) for item in self._ordered()[start:stop]]


class _ArrayView(ListView):
    """A numpy array or pandas index."""

    __slots__ = ()

    def cost(self) -> int:
        """Steps that touching one item takes."""
        return 4 if self._is_of_numbers() else 30

    def as_they_are(self) -> Iterator[Any] | None:
        """None: they are converted many at a time."""
        return None

    def pay_pick(self, meter: Meter) -> None:
        """Pay for taking one item out."""
        meter.spend(30)

    def _is_of_numbers(self) -> bool:
        """Whether it holds numbers that Python has: those are converted many at a time."""
        dtype = getattr(self._items, "dtype", None)
        kind, size = getattr(dtype, "kind", ""), getattr(dtype, "itemsize", 0)
        return getattr(self._items, "ndim", 0) == 1 and kind in ("b", "i", "u", "f") and size <= 8

    def _cut(self, start: int, stop: int) -> list[Any]:
        part = self._items[start:stop]
        return [_cell(item) for item in part.tolist()] if self._is_of_numbers() else [plain(item) for item in part]

    def pay_slice(self, count: int, meter: Meter) -> None:
        """Pay for a slice of ``count`` items."""
        meter.spend(20)  # a slice of an array shares its memory


class _FrameView(ListView):
    """What pandas holds by places: converted many at a time."""

    __slots__ = ()

    def given(self) -> Any:
        """The Series or DataFrame itself."""
        return self._items

    def as_they_are(self) -> Iterator[Any] | None:
        """None: they are converted many at a time."""
        return None

    def _slice(self, part: slice) -> Any:
        return self._items.iloc[part]


class SeriesView(_FrameView):
    """A pandas Series."""

    __slots__ = ()

    def pay_pick(self, meter: Meter) -> None:
        """Pay for taking one item out."""
        meter.spend(600)

    def pay_slice(self, count: int, meter: Meter) -> None:
        """Pay for a slice of ``count`` items."""
        meter.spend(400)

    def cost(self) -> int:
        """Steps that touching one item takes."""
        return 4

    def _cut(self, start: int, stop: int) -> list[Any]:
        return [_cell(item) for item in self._items.iloc[start:stop].astype(object).tolist()]


class TableView(_FrameView):
    """A pandas DataFrame as a list of rows, each a dict by column; a missing cell is None."""

    __slots__ = ()

    def pay_pick(self, meter: Meter) -> None:
        """Pay for taking one item out."""
        meter.spend(1_500 + self.cost())

    def pay_slice(self, count: int, meter: Meter) -> None:
        """Pay for a slice of ``count`` items."""
        meter.spend(600)

    def cost(self) -> int:
        """Steps that touching one item takes."""
        return 8 + 2 * len(self._items.columns)

    def _chunk(self) -> int:
        return max(1, 2_048 // (1 + len(self._items.columns)))

    def _cut(self, start: int, stop: int) -> list[Any]:
        columns = [str(name) for name in self._items.columns]
        # one conversion of the whole chunk: taking it cell by cell or row by row costs tens of microseconds each
        rows = self._items.iloc[start:stop].astype(object).values.tolist()
        return [dict(zip(columns, map(_cell, row), strict=True)) for row in rows]


class MapView(Mapping[Any, Any]):
    """A mapping whose values become plain when they are touched."""

    __slots__ = ("_items",)

    def __init__(self, items: Any) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __getitem__(self, key: Any) -> Any:
        return plain(self._items[key])

    def __repr__(self) -> str:
        return f"<a view of a mapping of {len(self)}>"


class _FieldsView(MapView):
    """A dataclass or pydantic model as a mapping of its declared fields, and of nothing else it has."""

    __slots__ = ("_names",)

    def __init__(self, items: Any, names: Iterable[str]) -> None:
        super().__init__(items)
        self._names = dict.fromkeys(names)

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._names)

    def __contains__(self, key: object) -> bool:
        return key in self._names

    def __getitem__(self, key: Any) -> Any:
        if key not in self._names:
            raise KeyError(key)
        return plain(getattr(self._items, key))


VIEWS = frozenset({ListView, SetView, _ArrayView, SeriesView, TableView, MapView, _FieldsView})
PLAIN = SCALARS | {list, dict} | VIEWS
"""What is itself as data; all else is converted, and costs that."""


def plain(value: Any) -> Any:
    """The read-only plain-JSON view of ``value``: only what is touched is converted.

    None, bool, int, float, str, list and dict are themselves (their items are converted when an expression touches
    them). A DataFrame is a list of row dicts, a Series, array, tuple or set a list, a model or dataclass a dict of
    its fields, a date its ISO text, a Decimal a float, a missing cell None.
    Raises ExpressionError for what has no plain form: bytes, secrets, functions, connections, …
    """
    if type(value) in PLAIN:
        return value
    return _converted(value)


def _converted(value: Any) -> Any:
    kind = type(value)
    if any(base.__name__ in _SECRETS for base in kind.__mro__):
        raise ExpressionError("a secret cannot be used in an expression.", hint="Credentials belong in an integration.")
    root = kind.__module__.partition(".")[0]
    if root == "numpy":
        return _from_numpy(value)
    for base in kind.__mro__:
        if base.__module__.partition(".")[0] == "pandas" and base.__name__ in _PANDAS:
            return _PANDAS[base.__name__](value)
    for types, convert in _CONVERSIONS:
        if isinstance(value, types):
            return convert(value)
    if hasattr(kind, "model_fields") and hasattr(kind, "model_validate"):
        shown = [name for name, field in kind.model_fields.items() if not field.exclude]
        return _FieldsView(value, [*shown, *(getattr(value, "model_extra", None) or ())])
    if dataclasses.is_dataclass(value):
        return _FieldsView(value, [field.name for field in dataclasses.fields(value)])
    raise ExpressionError(f"a {kind.__name__} has no plain-JSON form that an expression could read.", hint=_HAND_ON)


def _refuse_bytes(value: Any) -> Any:
    raise ExpressionError(
        f"this is {counted(len(value), 'byte')} of binary data, which an expression cannot read as text.", hint=_HAND_ON
    )


def _from_decimal(value: Decimal) -> float | None:
    return float(value) if value.is_finite() else None


def _from_numpy(value: Any) -> Any:
    if hasattr(value, "__array_interface__") and value.ndim:
        return _ArrayView(value)
    name = getattr(getattr(value, "dtype", None), "kind", "")
    if name == "M":
        text = str(value)
        return None if text == "NaT" else text
    if name == "m":
        seconds = value.astype("timedelta64[us]").item()
        return None if seconds is None else seconds.total_seconds()
    if not hasattr(value, "item"):
        raise ExpressionError(f"a numpy {type(value).__name__} has no plain-JSON form.", hint=_HAND_ON)
    found = value.item()
    if type(found).__module__.partition(".")[0] == "numpy":
        found = float(found)  # a long double's item() is itself
    return _cell(found)


def _cell(value: Any) -> Any:
    """A cell of a table: as :func:`plain`, and NaN is None, since that is what it means there."""
    if type(value) is float:
        return None if value != value else value
    return plain(value)


def _nothing(_: Any) -> None:
    return None


_PANDAS: dict[str, Callable[[Any], Any]] = {
    "DataFrame": TableView,
    "Series": SeriesView,
    "Index": _ArrayView,
    "NaTType": _nothing,
    "NAType": _nothing,
}

# The first that fits counts: an enum or a bool may be an int, a named tuple is a tuple.
_CONVERSIONS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (enum.Enum, lambda value: plain(value.value)),
    (str, str.__str__),
    (int, int),
    (float, lambda value: _cell(float(value))),
    ((date, time), lambda value: value.isoformat()),
    (timedelta, timedelta.total_seconds),
    (Decimal, _from_decimal),
    ((bytes, bytearray, memoryview), _refuse_bytes),
    (Fraction, float),
    ((UUID, PurePath), str),
    (dict, lambda value: MapView(Untouched(value))),
    (Mapping, MapView),
    (Set, SetView),
    (Sequence, ListView),
)
