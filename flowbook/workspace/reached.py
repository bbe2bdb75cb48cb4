"""What a cell has of a run, by the names that nodes have it by: ``nodes.fetch.data.body`` and ``inputs["repo"]``."""

from __future__ import annotations

import sys
from typing import Any

from flowbook.errors import InputError, NotFound
from flowbook.named import is_read
from flowbook.results import NodeResult


class Reached(dict[Any, Any]):
    """A dict whose keys are attributes too, as they are in the code of a node: what is called at once is a method."""

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith("_") and name in self and is_read(sys._getframe(1)):
            return self[name]
        return super().__getattribute__(name)

    def __getattr__(self, name: str) -> Any:
        # What Python and notebooks look for by such names are methods, never data.
        if name in self and not name.startswith(("__", "_repr_", "_ipython_")):
            return self[name]
        shown = ", ".join(str(key)[:60] for key in list(self)[:12])
        raise AttributeError(f"there is no key or attribute {name!r}, only: {shown or 'nothing'}")


def reached(value: Any) -> Any:
    """Plain data in which every dict is a :class:`Reached`; anything else is itself."""
    if type(value) is dict:
        return Reached({key: reached(part) for key, part in value.items()})
    return [reached(part) for part in value] if type(value) is list else value


def plainly(value: Any) -> Any:
    """The data with dicts in place of what :func:`reached` made."""
    if type(value) in (dict, Reached):
        return {key: plainly(part) for key, part in value.items()}
    return [plainly(part) for part in value] if type(value) is list else value


class NodeThen:
    """A node as the run left it: ``status``, ``message``, ``success``, and ``data``, if it was kept."""

    def __init__(self, id: str, result: NodeResult) -> None:
        self._id, self._result = id, result
        self.status, self.message, self.success = result.status, result.message, result.success
        self._data: tuple[Any] | None = None

    @property
    def data(self) -> Any:
        """What it gave. Raises InputError when the history does not hold it."""
        if self._result.omitted is not None:
            raise InputError(f"the data of the node {self._id!r} is not there: it was {self._result.omitted['why']}.")
        if self._data is None:
            self._data = (reached(self._result.data),)
        return self._data[0]

    def __getitem__(self, name: str) -> Any:
        if name not in ("data", "message", "status", "success"):
            raise NotFound("field of a node", name, ("data", "message", "status", "success"))
        return getattr(self, name)

    def __repr__(self) -> str:
        return f"<node {self._id}: {self.status}>"
