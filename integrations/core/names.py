"""What a code node has in scope: ``inputs`` and ``nodes``, by attribute and by item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flowbook import errors


class Names(Mapping[str, Any]):
    """A mapping whose values are attributes too: ``inputs.repo`` is ``inputs["repo"]``.

    A name wins over a method of mappings: an input called ``items`` is ``inputs.items``.
    """

    def __init__(self, kind: str, values: Mapping[str, Any]) -> None:
        self.__kind = kind
        self.__values = dict(values)

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("__") and not name.startswith("_Names__") and name in self.__values:
            return self.__values[name]
        return super().__getattribute__(name)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(self.__missing(name))

    def __getitem__(self, name: str) -> Any:
        if name not in self.__values:
            raise KeyError(self.__missing(name))
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

    def __missing(self, name: str) -> str:
        near = errors.nearest(name, self.__values)
        remedy = f"did you mean {near!r}?" if near else f"there are: {', '.join(self.__values) or 'none'}"
        ended = " that has ended" if self.__kind == "node" else ""
        return f"there is no {self.__kind} {name!r}{ended}; {remedy}"


class Ended:
    """A node that has ended: ``data`` (the live object), ``message``, ``success``, ``status``."""

    __slots__ = ("_id", "_result")

    def __init__(self, id: str, result: Any) -> None:
        self._id = id
        self._result = result

    def __getattr__(self, name: str) -> Any:
        if name == "data" and not hasattr(self._result, "data"):
            raise AttributeError(f"the node {self._id!r} has no data: it is {self._result.status}")
        if name not in ("data", "message", "success", "status"):
            raise AttributeError(f"a node has data, message, success and status, but no {name!r}")
        return getattr(self._result, name)

    def __getitem__(self, name: str) -> Any:
        try:
            return getattr(self, name)
        except AttributeError as error:
            raise KeyError(str(error)) from None

    def __repr__(self) -> str:
        return f"<node {self._id}: {self._result.status}>"


def nodes(results: Mapping[str, Any]) -> Names:
    """The nodes that have ended, as a code node sees them."""
    return Names("node", {id: Ended(id, result) for id, result in dict(results).items()})


def inputs(values: Mapping[str, Any]) -> Names:
    """The inputs of the run, as a code node sees them."""
    return Names("input", values)
