"""flowbook workflows export, import and diff; the last also as git calls it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import nbformat
import papermill
import pytest
from click.testing import CliRunner, Result

from flowbook import Workflow, Workspace
from flowbook.cli.main import cli
from flowbook.errors import FileFormatError, FlowbookError, NotFound
from flowbook.formats import mermaid, notebook
from flowbook.formats.flowfile import dumps, read_flow_file
from flowbook.formats.python import loads
from tests import forks

ROOT = Path(__file__).parent.parent
GALLERY = sorted((ROOT / "flowbook" / "gallery").glob("*.flow.yaml"))


def sales() -> Workflow:
    flow = Workflow("sales", inputs={"minimum": {"type": "number", "default": 0}, "load": {"type": "string"}})
    flow.add("load", "core.set", params={"values": [1, 2, 3]}, at=(0, 0))
    flow.add(
        "end", "core.python", params={"code": "sum(n for n in nodes.load.data if n >= inputs.minimum)"}, at=(300, 0)
    )
    flow.connect("load", "end", when='inputs.minimum < 10 or "a|b" == ""')
    return flow


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    ws = Workspace(tmp_path)
    ws.save(sales())
    return ws


def call(ws: Workspace, *words: object) -> Result:
    return CliRunner().invoke(cli, ["-C", str(ws.root), "workflows", *map(str, words)], standalone_mode=False)


def test_a_workflow_goes_out_as_a_script_and_comes_in_again(ws: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "sales.py"
    assert call(ws, "export", "sales", "-o", path).output == f"Exported sales to {path}\n"
    assert call(ws, "export", "sales", "--to", "python").output == path.read_text()
    ws.delete_workflow("sales")
    assert call(ws, "import", path).output == "Imported sales (2 nodes)\n"
    assert ws.workflow("sales") == sales()


def test_a_script_that_is_not_of_the_form_is_not_imported_and_says_where(ws: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "other.py"
    path.write_text("import os\nos.remove('x')\n")
    failed = call(ws, "import", path)
    assert isinstance(failed.exception, FileFormatError)
    assert failed.exception.message.startswith(f"{path}:2:1: ")
    assert [one.name for one in ws.workflows()] == ["sales"]


def test_a_script_is_checked_and_run_as_a_file_is(ws: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "s.py"
    path.write_text(
        'flow = Workflow("s")\ncore = integration("core")\n\n\n@flow.task\ndef a():\n    return core.nope(x=1)\n'
    )
    (problem,) = ws.check(path).errors
    assert (problem.code, problem.line) == ("unknown-task", 6)
    path.write_text(path.read_text().replace("nope(x=1)", "set(values=5)"))
    assert ws.run(path)["a"].data == 5


@pytest.mark.parametrize("path", GALLERY, ids=lambda path: path.name)
def test_every_workflow_of_the_gallery_is_a_valid_notebook_and_a_flowchart(path: Path) -> None:
    flow = read_flow_file(path)
    book = nbformat.reads(notebook.dumps(flow), as_version=4)
    nbformat.validate(book)
    script = "\n".join(
        cell.source for cell in book.cells if cell.cell_type == "code" and cell.id.startswith(("workf", "node", "arr"))
    )
    assert loads(script) == flow
    chart = mermaid.dumps(flow).splitlines()
    assert chart[0] == "flowchart LR"
    assert len(chart) == 1 + len(flow.nodes) + len(flow.edges)


def test_a_notebook_runs_under_papermill_with_other_inputs(ws: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "sales.ipynb"
    call(ws, "export", "sales", "-o", path)
    papermill.execute_notebook(path, tmp_path / "out.ipynb", {"minimum": 2}, cwd=tmp_path, progress_bar=False)
    assert ws.last("sales")["end"].data == 5
    assert ws.last("sales").inputs == {"minimum": 2, "load": None}


def test_a_flowchart_says_conditions_and_keeps_what_would_be_markup_out(ws: Workspace) -> None:
    flow = sales()
    flow.change("end", label='"] --> evil["', disabled=True)
    flow.change_edge("load", "end", on="failure")
    lines = mermaid.dumps(flow).splitlines()
    assert lines[2] == '    n_end["#34;#93; --#62; evil#91;#34;<br/><small>core.python</small>"]'
    assert lines[3].startswith('    n_load -.->|"failure, when inputs.minimum #60; 10')
    assert lines[-1] == "    class n_end disabled"


def test_a_picture_and_the_file_are_forms_too(ws: Workspace, tmp_path: Path) -> None:
    assert call(ws, "export", "sales", "--to", "svg").output.startswith("<svg")
    assert call(ws, "export", "sales").output == dumps(sales())
    path = tmp_path / "a.flow.yaml"
    path.write_text(dumps(sales()))
    assert "flow = Workflow(" in call(ws, "export", path, "--to", "python").output


# -- diff -----------------------------------------------------------------------------------------------------


def test_names_files_and_versions_are_compared_by_meaning(ws: Workspace, tmp_path: Path) -> None:
    changed = ws.workflow("sales")
    changed.move("end", 900, 0)
    changed.change("load", params={"values": [1, 2, 4]})
    ws.save(changed)
    script = tmp_path / "sales.py"
    call(ws, "export", "sales", "-o", script)
    same = call(ws, "diff", "sales", script)
    assert (same.return_value, same.output) == (0, "The two mean the same.\n")
    before = call(ws, "diff", "sales@1", "sales")
    assert before.return_value == 1
    assert before.output == "~ node load\n    params.values[2]: 3 → 4\n  moved on the canvas: end\n"
    document = json.loads(call(ws, "diff", f"sales@{sales().definition_hash()[:10]}", "sales@0", "--json").output)
    assert (document["same"], document["moved"]) == (False, ["end"])
    assert document["differences"][0]["fields"] == [{"field": "params.values[2]", "before": 3, "after": 4}]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("salse", "Did you mean 'sales'"),
        ("sales@7", "none 7 saves ago"),
        ("sales@xyz", "no single version"),
        ("none@1", "'none'"),
    ],
)
def test_what_cannot_be_compared_is_named(ws: Workspace, name: str, words: str) -> None:
    failed = call(ws, "diff", name, "sales")
    assert isinstance(failed.exception, (NotFound, FlowbookError))
    assert words in str(failed.exception)


Git = Callable[..., str]


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """git in a repository that shows workflows by Flowbook."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")

    def run(*words: str, fails: bool = False) -> str:
        env = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        done = subprocess.run(
            ["git", *who, *words], cwd=tmp_path, check=False, capture_output=True, text=True, env=env, timeout=110
        )  # fmt: skip
        assert (done.returncode != 0) == fails, done.stderr
        return done.stdout

    run("init", "-q", "-b", "main")
    run("config", "diff.flowbook.command", f"{shlex.join(forks.python())} -m flowbook workflows diff --git")
    (tmp_path / ".gitattributes").write_text("*.flow.yaml diff=flowbook\n")
    return run


