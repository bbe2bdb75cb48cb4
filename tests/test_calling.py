"""A call by its order alone: what a task hears, says and is told is the same wherever it is made."""

from __future__ import annotations

import os
import pickle
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowbook.calling import Caller, Here, Order, RunFacts
from flowbook.calling.processes import InProcesses
from flowbook.calling.together import TELL_SECONDS, Together
from flowbook.catalog import Catalog
from flowbook.engine import Execution
from flowbook.events import NodeOutput, NodeProgressed, NodeStarted
from flowbook.models import Workflow
from flowbook.plan import make_plan
from flowbook.redaction import Redactor
from flowbook.results import Cause, NodeResult
from flowbook.tasks import Result, TaskSpec, current
from flowbook.tasks.signature import signature_of
from tests.waiting import until

SECRET = "s3cr3t-value-0123456789"


@pytest.fixture(params=["here", "processes"])
def caller(request: pytest.FixtureRequest) -> Any:
    """Each caller in its turn."""
    return Here() if request.param == "here" else request.getfixturevalue("processes")


class Only:
    """A place where just one task is found."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def task(self, name: str) -> TaskSpec:
        return TaskSpec(name, self.function, signature_of(self.function), effects="read")


def execution(caller: Caller, function: Callable[..., Any], events: list[Any], **options: Any) -> Execution:
    fields = {name: options.pop(name) for name in ("params", "timeout", "for_each") if name in options}
    flow = Workflow(name="flow")
    flow.add("only", "t.only", **fields)
    subscribers = [events.append, *options.pop("subscribers", ())]
    plan = make_plan(flow, Only(function))
    return Execution(plan, run_id="r1", subscribers=subscribers, caller=caller, **options)


def run(caller: Caller, function: Callable[..., Any], **options: Any) -> tuple[NodeResult, list[Any]]:
    events: list[Any] = []
    return execution(caller, function, events, **options).run().results["only"], events


def printed(events: list[Any], stream: str) -> str:
    return "".join(event.text for event in events if isinstance(event, NodeOutput) and event.stream == stream)


# --- what a task can know ----------------------------------------------------------------------------------------


def tell(credentials: Any, params: Any) -> Result:
    here = current()
    return Result.ok(
        "told",
        {
            "ids": [here.run_id, here.workflow, here.node_id, here.idempotency_key], "attempt": here.attempt,
            "index": here.index, "inputs": dict(here.inputs), "file": str(here.path("a.txt")), "params": params,
            "token": credentials["token"], "process": os.getpid(),
        },
    )  # fmt: skip


def test_it_knows_its_run_its_inputs_and_its_credentials(caller: Caller, tmp_path: Path) -> None:
    result, _ = run(
        caller, tell, params={"n": "${{ inputs.n + 1 }}"}, inputs={"n": 1}, root=tmp_path,
        connect=lambda node: {"token": "abc"},
    )  # fmt: skip
    assert result.success, result.message
    process = result.data.pop("process")
    assert (process == os.getpid()) == isinstance(caller, Here)
    assert result.data == {
        "ids": ["r1", "flow", "only", "r1.only"], "attempt": 1, "index": None, "inputs": {"n": 1},
        "file": str(tmp_path / "a.txt"), "params": {"n": 2}, "token": "abc",
    }  # fmt: skip


def test_each_item_of_a_list_has_its_position(caller: Caller) -> None:
    result, _ = run(
        caller, tell, params={"n": "${{ item }}"}, for_each=["x", "y"], connect=lambda node: {"token": "abc"}
    )
    assert [(each["index"], each["params"]["n"]) for each in result.data] == [(0, "x"), (1, "y")]


def test_code_sees_the_inputs_and_the_nodes_before_it(caller: Caller) -> None:
    flow = Workflow(name="flow")
    flow.add("a", "core.set", params={"values": [1, 2]})
    flow.add("b", "core.python", params={"code": "[nodes.a.data, nodes.a.status, inputs.n]"})
    flow.connect("a", "b")
    ran = Execution(make_plan(flow, Catalog()), run_id="r1", inputs={"n": 3}, caller=caller).run()
    assert ran.results["b"].data == [[1, 2], "succeeded", 3], ran.message


# --- what it says ------------------------------------------------------------------------------------------------


def talk(credentials: Any, params: Any) -> Result:
    import sys

    from IPython.display import HTML, display

    print("to out", params["secret"])
    print("to err", file=sys.stderr)
    display(HTML("<b>shown</b>"))
    current().progress(1, 2, f"half {params['secret']}")
    raise ValueError(params["secret"])


def test_what_it_prints_displays_and_how_far_it_is_comes_without_secrets(caller: Caller) -> None:
    result, events = run(caller, talk, params={"secret": SECRET}, redact=Redactor([SECRET]))
    assert result.cause is Cause.RAISED
    assert printed(events, "stdout") == "to out ***\n"
    assert printed(events, "stderr") == "to err\n"
    assert 'raise ValueError(params["secret"])' in printed(events, "traceback")
    (shown,) = [event.data for event in events if isinstance(event, NodeOutput) and event.stream == "display"]
    assert shown is not None
    assert shown["text/html"] == "<b>shown</b>"
    assert [(e.done, e.total, e.text) for e in events if isinstance(e, NodeProgressed)] == [(1, 2, "half ***")]
    assert SECRET not in repr(events[1:])


# --- how it ends -------------------------------------------------------------------------------------------------


def leaves(credentials: Any, params: Any) -> Result:
    import os

    if os.fork() == 0:
        os._exit(0)  # what is forked off ends as always
    os.wait()
    os._exit(0)


def test_a_task_that_ends_the_process_has_failed_and_ends_no_run(caller: Caller) -> None:
    """As if the run had succeeded: exit code 0, and nothing was said."""
    result, _ = run(caller, leaves)
    assert (result.status, result.cause) in (("failed", Cause.RAISED), ("failed", Cause.INTERRUPTED))
    assert "called os._exit(0)" in result.message or "exit status 0" in result.message


def patient(credentials: Any, params: Any) -> Result:
    Path(params["begun"]).touch()
    whole = current().sleep(60)
    return Result(whole, "the whole time" if whole else "stopped early")


def stubborn(credentials: Any, params: Any) -> Result:
    Path(params["begun"]).touch()
    while not Path(params["end"]).exists():
        time.sleep(0.01)
    print("too late")
    return Result.ok("late")


def when_there(file: Path, action: Callable[[], None]) -> None:
    def wait() -> None:
        while not file.exists():
            time.sleep(0.01)
        action()

    threading.Thread(target=wait, daemon=True).start()


def test_a_cancelled_run_tells_it_to_stop(caller: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flowbook.engine.execution.GRACE_SECONDS", 60)
    begun = tmp_path / "begun"
    running = execution(caller, patient, [], params={"begun": str(begun)})
    when_there(begun, running.cancel)
    result = running.run().results["only"]
    assert (result.status, result.message) == ("cancelled", "stopped early")


def test_a_call_that_takes_too_long_is_let_go_of(caller: Caller, tmp_path: Path) -> None:
    end = tmp_path / "end"
    result, events = run(caller, stubborn, params={"begun": str(tmp_path / "begun"), "end": str(end)}, timeout=0.5)
    end.touch()
    assert (result.cause, result.message) == (Cause.TIMED_OUT, "timed out after 0.5 s")
    assert not printed(events, "stdout")


def test_a_call_in_another_process_that_is_let_go_of_ends_with_it(processes: InProcesses, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    running = execution(processes, stubborn, [], params={"begun": str(begun), "end": str(tmp_path / "never")})
    when_there(begun, running.cancel)
    assert running.run().status == "cancelled"
    assert run(processes, patient_no_more, params={})[0].success


def patient_no_more(credentials: Any, params: Any) -> Result:
    return Result.ok("at once")


# --- only of calls elsewhere -------------------------------------------------------------------------------------


def die(credentials: Any, params: Any) -> Result:
    os._exit(9)


def unsendable(credentials: Any, params: Any) -> Result:
    return Result.ok("made", threading.Lock())


def test_a_process_that_is_lost_fails_its_call_and_nothing_else(processes: InProcesses) -> None:
    result, _ = run(processes, die)
    assert (result.status, result.cause) == ("failed", Cause.INTERRUPTED)
    assert result.message == "its process ended by itself before the task returned (exit status 9)"
    assert run(processes, patient_no_more)[0].success


def test_what_cannot_be_sent_fails_its_call_in_words(processes: InProcesses) -> None:
    result, _ = run(processes, unsendable)
    assert result.message.startswith("result.data (a _thread.lock) cannot be sent to another process: ")
    result, _ = run(processes, tell, inputs={"lock": threading.Lock()}, connect=lambda node: {"token": "abc"})
    assert result.cause is Cause.REFUSED
    assert result.message.startswith("not called: inputs.lock (a _thread.lock) cannot be sent to another process: ")


# --- orders ------------------------------------------------------------------------------------------------------


def order(**nodes: Any) -> Order:
    facts = RunFacts("r1", "flow", Path("/folder"), {"n": 1}, nodes)
    return Order("t.only", "only", 1, None, {"x": [1]}, {"token": SECRET}, facts)


def test_an_order_is_plain_data_that_can_be_sent() -> None:
    known = NodeResult("succeeded", "done", {"rows": [1]}, 1, 0.5, 1.0, cause=Cause.RETURNED, params={"a": 1})
    sent = pickle.loads(pickle.dumps(order(before=known).parcel(nodes=True)))
    there = sent.run.nodes["before"]
    assert sent._replace(run=None) == order()._replace(run=None)
    assert (there.data, there.cause, there.params) == ({"rows": [1]}, Cause.RETURNED, {"a": 1})


def test_an_order_takes_the_nodes_along_only_where_something_asks_for_them() -> None:
    nodes = {"before": NodeResult("succeeded", data=threading.Lock())}
    assert order(**nodes).parcel(nodes=False).run.nodes == {}
    assert order(**nodes).parcel(nodes=True).run.nodes == nodes


def test_an_order_does_not_show_what_is_in_it() -> None:
    assert repr(order()) == "<Order flow.only: t.only, attempt 1>"
    assert SECRET not in str(order())


def test_a_sub_workflow_is_run_where_the_engine_is(caller: Caller) -> None:
    flow = Workflow(name="outer")
    flow.add("sub", "core.run_workflow", params={"workflow": "inner", "inputs": {"n": 1}})

    def run_workflow(name: str, inputs: Any, parent: Any) -> Any:
        raise RuntimeError(f"{name} {inputs} {parent.node_id} {os.getpid()}")

    ran = Execution(make_plan(flow, Catalog()), run_id="r1", caller=caller, run_workflow=run_workflow).run()
    assert f"inner {{'n': 1}} sub {os.getpid()}" in ran.results["sub"].message


def test_nothing_is_begun_that_the_history_could_not_take(processes: InProcesses, tmp_path: Path) -> None:
    from flowbook.errors import StoreError

    def journal(event: Any) -> None:
        if isinstance(event, NodeStarted):
            raise StoreError("the disk is full.")

    begun = tmp_path / "begun"
    result, _ = run(processes, patient, params={"begun": str(begun)}, subscribers=[journal])
    assert result.cause is Cause.REFUSED
    assert not begun.exists()


def test_what_is_told_together_wakes_nobody_while_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[list[bytes]] = []
    looks: list[float] = []
    real = Together._tell
    monkeypatch.setattr(Together, "_tell", lambda self: looks.append(time.monotonic()) or real(self))
    together = Together(told.append)
    for message in (b"at once", b"later", b"with it"):
        together.add(message)
    until(lambda: len(told) == 2)
    time.sleep(TELL_SECONDS * 6)
    assert len(looks) == 2
    together.add(b"after a while")
    together.add(b"the rest")
    together.close()
    assert told == [[b"at once"], [b"later", b"with it"], [b"after a while"], [b"the rest"]]
    assert together._late is not None
    together._late.join(30)
    assert not together._late.is_alive()


def test_what_may_come_later_waits_for_others_and_for_no_longer_than_it_may() -> None:
    told: list[list[bytes]] = []
    together = Together(told.append)
    together.add(b"may wait", 60, later=True)
    assert told == []
    together.add(b"may not", 0.1)
    assert told == [[b"may wait", b"may not"]]
    together.add(b"waits long", 60, later=True)
    together.add(b"waits a moment", 0.2)
    until(lambda: len(told) == 2)
    together.add(b"alone", 0.1, later=True)
    until(lambda: len(told) == 3)
    assert told[1:] == [[b"waits long", b"waits a moment"], [b"alone"]]
    together.close()
