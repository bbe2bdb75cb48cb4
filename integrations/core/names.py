"""What a code node has in scope: ``inputs`` and ``nodes``, by attribute and by item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class Names(Mapping[str, Any]):
    """A mapping whose values are attributes too: ``inputs.repo`` is ``inputs["repo"]``.

    Where a name is also a method of mappings (``items``, ``get``), use ``inputs["items"]``.
    """

    def __init__(self, kind: str, values: Mapping[str, Any]) -> None:
        self._kind = kind
        self._values = dict(values)

    def __getitem__(self, name: str) -> Any:
        if name not in self._values:
            raise KeyError(self._missing(name))
        return self._values[name]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._values:
            raise AttributeError(self._missing(name))
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._values]

    def __repr__(self) -> str:
        return f"<{self._kind}s: {', '.join(self._values) or 'none'}>"

    def _missing(self, name: str) -> str:
        import difflib  # every run of a workflow with a core node would load it

        nearest = difflib.get_close_matches(str(name), self._values, n=1, cutoff=0.5)
        remedy = f"did you mean {nearest[0]!r}?" if nearest else f"there are: {', '.join(self._values) or 'none'}"
        ended = " that has ended" if self._kind == "node" else ""
        return f"there is no {self._kind} {name!r}{ended}; {remedy}"


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