def test_git_compares_workflows_by_their_meaning(git: Git, tmp_path: Path) -> None:
    flow = sales()
    (tmp_path / "sales.flow.yaml").write_text(dumps(flow))
    (tmp_path / "broken.flow.yaml").write_text("flowbook: 1\nname: x\nnodes: {}\n")
    git("add", ".")
    git("commit", "-qm", "one")
    flow.rename("load", "read")
    flow.move("end", 1, 2)
    (tmp_path / "sales.flow.yaml").write_text(dumps(flow))
    (tmp_path / "broken.flow.yaml").write_text("flowbook: [")
    new = Workflow("new")
    new.add("a", "core.noop")
    (tmp_path / "new.flow.yaml").write_text(dumps(new))
    git("add", "-N", ".")
    told = git("diff")
    assert "workflow sales.flow.yaml\n~ node load is now read\n  moved on the canvas: end\n" in told
    told_broken = told.partition("workflow broken.flow.yaml\n")[2].partition("workflow ")[0].splitlines()
    assert told_broken[0].startswith("  cannot be compared: broken.flow.yaml:2:1: ")
    assert told_broken[1:] == ["@@ -1,3 +1 @@", "-flowbook: 1", "-name: x", "-nodes: {}", "+flowbook: [",
                               "\\ No newline at end of file"]  # fmt: skip
    assert "workflow new.flow.yaml\n+ node a\n" in told


def test_git_tells_of_a_merge_that_is_not_finished_and_of_moved_files(git: Git, tmp_path: Path) -> None:
    """It died of the first: git gives one word then."""
    path, flow = tmp_path / "sales.flow.yaml", sales()
    path.write_text(dumps(flow))
    git("add", ".")
    git("commit", "-qm", "one")
    git("checkout", "-qb", "side")
    for branch, label in (("side", "Theirs"), ("main", "Ours")):
        git("checkout", "-q", branch)
        flow.change("load", label=label)
        path.write_text(dumps(flow))
        git("commit", "-qam", branch)
    git("merge", "side", fails=True)
    told = git("diff", "--ours")
    assert told.startswith("workflow sales.flow.yaml\n  not merged yet\n")
    assert "cannot be compared: sales.flow.yaml:" in told
    assert "the marks of a merge that is not finished" in told
    assert "+<<<<<<< HEAD" in told
    git("checkout", "--theirs", ".")
    git("commit", "-qam", "merged")
    git("mv", "sales.flow.yaml", "sold.flow.yaml")
    assert git("diff", "--cached", "-M") == "workflow sales.flow.yaml → sold.flow.yaml\n  no difference in meaning\n"


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("a.flow.yaml", ["flowbook: 1", "name: a", "<<<<<<< HEAD", "nodes: {}", "=======", "nodes: []", ">>>>>>> b"]),
        ("a.py", ["from flowbook import Workflow", "", "<<<<<<< HEAD", "flow = 1", "=======", "flow = 2", ">>>>>>> b"]),
        ("a.json", ["{", '"nodes": [],', "<<<<<<< HEAD", '"a": 1', "=======", '"a": 2', ">>>>>>> b", "}"]),
        ("b.json", ["{", '"flowbook": 1,', "<<<<<<< HEAD", '"a": 1', "=======", '"a": 2', ">>>>>>> b", "}"]),
    ],
)  # fmt: skip
def test_an_unfinished_merge_is_named_with_its_line_in_every_form(
    ws: Workspace, tmp_path: Path, name: str, lines: list[str]
) -> None:
    (tmp_path / name).write_text("\n".join(lines))
    with pytest.raises(FileFormatError, match="the marks of a merge that is not finished") as refused:
        ws.import_workflow(tmp_path / name)
    assert f"{name}:3:1: " in str(refused.value)


def test_a_check_names_a_file_that_cannot_be_read_by_its_path_alone(ws: Workspace, tmp_path: Path) -> None:
    """It said ``bad.flow.yaml::: 1:``, with places for a node and a field."""
    path = tmp_path / "bad.flow.yaml"
    path.write_text("flowbook: [")
    said = CliRunner().invoke(cli, ["check", str(path)], standalone_mode=False).output
    assert said.startswith((f"{path}: 1:12: ", f"{path}: 2:1: ")), said
