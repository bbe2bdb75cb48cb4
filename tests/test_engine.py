"""The run semantics of the design, each sentence as a test: over calls in this process, and over calls in others.

A test that is marked ``here`` says why it is about calls in this process alone.
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flowbook.calling import Caller, Here
from flowbook.engine import Execution, NodeResult, Outcome
from flowbook.engine.fan import Fan
from flowbook.errors import (
    AlreadyRunning,
    ExpressionError,
    FlowbookError,
    InputError,
    MissingCredentials,
    NotFound,
    RunFailed,
    SignInFailed,
    StoreDamaged,
    StoreError,
    TaskFailed,
)
from flowbook.events import NodeOutput, NodeProgressed, NodeRetried, NodeStarted, RunFinished, RunStarted
from flowbook.models import Workflow
from flowbook.plan import make_plan
from flowbook.redaction import Redactor
from flowbook.tasks import Result, TaskSpec, current
from flowbook.tasks.signature import signature_of

_caller: Caller = Here()

here = pytest.mark.here
everywhere = pytest.mark.everywhere
MEMORY = "the task and the test share what the task's function closes over"
SIGNAL = "the task and the test wait for each other by a lock, a barrier or an event in memory"


@pytest.fixture(params=["here", "processes", "cluster"], autouse=True)
def caller(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run the test over each caller; over a cluster those that are marked, or all with FLOWBOOK_TEST_EXECUTORS=all."""
    global _caller
    if request.param == "here":
        yield
        return
    mark = request.node.get_closest_marker("here")
    if mark is not None:
        pytest.skip(f"here only: {mark.args[0]}")
    chosen = os.environ.get("FLOWBOOK_TEST_EXECUTORS") == "all" or request.node.get_closest_marker("everywhere")
    if request.param == "cluster" and not chosen:
        pytest.skip("over a cluster with FLOWBOOK_TEST_EXECUTORS=all")
    _caller = request.getfixturevalue(request.param)
    yield
    _caller = Here()


def ok(credentials: Any, params: Any) -> dict[str, Any]:
    return {"success": True, "message": "done", "data": params.get("data", params)}


def fail(credentials: Any, params: Any) -> dict[str, Any]:
    return {"success": False, "message": "it failed", "data": params.get("data")}


def boom(credentials: Any, params: Any) -> dict[str, Any]:
    raise ValueError("boom")


class Tasks:
    """Tasks by function; each is also there as "t.<name>"."""

    def __init__(self, **functions: Callable[..., Any]) -> None:
        self.functions = {"ok": ok, "fail": fail, "boom": boom, **functions}

    def task(self, name: str) -> TaskSpec:
        function = self.functions[name.partition(".")[2]]
        return TaskSpec(name, function, signature_of(function), effects="read")


class Ran:
    """An outcome with the events that led to it."""

    def __init__(self, outcome: Outcome, events: list[Any]) -> None:
        self.outcome = outcome
        self.events = events
        self.status = outcome.status

    def __getitem__(self, node: str) -> NodeResult:
        return self.outcome.results[node]

    def statuses(self) -> dict[str, str]:
        return {node: result.status for node, result in self.outcome.results.items()}

    def text(self, node: str, stream: str = "stdout") -> str:
        found = [e for e in self.events if isinstance(e, NodeOutput) and e.node_id == node and e.stream == stream]
        return "".join(event.text for event in found)


def run(flow: Workflow, tasks: Tasks | None = None, **options: Any) -> Ran:
    events: list[Any] = []
    subscribers = [events.append, *options.pop("subscribers", ())]
    options.setdefault("caller", _caller)
    execution = Execution(make_plan(flow, tasks or Tasks()), run_id="r1", subscribers=subscribers, **options)
    return Ran(execution.run(), events)


def flow_of(edges: str, **nodes: Any) -> Workflow:
    """ "a>b, a!c, a*d": success, failure and always edges; nodes as task names or dicts."""
    flow = Workflow(name="x")
    for node, given in nodes.items():
        fields = {"task": f"t.{given}"} if isinstance(given, str) else {"task": "t.ok", **given}
        flow.add(node, **fields)
    for edge in filter(None, (part.strip() for part in edges.split(","))):
        text, _, when = edge.partition("?")
        for sign, on in ((">", "success"), ("!", "failure"), ("*", "always")):
            if sign in text:
                source, target = text.split(sign)
                flow.connect(source.strip(), target.strip(), on=on, when=when.strip() or None)  # type: ignore[arg-type]
    return flow


