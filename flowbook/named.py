"""Values by their names: what is at a path inside of data, and mappings whose values are attributes too."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from opcode import EXTENDED_ARG, opmap
from types import FrameType
from typing import Any, NoReturn

__all__ = ["FirstNames", "Names", "at", "is_read", "written_by_yaml"]


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
    """Names in a cell, where each wins over a method of dicts, as in the code of a node: ``inputs.items``.

    What is called at once stays a method (``inputs.items()``), and so does what is not looked up by Python's own code:
    a library that takes it for a dict, such as ``json``, has one.
    """

    __slots__ = ()

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith(("__", "_Names__")) and name in self and is_read(sys._getframe(1)):
            return self[name]
        return super().__getattribute__(name)


def written_by_yaml(*kinds: type[dict[Any, Any]]) -> None:
    """Have PyYAML write these kinds of dicts as the mappings that they are.

    It looks a value's type up exactly: ``safe_dump`` refuses a subclass, and ``dump`` writes how to make one in Python.
    https://pyyaml.org/wiki/PyYAMLDocumentation (add_multi_representer).
    """
    from yaml.representer import Representer, SafeRepresenter

    for kind in kinds:
        for one in (SafeRepresenter, Representer):
            one.add_multi_representer(kind, SafeRepresenter.represent_dict)


def is_read(frame: FrameType) -> bool:
    """Whether the code of a frame just looks an attribute up, without calling it at once.

    https://docs.python.org/3/library/dis.html#opcode-LOAD_ATTR: before Python 3.12 another instruction does that for a
    call (LOAD_METHOD), since then the same one with a mark.
    """
    code, place = frame.f_code.co_code, frame.f_lasti
    while code[place] == EXTENDED_ARG:
        place += 2
    return code[place] == _LOAD_ATTR and not (_MARKS_CALLS and code[place + 1] & 1)


_LOAD_ATTR = opmap["LOAD_ATTR"]
_MARKS_CALLS = sys.version_info >= (3, 12)
