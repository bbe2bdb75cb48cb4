"""What a form was before it became another: a page in which somebody types may still show that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from flowbook.ui.parts.fields import Field, braced, read

Late: TypeAlias = Callable[[str, Any], object]

_KEPT = 8  # pages show another form within seconds


class PastForm(NamedTuple):
    """The fields that a form had, which of them held expressions, and who hears what is typed into them late."""

    fields: Mapping[str, Field]
    modes: Mapping[str, bool]
    late: Late

    def take(self, given: Mapping[str, Any], *, expressions: bool) -> None:
        """Hand on what was typed, typed as the parameters say; not what was typed into a secret's field."""
        for name, raw in given.items():
            one, mode = self.fields.get(name), self.modes.get(name)
            if one is None or (one.parameter.secret and not mode) or not (raw is None or isinstance(raw, (str, bool))):
                continue
            entered = braced(raw) if mode else raw
            self.late(name, read(one.parameter, entered, expressions=expressions))


class PastForms:
    """The last forms that a form was, by their number."""

    def __init__(self) -> None:
        self._kept: dict[int, PastForm] = {}

    def keep(self, number: int, past: PastForm) -> None:
        """Remember one, and forget the oldest."""
        self._kept = {**dict(list(self._kept.items())[1 - _KEPT :]), number: past}

    def of(self, number: object) -> PastForm | None:
        """The one of that number; None when it is none that is known."""
        return self._kept.get(number) if isinstance(number, int) else None
