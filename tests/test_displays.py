"""What nodes display where no kernel is there: in `flowbook run` and in a plain script, as in a notebook."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from rich.console import Console

from flowbook import Workspace
from flowbook.calling import Output
from flowbook.cli import run as command_line
from flowbook.cli.table import LiveTable
from flowbook.events import NodeOutput, NodeStarted, RunStarted
from flowbook.redaction import Redactor

# What matplotlib says of a graphical window outside of the main thread would be wrong here; what older ones call of
# newer pyparsings is no matter.
STRICT = ("-W", "error::UserWarning", "-W", "ignore::DeprecationWarning")

TASKS = '''
"""Displays of every kind, by two nodes at the same time."""

import threading

from IPython.display import HTML, JSON, SVG, Image, Markdown, clear_output, display

met = threading.Barrier(2, timeout=20)


def test_connection(credentials):
    """Nothing to test."""
    return {"success": True, "message": "Connected"}


class Both:
    """Has representations of its own."""

    def __repr__(self):
        return "both"

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": "both", "application/vnd.demo+json": {"deep": [1]}, "image/jpeg": b"JPEG"}


def shows(credentials, params):
    """Display one of everything, while another node does too."""
    import matplotlib.pyplot as plt
    import pandas as pd

    points = params["points"]
    met.wait()
    plt.figure(figsize=(2, 1))
    met.wait()
    plt.plot(range(points))
    met.wait()
    print(f"lines: {len(plt.gca().lines)} figures: {len(plt.get_fignums())}")
    plt.show()
    print("open:", plt.get_fignums())
    met.wait()
    display(pd.DataFrame({"n": [points] * 2}))
    display(HTML(f"<b>{points} points</b>"), Markdown(f"# {points} points"), JSON({"points": points}))
    display(SVG("<svg xmlns='http://www.w3.org/2000/svg'><g/></svg>"), Both())
    clear_output()
    figure = plt.figure(figsize=(1, 1))
    figure.add_subplot()
    display(figure)
    with open("pixel.png", "rb") as file:
        display(Image(file.read()))
    handle = display("first", display_id=True)
    handle.update("then")
    display({"text/plain": "raw", "text/latex": "$x$"}, raw=True)
    return {"success": True, "message": "Shown"}
'''

FLOW = """\
flowbook: 1
name: pictures
nodes:
  left: {task: demo.shows, params: {points: 3}}
  right: {task: demo.shows, params: {points: 5}}
  code: {task: core.python, params: {code: "display({'a': 1})\\nimport IPython\\nIPython.get_ipython() is None"}}
  drawn:
    task: core.python
    params:
      code: |
        import io
        import matplotlib.pyplot as plt
        saved = plt.figure(figsize=(1, 1))
        saved.savefig(io.BytesIO())
        plt.close(saved)
        plt.figure(figsize=(2, 1))
        plt.plot([1, 3, 2])
        "never shown by the code"
"""

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
# Neither a window nor the inline backend that a kernel's children inherit: nodes do not depend on what is set here.
BACKEND = "module://there_is_no_such_backend"
KINDS = [
    {"image/png"}, {"text/html"}, {"text/html"}, {"text/markdown"}, {"application/json"}, {"image/svg+xml"},
    {"application/vnd.demo+json", "image/jpeg"}, {"image/png"}, {"image/png"}, set(), set(), {"text/latex"},
]  # fmt: skip


def environ(folder: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FLOWBOOK_", "MPL"))}
    here = {
        "FLOWBOOK_CONFIG_DIR": str(folder / "config"),
        "FLOWBOOK_TRUST": str(folder),
        "IPYTHONDIR": str(folder / "ipython"),
    }
    return {**kept, **here, **more}


def prepare(folder: Path) -> Path:
    """A workspace with the tasks and the workflow."""
    tasks = folder / "integrations" / "demo" / "tasks.py"
    tasks.parent.mkdir(parents=True)
    tasks.write_text(TASKS, encoding="utf-8")
    (folder / "pictures.flow.yaml").write_text(FLOW, encoding="utf-8")
    (folder / "pixel.png").write_bytes(base64.b64decode(PNG))
    Workspace(folder).close()
    return folder


def displayed(folder: Path, node: str) -> list[NodeOutput]:
    ws = Workspace(folder)
    try:
        run = ws.run_record("last").summary.id
        return [piece for piece in ws.journal.output(run, node) if piece.stream == "display"]
    finally:
        ws.close()


def bundles(folder: Path, node: str) -> list[dict[str, Any]]:
    return [piece.data or {} for piece in displayed(folder, node)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace where the workflow ran from the command line; ``printed.txt`` is what that printed."""
    folder = prepare(tmp_path_factory.mktemp("unattended"))
    command = [sys.executable, *STRICT, "-m", "flowbook", "run", "pictures.flow.yaml"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environ(folder, MPLBACKEND=BACKEND))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    (folder / "printed.txt").write_text(done.stdout, encoding="utf-8")
    return folder


