"""%flow and %%flow in a real IPython, and in a notebook that nbclient executes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient

from flowbook import FlowbookError, Workflow, Workspace


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    ws = Workspace(tmp_path)
    flow = Workflow("sales", inputs={"minimum": {"type": "number", "default": 0}, "city": {"type": "string"}})
    flow.add("load", "core.set", params={"values": [1, 2, 3]})
    flow.add("tell", "core.set", params={"values": "${{ inputs.city }}: ${{ len(nodes.load.data) }}"})
    flow.connect("load", "tell")
    ws.save(flow)
    return ws


@pytest.fixture
def shell(ws: Workspace) -> Iterator[InteractiveShell]:
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "flowbook")
    yield shell
    InteractiveShell.clear_instance()


def run(shell: InteractiveShell, cell: str) -> Any:
    """The value of a cell, or the error that it raised."""
    done = shell.run_cell(cell)
    error = done.error_before_exec or done.error_in_exec
    if error is not None:
        raise error
    return done.result


def test_a_workflow_is_run_with_inputs_as_they_are_typed(shell: InteractiveShell) -> None:
    done = run(shell, '%flow run sales minimum=2 city="New York"')
    assert done.status == "succeeded"
    assert done.inputs == {"minimum": 2, "city": "New York"}
    assert done["tell"].data == "New York: 3"


def test_a_variable_of_the_notebook_is_given_as_it_is_and_ipython_fills_in_nothing(shell: InteractiveShell) -> None:
    shell.user_ns["where"] = "Rome"
    assert run(shell, "%flow run sales city=$where").inputs["city"] == "Rome"
    assert run(shell, "%flow run sales city={where}").inputs["city"] == "{where}"


def test_the_history_and_the_workflows_are_listed(shell: InteractiveShell) -> None:
    run(shell, "%flow run sales city=a")
    assert run(shell, "%flow runs")["workflow"].tolist() == ["sales"]
    assert run(shell, "%flow runs sales")["status"].tolist() == ["succeeded"]
    assert run(shell, "%flow") == ["sales"]
    assert run(shell, "%flow check sales").ok


def test_an_editor_is_opened(shell: InteractiveShell) -> None:
    editor = run(shell, "%flow edit sales")
    assert editor.name == "sales"
    editor.close()


def test_a_cell_becomes_a_node_whose_variables_are_the_nodes_and_inputs_that_are_called_so(
    shell: InteractiveShell, ws: Workspace
) -> None:
    run(shell, "import math")
    flow = run(shell, "%%flow sales.most\ntop = [n for n in load if n > minimum]\nmath.prod(top)\n")
    assert flow.nodes["most"].params["code"] == (
        "import math\n\nload = nodes.load.data\nminimum = inputs.minimum\n"
        "top = [n for n in load if n > minimum]\nmath.prod(top)\n"
    )
    assert [(edge.source, edge.target) for edge in ws.workflow("sales").edges_to("most")] == [("load", "most")]
    assert run(shell, "%flow run sales minimum=1 city=a")["most"].data == 6


def test_a_cell_replaces_the_code_of_its_node_and_nothing_else(shell: InteractiveShell, ws: Workspace) -> None:
    run(shell, "%%flow sales.most\nmax(load)\n")
    flow = ws.workflow("sales")
    flow.change("most", label="The most", retry={"attempts": 2})
    flow.move("most", 7, 8)
    ws.save(flow)
    run(shell, "%%flow sales.most\nprint('$where {x}')\nmin(nodes.load.data)\n")
    node = ws.workflow("sales").nodes["most"]
    assert node.params["code"] == "print('$where {x}')\nmin(nodes.load.data)\n"
    assert (node.label, ws.workflow("sales").layout["most"]) == ("The most", (7, 8))


def test_a_cell_may_begin_a_workflow(shell: InteractiveShell, ws: Workspace) -> None:
    run(shell, "%%flow fresh.one\n1 + 1\n")
    assert ws.run("fresh")["one"].data == 2


def test_a_name_that_only_the_kernel_has_is_told(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    run(shell, "rates = {}")
    run(shell, "%%flow sales.most\nrates.get(1)\n")
    assert "the code uses 'rates'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("%flow rnu sales", "%flow has no 'rnu'"),
        ("%flow run", "takes a name"),
        ("%flow list all", "takes no such words"),
        ("%flow run salse", "Did you mean 'sales'"),
        ("%flow run sales minimum", "not of the form key=value"),
        ("%flow run sales city=a city=b", "city is given twice"),
        ("%flow run sales city=$nowhere", "no variable 'nowhere'"),
        ("%flow run sales town=a", "no such input"),
        ('%flow run sales city="a', "Close the quotes"),
        ("%flow runs salse", "Did you mean 'sales'"),
        ("%%flow sales\n1", "does not say which node"),
        ("%%flow sales.tell\n1", "has no code"),
        ("%%flow sales.Bad\n1", "cannot be a node's id"),
        ("%%flow Sales.a\n1", "cannot name a workflow"),
        ("%%flow sales.a\n1 +", "no Python, line 1"),
        ("%%flow sales.load2\nx = tell\n%flow", "no Python"),
    ],
)
def test_bad_input_is_refused_clearly_and_changes_nothing(
    shell: InteractiveShell, ws: Workspace, cell: str, words: str
) -> None:
    before = ws.workflow("sales")
    with pytest.raises(FlowbookError) as refused:
        run(shell, cell)
    assert words in str(refused.value)
    assert ws.workflow("sales") == before
    assert [one.name for one in ws.workflows()] == ["sales"]


def test_a_cell_that_would_use_what_comes_after_it_is_refused(shell: InteractiveShell, ws: Workspace) -> None:
    run(shell, "%%flow sales.most\nmax(load)\n")
    run(shell, "%%flow sales.last\nmost\n")
    with pytest.raises(FlowbookError, match="'last', which comes after 'most'"):
        run(shell, "%%flow sales.most\nlast\n")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("%flow r", ["run", "runs"]),
        ("%flow run s", ["sales"]),
        ("%flow edit ", ["sales"]),
        ("%flow run sales m", ["minimum="]),
        ("%flow run sales minimum=1 ", ["minimum=", "city="]),
        ("%%flow s", ["sales."]),
        ("%%flow sales.t", ["sales.tell"]),
        ("%flow list s", []),
        ("%flow run nowhere x", []),
    ],
)
def test_names_are_completed(shell: InteractiveShell, line: str, expected: list[str]) -> None:
    with provisionalcompleter():
        found = [one.text for one in shell.Completer.completions(line, len(line))]
    ours = {"run", "runs", "edit", "list", "check", "sales", "sales.", "sales.load", "sales.tell", "minimum=", "city="}
    assert sorted(ours & {*found}) == sorted(expected)


def test_the_magics_can_be_taken_away_again(shell: InteractiveShell) -> None:
    shell.run_line_magic("unload_ext", "flowbook")
    assert shell.find_line_magic("flow") is None


def test_a_notebook_with_functions_and_magics_runs_and_keeps_its_pictures(ws: Workspace, tmp_path: Path) -> None:
    cells = [
        'from flowbook import Workflow, Workspace\n%load_ext flowbook\nws = Workspace()\nflow = Workflow("made")',
        "import statistics",
        "@flow.task\ndef load(least: int = 2):\n    return [n for n in range(10) if n >= least]",
        "@flow.task\ndef middle(load):\n    return statistics.median(load)",
        "flow",
        "ws.save(flow)",
        "%%flow made.double\nmiddle * 2",
        "%flow run made least=4",
        'ws.sweep("made", least=range(3), parallel=2).to_frame("double")',
        'print(ws.last("made")["double"].data)',
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(book, timeout=110, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [cell.outputs for cell in book.cells]
    assert outputs[4][0]["data"]["image/svg+xml"].startswith("<svg")
    assert "succeeded" in outputs[7][0]["data"]["text/plain"]
    assert "3 of 3" in outputs[8][0]["data"]["text/plain"]
    assert "double" in outputs[8][-1]["data"]["text/plain"]
    assert outputs[9][0]["text"].strip() in {"9", "10", "11", "9.0", "10.0", "11.0"}


def test_a_cell_added_to_what_nobody_has_looked_at_trusts_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: InteractiveShell
) -> None:
    monkeypatch.delenv("FLOWBOOK_TRUST", raising=False)
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    with Workspace(".") as ws:
        path = ws.root / "gift.flow.yaml"
        path.write_text(
            '{"flowbook": 1, "name": "gift", "nodes": {"a": {"task": "core.python", "params": {"code": "1"}}}}'
        )
        ws.import_workflow(path)
        shell.user_ns["ws"] = ws
        run(shell, "%%flow gift.more\n1 + 1")
        assert set(ws.workflow("gift").nodes) == {"a", "more"}
        assert not ws.is_trusted("gift")
        run(shell, "%%flow own.first\n1 + 1")
        assert ws.is_trusted("own")
