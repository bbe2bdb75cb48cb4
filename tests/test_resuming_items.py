"""Resuming a node with ``for_each``: what each of its calls came to is kept, held and accepted one by one."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flowbook.errors import InputError, NotFound, RunHeld
from flowbook.models import Workflow
from flowbook.results import Cause, Source
from flowbook.workspace import Run, Workspace
from tests import forks
from tests.waiting import until

TASKS = '''
"""Tasks that note what they were called for, and do as the file "late", "bad" or "slow" says, where it names that."""

import time
from pathlib import Path

from flowbook import TaskFailed, current, task


def _called(params):
    what = str(params["what"])
    late = what in _named("late")
    with open("calls", "a") as file:
        file.write(f"{current().node_id}:{what}\\n")
    if late:
        time.sleep(5)
    while what in _named("slow"):
        time.sleep(0.01)
    if what in _named("cut"):
        failure = TaskFailed("the answer was cut off", {"kind": "bad_answer"})
        failure.warn()
        raise failure
    good = what not in _named("bad")
    return {"success": good, "message": "sent" if good else "it is bad", "data": {"sent": what}}


def _named(file):
    return Path(file).read_text().split() if Path(file).exists() else []


@task(effects="write")
def send(credentials, params):
    """Send."""
    return _called(params)


@task(effects="read")
def look(credentials, params):
    """Look."""
    return _called(params)


@task(effects="write")
def odd(credentials, params):
    """Give what is not kept."""
    return {**_called(params), "data": {1: params["what"]}}
'''


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    (tmp_path / "integrations" / "step").mkdir(parents=True)
    (tmp_path / "integrations" / "step" / "tasks.py").write_text(TASKS)
    monkeypatch.chdir(tmp_path)
    made = Workspace(tmp_path)
    yield made
    made.close()


def calls() -> list[str]:
    """What was called since this was asked last, sorted."""
    path = Path("calls")
    found = path.read_text().split() if path.exists() else []
    path.unlink(missing_ok=True)
    return sorted(found)


def mail(task: str = "send", **fields: Any) -> Workflow:
    flow = Workflow(name="mail")
    flow.set_input("to", type="json", default=["a", "b", "c"])
    flow.add("each", f"step.{task}", for_each="inputs.to", params={"what": "${{ item }}"}, **fields)
    flow.add("after", "step.look", params={"what": "${{ len(nodes.each.data) }}"})
    flow.connect("each", "after")
    return flow


def failed(ws: Workspace, flow: Workflow) -> Run:
    run = ws.start(flow).wait()
    assert run.status == "failed"
    return run


@pytest.mark.parametrize("executor", ["threads", "processes=2"])
def test_a_call_that_says_it_may_have_taken_effect_is_held(ws: Workspace, executor: str) -> None:
    """As after an answer that was cut off, or a connection that broke: nobody can tell, so a person says."""
    Path("cut").write_text("b")
    run = ws.start(mail(), executor=executor).wait()
    assert calls() == ["each:a", "each:b", "each:c"]
    record = ws.run_record(run.id)
    assert record.items["each"][1].result.cause is Cause.UNSURE
    with pytest.raises(RunHeld) as held:
        ws.resume(run)
    assert list(held.value.nodes) == ["each[1]"]
    assert "It may have taken effect" in held.value.nodes["each[1]"]
    assert calls() == []
    assert ws.resume(run, accept=["each[1]"]).status == "succeeded"
    assert calls() == ["after:3"]


def test_a_node_is_held_for_an_attempt_that_may_have_taken_effect_though_the_last_one_failed(ws: Workspace) -> None:
    Path("cut").write_text("x")
    flow = Workflow(name="one")
    flow.add("send", "step.send", params={"what": "x"}, retry={"attempts": 2, "wait": 1})
    going = ws.start(flow)
    until(lambda: Path("calls").exists())
    Path("cut").unlink()
    Path("bad").write_text("x")
    run = going.wait()
    assert (run["send"].attempts, run["send"].cause) == (2, Cause.RETURNED)
    with pytest.raises(RunHeld) as held:
        ws.resume(run)
    assert "an earlier attempt at it did not tell" in held.value.nodes["send"]


def test_a_run_is_given_as_what_gave_it(ws: Workspace) -> None:
    """Not by its id alone: the run itself, or what the history tells of it."""
    Path("bad").write_text("b")
    run = failed(ws, mail())
    for given in (run, run.id, ws.runs()[0], ws.last("mail"), "last"):
        assert ws.run_record(given).summary.id == run.id
        assert ws.run_output(given) == []
        assert ws.rescue(given, "each").id == "each"
        assert str(ws.as_cell(given, "each"))
        assert list(ws.may_be_given(given))
    for wrong in (None, 7, ["last"], {"id": run.id}):
        with pytest.raises(InputError, match="names no run"):
            ws.resume(wrong)  # type: ignore[arg-type]
    Path("bad").unlink()
    assert ws.resume(run).status == "succeeded"
    assert ws.delete_runs([run]) == 1


def test_what_reads_is_not_held_whatever_it_says(ws: Workspace) -> None:
    Path("cut").write_text("b")
    run = failed(ws, mail("look"))
    Path("cut").unlink()
    assert ws.resume(run).status == "succeeded"


@pytest.mark.parametrize("task", ["send", "look"])
def test_calls_that_succeeded_are_not_made_again(ws: Workspace, task: str) -> None:
    Path("bad").write_text("b")
    run = failed(ws, mail(task))
    assert calls() == ["each:a", "each:b", "each:c"]
    items = ws.run_record(run.id).items["each"]
    assert {item: one.result.status for item, one in items.items()} == {0: "succeeded", 1: "failed", 2: "succeeded"}
    shown = subprocess.run(
        forks.python("-m", "flowbook", "runs", "show", "last", "--json"), capture_output=True, text=True
    )
    said = json.loads(shown.stdout)["nodes"]["each"]["items"]
    assert [(said[item]["status"], said[item]["cause"]) for item in "012"] == [
        ("succeeded", "returned"), ("failed", "returned"), ("succeeded", "returned"),
    ]  # fmt: skip
    Path("bad").unlink()
    again = ws.resume(run.id)
    assert calls() == ["after:3", "each:b"]
    assert again["each"].data == [{"sent": "a"}, {"sent": "b"}, {"sent": "c"}]
    assert again["each"].message == "3 calls succeeded"
    assert ws.run_record(run.id).items == {}


def test_a_call_that_timed_out_is_held_and_the_others_are_not(ws: Workspace) -> None:
    Path("late").write_text("b")
    run = failed(ws, mail(timeout=0.3))
    assert calls() == ["each:a", "each:b", "each:c"]
    Path("late").unlink()
    with pytest.raises(RunHeld) as caught:
        ws.resume(run.id)
    assert list(caught.value.nodes) == ["each[1]"]
    assert "timed out" in caught.value.nodes["each[1]"]
    assert f"flowbook runs resume {run.id} --accept 'each[1]'" in str(caught.value)
    assert calls() == []


@pytest.mark.parametrize("name", ["each[1]", "each"])
@pytest.mark.parametrize("word", ["accept", "rerun"])
def test_a_word_about_an_item_or_about_all_of_a_node(ws: Workspace, name: str, word: str) -> None:
    Path("late").write_text("b")
    run = failed(ws, mail(timeout=0.3))
    calls()
    Path("late").unlink()
    again = ws.resume(run.id, **{word: [name]})
    sent = None if word == "accept" else {"sent": "b"}
    assert again["each"].data == [{"sent": "a"}, sent, {"sent": "c"}]
    assert calls() == (["after:3"] if word == "accept" else ["after:3", "each:b"])


def test_each_item_gets_its_own_word_and_a_single_one_wins_over_its_node(ws: Workspace) -> None:
    Path("late").write_text("a c")
    run = failed(ws, mail(timeout=0.3))
    calls()
    Path("late").unlink()
    with pytest.raises(RunHeld) as caught:
        ws.resume(run.id, accept=["each[0]"])
    assert list(caught.value.nodes) == ["each[2]"]
    again = ws.resume(run.id, accept=["each"], rerun=["each[2]"])
    assert again["each"].data == [None, {"sent": "b"}, {"sent": "c"}]
    assert calls() == ["after:3", "each:c"]


def test_what_was_accepted_stays_so_in_a_later_attempt(ws: Workspace) -> None:
    Path("late").write_text("a")
    Path("bad").write_text("b")
    run = failed(ws, mail(timeout=0.3))
    Path("late").unlink()
    calls()
    assert ws.start_resuming(run.id, accept=["each[0]"]).wait().status == "failed"
    assert calls() == ["each:b"]
    items = ws.run_record(run.id).items["each"]
    assert (items[0].result.cause, items[2].result.source) == (Cause.ACCEPTED, Source.EARLIER)
    Path("bad").unlink()
    assert ws.resume(run.id)["each"].data == [None, {"sent": "b"}, {"sent": "c"}]
    assert calls() == ["after:3", "each:b"]


@pytest.mark.parametrize("each", [True, False])
def test_a_write_that_timed_out_and_then_failed_is_held(ws: Workspace, each: bool) -> None:
    flow = Workflow(name="retried")
    more: dict[str, Any] = {"for_each": ["x"], "params": {"what": "${{ item }}"}} if each else {"params": {"what": "x"}}
    flow.add("a", "step.send", timeout=0.5, retry={"attempts": 2, "wait": 0.2}, **more)
    Path("late").write_text("x")
    run = ws.start(flow)
    until(lambda: Path("calls").exists())
    Path("bad").write_text("x")
    Path("late").unlink()
    assert run.wait().status == "failed"
    assert run["a"].cause is Cause.RETURNED
    Path("bad").unlink()
    with pytest.raises(RunHeld, match="an earlier attempt at it timed out"):
        ws.resume(run.id)


def test_an_item_that_is_another_now_is_called_for(ws: Workspace) -> None:
    """The list is made by a node that has to run again, since its data was not kept."""
    flow = Workflow(name="changed")
    flow.add("list", "step.look", params={"what": "${{ run.id }}"})
    flow.add("each", "step.send", for_each=["a", "b"], params={"what": "${{ item }}"})
    flow.connect("list", "each")
    Path("bad").write_text("b")
    run = failed(ws, flow)
    calls()
    record = ws.run_record(run.id)
    other = record.items["each"][0]._replace(digest="of another item")
    database = ws.journal._database
    with database.transaction() as connection:
        connection.execute("UPDATE items SET digest = ? WHERE item = 0", (other.digest,))
    Path("bad").unlink()
    ws.resume(run.id)
    assert calls() == ["each:a", "each:b"]


def test_data_that_was_not_kept_is_asked_about_by_item(ws: Workspace) -> None:
    Path("bad").write_text("b")
    run = failed(ws, mail("odd"))
    calls()
    Path("bad").unlink()
    with pytest.raises(RunHeld) as caught:
        ws.resume(run.id)
    assert list(caught.value.nodes) == ["each[0]", "each[2]"]
    assert ws.resume(run.id, accept=["each"])["each"].data == [None, {1: "b"}, None]
    assert calls() == ["after:3", "each:b"]


def test_names_that_make_no_sense_are_refused(ws: Workspace) -> None:
    Path("bad").write_text("b")
    run = failed(ws, mail())
    with pytest.raises(InputError, match=r"item 'each\[1\]' is not held: it is recorded as failed"):
        ws.resume(run.id, rerun=["each[1]"])
    with pytest.raises(InputError, match=r"item 'each\[7\]' is not held: it is recorded as pending"):
        ws.resume(run.id, rerun=["each[7]"])
    with pytest.raises(NotFound, match="Did you mean 'each'"):
        ws.resume(run.id, rerun=["eahc[1]"])


def test_a_cancelled_run_holds_the_calls_that_were_in_flight(ws: Workspace) -> None:
    Path("slow").write_text("b c")
    run = ws.start(mail(max_parallel=2))
    until(lambda: Path("calls").exists() and len(Path("calls").read_text().split()) == 3)
    run.cancel()
    run.wait()
    Path("slow").unlink()
    calls()
    with pytest.raises(RunHeld) as caught:
        ws.resume(run.id)
    assert list(caught.value.nodes) == ["each[1]", "each[2]"]
    assert ws.resume(run.id, rerun=["each"])["each"].success
    assert calls() == ["after:3", "each:b", "each:c"]


def test_after_kill_9_what_was_sent_is_not_sent_again(ws: Workspace) -> None:
    ws.save(mail(max_parallel=1))
    ws.close()
    Path("slow").write_text("b")
    process = subprocess.Popen(forks.python("-m", "flowbook", "run", "mail"), stdout=subprocess.PIPE)
    until(lambda: Path("calls").exists() and len(Path("calls").read_text().split()) == 2)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    Path("slow").unlink()
    assert calls() == ["each:a", "each:b"]
    command = forks.python("-m", "flowbook", "runs", "resume", "last", "--json")
    refused = subprocess.run(command, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "--accept 'each[1]'" in refused.stderr
    done = subprocess.run([*command, "--accept", "each[1]"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["nodes"]["each"]["data"] == [{"sent": "a"}, None, {"sent": "c"}]
    assert calls() == ["after:3", "each:c"]
