"""The threads of a run: those that make its calls, and those that wait for calls that are made elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from flowbook.engine.attempts import Unit
from flowbook.engine.crew import Crew
from flowbook.plan import PlannedNode


class Crews:
    """As a :class:`~flowbook.engine.crew.Crew`, of which ``far`` does the units of nodes that ``goes_far``.

    Without ``far`` it is ``here`` alone. The run's lock is held by whoever calls a method.
    """

    def __init__(self, here: Crew[Unit], far: Crew[Unit] | None, goes_far: Callable[[PlannedNode], bool]) -> None:
        self._here = here
        self._far = far
        self._goes_far = goes_far

    def put(self, units: Iterable[Unit]) -> None:
        """Have units done after those that are ready."""
        if self._far is None:
            self._here.put(units)
            return
        sorted_out: dict[bool, list[Unit]] = {False: [], True: []}
        for unit in units:
            sorted_out[self._goes_far(unit.node)].append(unit)
        self._here.put(sorted_out[False])
        self._far.put(sorted_out[True])

    def put_first(self, unit: Unit) -> None:
        """Have a unit done before those that are ready."""
        self._of(unit.node).put_first(unit)

    def exchange(self, units: Sequence[Unit], node: PlannedNode) -> Unit | None:
        """Have units done, and take the next one for the worker that did ``node``; None when there is none."""
        if self._far is None:
            return self._here.exchange(units)
        far = self._goes_far(node)
        staying = [unit for unit in units if self._goes_far(unit.node) is far]
        if len(staying) < len(units):
            (self._here if far else self._far).put(unit for unit in units if self._goes_far(unit.node) is not far)
        return (self._far if far else self._here).exchange(staying)

    def more(self, count: Callable[[int], int], fits: Callable[[Unit], bool]) -> list[Unit]:
        """Take more of the units that are ready to go far, for the worker that asks: those of the front that fit.

        ``count(ready)`` says up to how many.
        """
        return [] if self._far is None else self._far.more(count, fits)

    def resize(self, far: int) -> None:
        """Have at most ``far`` units of nodes that go far under way from now on."""
        if self._far is not None:
            self._far.resize(far)

    def let_go(self, node: PlannedNode) -> None:
        """Count the worker that did ``node`` no longer: it hangs in a call that nobody waits for."""
        self._of(node).let_go()

    def close(self) -> None:
        """Begin nothing more, and send the workers home."""
        self._here.close()
        if self._far is not None:
            self._far.close()

    def _of(self, node: PlannedNode) -> Crew[Unit]:
        return self._far if self._far is not None and self._goes_far(node) else self._here