class TestEdgesAndJoins:
    @everywhere
    def test_a_chain_runs_in_order_and_hands_on_data(self) -> None:
        flow = flow_of("a>b", a={"params": {"data": 3}}, b={"params": {"data": "${{ nodes.a.data + 1 }}"}})
        ran = run(flow)
        assert ran.status == "succeeded"
        assert ran["b"].data == 4

    def test_a_node_after_an_unhandled_failure_is_skipped_and_says_why(self) -> None:
        ran = run(flow_of("a>b, b>c", a="fail", b="ok", c="ok"))
        assert ran.status == "failed"
        assert ran.statuses() == {"a": "failed", "b": "skipped", "c": "skipped"}
        assert "'a'" in ran["b"].message
        assert "it failed" in ran.outcome.message

    def test_nodes_that_do_not_depend_on_a_failure_still_run(self) -> None:
        ran = run(flow_of("a>b", a="fail", b="ok", other="ok"))
        assert ran["other"].status == "succeeded"
        assert ran.status == "failed"

    @everywhere
    def test_a_failure_edge_handles_the_failure(self) -> None:
        ran = run(flow_of("a>b, a!c", a="fail", b="ok", c="ok"))
        assert ran.statuses() == {"a": "failed", "b": "skipped", "c": "succeeded"}
        assert ran.status == "succeeded"
        assert ran["a"].handled

    def test_branches_that_part_by_success_and_failure_meet_again_without_ceremony(self) -> None:
        for first in ("ok", "fail"):
            ran = run(flow_of("a>b, a!c, b>d, c>d", a=first, b="ok", c="ok", d="ok"))
            assert ran["d"].status == "succeeded", first
            assert ran.status == "succeeded"

    def test_an_always_edge_runs_what_it_leads_to_but_handles_nothing(self) -> None:
        ran = run(flow_of("a*b", a="fail", b="ok"))
        assert ran["b"].status == "succeeded"
        assert ran.status == "failed"

    def test_an_always_edge_of_a_skipped_node_is_not_taken(self) -> None:
        ran = run(flow_of("a>b, b*c", a="fail", b="ok", c="ok"))
        assert ran["c"].status == "skipped"

    def test_a_failure_edge_whose_condition_is_false_handles_nothing(self) -> None:
        ran = run(flow_of("a!b?False, a*c", a="fail", b="ok", c="ok"))
        assert ran.status == "failed"
        assert ran.statuses() == {"a": "failed", "b": "skipped", "c": "succeeded"}

    def test_a_default_join_does_not_run_beside_a_blocked_edge(self) -> None:
        ran = run(flow_of("a>c, b>c", a="ok", b="fail", c="ok"))
        assert ran["c"].status == "skipped"

    def test_join_any_runs_on_any_taken_edge_even_beside_a_blocked_one(self) -> None:
        ran = run(flow_of("a>c, b>c", a="ok", b="fail", c={"join": "any"}))
        assert ran["c"].status == "succeeded"

    def test_join_all_wants_every_edge_taken(self) -> None:
        flow = flow_of("a>c?True, b>c?False", a="ok", b="ok", c={"join": "all"})
        assert run(flow)["c"].status == "skipped"
        flow = flow_of("a>c?True, b>c?False", a="ok", b="ok", c="ok")
        assert run(flow)["c"].status == "succeeded"

    def test_a_branch_not_chosen_does_not_block_what_comes_after_it(self) -> None:
        flow = flow_of("a>b?nodes.a.data.n > 5, a>c?nodes.a.data.n <= 5, b>d, c>d", a={"params": {"n": 3}},
                       b="ok", c="ok", d="ok")  # fmt: skip
        ran = run(flow)
        assert ran.statuses() == {"a": "succeeded", "b": "skipped", "c": "succeeded", "d": "succeeded"}

    def test_a_skip_caused_by_a_blocked_edge_blocks_on(self) -> None:
        ran = run(flow_of("a>b, b>d, c>d", a="fail", b="ok", c="ok", d="ok"))
        assert ran["d"].status == "skipped"

    def test_on_error_continue_makes_every_edge_fit(self) -> None:
        flow = flow_of("a>b, a!c, a*d", a={"task": "t.fail", "on_error": "continue"}, b="ok", c="ok", d="ok")
        ran = run(flow)
        assert ran.status == "succeeded"
        assert set(ran.statuses().values()) == {"failed", "succeeded"}
        assert ran["b"].status == ran["c"].status == ran["d"].status == "succeeded"

    def test_a_false_when_skips_the_node_and_chooses_nothing_after_it(self) -> None:
        ran = run(flow_of("a>b", a={"when": "1 > 2"}, b="ok"))
        assert ran.statuses() == {"a": "skipped", "b": "skipped"}
        assert ran.status == "succeeded"
        assert "when" in ran["a"].message

    def test_a_condition_that_cannot_be_evaluated_fails_what_it_decides_about(self) -> None:
        ran = run(flow_of("a>b?nodes.a.data.missing", a={"params": {"data": {"n": 1}}}, b="ok"))
        assert ran["a"].status == "succeeded"
        assert ran["b"].status == "failed"
        assert "missing" in ran["b"].message
        assert ran.status == "failed"

    def test_a_disabled_node_hands_on_the_result_before_it_and_takes_its_edges(self) -> None:
        flow = flow_of("a>b, b>c", a={"params": {"data": 7}}, b={"task": "t.boom", "disabled": True},
                       c={"params": {"data": "${{ nodes.b.data }}"}})  # fmt: skip
        ran = run(flow)
        assert ran.status == "succeeded"
        assert ran["c"].data == 7

    def test_a_disabled_node_hands_on_the_first_in_plan_order_whose_edge_was_taken(self) -> None:
        parts = {"a": {"params": {"data": 1}}, "b": {"params": {"data": 2}}, "d": {"task": "t.boom", "disabled": True}}
        assert run(flow_of("a>d, b>d", **parts))["d"].data == 1
        assert run(flow_of("b>d, a>d", **parts))["d"].data == 1, "whatever the order of the edges"
        assert run(flow_of("a>d?false, b>d", **parts))["d"].data == 2

    def test_pinned_data_is_used_instead_of_running(self) -> None:
        flow = flow_of("a>b", a={"task": "t.boom", "pinned": [1, 2]}, b={"params": {"data": "${{ nodes.a.data }}"}})
        assert run(flow)["b"].data == [1, 2]

    def test_using_the_data_of_a_skipped_node_is_an_error_that_says_so(self) -> None:
        flow = flow_of("a>c, b>c", a="ok", b={"when": False}, c={"params": {"data": "${{ nodes.b.data }}"}})
        ran = run(flow)
        assert ran["c"].status == "failed"
        assert "skipped" in ran["c"].message

    def test_default_catches_the_data_of_a_skipped_node(self) -> None:
        flow = flow_of("a>c, b>c", a="ok", b={"when": False}, c={"params": {"data": "${{ default(nodes.b.data, 9) }}"}})
        assert run(flow)["c"].data == 9

    def test_the_data_that_a_failed_node_gave_can_be_used(self) -> None:
        flow = flow_of("a!b", a={"task": "t.fail", "params": {"data": {"code": 5}}},
                       b={"params": {"data": "${{ nodes.a.data.code }}"}})  # fmt: skip
        assert run(flow)["b"].data == 5

    def test_a_long_chain_of_skips_is_decided_without_recursion(self) -> None:
        flow = Workflow(name="x")
        flow.add("n0", "t.fail")
        for i in range(1, 3000):
            flow.add(f"n{i}", "t.ok")
            flow.connect(f"n{i - 1}", f"n{i}")
        ran = run(flow)
        assert sum(status == "skipped" for status in ran.statuses().values()) == 2999


