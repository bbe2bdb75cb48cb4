"""What a person decides about once in a while, by keys and mouse in JupyterLab: whom to trust, which servers, versions,
files in and out, and a failed node taken into a cell.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from flowbook import Workspace
from flowbook.formats.flowfile import loads
from flowbook.formats.python import dumps as as_script
from tests.browser.in_sight import cut_off
from tests.jupyterlab import NotebookPage, enter, press, settled_box

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

SETUP = """
import json, os
from pathlib import Path
os.environ.pop("FLOWBOOK_TRUST", None)
os.environ["FLOWBOOK_CONFIG_DIR"] = os.path.abspath("keys")
from flowbook import Workflow, Workspace
from flowbook.errors import RunFailed
ws = Workspace(".")
ws.create_type("http")
ws.create_integration("Service", "http", {"base_url": "http://127.0.0.1:9"})
for name in ("gift", "present"):
    nodes = {"a": {"task": "core.python", "params": {"code": "6 * 7"}}}
    Path(f"{name}.json").write_text(json.dumps({"flowbook": 1, "name": name, "nodes": nodes}))
    ws.import_workflow(Path(f"{name}.json"))
daily = Workflow(name="daily")
daily.add("first", "core.noop", at=(0, 0))
ws.save(daily)
daily.add("second", "core.noop", at=(260, 0))
daily.connect("first", "second")
ws.save(daily)
shares = Workflow(name="shares")
shares.add("share", "core.python", params={"code": "6 / 0"})
shares.add("use", "core.set", params={"values": {"half": "${{ nodes.share.data }}"}})
shares.connect("share", "use")
ws.save(shares)
try:
    ws.run(shares)
except RunFailed:
    pass
