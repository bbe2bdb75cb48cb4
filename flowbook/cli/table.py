"""A run as a live table in a terminal."""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.table import Table
from rich.text import Text

from flowbook.cli.output import printable, raw_terminal
from flowbook.events import (
    Event,
    NodeFinished,
    NodeOutput,
    NodeProgressed,
    NodeRetried,
    NodeStarted,
    RunFinished,
    RunStarted,
)
from flowbook.view.statuses import TONES, appearance, marked
from flowbook.view.wording import display_words, duration, first_line

SHOWN = 30


class _Row:
    def __init__(self) -> None:
        self.status = "pending"
        self.started = 0.0
        self.seconds: float | None = None
        self.message = ""


class LiveTable:
    """Shows each node's status, time and message while the run goes on; leaves the finished table behind."""

    def __init__(self) -> None:
        self._rows: dict[str, _Row] = {}
        self._head = Text()
        self._lock = threading.Lock()
        self._live = Live(self, console=Console(file=raw_terminal(sys.stdout)), refresh_per_second=8)

    def __enter__(self) -> LiveTable:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def notice(self, event: Event) -> None:
        """Take in an event."""
        with self._lock:
            self._notice(event)

    def _notice(self, event: Event) -> None:
        if isinstance(event, RunStarted):
            self._rows = {node: _Row() for node in event.nodes}
            again = f"  attempt {event.attempt}" if event.attempt > 1 else ""
            self._head = Text(printable(f"{event.workflow}  run {event.run_id}{again}"), style="bold")
        elif isinstance(event, RunFinished):
            self._head.append(f"  {event.status} in {duration(event.seconds)}", style=_style(event.status))
        else:
            self._notice_node(self._rows[event.node_id], event)

    def _notice_node(self, row: _Row, event: Event) -> None:
        if isinstance(event, NodeStarted):
            row.status, row.started = "running", time.monotonic()
        elif isinstance(event, NodeFinished):
            result = event.result
            row.status, row.message = result.status, first_line(result.message)
            row.seconds = result.seconds if result.started_at else None
        elif isinstance(event, NodeRetried):
            row.message = f"attempt {event.attempt} failed: {first_line(event.message)}"
        elif isinstance(event, NodeProgressed):
            total = f"/{event.total:g}" if event.total else ""
            row.message = f"{event.done:g}{total} {event.text}".rstrip()
        elif isinstance(event, NodeOutput) and event.stream != "traceback":
            text = display_words(event.data, event.text) if event.stream == "display" else event.text
            last = text.rstrip().rpartition("\n")[2]
            row.message = first_line(last) or row.message

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The table as it is now; of a long run the nodes that matter most."""
        with self._lock:
            table = Table(box=None, pad_edge=False, header_style="dim")
            for head in ("Node", "Status", "Time"):
                table.add_column(head, no_wrap=True)
            table.add_column("Message", ratio=1)
            rows = list(self._rows.items())
            shown = rows if len(rows) <= SHOWN else self._most_telling(rows)
            for node, row in shown:
                seconds = time.monotonic() - row.started if row.status == "running" else row.seconds
                status = Text(marked(row.status), style=_style(row.status))
                table.add_row(
                    node, status, duration(seconds) if seconds is not None else "", Text(printable(row.message))
                )
            counts = Text(self._counts() if len(rows) > SHOWN else "", style="dim")
            yield Group(self._head, table, counts) if counts else Group(self._head, table)

    def _most_telling(self, rows: list[tuple[str, _Row]]) -> list[tuple[str, _Row]]:
        order = {"failed": 0, "running": 1, "cancelled": 2}
        return sorted(rows, key=lambda item: order.get(item[1].status, 3))[:SHOWN]

    def _counts(self) -> str:
        counts: dict[str, int] = {}
        for row in self._rows.values():
            counts[row.status] = counts.get(row.status, 0) + 1
        return ", ".join(f"{count} {status}" for status, count in counts.items())


def _style(status: str) -> str:
    return TONES[appearance(status).tone].terminal
