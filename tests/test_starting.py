"""What a command loads before it gets to work: time spent there is paid at every scheduled run."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from flowbook import Workflow, Workspace
from flowbook.cli import run as command_line

FLOW = "flowbook: 1\nname: one\nnodes:\n  only: {task: core.noop}\n"
LOADED = """\
import atexit, json, sys
from flowbook.__main__ import main
atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))
sys.argv = ["flowbook", *sys.argv[1:]]
main()
"""


def loaded_by(folder: Path, *arguments: str) -> set[str]:
    """The modules that are there when ``flowbook`` with these arguments has succeeded."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("COV", "FLOWBOOK_"))}
    command = [sys.executable, "-c", LOADED, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, env=environ)
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace with a stored workflow, and a file with another."""
    ws = Workspace(tmp_path)
    flow = Workflow(name="stored")
    flow.add("only", "core.noop")
    ws.save(flow)
    ws.close()
    (tmp_path / "one.flow.yaml").write_text(FLOW, encoding="utf-8")
    return tmp_path


class TestARun:
    def test_loads_nothing_that_only_other_commands_and_notebooks_need(self, folder: Path) -> None:
        needless = {
            "IPython", "ipywidgets", "anywidget", "nbformat", "nbclient", "rich", "jinja2", "html", "requests",
            "pandas", "numpy", "asyncio", "http.client", "ssl", "cryptography", "keyring",
            "flowbook.ui", "flowbook.reports", "flowbook.gallery", "flowbook.sharing", "flowbook.testing",
            "flowbook.calling.displays", "flowbook.calling.figures", "matplotlib",
            "flowbook.authoring.scaffold", "flowbook.http", "flowbook.view.report",
            "flowbook.formats.flowfile.writer", "difflib", "flowbook.tasks.plain", "flowbook.tasks.docstring",
        }  # fmt: skip
        assert loaded_by(folder, "run", "one.flow.yaml") & needless == set()

    def test_of_a_file_does_not_open_the_store(self, folder: Path) -> None:
        assert "tinydb" not in loaded_by(folder, "run", "one.flow.yaml")

    def test_of_a_stored_workflow_does_not_load_what_reads_files(self, folder: Path) -> None:
        modules = loaded_by(folder, "run", "stored")
        assert "tinydb" in modules
        assert not modules & {"yaml", "flowbook.formats.flowfile"}

    def test_imports_only_the_integration_folders_that_its_workflow_uses(self, folder: Path) -> None:
        modules = loaded_by(folder, "run", "one.flow.yaml")
        folders = {name.split(".")[1] for name in modules if name.startswith("flowbook_integrations.")}
        assert folders == {"core__v1"}


STUDIO = """\
import json, sys
from flowbook import Workflow, Workspace
ws = Workspace(memory=True)
ws.save(Workflow(name="one"))
studio, editor = ws.studio(), ws.edit("one")
loaded = sorted({"pandas", "networkx", "numpy", "pyarrow", "matplotlib", "requests", "boto3"} & set(sys.modules))
import ipycytoscape, networkx, pandas
drawn = ipycytoscape.CytoscapeWidget(graph=networkx.path_graph(3))
print(json.dumps([loaded, len(drawn.graph.nodes), type(pandas).__name__]))
"""


class TestTheStudio:
    def test_loads_no_library_that_only_data_need_and_leaves_them_to_whoever_uses_them(self) -> None:
        command = [sys.executable, "-W", "ignore", "-c", STUDIO]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert json.loads(done.stdout.splitlines()[-1]) == [[], 3, "module"]


class TestTheListOfCommands:
    def test_needs_neither_models_nor_a_command(self, folder: Path) -> None:
        modules = loaded_by(folder, "--help")
        assert not modules & {"pydantic", "yaml", "sqlite3", "flowbook.workspace", "flowbook.cli.running"}


class TestTheGarbageCollector:
    def test_works_while_a_command_does_and_leaves_out_what_was_loaded_before(self, folder: Path) -> None:
        code = "import gc\\n(gc.isenabled(), gc.get_freeze_count() > 10_000)"
        flow = f'flowbook: 1\nname: look\nnodes:\n  look: {{task: core.python, params: {{code: "{code}"}}}}\n'
        (folder / "look.flow.yaml").write_text(flow, encoding="utf-8")
        command = [sys.executable, "-m", "flowbook", "run", "look.flow.yaml", "--json"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        assert json.loads(done.stdout)["nodes"]["look"]["data"] == [True, True]

    def test_is_left_alone_in_a_process_that_calls_the_command_line(self, folder: Path) -> None:
        before = gc.get_freeze_count()
        assert command_line(["-C", str(folder), "run", "stored"]) == 0
        assert gc.isenabled()
        assert gc.get_freeze_count() <= before  # some may have been freed


@pytest.mark.parametrize("given", [pd.DataFrame({"a": [1]}), pd.DataFrame(), pd.Series([1, 2]), np.array([1, 2])])
def test_a_table_may_be_what_a_run_is_started_with(tmp_path: Path, given: Any) -> None:
    flow = Workflow("table")
    flow.set_input("table", type="json", required=True)
    flow.add("take", "core.set", params={"values": "${{ inputs.table }}"})
    with Workspace(tmp_path) as ws:
        assert ws.run(flow, table=given)["take"].data is given
