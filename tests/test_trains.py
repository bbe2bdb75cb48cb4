"""Calls that go along behind one another: a worker goes on along plain edges, and nobody can tell from the results."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowbook.calling import Caller, Here
from flowbook.engine import Execution, Outcome
from flowbook.engine.batches import Batches
from flowbook.engine.pace import Pace
from flowbook.errors import StoreError
from flowbook.events import NodeFinished, NodeOutput, NodeStarted
from flowbook.models import Workflow
from flowbook.plan import make_plan
from flowbook.redaction import Redactor
from flowbook.results import Cause
from flowbook.tasks import Result, TaskSpec, current
from flowbook.tasks.signature import signature_of
from tests.waiting import until

EFFECTS: dict[str, Any] = {"note": "write"}


@pytest.fixture(params=["processes", "cluster"])
def far(request: pytest.FixtureRequest) -> Any:
    """Each caller that makes calls elsewhere."""
    return request.getfixturevalue(request.param)


@pytest.fixture(autouse=True)
def six_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have six calls go along with each other from the beginning, however quick they are on this machine now."""
    monkeypatch.setattr(Pace, "room", lambda self, node: 6)


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many calls travelled together, each time that several did."""
    noted: list[int] = []
    make = Batches.make

    def noting(self: Batches, sent: Any, after: Any) -> bool:
        noted.append(len(sent))
        return make(self, sent, after)

    monkeypatch.setattr(Batches, "make", noting)
    return noted


def one_more(credentials: Any, params: Any) -> Result:
    print("at", params["n"])
    return Result.ok(f"was {params['n']}", params["n"] + 1)


def where(credentials: Any, params: Any) -> Result:
    return Result.ok("here", os.getpid())


def note(credentials: Any, params: Any) -> Result:
    with Path(params["ledger"]).open("a") as ledger:
        ledger.write(f"{current().node_id}\n")
    return Result(not params.get("fails"), "noted", params.get("n"))


def look(credentials: Any, params: Any) -> Result:
    """As ``note``, of which it is not said that it writes."""
    return note(credentials, params)


def die(credentials: Any, params: Any) -> Result:
    os._exit(9)


def give(credentials: Any, params: Any) -> Result:
    return Result.ok("given", [params["n"]] * params["length"])


def leak(credentials: Any, params: Any) -> Result:
    return Result.ok(f"the key is {params['key']}")


def wait(credentials: Any, params: Any) -> Result:
    Path(params["sign"]).touch()
    return Result(current().sleep(60), "stopped")


class Tasks:
    """This module's functions, by name."""

    def task(self, name: str) -> TaskSpec:
        function: Callable[..., Any] = globals()[name.partition(".")[2]]
        return TaskSpec(name, function, signature_of(function), effects=EFFECTS.get(function.__name__, "read"))


def execution_of(flow: Workflow, caller: Caller, **options: Any) -> tuple[Execution, list[Any]]:
    events: list[Any] = []
    subscribers = [events.append, *options.pop("subscribers", ())]
    plan = make_plan(flow, Tasks())
    return Execution(plan, run_id="r1", subscribers=subscribers, caller=caller, **options), events


def run(flow: Workflow, caller: Caller, **options: Any) -> tuple[Outcome, list[Any]]:
    execution, events = execution_of(flow, caller, **options)
    return execution.run(), events


def counting(length: int) -> Workflow:
    """A chain of which each node adds one to what the one before it gave."""
    flow = Workflow(name="flow")
    for i in range(length):
        flow.add(f"n{i}", "t.one_more", params={"n": f"${{{{ nodes.n{i - 1}.data }}}}" if i else 0})
        if i:
            flow.connect(f"n{i - 1}", f"n{i}")
    return flow


