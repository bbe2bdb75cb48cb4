"""A workspace lets go of its files when it is closed, at the end of a ``with``, and when it is dropped."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from flowbook import RunFailed, Workflow, Workspace
from flowbook.errors import StoreError
from tests.waiting import until


def flow(task: str = "core.noop", **params: object) -> Workflow:
    made = Workflow(name="daily")
    made.add("say", task, params=params)
    return made


_THERE_BEFORE: set[threading.Thread] = set()


@pytest.fixture(autouse=True)
def of_this_test_alone(earlier_garbage_collected: None) -> None:
    """Workspaces that other tests of this process still hold are not this one's."""
    _THERE_BEFORE.clear()
    _THERE_BEFORE.update(threading.enumerate())


def threads() -> list[str]:
    return [one.name for one in set(threading.enumerate()) - _THERE_BEFORE if one.name == "flowbook-journal"]


def files_of(folder: Path) -> list[str]:
    """The files below ``folder`` that this process has open."""
    opened = []
    for number in os.listdir("/proc/self/fd"):
        try:
            opened.append(os.readlink(f"/proc/self/fd/{number}"))
        except OSError:  # the one that listed them
            continue
    return [one for one in opened if one.startswith(str(folder))]


needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="open files are listed in /proc")


def locks(folder: Path) -> list[Path]:
    return list(folder.rglob("live/*.lock"))


@needs_proc
@pytest.mark.parametrize("memory", [False, True])
def test_forty_workspaces_that_are_dropped_leave_nothing(tmp_path: Path, memory: bool) -> None:
    for number in range(40):
        folder = tmp_path / str(number)
        folder.mkdir()
        ws = Workspace(folder, memory=memory)
        ws.save(flow())
        ws.run("daily")
        del ws
    until(lambda: gc.collect() >= 0 and not threads() and not files_of(tmp_path))
    assert locks(tmp_path) == []


def test_what_was_recorded_by_a_workspace_that_was_dropped_is_there(tmp_path: Path) -> None:
    for _ in range(20):
        Workspace(tmp_path).run(flow())
    gc.collect()
    assert [run.status for run in Workspace(tmp_path).runs()] == ["succeeded"] * 20


@needs_proc
def test_at_the_end_of_a_with_everything_is_closed(tmp_path: Path) -> None:
    with Workspace(tmp_path) as ws:
        ws.run(flow())
        assert files_of(tmp_path)
        assert locks(tmp_path)
    assert files_of(tmp_path) == []
    assert locks(tmp_path) == []
    until(lambda: not threads())


def test_a_workspace_that_was_closed_may_be_used_again(tmp_path: Path) -> None:
    ws = Workspace(tmp_path)
    for _ in range(3):
        with ws as again:
            assert again is ws
            ws.run(flow())
    assert [run.status for run in ws.runs()] == ["succeeded"] * 3


def test_a_run_that_goes_on_is_recorded_to_its_end_and_is_not_taken_for_interrupted(tmp_path: Path) -> None:
    with Workspace(tmp_path) as ws:
        run = ws.start(flow("core.wait", seconds=1.5))
        run.wait_until_begun()
    assert [one.status for one in Workspace(tmp_path).runs()] == ["running"]
    run.wait()
    assert [one.status for one in Workspace(tmp_path).runs()] == ["succeeded"]


def test_what_went_wrong_inside_is_what_is_seen_though_closing_fails_too(tmp_path: Path) -> None:
    class Stuck(Workspace):
        def close(self) -> None:
            raise StoreError("the disk is full.")

    with pytest.raises(RunFailed), Stuck(tmp_path) as ws:
        ws.run(flow("core.fail", message="no"))
    with pytest.raises(StoreError, match="disk is full"), Stuck(tmp_path):
        pass


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_process_that_was_forked_does_not_let_go_of_its_parents_lock(tmp_path: Path) -> None:
    ws = Workspace(tmp_path)
    ws.run(flow())
    held = locks(tmp_path)
    code = f"""
import gc, os
from flowbook import Workflow, Workspace
ws = Workspace({str(tmp_path)!r})
flow = Workflow(name="daily")
flow.add("say", "core.noop")
ws.run(flow)
child = os.fork()
if not child:
    del ws
    gc.collect()
    os._exit(0)
os.waitpid(child, 0)
print(len(os.listdir(ws.folder / "live")))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip() == str(len(held) + 1)


def test_a_workspace_may_be_let_go_of_in_another_thread_than_recorded_its_runs(tmp_path: Path) -> None:
    ws = Workspace(tmp_path)
    ws.run(flow())
    assert len(locks(tmp_path)) == 1
    other = threading.Thread(target=ws.close)
    other.start()
    other.join()
    assert locks(tmp_path) == []
