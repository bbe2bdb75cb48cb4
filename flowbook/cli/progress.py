"""A run as plain lines: one when a node starts to matter, what it prints, and how it ended."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import TextIO

from flowbook.counting import counted
from flowbook.events import Event, NodeFinished, NodeOutput, NodeRetried, RunFinished, RunStarted
from flowbook.view.wording import display_words, duration, first_line


class Lines:
    """Writes the events of a run as lines ``node: …`` and ``node | what it printed``; never mixes two lines.

    With ``timestamps`` each begins with the time, on this machine's clock.
    """

    def __init__(self, stream: TextIO, *, timestamps: bool = False) -> None:
        self._stream = stream
        self._timestamps = timestamps
        self._lock = threading.Lock()
        self._begun: dict[str, str] = {}
        self.unwritten: OSError | None = None
        """What kept a line from being written, unless that was a reader who went away."""

    def notice(self, event: Event) -> None:
        """Take in an event."""
        if isinstance(event, NodeOutput):
            if event.stream in ("stdout", "stderr"):
                self._print(event.node_id, event.text)
            elif event.stream == "display":
                self._end_line(event.node_id)
                self._print(event.node_id, display_words(event.data, event.text).rstrip("\n") + "\n")
        elif isinstance(event, NodeFinished):
            self._end_line(event.node_id)
            result = event.result
            took = f" in {duration(result.seconds)}" if result.started_at else ""
            message = first_line(result.message)
            self._write(f"{event.node_id}: {result.status}{took}{': ' + message if message else ''}")
        elif isinstance(event, NodeRetried):
            message = first_line(event.message)
            self._write(f"{event.node_id}: attempt {event.attempt} failed, again in {event.wait:g} s: {message}")
        elif isinstance(event, RunStarted):
            again = f", attempt {event.attempt}" if event.attempt > 1 else ""
            self._write(f"run {event.run_id}: {event.workflow}, {counted(len(event.nodes), 'node')}{again}")
        elif isinstance(event, RunFinished):
            self._write(f"run {event.run_id}: {event.status} in {duration(event.seconds)}")

    def _print(self, node: str, text: str) -> None:
        lines = (self._begun.pop(node, "") + text).split("\n")
        if lines[-1]:
            self._begun[node] = lines[-1]
        for line in lines[:-1]:
            self._write(f"{node} | {line}")

    def _end_line(self, node: str) -> None:
        rest = self._begun.pop(node, "")
        if rest:
            self._write(f"{node} | {rest}")

    def _write(self, line: str) -> None:
        with self._lock:
            # without a reader (as after "| head"), or on a full disk, the run goes on: stopping it half-way is not what
            # was asked for
            try:
                self._stream.write(stamped(line, self._timestamps) + "\n")
                self._stream.flush()
            except BrokenPipeError:
                pass
            except OSError as error:
                self.unwritten = error


def stamped(line: str, timestamps: bool = True) -> str:
    """A line with the time before it, as ISO 8601 with this machine's offset from UTC."""
    return f"{datetime.now().astimezone().isoformat(timespec='seconds')} {line}" if timestamps else line
