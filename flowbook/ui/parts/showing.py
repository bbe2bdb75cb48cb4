"""What a cell of a notebook shows is let go once the cell has been run again.

Its widgets would live on in the kernel otherwise, a thousand more with every run of the cell, seen by nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol


class Shown(Protocol):
    """What is displayed, and can be closed."""

    def close(self) -> None:
        """Take it off every page, for good."""


@dataclass
class _Cell:
    request: str  # the run of the cell that showed these
    things: list[Shown] = field(default_factory=list)


_cells: dict[str, _Cell] = {}
_left: list[Shown] = []  # of cells that are being run again; closed when the cell is done, for it may show them again


def shown(thing: Shown) -> None:
    """Note that the cell that is being run shows ``thing``: it is closed when the cell shows something else instead.

    Where nobody says which cell that is (a script, a kernel without a notebook), nothing is noted and nothing closed.
    """
    shell = _shell()
    parent: Any = shell.get_parent() if hasattr(shell, "get_parent") else {}
    cell, request = parent.get("metadata", {}).get("cellId"), parent.get("header", {}).get("msg_id")
    if not cell or not request:
        return
    before = _cells.get(cell)
    if before is None or before.request != request:
        _cells[cell] = _Cell(request)
        if before is not None:
            if not _left:
                shell.events.register("post_run_cell", _let_go)
            _left.extend(before.things)
    _cells[cell].things.append(thing)


def _let_go(*_: object) -> None:
    _shell().events.unregister("post_run_cell", _let_go)
    held = [id(thing) for cell in _cells.values() for thing in cell.things]
    leaving = list(_left)
    _left.clear()
    for thing in leaving:
        if id(thing) not in held:
            thing.close()


def _shell() -> Any:
    from IPython.core.getipython import get_ipython

    return get_ipython()
