"""What ``make torture`` does in full numbers, done with few: each subject still finds nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests import forks


@pytest.mark.timeout(600)  # each waits for what it has killed, and a busy machine takes its time
@pytest.mark.parametrize(
    "subject",
    [
        "store",
        "canaries",
        "disk",
        "io_errors",
        "kills",
        "killed_runs",
        "postgres",
        "torn",
        "workers",
        "graphs",
        "semantics",
        "serving",
        "restarts",
    ],
)
def test_a_small_part_of_each_subject_holds(subject: str) -> None:
    command = forks.python("-m", "torture", subject, "--scale", "0.004")
    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAILED" not in done.stdout
