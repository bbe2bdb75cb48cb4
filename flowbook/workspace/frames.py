"""Runs as tables of pandas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from flowbook.errors import FlowbookError
from flowbook.installing import how_to_install
from flowbook.journal import RunSummary

if TYPE_CHECKING:
    import pandas as pd


class Runs(list[RunSummary]):
    """Runs of the history, the newest first: a list, which can also be had as a table."""

    def __init__(self, runs: Iterable[RunSummary], inputs_of: Callable[[str], Mapping[str, Any]]) -> None:
        super().__init__(runs)
        self._inputs_of = inputs_of

    def to_frame(self, *, inputs: bool = False) -> pd.DataFrame:
        """A DataFrame with a row for each run: ``run`` (its id), ``workflow``, ``status``, ``started_at`` (in UTC),
        ``seconds``, ``message``, ``attempt``; with ``inputs`` also a column for each input that one of them had.
        """
        pandas = pandas_library()
        rows = [
            {"run": one.id, "workflow": one.workflow, "status": one.status, "started_at": one.started_at,
             "seconds": one.seconds, "message": one.message, "attempt": one.attempt}
            for one in self
        ]  # fmt: skip
        columns = ["run", "workflow", "status", "started_at", "seconds", "message", "attempt"]
        frame = pandas.DataFrame(rows, columns=columns)
        frame["started_at"] = pandas.to_datetime(frame["started_at"], unit="s", utc=True)
        return with_columns(frame, [self._inputs_of(one.id) for one in self]) if inputs else frame


def with_columns(frame: pd.DataFrame, rows: list[Mapping[str, Any]], *, first: bool = False) -> pd.DataFrame:
    """A table with a column more for each key of ``rows``, before its own or after them.

    One that is called as a column that is there is called ``inputs.NAME``.
    """
    pandas = pandas_library()
    names = list(dict.fromkeys(name for row in rows for name in row))
    called = {name: f"inputs.{name}" if name in frame.columns else name for name in names}
    more = pandas.DataFrame({called[name]: [row.get(name) for row in rows] for name in names}, index=frame.index)
    joined: pd.DataFrame = pandas.concat([more, frame] if first else [frame, more], axis="columns")
    return joined


def pandas_library() -> Any:
    """The library. Raises FlowbookError where it is not installed."""
    try:
        import pandas as pd
    except ImportError:
        hint = how_to_install("pandas")
        raise FlowbookError("pandas, which makes tables, is not installed.", hint) from None
    return pd
