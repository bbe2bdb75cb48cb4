"""When the history cannot be written: no run without a recorded start, no other run's place, no result replaced."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flowbook.cli import run as run_command
from flowbook.errors import RunCancelled, RunFailed, StoreError
from flowbook.events import RunFinished, RunStarted
from flowbook.journal import Journal
from flowbook.journal.recorder import keep_definition
from flowbook.models import Workflow
from flowbook.redaction import Redactor
from flowbook.workspace import Workspace

TASKS = '''
from pathlib import Path

from flowbook import current, task


def called(params):
    with open("calls", "a") as file:
        file.write(current().node_id + "\\n")
    return {"success": not params.get("fails"), "message": "said", "data": 1}


@task(effects="write")
def write(credentials, params):
    """Write."""
    print("printed")
    return called(params)


@task(effects="read")
def read(credentials, params):
    """Read."""
    return called(params)
'''


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    (tmp_path / "integrations" / "step").mkdir(parents=True)
    (tmp_path / "integrations" / "step" / "tasks.py").write_text(TASKS)
    monkeypatch.chdir(tmp_path)
    made = Workspace(tmp_path)
    yield made
    made.close()


def flow(task: str = "write", **params: Any) -> Workflow:
    made = Workflow(name="flow")
    made.add("a", f"step.{task}", params=params, retry={"attempts": 2, "wait": 0})
    return made


def calls() -> list[str]:
    return Path("calls").read_text().split() if Path("calls").exists() else []


REFUSALS = {
    "RunStarted": ("AFTER INSERT ON runs",),
    "NodeStarted": ("AFTER INSERT ON nodes WHEN NEW.status = 'running'",),
    "NodeOutput": ("AFTER INSERT ON output",),
    "NodeRetried": ("AFTER INSERT ON attempts",),
    "NodeFinished": tuple(f"AFTER {change} ON nodes WHEN NEW.status <> 'running'" for change in ("INSERT", "UPDATE")),
    "RunFinished": ("AFTER UPDATE OF status ON runs WHEN NEW.status <> 'running'",),
}


def refuse(connection: sqlite3.Connection, event: str) -> Callable[[], None]:
    """Have the commit fail of each transaction that records such an event; what is returned ends that.

    The rows go in and the commit is refused, as by a disk that is full for a moment: a deferred constraint of the
    database does it.
    """
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("CREATE TABLE IF NOT EXISTS none (id INTEGER PRIMARY KEY)")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS refused (id INTEGER REFERENCES none (id) DEFERRABLE INITIALLY DEFERRED)"
    )
    for number, change in enumerate(REFUSALS[event]):
        connection.execute(f"CREATE TRIGGER refuse{number} {change} BEGIN INSERT INTO refused VALUES (1); END")
    connection.commit()

    def mend() -> None:
        for number in range(len(REFUSALS[event])):
            connection.execute(f"DROP TRIGGER refuse{number}")
        connection.commit()

    return mend


def connection_of(journal: Journal) -> sqlite3.Connection:
    journal.runs()
    return journal._database._open()


def _read_only(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command in a folder that nobody may write to."""
    mounted = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec "$@"'
    command = ["unshare", "-m", "sh", "-c", mounted, str(folder), sys.executable, "-m", "flowbook", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _can_mount() -> bool:
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(OSError):
        return _read_only(Path(folder), "--version").returncode == 0
    return False


class TestACommitThatFails:
    def test_without_a_recorded_start_nothing_runs_and_the_next_run_is_its_own(self, ws: Workspace) -> None:
        before = ws.run(flow()).id
        mend = refuse(connection_of(ws.journal), "RunStarted")
        for attempt in (ws.run, ws.start):
            with pytest.raises(StoreError):
                attempt(flow())
        assert calls() == ["a"]
        mend()
        after = ws.run(flow()).id
        assert [run.id for run in ws.runs()] == [after, before]
        assert [(run.status, run.seconds is not None) for run in ws.runs()] == [("succeeded", True)] * 2
        assert len(ws.journal.output(after)) == len(ws.journal.output(before)) == 1

    def test_a_run_inside_of_another_does_not_begin_either(self, ws: Workspace) -> None:
        ws.save(flow())
        outer = Workflow(name="outer")
        outer.add("sub", "core.run_workflow", params={"workflow": "flow"})
        refuse(connection_of(ws.journal), "RunStarted")
        connection_of(ws.journal).execute("DROP TRIGGER refuse0")
        connection_of(ws.journal).execute(
            "CREATE TRIGGER refuse0 AFTER INSERT ON runs WHEN NEW.parent <> ''"
            " BEGIN INSERT INTO refused VALUES (1); END"
        )
        connection_of(ws.journal).commit()
        with pytest.raises(RunFailed):
            ws.run(outer)
        assert calls() == []
        assert [run.workflow for run in ws.runs()] == ["outer"]

    def test_a_write_whose_start_is_not_recorded_is_not_done(self, ws: Workspace) -> None:
        mend = refuse(connection_of(ws.journal), "NodeStarted")
        run = ws.start(flow()).wait()
        assert (run["a"].status, run["a"].cause and run["a"].cause.value) == ("failed", "refused")
        assert calls() == []
        mend()

    @pytest.mark.parametrize("event", ["NodeOutput", "NodeRetried", "NodeFinished", "RunFinished"])
    @pytest.mark.parametrize("fails", [True, False])
    def test_what_was_done_ends_as_it_did_and_is_recorded_once_that_can_be(
        self, ws: Workspace, event: str, fails: bool
    ) -> None:
        mend = refuse(connection_of(ws.journal), event)
        run = ws.start(flow(fails=fails)).wait()
        assert run.status == ("failed" if fails else "succeeded")
        assert calls() == ["a"] * (2 if fails else 1)
        assert bool(run.problems) is (fails or event != "NodeRetried")
        mend()
        record = ws.run_record(run.id)
        assert (record.summary.status, record.nodes["a"].status) == (run.status, run.status)
        assert len(ws.journal.output(run.id)) == len(calls())
        again = ws.start(flow()).wait()
        assert ws.run_record(again.id).nodes["a"].status == "succeeded"


class TestTheCommandLine:
    @pytest.mark.parametrize(("fails", "code"), [(False, 0), (True, 1)])
    @pytest.mark.parametrize("event", ["NodeFinished", "RunFinished"])
    def test_the_exit_code_is_the_runs_and_the_rest_a_warning(
        self, ws: Workspace, event: str, fails: bool, code: int, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ws.save(flow(fails=fails))
        ws.run(flow("read"))
        ws.close()
        with_trigger = sqlite3.connect(".flowbook/runs.sqlite")
        for number, change in enumerate(REFUSALS[event]):
            with_trigger.execute(
                f"CREATE TRIGGER refuse{number} {change.replace('AFTER', 'BEFORE')}"
                " BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
            )
        with_trigger.commit()
        with_trigger.close()
        assert run_command(["run", "flow", "--json"]) == code
        said = capsys.readouterr()
        assert f'"status": "{"failed" if fails else "succeeded"}"' in said.out
        assert "Warning: the run history" in said.err

    def test_a_start_that_is_not_recorded_is_refused_with_exit_code_2(
        self, ws: Workspace, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ws.save(flow())
        ws.run(flow("read"))
        ws.close()
        with_trigger = sqlite3.connect(".flowbook/runs.sqlite")
        with_trigger.execute("CREATE TRIGGER refuse BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'full'); END")
        with_trigger.commit()
        with_trigger.close()
        assert run_command(["run", "flow", "--json"]) == 2
        assert '"status": "refused"' in capsys.readouterr().out
        assert calls() == ["a"]


def test_a_definition_goes_in_together_with_its_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no moment in between, in which another process would take it for one that no run needs."""
    said: list[str] = []

    def keep(connection: sqlite3.Connection, definition: Any) -> None:
        connection.set_trace_callback(said.append)
        keep_definition(connection, definition)

    monkeypatch.setattr("flowbook.journal.recorder.keep_definition", keep)
    flow = Workflow(name="flow")
    flow.add("a", "step.read")
    journal = Journal(tmp_path / "runs.sqlite")
    journal.recorder(flow, Redactor())(RunStarted("r", 1.0, "flow", ("a",), {}))
    (definition,) = [place for place, one in enumerate(said) if one.startswith("INSERT INTO definitions")]
    (run,) = [place for place, one in enumerate(said) if one.startswith("INSERT INTO runs")]
    assert definition < run
    assert "COMMIT" not in said[definition:run]
    journal.close()


def test_a_definition_is_there_as_long_as_a_run_needs_it(tmp_path: Path) -> None:
    """Runs that begin, and deletions of others, in two processes at the same time."""
    path = tmp_path / "runs.sqlite"
    Journal(path).runs()
    done = threading.Event()
    problems: list[BaseException] = []

    def delete() -> None:
        journal = Journal(path)
        try:
            while not done.is_set():
                journal.delete([run.id for run in journal.runs() if run.status != "running"])
        except BaseException as error:
            problems.append(error)
        finally:
            journal.close()

    thread = threading.Thread(target=delete)
    thread.start()
    try:
        journal = Journal(path)
        for number in range(60):
            flow = Workflow(name="flow", description=str(number))
            flow.add("a", "step.read")
            id = f"run-{number}"
            recorder = journal.recorder(flow, Redactor())
            recorder(RunStarted(id, 1.0, "flow", ("a",), {}))
            assert journal.run(id).workflow == flow
            recorder(RunFinished(id, 2.0, "succeeded", 1.0))
            journal.ended(id)
        journal.close()
    finally:
        done.set()
        thread.join()
    assert problems == []


class TestAFileThatIsNotAsItShouldBe:
    def test_an_empty_file_is_damage_and_no_new_history(
        self, ws: Workspace, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ws.run(flow())
        ws.close()
        for name in ("runs.sqlite", "runs.sqlite-wal", "runs.sqlite-shm"):
            Path(".flowbook", name).unlink(missing_ok=True)
        Path(".flowbook/runs.sqlite").touch()
        assert run_command(["runs", "list"]) == 2
        assert "is empty" in capsys.readouterr().err
        assert Path(".flowbook/runs.sqlite").stat().st_size == 0

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE nodes SET cause = 'nonsense' WHERE run = 1",
            "UPDATE nodes SET kind = 'json', data = '{' WHERE run = 1",
            "UPDATE nodes SET seconds = 'x' WHERE run = 1",
            "UPDATE runs SET inputs = '[' WHERE number = 1",
            "UPDATE runs SET nodes = 'x' WHERE number = 1",
            "UPDATE runs SET started_at = 'x' WHERE number = 1",
            "UPDATE runs SET attempt = 'x' WHERE number = 1",
            "DELETE FROM definitions",
            "UPDATE definitions SET document = 'x'",
        ],
    )
    def test_a_wrong_row_is_one_runs_problem(
        self, ws: Workspace, change: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        first, second = ws.run(flow()).id, ws.run(flow("read")).id
        with ws.journal._database.transaction() as connection:
            connection.execute(
                change
                if "definitions" not in change
                else change + " WHERE hash = (SELECT definition FROM runs WHERE number = 1)"
            )
        ws.close()
        assert run_command(["runs", "list"]) == 0
        assert first in capsys.readouterr().out
        for arguments in (["show", first, "--json"], ["report", first, "-o", "r.json"]):
            assert run_command(["runs", *arguments]) in (0, 2)
            assert "This is a bug" not in capsys.readouterr().err
        assert run_command(["runs", "show", second, "--json"]) == 0
        assert run_command(["runs", "delete", first]) == 0

    @pytest.mark.skipif(not _can_mount(), reason="no mount can be made here")
    def test_a_history_in_a_folder_that_is_read_only_is_listed_and_shown(self, ws: Workspace) -> None:
        run = ws.run(flow()).id
        for command in (["list"], ["show", run, "--json"], ["report", run, "-o", "/dev/null", "--format", "md"]):
            done = _read_only(ws.root, "runs", *command)
            assert done.returncode == 0, done.stderr
        assert "cannot be written" in _read_only(ws.root, "runs", "delete", run).stderr


@pytest.mark.parametrize("moment", [RunStarted, RunFinished])
def test_ctrl_c_at_the_very_beginning_or_end_of_a_run_leaves_none_interrupted(ws: Workspace, moment: type) -> None:
    def press(event: Any) -> None:
        if isinstance(event, moment):
            os.kill(os.getpid(), signal.SIGINT)

    ended = "cancelled" if moment is RunStarted else "succeeded"
    with contextlib.suppress(RunCancelled):
        ws.run(flow("read"), watch=press)
    assert [run.status for run in ws.runs()] == [ended]
