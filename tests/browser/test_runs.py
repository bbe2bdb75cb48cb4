"""Runs as a person watches them in JupyterLab: live, in the history, and in the file that is left."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from flowbook.ui.runs.live import FLUSH_SECONDS
from tests.jupyterlab import press, wait_for_element

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

TASKS = '''
"""What the tests run."""

import os
import sys
import time


def wait_for(name):
    while not os.path.exists(name):
        time.sleep(0.02)


def test_connection(credentials):
    """Nothing to test."""
    return {"success": True, "message": "Connected"}


def fetch(credentials, params):
    """Print, warn, and give rows."""
    from flowbook import current

    print("asking for", params["repo"])
    print("slow today", file=sys.stderr)
    current().progress(2, 5)
    if params.get("gate"):
        wait_for(params["gate"])
    rows = [{"number": 17 + i, "title": "Crash" if i else "<b>Dark</b> theme", "days": 213 - i} for i in range(3)]
    return {"success": True, "message": "3 issues", "data": rows}


def plot(credentials, params):
    """Draw a plot, a table and HTML between prints."""
    import matplotlib.pyplot as plt
    import pandas as pd
    from IPython.display import HTML, display

    print("before the plot")
    plt.figure(figsize=(3, 1.6))
    plt.plot([1, 3, 2])
    plt.show()
    print("after the plot")
    display(pd.DataFrame({"city": ["Bern", "Basel"], "people": [134, 178]}))
    display(HTML("<i id='italic'>in italics</i><script>parent.document.title = 'taken over'</script>"))
    return {"success": True, "message": "Drawn", "data": {"deep": {"list": [1, 2, {"x": None}]}, "ok": True}}


def lines(credentials, params):
    """Print many lines."""
    for i in range(params["count"]):
        print(params.get("word", "line"), i)
    wait_for(params["gate"]) if params.get("gate") else None
    return {"success": True, "message": "Printed"}


def boom(credentials, params):
    """Raise."""
    raise RuntimeError("no luck <img src=x onerror=\\"document.title='taken over'\\">")


def hold(credentials, params):
    """Wait until told to stop."""
    from flowbook import current

    print("holding")
    while not current().cancelled:
        time.sleep(0.02)
    return {"success": False, "message": "told to stop"}
'''

SETUP = f"""
from pathlib import Path
Path("integrations/demo").mkdir(parents=True)
Path("integrations/demo/tasks.py").write_text({TASKS!r})
from flowbook import Workflow, Workspace
ws = Workspace(".")
report = Workflow(name="report")
report.set_input("gate", default="")
report.add("fetch", "demo.fetch", params={{"repo": "octocat/hello-world", "gate": "${{{{ inputs.gate }}}}"}})
report.add("draw", "demo.plot", label="Draw it")
report.add("fail", "demo.boom")
report.add("never", "demo.plot")
report.connect("fetch", "draw")
report.connect("fetch", "fail")
report.connect("fail", "never")
ws.save(report)
"""


@pytest.fixture
def notebook(make_notebook: Any) -> Callable[..., Any]:
    """Open a notebook with the workspace above and these cells, and run it."""

    def make(*cells: str, **options: Any) -> Any:
        book = make_notebook(SETUP, *cells, **options)
        book.run_all()
        return book

    return make


def panel(book: Any, cell: int) -> Locator:
    found: Locator = book.cell(cell).locator(".fbr")
    found.wait_for()
    return found


def row(panel: Locator, node: str) -> Locator:
    return panel.locator(f'.fbr-row[data-node="{node}"]')


def choose(panel: Locator, node: str) -> Locator:
    """The output of a node, after a click on it."""
    row(panel, node).click()
    return panel.locator(".fbr-detail")


def let(book: Any) -> None:
    (Path(book.folder) / "gate").touch()


def test_a_started_run_shows_itself_live_and_ends_as_a_complete_result(notebook: Any) -> None:
    book = notebook('ws.start("report", gate="gate")')
    live = panel(book, 1)
    detail = live.locator(".fbr-detail")
    expect(live.locator(".fbr-summary .fbr-chip")).to_have_text("running · 0 of 4")
    expect(detail.locator(".fbr-text")).to_contain_text("asking for octocat/hello-world")
    expect(detail.locator(".fbr-stderr")).to_have_text("slow today\n")
    expect(detail.locator(".fbr-progress-line")).to_contain_text("2 of 5")
    book.look("run-live", book.cell(1))

    let(book)
    expect(live.locator(".fbr-summary .fbr-chip")).to_have_text("failed")
    expect(row(live, "never")).to_have_attribute("data-status", "skipped")
    detail = choose(live, "draw")
    expect(detail.locator(".fbr-display img")).to_have_count(1)
    kinds = detail.locator(".fbr-output > *").evaluate_all("all => all.map(one => one.className)")
    assert kinds == ["fbr-text", "fbr-display", "fbr-text", "fbr-display", "fbr-display"]
    expect(detail.locator(".fbr-output .fbr-table")).to_contain_text("Basel")
    expect(detail.frame_locator("iframe").locator("#italic")).to_have_text("in italics")
    expect(detail.locator(".fbr-tree").first).to_be_visible()
    book.look("run-plot", book.cell(1))

    detail = choose(live, "fetch")
    expect(detail.locator(".fbr-data .fbr-table tbody tr")).to_have_count(3)
    expect(detail.locator(".fbr-data .fbr-table")).to_contain_text("<b>Dark</b> theme")
    detail.get_by_text("Input").click()
    expect(detail.locator(".fbr-params")).to_contain_text("octocat/hello-world")
    book.look("run-light", book.cell(1))

    detail = choose(live, "fail")
    expect(detail.locator(".fbr-message")).to_contain_text("no luck <img src=x")
    expect(detail.locator(".fbr-traceback pre")).not_to_be_visible()
    detail.get_by_text("Traceback", exact=True).click()
    expect(detail.locator(".fbr-traceback pre")).to_contain_text("RuntimeError: no luck")
    assert "taken over" not in book.page.title()
    choose(live, "draw")


def test_five_thousand_lines_and_many_nodes_show_quickly_with_few_messages(notebook: Any) -> None:
    book = notebook(
        "many = Workflow(name='many')\n"
        "many.add('begin', 'demo.lines', params={'count': 0, 'gate': 'gate'})\n"
        "many.add('talk', 'demo.lines', params={'count': 5000})\n"
        "for i in range(300):\n    many.add(f'n{i}', 'demo.lines', params={'count': 1})\n"
        "for id in list(many.nodes)[1:]:\n    many.connect('begin', id)\n"
        "many.to_document() and None",
        "ws.start(many)",
    )
    live = panel(book, 2)
    expect(live.locator(".fbr-summary .fbr-chip")).to_have_text("running · 0 of 302")
    sent, begun = changes_sent(book), time.monotonic()
    let(book)
    expect(live.locator(".fbr-summary .fbr-chip")).to_have_text("succeeded")
    sent, took = changes_sent(book) - sent, time.monotonic() - begun
    text = choose(live, "talk").locator(".fbr-text")
    expect(text).to_contain_text("line 4999")
    shown = text.inner_text().splitlines()
    assert shown[-2:] == ["line 4998", "line 4999"]
    assert shown == [f"line {i}" for i in range(int(shown[0].split()[1]), 5000)]
    wait_for_element(text, "one => one.scrollTop + one.clientHeight >= one.scrollHeight - 24")
    assert 0 < sent <= took / FLUSH_SECONDS + 4  # however many things happen


def changes_sent(book: Any) -> int:
    return int(book.frames_with('"kind": "changes"') + book.frames_with('"kind":"changes"'))


def test_cancel_in_the_cell_ends_the_run(notebook: Any) -> None:
    book = notebook(
        "held = Workflow(name='held')\nheld.add('wait', 'demo.hold')\nrun = ws.start(held)\nrun", "run.status"
    )
    live = panel(book, 1)
    expect(live.locator(".fbr-text")).to_have_text("holding\n")
    press(live, "Cancel", exact=False)
    expect(live.locator(".fbr-summary .fbr-chip")).to_have_text("cancelled")
    expect(live.get_by_role("button", name="Cancel")).to_have_count(0)
    book.run(2)
    expect(book.cell(2).locator(".jp-OutputArea-output")).to_have_text("'cancelled'")


def test_two_runs_at_once_do_not_mix(notebook: Any) -> None:
    cell = (
        "flow = Workflow(name='{name}')\n"
        "flow.add('talk', 'demo.lines', params={{'count': 40, 'word': '{name}', 'gate': 'gate'}})\nws.start(flow)"
    )
    book = notebook(cell.format(name="left"), cell.format(name="right"))
    let(book)
    for index, name in ((1, "left"), (2, "right")):
        live = panel(book, index)
        expect(live.locator(".fbr-summary .fbr-chip")).to_have_text("succeeded")
        expect(live.locator(".fbr-text")).to_have_text("".join(f"{name} {i}\n" for i in range(40)))


HISTORY = """
from flowbook.ui.runs.runs_tab import RunsTab
from flowbook.ui.parts.theme import framed
from flowbook.errors import RunFailed
for gate in ("", ""):
    ws.start("report", gate=gate).wait()
