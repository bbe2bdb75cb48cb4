"""Resuming with results that a person gives for items of a ``for_each`` node, and for what runs inside of others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from flowbook.cli.main import cli
from flowbook.errors import InputError, NotFound, RunHeld
from flowbook.models import Workflow
from flowbook.results import Cause, Source
from flowbook.workspace import Run, Workspace
from tests.test_resuming_items import TASKS, calls


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    (tmp_path / "integrations" / "step").mkdir(parents=True)
    (tmp_path / "integrations" / "step" / "tasks.py").write_text(TASKS)
    monkeypatch.chdir(tmp_path)
    made = Workspace(tmp_path)
    inner = Workflow(name="inner")
    inner.set_input("who", type="string", default="x")
    inner.add("first", "step.send", params={"what": "${{ inputs.who }}1"})
    inner.add("second", "step.send", params={"what": "${{ nodes.first.data.sent[0] }}2"})
    inner.connect("first", "second")
    made.save(inner)
    yield made
    made.close()


def ended(ws: Workspace, flow: Workflow) -> Run:
    run = ws.start(flow).wait()
    assert run.status == "failed"
    calls()
    return run


def fan(items: list[str], **fields: Any) -> Workflow:
    flow = Workflow(name="fan")
    flow.add("each", "step.send", params={"what": "${{ item }}"}, for_each=items, **fields)
    flow.add("after", "core.set", params={"values": {"all": "${{ nodes.each.data }}"}})
    flow.connect("each", "after")
    return flow


def outer(**fields: Any) -> Workflow:
    flow = Workflow(name="outer")
    inputs = {"who": "${{ item }}"} if "for_each" in fields else {}
    flow.add("sub", "core.run_workflow", params={"workflow": "inner", "inputs": inputs}, **fields)
    flow.add("after", "step.look", params={"what": "end"})
    flow.connect("sub", "after")
    return flow


class TestItems:
    def test_an_item_that_failed_takes_what_is_given_and_the_others_are_as_they_were(self, ws: Workspace) -> None:
        Path("bad").write_text("b c")
        run = ended(ws, fan(["a", "b", "c"]))
        Path("bad").unlink()
        again = ws.resume(run.id, results={"each[1]": {"by": "hand"}})
        assert calls() == ["each:c"]
        assert again["after"].data == {"all": [{"sent": "a"}, {"by": "hand"}, {"sent": "c"}]}

    def test_it_stands_and_the_history_says_so_when_the_run_is_resumed_once_more(self, ws: Workspace) -> None:
        Path("bad").write_text("b c")
        run = ended(ws, fan(["a", "b", "c"]))
        ws.start_resuming(run.id, results={"each[1]": {"by": "hand"}}).wait()
        ws.close()
        with Workspace(ws.root) as later:
            one = later.run_record(run.id).items["each"][1].result
            assert (one.status, one.cause, one.source) == ("succeeded", Cause.GIVEN, Source.GIVEN)
            Path("bad").unlink()
            calls()
            assert later.resume(run.id)["after"].data["all"][1] == {"by": "hand"}
        assert calls() == ["each:c"]

    def test_an_item_whose_write_timed_out_is_settled_by_its_result(self, ws: Workspace) -> None:
        Path("late").write_text("b")
        run = ended(ws, fan(["a", "b"], timeout=1))
        Path("late").unlink()
        with pytest.raises(RunHeld, match=r"each\[1\]"):
            ws.resume(run.id)
        assert ws.resume(run.id, results={"each[1]": "it was sent"})["after"].data["all"] == [
            {"sent": "a"},
            "it was sent",
        ]
        assert calls() == []

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"each[0]": 1}, "'each.0.' succeeded"),
            ({"each[7]": 1}, r"no call for the item 'each\[7\]' is recorded; recorded are: each\[0\], each\[1\]"),
            ({"each[1]": 1, "each": [1, 2]}, "for the node 'each' and for its item"),
            ({"after[0]": 1}, r"no call for the item 'after\[0\]' is recorded; recorded are: none"),
        ],
    )
    def test_what_makes_no_sense_is_refused_and_nothing_runs(
        self, ws: Workspace, given: dict[str, Any], message: str
    ) -> None:
        Path("bad").write_text("b")
        run = ended(ws, fan(["a", "b"]))
        with pytest.raises(InputError, match=message):
            ws.resume(run.id, results=given)
        with pytest.raises(InputError, match="is not accepted or run again"):
            ws.resume(run.id, results={"each[1]": 1}, rerun=["each[1]"])
        assert (calls(), ws.run_record(run.id).summary.attempt) == ([], 1)

    def test_what_failed_and_was_handled_is_given_as_a_whole(self, ws: Workspace) -> None:
        Path("bad").write_text("b")
        flow = fan(["a", "b"], on_error="continue")
        flow.add("last", "core.fail", params={"message": "no"})
        run = ended(ws, flow)
        with pytest.raises(InputError, match="that was handled"):
            ws.resume(run.id, results={"each[1]": 1})

    def test_the_command_gives_items(self, ws: Workspace) -> None:
        Path("bad").write_text("b")
        run = ended(ws, fan(["a", "b"]))
        ws.close()
        Path("b.json").write_text('{"by": "hand"}')
        done = CliRunner().invoke(cli, ["runs", "resume", run.id, "--set", "each[1]=@b.json", "--json"])
        assert json.loads(done.stdout)["nodes"]["after"]["data"] == {"all": [{"sent": "a"}, {"by": "hand"}]}


class TestInside:
    def test_a_node_of_a_sub_workflow_takes_what_is_given(self, ws: Workspace) -> None:
        Path("bad").write_text("x1")
        run = ended(ws, outer())
        again = ws.resume(run.id, results={"sub/first": {"sent": "y"}})
        assert calls() == ["after:end", "second:y2"]
        [child] = ws.journal.children(run.id)
        first = ws.run_record(child.id).nodes["first"]
        assert (again.status, first.cause, first.data) == ("succeeded", Cause.GIVEN, {"sent": "y"})

    def test_so_does_one_of_the_run_of_an_item(self, ws: Workspace) -> None:
        Path("bad").write_text("b1 c1")
        run = ended(ws, outer(for_each=["a", "b", "c"]))
        ws.resume(run.id, results={"sub[1]/first": {"sent": "y"}, "sub[2]": "all of it"})
        assert calls() == ["after:end", "second:y2"]

    def test_what_is_not_inside_is_named_with_what_is(self, ws: Workspace) -> None:
        Path("bad").write_text("b1")
        run = ended(ws, outer(for_each=["a", "b"]))
        for name in ("sub[0]/first", "sub/first", "after/first"):
            with pytest.raises(
                InputError, match=f"{name.replace('[', '.').replace(']', '.')}.*none to go on with"
            ) as no:
                ws.resume(run.id, results={name: 1})
            assert "sub[1]" in str(no.value)
        with pytest.raises(NotFound):
            ws.resume(run.id, results={"sub[1]/frist": 1})
        with pytest.raises(InputError, match=r"and for sub\[1\]/first inside of it"):
            ws.resume(run.id, results={"sub[1]": 1, "sub[1]/first": 1})
        assert calls() == []

    def test_a_cell_for_a_node_inside_goes_on_with_the_outermost_run(self, ws: Workspace) -> None:
        middle = Workflow(name="middle")
        middle.add("deep", "core.run_workflow", params={"workflow": "inner"}, for_each=["only"])
        ws.save(middle)
        flow = Workflow(name="outermost")
        flow.add("mid", "core.run_workflow", params={"workflow": "middle"})
        Path("bad").write_text("x1")
        run = ended(ws, flow)
        [between] = ws.journal.children(run.id)
        [child] = ws.journal.children(between.id)
        rescue = ws.rescue(child.id, "first")
        rescue.give({"sent": "y"})
        again = rescue.go_on()
        assert (again.id, again.status, calls()) == (run.id, "succeeded", ["second:y2"])
        assert ws.run_record(child.id).nodes["first"].cause is Cause.RESCUED
