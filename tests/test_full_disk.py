"""A disk without any space left: the history can be read, and pruning it is how one gets space back."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowbook import Workflow, Workspace
from flowbook.errors import StoreError

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only the administrator of a Linux mounts a disk"
)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MB."""
    at = tmp_path / "disk"
    at.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(at)], capture_output=True, check=False)
    if made.returncode:
        pytest.skip("no disk may be mounted here")
    try:
        yield at
    finally:
        subprocess.run(["umount", "-l", str(at)], check=True)


def workspace(disk: Path) -> Workspace:
    ws = Workspace(disk)
    flow = Workflow("big")
    flow.add("a", "core.set", params={"values": "${{ join(range(30000), ' ') }}"})
    ws.save(flow)
    return ws


def fill(disk: Path) -> None:
    file = os.open(disk / "filled", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for size in (65_536, 4_096, 1):
        with contextlib.suppress(OSError):
            while os.write(file, bytes(size)):
                pass
    os.close(file)


def integrity(disk: Path) -> str:
    connection = sqlite3.connect(disk / ".flowbook" / "runs.sqlite")
    try:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        connection.close()


@pytest.mark.parametrize("waiting", [False, True], ids=["closed", "with changes that wait beside the file"])
def test_a_history_on_a_full_disk_is_read_and_pruning_it_gives_space_back(disk: Path, waiting: bool) -> None:
    ws = workspace(disk)
    runs = [ws.run("big").id for _ in range(6)]
    ws.close()
    watching = sqlite3.connect(disk / ".flowbook" / "runs.sqlite")
    if waiting:  # who reads keeps SQLite from taking the changes into the file
        watching.execute("BEGIN")
        watching.execute("SELECT count(*) FROM runs").fetchall()
        runs.append(ws.run("big").id)
    ws.close()
    fill(disk)
    watching.close()
    fill(disk)
    assert [run.id for run in ws.runs()] == runs[::-1]
    with pytest.raises(StoreError, match=r"the disk is full(.|\n)*runs prune"):
        ws.run("big")
    assert len(ws.prune_runs(keep=2, dry_run=True).runs) == len(runs) - 2
    assert list(ws.prune_runs(keep=2).runs) == runs[:-2]
    assert [run.id for run in ws.runs()] == runs[:-3:-1]
    ws.close()
    space = os.statvfs(disk)
    assert space.f_bavail * space.f_frsize > 400_000
    assert ws.run("big").status == "succeeded"
    ws.close()
    assert integrity(disk) == "ok"


def test_single_runs_can_be_deleted_there(disk: Path) -> None:
    ws = workspace(disk)
    runs = [ws.run("big").id for _ in range(3)]
    ws.close()
    fill(disk)
    assert ws.delete_runs(runs[:2]) == 2
    assert [run.id for run in ws.runs()] == runs[2:]
    ws.close()


def test_looking_at_the_history_writes_nothing(tmp_path: Path) -> None:
    ws = workspace(tmp_path)
    ws.run("big")
    ws.close()
    with sqlite3.connect(tmp_path / ".flowbook" / "runs.sqlite", isolation_level=None) as writing:
        writing.execute("BEGIN IMMEDIATE")  # a look does not wait for it either
        assert len(ws.runs()) == 1
        assert not (tmp_path / ".flowbook" / "runs.sqlite-wal").stat().st_size
    ws.close()
