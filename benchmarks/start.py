"""How long a cold start takes: beside starting Python alone, and beside importing the libraries that a run needs.

On the clock, and in processor time, which says the same on a busy machine.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measuring import print_rows

ROUNDS = 11
RUN = "flowbook run (one node)"
LIBRARIES = "and click, PyYAML, filelock, sqlite3"
_MODEL = "from pydantic import BaseModel\nclass A(BaseModel):\n    a: int\nA(a=1)"
FLOW = "flowbook: 1\nname: one\nnodes:\n  only: {task: core.noop}\n"


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "one.flow.yaml").write_text(FLOW, encoding="utf-8")
        commands = {
            "python -c pass": ["-c", "pass"],
            "import flowbook": ["-c", "import flowbook"],
            "pydantic, one model": ["-c", _MODEL],
            LIBRARIES: ["-c", f"import click, filelock, sqlite3, yaml\n{_MODEL}"],
            "import requests": ["-c", "import requests"],
            "import ipywidgets": ["-c", "import ipywidgets"],
            "flowbook --help": ["-m", "flowbook", "--help"],
            RUN: ["-m", "flowbook", "run", "one.flow.yaml"],
        }
        environ = _environ(folder)
        taken: dict[str, list[float]] = {name: [] for name in commands}
        worked: dict[str, list[float]] = {name: [] for name in commands}
        for number in range(ROUNDS + 1):
            for name, arguments in commands.items():
                began, before = time.perf_counter(), _processor_time()
                subprocess.run([sys.executable, *arguments], cwd=folder, check=True, capture_output=True, env=environ)
                if number:  # the first round compiles what the later ones load
                    taken[name].append(time.perf_counter() - began)
                    worked[name].append(_processor_time() - before)
    bare = statistics.median(worked["python -c pass"])
    rows = [
        [name, f"{statistics.median(taken[name]) * 1000:.0f}", f"{own * 1000:.0f}", f"{own / bare:.1f}×"]
        for name, own in ((name, statistics.median(times)) for name, times in worked.items())
    ]
    heads = ["command", "ms", "processor ms", "ratio of these"]
    print_rows("cold start: on the clock, in processor time, and as a multiple of bare Python; medians", heads, rows)
    on_the_clock, in_work = _ratio(taken), _ratio(worked)
    print(f"\nflowbook run of one node to importing its own libraries, median of {ROUNDS} pairs:")
    print(f"{on_the_clock:.2f}× on the clock, {in_work:.2f}× in processor time")


def _ratio(times: dict[str, list[float]]) -> float:
    return statistics.median(run / own for run, own in zip(times[RUN], times[LIBRARIES], strict=True))


def _processor_time() -> float:
    """Seconds that processes which have ended worked."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


def _environ(folder: str) -> dict[str, str]:
    """With bytecode kept, as it is of whatever is installed, and pydantic told not to look for plug-ins, as by the
    command: so nothing but the work itself differs between the sides.
    """
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FLOWBOOK_")}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**environ, "PYTHONPYCACHEPREFIX": str(Path(folder) / "bytecode"), "PYDANTIC_DISABLE_PLUGINS": "__all__"}


if __name__ == "__main__":
    main()
