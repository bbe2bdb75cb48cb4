"""A cell that is run again lets go of what it showed before, asked of a real kernel as JupyterLab asks it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

COUNT = "from ipywidgets.widgets.widget import _instances; print(len(_instances))"
SETUP = """
import os
os.environ["FLOWBOOK_CONFIG_DIR"] = os.path.abspath("keys")
from flowbook import Workflow, Workspace
ws = Workspace(".")
flow = Workflow(name="daily")
flow.add("first", "core.noop", at=(0, 0))
ws.save(flow)
"""


class Cells:
    """The cells of a notebook, each run as often as one likes."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def run(self, cell: str, source: str) -> str:
        """What a cell prints."""
        content = {
            "code": source, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False,
            "stop_on_error": True,
        }  # fmt: skip
        message = self._client.session.msg("execute_request", content, metadata={"cellId": cell} if cell else {})
        self._client.shell_channel.send(message)
        said = ""
        while True:
            heard = self._client.get_iopub_msg(timeout=120)
            if heard["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            kind, content = heard["msg_type"], heard["content"]
            assert kind != "error", "\n".join(content["traceback"])
            if kind == "stream":
                said += content["text"]
            if kind == "status" and content["execution_state"] == "idle":
                return said

    def alive(self) -> int:
        """How many widgets there are."""
        return int(self.run("count", COUNT))


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cells]:
    folder: Path = tmp_path_factory.mktemp("notebook")
    manager, client = start_new_kernel(cwd=str(folder))
    made = Cells(client)
    made.run("setup", SETUP)
    yield made
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.mark.parametrize("source", ["ws.studio()", "ws.edit('daily')"])
@pytest.mark.timeout(300)
def test_a_cell_that_is_run_again_leaves_no_more_widgets_than_once(cells: Cells, source: str) -> None:
    cells.run(source, source)
    once = cells.alive()
    for _ in range(3):
        cells.run(source, source)
    assert cells.alive() == once


@pytest.mark.timeout(300)
def test_what_a_cell_shows_again_or_another_cell_shows_too_stays(cells: Cells) -> None:
    cells.run("keep", "kept = ws.edit('daily')")
    cells.run("a", "from IPython.display import display; display(kept); display(ws.studio())")
    cells.run("b", "kept")
    cells.run("a", "display(kept)")
    cells.run("a", "1")
    cells.run("a", "display(ws.studio())")
    assert cells.run("ask", "print(kept.widget.comm is not None)") == "True\n"
    cells.run("b", "ws.studio()")
    assert cells.run("ask", "print(kept.widget.comm is not None)") == "False\n"


@pytest.mark.timeout(300)
def test_where_no_cell_is_named_nothing_is_closed(cells: Cells) -> None:
    cells.run("", "first = ws.edit('daily'); display(first)")
    cells.run("", "display(ws.edit('daily'))")
    assert cells.run("", "print(first.widget.comm is not None)") == "True\n"
