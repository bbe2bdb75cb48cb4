"""A grid of runs: one workflow with every combination of some inputs."""

from __future__ import annotations

import contextlib
import itertools
import queue
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flowbook.counting import counted
from flowbook.errors import InputError, InvalidInputs, RunCancelled
from flowbook.records import NamedTuple
from flowbook.workspace.frames import pandas_library, with_columns
from flowbook.workspace.progress import Progress
from flowbook.workspace.run import Run

if TYPE_CHECKING:
    import pandas as pd

MAX_RUNS = 10_000
NOT_STARTED = "not started"

Start = Callable[[Mapping[str, Any]], Run]


class Row(NamedTuple):
    """One run of a sweep: the inputs that it was given, the run (None when there was none), and how it ended."""

    inputs: Mapping[str, Any]
    run: Run | None
    status: str
    message: str


class Sweep(Sequence[Row]):
    """The runs of a sweep, in the order of their inputs: the last input changes fastest."""

    def __init__(self, workflow: str, rows: Sequence[Row]) -> None:
        self.workflow = workflow
        self.rows = tuple(rows)

    def __getitem__(self, place: Any) -> Any:
        return self.rows[place]

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        counted = Counter(row.status for row in self.rows)
        return f"<Sweep of {self.workflow}: {', '.join(f'{count} {status}' for status, count in counted.items())}>"

    def to_frame(self, *nodes: str) -> pd.DataFrame:
        """A DataFrame with a row for each run: its inputs, ``run`` (its id), ``status``, ``seconds``, ``message``, and
        a column for each of ``nodes`` with its data (None where it has none). Raises NotFound for a node there is not.
        """
        pandas = pandas_library()
        told = [
            {"run": row.run and row.run.id, "status": row.status, "seconds": row.run and row.run.seconds,
             "message": row.message}
            for row in self.rows
        ]  # fmt: skip
        frame = pandas.DataFrame(told, columns=["run", "status", "seconds", "message"])
        frame = with_columns(frame, [row.inputs for row in self.rows], first=True)
        for node in nodes:
            data = [row.run[node].data if row.run is not None else None for row in self.rows]
            values = pandas.Series([None] * len(data), index=frame.index, dtype=object)
            for place, value in enumerate(data):
                values.iat[place] = value
            plain = all(value is None or isinstance(value, (bool, int, float, str)) for value in data)
            frame[node] = values.infer_objects() if plain else values
        return frame


def grid(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every combination of what is given: of a list, range or column each value, anything else as it is.

    Raises InputError for what has no values, and when they are more than 10,000.
    """
    axes = {name: list(value) if _is_axis(value) else [value] for name, value in given.items()}
    count = 1
    for name, values in axes.items():
        if not values:
            raise InputError(f"{name}: there are no values to sweep over.", "Give at least one.")
        count *= len(values)
    if count > MAX_RUNS:
        raise InputError(
            f"that is {counted(count, 'run')}; a sweep makes {MAX_RUNS:,} at the most.", "Sweep over less at a time."
        )
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


def _is_axis(value: Any) -> bool:
    if isinstance(value, (str, bytes, Mapping)):
        return False
    return isinstance(value, Iterable)


class Sweeping:
    """Makes the runs of a sweep: ``start`` one for each of ``rows``, ``parallel`` of them at a time."""

    def __init__(self, workflow: str, rows: Sequence[dict[str, Any]], start: Start, parallel: int) -> None:
        if isinstance(parallel, bool) or not isinstance(parallel, int) or parallel < 1:
            raise InputError(f"parallel: {parallel!r} is no number of runs.", "Give a whole number from 1.")
        self._workflow = workflow
        self._rows = rows
        self._start = start
        self._parallel = parallel
        self._ended: dict[int, Row] = {}
        self._going: dict[int, Run] = {}
        self._over: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._progress = Progress(f"{workflow}: sweep", len(rows))

    def run(self) -> Sweep:
        """Make them all, and wait for the last.

        A run that fails is a row. Ctrl-C cancels those that go on and starts no more: RunCancelled, whose ``run`` is
        the sweep as far as it came. What keeps a run from starting, but for its inputs, is raised.
        """
        with self._progress:
            try:
                for place in range(len(self._rows)):
                    while len(self._going) >= self._parallel:
                        self._wait_for_one()
                    self._begin(place)
                while self._going:
                    self._wait_for_one()
            except BaseException as error:
                self._cancel()
                if isinstance(error, KeyboardInterrupt):
                    raise self._cancelled() from None
                raise
        return self._so_far()

    def _begin(self, place: int) -> None:
        try:
            run = self._going[place] = self._start(self._rows[place])
        except InvalidInputs as error:
            self._note(place, Row(self._rows[place], None, "failed", str(error)))
            return
        run.when_over(lambda: self._over.put(place))

    def _wait_for_one(self) -> None:
        place: int | None = None
        while place is None:
            with contextlib.suppress(queue.Empty):
                place = self._over.get(timeout=0.5)  # a wait without an end cannot be interrupted on Windows
        run = self._going.pop(place).wait()
        self._note(place, self._row(place, run))

    def _note(self, place: int, row: Row) -> None:
        self._ended[place] = row
        self._progress.step(failed=row.status != "succeeded")

    def _cancel(self) -> None:
        for run in self._going.values():
            run.cancel()
        for place, run in self._going.items():
            self._ended[place] = self._row(place, run.wait())

    def _cancelled(self) -> RunCancelled:
        found = self._so_far()
        begun = sum(row.status != NOT_STARTED for row in found)
        return RunCancelled(
            f"{self._workflow}: the sweep was cancelled; {begun} of {counted(len(found), 'run')} began.", found
        )

    def _row(self, place: int, run: Run) -> Row:
        return Row(self._rows[place], run, run.status, run.message)

    def _so_far(self) -> Sweep:
        rows = enumerate(self._rows)
        return Sweep(self._workflow, [self._ended.get(place) or Row(one, None, NOT_STARTED, "") for place, one in rows])
