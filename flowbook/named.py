"""Values by their names: what is at a path inside of data, and mappings whose values are attributes too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

__all__ = ["FirstNames", "Names", "at"]


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


class Names(dict[str, Any]):
    """A mapping whose values are attributes too, and that is read and not changed: ``inputs.repo`` is
    ``inputs["repo"]``.

    Its own methods are those of a dict, whatever its values are called, so that ``dict(inputs)``, ``f(**inputs)`` and
    ``json.dumps(inputs)`` hold with an input called ``keys``; a copy of it is a dict. ``kind`` says what the values
    are, one of them; ``absent(name)`` says of a name that it is not there, in a KeyError or an AttributeError.
    """

    __slots__ = ("__absent", "__kind")

    def __init__(self, kind: str, values: Mapping[str, Any], absent: Callable[[str], str]) -> None:
        super().__init__(values)
        object.__setattr__(self, "_Names__kind", kind)
        object.__setattr__(self, "_Names__absent", absent)

    def __getattr__(self, name: str) -> Any:
        if name in self and not name.startswith("__"):
            return self[name]
        raise AttributeError(self.__absent(name))

    def __missing__(self, name: str) -> Any:
        raise KeyError(self.__absent(name))

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self]

    def __repr__(self) -> str:
        return f"<{self.__kind}s: {', '.join(self) or 'none'}>"

    def __reduce_ex__(self, protocol: object) -> Any:
        return dict, ({**self},)

    def __refuse(self, *args: object, **kwargs: object) -> NoReturn:
        raise TypeError(f"{self.__kind}s are read, not changed: make a dict of them first, dict({self.__kind}s)")

    __setitem__ = __delitem__ = __ior__ = __setattr__ = __delattr__ = __refuse
    update = pop = popitem = clear = setdefault = __refuse


class FirstNames(Names):
    """Names in a cell, where each wins over a method of dicts, as in the code of a node: ``inputs.items``."""

    __slots__ = ()

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith(("__", "_Names__")) and name in self:
            return self[name]
        return super().__getattribute__(name)