"""
NODES = '"a": {"task": "core.noop"}, "b": {"task": "core.noop"}, "c": {"task": "core.noop"}'
FILE = f'{{"flowbook": 1, "name": "daily", "nodes": {{{NODES}}}}}'


@pytest.fixture(scope="module")
def shared_book(make_lasting_notebook: Callable[..., NotebookPage]) -> NotebookPage:
    book = make_lasting_notebook(SETUP, "ws.studio()", width=1440, height=1000)
    book.run(0)
    return book


@pytest.fixture
def book(shared_book: NotebookPage, request: pytest.FixtureRequest) -> Iterator[NotebookPage]:
    """A new studio."""
    shared_book.run(1)
    yield shared_book
    if getattr(request.node, "failed_in_call", False):
        shared_book.tell_failure(request.node.name)


def in_tab(book: NotebookPage, tab: str, button: str) -> Page:
    """Go to a tab of the studio, and press one of its buttons."""
    page = book.page
    page.get_by_role("tab", name=tab, exact=True).click()
    press(page, button)
    return page


N8N = {
    "name": "Greet",
    "nodes": [
        {"name": "Start", "type": "n8n-nodes-base.manualTrigger", "typeVersion": 1, "position": [0, 0],
         "parameters": {}},
        {"name": "Words", "type": "n8n-nodes-base.set", "typeVersion": 3.4, "position": [200, 0], "parameters": {
            "assignments": {"assignments": [{"name": "text", "type": "string", "value": "=Hi {{ $json.who }}"}]}}},
    ],
    "connections": {"Start": {"main": [[{"node": "Words", "type": "main", "index": 0}]]}},
}  # fmt: skip


def test_what_came_from_elsewhere_is_looked_at_and_trusted_together(book: NotebookPage) -> None:
    page = in_tab(book, "Workflows", "Open gift")
    banner = page.get_by_text("Restricted: look, don't run")
    expect(banner).to_be_visible()
    press(page, "Review All Saved")
    panel = page.locator(".fb-drawer")
    expect(panel.get_by_label("Workflows that ask for more than is trusted")).to_have_text("gift, present")
    expect(panel.get_by_text("Workflows that ask for more than is trusted", exact=True)).to_be_visible()
    expect(panel.get_by_label("What they do, and their code")).to_contain_text("6 * 7")
    book.look("trust-all")
    begins, said = settled_box(panel), settled_box(page.locator(".fb-restricted"))
    assert said["x"] + said["width"] <= begins["x"], "what is said ends where the panel begins"
    press(panel, "Trust All")
    expect(banner).to_be_hidden()
    press(page, "▶ Run")
    expect(page.locator(".fb-run-chip")).to_contain_text("succeeded")
    with Workspace(book.folder) as ws:
        assert ws.last("gift")["a"].data == 42


def test_the_servers_of_an_integration_are_entered_by_hand(book: NotebookPage) -> None:
    page = in_tab(book, "Integrations", "Edit Service")
    hosts = page.get_by_label("Allowed hosts", exact=True)
    page.get_by_text("Where it may be used").click()
    enter(hosts, "https://api.example.com/v1")
    press(page, "Save")
    expect(hosts).to_have_attribute("aria-invalid", "true")
    enter(hosts, "api.example.com, localhost:8080")
    press(page, "Save")
    expect(page.get_by_text("The integration “Service” is saved.")).to_be_visible()
    press(page, "Edit Service")
    expect(hosts).to_have_value("api.example.com, localhost:8080")
    expect(hosts).to_be_visible()  # what is filled stands open
    press(page, "Test Connection")
    expect(page.locator(".fb-panel .fb-message[data-tone=error]")).to_contain_text("127.0.0.1")


def test_versions_are_named_and_gone_back_to_and_files_go_out_and_in(book: NotebookPage) -> None:
    page = in_tab(book, "Workflows", "Open daily")
    canvas, drawer = page.locator(".flowbook-canvas"), page.locator(".fb-drawer")
    expect(canvas).to_have_attribute("data-nodes", "2")
    press(page, "Versions")
    first = drawer.locator("tbody tr").last
    press(first, "Name", exact=False)
    expect(drawer.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("as it began")
    press(drawer, "Give It This Name")
    expect(first).to_contain_text("as it began")
    press(first, "Open", exact=False)
    expect(drawer.get_by_label("What is different now")).to_contain_text("second")
    book.look("versions-opened")
    press(drawer, "Restore")
    expect(canvas).to_have_attribute("data-nodes", "1")
    press(page, "Undo")
    expect(canvas).to_have_attribute("data-nodes", "2")

    press(page, "Export")
    enter(drawer.get_by_label("Save as", exact=True), "out.flow.yaml")
    press(drawer, "Save")
    expect(drawer.get_by_text("Saved as")).to_be_visible()
    assert list(loads((book.folder / "out.flow.yaml").read_text()).nodes) == ["first", "second"]
    press(drawer, "Save")
    expect(drawer.get_by_text("There is a file")).to_be_visible()
    press(drawer, "Replace It")
    expect(drawer.get_by_text("Saved as")).to_be_visible()

    press(page, "Import")
    drawer.get_by_label("Or its text", exact=True).click()
    page.keyboard.type(FILE)
    press(drawer, "Import")
    expect(canvas).to_have_attribute("data-nodes", "3")
    expect(drawer.get_by_role("button", name="Import", exact=True)).to_have_count(0)  # it goes once it has done that
    press(page, "Import")
    with page.expect_file_chooser() as chosen:
        press(drawer, "Choose a File", exact=False)
    chosen.value.set_files(book.folder / "out.flow.yaml")
    expect(drawer.get_by_text("the workflow “daily”, 2 nodes, 1 connection")).to_be_visible()
    expect(drawer.locator(".fb-file-name")).to_have_text("out.flow.yaml")
    expect(canvas).to_have_attribute("data-nodes", "3")  # it is shown, and nothing is taken over before Import
    book.look("import-looked-at")
    press(drawer, "Import")
    expect(canvas).to_have_attribute("data-nodes", "2")

    (book.folder / "greet.json").write_text(json.dumps(N8N))
    (book.folder / "three.py").write_text(as_script(loads(FILE)))
    for name, told, nodes in (
        ("greet.json", "Of n8n: 2 of 2 nodes and 1 of 1 expression", "2"),
        ("three.py", "the workflow “daily”, 3 nodes", "3"),
    ):
        press(page, "Import")
        with page.expect_file_chooser() as chosen:
            press(drawer, "Choose a File", exact=False)
        chosen.value.set_files(book.folder / name)
        expect(drawer.get_by_text(told)).to_be_visible()
        press(drawer, "Import")
        expect(drawer.get_by_role("button", name="Import", exact=True)).to_have_count(0)
        expect(canvas).to_have_attribute("data-nodes", nodes)


def test_a_failed_node_is_mended_in_a_cell_and_its_run_goes_on(book: NotebookPage) -> None:
    page = in_tab(book, "Runs", "Refresh")
    page.locator("tr[data-run]", has_text="shares").click()
    press(page, "Open as Cell")
    expect(page.get_by_text("It is in the notebook, below.")).to_be_visible()
    cell = book.cell(2)
    expect(cell).to_contain_text("rescue.give(6 / 0)")
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    for key in ("ArrowLeft", "Backspace", "2"):
        page.keyboard.press(key)
    book.run(2)
    assert cut_off(page) == []
    press(cell, "Continue")
    expect(cell.locator(".fbr-summary .fbr-chip")).to_have_text("succeeded")
    book.look("rescued")
    with Workspace(book.folder) as ws:
        assert ws.last("shares")["use"].data == {"half": 3.0}