class TestData:
    @here("a result that was sent is a copy")
    def test_a_whole_reference_receives_the_very_object(self) -> None:
        thing = object()

        def give(credentials: Any, params: Any) -> dict[str, Any]:
            return {"success": True, "message": "", "data": thing}

        flow = flow_of("a>b", a={"task": "t.give"}, b={"params": {"data": "${{ nodes.a.data }}"}})
        assert run(flow, Tasks(give=give))["b"].data is thing

    def test_a_task_that_changes_its_params_changes_nothing_else(self) -> None:
        def spoil(credentials: Any, params: Any) -> dict[str, Any]:
            params["list"].append(1)
            return {"success": True, "message": "", "data": list(params["list"])}

        flow = flow_of("", a={"task": "t.spoil", "params": {"list": [0]}})
        assert run(flow, Tasks(spoil=spoil))["a"].data == [0, 1]
        assert run(flow, Tasks(spoil=spoil))["a"].data == [0, 1]

    def test_inputs_are_in_scope(self) -> None:
        flow = flow_of("", a={"params": {"data": "Hello ${{ inputs.who }}"}})
        assert run(flow, inputs={"who": "you"})["a"].data == "Hello you"


class TestContract:
    @pytest.mark.parametrize(
        ("returned", "words"),
        [
            (None, "returned None"),
            ("text", "a str"),
            ({}, "'success' and 'message'"),
            ({"success": True}, "'message'"),
            ({"success": "yes", "message": ""}, "'success'"),
            ({"success": True, "message": 3}, "'message'"),
        ],
    )
    def test_what_breaks_the_contract_is_a_clear_failure_of_that_node(self, returned: Any, words: str) -> None:
        ran = run(flow_of("", a="odd", b="ok"), Tasks(odd=lambda credentials, params: returned))
        assert ran["a"].status == "failed"
        assert words in ran["a"].message
        assert ran["b"].status == "succeeded"

    @everywhere
    def test_an_exception_becomes_a_failure_with_the_traceback_in_the_output(self) -> None:
        ran = run(flow_of("", a="boom"))
        assert ran["a"].message == "Error: boom (ValueError)"
        trace = ran.text("a", "traceback")
        assert 'raise ValueError("boom")' in trace
        assert "flowbook/engine" not in trace

    @pytest.mark.parametrize("key", ["data", "message", "error"])
    @everywhere
    def test_an_exception_that_a_task_caught_and_returns_still_shows_where_it_comes_from(self, key: str) -> None:
        def careful(credentials: Any, params: Any) -> dict[str, Any]:
            try:
                return {}["absent"]
            except KeyError as error:
                return {"success": False, "message": "it broke", key: error}

        ran = run(flow_of("", a="careful"), Tasks(careful=careful))
        assert ran["a"].status == "failed"
        assert 'return {}["absent"]' in ran.text("a", "traceback")
        assert "flowbook/calling" not in ran.text("a", "traceback")

    @everywhere
    def test_task_failed_from_an_exception_shows_where_that_comes_from(self) -> None:
        def careful(credentials: Any, params: Any) -> dict[str, Any]:
            try:
                return {}["absent"]
            except KeyError as error:
                raise TaskFailed("it broke") from error

        ran = run(flow_of("", a="careful"), Tasks(careful=careful))
        assert ran["a"].message == "it broke"
        assert 'return {}["absent"]' in ran.text("a", "traceback")
        assert "flowbook/calling" not in ran.text("a", "traceback")

    def test_task_failed_is_a_failure_without_a_traceback(self) -> None:
        def refuse(credentials: Any, params: Any) -> dict[str, Any]:
            raise TaskFailed("no such channel", {"channel": "#x"}, hint="Invite the bot.")

        ran = run(flow_of("", a="refuse"), Tasks(refuse=refuse))
        assert ran["a"].message == "no such channel Invite the bot."
        assert ran["a"].data == {"channel": "#x"}
        assert ran.text("a", "traceback") == ""

    @pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), MemoryError()])
    def test_even_the_worst_exception_only_fails_its_node(self, error: BaseException) -> None:
        def worst(credentials: Any, params: Any) -> dict[str, Any]:
            raise error

        ran = run(flow_of("", a="worst", b="ok"), Tasks(worst=worst))
        assert ran["a"].status == "failed"
        assert ran["b"].status == "succeeded"

    def test_a_task_may_take_credentials_alone(self) -> None:
        def alone(credentials: Any) -> dict[str, Any]:
            return {"success": True, "message": credentials["token"]}

        ran = run(flow_of("", a="alone"), Tasks(alone=alone), connect=lambda node: {"token": "abc"})
        assert ran["a"].message == "abc"

    def test_an_async_task_works(self) -> None:
        async def later(credentials: Any, params: Any) -> Result:
            await asyncio.sleep(0.01)
            return Result.ok("later", 5)

        assert run(flow_of("", a="later"), Tasks(later=later))["a"].data == 5

    def test_text_that_is_no_unicode_is_escaped_in_messages_output_and_tracebacks(self) -> None:
        def odd(credentials: Any, params: Any) -> Any:
            print("a file \udcff")
            if params.get("raise"):
                raise OSError("no file \udcff")
            return {"success": True, "message": "read \udcff", "data": "\udcff"}

        flow = flow_of("", a={"task": "t.odd"}, b={"task": "t.odd", "params": {"raise": True}})
        ran = run(flow, Tasks(odd=odd))
        assert ran["a"].message == "read \\udcff"
        assert ran["a"].data == "\udcff"
        assert ran.text("a") == "a file \\udcff\n"
        assert "no file \\udcff" in ran["b"].message
        assert "no file \\udcff" in ran.text("b", "traceback")


