"""Runs in a notebook that nobody watches (nbclient, papermill): what its file holds afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

TASKS = '''
"""What the notebook runs."""

import threading

met = threading.Barrier(2, timeout=20)


def test_connection(credentials):
    """Nothing to test."""
    return {"success": True, "message": "Connected"}


def plot(credentials, params):
    """Draw as many points as told, while another node draws too."""
    import matplotlib.pyplot as plt
    import pandas as pd
    from IPython.display import display

    print("drawing", params["points"])
    plt.figure(figsize=(2, 1))
    if params.get("meet"):
        met.wait()
    plt.plot(range(params["points"]))
    display({"text/plain": f"lines: {len(plt.gca().lines)} figures: {len(plt.get_fignums())}"}, raw=True)
    if params.get("meet"):
        met.wait()
    plt.show()
    return {"success": True, "message": "Drawn <b>", "data": pd.DataFrame({"n": range(params["points"])})}


def slow(credentials, params):
    """Take a moment."""
    import time

    time.sleep(0.5)
    display = params.get("text", "")
    print(display)
    return {"success": True, "message": "done <script>alert(1)</script>"}
'''

SETUP = """
from flowbook import Workflow, Workspace
ws = Workspace(".")
pair = Workflow(name="pair")
pair.add("left", "demo.plot", params={"points": 3, "meet": True})
pair.add("right", "demo.plot", params={"points": 5, "meet": True})
slow = Workflow(name="slow")
slow.add("wait", "demo.slow", params={"text": "woke up"})
slow.add("plot", "demo.plot", params={"points": 4})
slow.connect("wait", "plot")
"""


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[list[dict[str, Any]]]:
    """The outputs of each cell after the setup."""
    folder = tmp_path_factory.mktemp("notebook")
    tasks = folder / "integrations" / "demo" / "tasks.py"
    tasks.parent.mkdir(parents=True)
    tasks.write_text(TASKS)
    cells = [SETUP, "live = ws.start(slow)\nlive", "live.wait().status", "ws.run(pair)", "live.show('plot')"]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(book, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    done = client.execute(env={**_environment(folder)})
    return [json.loads(json.dumps(cell.outputs)) for cell in done.cells[1:]]


def _environment(folder: Path) -> dict[str, str]:
    import os

    return {**os.environ, "FLOWBOOK_CONFIG_DIR": str(folder / "config"), "IPYTHONDIR": str(folder / "ipython")}


def html(output: dict[str, Any]) -> str:
    return "".join(output["data"]["text/html"])


def test_a_started_run_is_in_the_file_as_it_ended(outputs: list[list[dict[str, Any]]]) -> None:
    [shown] = outputs[0]
    assert set(shown["data"]) == {"text/html", "text/plain"}
    assert "slow: succeeded" in "".join(shown["data"]["text/plain"])
    assert "woke up" in html(shown)
    assert "data:image/png;base64," in html(shown)
    assert "<script>" not in html(shown)
    assert outputs[1][0]["data"]["text/plain"] == "'succeeded'"


def test_a_run_that_was_waited_for_is_shown_once_and_complete(outputs: list[list[dict[str, Any]]]) -> None:
    shown = [output for output in outputs[2] if "text/html" in output["data"]]
    assert len(shown) == 1
    assert html(shown[0]).count("data:image/png;base64,") == 2
    assert "drawing 3" in html(shown[0])
    assert not [output for output in outputs[2] if "image/png" in output["data"]]


def test_figures_of_nodes_that_draw_at_the_same_time_do_not_mix(outputs: list[list[dict[str, Any]]]) -> None:
    [shown] = [output for output in outputs[2] if "text/html" in output["data"]]
    assert html(shown).count("lines: 1 figures: 1") == 2


def test_one_node_shows_its_output_in_order(outputs: list[list[dict[str, Any]]]) -> None:
    text = html(outputs[3][0])
    assert text.index("drawing 4") < text.index("lines: 1") < text.index("data:image/png") < text.index("4 rows")
    assert "Drawn &lt;b&gt;" in text
