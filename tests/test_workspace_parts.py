"""Running a part of a workflow: one node alone, or all up to a node."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowbook import Workspace
from flowbook.errors import InputError, InvalidWorkflow, NotFound, RunFailed
from flowbook.models import Workflow

TASKS = """
def test_connection(credentials, params):
    return {"success": True, "message": "fine"}

def note(credentials, params):
    with open(params["file"], "a") as file:
        file.write(params["name"])
    data = object() if params.get("strange") else {"seen": params.get("value", params["name"])}
    return {"success": True, "message": "noted", "data": data}
"""


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    folder = tmp_path / "integrations" / "diary"
    folder.mkdir(parents=True)
    (folder / "tasks.py").write_text(TASKS)
    (folder / "__init__.py").write_text("from .tasks import note, test_connection\n")
    return Workspace(tmp_path)


def flow(tmp_path: Path, **more: object) -> Workflow:
    made = Workflow(name="diary")
    file = str(tmp_path / "diary.txt")
    made.set_input("who", default="Ada")
    made.add("a", "diary.note", params={"file": file, "name": "a", **more})
    made.add("b", "diary.note", params={"file": file, "name": "b", "value": "${{ nodes.a.data }} ${{ inputs.who }}"})
    made.add("c", "diary.note", params={"file": file, "name": "c"})
    made.connect("a", "b")
    made.connect("b", "c")
    return made


def written(tmp_path: Path) -> str:
    return (tmp_path / "diary.txt").read_text()


def test_a_run_up_to_a_node_runs_it_and_what_is_before_it(ws: Workspace, tmp_path: Path) -> None:
    run = ws.run(flow(tmp_path), to="b")
    assert list(run) == ["a", "b"]
    assert written(tmp_path) == "ab"


def test_a_node_that_was_renamed_has_run_all_the_same(ws: Workspace, tmp_path: Path) -> None:
    ws.run(flow(tmp_path))
    other = flow(tmp_path)
    other.rename("a", "first")
    other.rename("b", "second")
    last = ws.last_values(other)
    assert (last.records["first"].data, last.records["second"].status) == ({"seen": "a"}, "succeeded")
    assert ws.last_values(other, last.run).records.keys() == {"first", "second", "c"}
    assert ws.run(other, only="second").status == "succeeded"
    assert written(tmp_path) == "abcb"
    other.change("first", params={"file": str(tmp_path / "diary.txt"), "name": "another"})
    assert "first" not in ws.last_values(other).records  # nothing says that it is the same node


def test_a_node_alone_uses_what_those_before_it_gave_last(ws: Workspace, tmp_path: Path) -> None:
    ws.run(flow(tmp_path), to="b")
    run = ws.run(flow(tmp_path), only="b", who="Bob")
    assert list(run) == ["b"]
    assert run["b"].data == {"seen": '{"seen": "a"} Bob'}
    again = ws.run(flow(tmp_path), only="b")
    assert again["b"].data == {"seen": '{"seen": "a"} Ada'}, "what a ran to is remembered beyond runs without a"
    assert written(tmp_path) == "abbb"


def test_a_node_alone_is_refused_when_what_it_needs_never_ran(ws: Workspace, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'b' uses the result of 'a', which has not run yet\. Run up to 'b' instead"):
        ws.run(flow(tmp_path), only="b")
    assert not (tmp_path / "diary.txt").exists()


def test_a_node_alone_is_refused_when_the_data_it_needs_was_not_kept(ws: Workspace, tmp_path: Path) -> None:
    ws.run(flow(tmp_path, strange=True), to="a")
    with pytest.raises(InputError, match="'b' uses the data of 'a', which was not kept"):
        ws.run(flow(tmp_path), only="b")


def test_code_that_asks_for_data_that_was_not_kept_is_told_why(ws: Workspace, tmp_path: Path) -> None:
    made = flow(tmp_path)
    made.change("a", task="core.python", params={"code": "{1: 'one', '1': 'text'}"})
    made.change("b", task="core.python", params={"code": "nodes.a.success, nodes.a.data"})
    ws.run(made, to="b")
    with pytest.raises(RunFailed, match="the data of the node 'a' was not kept: it has keys that are not text") as told:
        ws.run(made, only="b")
    assert "Run that node again" in str(told.value)
    made.change("b", params={"code": "nodes.a.success"})
    assert ws.run(made, only="b")["b"].data is True


def test_problems_of_other_nodes_do_not_keep_a_part_from_running(ws: Workspace, tmp_path: Path) -> None:
    broken = flow(tmp_path)
    broken.add("d", "diary.nothing")
    broken.connect("c", "d", when="nodes.elsewhere.success")
    assert ws.run(broken, to="b").status == "succeeded"
    with pytest.raises(InvalidWorkflow, match="d:task"):
        ws.run(broken)
    with pytest.raises(InvalidWorkflow, match="d:task"):
        ws.run(broken, only="d")


def test_a_part_that_is_not_there_is_refused(ws: Workspace, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="'d'"):
        ws.run(flow(tmp_path), to="d")


def test_a_run_whose_record_is_damaged_is_in_the_way_of_no_other(ws: Workspace, tmp_path: Path) -> None:
    ws.run(flow(tmp_path))
    damaged = ws.run(flow(tmp_path)).id
    with ws.journal._database.transaction() as connection:  # type: ignore[attr-defined]
        connection.execute("UPDATE runs SET inputs = '{' WHERE id = ?", (damaged,))
    assert ws.run(flow(tmp_path), only="b").status == "succeeded"
    assert ws.last_values(flow(tmp_path)).records
    ws.delete_runs(["last"])
    assert (ws.last_values(flow(tmp_path)).run, ws.last_values(flow(tmp_path)).inputs) == (damaged, {})