class TestForEach:
    @everywhere
    def test_the_data_is_the_list_of_each_calls_data_in_order(self) -> None:
        def slow_first(credentials: Any, params: Any) -> dict[str, Any]:
            time.sleep(0.05 if params["index"] == 0 else 0)
            return {"success": True, "message": "", "data": (params["index"], params["item"])}

        flow = flow_of("", a={"task": "t.slow_first", "for_each": "inputs.names",
                              "params": {"item": "${{ item }}", "index": "${{ index }}"}})  # fmt: skip
        ran = run(flow, Tasks(slow_first=slow_first), inputs={"names": ["x", "y", "z"]})
        assert ran["a"].data == [(0, "x"), (1, "y"), (2, "z")]

    @here("it calls nothing")
    def test_what_the_first_calls_were_given_is_kept_in_order_though_one_overtakes_another(self) -> None:
        (node,) = make_plan(flow_of("", a={"for_each": "range(2)"}), Tasks()).nodes
        fan = Fan(node, [0, 1], {})
        fan.params[1], fan.params[0] = {"n": 1}, {"n": 0}
        assert fan.first_params() == [{"n": 0}, {"n": 1}]

    @pytest.mark.parametrize("limit", [1, 2, 5])
    @here(SIGNAL)
    def test_max_parallel_limits_the_calls_at_a_time(self, limit: int) -> None:
        lock, going, most = threading.Lock(), [0], [0]

        def count(credentials: Any, params: Any) -> dict[str, Any]:
            with lock:
                going[0] += 1
                most[0] = max(most[0], going[0])
            time.sleep(0.01)
            with lock:
                going[0] -= 1
            return {"success": True, "message": ""}

        flow = flow_of("", a={"task": "t.count", "for_each": "range(12)", "max_parallel": limit})
        assert run(flow, Tasks(count=count))["a"].status == "succeeded"
        assert most[0] <= limit

    @everywhere
    def test_failed_calls_fail_the_node_and_keep_the_others_data(self) -> None:
        def odd(credentials: Any, params: Any) -> dict[str, Any]:
            return {"success": params["n"] % 2 == 0, "message": f"n={params['n']}", "data": params["n"]}

        flow = flow_of("", a={"task": "t.odd", "for_each": "range(4)", "params": {"n": "${{ item }}"}})
        ran = run(flow, Tasks(odd=odd))
        assert ran["a"].status == "failed"
        assert ran["a"].message == "2 of 4 calls failed; the first was index 1: n=1"
        assert ran["a"].data == [0, 1, 2, 3]

    def test_an_empty_list_succeeds_with_an_empty_list(self) -> None:
        ran = run(flow_of("", a={"for_each": []}))
        assert ran["a"].status == "succeeded"
        assert ran["a"].data == []

    def test_what_is_no_list_is_a_clear_failure(self) -> None:
        ran = run(flow_of("", a={"for_each": "inputs.name"}), inputs={"name": "text"})
        assert ran["a"].status == "failed"
        assert "not a list" in ran["a"].message

    @here(MEMORY)
    def test_each_call_is_retried_on_its_own(self) -> None:
        seen: list[int] = []

        def flaky(credentials: Any, params: Any) -> dict[str, Any]:
            seen.append(params["n"])
            return {"success": seen.count(params["n"]) == 2, "message": "again"}

        flow = flow_of("", a={"task": "t.flaky", "for_each": "range(3)", "params": {"n": "${{ item }}"},
                              "retry": {"attempts": 2, "wait": 0}})  # fmt: skip
        ran = run(flow, Tasks(flaky=flaky))
        assert ran["a"].status == "succeeded"
        assert sorted(seen) == [0, 0, 1, 1, 2, 2]
        assert ran["a"].attempts == 2

    def test_progress_counts_the_calls(self) -> None:
        ran = run(flow_of("", a={"for_each": "range(3)"}))
        assert [(e.done, e.total) for e in ran.events if isinstance(e, NodeProgressed)][-1] == (3, 3)


