"""Inputs are read once: a run that begins later, or goes on, has the values that were given, however they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flowbook import RunFailed, Workflow, Workspace
from flowbook.validation import Typed

TEXTS = ('"5"', '"null"', '"[1]"', '"\\"x\\""', "5", "plain")
GIVEN: list[Any] = [*map(Typed, TEXTS), "5", [1, "2"]]


def flow() -> Workflow:
    made = Workflow(name="late")
    made.set_input("value", "json")
    made.add("keep", "core.set", params={"values": {"value": "${{ inputs.value }}"}})
    made.add("check", "core.python", params={"code": "import pathlib\nassert pathlib.Path('there').exists()\n1"})
    made.connect("keep", "check")
    return made


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    return Workspace(tmp_path)


@pytest.mark.parametrize("given", GIVEN, ids=repr)
def test_a_run_that_is_resumed_has_the_inputs_that_it_had(ws: Workspace, tmp_path: Path, given: Any) -> None:
    flow_ = flow()
    flow_.add("again", "core.set", params={"values": {"value": "${{ inputs.value }}"}})
    flow_.connect("check", "again")
    ws.save(flow_)
    with pytest.raises(RunFailed):
        ws.run("late", inputs={"value": given})
    (tmp_path / "there").touch()
    run = ws.resume(ws.runs()[0].id)
    assert run.status == "succeeded"
    assert run["again"].data == run["keep"].data


@pytest.mark.parametrize("given", GIVEN, ids=repr)
def test_a_run_from_the_queue_has_the_inputs_of_one_that_begins_at_once(
    ws: Workspace, tmp_path: Path, given: Any
) -> None:
    (tmp_path / "there").touch()
    ws.save(flow())
    at_once = ws.run("late", inputs={"value": given})["keep"].data
    ws.enqueue("late", {"value": given})
    queued = ws.queue.take()
    assert queued is not None
    run = ws.start_queued(queued)
    assert run.wait().status == "succeeded"
    assert run["keep"].data == at_once
