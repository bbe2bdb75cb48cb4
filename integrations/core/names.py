"""What a code node has in scope: ``inputs`` and ``nodes``, by attribute and by item."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from flowbook import Result, errors
from flowbook.named import Names, written_by_yaml


class Ended:
    """A node that has ended: ``data`` (the live object), ``message``, ``success``, ``status``."""

    __slots__ = ("_id", "_result")

    def __init__(self, id: str, result: Any) -> None:
        self._id = id
        self._result = result

    def __getattr__(self, name: str) -> Any:
        if name == "data" and not hasattr(self._result, "data"):
            lost = getattr(self._result, "lost", "")
            raise AttributeError(
                f"the data of the node {self._id!r} was {lost.rstrip('.')}. Run that node again"
                if lost
                else f"the node {self._id!r} has no data: in a dry run it is not called. Pin what it may give"
                if self._result.status == "rehearsed"
                else f"the node {self._id!r} has no data: it is {self._result.status}"
            )
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


def ready_for(code: str) -> None:
    """Have what is in scope be a mapping to PyYAML, too, when the code may use it: most does not, and loads none."""
    if "yaml" in code or "yaml" in sys.modules:
        written_by_yaml(Names, Result)


def nodes(results: Mapping[str, Any]) -> Names:
    """The nodes that have ended, as a code node sees them."""
    ended = {id: Ended(id, result) for id, result in dict(results).items()}
    return Names("node", ended, lambda name: _absent(f"no node {name!r} that has ended", name, ended))


def inputs(values: Mapping[str, Any]) -> Names:
    """The inputs of the run, as a code node sees them."""
    return Names("input", values, lambda name: _absent(f"no input {name!r}", name, values))


def _absent(what: str, name: str, known: Mapping[str, Any]) -> str:
    near = errors.nearest(name, known)
    remedy = f"did you mean {near!r}?" if near else f"there are: {', '.join(known) or 'none'}"
    return f"there is {what}; {remedy}"
