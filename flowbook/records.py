"""Named tuples whose annotations are kept as they are written.

``typing.NamedTuple`` compiles the annotation of every field when its class is made, to refuse what is no type. A type
checker does that for Flowbook; at run time it was a ninth of what a cold ``flowbook run`` took beside its libraries.
"""

from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import NamedTuple
else:

    class _Made(type):
        """Makes a class statement with fields a named tuple, with the methods that stand in it."""

        def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> type:
            if not bases:
                return super().__new__(cls, name, bases, namespace)
            fields = namespace["__annotations__"]
            defaults = [namespace.pop(field) for field in fields if field in namespace]
            made = namedtuple(name, fields, defaults=defaults, module=namespace.pop("__module__"))
            for key, value in namespace.items():
                setattr(made, key, value)
            return made

    class NamedTuple(metaclass=_Made):
        """As ``typing.NamedTuple``: ``class Point(NamedTuple)``, then ``x: int`` for each field."""


__all__ = ["NamedTuple"]
