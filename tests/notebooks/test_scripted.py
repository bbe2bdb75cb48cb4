"""Scripted runs: papermill, `jupyter execute`, nbclient and `flowbook run` agree, and failures are told in one line."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from flowbook.models import Parameter, Workflow
from flowbook.workspace import Workspace
from tests import forks

pytestmark = pytest.mark.usefixtures("quick_kernels")

SECRET = "tok-3f9a-not-for-notebooks"
UNWRITABLE = ("StoreError", "memory") if os.geteuid() else ("InputError", "MEMORY_ONLY")
"""What a folder where nobody may write is, and a word of what to do."""


def notebook(*cells: str, parameters: str = "") -> nbformat.NotebookNode:
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    if parameters:
        made.cells.insert(0, nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    return made


SCHEDULED = notebook(
    "from flowbook import Workspace\nws = Workspace()\nrun = ws.run('greeting', **inputs)",
    "import json\nprint(json.dumps(run.to_dict()))",
    parameters="inputs = {'name': 'world'}",
)


@pytest.fixture
def project(ws: Workspace) -> Path:
    """A workspace with workflows of every fate, and a notebook to schedule."""
    flow = Workflow(name="greeting")
    flow.set_input("name", required=True)
    flow.set_input("times", type="integer", default=2)
    flow.add("greet", "demo.greet", params={"name": "${{ inputs.name }}"})
    flow.add("echo", "demo.echo", params={"text": "${{ nodes.greet.data.text }}", "times": "${{ inputs.times }}"})
    flow.connect("greet", "echo")
    ws.save(flow)
    failing = Workflow(name="failing")
    failing.add("blow", "demo.boom")
    ws.save(failing)
    ws.create_type("demo", [Parameter(name="token", type="password", required=True)])
    ws.create_integration("My Demo", "demo", {"token": SECRET})
    leaking = Workflow(name="leaking")
    leaking.add("leak", "demo.leak", integration="My Demo", params={"raise": True})
    ws.save(leaking)
    ws.close()
    nbformat.write(SCHEDULED, ws.root / "scheduled.ipynb")
    return ws.root


def command(project: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    programs = Path(sys.executable).parent
    search = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        forks.python(str(programs / arguments[0]), *arguments[1:]),
        cwd=project, env={**os.environ, "PATH": search, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def executed(project: Path, made: nbformat.NotebookNode, **environment: str) -> list[Mapping[str, Any]]:
    """The errors of a notebook that goes on after each."""
    client = NotebookClient(
        made, timeout=60, kernel_name="python3", allow_errors=True, resources={"metadata": {"path": str(project)}}
    )
    client.execute(env={**os.environ, **environment})
    return [output for cell in made.cells for output in cell.get("outputs", []) if output.output_type == "error"]


def nodes(text: str) -> dict[str, Any]:
    """What a run printed as JSON, without what differs between runs."""
    run = json.loads(text)
    return {
        "status": run["status"],
        "nodes": {name: {k: v for k, v in node.items() if k != "seconds"} for name, node in run["nodes"].items()},
    }


def printed(path: Path) -> str:
    cells = nbformat.read(path, as_version=4).cells
    return "".join(o.text for o in cells[-1].outputs if o.output_type == "stream" and o.name == "stdout")


def test_papermill_s_parameters_become_the_workflow_s_inputs(project: Path) -> None:
    papermill.execute_notebook(
        project / "scheduled.ipynb", project / "done.ipynb", parameters={"inputs": {"name": "Ada", "times": 3}},
        cwd=project, progress_bar=False, kernel_name="python3",
    )  # fmt: skip
    run = json.loads(printed(project / "done.ipynb"))
    assert run["nodes"]["echo"]["data"] == {"text": "Hello Ada", "times": 3}


def test_every_way_of_running_gives_the_same_result(project: Path) -> None:
    shell = command(project, "flowbook", "run", "greeting", "-i", "name=world", "--json")
    mill = command(project, "papermill", "--no-progress-bar", "scheduled.ipynb", "milled.ipynb")
    jupyter = command(project, "jupyter", "execute", "--output", "executed", "scheduled.ipynb")
    for done in (shell, mill, jupyter):
        assert done.returncode == 0, done.stderr
    expected = nodes(shell.stdout)
    assert expected["nodes"]["echo"]["data"] == {"text": "Hello world", "times": 2}
    assert nodes(printed(project / "milled.ipynb")) == expected
    assert nodes(printed(project / "executed.ipynb")) == expected


def test_a_failed_workflow_fails_the_notebook_with_the_node_s_message(project: Path) -> None:
    made = notebook("from flowbook import Workspace", "Workspace().run('failing')", "print('never')")
    with pytest.raises(CellExecutionError) as caught:
        NotebookClient(
            made, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(project)}}
        ).execute()
    assert caught.value.ename == "RunFailed"
    assert "node 'blow' failed" in caught.value.evalue
    assert "no luck" in caught.value.evalue
    error = next(output for output in made.cells[1].outputs if output.output_type == "error")
    assert error.traceback == [f"RunFailed: {caught.value.evalue} (Explained in: flowbook docs run-semantics)"]
    assert not made.cells[2].outputs


def test_of_a_message_of_many_lines_the_first_is_the_error_s(project: Path) -> None:
    flow = Workflow(name="talkative")
    flow.add("talk", "core.fail", params={"message": "the query failed\nLINE 1: SELEC 1\n        ^"})
    with contextlib.closing(Workspace(project)) as ws:
        ws.save(flow)
    (error,) = executed(project, notebook("from flowbook import Workspace\nWorkspace().run('talkative')"))
    (line,) = error["traceback"]
    assert line.startswith("RunFailed: talkative: node 'talk' failed: the query failed … (Explained in: ")
    assert "LINE 1: SELEC 1" in error["evalue"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("{inputs: {nmae: Ada}}", r"InvalidInputs: greeting: .*nmae: there is no such input\. Did you mean 'name'\?"),
        ("{inputs: {}}", r"InvalidInputs: greeting: .*name: is required\."),
    ],
)
def test_papermill_s_status_and_last_line_are_the_failure_s(project: Path, given: str, told: str) -> None:
    done = command(project, "papermill", "--no-progress-bar", "scheduled.ipynb", "failed.ipynb", "-y", given)
    assert done.returncode == 1
    last = [line for line in done.stderr.splitlines() if line.strip()][-1]
    assert re.match(told, last), done.stderr
    assert "flowbook/workspace" not in done.stderr


def test_jupyter_execute_fails_with_the_failure_s_line(project: Path) -> None:
    nbformat.write(notebook("from flowbook import Workspace\nWorkspace().run('failing')"), project / "f.ipynb")
    done = command(project, "jupyter", "execute", "f.ipynb")
    assert done.returncode == 1
    assert "RunFailed: failing: node 'blow' failed: Error: no luck (RuntimeError)" in done.stderr
    assert "flowbook/workspace" not in done.stderr


def test_each_kind_of_bad_input_is_told_in_one_line(project: Path, unwritable: Path) -> None:
    made = notebook(
        "from flowbook import Workspace\nws = Workspace()",
        "ws.run('greeting')",
        "ws.run('greeting', name='Ada', times='often')",
        "ws.run('greeting', name='Ada', tmies=3)",
        "ws.run('greetings', name='Ada')",
        "ws.run('nowhere.flow.yaml')",
        f"Workspace({str(unwritable)!r})",
    )
    told = [(error["ename"], error["evalue"]) for error in executed(project, made)]
    assert [name for name, _ in told] == [
        "InvalidInputs", "InvalidInputs", "InvalidInputs", "NotFound", "NotFound", UNWRITABLE[0],
    ]  # fmt: skip
    for words, (_, text) in zip(
        (
            "name: is required",
            "times: must be a whole number",
            "'times'",
            "'greeting'",
            "nowhere.flow.yaml",
            UNWRITABLE[1],
        ),
        told,
        strict=True,
    ):
        assert words in text
    for cell in made.cells:
        for output in cell.outputs:
            if output.output_type == "error":
                (line,) = output.traceback
                assert line.startswith(f"{output.ename}: {output.evalue} (Explained in: flowbook docs ")
                assert "\n" not in output.evalue


def test_a_locked_vault_is_told_in_one_line(project: Path, tmp_path: Path) -> None:
    made = notebook("from flowbook import Workspace\nWorkspace().run('leaking')")
    (error,) = executed(project, made, FLOWBOOK_CONFIG_DIR=str(tmp_path / "another"))
    assert error["ename"] == "VaultLocked"
    assert len(error["traceback"]) == 1
    assert "\n" not in error["evalue"]


def test_no_secret_is_in_a_failed_notebook(project: Path) -> None:
    made = notebook("from flowbook import Workspace\nws = Workspace()", "ws.run('leaking')", "ws.runs()")
    (error,) = executed(project, made)
    assert error["ename"] == "RunFailed"
    assert "failed with" in error["evalue"]
    assert SECRET not in nbformat.writes(made)


@pytest.fixture
def unwritable(tmp_path: Path) -> Any:
    """A folder in which nobody may write: for the superuser, whom no permission stops, one of the kernel's (see
    UNWRITABLE)."""
    folder = tmp_path / "read-only"
    folder.mkdir()
    folder.chmod(0o500)
    yield folder if os.geteuid() else Path("/proc/self")
    with contextlib.suppress(OSError):
        folder.chmod(0o700)
