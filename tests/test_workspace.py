"""The façade: what notebooks and scripts call."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flowbook.errors import (
    AlreadyExists,
    Conflict,
    InputError,
    InUse,
    InvalidInputs,
    InvalidName,
    InvalidWorkflow,
    MissingCredentials,
    NotFound,
    RunCancelled,
    RunFailed,
)
from flowbook.models import Parameter, Workflow
from flowbook.workspace import Workspace, find_root
from tests.waiting import until

SECRET = "tok-5ecret/ä+9876543210"


def greeting(name: str = "hello") -> Workflow:
    flow = Workflow(name=name)
    flow.set_input("who", default="world")
    flow.add("one", "demo.greet", params={"name": "${{ inputs.who }}"})
    flow.add("two", "demo.greet", params={"name": "${{ nodes.one.data.text }}"})
    flow.connect("one", "two")
    return flow


def with_token(ws: Workspace, token: str = SECRET) -> None:
    ws.create_type("demo", [Parameter(name="token", type="password", required=True), Parameter(name="host")])
    ws.create_integration("My Demo", "demo", {"token": token})


class TestWhere:
    def test_the_nearest_folder_upward_is_the_workspace(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        Workspace(folder).close()
        deep = folder / "a" / "b"
        deep.mkdir(parents=True)
        monkeypatch.chdir(deep)
        assert Workspace().root == folder.resolve()
        assert find_root(deep) == folder.resolve()

    @pytest.mark.skipif(os.name != "posix", reason="who owns a file is kept otherwise there")
    def test_one_found_upward_that_belongs_to_another_user_is_refused(self, folder, monkeypatch):
        Workspace(folder).close()
        deep = folder / "a" / "b"
        deep.mkdir(parents=True)
        monkeypatch.chdir(deep)
        mine = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
        with pytest.raises(InputError, match="belongs to another user"):
            Workspace(make=False)
        Workspace(folder).close()  # named, it is used
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        monkeypatch.setenv("SUDO_UID", str(mine))
        Workspace(make=False).close()

    def test_without_one_the_current_folder_becomes_one(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(folder)
        Workspace()
        assert (folder / ".flowbook" / ".gitignore").read_text() == "*\n"

    def test_a_folder_that_is_not_there_is_refused(self, folder: Path) -> None:
        with pytest.raises(InputError, match="there is no folder"):
            Workspace(folder / "nowhere")

    def test_in_memory_nothing_is_written(self, folder: Path) -> None:
        ws = Workspace(folder, memory=True)
        ws.save(greeting())
        assert ws.run("hello")["two"].data == {"text": "Hello Hello world"}
        assert not (folder / ".flowbook").exists()

    def test_in_memory_no_key_is_written_either(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FLOWBOOK_CONFIG_DIR", str(folder / "config"))
        ws = Workspace(folder, memory=True)
        with_token(ws, "right-token")
        assert ws.test_integration("My Demo").success
        assert ws.init_key()[0]["unlocked"]
        assert not (folder / "config").exists()

    @pytest.mark.parametrize(("value", "memory"), [("1", True), ("yes", True), ("0", False), ("", False)])
    def test_the_environment_says_whether_it_is_in_memory(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, value: str, memory: bool
    ) -> None:
        monkeypatch.setenv("FLOWBOOK_MEMORY_ONLY", value)
        assert Workspace(folder).memory is memory
        assert Workspace(folder, memory=False).memory is False

    def test_an_environment_that_says_neither_is_refused(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FLOWBOOK_MEMORY_ONLY", "perhaps")
        with pytest.raises(InputError, match="neither yes nor no"):
            Workspace(folder)
        assert not (folder / ".flowbook").exists()


class TestTypesAndIntegrations:
    def test_a_type_for_no_folder_is_refused_naming_the_nearest(self, ws: Workspace) -> None:
        with pytest.raises(NotFound, match="Did you mean 'demo'"):
            ws.create_type("demos")
        with pytest.raises(NotFound, match=r"The folders there are: airtable, azure_blob, core, demo, discord"):
            ws.create_type("demos")

    def test_a_type_that_is_there_is_not_replaced(self, ws: Workspace) -> None:
        ws.create_type("demo")
        with pytest.raises(AlreadyExists, match="there is an integration type 'demo' already"):
            ws.create_type("demo")

    def test_a_type_fills_itself_in_from_its_folder(self, ws: Workspace) -> None:
        kind = ws.create_type("demo")
        assert [(p.name, p.type) for p in kind.parameters] == [("token", "password")]

    def test_a_type_in_use_is_not_deleted_and_its_users_are_named(self, ws: Workspace) -> None:
        with_token(ws)
        with pytest.raises(InUse, match="My Demo"):
            ws.store.delete_type("demo")

    def test_every_credential_that_does_not_fit_is_named_and_no_value(self, ws: Workspace) -> None:
        ws.create_type("demo", [Parameter(name="token", type="password", required=True),
                                Parameter(name="port", type="integer")])  # fmt: skip
        with pytest.raises(InputError) as refused:
            ws.create_integration("x", "demo", {"port": "many", "tokn": SECRET})
        message = str(refused.value)
        assert "token: is required" in message
        assert "port" in message
        assert "'token'" in message
        assert SECRET not in message

    def test_a_secret_is_nowhere_on_disk_in_clear(self, ws: Workspace, folder: Path) -> None:
        with_token(ws)
        for path in (folder / ".flowbook").rglob("*"):
            if path.is_file():
                assert SECRET.encode() not in path.read_bytes(), path
                assert json.dumps(SECRET).encode() not in path.read_bytes(), path

    @pytest.mark.parametrize("name", ["", "   ", "x" * 201, "a\nimport os", "a\rb", "a\u2028b", "a\u202eb", "\x1b[2J"])
    def test_a_name_that_names_nothing_is_refused(self, ws: Workspace, name: str) -> None:
        with_token(ws)
        with pytest.raises(InvalidName):
            ws.create_integration(name, "demo", {"token": SECRET})
        with pytest.raises(InvalidName):
            ws.rename_integration("My Demo", name)

    def test_what_is_left_empty_in_an_update_stays_as_stored(self, ws: Workspace) -> None:
        with_token(ws)
        ws.update_integration("My Demo", {"token": "", "host": "example.org"})
        values, secrets = ws.credentials.of("My Demo")
        assert values == {"token": SECRET, "host": "example.org"}
        assert secrets == [SECRET]

    def test_a_connection_is_really_tried_and_the_outcome_remembered(self, ws: Workspace) -> None:
        with_token(ws, "right-token")
        assert ws.test_integration("My Demo").success
        assert ws.store.integration("My Demo").tested_ok is True
        result = ws.test_credentials("demo", {"token": "wrong-token"})
        assert (result.success, result.message) == (False, "The token is wrong")

    def test_a_duplicate_has_its_own_working_credentials(self, ws: Workspace) -> None:
        with_token(ws, "right-token")
        ws.duplicate_integration("My Demo", "Other")
        ws.store.delete_integration("My Demo")
        assert ws.test_integration("Other").success

    def test_renaming_an_integration_carries_its_workflows_along(self, ws: Workspace) -> None:
        with_token(ws, "right-token")
        flow = Workflow(name="uses-it")
        flow.add("a", "demo.test_connection", integration="My Demo")
        ws.save(flow)
        ws.rename_integration("My Demo", "Renamed")
        assert ws.workflow("uses-it").nodes["a"].integration == "Renamed"
        assert ws.run("uses-it")["a"].success

    def test_credentials_survive_another_process_and_a_rotation(self, ws: Workspace, folder: Path) -> None:
        with_token(ws, "right-token")
        before = ws.key_status()["key_id"]
        ws.rotate_key()
        assert ws.key_status()["key_id"] != before
        assert Workspace(folder).test_integration("My Demo").success


class TestWorkflows:
    def test_saving_over_a_newer_revision_is_a_conflict(self, ws: Workspace) -> None:
        first = ws.save(greeting())
        ws.save(greeting(), revision=first)
        with pytest.raises(Conflict):
            ws.save(greeting(), revision=first)

    def test_versions_are_the_definitions_it_has_had(self, ws: Workspace) -> None:
        flow = greeting()
        ws.save(flow)
        ws.save(flow)
        flow.describe("changed")
        ws.save(flow)
        versions = ws.journal.versions("hello")
        assert len(versions) == 2
        assert ws.journal.definition(versions[0].hash).description == "changed"
        assert ws.journal.definition(versions[1].hash).description == ""

    @pytest.mark.parametrize("act", ["run", "start", "check", "save", "edit", "turn", "sweep"])
    @pytest.mark.parametrize("given", [None, 5, b"hello", {"name": "hello"}, Workflow])
    def test_what_is_no_workflow_is_refused_with_what_would_be(self, ws: Workspace, act: str, given: Any) -> None:
        more = {"sweep": [{}]}.get(act, [])
        with pytest.raises(InputError, match="is no workflow") as refusal:
            getattr(ws, act)(given, *more)
        assert refusal.value.hint.startswith("Give a workflow")

    def test_check_names_every_problem_of_a_file(self, ws: Workspace, folder: Path) -> None:
        file = folder / "bad.flow.yaml"
        file.write_text(
            "flowbook: 1\nname: bad\nnodes:\n  a: {task: demo.gret}\n  b: {task: demo.greet, params: {}}\n"
            "edges:\n- {from: a, to: c}\n"
        )
        problems = [problem.text("bad.flow.yaml") for problem in ws.check(file).errors]
        assert len(problems) == 3
        assert any(text.startswith("bad.flow.yaml:a:task: ") and "greet" in text for text in problems), problems


class TestRuns:
    def test_a_stored_workflow_runs_by_name_with_inputs(self, ws: Workspace) -> None:
        ws.save(greeting())
        run = ws.run("hello", who="you")
        assert run.status == "succeeded"
        assert run["two"].data == {"text": "Hello Hello you"}
        assert list(run) == ["one", "two"]

    def test_a_failed_run_raises_with_the_run_in_hand(self, ws: Workspace) -> None:
        flow = Workflow(name="fails")
        flow.add("a", "demo.boom")
        with pytest.raises(RunFailed, match="node 'a' failed: Error: no luck") as failed:
            ws.run(flow)
        assert failed.value.run["a"].status == "failed"
        assert ws.runs()[0].status == "failed"

    def test_start_returns_at_once_and_cancel_ends_it(self, ws: Workspace) -> None:
        flow = Workflow(name="long")
        flow.add("a", "core.wait", params={"seconds": 60})
        run = ws.start(flow)
        assert run.status == "running"
        until(lambda: run["a"].status == "running")
        run.cancel()
        assert run.wait(60).status == "cancelled"
        with pytest.raises(RunCancelled):
            run.check()

    def test_bad_inputs_are_all_named_before_anything_runs(self, ws: Workspace) -> None:
        flow = greeting()
        flow.set_input("count", type="integer", required=True)
        with pytest.raises(InvalidInputs) as refused:
            ws.run(flow, whom="x")
        assert "whom" in str(refused.value)
        assert "count" in str(refused.value)
        assert ws.runs() == []

    def test_an_invalid_workflow_does_not_run(self, ws: Workspace) -> None:
        flow = Workflow(name="bad")
        flow.add("a", "demo.greet", params={"name": "${{ nodes.nothere.data }}"})
        with pytest.raises(InvalidWorkflow, match="nothere"):
            ws.run(flow)

    def test_a_missing_integration_is_a_matter_of_credentials(self, ws: Workspace) -> None:
        flow = Workflow(name="x")
        flow.add("a", "demo.leak", integration="Nobody")
        with pytest.raises(MissingCredentials, match="Nobody"):
            ws.run(flow)

    def test_the_environment_gives_credentials_and_wins_over_the_store(
        self, ws: Workspace, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        flow = Workflow(name="x")
        flow.add("a", "demo.test_connection", integration="My Demo")
        monkeypatch.setenv("FLOWBOOK_CREDENTIALS__MY_DEMO", '{"token": "right-token"}')
        assert ws.run(flow)["a"].message == "Connected"
        with_token(ws, "wrong-token")
        assert ws.run(flow)["a"].message == "Connected"

    def test_a_sub_workflow_runs_as_part_of_its_parent(self, ws: Workspace) -> None:
        ws.save(greeting("inner"))
        flow = Workflow(name="outer")
        flow.add("sub", "core.run_workflow", params={"workflow": "inner", "inputs": {"who": "inner"}})
        ws.run(flow)
        outer = next(run for run in ws.runs() if run.workflow == "outer")
        inner = next(run for run in ws.runs() if run.workflow == "inner")
        assert inner.parent == f"{outer.id}.sub"

    def test_a_workflow_that_runs_itself_is_refused(self, ws: Workspace) -> None:
        flow = Workflow(name="circle")
        flow.add("again", "core.run_workflow", params={"workflow": "circle"})
        ws.save(flow)
        with pytest.raises(RunFailed, match="circle → circle"):
            ws.run("circle")

    def test_two_runs_at_once_never_mix(self, ws: Workspace) -> None:
        ws.save(greeting())
        runs = [ws.start("hello", who=f"n{i}") for i in range(6)]
        for i, run in enumerate(runs):
            assert run.wait(60)["two"].data == {"text": f"Hello Hello n{i}"}
            assert "".join(piece.text for piece in run.output("one")) == f"greeting n{i}\n"

    def test_editing_tasks_takes_effect_at_the_next_run(self, ws: Workspace, folder: Path) -> None:
        ws.save(greeting())
        ws.run("hello")
        tasks = folder / "integrations" / "demo" / "tasks.py"
        tasks.write_text(tasks.read_text().replace('"Hello "', '"Goodbye "'))
        assert ws.run("hello")["one"].data == {"text": "Goodbye world"}

    def test_what_is_to_be_done_at_the_end_is_done_before_those_who_wait_go_on(self, ws: Workspace) -> None:
        ws.save(greeting())
        done: list[str] = []

        def slowly() -> None:
            time.sleep(0.2)
            done.append(run.status)
            run.when_over(lambda: done.append("asked for at the end"))

        run = ws.start("hello", who="Ada")
        run.when_over(slowly)
        run.wait(60)
        assert done == ["succeeded", "asked for at the end"]
        run.when_over(lambda: done.append("asked for later"))
        assert done[2:] == ["asked for later"]


class TestHistory:
    def test_a_run_can_be_read_back_whole(self, ws: Workspace) -> None:
        run = ws.run(greeting(), who="me")
        record = ws.run_record(run.id)
        assert record.summary.status == "succeeded"
        assert record.inputs == {"who": "me"}
        assert record.nodes["two"].data == {"text": "Hello Hello me"}
        assert record.workflow == greeting()
        assert [piece.text for piece in ws.journal.output(run.id, "one")] == ["greeting me\n"]

    def test_a_run_is_found_by_the_beginning_of_its_id_or_as_the_last(self, ws: Workspace) -> None:
        run = ws.run(greeting())
        assert ws.journal.find(run.id[:-4]) == run.id
        assert ws.journal.find("last") == run.id
        with pytest.raises(NotFound):
            ws.journal.find("nonsense")

    def test_tables_are_kept_as_they_are(self, ws: Workspace, folder: Path) -> None:
        pd = pytest.importorskip("pandas")
        (folder / "integrations" / "table").mkdir()
        (folder / "integrations" / "table" / "tasks.py").write_text(
            "import pandas as pd\n"
            "def test_connection(credentials):\n    return {'success': True, 'message': ''}\n"
            "def make(credentials, params):\n"
            "    frame = pd.DataFrame({'n': [1, 2], 't': ['a', 'b']})\n"
            "    return {'success': True, 'message': '', 'data': frame}\n"
        )
        flow = Workflow(name="t")
        flow.add("a", "table.make")
        run = ws.run(flow)
        pd.testing.assert_frame_equal(ws.run_record(run.id).nodes["a"].data, run["a"].data)

    def test_what_json_cannot_hold_is_noted_with_the_reason(self, ws: Workspace, folder: Path) -> None:
        tasks = folder / "integrations" / "demo" / "tasks.py"
        tasks.write_text(
            tasks.read_text() + "\n\ndef thing(credentials, params):\n"
            "    return {'success': True, 'message': '', 'data': object()}\n"
        )
        flow = Workflow(name="t")
        flow.add("a", "demo.thing")
        note = ws.run_record(ws.run(flow).id).nodes["a"].omitted
        assert note is not None
        assert "not kept" in note["why"]
        assert "<object object" in note["preview"]

    @pytest.mark.parametrize(
        ("made", "shown"),
        [
            ("{'a': float('nan'), 'b': [float('inf')], 'c': 1}", {"a": "NaN", "b": ["Infinity"], "c": 1}),
            ("{'a': Odd(), 'b': b'x'}", {"a": "<Odd, whose repr raised ZeroDivisionError>", "b": "eA=="}),
            ("functools.reduce(lambda inner, _: [inner], range(9999), [])", "[[[[[[[[[…]]]]]]]]]"),
        ],
    )  # fmt: skip
    def test_a_run_with_whatever_data_can_be_written_as_json(
        self, ws: Workspace, folder: Path, made: str, shown: Any
    ) -> None:
        tasks = folder / "integrations" / "demo" / "tasks.py"
        tasks.write_text(
            tasks.read_text() + "\n\nimport functools\n\nclass Odd:\n    def __repr__(self):\n        return 1 / 0\n"
            f"\ndef thing(credentials, params):\n    return {{'success': True, 'message': '', 'data': {made}}}\n"
        )
        flow = Workflow(name="t")
        flow.add("a", "demo.thing")
        assert json.loads(json.dumps(ws.run(flow).to_dict(), allow_nan=False))["nodes"]["a"]["data"] == shown

    def test_deleting_runs_removes_them_whole(self, ws: Workspace) -> None:
        run = ws.run(greeting())
        assert ws.journal.delete([run.id]) == 1
        assert ws.runs() == []
        with pytest.raises(NotFound):
            ws.run_record(run.id)

    def test_a_running_run_is_not_deleted(self, ws: Workspace) -> None:
        flow = Workflow(name="long")
        flow.add("a", "core.wait", params={"seconds": 30})
        run = ws.start(flow)
        until(lambda: ws.runs(status="running"))
        with pytest.raises(InputError, match="still going"):
            ws.journal.delete([run.id])
        run.cancel()
        run.wait(60)

    def test_a_killed_process_leaves_its_run_interrupted_and_its_results_there(
        self, ws: Workspace, folder: Path
    ) -> None:
        flow = Workflow(name="dies")
        flow.add("a", "demo.greet", params={"name": "x"})
        flow.add("b", "demo.die")
        flow.connect("a", "b")
        ws.save(flow)
        code = "from flowbook import Workspace; Workspace().run('dies')"
        ended = subprocess.run([sys.executable, "-c", code], cwd=folder, check=False, timeout=60)
        assert ended.returncode == -9
        record = ws.run_record("last")
        assert record.summary.status == "interrupted"
        assert record.nodes["a"].status == "succeeded"
        assert record.nodes["a"].data == {"text": "Hello x"}
        assert record.nodes["b"].status == "unknown"
        assert "may have taken effect" in record.nodes["b"].message

    def test_a_run_of_another_living_process_is_left_alone(self, ws: Workspace, folder: Path) -> None:
        begun = folder / "begun"
        flow = Workflow(name="long")
        flow.add("a", "demo.sleep", params={"seconds": 60, "file": str(begun)})
        ws.save(flow)
        other = subprocess.Popen([sys.executable, "-c", "from flowbook import Workspace; Workspace().run('long')"],
                                 cwd=folder)  # fmt: skip
        try:
            until(lambda: begun.exists() or other.poll() is not None)
            assert ws.runs()[0].status == "running"
        finally:
            other.kill()
            other.wait()
        assert ws.runs()[0].status == "interrupted"


class TestSecrets:
    @pytest.mark.parametrize("params", [{}, {"fail": True}, {"raise": True}])
    def test_a_secret_put_into_a_task_shows_up_in_no_artefact(
        self, ws: Workspace, folder: Path, params: dict[str, bool], capfd: pytest.CaptureFixture[str]
    ) -> None:
        with_token(ws)
        flow = Workflow(name="leaks")
        flow.add("a", "demo.leak", integration="My Demo", params=params)
        run = ws.start(flow).wait(60)
        record = ws.run_record(run.id)
        shown = [
            json.dumps(run.to_dict()), repr(run), run._repr_mimebundle_()["text/html"], repr(run.show("a")),
            run.show("a")._repr_mimebundle_()["text/html"], repr(record), repr(record.nodes["a"].data),
            repr(ws.journal.output(run.id)), run.message, *capfd.readouterr(),
        ]  # fmt: skip
        for text in shown:
            assert SECRET not in text
            assert json.dumps(SECRET)[1:-1] not in text
        ws.close()
        for path in (folder / ".flowbook").rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                assert SECRET.encode() not in content, path
                assert json.dumps(SECRET)[1:-1].encode() not in content, path

    def test_the_task_itself_and_later_nodes_get_the_real_value(self, ws: Workspace) -> None:
        with_token(ws)
        flow = Workflow(name="hands-on")
        flow.add("a", "demo.leak", integration="My Demo")
        flow.add("b", "demo.echo", params={"value": "${{ nodes.a.data.token }}"})
        flow.connect("a", "b")
        assert ws.run(flow)["b"].data == {"value": SECRET}

    def test_a_password_input_is_not_recorded(self, ws: Workspace, folder: Path) -> None:
        flow = Workflow(name="asks")
        flow.set_input("pin", type="password")
        flow.add("a", "demo.echo", params={"pin": "${{ inputs.pin }}"})
        run = ws.run(flow, pin=SECRET)
        assert run["a"].data == {"pin": SECRET}
        assert ws.run_record(run.id).inputs == {"pin": "***"}
        assert ws.run_record(run.id).nodes["a"].data == {"pin": "***"}


class TestTogether:
    def test_many_threads_may_use_one_workspace(self, ws: Workspace) -> None:
        errors: list[BaseException] = []

        def work(number: int) -> None:
            try:
                ws.save(greeting(f"flow-{number}"))
                assert ws.run(f"flow-{number}", who=str(number))["one"].data == {"text": f"Hello {number}"}
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not errors
        assert len(ws.workflows()) == 8


def test_importing_flowbook_loads_nothing_heavy() -> None:
    code = (
        "import sys, flowbook\n"
        "heavy = {'ipywidgets', 'boto3', 'psycopg2', 'requests', 'pandas', 'pydantic', 'IPython', 'anywidget'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
        "from flowbook import Workspace, Workflow\n"
        "Workspace\n"
        "print(sorted((heavy - {'pydantic'}) & set(sys.modules)))\n"
    )
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ)
    assert done.stdout == "[]\n[]\n"


def test_public_names_are_all_there() -> None:
    import flowbook

    assert sorted(flowbook.__all__) == flowbook.__all__
    assert len(flowbook.__all__) <= 14
    for name in flowbook.__all__:
        assert getattr(flowbook, name).__doc__


@pytest.mark.parametrize("workers", [0, -1, True, "8", 2.0])
@pytest.mark.parametrize("way", ["run", "start", "dry", "resume"])
def test_a_number_of_workers_that_lets_nothing_begin_is_refused(ws: Workspace, way: str, workers: Any) -> None:
    """With none, a run went on for ever."""
    flow = Workflow(name="failing")
    flow.add("a", "core.fail", params={"message": "no"})
    with pytest.raises(RunFailed):
        ws.run(flow)
    ways: dict[str, Callable[[], object]] = {
        "run": lambda: ws.run(flow, max_workers=workers),
        "start": lambda: ws.start(flow, max_workers=workers),
        "dry": lambda: ws.run(flow, max_workers=workers, dry_run=True),
        "resume": lambda: ws.resume("last", max_workers=workers),
    }
    with pytest.raises(InputError, match=r"max_workers: .* is no number of nodes at a time"):
        ways[way]()
    assert [one.status for one in ws.runs()] == ["failed"]
