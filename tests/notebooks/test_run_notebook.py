"""``flowbook run NOTEBOOK.ipynb``: inputs in place of the parameters, progress, the exit code of what stopped it."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from flowbook.cli import run
from flowbook.cli.notebook import exit_code, give, read_typed
from flowbook.errors import InvalidInputs
from flowbook.models import Parameter, Workflow
from flowbook.workspace import Workspace
from tests import forks
from tests.terminal import in_terminal

pytestmark = pytest.mark.usefixtures("quick_kernels")

PARAMETERS = "workflow = 'greeting'\ninputs: dict = {'name': 'world'}  # what it asks for"


def notebook(*cells: str, parameters: str = PARAMETERS) -> nbformat.NotebookNode:
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    if parameters:
        made.cells.insert(0, nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    return made


@pytest.fixture
def project(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a notebook that runs the workflow it is told."""
    flow = Workflow(name="greeting")
    flow.set_input("name", required=True)
    flow.set_input("times", type="integer", default=2)
    flow.add("greet", "demo.greet", params={"name": "${{ inputs.name }}"})
    flow.add("echo", "demo.echo", params={"text": "${{ nodes.greet.data.text }}", "times": "${{ inputs.times }}"})
    flow.connect("greet", "echo")
    failing = Workflow(name="failing")
    failing.add("blow", "demo.boom")
    locked = Workflow(name="locked")
    locked.add("leak", "demo.leak", integration="My Demo")
    ws.create_type("demo", [Parameter(name="token", type="password", required=True)])
    ws.create_integration("My Demo", "demo", {"token": "tok-3f9a-not-for-notebooks"})
    for one in (flow, failing, locked):
        ws.save(one)
    ws.close()
    cells = (
        "from flowbook import Workspace\nrun = Workspace().run(workflow, inputs)",
        "import json\nprint(json.dumps(run.to_dict()))",
    )
    nbformat.write(notebook(*cells), ws.root / "scheduled.ipynb")
    monkeypatch.chdir(ws.root)
    return ws.root