class TestRetryAndTimeout:
    @here(MEMORY)
    def test_a_node_is_tried_again_with_backoff(self) -> None:
        calls: list[int] = []

        def flaky(credentials: Any, params: Any) -> dict[str, Any]:
            calls.append(current().attempt)
            return {"success": len(calls) == 3, "message": "not yet"}

        flow = flow_of("", a={"task": "t.flaky", "retry": {"attempts": 5, "wait": 0.01, "backoff": 2}})
        ran = run(flow, Tasks(flaky=flaky))
        assert ran["a"].status == "succeeded"
        assert calls == [1, 2, 3]
        assert ran["a"].attempts == 3
        assert [e.wait for e in ran.events if isinstance(e, NodeRetried)] == [0.01, 0.02]

    def test_the_last_failure_is_the_nodes(self) -> None:
        ran = run(flow_of("", a={"task": "t.fail", "retry": {"attempts": 2, "wait": 0}}))
        assert ran["a"].status == "failed"
        assert ran["a"].attempts == 2

    @pytest.mark.parametrize(
        "task",
        [
            lambda credentials, params: {"success": False, "message": "No such page", "permanent": True},
            lambda credentials, params: Result.failed("No such page", permanent=True),
            lambda credentials, params: (_ for _ in ()).throw(TaskFailed("No such page", permanent=True)),
        ],
    )
    def test_a_failure_that_will_not_pass_is_not_tried_again(self, task: Any) -> None:
        retry = {"attempts": 5, "wait": 0}
        ran = run(flow_of("", a={"task": "t.gone", "retry": retry}), Tasks(gone=task))
        assert (ran["a"].status, ran["a"].attempts) == ("failed", 1)
        assert ran["a"].message == "No such page (not tried again, as that would not help)"
        assert not [event for event in ran.events if isinstance(event, NodeRetried)]
        assert run(flow_of("", a={"task": "t.gone"}), Tasks(gone=task))["a"].message == "No such page"

    @pytest.mark.parametrize(
        ("error", "calls"),
        [
            (InputError("'../x' is outside of the workspace"), 1),
            (NotFound("workflow", "send", ["receive"]), 1),
            (ExpressionError("no such name"), 1),
            (MissingCredentials("there is none"), 1),
            (StoreDamaged("it is damaged"), 1),
            (AlreadyRunning("send", "r1"), 3),
            (StoreError("it is locked"), 3),
            (SignInFailed("it did not answer"), 3),
            (RunFailed("the workflow failed"), 3),
            (FlowbookError("nobody knows"), 3),
            (ValueError("nobody knows"), 3),
        ],
    )
    def test_an_error_of_ours_tells_by_its_kind_whether_it_will_pass(self, error: Exception, calls: int) -> None:
        def raising(credentials: Any, params: Any) -> Any:
            raise error

        ran = run(flow_of("", a={"task": "t.wrong", "retry": {"attempts": 3, "wait": 0}}), Tasks(wrong=raising))
        assert (ran["a"].status, ran["a"].attempts) == ("failed", calls)

    @pytest.mark.parametrize("returned", [7, {"success": True}, {"success": 1, "message": "x"}])
    def test_a_task_that_returns_no_result_is_not_called_again(self, returned: Any) -> None:
        """What it did, it did; and its code stays as it is."""
        task = Tasks(wrong=lambda credentials, params: returned)
        assert run(flow_of("", a={"task": "t.wrong", "retry": {"attempts": 3, "wait": 0}}), task)["a"].attempts == 1

    @here(MEMORY)
    def test_of_a_list_only_the_items_that_may_pass_are_tried_again(self) -> None:
        seen: list[int] = []

        def partly(credentials: Any, params: Any) -> dict[str, Any]:
            seen.append(params["n"])
            return {"success": False, "message": "no", "permanent": params["n"] == 1}

        flow = flow_of("", a={"task": "t.partly", "for_each": "range(3)", "params": {"n": "${{ item }}"},
                              "retry": {"attempts": 2, "wait": 0}})  # fmt: skip
        run(flow, Tasks(partly=partly))
        assert sorted(seen) == [0, 0, 1, 2, 2]

    def test_params_that_cannot_be_evaluated_are_not_tried_again(self) -> None:
        retry = {"attempts": 5, "wait": 0}
        ran = run(flow_of("", a={"params": {"x": "${{ 1 / 0 }}"}, "retry": retry}))
        assert (ran["a"].status, ran["a"].attempts) == ("failed", 1)

    @here(MEMORY)
    @everywhere
    def test_until_repeats_a_node_until_it_is_true(self) -> None:
        calls: list[int] = []

        def poll(credentials: Any, params: Any) -> dict[str, Any]:
            calls.append(1)
            return {"success": True, "message": "polled", "data": {"state": "ready" if len(calls) == 3 else "wait"}}

        retry = {"attempts": 10, "wait": 0.005, "until": "result.data.state == 'ready'"}
        ran = run(flow_of("", a={"task": "t.poll", "retry": retry}), Tasks(poll=poll))
        assert ran["a"].status == "succeeded"
        assert len(calls) == 3

    def test_until_that_never_comes_true_fails(self) -> None:
        ran = run(flow_of("", a={"retry": {"attempts": 2, "wait": 0, "until": "False"}}))
        assert ran["a"].status == "failed"
        assert "until" in ran["a"].message

    @here(SIGNAL)
    def test_a_timed_out_node_has_failed_and_a_late_return_is_ignored(self) -> None:
        released = threading.Event()

        def stuck(credentials: Any, params: Any) -> dict[str, Any]:
            released.wait(60)
            print("too late")
            return {"success": True, "message": "late"}

        flow = flow_of("a!b", a={"task": "t.stuck", "timeout": 0.1}, b="ok")
        ran = run(flow, Tasks(stuck=stuck), max_workers=1)
        released.set()
        assert ran["a"].status == "failed"
        assert ran["a"].message == "timed out after 0.1 s"
        assert ran["b"].status == "succeeded"
        assert "late" not in ran.text("a")

    @here(MEMORY)
    @everywhere
    def test_a_timed_out_attempt_is_tried_again(self) -> None:
        calls: list[int] = []

        def slow_once(credentials: Any, params: Any) -> dict[str, Any]:
            calls.append(1)
            if len(calls) == 1:
                current().sleep(20)
            return {"success": True, "message": ""}

        # more attempts than the two it takes: on a busy machine even a call that returns at once may come too late
        flow = flow_of("", a={"task": "t.slow_once", "timeout": 0.1, "retry": {"attempts": 50, "wait": 0}})
        ran = run(flow, Tasks(slow_once=slow_once))
        assert ran["a"].status == "succeeded"
        assert len(calls) > 1

    @here(SIGNAL)
    def test_a_task_that_times_out_is_told(self) -> None:
        told = threading.Event()

        def patient(credentials: Any, params: Any) -> dict[str, Any]:
            with current().on_cancel(told.set):
                current().sleep(20)
            return {"success": True, "message": ""}

        run(flow_of("", a={"task": "t.patient", "timeout": 0.05}), Tasks(patient=patient))
        assert told.wait(60)

    @here(SIGNAL)
    def test_an_async_task_that_times_out_is_cancelled(self) -> None:
        cancelled = threading.Event()

        async def forever(credentials: Any, params: Any) -> dict[str, Any]:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled.set()
                raise
            return {"success": True, "message": ""}

        ran = run(flow_of("", a={"task": "t.forever", "timeout": 0.05}), Tasks(forever=forever))
        assert ran["a"].status == "failed"
        assert cancelled.wait(60)


