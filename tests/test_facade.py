"""The studio and the command line use the workspace's own methods, and these are all that is needed."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import flowbook
from flowbook import Parameter, Workflow, Workspace
from flowbook.errors import AlreadyExists, InUse, NotFound, StoreError, UnfitCredentials

HOME = Path(flowbook.__file__).parent
PARTS = {"store", "journal", "catalog", "credentials"}
WORKSPACES = {"ws", "workspace", "_workspace"}


def reaches(tree: ast.AST) -> Iterator[ast.Attribute]:
    """Where code takes a part out of a workspace, whatever that is called by."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Attribute) and node.attr in PARTS):
            continue
        base = node.value.func if isinstance(node.value, ast.Call) else node.value
        name = base.id if isinstance(base, ast.Name) else base.attr if isinstance(base, ast.Attribute) else ""
        if name in WORKSPACES or node.attr in {"journal", "catalog"}:
            yield node


@pytest.mark.parametrize("package", ["ui", "cli", "reports", "sharing", "gallery"])
def test_nothing_above_the_workspace_reaches_through_it(package: str) -> None:
    found = [
        f"{path.relative_to(HOME)}:{node.lineno}: {ast.unparse(node)}"
        for path in (HOME / package).rglob("*.py")
        for node in reaches(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []


def test_the_search_finds_every_way_of_writing_it() -> None:
    code = "ws.store; self._workspace.journal.runs(); editing.workspace.catalog; workspace(make=False).store; w.journal"
    assert len(list(reaches(ast.parse(code)))) == 5
    assert not list(reaches(ast.parse("self.store.state; folder.credentials; self.credentials.check()")))


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    folder = tmp_path / "integrations" / "demo"
    folder.mkdir(parents=True)
    (folder / "tasks.py").write_text(
        "from flowbook import Result, task\n\n\n"
        "@task\ndef test_connection(credentials, params):\n"
        "    right = credentials['token'] == 'right'\n"
        "    return Result(success=right, message='tried ' + credentials.get('host', '-'))\n\n\n"
        "@task\ndef work(credentials, params):\n    print('working')\n    return Result(True, '', params)\n"
    )
    made = Workspace(tmp_path)
    made.create_type("demo", [Parameter(name="token", type="password", required=True), Parameter(name="host")])
    made.create_integration("Mine", "demo", {"token": "right", "host": "a"})
    return made


def flow(name: str = "daily") -> Workflow:
    made = Workflow(name=name)
    made.add("work", "demo.work", integration="Mine", params={"n": 1})
    return made


def test_folders_and_tasks_are_looked_up_by_name(ws: Workspace) -> None:
    assert "demo" in ws.integration_folder_names()
    assert [one.name for one in ws.integration_folders()] == sorted(ws.integration_folder_names())
    assert set(ws.integration_folder("demo").tasks) == {"test_connection", "work"}
    assert ws.task("demo.work").name == "demo.work"
    with pytest.raises(NotFound):
        ws.task("demo.rest")


def test_a_type_is_changed_as_it_was_read_and_deleted_when_nothing_uses_it(ws: Workspace) -> None:
    kind, revision = ws.type("demo"), ws.type_revision("demo")
    ws.update_type(kind.model_copy(update={"description": "ours"}), revision=revision)
    assert ws.type("demo").description == "ours"
    with pytest.raises(InUse):
        ws.delete_type("demo")
    ws.delete_integration("Mine")
    ws.delete_type("demo")
    with pytest.raises(NotFound, match="demo"):
        ws.type("demo")
    with pytest.raises(NotFound):
        ws.update_type(kind)


def test_an_integration_is_renamed_with_the_workflows_that_use_it(ws: Workspace) -> None:
    ws.save(flow())
    assert ws.integration_users("Mine") == ["daily"]
    assert ws.rename_integration("Mine", "Ours") == ["daily"]
    assert ws.workflow("daily").nodes["work"].integration == "Ours"
    assert ws.integration("Ours").type == "demo"
    assert ws.delete_integration("Ours") == ["daily"]


def test_a_json_credential_that_begins_like_json_and_is_none_is_refused(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ws.root / "integrations" / "named").mkdir()
    (ws.root / "integrations" / "named" / "tasks.py").write_text("")
    ws.create_type("named", [Parameter(name="names", type="json")])
    with pytest.raises(UnfitCredentials, match=r"names: begins like JSON and is none: .*column \d") as caught:
        ws.create_integration("One", "named", {"names": '{"a": "hunter2"'})
    assert "hunter2" not in str(caught.value)
    assert ws.create_integration("One", "named", {"names": '{"a": 1}'}).fields == {"names": {"a": 1}}
    assert type(ws.update_integration("One", {"names": "plain"}).fields["names"]) is str


def test_a_credential_that_is_cleared_goes_and_the_others_stay(ws: Workspace) -> None:
    revision = ws.integration_revision("Mine")
    changed = ws.update_integration("Mine", {}, clear=["host"], revision=revision)
    assert set(changed.fields) == {"token"}
    assert ws.test_integration("Mine").message == "tried -"


def test_a_trial_uses_what_is_stored_where_nothing_else_is_given(ws: Workspace) -> None:
    trial = ws.try_credentials("demo", {"host": "b"}, of="Mine")
    assert (trial.result.success, trial.result.message) == (True, "tried b")
    assert not ws.try_credentials("demo", {"token": "wrong"}, of="Mine").result.success
    with pytest.raises(UnfitCredentials):
        ws.try_credentials("demo", {}, of="Mine", clear=["token"])
    assert ws.integration("Mine").tested_ok is None, "nothing is stored by a trial"
    assert "right" not in repr(trial)


def test_a_trial_is_remembered_only_by_an_integration_that_holds_what_was_tried(ws: Workspace) -> None:
    trial = ws.try_credentials("demo", {"token": "wrong", "host": "b"})
    assert not ws.remember_trial("Mine", trial)
    ws.update_integration("Mine", {"token": "wrong", "host": "b"})
    assert ws.remember_trial("Mine", trial)
    assert ws.integration("Mine").tested_ok is False


def test_a_workflow_is_renamed_versioned_and_deleted(ws: Workspace) -> None:
    first = flow()
    ws.save(first)
    second = flow()
    second.add("more", "core.noop")
    ws.save(second)
    newest, oldest = ws.versions("daily")
    assert ws.version(oldest.hash) == first
    assert ws.version(newest.hash[:12]) == second
    ws.save(flow("weekly"))
    with pytest.raises(AlreadyExists):
        ws.rename_workflow("daily", "weekly")
    ws.rename_workflow("daily", "monthly")
    ws.delete_workflow("weekly")
    assert [one.name for one in ws.workflows()] == ["monthly"]
    assert ws.workflow_with_revision("monthly")[0].nodes == second.nodes


def test_runs_are_read_back_with_their_output_and_deleted(ws: Workspace) -> None:
    run = ws.run(flow())
    assert [(piece.node_id, piece.text) for piece in ws.run_output("last")] == [("work", "working\n")]
    assert ws.run_output(run.id, "work") == ws.run_output(run.id)
    assert ws.workflows_run() == ["daily"]
    last = ws.last_values(flow())
    assert (last.run, last.records["work"].data) == (run.id, {"n": 1})
    assert ws.delete_runs([run.id]) == 1
    assert ws.runs() == []
    assert ws.last_values(flow()).records == {}


def test_what_is_stored_within_a_transaction_is_stored_together_or_not_at_all(ws: Workspace) -> None:
    with contextlib.suppress(ZeroDivisionError), ws.transaction():
        ws.save(flow())
        ws.create_integration("Other", "demo", {"token": "x"})
        1 / 0  # noqa: B018 - what goes wrong in the middle
    assert ws.workflows() == []
    assert [one.name for one in ws.integrations()] == ["Mine"]


def test_a_damaged_store_is_restored_and_the_damaged_file_kept(ws: Workspace) -> None:
    with pytest.raises(StoreError, match="not damaged"):
        ws.recover()
    ws.save(flow())
    file = ws.root / ".flowbook" / "flowbook.json"
    file.write_text("{")
    recovered = Workspace(ws.root).recover()
    assert recovered.store == file
    assert recovered.damaged is not None
    assert recovered.damaged.read_text() == "{"
    assert [one.name for one in Workspace(ws.root).integrations()] == ["Mine"]


def test_only_a_passphrase_that_is_needed_is_wanted(ws: Workspace) -> None:
    assert not ws.wants_passphrase()