def flowbook(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        forks.python("-m", "flowbook", *arguments),
        cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def errors_in(path: Path) -> list[Any]:
    cells = nbformat.read(path, as_version=4).cells
    return [output for cell in cells for output in cell.get("outputs", []) if output.output_type == "error"]


def test_the_inputs_take_the_place_of_the_parameters(project: Path) -> None:
    done = flowbook("run", "scheduled.ipynb", "-i", 'inputs={"name": "Ada", "times": 3}', "-o", "done.ipynb")
    assert done.returncode == 0, done.stderr
    made = nbformat.read(project / "done.ipynb", as_version=4)
    assert made.cells[1].metadata.tags == ["injected-parameters"]
    assert json.loads(made.cells[-1].outputs[0].text)["nodes"]["echo"]["data"] == {"text": "Hello Ada", "times": 3}
    assert not any(cell.get("outputs") for cell in nbformat.read(project / "scheduled.ipynb", as_version=4).cells)


def test_a_parameter_that_is_text_takes_what_was_typed_and_others_json_where_it_can_be_read() -> None:
    cell = "version = '3.9'\nnone: str | None = None\nlimit = 5\nany = None\nnames: list[str] = []\n"
    typed = dict.fromkeys(("version", "none", "limit", "any"), "3.10") | {"names": '["a"]'}
    found = read_typed(notebook(parameters=cell), typed)
    assert found == {"version": "3.10", "none": "3.10", "limit": 3.1, "any": 3.1, "names": ["a"]}
    for text in ("null", "007", "true", "1e999", '"quoted"'):
        assert read_typed(notebook(parameters=cell), {"version": text}) == {"version": text}
    assert read_typed(notebook(parameters=cell), {"limit": "1e999", "any": "null"}) == {"limit": "1e999", "any": None}
    assert read_typed(notebook(parameters=cell), {"version": "[1", "any": '"[1"'}) == {"version": "[1", "any": "[1"}
    with pytest.raises(InvalidInputs, match=r"'names' begins like JSON and is none: .*column 3"):
        read_typed(notebook(parameters=cell), {"names": "[1"})


def test_a_pipe_gets_a_line_for_each_cell_and_each_node_in_it(project: Path) -> None:
    lines = flowbook("run", "scheduled.ipynb").stdout.splitlines()
    assert lines[0] == "[1/3] workflow = 'greeting'"
    assert [line.split()[:3] for line in lines if "✓" in line] == [["[2/3]", "✓", "greet"], ["[2/3]", "✓", "echo"]]
    assert any(line.startswith('[3/3] | {"version": 1, "run": ') for line in lines)
    assert lines[-1].startswith("scheduled.ipynb: succeeded in ")


def test_a_terminal_shows_the_lines_above_a_clock(project: Path) -> None:
    shown, code = in_terminal(["run", "scheduled.ipynb"])
    assert code == 0
    assert "[2/3] ✓ echo" in shown
    assert "executing" in shown
    assert "scheduled.ipynb: succeeded in " in shown


ENDINGS = {
    "a failing node": ({"workflow": "failing", "inputs": {}}, 1, "failing: node 'blow' failed: Error: no luck"),
    "a missing input": ({"inputs": {}}, 2, "greeting: the inputs do not fit: name: is required."),
    "a mistyped input": ({"inputs": {"nmae": "Ada"}}, 2, "nmae: there is no such input. Did you mean 'name'?"),
    "a value that does not fit": ({"inputs": {"name": "Ada", "times": "often"}}, 2, "times: must be a whole number"),
    "a workflow that is not there": ({"workflow": "greetings"}, 2, "there is no workflow 'greetings'. Did you mean"),
    "a locked vault": ({"workflow": "locked", "inputs": {}}, 3, "key"),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_it_ends_with_the_code_and_the_line_of_what_stopped_it(name: str, project: Path, tmp_path: Path) -> None:
    given, code, said = ENDINGS[name]
    (project / "given.json").write_text(json.dumps(given))
    environment = {"FLOWBOOK_CONFIG_DIR": str(tmp_path / "another")} if name == "a locked vault" else {}
    done = flowbook("run", "scheduled.ipynb", "--inputs", "given.json", "-o", "failed.ipynb", **environment)
    line = done.stderr.removesuffix("\n")
    assert (done.returncode, line.count("\n")) == (code, 0), line
    assert line.startswith("Error: scheduled.ipynb, cell 3: ")
    assert said in line
    (error,) = errors_in(project / "failed.ipynb")
    assert exit_code(error) == code


def test_as_json_it_says_what_came_of_it_and_nothing_else(project: Path) -> None:
    done = flowbook("run", "scheduled.ipynb", "-i", "workflow=failing", "-i", "inputs={}", "--json")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert {name: told[name] for name in ("notebook", "status", "output")} == {
        "notebook": "scheduled.ipynb", "status": "failed", "output": None,
    }  # fmt: skip
    assert (told["error"]["cell"], told["error"]["type"]) == (3, "RunFailed")


def test_a_dash_gets_the_executed_notebook_on_standard_output_and_nothing_else(project: Path) -> None:
    """A file called ``-`` was written, and lines for people stood where a pipe reads."""
    done = flowbook("run", "scheduled.ipynb", "-o", "-")
    assert done.returncode == 0, done.stderr
    made = nbformat.reads(done.stdout, as_version=4)
    assert [cell.execution_count for cell in made.cells] == [1, 2, 3]
    assert "scheduled.ipynb: succeeded" in done.stderr
    assert not (project / "-").exists()
    both = flowbook("run", "scheduled.ipynb", "-o", "-", "--json")
    assert both.returncode == 2
    assert "one standard output" in json.loads(both.stdout)["error"]["message"]


def test_another_error_of_a_cell_is_a_failure_with_its_own_line(project: Path) -> None:
    nbformat.write(notebook("raise ArithmeticError('by nothing')", "print('never')"), project / "wrong.ipynb")
    done = flowbook("run", "wrong.ipynb", "-o", "done.ipynb")
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["Error: wrong.ipynb, cell 2: ArithmeticError: by nothing"]
    assert not nbformat.read(project / "done.ipynb", as_version=4).cells[2].outputs


def test_a_kernel_that_dies_is_a_failure_in_one_line(project: Path) -> None:
    nbformat.write(notebook("import os\nos._exit(7)"), project / "wrong.ipynb")
    done = flowbook("run", "wrong.ipynb")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("Error: wrong.ipynb, cell 2: DeadKernelError: the kernel died")


def test_the_last_words_of_a_kernel_that_died_are_shown_above_the_error(project: Path) -> None:
    cell = "import os, sys\nos.write(sys.__stderr__.fileno(), b'out of beans\\n')\nos._exit(7)"
    nbformat.write(notebook(cell), project / "wrong.ipynb")
    done = flowbook("run", "wrong.ipynb")
    *words, line = done.stderr.splitlines()
    assert (done.returncode, words) == (1, ["out of beans"])
    assert line.startswith("Error: wrong.ipynb, cell 2: DeadKernelError: the kernel died")


def test_what_a_kernel_says_beside_its_cells_is_no_output_of_the_command(project: Path) -> None:
    """As one does of its transport, of a debugger, or while it ends."""
    cell = "import atexit, os, sys\natexit.register(os.write, sys.__stderr__.fileno(), b'by the way\\n')"
    nbformat.write(notebook(cell), project / "c.ipynb")
    done = flowbook("run", "c.ipynb")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_kernel_that_does_not_start_is_told_with_its_own_words(project: Path) -> None:
    spec = project / "jupyter" / "kernels" / "broken"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-c", "raise SystemExit('no such engine')", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Broken", "language": "python"}))
    broken = notebook("1")
    broken.metadata.kernelspec["name"] = "broken"
    nbformat.write(broken, project / "wrong.ipynb")
    done = flowbook("run", "wrong.ipynb", JUPYTER_PATH=str(project / "jupyter"))
    words, line, hint = done.stderr.splitlines()
    assert (done.returncode, words) == (2, "no such engine")
    assert line.startswith("Error: wrong.ipynb: the kernel did not start: ")
    assert "flowbook docs" in hint


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_cancels_the_run_in_the_notebook(number: signal.Signals, project: Path) -> None:
    flow = Workflow(name="slow")
    flow.add("wait", "demo.sleep", params={"seconds": 60})
    with contextlib.closing(Workspace(project)) as ws:
        ws.save(flow)
    cell = "from flowbook import Workspace\nws = Workspace()\nprint('begun', flush=True)\nws.run('slow')"
    nbformat.write(notebook(cell, "1"), project / "slow.ipynb")
    command = forks.python("-m", "flowbook", "run", "slow.ipynb", "-o", "done.ipynb")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "| begun" in line:
                break
        process.send_signal(number)
        _, told = process.communicate()
    assert process.returncode == 130
    assert told.splitlines()[-1].startswith("Error: slow.ipynb, cell 2: ")
    assert errors_in(project / "done.ipynb")


