"""How a value begins, as text, in memory bounded by what is shown of it."""

from __future__ import annotations

import reprlib
from collections import deque
from collections.abc import Callable, Iterable, Mapping, MappingView, Sequence, Set
from dataclasses import fields, is_dataclass
from itertools import chain, islice
from types import SimpleNamespace
from typing import Any

from flowbook.counting import counted
from flowbook.journal.frames import is_table, shown_of

Clean = Callable[[Any], Any]

GLANCE = 10_000
_ITEMS = 200
_ROWS = 60
_CELL = 200


class _Glance(reprlib.Repr):
    """``repr`` that touches no more than the beginning of texts, bytes and containers."""

    def __init__(self, clean: Clean) -> None:
        super().__init__()
        self._clean = clean
        self.maxlevel = 8
        self.maxstring = self.maxother = self.maxlong = GLANCE
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdict = self.maxarray = _ITEMS

    def repr_str(self, x: str, level: int) -> str:
        x = str(self._clean(x))
        return repr(x) if len(x) <= GLANCE else f"{x[:GLANCE]!r}…"

    def repr_bytes(self, x: bytes, level: int) -> str:
        x = bytes(self._clean(x))
        return repr(x) if len(x) <= GLANCE else f"{bytes(x[:GLANCE])!r}… ({counted(len(x), 'byte')})"

    def repr_bytearray(self, x: bytearray, level: int) -> str:
        x = self._clean(x)  # not as bytes: that would be a copy of it all
        text = repr(bytes(x[:GLANCE]))
        return f"bytearray({text})" if len(x) <= GLANCE else f"bytearray({text}… ({counted(len(x), 'byte')}))"

    def repr_instance(self, x: Any, level: int) -> str:
        if is_table(x):
            x = shown_of(x, self._clean)
            x = self._short(x) if _heavy(x) else x
        text = self._structure(x, level) if not is_table(x) and _heavy(x) else repr(x)
        text = str(self._clean(text))
        return text if len(text) <= GLANCE else f"{text[:GLANCE]}…"

    def _structure(self, x: Any, level: int) -> str:
        """What ``repr`` would make all of in memory: the type's name, and how what it holds begins."""
        name = type(x).__name__
        if level <= 0:
            return f"{name}(…)"
        if isinstance(x, Mapping):
            return f"{name}({self.repr_dict(x, level)})"  # type: ignore[arg-type] # asked for its items only
        named = _fields(x)
        if named is not None:
            parts = (f"{field}={self.repr1(inner, level - 1)}" for field, inner in named)
            return self._inside(f"{name}(", parts, len(named), ")")
        inner = list(islice(_inner(x) or (), _ITEMS))
        return self._inside(f"{name}([", (self.repr1(one, level - 1) for one in inner), _length(x), "])")

    def _short(self, table: Any) -> Any:
        """The first rows of a table, of what is in its cells and labels no more than how it begins."""

        def cell(value: Any) -> Any:
            return f"{self.repr1(value, 3)[:_CELL]}…" if _heavy(value, _CELL) else value

        first = table.iloc[:_ROWS] if table.ndim == 1 else table.iloc[:_ROWS, :_ITEMS]
        short = first.map(cell) if hasattr(first, "map") else first.applymap(cell)
        short.index = [cell(label) for label in first.index]
        if table.ndim == 2:
            short.columns = [cell(label) for label in first.columns]
        return short

    def repr_list(self, x: list[Any], level: int) -> str:
        return self._row("[", x, "]", level)

    def repr_tuple(self, x: tuple[Any, ...], level: int) -> str:
        return self._row("(", x, ",)" if len(x) == 1 else ")", level)

    def _row(self, opened: str, x: Sequence[Any], closed: str, level: int) -> str:
        if level <= 0 and x:
            return f"{opened}…{closed}"
        return self._inside(opened, (self.repr1(one, level - 1) for one in islice(x, _ITEMS)), len(x), closed)

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        pairs = (f"{self.repr1(key, level - 1)}: {self.repr1(x[key], level - 1)}" for key in islice(x, _ITEMS))
        return self._inside("{", pairs, len(x), "}") if level > 0 else "{…}"

    def repr_set(self, x: set[Any], level: int) -> str:
        parts = (self.repr1(one, level - 1) for one in islice(x, _ITEMS))
        return (self._inside("{", parts, len(x), "}") if level > 0 else "{…}") if x else "set()"

    def repr_frozenset(self, x: frozenset[Any], level: int) -> str:
        return f"frozenset({self.repr_set(set(islice(x, _ITEMS)), level)})" if x else "frozenset()"

    def _inside(self, opened: str, parts: Iterable[str], count: int, closed: str) -> str:
        shown, room = [], GLANCE
        for part in parts:
            shown.append(part)
            room -= len(part)
            if room < 0:
                break
        more = ", …" if len(shown) < count else ""
        return f"{opened}{', '.join(shown)}{more}{closed}"


def _heavy(value: Any, most: int = 10 * GLANCE) -> bool:
    """Whether ``repr`` would make more than ``most`` characters of it, or bytes, as far as its beginning tells."""
    todo, weight, looked = [value], 0, 0
    while todo and looked < 10 * _ITEMS:
        one = todo.pop()
        looked += 1
        if isinstance(one, (str, bytes, bytearray)):
            weight += len(one)
        elif (inner := _inner(one)) is not None:
            weight += 0 if is_table(one) or hasattr(one, "dtype") else _length(one)
            todo += islice(inner, _ITEMS)
        if weight > most:
            return True
    return False


def _inner(value: Any) -> Iterable[Any] | None:
    """What a value holds that its ``repr`` shows; None for one that holds nothing, or of which that is not known."""
    if is_table(value):
        first = value.iloc[:_ROWS] if value.ndim == 1 else value.iloc[:_ROWS, :_ITEMS]
        cells = [first] if value.ndim == 1 else [first.iloc[:, place] for place in range(first.shape[1])]
        labels = [*first.index, *(first.columns if value.ndim == 2 else ())]
        return chain(labels, *(column for column in cells if column.dtype.kind not in "biufcmM"))
    if isinstance(value, Mapping):
        return chain.from_iterable(value.items())
    if isinstance(value, (Sequence, Set, deque, MappingView)) and not isinstance(value, (str, memoryview, range)):
        return iter(value)  # type: ignore[arg-type] # a view is one of keys, values or items
    if hasattr(value, "dtype") and hasattr(value, "flat"):
        return value.flat if value.dtype.kind == "O" else None
    named = _fields(value)
    return None if named is None else (inner for _, inner in named)


def _fields(value: Any) -> list[tuple[str, Any]] | None:
    """The fields of a dataclass, a namespace or an exception; None for anything else."""
    if isinstance(value, BaseException):
        return [(str(place), inner) for place, inner in enumerate(value.args)]
    if isinstance(value, SimpleNamespace):
        return list(vars(value).items())
    if is_dataclass(value) and not isinstance(value, type):
        return [(one.name, getattr(value, one.name, None)) for one in fields(value) if one.repr]
    return None


def _length(value: Any) -> int:
    return len(value) if hasattr(value, "__len__") else 0


def glance(value: Any, clean: Clean = lambda value: value) -> str:
    """The beginning of ``repr(value)``, or a word about it when that fails.

    ``clean`` takes secrets out of each text before it is cut: half of one would not be found any more.
    """
    try:
        return str(clean(_Glance(clean).repr(value)))[: 2 * GLANCE]
    except Exception as error:  # noqa: BLE001 - a repr may raise anything
        return f"<{type(value).__name__}, whose repr raised {type(error).__name__}>"
