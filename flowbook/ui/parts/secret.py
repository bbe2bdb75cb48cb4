"""What is typed into secret fields, on Python's side: it arrives as messages and is held here, never in a trait.

Traits are widget state, and widget state is saved with the notebook (papermill and nbclient do so by default).
"""

from __future__ import annotations

from typing import Any, NoReturn

from flowbook.counting import counted


class TypedSecrets:
    """The secrets that were typed into one form and are not saved yet. They are in no repr, pickle or copy."""

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def receive(self, name: object, value: object) -> bool:
        """Hold what the browser sent for a field; whether that was something."""
        if not isinstance(name, str) or not isinstance(value, str) or not value:
            return False
        self._values[name] = value
        return True

    def reveal(self, name: str) -> str | None:
        """What was typed into that field, or None."""
        return self._values.get(name)

    def forget(self, name: str | None = None) -> None:
        """Forget one field's secret, or all."""
        if name is None:
            self._values.clear()
        else:
            self._values.pop(name, None)

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __repr__(self) -> str:
        return f"<TypedSecrets of {counted(len(self._values), 'field')}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("typed secrets cannot be pickled or copied")

    def __deepcopy__(self, memo: dict[int, Any]) -> NoReturn:
        raise TypeError("typed secrets cannot be pickled or copied")
