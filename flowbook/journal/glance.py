"""How a value begins, as text, in memory bounded by what is shown of it."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable
from itertools import islice
from typing import Any

GLANCE = 10_000
_ITEMS = 200


class _Glance(reprlib.Repr):
    """``repr`` that touches no more than the beginning of texts, bytes and containers."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 8
        self.maxstring = self.maxother = self.maxlong = GLANCE
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdict = self.maxarray = _ITEMS

    def repr_str(self, x: str, level: int) -> str:
        return repr(x) if len(x) <= GLANCE else f"{x[:GLANCE]!r}…"

    def repr_bytes(self, x: bytes, level: int) -> str:
        return repr(x) if len(x) <= GLANCE else f"{bytes(x[:GLANCE])!r}… ({len(x):,} bytes)"

    def repr_bytearray(self, x: bytearray, level: int) -> str:
        return f"bytearray({self.repr_bytes(bytes(x[:GLANCE]), level)})"

    def repr_instance(self, x: Any, level: int) -> str:
        text = repr(x)
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


_glance = _Glance()


def glance(value: Any) -> str:
    """The beginning of ``repr(value)``, or a word about it when that fails."""
    try:
        return _glance.repr(value)[: 2 * GLANCE]
    except Exception as error:  # noqa: BLE001 - a repr may raise anything
        return f"<{type(value).__name__}, whose repr raised {type(error).__name__}>"