def test_a_chain_goes_along_and_each_of_it_has_its_own_result_params_output_and_place(
    far: Caller, sizes: list[int]
) -> None:
    outcome, events = run(counting(40), far)
    assert sizes[0] == 6
    results = [outcome.results[f"n{i}"] for i in range(40)]
    assert [one.data for one in results] == list(range(1, 41))
    assert [one.params for one in results] == [{"n": i} for i in range(40)]
    assert [one.message for one in results] == [f"was {i}" for i in range(40)]
    assert {one.attempts for one in results} == {1}
    assert all(one.worker and one.started_at for one in results)
    printed = [event for event in events if isinstance(event, NodeOutput)]
    assert "".join(event.text for event in printed) == "".join(f"at {i}\n" for i in range(40))
    places = [int(event.node_id[1:]) for event in printed]
    assert places == sorted(places)
    told = [(type(event), event.node_id) for event in events if isinstance(event, (NodeStarted, NodeFinished))]
    assert told == [(kind, f"n{i}") for i in range(40) for kind in (NodeStarted, NodeFinished)]


def test_calls_that_go_along_are_made_by_the_same_worker(processes: Caller) -> None:
    flow = Workflow(name="flow")
    for i in range(6):
        flow.add(f"n{i}", "t.where")
        if i:
            flow.connect(f"n{i - 1}", f"n{i}")
    outcome, _ = run(flow, processes)
    assert len({outcome.results[f"n{i}"].data for i in range(1, 5)}) == 1


def ledgers(path: Path, length: int, task: str, **fields: dict[str, Any]) -> Workflow:
    flow = Workflow(name="flow")
    for i in range(length):
        given = fields.get(f"n{i}", {})
        params = {"ledger": str(path), **given.pop("params", {})}
        flow.add(f"n{i}", f"t.{given.pop('task', task)}", params=params, **given)
        if i:
            flow.connect(f"n{i - 1}", f"n{i}")
    return flow


