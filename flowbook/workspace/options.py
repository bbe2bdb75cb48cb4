"""How a run is to go."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flowbook.events import Event
from flowbook.records import NamedTuple

if TYPE_CHECKING:
    from flowbook.workspace.taping import Taping


class RunOptions(NamedTuple):
    """How a run is to go, whatever it is a run of: a new one, one that is resumed, or one inside of another.

    ``to`` and ``only`` choose a part of the workflow, ``fresh`` calls what is known too, ``rehearse`` changes nothing
    outside, ``watch`` is told each event, ``taping`` is its cassette. ``executor`` is where calls are made: as it was
    asked for, then the :class:`~flowbook.calling.executors.RunExecutors`. ``id`` is what it was
    promised ("": a new one).
    """

    to: str | None = None
    only: str | None = None
    fresh: bool = False
    rehearse: bool = False
    max_workers: int = 8
    watch: Callable[[Event], None] | None = None
    executor: Any = None
    taping: Taping | None = None
    id: str = ""

    def inside(self) -> RunOptions:
        """How the runs inside of such a run go."""
        return RunOptions(
            rehearse=self.rehearse, max_workers=self.max_workers, executor=self.executor, taping=self.taping
        )
