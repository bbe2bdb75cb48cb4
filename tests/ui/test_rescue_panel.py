"""**Open as Cell** and **Continue** without a browser: what a page is told, and what the run does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from flowbook import Workflow, Workspace
from flowbook.errors import RunFailed
from flowbook.results import Cause
from flowbook.ui.runs.live import RunPanel
from flowbook.ui.runs.rescue_panel import RescuePanel
from tests.waiting import until


@pytest.fixture
def failed(tmp_path: Path):
    with Workspace(tmp_path) as ws:
        flow = Workflow(name="shares")
        flow.add("share", "core.python", params={"code": "6 / 0"})
        flow.add("use", "core.set", params={"values": {"half": "${{ nodes.share.data }}"}})
        flow.connect("share", "use")
        with pytest.raises(RunFailed) as failure:
            ws.run(flow)
        yield ws, failure.value.run


def asked(panel: RunPanel, node: str) -> dict[str, Any]:
    told: list[dict[str, Any]] = []
    panel.widget.send = lambda content, buffers=None: told.append(content)  # type: ignore[method-assign]
    panel._hear("cell", {"id": node})
    return told[0] if told else {}


@pytest.mark.parametrize("past", [False, True])
def test_a_page_that_asks_for_a_failed_node_as_a_cell_is_given_its_text(failed, past):
    ws, run = failed
    panel = RunPanel(ws)
    if past:
        panel.show_record(ws.run_record(run.id))
    else:
        panel.follow(run)
    nodes = panel._whole()["nodes"]
    assert [nodes[id].get("rescuable") for id in ("share", "use")] == [True, False]
    told = asked(panel, "share")
    assert (told["kind"], told["id"]) == ("cell", "share")
    assert "rescue.give(6 / 0)" in told["code"]
    assert asked(panel, "unknown") == {}
    panel.close()


def test_a_page_is_told_why_there_is_no_cell(failed):
    ws, run = failed
    panel = RunPanel(ws)
    panel.show_record(ws.run_record(run.id))
    ws.delete_runs([run.id])
    assert "There is no run" in asked(panel, "share")["problem"]
    panel.close()


def test_continue_goes_on_with_the_run_and_shows_it(failed):
    ws, run = failed
    shown = RescuePanel(ws.rescue(run.id, "share").give(3))
    shown._go_on.click()
    assert shown.panel is not None
    assert shown.panel.run_id == run.id
    until(lambda: ws.run_record(run.id).summary.status == "succeeded")
    record = ws.run_record(run.id)
    assert record.nodes["share"].cause is Cause.RESCUED
    assert record.nodes["use"].data == {"half": 3}
    until(lambda: shown.panel.statuses["use"] == "succeeded")
    shown.close()


def test_continue_after_the_run_has_succeeded_says_so(failed):
    ws, run = failed
    rescue = ws.rescue(run.id, "share")
    shown = RescuePanel(rescue.give(3))
    rescue.go_on()
    shown._go_on.click()
    assert "there is nothing to resume" in shown.message.text
    shown.close()


CELLS = (
    "from flowbook import Workflow, Workspace\nws = Workspace('.')\nflow = Workflow(name='shares')\n"
    "flow.add('share', 'core.python', params={'code': '6 / 0'})\nrun = ws.start(flow).wait()",
    "run.as_cell('share')",
    "rescue = ws.rescue('last', 'share')\nrescue.give([2, 'two'])",
)


def test_a_notebook_shows_the_cell_and_what_it_gives_and_how_to_go_on(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    client = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    replies = []
    client.on_cell_executed = lambda cell, cell_index, execute_reply: replies.append(execute_reply["content"])
    client.execute()
    assert [one["source"] for one in replies[1]["payload"]] == ["set_next_input"]
    assert "rescue = ws.rescue(" in replies[1]["payload"][0]["text"]
    assert "rescue.give(6 / 0)" in notebook.cells[1].outputs[0]["data"]["text/html"]
    given = notebook.cells[2].outputs[0]["data"]
    assert "application/vnd.jupyter.widget-view+json" in given
    assert "rescue.go_on()" in given["text/html"]
    assert "two" in given["text/html"]
