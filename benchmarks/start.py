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
from flowbook.formats.flowfile import loads
from flowbook.formats.python import dumps

ROUNDS = 11
RUN = "flowbook run (one node)"
LIBRARIES = "and click, PyYAML, filelock, sqlite3"
_MODEL = "from pydantic import BaseModel\nclass A(BaseModel):\n    a: int\nA(a=1)"
THREE, SCRIPT = "flowbook run (three nodes)", "the same, exported to Python"
"""The two that are to be alike: a script may take 1.2 times as long."""
FLOW = "flowbook: 1\nname: one\nnodes:\n  only: {task: core.noop}\n"
_THREE = """flowbook: 1
name: three
nodes:
  first: {task: core.set, params: {values: {n: 3}}}
  second: {task: core.set, params: {values: "${{ nodes.first.data.n + 1 }}"}}
  third: {task: core.noop}
edges:
- {from: first, to: second}
- {from: second, to: third}
"""


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "one.flow.yaml").write_text(FLOW, encoding="utf-8")
        (Path(folder) / "three.flow.yaml").write_text(_THREE, encoding="utf-8")
        (Path(folder) / "three.py").write_text(dumps(loads(_THREE)), encoding="utf-8")
        commands = {
            "python -c pass": ["-c", "pass"],
            "import flowbook": ["-c", "import flowbook"],
            "pydantic, one model": ["-c", _MODEL],
            LIBRARIES: ["-c", f"import click, filelock, sqlite3, yaml\n{_MODEL}"],
            "import requests": ["-c", "import requests"],
            "import ipywidgets": ["-c", "import ipywidgets"],
            "flowbook --help": ["-m", "flowbook", "--help"],
            RUN: ["-m", "flowbook", "run", "one.flow.yaml"],
            THREE: ["-m", "flowbook", "run", "three.flow.yaml"],
            SCRIPT: ["three.py"],
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
    for what, over, under in (
        ("flowbook run of one node to importing its own libraries", RUN, LIBRARIES),
        ("an exported script of three nodes to flowbook run of them", SCRIPT, THREE),
    ):
        print(f"\n{what}, median of {ROUNDS} pairs:")
        on_the_clock, in_work = _ratio(taken, over, under), _ratio(worked, over, under)
        print(f"{on_the_clock:.2f}× on the clock, {in_work:.2f}× in processor time")


def _ratio(times: dict[str, list[float]], over: str, under: str) -> float:
    return statistics.median(one / other for one, other in zip(times[over], times[under], strict=True))


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