other = Workflow(name="other")
other.add("say", "demo.lines", params={"count": 3})
ws.save(other)
for _ in range(30):
    ws.start("other").wait()
tab = RunsTab(ws)
framed(tab.widget)
"""


def test_the_history_is_filtered_and_opens_a_run_with_its_canvas_output_and_data(notebook: Any) -> None:
    book = notebook(HISTORY, height=1300)
    cell = book.cell(1)
    rows = cell.locator("tr[data-run]")
    expect(rows).to_have_count(25)
    expect(rows.first).to_contain_text("other")
    press(cell, "Show more", exact=False)
    expect(rows).to_have_count(32)
    press(rows.last, "Open", exact=False)  # from far down in a list
    expect(cell.locator(".fbr-opened").get_by_role("heading")).to_be_in_viewport(ratio=0.98)
    expect(cell.locator(".flowbook-canvas")).to_be_in_viewport(ratio=0.98)
    expect(cell.locator(".fbr-detail")).to_be_in_viewport(ratio=0.98)
    press(cell, "All runs", exact=False)
    expect(rows).to_have_count(32)
    cell.get_by_label("Status").select_option("failed")
    expect(rows).to_have_count(2)
    cell.get_by_label("Time").select_option("today")
    expect(rows).to_have_count(2)
    book.look("runs-list", cell)

    press(rows.first, "Open report", exact=False)
    expect(cell.locator(".flowbook-canvas")).to_be_visible()
    expect(cell.locator(".fbr-summary .fbr-chip")).to_have_text("failed")
    detail = choose(cell, "fetch")
    expect(detail.locator(".fbr-text")).to_contain_text("asking for octocat/hello-world")
    expect(detail.locator(".fbr-data .fbr-table tbody tr")).to_have_count(3)
    detail.get_by_text("Input", exact=True).click()
    expect(detail.locator(".fbr-params")).to_contain_text("octocat/hello-world")
    book.page.wait_for_timeout(700)
    book.look("runs-opened", cell)
    expect(choose(cell, "draw").locator(".fbr-display img")).to_have_count(1)

    press(cell, "Run again", exact=False)
    expect(cell.get_by_text("Running again with the same inputs.")).to_be_visible()
    expect(cell.locator(".fbr-summary .fbr-chip")).to_have_text("failed")
    press(cell, "All runs", exact=False)
    expect(rows).to_have_count(3)
    press(rows.first, "Delete", exact=False)
    press(rows.first, "Delete", exact=False)
    expect(rows).to_have_count(2)


HELD = """
import time
from flowbook.ui.runs.runs_tab import RunsTab
from flowbook.ui.parts.theme import framed
flow = Workflow(name="held")
flow.add("first", "demo.lines", params={"count": 3})
flow.add("talk", "demo.lines", params={"count": 2, "gate": "gate"})
flow.connect("first", "talk")
run = ws.start(flow)
while run["talk"].status != "running":
    time.sleep(0.02)
