"""Grids of runs, the history as a table, the last run, and runs that may take so long and no longer."""

from __future__ import annotations

import _thread
import threading
from pathlib import Path

import pytest

from flowbook import Workflow, Workspace
from flowbook.errors import InputError, InvalidWorkflow, NotFound, RunCancelled, RunFailed
from flowbook.events import Event, NodeStarted


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def square() -> Workflow:
    flow = Workflow(
        "square", inputs={"x": {"type": "number", "default": 0}, "word": {"type": "string", "default": "a"}}
    )
    flow.add("y", "core.python", params={"code": "if inputs.x == 3:\n    raise ValueError('three')\ninputs.x ** 2"})
    flow.add("text", "core.set", params={"values": "${{ inputs.word }}${{ nodes.y.data }}"})
    flow.connect("y", "text")
    return flow


def test_a_sweep_makes_a_run_of_every_combination_each_in_the_history(ws: Workspace) -> None:
    sweep = ws.sweep(square(), x=range(3), word=["a", "b"], parallel=2)
    frame = sweep.to_frame("y", "text")
    assert list(frame.columns) == ["x", "word", "run", "status", "seconds", "message", "y", "text"]
    assert frame["text"].tolist() == ["a0", "b0", "a1", "b1", "a4", "b4"]
    assert frame["y"].sum() == 10
    assert set(frame["run"]) == {run.id for run in ws.runs("square")}
    assert repr(sweep) == "<Sweep of square: 6 succeeded>"


def test_a_run_that_fails_or_gets_a_bad_input_is_a_row_of_the_sweep(ws: Workspace) -> None:
    frame = ws.sweep(square(), {"x": [1, 3, "much"]}, word="w").to_frame("y")
    assert frame["status"].tolist() == ["succeeded", "failed", "failed"]
    assert frame["y"].tolist()[0] == 1
    assert frame["y"].isna().tolist() == [False, True, True]
    assert "three" in frame["message"][1]
    assert "x:" in frame["message"][2]


def test_a_sweep_that_is_interrupted_cancels_its_runs_and_keeps_what_there_is(ws: Workspace) -> None:
    flow = Workflow("slow", inputs={"n": {"type": "integer"}})
    flow.add("wait", "core.wait", params={"seconds": "${{ inputs.n * 60 }}"})
    timer = threading.Timer(0.1, lambda: [_wait_for(ws, "running"), _thread.interrupt_main()])
    timer.start()
    with pytest.raises(RunCancelled) as cancelled:
        ws.sweep(flow, n=[0, 1, 1, 1], parallel=2)
    timer.join()
    statuses = [row.status for row in cancelled.value.run]
    assert statuses[0] == "succeeded"
    assert "cancelled" in statuses
    assert statuses[-1] == "not started"
    assert cancelled.value.run.to_frame("wait")["run"].notna().sum() == len(ws.runs("slow"))


def _wait_for(ws: Workspace, status: str) -> None:
    pause = threading.Event()
    while len(ws.runs("slow", "succeeded")) < 1 or len(ws.runs("slow", status)) < 2:
        pause.wait(0.05)


def test_what_no_run_could_start_with_is_refused_before_anything_runs(ws: Workspace) -> None:
    with pytest.raises(NotFound, match="no input 'y'"):
        ws.sweep(square(), y=[1])
    with pytest.raises(InputError, match="no values"):
        ws.sweep(square(), x=[])
    with pytest.raises(InputError, match="10,000 at the most"):
        ws.sweep(square(), x=range(200), word=["a"] * 200)
    with pytest.raises(InputError, match="parallel"):
        ws.sweep(square(), x=[1], parallel=0)
    with pytest.raises(InputError, match="max_workers"):
        ws.sweep(square(), x=[1], max_workers=0)
    bad = Workflow("bad", inputs={"x": {"type": "json"}})
    bad.add("a", "core.nothing")
    with pytest.raises(InvalidWorkflow):
        ws.sweep(bad, x=[1, 2])
    assert ws.runs() == []


def test_the_history_is_a_list_and_a_table_with_the_inputs(ws: Workspace) -> None:
    ws.run(square(), x=2)
    with pytest.raises(RunFailed):
        ws.run(square(), x=3)
    runs = ws.runs(since="7d")
    assert [run.status for run in runs] == ["failed", "succeeded"]
    frame = runs.to_frame(inputs=True)
    assert frame[["status", "x", "word"]].values.tolist() == [["failed", 3, "a"], ["succeeded", 2, "a"]]
    assert str(frame["started_at"].dt.tz) == "UTC"
    assert ws.runs("other").to_frame(inputs=True).empty


def test_the_last_run_of_a_workflow_gives_its_nodes_data_back(ws: Workspace) -> None:
    flow = square()
    ws.run(flow, x=4)
    with pytest.raises(RunFailed):
        ws.run(flow, x=3)
    assert ws.last("square").status == "failed"
    last = ws.last(flow, "succeeded")
    assert last["y"].data == 16
    assert list(last) == ["y", "text"]
    assert last.inputs == {"x": 4, "word": "a"}
    assert "succeeded" in repr(last)
    assert "Gave 16" in last._repr_mimebundle_()["text/html"]
    assert "16" in repr(last.show("y"))
    with pytest.raises(NotFound, match="'other'"):
        ws.last("other")
    with pytest.raises(NotFound, match="node 'z'"):
        last["z"]


def test_a_run_that_takes_longer_than_its_timeout_is_cancelled_and_says_so(ws: Workspace) -> None:
    flow = Workflow("slow")
    flow.add("wait", "core.wait", params={"seconds": 600})
    begun: list[Event] = []
    with pytest.raises(RunCancelled, match=r"stopped after its timeout of 0\.2 seconds") as stopped:
        ws.run(flow, timeout=0.2, watch=lambda event: begun.append(event) if isinstance(event, NodeStarted) else None)
    assert stopped.value.run.status == "cancelled"
    assert ws.start(flow, timeout=0.2).wait(60).status == "cancelled"
    for bad in (0, -1, True, "60"):
        with pytest.raises(InputError, match="timeout"):
            ws.run(flow, timeout=bad)  # type: ignore[arg-type]


def test_a_run_within_its_timeout_is_not_touched_and_shows_itself(ws: Workspace) -> None:
    run = ws.run(square(), timeout=60, x=2)
    assert run.show() is run
    assert run["y"].data == 4
