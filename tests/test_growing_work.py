"""Work does not grow with what is stored: counted in calls of functions, which no busy machine changes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from flowbook.cli.main import cli
from flowbook.models import Workflow
from flowbook.workspace import Workspace

FEW, MANY = 20, 160


def calls_in(action: Callable[[], object]) -> int:
    """How many functions are called in this thread, those in C among them."""
    count = 0

    def note(frame: Any, event: str, what: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(None)
    return count


def flow_of(number: int, code: str = "result = 1") -> Workflow:
    flow = Workflow(name=f"flow{number}")
    for node in range(4):
        flow.add(f"n{node}", "core.python", params={"code": code})
    return flow


@pytest.fixture
def stored(tmp_path: Path) -> dict[int, Path]:
    """Two workspaces, with few workflows and with many."""
    folders = {count: tmp_path / str(count) for count in (FEW, MANY)}
    for count, folder in folders.items():
        folder.mkdir()
        with Workspace(folder) as ws:
            for number in range(count):
                ws.save(flow_of(number))
    return folders


def changed(ws: Workspace, code: str) -> Workflow:
    flow = ws.workflow("flow0")
    flow.put("n1", flow_of(0, code).nodes["n1"])
    return flow


def test_a_save_does_no_more_among_many_workflows_than_among_few(stored: dict[int, Path]) -> None:
    """Of each other workflow it sees that it is still the one that was written down, and nothing else."""
    first, later = dict[int, int](), dict[int, int]()
    for count, folder in stored.items():
        with Workspace(folder) as ws:
            first[count] = calls_in(partial(ws.save, changed(ws, "result = 2")))
            later[count] = calls_in(partial(ws.save, changed(ws, "result = 3")))
    assert (later[MANY] - later[FEW]) / (MANY - FEW) <= 4
    assert (first[MANY] - first[FEW]) / (MANY - FEW) <= 10


@pytest.mark.parametrize("command", [["workflows", "list"], ["check"]])
def test_what_goes_through_all_workflows_does_for_each_what_it_does_for_one(
    stored: dict[int, Path], command: list[str]
) -> None:
    done = {}
    for count, folder in stored.items():
        run = partial(CliRunner().invoke, cli, ["-C", str(folder), *command])
        assert run().exit_code == 0  # what a process does once is not counted
        done[count] = calls_in(run) / count
    assert done[MANY] <= done[FEW]