def test_the_workspace_that_was_chosen_is_the_notebook_s(project: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    made = notebook(
        "from flowbook import Workspace\nprint(Workspace().run('greeting', name='Ada').status)", parameters=""
    )
    nbformat.write(made, tmp_path / "elsewhere" / "other.ipynb")
    done = flowbook("-C", str(project), "run", str(tmp_path / "elsewhere" / "other.ipynb"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "[1/1] | succeeded" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "sheduled.ipynb"), "there is no notebook 'sheduled.ipynb'.\nDid you mean 'scheduled.ipynb'?"),
        (("run", "broken.ipynb"), "broken.ipynb is not a notebook"),
        (("run", "scheduled.ipynb", "-i", "input=1"), "there is no parameter 'input'.\nDid you mean 'inputs'?"),
        (("run", "scheduled.ipynb", "-o", "no/such/folder.ipynb"), "cannot be written: No such file or directory."),
        (("run", "greeting", "-o", "x.ipynb"), "-o is for notebooks"),
        (("run", "foreign.ipynb"), "the kernel 'julia-9' is not installed here."),
    ],
)
def test_what_cannot_be_executed_is_told_before_anything_is(
    arguments: tuple[str, ...], said: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "broken.ipynb").write_text('{"cells": 5')
    foreign = notebook("1")
    foreign.metadata.kernelspec["name"] = "julia-9"
    nbformat.write(foreign, project / "foreign.ipynb")
    assert run(arguments) == 2
    assert said in capsys.readouterr().err


def test_without_nbclient_it_says_how_to_have_it(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find: Callable[..., Any] = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == "nbclient" else find(name))
    assert run(["run", "scheduled.ipynb"]) == 2
    assert "pip install 'jupyter-flowbook[notebooks]'" in capsys.readouterr().err


def test_the_given_values_replace_those_of_an_earlier_execution() -> None:
    made = notebook("1")
    give(made, {"inputs": {"name": "Ada"}}, "a.ipynb")
    give(made, {"inputs": {"name": None, "on": True}, "workflow": "it's"}, "a.ipynb")
    assert [cell.source for cell in made.cells] == [
        PARAMETERS, "# Parameters\ninputs = {'name': None, 'on': True}\nworkflow = \"it's\"", "1",
    ]  # fmt: skip


def test_a_notebook_without_parameters_takes_none() -> None:
    with pytest.raises(InvalidInputs, match="no cell has the tag 'parameters'"):
        give(notebook("name = 1", parameters=""), {"name": 2}, "a.ipynb")
