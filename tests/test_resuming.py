"""Resuming runs from the command line and in Python: after a real kill -9, a failure, a cancellation."""

from __future__ import annotations

import json
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowbook.errors import InputError, InvalidInputs, InvalidWorkflow, RunFailed, RunHeld
from flowbook.events import RunFinished, RunStarted
from flowbook.models import Workflow
from flowbook.reports import FORMATS, gather, render
from flowbook.workspace import Workspace
from tests import forks
from tests.waiting import until

SECRET = "tok-5ecret-9876543210"

TASKS = '''
"""Tasks that say in the file "calls" that they were called, wait for "wait" to go, and fail while "bad" is there."""

import os
import time

from flowbook import current, task


def called(params):
    with open("calls", "a") as file:
        file.write(f"{current().node_id} {current().idempotency_key}\\n")
    while params.get("waits") and os.path.exists("wait"):
        time.sleep(0.01)
    good = not (params.get("may_fail") and os.path.exists("bad"))
    return {"success": good, "message": "done" if good else "it is bad", "data": params.get("gives")}


@task(effects="read")
def read(credentials, params):
    """Read."""
    return called(params)


@task(effects="idempotent")
def repeat(credentials, params):
    """Write in a way that may be repeated."""
    return called(params)


@task(effects="write")
def write(credentials, params):
    """Write."""
    return called(params)


@task(effects="write")
def table(credentials, params):
    """Give a table."""
    import pandas

    return {**called(params), "data": pandas.DataFrame({"n": [1, 2, 3], "t": ["x", "y", None]})}


@task(effects="write")
def odd(credentials, params):
    """Give what JSON has no form for."""
    return {**called(params), "data": {1: "one"}}
'''

