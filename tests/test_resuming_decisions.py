"""What a resumed run keeps, runs again and asks about, decided from what the history holds of it."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowbook.errors import FlowbookError, InputError, InvalidInputs, NotFound, RunHeld
from flowbook.events import Event, NodeFinished, NodeStarted, RunFinished
from flowbook.journal import RunRecord, RunSummary
from flowbook.journal.contents import Content, keep
from flowbook.models import Workflow
from flowbook.plan import Plan, make_plan
from flowbook.redaction import Redactor
from flowbook.results import Cause, NodeResult
from flowbook.workspace import Run, Workspace
from flowbook.workspace.resuming import Resumption, decide, inputs_again

TASKS = '''
from flowbook import task


def made(params):
    if params.get("fail"):
        return {"success": False, "message": "it failed", "data": params.get("gives")}
    return {"success": True, "message": "done", "data": params.get("gives")}


@task(effects="read")
def read(credentials, params):
    """Read."""
    return made(params)


@task(effects="idempotent")
def repeat(credentials, params):
    """Write in a way that may be repeated."""
    return made(params)


@task(effects="write")
def write(credentials, params):
    """Write."""
    return made(params)


@task(effects="write", runs_code=True)
def code(credentials, params):
    """Run code."""
    return made(params)
'''


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    folder: Path = tmp_path_factory.mktemp("resuming")
    (folder / "integrations" / "step").mkdir(parents=True)
    (folder / "integrations" / "step" / "tasks.py").write_text(TASKS)
    workspace = Workspace(folder, memory=True)
    yield workspace
    workspace.close()


def chain(*tasks: str, **params: Any) -> Workflow:
    """A workflow a → b → c … of these tasks; each but the first uses the data of the one before it."""
    flow = Workflow(name="chain")
    for id, task in zip("abcdef", tasks, strict=False):
        before = chr(ord(id) - 1)
        flow.add(id, f"step.{task}", params={"gives": f"${{{{ nodes.{before}.data }}}}"} if id > "a" else {})
        if id > "a":
            flow.connect(before, id)
    return flow


Node = tuple[str, NodeResult]


def node(
    id: str, status: Any, effects: str = "read", *, data: Any = None, handled: bool = False, message: str = "",
    began: bool = True, cause: Cause | None = Cause.RETURNED,
) -> Node:  # fmt: skip
    kept = Content(*keep(data, None, str))
    started = 100.0 if began else None
    return id, NodeResult(status, message, kept, 1, 1.0, started, cause=cause, effects=effects, handled=handled)


def record_of(flow: Workflow, plan: Plan, *nodes: Node, status: str = "interrupted") -> RunRecord:
    summary = RunSummary("run-1", flow.name, status, 100.0, 1.0, "")
    return RunRecord(summary, flow.to_document(), {}, tuple(plan.index), dict(nodes), [])


def decided(ws: Workspace, flow: Workflow, *nodes: Node, **words: Collection[str]) -> Resumption:
    plan = make_plan(flow, ws.catalog)
    return decide(record_of(flow, plan, *nodes), plan, **words)


class TestWhatIsKept:
    def test_a_success_is_kept_with_its_data(self, ws: Workspace) -> None:
        kept = decided(ws, chain("write", "read"), node("a", "succeeded", "write", data=[1])).kept
        assert {id: (one.status, one.data) for id, one in kept.items()} == {"a": ("succeeded", [1])}

    def test_a_failure_is_kept_when_something_handled_it_and_else_runs_again_even_if_it_writes(
        self, ws: Workspace
    ) -> None:
        flow = chain("write", "read")
        kept = decided(ws, flow, node("a", "failed", "write", handled=True, message="no")).kept
        assert (kept["a"].status, kept["a"].message, kept["a"].handled) == ("failed", "no", True)
        assert decided(ws, flow, node("a", "failed", "write")).kept == {}

    def test_a_skip_is_kept_only_when_all_before_it_stands(self, ws: Workspace) -> None:
        flow = chain("read", "read", "read")
        kept = decided(ws, flow, node("a", "succeeded"), node("b", "skipped"), node("c", "skipped")).kept
        assert set(kept) == {"a", "b", "c"}
        kept = decided(ws, flow, node("a", "failed"), node("b", "skipped"), node("c", "skipped")).kept
        assert set(kept) == set()

    @pytest.mark.parametrize("status", ["pending", "cancelled", "running"])
    @pytest.mark.parametrize("effects", ["read", "idempotent"])
    def test_what_was_in_flight_and_may_be_repeated_runs_again(self, ws: Workspace, status: str, effects: str) -> None:
        assert decided(ws, chain("read"), node("a", status, effects)).kept == {}


class TestWhatIsHeld:
    @pytest.mark.parametrize(
        ("status", "cause"),
        [("unknown", Cause.INTERRUPTED), ("cancelled", Cause.CANCELLED), ("failed", Cause.TIMED_OUT)],
    )
    def test_a_write_that_may_have_taken_effect_waits_for_a_word(
        self, ws: Workspace, status: str, cause: Cause
    ) -> None:
        message = "so it ended"
        flow, found = chain("read", "write"), node("b", status, "write", message=message, cause=cause)
        with pytest.raises(RunHeld) as caught:
            decided(ws, flow, node("a", "succeeded"), found)
        line = caught.value.message.splitlines()[1]
        assert line.startswith(f"  b: {message}")
        assert "--accept b" in line
        assert "--rerun b" in line
        assert set(caught.value.nodes) == {"b"}

        accepted = decided(ws, flow, node("a", "succeeded"), found, accept=["b"])
        assert accepted.accepted["b"].success
        assert accepted.accepted["b"].data is None
        again = decided(ws, flow, node("a", "succeeded"), found, rerun=["b"])
        assert (set(again.kept), again.accepted) == ({"a"}, {})

    def test_all_held_nodes_are_named_at_once(self, ws: Workspace) -> None:
        flow = Workflow(name="two")
        flow.add("a", "step.write")
        flow.add("b", "step.write")
        found = node("a", "unknown", "write"), node("b", "unknown", "write")
        with pytest.raises(RunHeld) as caught:
            decided(ws, flow, *found)
        assert set(caught.value.nodes) == {"a", "b"}
        with pytest.raises(RunHeld) as caught:
            decided(ws, flow, *found, accept=["a"])
        assert set(caught.value.nodes) == {"b"}

    def test_a_write_that_was_cancelled_before_it_started_is_not_held(self, ws: Workspace) -> None:
        assert (
            decided(ws, chain("write"), node("a", "cancelled", "write", began=False, cause=Cause.CANCELLED)).kept == {}
        )

    def test_words_about_nodes_that_are_not_held_are_refused(self, ws: Workspace) -> None:
        flow, found = chain("write", "read"), node("a", "succeeded", "write")
        with pytest.raises(InputError, match="'a' is not held: it is recorded as succeeded"):
            decided(ws, flow, found, rerun=["a"])
        with pytest.raises(InputError, match="'b' is not held: it is recorded as pending"):
            decided(ws, flow, found, accept=["b"])
        with pytest.raises(InputError, match="both accepted and run again"):
            decided(ws, flow, node("a", "unknown", "write"), accept=["a"], rerun=["a"])

    def test_an_unknown_node_is_refused_with_the_nearest(self, ws: Workspace) -> None:
        flow = Workflow(name="one")
        flow.add("send_mail", "step.write")
        with pytest.raises(NotFound, match="Did you mean 'send_mail'"):
            decided(ws, flow, node("send_mail", "unknown", "write"), accept=["send_mial"])


class TestDataThatWasNotKept:
    GONE = {1: "JSON has only keys of text"}  # noqa: RUF012

    def test_a_node_that_reads_runs_again_and_so_does_what_it_needs(self, ws: Workspace) -> None:
        flow = chain("read", "read", "write")
        kept = decided(ws, flow, node("a", "succeeded", data=self.GONE), node("b", "succeeded", data=self.GONE)).kept
        assert kept == {}

    def test_a_node_that_writes_is_held_with_the_reason(self, ws: Workspace) -> None:
        flow, found = chain("write", "read"), node("a", "succeeded", "write", data=self.GONE)
        with pytest.raises(RunHeld, match=r"a: its data was not kept.*keys that are not text.*uses it"):
            decided(ws, flow, found)
        assert decided(ws, flow, found, rerun=["a"]).kept == {}
        assert decided(ws, flow, found, accept=["a"]).accepted["a"].data is None

    def test_data_that_held_a_secret_counts_as_not_kept(self, ws: Workspace) -> None:
        redact = Redactor(["s3same-0pen"])
        kind, content = keep({"token": "s3same-0pen"}, redact.redact_json, redact)
        found = "a", NodeResult("succeeded", data=Content(kind, content), effects="write")
        with pytest.raises(RunHeld, match="kept without the secrets in it"):
            decided(ws, chain("write", "read"), found)

    def test_nodes_whose_data_nothing_uses_any_more_are_kept(self, ws: Workspace) -> None:
        flow = chain("write", "write", "read")
        kept = decided(
            ws, flow, node("a", "succeeded", "write", data=self.GONE), node("b", "succeeded", "write", data=1)
        ).kept
        assert set(kept) == {"a", "b"}

    def test_the_condition_of_an_edge_to_a_node_that_runs_uses_it_too(self, ws: Workspace) -> None:
        flow = Workflow(name="edge")
        for id in "ab":
            flow.add(id, "step.write")
        flow.connect("a", "b", when="nodes.a.data.n > 0")
        with pytest.raises(RunHeld):
            decided(ws, flow, node("a", "succeeded", "write", data=self.GONE))

    def test_code_may_use_any_node_before_it(self, ws: Workspace) -> None:
        flow = Workflow(name="code")
        flow.add("a", "step.write")
        flow.add("b", "step.read")
        flow.add("c", "step.code")
        flow.connect("a", "b")
        flow.connect("b", "c")
        with pytest.raises(RunHeld, match="a: its data"):
            decided(ws, flow, node("a", "succeeded", "write", data=self.GONE), node("b", "succeeded"))

    def test_a_disabled_node_hands_on_what_was_before_it(self, ws: Workspace) -> None:
        flow = chain("write", "read", "read")
        flow.change("b", disabled=True)
        with pytest.raises(RunHeld, match="a: its data"):
            decided(ws, flow, node("a", "succeeded", "write", data=self.GONE))


class TestInputs:
    def inputs(self, recorded: dict[str, Any], given: dict[str, Any], withheld: tuple[str, ...] = ()) -> Any:
        flow = Workflow(name="asks")
        flow.set_input("token", type="password")
        flow.set_input("repo", type="string")
        summary = RunSummary("run-1", "asks", "failed", 100.0, 1.0, "")
        record = RunRecord(summary, flow.to_document(), recorded, (), {}, [], withheld)
        return inputs_again(record, flow, given)

    def test_recorded_inputs_are_taken_and_secret_ones_asked_for_by_name(self) -> None:
        assert self.inputs({"token": None, "repo": "a/b"}, {}) == {"repo": "a/b"}
        with pytest.raises(InvalidInputs, match=r"'token'.*-i token=…"):
            self.inputs({"token": "***", "repo": "a/b"}, {})
        given = {"token": "tok-1234567"}
        assert self.inputs({"token": "***", "repo": "a/b"}, given) == {"token": "tok-1234567", "repo": "a/b"}

    def test_any_other_input_whose_value_was_not_recorded_is_asked_for(self) -> None:
        with pytest.raises(InvalidInputs, match="'repo'"):
            self.inputs({"repo": "has *** in it"}, {}, withheld=("repo",))

    def test_recorded_inputs_cannot_be_changed(self) -> None:
        with pytest.raises(InputError, match="'repo' cannot be changed"):
            self.inputs({"repo": "a/b"}, {"repo": "c/d"})
        with pytest.raises(NotFound, match="Did you mean 'repo'"):
            self.inputs({"repo": "a/b"}, {"rpeo": "c/d"})


# -- any workflow, interrupted at any moment -------------------------------------------------------------------------

TASKS_OF = {"read": "step.read", "idempotent": "step.repeat", "write": "step.write"}
_ids = (f"20200101-000000-{number:08x}" for number in itertools.count())


@st.composite
def workflows(draw: st.DrawFn) -> Workflow:
    """Up to six nodes with edges of every kind, conditions, joins, and failures that are handled or not."""
    flow = Workflow(name="any")
    for number in range(draw(st.integers(1, 6))):
        sources = [f"n{i}" for i in range(number) if draw(st.booleans())]
        seen = [f"${{{{ default(nodes.{source}.data.id, 'nothing') }}}}" for source in sources]
        params = {"gives": {"id": f"n{number}", "seen": seen}, "fail": draw(st.integers(0, 3)) == 0}
        flow.add(
            f"n{number}",
            TASKS_OF[draw(st.sampled_from(sorted(TASKS_OF)))],
            params=params,
            when=draw(st.sampled_from([None, None, "1 > 2"])),
            on_error=draw(st.sampled_from(["stop", "stop", "continue"])),
            join=draw(st.sampled_from([None, "all", "any"])),
            disabled=draw(st.integers(0, 5)) == 0,
        )
        for source in sources:
            on = draw(st.sampled_from(["success", "success", "failure", "always"]))
            when = draw(st.sampled_from([None, None, f"default(nodes.{source}.data.id, '') == 'n0'"]))
            flow.connect(source, f"n{number}", on=on, when=when)
    return flow


def outcome(run: Run) -> dict[str, Any]:
    """What each node came to. Which of several edges a skip names depends on which node ended first."""
    return {
        id: (run[id].status, run[id].message if run[id].status != "skipped" else "", run[id].data, run[id].handled)
        for id in run
    }


def interrupted(ws: Workspace, flow: Workflow, events: list[Event], count: int) -> str:
    """A run of which the history holds the first events, and whose process is gone."""
    run = next(_ids)
    recorder = ws.journal.recorder(flow, Redactor())
    for event in events[:count]:
        recorder(event._replace(run_id=run))
    ws.journal.ended(run)
    assert ws.run_record(run).summary.status == "interrupted"
    return run


def resumed(ws: Workspace, run: str) -> tuple[Run, list[Event]]:
    """The run, resumed to its end with held nodes run again; and what happened in that attempt."""
    events: list[Event] = []
    held: list[str] = []
    while True:
        try:
            going = ws.start_resuming(run, rerun=held, watch=events.append).wait()
        except RunHeld as error:
            held += error.nodes
        else:
            return going, events


@given(workflows(), st.data())
def test_a_run_that_was_interrupted_and_resumed_ends_as_one_that_never_was(
    ws: Workspace, flow: Workflow, data: st.DataObject
) -> None:
    events: list[Event] = []
    whole = ws.start(flow, watch=events.append).wait()
    last = next(index for index, event in enumerate(events) if isinstance(event, RunFinished))
    moment = data.draw(st.integers(1, last))
    run = interrupted(ws, flow, events, moment)
    ended = [event for event in events[:moment] if isinstance(event, NodeFinished)]
    done = {event.node_id for event in ended if event.result.status == "succeeded" or event.result.handled}

    again, happened = resumed(ws, run)
    assert outcome(again) == outcome(whole)
    assert again.status == whole.status
    assert not done & {event.node_id for event in happened if isinstance(event, NodeStarted)}
    record = ws.run_record(run)
    assert (record.summary.status, record.summary.attempt) == (whole.status, 2)
    assert {id: (one.status, one.data) for id, one in record.nodes.items()} == {
        id: (whole[id].status, whole[id].data) for id in whole
    }


@settings(max_examples=60)
@given(workflows(), st.data())
def test_a_run_may_be_interrupted_again_and_again(ws: Workspace, flow: Workflow, data: st.DataObject) -> None:
    events: list[Event] = []
    whole = ws.start(flow, watch=events.append).wait()
    run = interrupted(ws, flow, events, data.draw(st.integers(1, len(events) - 1)))
    if whole.status == "succeeded":
        first, _ = resumed(ws, run)
        assert first.status == "succeeded"
        with pytest.raises(FlowbookError, match="nothing to resume"):
            ws.resume(run)
    else:
        for attempt in (2, 3):
            again, _ = resumed(ws, run)
            assert outcome(again) == outcome(whole)
            assert again.attempt == ws.run_record(run).summary.attempt == attempt
