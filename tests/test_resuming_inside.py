"""Resuming a run that ran other workflows: what was done in those stays done, and is held where it may have been."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowbook.errors import InputError, NotFound, RunHeld
from flowbook.models import Workflow
from flowbook.results import Source
from flowbook.workspace import Run, Workspace
from tests import forks
from tests.test_resuming_items import TASKS, calls
from tests.waiting import until


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    (tmp_path / "integrations" / "step").mkdir(parents=True)
    (tmp_path / "integrations" / "step" / "tasks.py").write_text(TASKS)
    monkeypatch.chdir(tmp_path)
    made = Workspace(tmp_path)
    inner = Workflow(name="inner")
    inner.set_input("who", type="string", default="x")
    inner.add("first", "step.send", params={"what": "${{ inputs.who }}1"})
    inner.add("second", "step.send", params={"what": "${{ inputs.who }}2"}, timeout=1)
    inner.add("third", "step.look", params={"what": "${{ nodes.second.data.sent if inputs.who == '' else '3' }}"})
    inner.connect("first", "second")
    inner.connect("second", "third")
    made.save(inner)
    yield made
    made.close()


def outer(**fields: Any) -> Workflow:
    flow = Workflow(name="outer")
    inputs = {"who": "${{ item }}"} if "for_each" in fields else {}
    flow.add("sub", "core.run_workflow", params={"workflow": "inner", "inputs": inputs}, **fields)
    flow.add("after", "step.look", params={"what": "end"})
    flow.connect("sub", "after")
    return flow


def ended(ws: Workspace, flow: Workflow) -> Run:
    run = ws.start(flow).wait()
    assert run.status == "failed"
    return run


def test_nodes_inside_that_succeeded_do_not_run_again(ws: Workspace) -> None:
    Path("bad").write_text("x2")
    run = ended(ws, outer())
    assert calls() == ["first:x1", "second:x2"]
    Path("bad").unlink()
    again = ws.resume(run.id)
    assert calls() == ["after:end", "second:x2", "third:3"]
    [child] = ws.journal.children(run.id)
    assert (child.id, child.status, child.attempt) == (again["sub"].data["run"], "succeeded", 2)
    assert ws.run_record(child.id).nodes["first"].source is Source.EARLIER


@pytest.mark.parametrize(("word", "name"), [("accept", "sub/second"), ("rerun", "sub/second"), ("accept", "sub")])
def test_a_write_inside_that_timed_out_is_held_by_name(ws: Workspace, word: str, name: str) -> None:
    Path("late").write_text("x2")
    run = ended(ws, outer())
    Path("late").unlink()
    calls()
    with pytest.raises(RunHeld) as caught:
        ws.resume(run.id)
    assert list(caught.value.nodes) == ["sub/second"]
    assert "--accept sub/second" in str(caught.value)
    assert calls() == []
    ws.resume(run.id, **{word: [name]})
    assert calls() == ["after:end", *(["second:x2"] if word == "rerun" else []), "third:3"]


def test_each_item_has_its_own_run_inside(ws: Workspace) -> None:
    Path("bad").write_text("b2")
    Path("late").write_text("c2")
    run = ended(ws, outer(for_each=["a", "b", "c"]))
    Path("bad").unlink()
    Path("late").unlink()
    assert calls() == ["first:a1", "first:b1", "first:c1", "second:a2", "second:b2", "second:c2", "third:3"]
    assert {one.parent for one in ws.journal.children(run.id)} == {f"{run.id}.sub[{n}]" for n in range(3)}
    with pytest.raises(RunHeld) as caught:
        ws.resume(run.id)
    assert list(caught.value.nodes) == ["sub[2]/second"]
    again = ws.resume(run.id, accept=["sub[2]/second"])
    assert again.status == "succeeded"
    assert calls() == ["after:end", "second:b2", "third:3", "third:3"]


def test_a_run_inside_with_other_inputs_is_another_run(ws: Workspace) -> None:
    flow = outer()
    flow.change("sub", params={"workflow": "inner", "inputs": {"who": "${{ 'y' if run.id == '' else inputs.who }}"}})
    flow.set_input("who", type="string", default="x")
    Path("bad").write_text("x2")
    run = ended(ws, flow)
    calls()
    with ws.journal._database.transaction() as connection:
        connection.execute("UPDATE runs SET inputs = '{\"who\":\"z\"}' WHERE parent <> ''")
    Path("bad").unlink()
    ws.resume(run.id)
    assert calls() == ["after:end", "first:x1", "second:x2", "third:3"]


def test_names_that_make_no_sense_inside_are_refused(ws: Workspace) -> None:
    Path("bad").write_text("x2")
    run = ended(ws, outer())
    with pytest.raises((InputError, NotFound)):
        ws.resume(run.id, rerun=["sub/nothing"])
    with pytest.raises(InputError, match="not held"):
        ws.resume(run.id, rerun=["sub"])


def test_after_kill_9_what_was_done_inside_stays_done(ws: Workspace) -> None:
    ws.save(outer())
    ws.close()
    Path("slow").write_text("3")
    process = subprocess.Popen(forks.python("-m", "flowbook", "run", "outer"), stdout=subprocess.PIPE)
    until(lambda: Path("calls").exists() and len(Path("calls").read_text().split()) == 3)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    Path("slow").unlink()
    assert calls() == ["first:x1", "second:x2", "third:3"]
    done = subprocess.run(forks.python("-m", "flowbook", "runs", "resume", "last"), capture_output=True, text=True)
    assert done.returncode == 2, done.stdout  # the last run is the one inside
    run = Workspace(make=False).runs(workflow="outer")[0].id
    done = subprocess.run(forks.python("-m", "flowbook", "runs", "resume", run), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert calls() == ["after:end", "third:3"]
