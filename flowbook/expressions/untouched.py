"""Dicts of a subclass, read as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class Untouched(Mapping[Any, Any]):
    """A dict of a subclass, read without its ``__missing__``, which would add keys to a defaultdict."""

    __slots__ = ("_dict",)

    def __init__(self, given: dict[Any, Any]) -> None:
        self._dict = given

    def __len__(self) -> int:
        return len(self._dict)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._dict)

    def __contains__(self, key: object) -> bool:
        return dict.__contains__(self._dict, key)

    def __getitem__(self, key: Any) -> Any:
        if not dict.__contains__(self._dict, key):
            raise KeyError(key)
        return dict.__getitem__(self._dict, key)
