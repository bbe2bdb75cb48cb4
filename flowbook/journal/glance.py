"""How a value begins, as text, in memory bounded by what is shown of it."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from flowbook.counting import counted
from flowbook.journal.frames import is_table, shown_of

Clean = Callable[[Any], Any]

GLANCE = 10_000
_ITEMS = 200


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
        return f"bytearray({self.repr_bytes(bytes(x), level)})"

    def repr_instance(self, x: Any, level: int) -> str:
        if is_table(x):
            x = shown_of(x, self._clean)
        text = str(self._clean(repr(x)))
        return text if len(text) <= GLANCE else f"{text[:GLANCE]}…"

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


def glance(value: Any, clean: Clean = lambda value: value) -> str:
    """The beginning of ``repr(value)``, or a word about it when that fails.

    ``clean`` takes secrets out of each text before it is cut: half of one would not be found any more.
    """
    try:
        return str(clean(_Glance(clean).repr(value)))[: 2 * GLANCE]
    except Exception as error:  # noqa: BLE001 - a repr may raise anything
        return f"<{type(value).__name__}, whose repr raised {type(error).__name__}>"
