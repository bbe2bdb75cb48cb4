"""What a server counts, in the text form of Prometheus.

https://prometheus.io/docs/instrumenting/exposition_formats/ (text format, version 0.0.4).
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_HELP = {
    "flowbook_runs_total": ("counter", "Runs that are over, by what asked for them and how they ended."),
    "flowbook_times_total": ("counter", "Times at which schedules were due, by what became of them."),
    "flowbook_requests_total": ("counter", "Requests to hooks and forms, by the status of the answer."),
    "flowbook_faults_total": ("counter", "Looks at the store that failed."),
    "flowbook_queue": ("gauge", "Runs that wait, and runs that go on, of all servers of this store."),
    "flowbook_runs_going": ("gauge", "Runs that go on in this server."),
    "flowbook_start_seconds_sum": ("counter", "How long the runs that began had waited, together."),
    "flowbook_start_seconds_count": ("counter", "How many runs have begun."),
}

Labels = tuple[tuple[str, str], ...]


class Metrics:
    """Counters of one server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, Labels]] = Counter()

    def count(self, name: str, by: float = 1, /, **labels: str) -> None:
        """Count something that happened."""
        with self._lock:
            self._counts[name, tuple(sorted(labels.items()))] += by  # type: ignore[assignment]

    def text(self, gauges: Mapping[tuple[str, Labels], float]) -> str:
        """All of them, with ``gauges`` as they are now."""
        with self._lock:
            values = {**self._counts, **gauges}
        return "".join(f"{line}\n" for line in self._lines(values))

    @staticmethod
    def _lines(values: Mapping[tuple[str, Labels], float]) -> Iterator[str]:
        for name, (kind, about) in _HELP.items():
            yield f"# HELP {name} {about}"
            yield f"# TYPE {name} {kind}"
            for (called, labels), value in sorted(values.items()):
                if called == name:
                    told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
                    yield f"{name}{{{told}}} {value:g}" if told else f"{name} {value:g}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