def test_what_is_behind_one_that_fails_is_not_called(far: Caller, sizes: list[int], tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    outcome, _ = run(ledgers(path, 8, "look", n3={"params": {"fails": True}}), far)
    assert sizes[0] == 6
    statuses = [outcome.results[f"n{i}"].status for i in range(8)]
    assert statuses == ["succeeded"] * 3 + ["failed"] + ["skipped"] * 4
    assert path.read_text().split() == [f"n{i}" for i in range(4)]


def test_what_is_behind_one_that_may_fail_is_called_once(far: Caller, tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    flow = ledgers(path, 8, "look", n3={"params": {"fails": True}, "on_error": "continue"})
    outcome, _ = run(flow, far)
    assert outcome.status == "succeeded"
    assert path.read_text().split() == [f"n{i}" for i in range(8)]


def test_what_writes_goes_alone_and_so_does_what_is_tried_again_or_timed(
    far: Caller, sizes: list[int], tmp_path: Path
) -> None:
    path = tmp_path / "ledger"
    run(ledgers(path, 12, "note"), far)
    assert not sizes
    flow = ledgers(path, 12, "look", n4={"timeout": 60}, n7={"retry": {"attempts": 2}}, n9={"when": "True"})
    run(flow, far)
    assert path.read_text().split() == [f"n{i}" for i in range(12)] * 2
    assert sizes[0] == max(sizes) == 4


def test_a_message_is_seen_without_its_secrets_also_by_what_could_go_along(far: Caller) -> None:
    flow = Workflow(name="flow")
    flow.add("first", "t.where")
    flow.add("tells", "t.leak", params={"key": "s3cr3t-value"})
    flow.add("hears", "t.give", params={"n": "${{ nodes.tells.message }}", "length": 1})
    flow.connect("first", "tells")
    flow.connect("tells", "hears")
    redact = Redactor()
    redact.add("s3cr3t-value")
    outcome, _ = run(flow, far, redact=redact)
    assert outcome.results["hears"].data == ["the key is ***"]


def test_large_data_ends_a_train_and_is_handed_on_all_the_same(far: Caller) -> None:
    flow = Workflow(name="flow")
    flow.add("n0", "t.give", params={"n": 0, "length": 1})
    for i in range(1, 6):
        params = {"n": f"${{{{ len(nodes.n{i - 1}.data) }}}}", "length": 30_000 if i == 2 else 1}
        flow.add(f"n{i}", "t.give", params=params)
        flow.connect(f"n{i - 1}", f"n{i}")
    outcome, _ = run(flow, far)
    assert [len(outcome.results[f"n{i}"].data) for i in range(6)] == [1, 1, 30_000, 1, 1, 1]
    assert outcome.results["n3"].data == [30_000]


def test_params_that_cannot_be_evaluated_on_the_way_fail_their_node_in_the_same_words(far: Caller) -> None:
    flow = counting(6)
    flow.change("n3", params={"n": "${{ nodes.n2.data.missing }}"})
    there, _ = run(flow, far)
    here, _ = run(flow, Here())
    assert there.results["n3"].cause is Cause.EXPRESSION
    assert [(one.status, one.message) for one in there.results.values()] == [
        (one.status, one.message) for one in here.results.values()
    ]


def test_a_start_that_could_not_be_recorded_ends_the_train_for_the_run(far: Caller) -> None:
    def refuse(event: Any) -> None:
        if isinstance(event, NodeStarted) and event.node_id == "n3":
            raise StoreError("the disk is full")

    outcome, events = run(counting(8), far, subscribers=[refuse])
    assert outcome.results["n3"].cause is Cause.REFUSED
    assert [outcome.results[f"n{i}"].status for i in range(4, 8)] == ["skipped"] * 4
    assert not [event for event in events if isinstance(event, NodeOutput) and event.node_id > "n3"]


def test_a_train_is_cancelled_with_its_run(far: Caller, tmp_path: Path) -> None:
    flow = counting(8)
    flow.change("n3", task="t.wait", params={"sign": str(tmp_path / "sign")})
    execution, events = execution_of(flow, far)

    def cancel() -> None:
        until(lambda: any(isinstance(event, NodeStarted) and event.node_id == "n3" for event in events))
        execution.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    outcome = execution.run()
    thread.join()
    assert [outcome.results[f"n{i}"].status for i in range(8)] == ["succeeded"] * 3 + ["cancelled"] + ["skipped"] * 4


def test_a_process_that_is_lost_on_the_way_fails_the_one_that_it_was_at(processes: Caller, tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    outcome, _ = run(ledgers(path, 8, "look", n3={"task": "die"}), processes)
    assert outcome.results["n3"].message.startswith("its process ended by itself")
    assert [outcome.results[f"n{i}"].status for i in range(8)] == ["succeeded"] * 3 + ["failed"] + ["skipped"] * 4
    assert path.read_text().split() == ["n0", "n1", "n2"]


@pytest.mark.parametrize("seed", range(8))
def test_any_graph_comes_to_the_same_as_here_and_calls_each_node_once(
    processes: Caller, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    made = Workflow(name="flow")
    for i in range(40):
        fails = chance.random() < 0.06
        before = max(i - 1, 0) if chance.random() < 0.8 else chance.randrange(max(i, 1))
        params: dict[str, Any] = {"ledger": "", "n": i, "fails": fails}
        if i and chance.random() < 0.5:
            params["n"] = f"${{{{ nodes.n{before}.{chance.choice(['data', 'message', 'success'])} }}}}"
        task = "t.note" if chance.random() < 0.1 else "t.look"
        made.add(f"n{i}", task, params=params, on_error=chance.choice(["stop", "continue"]))
        if i:
            made.connect(f"n{before}", f"n{i}", on=chance.choice(["success", "success", "success", "always"]))
    found = []
    for place, caller in (("here", Here()), ("far", processes)):
        ledger = tmp_path / place
        flow = made.clone()
        for id, node in made.nodes.items():
            flow.change(id, params={**node.params, "ledger": str(ledger)})
        outcome, _ = run(flow, caller)
        results = {id: (one.status, one.message, one.data, one.cause) for id, one in outcome.results.items()}
        found.append((outcome.status, results, sorted(ledger.read_text().split())))
    assert found[0] == found[1]
    called = found[1][2]
    assert len(called) == len(set(called))


def test_a_slow_one_keeps_nothing_waiting_that_does_not_depend_on_it(far: Caller, tmp_path: Path) -> None:
    flow = counting(4)
    flow.change("n2", task="t.wait", params={"sign": str(tmp_path / "sign")})
    flow.add("beside", "t.one_more", params={"n": "${{ nodes.n1.data }}"})
    flow.connect("n1", "beside")
    execution, events = execution_of(flow, far)

    def cancel() -> None:
        until(lambda: any(isinstance(event, NodeFinished) and event.node_id == "beside" for event in events))
        execution.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    execution.run()
    thread.join()
    assert execution.results["beside"].data == 3
