"""Values by their names: what is at a path inside of data, and mappings whose values are attributes too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

__all__ = ["Names", "at"]


def at(value: Any, path: str) -> Any:
    """What is at a path in an object or a list, or in one inside of it (``address.city``, ``tags.0``); None for
    nothing.
    """
    for key in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, (list, tuple)) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


class Names(Mapping[str, Any]):
    """A mapping whose values are attributes too: ``inputs.repo`` is ``inputs["repo"]``.

    A name wins over a method of mappings: an input called ``items`` is ``inputs.items``. ``kind`` says what the values
    are, one of them; ``absent(name)`` says of a name that it is not there, in a KeyError or an AttributeError.
    """

    def __init__(self, kind: str, values: Mapping[str, Any], absent: Callable[[str], str]) -> None:
        self.__kind = kind
        self.__values = dict(values)
        self.__absent = absent

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith(("__", "_Names__")) and name in self.__values:
            return self.__values[name]
        return super().__getattribute__(name)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(self.__absent(name))

    def __getitem__(self, name: str) -> Any:
        if name not in self.__values:
            raise KeyError(self.__absent(name))
        return self.__values[name]

    def __contains__(self, name: object) -> bool:
        return name in self.__values

    def __iter__(self) -> Iterator[str]:
        return iter(self.__values)

    def __len__(self) -> int:
        return len(self.__values)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.__values]

    def __repr__(self) -> str:
        return f"<{self.__kind}s: {', '.join(self.__values) or 'none'}>"