CHAIN = """\
flowbook: 1
name: chain
inputs:
  who: {{type: string, default: world}}
nodes:
  first: {{task: step.write, params: {{gives: "hello ${{{{ inputs.who }}}}"}}}}
  middle: {{task: step.{task}, params: {{gives: "${{{{ nodes.first.data }}}}!", waits: true, may_fail: true}}}}
  last: {{task: step.read, params: {{gives: "${{{{ nodes.middle.data }}}}"}}}}
edges:
- {{from: first, to: middle}}
- {{from: middle, to: last}}
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with the integration folder ``step``; the current folder."""
    (tmp_path / "integrations" / "step").mkdir(parents=True)
    (tmp_path / "integrations" / "step" / "tasks.py").write_text(TASKS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Processes:
    """Starts ``flowbook`` in processes of their own, which end with the test."""

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        command = forks.python("-m", "flowbook", *arguments)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.started.append(process)
        return process

    def __call__(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=120)
        assert process.returncode == code, out + err
        assert "Traceback" not in err
        return out, err

    def started_and_in(self, node: str, *arguments: str) -> subprocess.Popen[str]:
        """A process that is inside of a node's task."""
        before = calls()[node]
        process = self.start(*arguments)
        until(lambda: calls()[node] > before or process.poll() is not None)
        assert process.poll() is None, process.communicate()
        return process

    def killed_in(self, node: str, *arguments: str) -> None:
        """Run until a node's task has begun, then kill -9."""
        Path("wait").touch()
        process = self.started_and_in(node, *arguments)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        Path("wait").unlink()


@pytest.fixture
def flowbook(place: Path) -> Iterator[Processes]:
    processes = Processes()
    yield processes
    for process in processes.started:
        process.kill()
        process.communicate()


def calls() -> Counter[str]:
    """How often each node's task was called."""
    lines = Path("calls").read_text().splitlines() if Path("calls").exists() else []
    return Counter(line.split()[0] for line in lines)


def chain(task: str = "write") -> str:
    Path("chain.flow.yaml").write_text(CHAIN.format(task=task))
    return "chain.flow.yaml"


def statuses(document: dict[str, Any]) -> dict[str, str]:
    return {id: node["status"] for id, node in document["nodes"].items()}


def last_run() -> Any:
    workspace = Workspace(make=False)
    try:
        return workspace.run_record("last")
    finally:
        workspace.close()


class TestAfterKill9:
    @pytest.mark.parametrize("task", ["read", "repeat"])
    def test_a_node_that_may_be_repeated_runs_again_with_the_same_key_and_what_was_done_does_not(
        self, flowbook: Processes, task: str
    ) -> None:
        flowbook.killed_in("middle", "run", chain(task), "-i", "who=Ada")
        assert last_run().summary.status == "interrupted"
        out, _ = flowbook("runs", "resume", "last", "--json")
        document = json.loads(out)
        assert document["version"] == 1
        assert (document["status"], document["nodes"]["last"]["data"]) == ("succeeded", "hello Ada!")
        assert statuses(document) == dict.fromkeys(["first", "middle", "last"], "succeeded")
        assert calls() == {"first": 1, "middle": 2, "last": 1}
        keys = {line.split()[1] for line in Path("calls").read_text().splitlines() if line.startswith("middle")}
        assert len(keys) == 1

    def test_a_node_that_writes_is_held_and_nothing_runs(self, flowbook: Processes) -> None:
        flowbook.killed_in("middle", "run", chain())
        out, err = flowbook("runs", "resume", "last", code=2)
        assert out == ""
        [line] = [line for line in err.splitlines() if line.startswith("  middle")]
        assert "--accept middle" in line
        assert "--rerun middle" in line
        assert calls() == {"first": 1, "middle": 1}
        record = last_run()
        assert (record.summary.status, record.summary.attempt) == ("interrupted", 1)
        assert record.nodes["middle"].status == "unknown"
        _, err = flowbook("runs", "resume", "last", "--accept", "midle", code=2)
        assert "Did you mean 'middle'?" in err

    def test_rerun_runs_the_held_node_again(self, flowbook: Processes) -> None:
        flowbook.killed_in("middle", "run", chain())
        out, _ = flowbook("runs", "resume", "last", "--rerun", "middle")
        assert calls() == {"first": 1, "middle": 2, "last": 1}
        lines = out.splitlines()
        assert lines[0].endswith("3 nodes, attempt 2")
        assert lines[1].startswith("first: succeeded")
        assert lines[-1].split(": ")[1].startswith("succeeded")
        out, _ = flowbook("runs", "show", "last")
        assert "attempt 2" in out
        assert "attempt" not in flowbook("runs", "list")[0]
        assert json.loads(flowbook("runs", "show", "last", "--json")[0])["attempt"] == 2

    def test_accept_counts_the_held_node_as_a_success_without_data(self, flowbook: Processes) -> None:
        flowbook.killed_in("middle", "run", chain())
        out, _ = flowbook("runs", "resume", "last", "--accept", "middle", "--json")
        assert statuses(json.loads(out)) == dict.fromkeys(["first", "middle", "last"], "succeeded")
        assert json.loads(out)["nodes"]["last"]["data"] is None
        assert calls() == {"first": 1, "middle": 1, "last": 1}
        found = last_run().nodes["middle"]
        assert (found.status, found.data, found.message) == ("succeeded", None, "accepted by hand: it had happened")

    def test_a_resumed_run_that_is_killed_too_can_be_resumed_again(self, flowbook: Processes) -> None:
        flowbook.killed_in("middle", "run", chain())
        flowbook.killed_in("middle", "runs", "resume", "last", "--rerun", "middle")
        record = last_run()
        assert (record.summary.status, record.summary.attempt) == ("interrupted", 2)
        assert record.nodes["middle"].status == "unknown"
        flowbook("runs", "resume", "last", code=2)
        flowbook("runs", "resume", "last", "--rerun", "middle")
        assert last_run().summary.attempt == 3
        assert calls() == {"first": 1, "middle": 3, "last": 1}

    def test_only_one_resumes_at_a_time(self, flowbook: Processes) -> None:
        flowbook.killed_in("middle", "run", chain())
        Path("wait").touch()
        going = flowbook.started_and_in("middle", "runs", "resume", "last", "--rerun", "middle")
        _, err = flowbook("runs", "resume", "last", "--rerun", "middle", code=2)
        assert "is still going" in err
        Path("wait").unlink()
        going.communicate(timeout=60)
        assert going.returncode == 0
        assert calls()["middle"] == 2

    def test_of_many_that_resume_at_once_one_does(self, flowbook: Processes) -> None:
        flowbook.killed_in("middle", "run", chain())
        at_once = [flowbook.start("runs", "resume", "last", "--rerun", "middle") for _ in range(4)]
        errors = {process: process.communicate(timeout=120)[1] for process in at_once}
        assert sorted(process.returncode for process in at_once) == [0, 2, 2, 2]
        assert calls() == {"first": 1, "middle": 2, "last": 1}
        for process in at_once:
            told = ("still going", "resumed by someone else", "there is nothing to resume", "is not held")
            assert process.returncode == 0 or any(words in errors[process] for words in told), errors[process]

    def test_a_run_with_a_secret_input_asks_for_it(self, flowbook: Processes) -> None:
        text = CHAIN.format(task="read").replace("inputs:\n", "inputs:\n  token: {type: password, required: true}\n")
        Path("chain.flow.yaml").write_text(text)
        flowbook.killed_in("middle", "run", "chain.flow.yaml", "-i", f"token={SECRET}", "-i", "who=Ada")
        _, err = flowbook("runs", "resume", "last", code=2)
        assert "'token'" in err
        assert "-i token=…" in err
        _, err = flowbook("runs", "resume", "last", "-i", f"token={SECRET}", "-i", "who=Bob", code=2)
        assert "'who' cannot be changed" in err
        out, err = flowbook("runs", "resume", "last", "-i", f"token={SECRET}")
        assert SECRET not in out + err
        assert last_run().nodes["last"].data == "hello Ada!"


class TestAfterACancellation:
    @pytest.mark.parametrize("task", ["read", "write"])
    def test_a_cancelled_run_goes_on_and_a_write_in_flight_is_held(self, flowbook: Processes, task: str) -> None:
        Path("wait").touch()
        process = flowbook.started_and_in("middle", "run", chain(task))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == 130
        Path("wait").unlink()
        words = []
        if task == "write":
            assert "--rerun middle" in flowbook("runs", "resume", "last", code=2)[1]
            words = ["--rerun", "middle"]
        flowbook("runs", "resume", "last", *words)
        assert calls() == {"first": 1, "middle": 2, "last": 1}


@pytest.fixture
def ws(place: Path) -> Iterator[Workspace]:
    workspace = Workspace(place)
    yield workspace
    workspace.close()


def failed(ws: Workspace, flow: Workflow | str, **inputs: Any) -> str:
    """The id of a run that fails, since there is the file "bad"."""
    Path("bad").touch()
    with pytest.raises(RunFailed) as caught:
        ws.run(flow, **inputs)
    return str(caught.value.run.id)


def two(first: str, second: str = "write", gives: Any = "${{ nodes.a.data }}") -> Workflow:
    flow = Workflow(name="two")
    flow.add("a", f"step.{first}", params={"gives": 1})
    flow.add("b", f"step.{second}", params={"gives": gives, "may_fail": True})
    flow.connect("a", "b")
    return flow


class TestAfterAFailure:
    def test_it_goes_on_once_the_cause_is_mended_under_the_same_id(self, ws: Workspace) -> None:
        flow = two("write")
        flow.add("c", "step.read")
        flow.connect("b", "c")
        run = failed(ws, flow)
        assert ws.run_record(run).nodes["c"].status == "skipped"
        Path("bad").unlink()
        resumed = ws.resume(run[:-2])
        assert (resumed.id, resumed.attempt, resumed.status) == (run, 2, "succeeded")
        assert resumed["b"].data == 1
        assert calls() == {"a": 1, "b": 2, "c": 1}
        assert len(ws.runs()) == 1

    def test_it_may_fail_again_and_says_so_as_a_run_does(self, ws: Workspace) -> None:
        run = failed(ws, two("write"))
        for attempt in (2, 3):
            with pytest.raises(RunFailed, match="it is bad"):
                ws.resume("last")
            summary = ws.run_record(run).summary
            assert (summary.status, summary.attempt) == ("failed", attempt)
        assert calls() == {"a": 1, "b": 3}

    def test_the_definition_that_was_recorded_runs_not_the_one_of_now(self, ws: Workspace) -> None:
        flow = two("write")
        ws.save(flow)
        run = failed(ws, "two")
        flow.change("b", params={"gives": "changed"})
        ws.save(flow)
        Path("bad").unlink()
        assert ws.resume(run)["b"].data == 1

    def test_a_task_that_is_gone_is_told_as_check_tells_it(self, ws: Workspace) -> None:
        run = failed(ws, two("write"))
        tasks = Path("integrations/step/tasks.py")
        tasks.write_text(tasks.read_text().replace("def write", "def written"))
        with pytest.raises(InvalidWorkflow, match=r"b.*step\.write"):
            ws.resume(run)
        assert ws.run_record(run).summary.attempt == 1

    def test_a_run_that_succeeded_or_still_goes_on_or_is_part_of_another_is_refused(self, ws: Workspace) -> None:
        done = ws.run(two("read"))
        with pytest.raises(InputError, match="succeeded: there is nothing to resume"):
            ws.resume(done.id)
        Path("wait").touch()
        flow = Workflow(name="slow")
        flow.add("a", "step.read", params={"waits": True})
        going = ws.start(flow).wait_until_begun()
        with pytest.raises(InputError, match="still going"):
            ws.resume(going.id)
        Path("wait").unlink()
        assert going.wait().status == "succeeded"

        ws.save(two("write"))
        outer = Workflow(name="outer")
        outer.add("sub", "core.run_workflow", params={"workflow": "two"})
        run = failed(ws, outer)
        [inner] = [one.id for one in ws.runs() if one.parent]
        with pytest.raises(InputError, match=f"a part of the run {run}"):
            ws.resume(inner)
        Path("bad").unlink()
        assert ws.resume(run).status == "succeeded"

    def test_a_failure_that_was_handled_stays_and_its_handler_does_not_run_again(self, ws: Workspace) -> None:
        flow = Workflow(name="handled")
        flow.add("a", "step.read", params={"may_fail": True, "gives": "why"})
        flow.add("b", "step.write", params={"gives": "${{ nodes.a.message }}"})
        flow.add("c", "step.read", params={"may_fail": True, "gives": "${{ nodes.b.data + nodes.a.data }}"})
        flow.connect("a", "b", on="failure")
        flow.connect("b", "c")
        run = failed(ws, flow)
        Path("bad").unlink()
        resumed = ws.resume(run)
        assert (resumed["a"].status, resumed["a"].handled, resumed["c"].data) == ("failed", True, "it is badwhy")
        assert calls() == {"a": 1, "b": 1, "c": 2}

    def test_a_part_of_a_workflow_is_resumed_as_that_part(self, ws: Workspace) -> None:
        flow = two("write")
        flow.add("c", "step.read")
        flow.connect("b", "c")
        Path("bad").touch()
        with pytest.raises(RunFailed):
            ws.run(flow, to="b")
        Path("bad").unlink()
        assert list(ws.resume("last")) == ["a", "b"]
        Path("bad").touch()
        with pytest.raises(RunFailed):
            ws.run(flow, only="b")
        Path("bad").unlink()
        resumed = ws.resume("last")
        assert (list(resumed), resumed["b"].data) == (["b"], 1)
        assert calls() == {"a": 1, "b": 4}

    def test_it_can_be_started_watched_and_cancelled_like_any_run(self, ws: Workspace) -> None:
        flow = two("write")
        flow.change("b", params={"may_fail": True, "waits": True})
        run = failed(ws, flow)
        Path("wait").touch()
        events: list[Any] = []
        going = ws.start_resuming(run, watch=events.append)
        until(lambda: calls()["b"] == 2)
        assert going.status == "running"
        going.cancel()
        assert going.wait().status == "cancelled"
        Path("wait").unlink()
        assert isinstance(events[0], RunStarted)
        assert events[0].attempt == 2
        assert isinstance(events[-1], RunFinished)
        record = ws.run_record(run)
        assert (record.nodes["a"].status, record.nodes["b"].status) == ("succeeded", "cancelled")
        with pytest.raises(RunHeld):
            ws.resume(run)

    def test_a_secret_input_is_given_again_by_name(self, ws: Workspace) -> None:
        flow = two("write")
        flow.set_input("token", type="password", required=True)
        run = failed(ws, flow, token=SECRET)
        Path("bad").unlink()
        with pytest.raises(InvalidInputs, match="'token'"):
            ws.resume(run)
        assert ws.resume(run, token=SECRET).status == "succeeded"

    def test_every_report_of_a_resumed_run_can_be_made(self, ws: Workspace) -> None:
        run = failed(ws, two("table"))
        Path("bad").unlink()
        ws.resume(run)
        report = gather(ws, run)
        for format in FORMATS:
            text = render(report, format)
            assert run in text
            assert format == "xml" or "attempt" in text


class TestData:
    def test_a_table_that_was_kept_is_there_again_as_a_table(self, ws: Workspace) -> None:
        run = failed(ws, two("table", gives="${{ sum([row.n for row in nodes.a.data]) }}"))
        Path("bad").unlink()
        resumed = ws.resume(run)
        assert resumed["b"].data == 6
        assert list(resumed["a"].data.columns) == ["n", "t"]
        assert calls() == {"a": 1, "b": 2}

    def test_a_write_whose_data_was_not_kept_is_named_and_a_person_decides(self, ws: Workspace) -> None:
        run = failed(ws, two("odd"))
        Path("bad").unlink()
        with pytest.raises(RunHeld, match="a: its data was not kept"):
            ws.resume(run)
        assert calls() == {"a": 1, "b": 1}
        assert ws.resume(run, rerun="a")["b"].data == {1: "one"}
        assert calls() == {"a": 2, "b": 2}

    def test_it_is_kept_when_nothing_uses_its_data_and_expressions_see_none_of_it(self, ws: Workspace) -> None:
        run = failed(ws, two("odd", gives="nothing of a"))
        Path("bad").unlink()
        assert ws.resume(run).status == "succeeded"
        assert calls() == {"a": 1, "b": 2}
        assert ws.run_record(run).nodes["a"].omitted is not None


class TestTheHistory:
    def test_what_a_node_printed_stays_when_it_is_kept_and_goes_when_it_runs_again(self, ws: Workspace) -> None:
        flow = Workflow(name="prints")
        flow.add("a", "core.python", params={"code": "print('from a')\n1"})
        code = "import os\nprint('from b')\nassert not os.path.exists('bad')\nnodes.a.data + 1"
        flow.add("b", "core.python", params={"code": code}, retry={"attempts": 2, "wait": 0})
        flow.connect("a", "b")
        run = failed(ws, flow)
        assert [piece.text for piece in ws.journal.output(run, "b") if piece.stream == "stdout"] == ["from b\n"] * 2
        assert len(ws.run_record(run).attempts) == 1
        Path("bad").unlink()
        resumed = ws.resume(run)
        assert resumed["b"].data == 2
        assert [piece.text for piece in resumed.output("a")] == ["from a\n"]
        assert [piece.text for piece in ws.journal.output(run)] == ["from a\n", "from b\n"]
        assert ws.run_record(run).attempts == []

    def test_a_run_in_memory_is_resumed_too(self, place: Path) -> None:
        ws = Workspace(place, memory=True)
        run = failed(ws, two("write"))
        Path("bad").unlink()
        assert ws.resume(run).status == "succeeded"
        ws.close()