class TestARunFromTheCommandLine:
    @pytest.mark.parametrize(("node", "points"), [("left", 3), ("right", 5)])
    def test_keeps_each_node_s_displays_with_all_their_representations(
        self, folder: Path, node: str, points: int
    ) -> None:
        found = bundles(folder, node)
        assert [set(bundle) - {"text/plain"} for bundle in found] == KINDS
        assert found[1]["text/html"].count(f"<td>{points}</td>") == 2
        assert found[2]["text/html"] == f"<b>{points} points</b>"
        assert found[3]["text/markdown"] == f"# {points} points"
        assert found[4]["application/json"] == {"points": points}
        assert found[6]["application/vnd.demo+json"] == {"deep": [1]}
        assert base64.b64decode(found[6]["image/jpeg"]) == b"JPEG"
        assert found[8]["image/png"].strip() == PNG
        assert [bundle["text/plain"] for bundle in found[9:]] == ["'first'", "'then'", "raw"]

    @pytest.mark.parametrize("node", ["left", "right"])
    def test_records_figures_as_png_and_does_not_mix_those_of_nodes_that_draw_at_once(
        self, folder: Path, node: str
    ) -> None:
        printed = (folder / "printed.txt").read_text(encoding="utf-8").splitlines()
        assert f"{node} | lines: 1 figures: 1" in printed
        assert f"{node} | open: []" in printed
        for bundle in (bundles(folder, node)[0], bundles(folder, node)[7]):
            assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG\r\n")
            assert bundle["text/plain"].startswith("<Figure size")
        assert bundles(folder, "left")[0]["image/png"] != bundles(folder, "right")[0]["image/png"]

    def test_shows_what_a_code_node_drew_and_left_open_as_a_cell_does(self, folder: Path) -> None:
        (bundle,) = bundles(folder, "drawn")
        assert base64.b64decode(bundle["image/png"]).startswith(b"\x89PNG\r\n")
        assert bundle["text/plain"] == "<Figure size 200x100 with 1 Axes>"

    def test_prints_a_readable_line_for_each_display(self, folder: Path) -> None:
        printed = (folder / "printed.txt").read_text(encoding="utf-8").splitlines()
        left = [line for line in printed if line.startswith("left | ")]
        assert left == [
            "left | lines: 1 figures: 1", "left | <Figure size 200x100 with 1 Axes>", "left | open: []",
            "left |    n", "left | 0  3", "left | 1  3", "left | [a display of text/html]", "left | # 3 points",
            "left | [a display of application/json]", "left | [a display of image/svg+xml]", "left | both",
            "left | <Figure size 100x100 with 1 Axes>", "left | [a display of image/png]", "left | 'first'",
            "left | 'then'", "left | raw",
        ]  # fmt: skip

    def test_has_display_without_an_import_but_is_no_notebook(self, folder: Path) -> None:
        assert bundles(folder, "code") == [{"text/plain": "{'a': 1}"}]
        ws = Workspace(folder)
        assert ws.run_record("last").nodes["code"].data is True
        ws.close()

    def test_is_shown_with_its_displays(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert command_line(["-C", str(folder), "runs", "show", "last", "--output", "--json"]) == 0
        pieces = json.loads(capsys.readouterr().out)["nodes"]["left"]["output"]
        assert pieces[0] == {"stream": "stdout", "text": "lines: 1 figures: 1\n"}
        assert [piece["data"] for piece in pieces if piece["stream"] == "display"] == bundles(folder, "left")
        assert command_line(["-C", str(folder), "runs", "show", "last", "--output"]) == 0
        shown = capsys.readouterr().out
        assert "display | [a display of image/png]" in shown
        assert "<IPython" not in shown

    def test_has_its_pictures_in_the_report(self, folder: Path) -> None:
        page, book = folder / "report.html", folder / "report.ipynb"
        for path in (page, book):
            assert command_line(["-C", str(folder), "runs", "report", "last", "-o", str(path)]) == 0
        text = page.read_text(encoding="utf-8")
        assert text.count("data:image/png;base64,") == 7
        assert text.count("data:image/jpeg;base64,") == 2
        assert PNG in text
        assert "# 5 points" in text
        assert "&lt;IPython" not in text
        notebook = nbformat.read(book, as_version=4)
        nbformat.validate(notebook)
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        assert sum("image/png" in output.get("data", {}) for output in outputs) == 7

    def test_gives_what_the_same_run_in_a_notebook_gives(
        self, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        there = prepare(tmp_path / "notebook")
        cell = "from flowbook import Workspace\nWorkspace('.').run('pictures.flow.yaml').status"
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
        resources = {"metadata": {"path": str(there)}}
        for name, value in environ(there).items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("MPLBACKEND", raising=False)
        NotebookClient(book, timeout=60, kernel_name="python3", resources=resources).execute()
        for node in ("left", "right", "code", "drawn"):
            for here, inside in zip(bundles(folder, node), bundles(there, node), strict=True):
                assert here.keys() == inside.keys()
                texts = here.keys() - {"image/png"}
                assert [here[kind] for kind in texts] == [inside[kind] for kind in texts]


SCRIPT = """
import builtins, json, sys
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
from matplotlib._pylab_helpers import Gcf
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display
from flowbook import Workspace

ws = Workspace(".")
ws.check("pictures.flow.yaml")
own = plt.figure()

def state():
    return {
        "stdout": id(sys.stdout), "finders": list(map(id, sys.meta_path)), "figures": id(Gcf.figs),
        "backend": [id(plt._get_backend_mod), plt.get_backend()], "builtin": hasattr(builtins, "display"),
        "shell": sorted({"initialized", "instance"} & set(vars(InteractiveShell))),
        "initialized": InteractiveShell.initialized(), "hook": id(sys.displayhook), "open": plt.get_fignums(),
        "current": plt.gcf() is own,
    }

if sys.argv[1:] == ["ipython"]:
    InteractiveShell.instance()
before = state()
run = ws.run("pictures.flow.yaml")
after = state()
display("by the script")
kinds = [sorted(set(piece.data) - {"text/plain"}) for piece in run.output("left") if piece.stream == "display"]
print(json.dumps({"before": before, "after": after, "kinds": kinds}))
"""


class TestARunInAPlainScript:
    @pytest.mark.parametrize(("shell", "echo"), [("none", "by the script"), ("ipython", "'by the script'")])
    def test_records_displays_and_leaves_the_process_as_it_was_also_of_ipython_in_a_terminal(
        self, tmp_path: Path, shell: str, echo: str
    ) -> None:
        folder = prepare(tmp_path / "script")
        command = [sys.executable, *STRICT, "-c", SCRIPT, shell]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environ(folder))
        assert done.returncode == 0, done.stderr
        *printed, last = done.stdout.splitlines()
        assert printed[-1] == echo
        told = json.loads(last)
        assert told["before"] == told["after"]
        assert told["kinds"] == [sorted(kinds) for kinds in KINDS]


class TestWhatADisplayHolds:
    @pytest.fixture
    def shown(self) -> list[tuple[str, str, dict[str, Any] | None]]:
        return []

    @pytest.fixture
    def output(self, shown: list[tuple[str, str, dict[str, Any] | None]]) -> Output:
        return Output(lambda *piece: shown.append(piece), Redactor(["s3cr3t-value"]), lambda output: None)

    def test_secrets_are_taken_out_of_it_also_deep_inside_of_json(self, output: Output, shown: list[Any]) -> None:
        deep = {"rows": [{"token": "s3cr3t-value"}, "a s3cr3t-value"], "s3cr3t-value": 1}
        output.display({"text/plain": "s3cr3t-value", "application/json": deep, "text/html": "<b>s3cr3t-value</b>"})
        assert "s3cr3t-value" not in repr(shown)
        assert shown[0][2]["application/json"]["rows"] == [{"token": "***"}, "a ***"]

    def test_the_texts_inside_of_json_count_as_its_size(self, output: Output, shown: list[Any]) -> None:
        output.display({"text/plain": "small", "application/json": [{"points": ["x" * 100] * 60_000}]})
        assert set(shown[0][2]) == {"text/plain"}
        assert "display left out" in shown[0][1]
        assert "small" in shown[0][1]


class TestATerminal:
    def test_has_a_display_in_words_beside_its_node_while_that_runs(self) -> None:
        table = LiveTable()
        bundle = {"image/png": PNG, "text/plain": "<IPython.core.display.Image object>"}
        table.notice(RunStarted("r", 1.0, "pictures", ("left",), {}))
        table.notice(NodeStarted("r", "left", 1.0, "demo.shows", "write"))
        table.notice(NodeOutput("r", "left", 1.0, "display", bundle["text/plain"], bundle))
        written = io.StringIO()
        Console(file=written, width=100).print(table)
        assert "[a display of image/png]" in written.getvalue()
