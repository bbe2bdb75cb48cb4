"""``kill -9`` in the middle of saves and of key rotations."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

SAVES, ROTATIONS = 1_000, 200
_WRITERS = Path(__file__).parents[1] / "tests" / "killed_writers.py"


def run(scale: float, seed: int, folder: Path) -> Iterator[str]:
    """Kill writers of the store, and rotations of its key; look at what they left."""
    for what, count in (("saves", SAVES), ("rotation", ROTATIONS)):
        rounds = max(int(count * scale), 3)
        place = folder / what
        place.mkdir()
        command = [sys.executable, str(_WRITERS), what, str(place), str(rounds)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=_WRITERS.parents[1], check=False)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert done.returncode == 0, done.stderr[-500:]
        assert len(lines) == rounds, lines[-3:]
        assert all(all(line.get("opened", [True])) for line in lines), "a credential did not open"
        yield f"{rounds:,} kills in {what}: every store opened"
