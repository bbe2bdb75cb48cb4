"""Calls of the C library that fail by chance, as libfiu has it, in saves and in runs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SAVES, RUNS = 2_000, 500
_ROOT = Path(__file__).parents[1]


def run(scale: float, seed: int, folder: Path) -> Iterator[str]:
    """Fail calls below Python and SQLite; look at what was said and at what is left."""
    if shutil.which("fiu-run") is None:
        yield "not done: there is no libfiu here (fiu-utils of Debian, https://blitiri.com.ar/p/libfiu/)"
        return
    lines = _attacked("saves", max(int(SAVES * scale), 20), seed, folder)
    failed = sum(line["failed"] for line in lines)
    yield f"{len(lines):,} saves, {failed:,} of which were told to have failed: the store whole, what was saved there"
    lines = _attacked("runs", max(int(RUNS * scale), 10), seed, folder)
    ends = Counter(line["status"] for line in lines)
    held = sum(line["held"] for line in lines)
    yield f"{len(lines):,} runs ({dict(ends)}; {held} held): no write was made twice, none that the history lacks"


def _attacked(what: str, rounds: int, seed: int, folder: Path) -> list[dict[str, Any]]:
    place = folder / what
    place.mkdir()
    command = ["fiu-run", "-x", sys.executable, "-m", "tests.faulty_io", what, str(place), str(rounds), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=_ROOT, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr[-1500:]
    assert len(lines) == rounds, lines[-3:]
    return lines
