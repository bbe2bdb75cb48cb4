"""Running the same again: it is prepared once, and what changed meanwhile is seen all the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowbook import Workflow, Workspace
from flowbook.errors import InvalidWorkflow, MissingCredentials
from flowbook.vault import forget_environment
from flowbook.workspace import prepared
from flowbook.workspace.prepared import Preparations

TOKEN = {"token": "a-token-of-the-store"}
FILE = "flowbook: 1\nname: filed\nnodes:\n  only: {task: demo.echo, params: {x: 1}}\n"


def flow_of(**params: Any) -> Workflow:
    flow = Workflow(name="flow")
    flow.add("only", "demo.echo", params={"x": 1, **params})
    return flow


def preparations(ws: Workspace) -> Preparations:
    return ws._starter._preparations


def write(tasks: Path, text: str, *, like: os.stat_result | None = None) -> None:
    tasks.write_text(text)
    if like is not None:
        os.utime(tasks, ns=(like.st_atime_ns, like.st_mtime_ns))


class TestWhatStaysTheSame:
    def test_an_object_a_stored_workflow_and_a_file_are_each_prepared_once(self, ws: Workspace) -> None:
        flow = flow_of()
        ws.save(flow_of())
        (ws.root / "filed.flow.yaml").write_text(FILE)
        for given in (flow, "flow", ws.root / "filed.flow.yaml"):
            first = preparations(ws).prepare(given)
            assert preparations(ws).prepare(given) is first
            assert first.plan() is first.plan()
            assert first.plan(only="only") is first.plan(only="only") is not first.plan()

    def test_each_run_binds_its_own_inputs(self, ws: Workspace) -> None:
        flow = flow_of(x="${{ inputs.who }}")
        flow.set_input("who", required=True)
        assert [ws.run(flow, who=who)["only"].data["x"] for who in ("Ada", "Bob")] == ["Ada", "Bob"]

    def test_what_a_task_does_to_its_data_is_not_there_at_the_next_run(self, ws: Workspace) -> None:
        flow = Workflow(name="grows")
        flow.add("kept", "core.noop", pinned={"rows": [1]})
        flow.add("grow", "core.python", params={"code": "nodes['kept'].data['rows'].append(2)"})
        flow.add("each", "core.python", for_each=[[1]], params={"code": "item.append(2)", "item": "${{ item }}"})
        flow.connect("kept", "grow")
        for _ in range(2):
            run = ws.run(flow)
            assert run["kept"].data == {"rows": [1, 2]}
        assert (flow.nodes["kept"].pinned, flow.nodes["each"].for_each) == ({"rows": [1]}, [[1]])


class TestChangesOfTheWorkflow:
    @pytest.mark.parametrize(
        "change",
        [
            lambda flow: flow.change("only", params={"x": 2}),
            lambda flow: flow.change("only", params={"x": True}),
            lambda flow: flow.change("only", params={"x": 1.0}),
            lambda flow: flow.nodes["only"].params.update(x=2),
            lambda flow: flow.nodes["only"].params["deep"].append(2),
            lambda flow: flow.rename("only", "other"),
            lambda flow: flow.add("more", "demo.echo"),
            lambda flow: (flow.add("more", "demo.echo"), flow.connect("only", "more")),
            lambda flow: flow.set_input("who", default="Ada"),
            lambda flow: flow.move("only", 10, 20),
        ],
        ids=["params", "true", "float", "in place", "deep in place", "rename", "add", "connect", "input", "move"],
    )
    def test_of_an_object_are_in_the_next_run_and_in_its_record(
        self, ws: Workspace, change: Callable[[Workflow], object]
    ) -> None:
        flow = flow_of(deep=[1])
        ws.run(flow)
        change(flow)
        run = ws.run(flow)
        for node in flow.nodes:
            assert repr(run[node].data) == repr(dict(flow.nodes[node].params))
        assert ws.run_record(run.id).workflow == flow

    def test_a_workflow_that_was_broken_and_mended_is_refused_and_runs(self, ws: Workspace) -> None:
        flow = flow_of()
        ws.run(flow)
        flow.change("only", task="demo.nothing")
        with pytest.raises(InvalidWorkflow):
            ws.run(flow)
        flow.change("only", task="demo.echo")
        assert ws.run(flow).status == "succeeded"

    def test_a_file_is_read_again_when_its_bytes_changed_whatever_its_times_say(self, ws: Workspace) -> None:
        file = ws.root / "filed.flow.yaml"
        file.write_text(FILE)
        assert ws.run(file)["only"].data == {"x": 1}
        write(file, FILE.replace("x: 1", "x: 2"), like=file.stat())
        assert ws.run(file)["only"].data == {"x": 2}

    def test_a_stored_workflow_is_the_one_that_was_saved_last_also_by_another_process(self, ws: Workspace) -> None:
        ws.save(flow_of())
        ws.run("flow")
        other = Workspace(ws.root)
        other.store.delete_workflow("flow")
        other.save(flow_of(x=2))
        assert ws.run("flow")["only"].data == {"x": 2}


class TestChangesAroundIt:
    def test_an_edited_task_is_the_one_that_runs(self, ws: Workspace) -> None:
        flow = flow_of()
        ws.run(flow)
        tasks = ws.root / "integrations" / "demo" / "tasks.py"
        tasks.write_text(tasks.read_text().replace('"data": params}', '"data": "edited"}'))
        assert ws.run(flow)["only"].data == "edited"

    def test_a_task_that_wants_more_now_is_checked_again(self, ws: Workspace) -> None:
        folder = ws.root / "integrations" / "strict"
        folder.mkdir()
        text = "from flowbook import typed, task\n\nclass P(typed.Params):\n    x: int\n\n"
        text += "@task(effects='read')\ndef go(credentials, params: P):\n    return {'success': True, 'message': ''}\n"
        (folder / "tasks.py").write_text(text)
        (folder / "__init__.py").write_text("from .tasks import go\n")
        flow = Workflow(name="strict")
        flow.add("go", "strict.go", params={"x": 1})
        ws.run(flow)
        (folder / "tasks.py").write_text(text.replace("x: int", "x: int\n    needed: str"))
        with pytest.raises(InvalidWorkflow, match="needed"):
            ws.run(flow)

    def test_a_folder_that_comes_before_the_one_that_was_used_is_the_one_that_runs(
        self, ws: Workspace, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        flow = Workflow(name="elsewhere")
        flow.add("go", "far.go")
        for number in (1, 2):
            place = tmp_path_factory.mktemp("place") / "far"
            place.mkdir()
            (place / "__init__.py").write_text(
                f"def go(credentials, params):\n    return {{'success': True, 'message': '', 'data': {number}}}\n"
            )
            monkeypatch.setenv("FLOWBOOK_INTEGRATIONS", str(place.parent))
            assert ws.run(flow)["go"].data == number

    def test_an_integration_that_is_deleted_is_missed_and_a_new_one_found(self, ws: Workspace) -> None:
        ws.create_type("demo")
        flow = Workflow(name="uses")
        flow.add("greet", "demo.greet", integration="Mine", params={"name": "Ada"})
        with pytest.raises(MissingCredentials):
            ws.run(flow)
        for _ in range(2):
            ws.create_integration("Mine", "demo", TOKEN)
            assert ws.run(flow).status == "succeeded"
            assert ws.run(flow).status == "succeeded"
            ws.store.delete_integration("Mine")
            with pytest.raises(MissingCredentials):
                ws.run(flow)

    def test_credentials_of_the_environment_are_those_of_the_moment(
        self, ws: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ws.create_type("demo")
        flow = Workflow(name="uses")
        flow.add("leak", "demo.leak", integration="Mine", params={})
        for token in ("the-first-token", "another-token"):
            monkeypatch.setenv("FLOWBOOK_CREDENTIALS__MINE", f'{{"token": "{token}"}}')
            assert ws.run(flow)["leak"].data["token"] == token
        forget_environment()
        with pytest.raises(MissingCredentials):
            ws.run(flow)

    def test_changed_credentials_of_the_store_are_used(self, ws: Workspace) -> None:
        ws.create_type("demo")
        ws.create_integration("Mine", "demo", TOKEN)
        flow = Workflow(name="uses")
        flow.add("leak", "demo.leak", integration="Mine", params={})
        assert ws.run(flow)["leak"].data["token"] == TOKEN["token"]
        ws.update_integration("Mine", {"token": "another-token"})
        assert ws.run(flow)["leak"].data["token"] == "another-token"

    def test_a_sub_workflow_that_is_gone_is_missed(self, ws: Workspace) -> None:
        ws.save(flow_of())
        outer = Workflow(name="outer")
        outer.add("inner", "core.run_workflow", params={"workflow": "flow"})
        ws.run(outer)
        ws.store.delete_workflow("flow")
        with pytest.raises(InvalidWorkflow, match="no workflow 'flow'"):
            ws.run(outer)


class TestWhatIsKept:
    def test_are_only_the_last_workflows(self, ws: Workspace) -> None:
        flows = [flow_of(x=number) for number in range(prepared.WORKFLOWS_KEPT + 5)]
        for flow in flows:
            preparations(ws).prepare(flow)
        assert len(preparations(ws)._kept) == prepared.WORKFLOWS_KEPT
        newest = preparations(ws).prepare(flows[-1])
        assert newest is preparations(ws).prepare(flows[-1])

    def test_are_no_more_nodes_than_a_limit_but_always_the_newest(
        self, ws: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(prepared, "NODES_KEPT", 3)
        large = Workflow(name="large")
        for number in range(5):
            large.add(f"n{number}", "demo.echo")
        small = [flow_of(x=number) for number in range(5)]
        for flow in small:
            preparations(ws).prepare(flow)
        assert len(preparations(ws)._kept) == 3
        assert preparations(ws).prepare(large) is preparations(ws).prepare(large)
        assert len(preparations(ws)._kept) == 1

    def test_are_only_as_many_plans_of_parts(self, ws: Workspace) -> None:
        flow = Workflow(name="parts")
        for number in range(prepared.PARTS_KEPT + 5):
            flow.add(f"n{number}", "demo.echo")
        ready = preparations(ws).prepare(flow)
        for id in flow.nodes:
            assert [node.id for node in ready.plan(only=id).nodes] == [id]
        assert len(ready._plans) == prepared.PARTS_KEPT

    def test_is_nothing_that_cannot_run(self, ws: Workspace) -> None:
        flow = flow_of()
        flow.add("bad", "demo.nothing", disabled=True)
        preparations(ws).prepare(flow)
        assert not preparations(ws)._kept
