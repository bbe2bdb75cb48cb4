"""One run of a workflow at a time, for whoever asks for that; and logs whose lines say when."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowbook import Workflow, Workspace
from flowbook.errors import AlreadyRunning
from tests import forks
from tests.waiting import until

SLOW = """\
flowbook: 1
name: slow
nodes:
  say:
    task: core.python
    params:
      code: |
        import os, time
        print("one\\ntwo")
        while os.path.exists("wait"):
            time.sleep(0.01)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "slow.flow.yaml").write_text(SLOW)
    Workspace(tmp_path).import_workflow("slow.flow.yaml")
    return tmp_path


def start(*arguments: str) -> subprocess.Popen[str]:
    command = forks.python("-m", "flowbook", "run", *arguments)
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


@pytest.fixture
def going_on(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A run that goes on until the file ``wait`` is gone."""
    (folder / "wait").touch()
    process = start("slow")
    until(lambda: Workspace(folder).runs(status="running"))
    yield process
    (folder / "wait").unlink(missing_ok=True)
    ended(process)


def test_skip_runs_nothing_and_that_is_no_failure(going_on: subprocess.Popen[str], folder: Path) -> None:
    code, out, _ = ended(start("slow.flow.yaml", "--if-running", "skip"))
    assert code == 0
    (run,) = Workspace(folder).runs()
    assert out == f"Skipped: slow is running already (run {run.id}).\n"


def test_skipping_is_told_to_programs_too(going_on: subprocess.Popen[str]) -> None:
    code, out, _ = ended(start("slow", "--if-running", "skip", "--json"))
    told = json.loads(out)
    assert (code, told["run"], told["status"], told["error"]["kind"]) == (0, None, "refused", "AlreadyRunning")


def test_fail_says_so_by_its_exit_code(going_on: subprocess.Popen[str], folder: Path) -> None:
    code, _, err = ended(start("slow", "--if-running", "fail"))
    assert code == 2
    assert "slow is running already" in err
    assert len(Workspace(folder).runs()) == 1


def test_wait_begins_when_the_other_has_ended(going_on: subprocess.Popen[str], folder: Path) -> None:
    waiting = start("slow", "--if-running", "wait")
    assert waiting.stderr is not None
    assert "Waiting: slow is running already" in waiting.stderr.readline()
    assert len(Workspace(folder).runs()) == 1
    (folder / "wait").unlink()
    assert ended(waiting)[0] == 0
    newest, oldest = Workspace(folder).runs()
    assert oldest.seconds is not None
    assert newest.started_at >= oldest.started_at + oldest.seconds


def test_without_it_runs_go_on_side_by_side_as_before(going_on: subprocess.Popen[str], folder: Path) -> None:
    other = start("slow")
    until(lambda: len(Workspace(folder).runs(status="running")) == 2)
    (folder / "wait").unlink()
    assert ended(other)[0] == 0


def test_of_many_that_begin_at_once_one_runs_at_a_time(folder: Path) -> None:
    at_once = [start("slow", "--if-running", "wait") for _ in range(4)]
    assert [ended(process)[0] for process in at_once] == [0] * 4
    runs = sorted(Workspace(folder).runs(), key=lambda run: run.started_at)
    ends = [run.started_at + (run.seconds or 0) for run in runs]
    assert all(run.started_at >= end - 0.01 for run, end in zip(runs[1:], ends, strict=False))


def test_another_workflow_does_not_count_nor_does_a_run_that_was_killed(folder: Path) -> None:
    (folder / "wait").touch()
    killed = start("slow", "--if-running", "skip")
    until(lambda: Workspace(folder).runs(status="running"))
    killed.kill()
    ended(killed)
    (folder / "wait").unlink()
    assert ended(start("slow", "--if-running", "fail"))[0] == 0


def test_a_script_takes_its_turn_in_the_same_way(tmp_path: Path) -> None:
    ws, told, begun = Workspace(tmp_path), [], threading.Event()
    flow, other = Workflow(name="mine"), Workflow(name="other")
    with ws.turn(flow):
        with pytest.raises(AlreadyRunning), Workspace(tmp_path).turn(flow):
            pass
        with Workspace(tmp_path).turn(other):
            pass

        def wait() -> None:
            with Workspace(tmp_path).turn(flow, waiting=told.append):
                begun.set()

        thread = threading.Thread(target=wait)
        thread.start()
        until(lambda: told)
        assert not begun.is_set()
    thread.join(60)
    assert begun.is_set()


def test_with_timestamps_every_line_says_when(folder: Path) -> None:
    code, out, _ = ended(start("slow", "--timestamps"))
    when = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d "
    lines = out.splitlines()
    assert code == 0
    assert all(re.match(when, line) for line in lines)
    assert [re.sub(when, "", line) for line in lines][1:3] == ["say | one", "say | two"]


@pytest.mark.parametrize(("name", "code"), [("failing", 1), ("sllow", 2), ("unfit", 2)])
def test_with_timestamps_what_failed_or_was_refused_says_when_too(folder: Path, name: str, code: int) -> None:
    """Else a log holds lines of which nobody can tell to which run they belong."""
    failing = Workflow(name="failing")
    failing.add("a", "core.fail", params={"message": "one\ntwo"})
    unfit = Workflow(name="unfit")
    unfit.add("a", "core.wait", params={"seconds": "soon"})
    for flow in (failing, unfit):
        Workspace(folder).save(flow)
    ended_with, out, err = ended(start(name, "--timestamps"))
    assert ended_with == code
    assert len(err.splitlines()) > 1
    assert [line for line in (out + err).splitlines() if not re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", line)] == []


@pytest.mark.parametrize("arguments", [("--timestamps", "--json"), ("--if-running", "always")])
def test_what_does_not_go_together_is_refused(folder: Path, arguments: tuple[str, ...]) -> None:
    assert ended(start("slow", *arguments))[0] == 2