class TestCancel:
    @pytest.fixture
    def patient(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Give tasks that end by themselves the time that they need on a busy machine."""
        monkeypatch.setattr("flowbook.engine.execution.GRACE_SECONDS", 60)

    def start(self, flow: Workflow, tasks: Tasks, cancel_at: threading.Event) -> Ran:
        events: list[Any] = []
        execution = Execution(make_plan(flow, tasks), run_id="r1", subscribers=[events.append])
        threading.Thread(target=lambda: (cancel_at.wait(60), execution.cancel()), daemon=True).start()
        return Ran(execution.run(), events)

    @here(SIGNAL)
    @everywhere
    def test_cancel_returns_within_a_second_even_if_a_task_does_not_cooperate(self) -> None:
        started, release = threading.Event(), threading.Event()

        def stubborn(credentials: Any, params: Any) -> dict[str, Any]:
            started.set()
            release.wait(60)
            return {"success": True, "message": ""}

        ran = self.start(flow_of("a>b", a="stubborn", b="ok"), Tasks(stubborn=stubborn), started)
        release.set()
        assert ran.status == "cancelled"
        assert ran.statuses() == {"a": "cancelled", "b": "cancelled"}
        assert "before it started" in ran["b"].message

    @here(SIGNAL)
    def test_a_task_that_cooperates_ends_by_itself(self, patient: None) -> None:
        started = threading.Event()

        def kind(credentials: Any, params: Any) -> dict[str, Any]:
            started.set()
            whole = current().sleep(30)
            return {"success": whole, "message": "stopped early"}

        ran = self.start(flow_of("", a="kind"), Tasks(kind=kind), started)
        assert ran["a"].status == "cancelled"
        assert ran["a"].message == "stopped early"

    @here(SIGNAL)
    def test_a_result_that_came_in_time_is_kept(self, patient: None) -> None:
        started = threading.Event()

        def finishing(credentials: Any, params: Any) -> dict[str, Any]:
            started.set()
            current().sleep(30)
            return {"success": True, "message": "just in time"}

        ran = self.start(flow_of("", a="finishing"), Tasks(finishing=finishing), started)
        assert ran.status == "cancelled"
        assert ran["a"].status == "succeeded"

    @pytest.mark.parametrize("for_each", [None, [1, 2]], ids=["once", "for each"])
    def test_a_start_that_is_being_told_is_told_before_the_end(self, for_each: list[int] | None) -> None:
        starting, heard = threading.Event(), []

        def slow(event: Any) -> None:
            if isinstance(event, NodeStarted):
                starting.set()
                time.sleep(0.3)
            heard.append(type(event).__name__)

        node = {"task": "t.ok", "for_each": for_each} if for_each else {"task": "t.ok"}
        execution = Execution(make_plan(flow_of("", a=node), Tasks()), run_id="r1", subscribers=[slow], caller=_caller)
        threading.Thread(target=lambda: (starting.wait(60), execution.cancel()), daemon=True).start()
        assert execution.run().status == "cancelled"
        assert heard[:2] == ["RunStarted", "NodeStarted"]
        assert heard[-2:] == ["NodeFinished", "RunFinished"]

    @here(SIGNAL)
    def test_waiting_retries_are_cancelled_too(self) -> None:
        started = threading.Event()

        def failing(credentials: Any, params: Any) -> dict[str, Any]:
            started.set()
            return {"success": False, "message": "no"}

        flow = flow_of("", a={"task": "t.failing", "retry": {"attempts": 3, "wait": 60}})
        ran = self.start(flow, Tasks(failing=failing), started)
        assert ran.status == "cancelled"
        assert ran["a"].status == "cancelled"


class TestOutput:
    def test_parallel_nodes_never_mix_their_outputs(self) -> None:
        def chatter(credentials: Any, params: Any) -> dict[str, Any]:
            for i in range(200):
                print(params["name"], i)
                print("err", params["name"], file=sys.stderr)
            return {"success": True, "message": ""}

        nodes = {f"n{i}": {"task": "t.chatter", "params": {"name": f"name{i}"}} for i in range(4)}
        ran = run(flow_of("", **nodes), Tasks(chatter=chatter))
        for i in range(4):
            assert ran.text(f"n{i}") == "".join(f"name{i} {k}\n" for k in range(200))
            assert ran.text(f"n{i}", "stderr") == f"err name{i}\n" * 200

    @here("it has a process of its own")
    def test_streams_are_as_before_after_the_run(self, tmp_path: Path) -> None:
        """In a process of its own: calls that a run gave up on, as other tests leave some, keep their streams apart."""
        code = """if True:
            import sys
            from flowbook import Workflow, Workspace
            before, flow = (sys.stdout, sys.stderr), Workflow(name="f")
            flow.add("a", "core.python", params={"code": "import sys; seen = type(sys.stdout).__name__; seen"})
            run = Workspace(memory=True).run(flow)
            assert run["a"].data == "Router", run["a"].data
            assert (sys.stdout, sys.stderr) == before
            """
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False
        )
        assert done.returncode == 0, done.stderr

    @here(SIGNAL)
    @everywhere
    def test_a_line_is_seen_while_the_task_goes_on(self) -> None:
        seen, release = threading.Event(), threading.Event()

        def talk(credentials: Any, params: Any) -> dict[str, Any]:
            print("first")
            print("second")
            assert release.wait(60)
            return {"success": True, "message": ""}

        texts: list[str] = []

        def watch(event: Any) -> None:
            if isinstance(event, NodeOutput):
                texts.append(event.text)
                if "second" in "".join(texts):
                    seen.set()
                    release.set()

        run(flow_of("", a="talk"), Tasks(talk=talk), subscribers=[watch])
        assert seen.is_set()

    def test_megabytes_of_output_are_cut_and_it_says_so(self) -> None:
        def flood(credentials: Any, params: Any) -> dict[str, Any]:
            for _ in range(300):
                print("x" * 10_000)
            return {"success": True, "message": ""}

        ran = run(flow_of("", a="flood"), Tasks(flood=flood))
        assert len(ran.text("a")) < 1_100_000
        assert "output cut" in ran.text("a")
        assert ran["a"].status == "succeeded"

    @pytest.mark.parametrize("cut", [1, 3, 7])
    def test_a_secret_is_redacted_even_when_it_is_printed_in_pieces(self, cut: int) -> None:
        secret = "s3cr3t-value-0123456789"

        def leak(credentials: Any, params: Any) -> dict[str, Any]:
            for i in range(0, len(secret), cut):
                print(secret[i : i + cut], end="", flush=True)
                time.sleep(0.03)
            print(" and", secret)
            raise RuntimeError(f"failed with {secret}")

        ran = run(flow_of("", a="leak"), Tasks(leak=leak), redact=Redactor([secret]))
        assert secret not in repr(ran.events)
        assert secret not in "".join(e.text for e in ran.events if isinstance(e, NodeOutput))
        assert secret not in ran["a"].message
        assert "***" in ran["a"].message


class TestWorkers:
    @here(SIGNAL)
    def test_nodes_that_wait_for_each_other_run_side_by_side_amid_thousands_of_quick_ones(self) -> None:
        met = [threading.Barrier(4, timeout=60), threading.Barrier(4, timeout=60)]

        def meet(credentials: Any, params: Any) -> dict[str, Any]:
            met[params["turn"]].wait()
            return {"success": True, "message": "", "data": None}

        nodes: dict[str, Any] = {}
        for turn in range(2):
            nodes |= {f"quick_{turn}_{number}": "ok" for number in range(1500)}
            nodes |= {f"meet_{turn}_{number}": {"task": "t.meet", "params": {"turn": turn}} for number in range(4)}
        ran = run(flow_of("", **nodes), Tasks(meet=meet))
        assert set(ran.statuses().values()) == {"succeeded"}

    @here(SIGNAL)
    def test_thousands_of_quick_nodes_do_not_wait_for_those_that_hang(self) -> None:
        done = threading.Event()

        def hang(credentials: Any, params: Any) -> dict[str, Any]:
            return {"success": done.wait(60), "message": "", "data": None}

        def finish(credentials: Any, params: Any) -> dict[str, Any]:
            done.set()
            return {"success": True, "message": "", "data": None}

        nodes: dict[str, Any] = {f"quick_{number}": "ok" for number in range(1000)}
        nodes |= {f"hang_{number}": "hang" for number in range(7)}
        nodes |= {f"more_{number}": "ok" for number in range(1000)}
        ran = run(flow_of("", **nodes, last="finish"), Tasks(hang=hang, finish=finish))
        assert set(ran.statuses().values()) == {"succeeded"}


class TestEvents:
    @everywhere
    def test_a_run_is_told_from_start_to_finish(self) -> None:
        ran = run(flow_of("a>b", a="ok", b="ok"))
        kinds = [(type(e).__name__, getattr(e, "node_id", "")) for e in ran.events]
        assert kinds == [
            ("RunStarted", ""), ("NodeStarted", "a"), ("NodeFinished", "a"), ("NodeStarted", "b"),
            ("NodeFinished", "b"), ("RunFinished", ""),
        ]  # fmt: skip
        assert isinstance(ran.events[0], RunStarted)
        assert isinstance(ran.events[-1], RunFinished)

    @pytest.mark.parametrize("error", [RuntimeError("subscriber"), SystemExit(3)], ids=repr)
    def test_a_subscriber_that_fails_does_not_hurt_the_run(
        self, error: BaseException, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Nor does one that calls sys.exit: that of a run in the background ended its thread, and the run never did."""

        def bad(event: Any) -> None:
            raise error

        assert run(flow_of("", a="ok"), subscribers=[bad]).status == "succeeded"
        assert "a subscriber failed" in caplog.text

    @pytest.mark.parametrize("way", ["prints", "fails and is logged"])
    def test_what_a_subscriber_prints_is_no_output_of_the_node(
        self, way: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """It is told of a node's output in the midst of that: the run hung, each of the two waiting for the other."""
        handler = logging.StreamHandler()

        def chatty(event: Any) -> None:
            if way == "prints":
                print(f"told of {type(event).__name__}")
            else:
                raise RuntimeError(f"told of {type(event).__name__}")

        def work(credentials: Any, params: Any) -> dict[str, Any]:
            print("hello")
            current().progress(1, 2)
            print("x" * 20_000)
            return {"success": True, "message": ""}

        ended: list[Ran] = []

        def go() -> None:
            ended.append(run(flow_of("", a="work"), Tasks(work=work), subscribers=[chatty]))

        thread = threading.Thread(target=go, daemon=True)
        logging.getLogger("flowbook.engine").addHandler(handler)
        try:
            thread.start()
            thread.join(60)
        finally:
            logging.getLogger("flowbook.engine").removeHandler(handler)
        assert ended, "the run hangs"
        assert ended[0].text("a") == "hello\n" + "x" * 20_000 + "\n"
        assert ended[0].text("a", "stderr") == ""
        said = capsys.readouterr()
        for kind in ("NodeOutput", "NodeProgressed", "NodeFinished"):
            assert f"told of {kind}" in (said.out if way == "prints" else said.err)

    def test_what_a_subscriber_could_not_do_is_kept_for_the_person_to_see(self) -> None:
        def journal(event: Any) -> None:
            if isinstance(event, RunFinished):
                raise StoreError("the disk is full.")

        execution = Execution(make_plan(flow_of("", a="ok"), Tasks()), run_id="r1", subscribers=[journal])
        assert execution.run().status == "succeeded"
        assert execution.problems == ["the disk is full."]

    @here(MEMORY)
    def test_what_could_not_be_recorded_is_not_done(self) -> None:
        called = []

        def journal(event: Any) -> None:
            if isinstance(event, NodeStarted):
                raise StoreError("the disk is full.")

        def effect(credentials: Any, params: Any) -> dict[str, Any]:
            called.append(1)
            return {"success": True, "message": ""}

        ran = run(flow_of("", a="effect"), Tasks(effect=effect), subscribers=[journal])
        assert not called
        assert ran["a"].status == "failed"
        assert "the disk is full" in ran["a"].message

    @here(MEMORY)
    def test_many_nodes_share_few_threads(self) -> None:
        names: set[str] = set()

        def note(credentials: Any, params: Any) -> dict[str, Any]:
            names.add(threading.current_thread().name)
            return {"success": True, "message": ""}

        flow = flow_of("", **{f"n{i}": "note" for i in range(200)})
        assert run(flow, Tasks(note=note), max_workers=3).status == "succeeded"
        assert len(names) <= 3