run.cancel()
run.wait()
tab = RunsTab(ws)
framed(tab.widget)
"""


def test_a_cancelled_run_is_resumed_once_it_is_said_what_became_of_the_node_in_flight(notebook: Any) -> None:
    book = notebook(HELD, height=1200)
    cell = book.cell(1)
    press(cell.locator("tr[data-run]"), "Resume", exact=False)
    expect(cell.get_by_text("Only the service knows")).to_be_visible()
    expect(
        cell.get_by_text("Cancelled while it was running; what it was doing may have taken effect").first
    ).to_be_visible()
    book.look("runs-held", cell)
    press(cell, "Run it again", exact=False)
    expect(cell.get_by_text("Going on with attempt 2")).to_be_visible()
    let(book)
    expect(cell.locator(".fbr-summary .fbr-chip")).to_have_text("succeeded")
    expect(cell.get_by_text("Going on with attempt 2")).to_be_hidden()
    expect(choose(cell, "first").locator(".fbr-text")).to_have_text("line 0\nline 1\nline 2\n")
    expect(cell.get_by_role("button", name="Resume")).to_be_hidden()
    book.look("runs-resumed", cell)


def test_after_a_reload_the_panel_is_back_and_without_its_kernel_the_result_is_there(make_notebook: Any) -> None:
    book = make_notebook(
        SETUP,
        "live = ws.start('report', gate='gate')\nlive",
        "live.wait()\nlive.show('draw')",
        "talk = Workflow(name='talk')\ntalk.add('say', 'demo.lines', params={'count': 3})\nws.run(talk)",
        height=1500,
    )
    book.run(0)
    book.run(1)
    expect(panel(book, 1).locator(".fbr-summary .fbr-chip")).to_have_text("running · 0 of 4")
    book.save()
    book.open(".fbr")
    live = panel(book, 1)
    expect(live.locator(".fbr-summary .fbr-chip")).to_have_text("running · 0 of 4")
    expect(live.locator(".fbr-text")).to_have_text("asking for octocat/hello-world\nslow today\n")
    let(book)
    expect(live.locator(".fbr-summary .fbr-chip")).to_have_text("failed")
    for index in (1, 2, 3):
        book.run(index)
    expect(panel(book, 1).locator(".fbr-summary .fbr-chip")).to_have_text("failed")
    book.look("run-shown", book.cell(2))
    book.look("run-waited", book.cell(3))
    book.save()

    book.lab.stop_kernels()
    book.open()
    expect(book.cell(1).locator(".fbr")).to_have_count(0)
    static = book.cell(1).locator(".jp-OutputArea-output")
    expect(static).to_contain_text("node 'fail' failed: Error: no luck <img src=x")
    expect(static.get_by_text("output · table of 3 rows").first).to_be_visible()
    book.look("run-static", book.cell(1))
    assert "taken over" not in book.page.title()
