"""What listing the integration folders takes: all of them, beside the eleven that Flowbook began with.

Both sides are ``flowbook catalog`` in a process of its own, each over a copy of the folders, in processor time.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measuring import print_rows
from flowbook.catalog.places import built_in_place, is_integration

ROUNDS = 11
ELEVEN = ("core", "files", "github", "http", "jira", "postgres", "s3", "sendgrid", "slack", "smtp", "sqlite")
_LIST = """
import sys, time
from pathlib import Path
import flowbook.catalog.catalog
home = Path(sys.argv[1])
for module in list(sys.modules.values()):
    if hasattr(module, "built_in_place"):
        module.built_in_place = lambda: home
from flowbook.cli.main import run
run(["catalog"])
print(time.process_time(), file=sys.stderr)
"""


def main() -> None:
    """Print the table."""
    ours = built_in_place()
    assert ours is not None
    names = sorted(path.name for path in ours.iterdir() if is_integration(path))
    with tempfile.TemporaryDirectory() as folder:
        homes = {len(kept): _home(Path(folder), ours, kept) for kept in (names, ELEVEN)}
        first = {count: _listed(home) for count, home in homes.items()}
        later: dict[int, list[float]] = {count: [] for count in homes}
        for _ in range(ROUNDS):
            for count, home in homes.items():
                later[count].append(_listed(home))
    rows = [
        [f"{count} folders", f"{first[count] * 1000:.0f}", f"{statistics.median(times) * 1000:.0f}"]
        for count, times in later.items()
    ]
    print_rows("flowbook catalog: processor ms, the first time and later (medians)", ["", "first", "later"], rows)
    ratio = statistics.median(more / few for more, few in zip(*later.values(), strict=True))
    print(f"\nall folders to eleven, median of {ROUNDS} pairs: {ratio:.2f}× in processor time")


def _home(folder: Path, ours: Path, names: tuple[str, ...] | list[str]) -> Path:
    home = folder / f"of-{len(names)}"
    for name in names:
        shutil.copytree(ours / name, home / name, ignore=shutil.ignore_patterns("__pycache__"))
    return home


def _listed(home: Path) -> float:
    """Processor seconds of one listing."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", _LIST, str(home)]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=True, env=environ)
    return float(done.stderr.split()[-1])


if __name__ == "__main__":
    main()
