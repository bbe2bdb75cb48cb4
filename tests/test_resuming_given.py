"""Resuming with a result that a person gives for what failed: it counts, is recorded as given, and the rest runs."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner

from flowbook import Workflow, Workspace
from flowbook.cli.main import cli
from flowbook.errors import InputError, NotFound, RunCancelled, RunFailed
from flowbook.results import Cause, Source
from flowbook.workspace import Run
from tests.waiting import until


@pytest.fixture
def ws(tmp_path: Path):
    with Workspace(tmp_path) as ws:
        yield ws


def failing(ws: Workspace) -> str:
    flow = Workflow(name="rates")
    flow.add("before", "core.set", params={"values": {"n": 1}})
    flow.add("fetch", "core.fail", params={"message": "the service is down"})
    flow.add("use", "core.set", params={"values": {"rate": "${{ nodes.fetch.data.eur }}"}})
    flow.connect("before", "fetch")
    flow.connect("fetch", "use")
    with pytest.raises(RunFailed) as failure:
        ws.run(flow)
    return str(failure.value.run.id)


def test_a_given_result_counts_and_the_rest_runs_with_it(ws):
    run = failing(ws)
    again = ws.resume(run, results={"fetch": {"eur": 1.08}})
    assert again["use"].data == {"rate": 1.08}
    assert (again["fetch"].cause, again["fetch"].source) == (Cause.GIVEN, Source.GIVEN)
    assert again["before"].source is Source.EARLIER


def test_the_history_says_that_it_was_given(ws):
    run = failing(ws)
    ws.resume(run, results={"fetch": {"eur": 1.08}})
    record = ws.run_record(run)
    assert record.summary.status == "succeeded"
    fetched = record.nodes["fetch"]
    assert (fetched.cause, fetched.source, fetched.data) == (Cause.GIVEN, Source.GIVEN, {"eur": 1.08})
    assert fetched.message == "given by hand on resuming"


def test_it_stands_when_the_run_is_resumed_once_more(ws):
    flow = Workflow(name="twice")
    flow.add("a", "core.fail", params={"message": "no"})
    flow.add("b", "core.fail", params={"message": "no"})
    flow.connect("a", "b")
    with pytest.raises(RunFailed) as failure:
        ws.run(flow)
    with pytest.raises(RunFailed):
        ws.resume(failure.value.run.id, results={"a": 1})
    last = ws.resume(failure.value.run.id, results={"b": 2})
    assert (last["a"].data, last["a"].source) == (1, Source.GIVEN)


def test_a_result_for_what_never_started_counts_too(ws):
    run = failing(ws)
    again = ws.resume(run, results={"fetch": None, "use": "by hand"})
    assert again["use"].data == "by hand"


def test_what_succeeded_is_not_set_and_nothing_is_changed(ws):
    run = failing(ws)
    with pytest.raises(InputError, match="'before' succeeded"):
        ws.resume(run, results={"before": 1})
    with pytest.raises(NotFound):
        ws.resume(run, results={"fetsh": 1})
    with pytest.raises(InputError, match="is not accepted"):
        ws.resume(run, results={"fetch": 1}, accept=["fetch"])
    assert ws.run_record(run).summary.attempt == 1


def test_the_command_reads_json_and_files(ws, tmp_path):
    run = failing(ws)
    ws.close()
    (tmp_path / "rate.json").write_text('{"eur": 2}')
    before = os.getcwd()
    os.chdir(tmp_path)
    try:
        runner = CliRunner()
        wrong = runner.invoke(cli, ["runs", "resume", run, "--set", "fetch={eur"])
        missing = runner.invoke(cli, ["runs", "resume", run, "--set", "fetch=@none.json"])
        formless = runner.invoke(cli, ["runs", "resume", run, "--set", "fetch"])
        right = runner.invoke(cli, ["runs", "resume", run, "--set", "fetch=@rate.json", "--json"])
    finally:
        os.chdir(before)
    for refused in (wrong, missing, formless):
        assert isinstance(refused.exception, InputError) or refused.exit_code == 2
    assert json.loads(right.stdout)["nodes"]["use"]["data"] == {"rate": 2}


@pytest.mark.parametrize("when", ["as soon as it is recorded", "before that"])
def test_ctrl_c_before_a_resumed_run_goes_on_cancels_it_and_leaves_none_interrupted(ws, monkeypatch, when):
    run = failing(ws)
    go_on = ws._starter._go_on

    def pressed(*given):
        if when == "before that":
            os.kill(os.getpid(), signal.SIGINT)
            return go_on(*given)
        ready = go_on(*given)
        os.kill(os.getpid(), signal.SIGINT)
        return ready

    monkeypatch.setattr(ws._starter, "_go_on", pressed)
    with pytest.raises(RunCancelled):
        ws.resume(run, results={"fetch": {"eur": 1}})
    assert ws.run_record(run).summary.status == "cancelled"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    monkeypatch.undo()
    assert ws.resume(run)["use"].data == {"rate": 1}


@pytest.mark.parametrize("when", ["as soon as it is recorded", "before that", "while its thread starts"])
def test_ctrl_c_before_a_run_goes_on_in_the_background_leaves_none_that_goes_on(ws, monkeypatch, when):
    run = failing(ws)
    go_on, begin = ws._starter._go_on, Run.execute_in_background

    def press(after=None):
        if after is None or after == when:
            os.kill(os.getpid(), signal.SIGINT)

    def pressed(*given):
        press("before that")
        ready = go_on(*given)
        press("as soon as it is recorded")
        return ready

    def started(self, ended):
        press("while its thread starts")
        begin(self, ended)

    monkeypatch.setattr(ws._starter, "_go_on", pressed)
    monkeypatch.setattr(Run, "execute_in_background", started)
    with pytest.raises(KeyboardInterrupt):
        ws.start_resuming(run, results={"fetch": {"eur": 1}})
    until(lambda: ws.run_record(run).summary.status != "running")
    assert ws.run_record(run).summary.status in ("cancelled", "succeeded")  # it may have been over by then
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("what", ["the output is read", "the thread starts", "it is displayed"])
def test_a_run_that_is_recorded_as_going_on_and_cannot_go_on_is_interrupted(ws, monkeypatch, what):
    run = failing(ws)

    def fail(*given, **more):
        raise RuntimeError("can't start new thread")

    if what == "the output is read":
        monkeypatch.setattr(ws.journal, "output", fail)
    elif what == "the thread starts":
        monkeypatch.setattr(threading.Thread, "start", fail)
    else:
        monkeypatch.setattr("flowbook.workspace.notebook.in_notebook", lambda: True)
        monkeypatch.setattr("flowbook.workspace.notebook.show_while_running", fail)
    resume = ws.resume if what == "it is displayed" else ws.start_resuming
    with pytest.raises(RuntimeError, match="new thread"):
        resume(run, results={"fetch": {"eur": 1}})
    monkeypatch.undo()
    assert ws.runs()[0].status == "interrupted"
    assert ws.resume(run)["use"].data == {"rate": 1}


def test_ctrl_c_twice_before_there_is_a_run_is_raised_at_once(ws, monkeypatch):
    run = failing(ws)

    def pressed(*given):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        raise AssertionError("it went on")

    monkeypatch.setattr(ws._starter, "_go_on", pressed)
    with pytest.raises(KeyboardInterrupt):
        ws.resume(run)
    assert ws.run_record(run).summary.status == "failed"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
