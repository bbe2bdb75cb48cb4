"""Flowbook as a part of JupyterLab: its tile, its commands, files that open in the editor, outputs of ended kernels."""

from __future__ import annotations

import os
import re
import secrets
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Page, expect

from flowbook import Workflow
from flowbook.formats.flowfile import dumps, loads
from tests.jupyterlab import Lab, look, press, settled_box, shot, wait_until_fitted
from tests.waiting import until

if TYPE_CHECKING:
    from tests.browser.conftest import Pages

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

GO_TO = """async (path) => {
    await window.jupyterapp.commands.execute("filebrowser:go-to-path", { path });
}"""
NODE = """one => {
    const box = one.getBoundingClientRect();
    const at = one._cyreg.cy.getElementById("n:say").renderedPosition();
    return [box.left + at.x, box.top + at.y];
}"""
SLOW = 120_000  # milliseconds; each of these tabs starts a kernel, also on a busy machine


def flow(label: str = "", name: str = "daily") -> Workflow:
    made = Workflow(name=name)
    made.add("say", "core.set", label=label, params={"values": {"text": "hello"}}, at=(0, 0))
    return made


class Desk:
    """JupyterLab with its file browser, in a folder of its own."""

    page: Page

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.folder = lab.root / f"desk-{secrets.token_hex(3)}"
        self.folder.mkdir()

    @property
    def file(self) -> Path:
        return self.folder / "daily.flow.yaml"

    def open(self) -> None:
        """Have JupyterLab show the folder, and nothing else; one that the page shows already spares a load."""
        name = self.folder.name
        if self.page.url.startswith(self.lab.url):
            self.page.evaluate(GO_TO, f"/{name}")
        else:
            self.page.goto(f"{self.lab.url}/lab/workspaces/{name}/tree/{name}?token={self.lab.token}")
        self.page.locator(f'.jp-BreadCrumbs-item[title="{name}"]').wait_for(timeout=SLOW)

    def load_again(self) -> None:
        """Load the page: JupyterLab brings back the tabs that were open."""
        address = re.match(r"[^?]+/lab/workspaces/[^/?]+", self.page.url)
        assert address is not None
        self.page.goto(f"{address[0]}?token={self.lab.token}")
        self.page.locator(".jp-DirListing-content").wait_for(timeout=SLOW)

    def in_listing(self, name: str) -> Any:
        return self.page.locator(".jp-DirListing-item").filter(has_text=name)

    def kernels(self) -> list[str]:
        return self.lab.said_by_kernels(self.folder.name, "import os; print(os.getpid())")

    def command(self, name: str) -> None:
        """Choose a command in the palette."""
        self.page.keyboard.press("ControlOrMeta+Shift+c")
        expect(self.page.locator(".lm-CommandPalette-input")).to_be_focused()
        self.page.keyboard.type(name)
        self.page.locator(".lm-CommandPalette-item", has_text=name).first.click()

    def look(self, name: str) -> None:
        """A picture, when somebody will look."""
        look(self.page, name)


@pytest.fixture
def desk(lab: Lab, pages: Pages, request: pytest.FixtureRequest) -> Iterator[Desk]:
    made = Desk(lab)
    book = pages.take(lab, made.folder, 1440, 900)
    made.page = book.page
    yield made
    failed = getattr(request.node, "failed_in_call", False)
    if failed:
        shot(made.page, f"failed-{request.node.name}")
    pages.give_back(book, failed=failed)
    lab.stop_kernels(made.folder.name)


def open_file(desk: Desk) -> Page:
    """Double-click the file, and open its node by a click."""
    desk.in_listing("daily.flow.yaml").dblclick()
    page = desk.page
    canvas = page.locator(".flowbook-canvas")
    canvas.wait_for(timeout=SLOW)
    expect(canvas).to_have_attribute("data-nodes", "1", timeout=SLOW)
    return page


def type_label(page: Page, text: str) -> None:
    canvas = page.locator(".flowbook-canvas")
    press(page, "Fit")
    wait_until_fitted(canvas)
    settled_box(canvas)
    x, y = canvas.evaluate(NODE)
    page.mouse.click(x, y)
    page.locator(".fb-inspector").get_by_label("Label", exact=True).click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)
    page.keyboard.press("Tab")
    expect(page.locator(".fb-dot")).to_have_text("●")


def saved_label(path: Path) -> str:
    return str(loads(path.read_text()).nodes["say"].label)


def test_a_double_click_opens_the_file_and_saving_writes_it(desk: Desk) -> None:
    desk.file.write_text(dumps(flow()))
    desk.open()
    expect(desk.in_listing("daily.flow.yaml").locator("svg")).to_have_count(1)
    page = open_file(desk)
    desk.look("labextension-file")
    type_label(page, "By Save")
    press(page.locator(".fb-toolbar"), "Save")
    until(lambda: saved_label(desk.file) == "By Save")
    type_label(page, "By a key")
    page.keyboard.press("ControlOrMeta+s")
    until(lambda: saved_label(desk.file) == "By a key")
    expect(page.locator(".fb-dot")).to_have_text("")
    assert [path.name for path in desk.folder.glob("*.yaml")] == ["daily.flow.yaml"]


def test_a_file_that_others_changed_is_not_written_over_without_a_choice(desk: Desk) -> None:
    desk.file.write_text(dumps(flow()))
    desk.open()
    page = open_file(desk)
    type_label(page, "Mine")
    desk.file.write_text(dumps(flow("Theirs")))
    press(page.locator(".fb-toolbar"), "Save")
    expect(page.locator(".fb-drawer")).to_contain_text("since it was opened here")
    assert saved_label(desk.file) == "Theirs"
    press(page, "Overwrite")
    until(lambda: saved_label(desk.file) == "Mine")
    (aside,) = (path for path in desk.folder.glob("daily.*.flow.yaml"))
    assert saved_label(aside) == "Theirs"


def test_what_was_typed_into_a_file_outlives_its_kernel_and_the_page(desk: Desk) -> None:
    desk.file.write_text(dumps(flow()))
    desk.open()
    page = open_file(desk)
    type_label(page, "Typed by hand")
    expect(page.locator(".fb-draft")).to_contain_text("draft saved")
    desk.load_again()  # the kernel lives on, and so does the editor
    expect(page.locator(".fb-dot")).to_have_text("●", timeout=SLOW)
    (kernel,) = desk.kernels()
    os.kill(int(kernel), signal.SIGKILL)
    expect(page.locator(".fb-recovered")).to_contain_text("were recovered.", timeout=SLOW)
    desk.look("labextension-recovered")
    press(page.locator(".fb-toolbar"), "Save")
    until(lambda: saved_label(desk.file) == "Typed by hand")


def test_a_file_that_makes_no_workflow_says_what_is_wrong(desk: Desk) -> None:
    desk.file.write_text("flowbook: 1\nname: daily\nnodes: 5\n")
    desk.open()
    desk.in_listing("daily.flow.yaml").dblclick()
    expect(desk.page.locator(".jp-FlowbookPage")).to_contain_text("daily.flow.yaml cannot be opened", timeout=SLOW)


def test_the_tile_opens_the_studio_and_a_loaded_page_shows_it_again(desk: Desk) -> None:
    desk.open()
    page = desk.page
    if not page.locator(".jp-Launcher").count():
        page.get_by_role("button", name="New Launcher").first.click()
    desk.look("labextension-launcher")
    page.locator(".jp-LauncherCard", has_text=re.compile("^Flowbook$")).locator("visible=true").first.click()
    for tab in ("Integration Types", "Integrations", "Workflows", "Runs"):
        expect(page.get_by_role("tab", name=tab, exact=True)).to_be_visible(timeout=SLOW)
    page.get_by_role("tab", name="Runs", exact=True).click()
    desk.look("labextension-studio")
    assert (desk.folder / ".flowbook").is_dir()
    (kernel,) = desk.kernels()
    desk.load_again()
    expect(page.get_by_role("tab", name="Runs", exact=True)).to_have_attribute("aria-selected", "true", timeout=SLOW)
    assert desk.kernels() == [kernel]


def test_a_command_makes_a_new_workflow_and_opens_it(desk: Desk) -> None:
    desk.open()
    desk.command("New Flowbook Workflow")
    expect(desk.page.locator(".flowbook-canvas")).to_have_attribute("data-nodes", "0", timeout=SLOW)
    (made,) = desk.folder.glob("*.flow.yaml")
    assert loads(made.read_text()).name == made.name.removesuffix(".flow.yaml")


def test_an_output_whose_kernel_has_ended_is_a_picture_with_a_way_to_go_on(make_notebook: Callable[..., Any]) -> None:
    cell = 'from flowbook import Workspace\nws = Workspace(".")\nws.edit("daily.flow.yaml")'
    book = make_notebook(cell, "1 + 1", files={"daily.flow.yaml": dumps(flow("As it was"))})
    page: Page = book.page
    book.run(0)
    expect(page.locator(".flowbook-canvas")).to_have_attribute("data-nodes", "1", timeout=SLOW)
    book.save()
    book.lab.stop_kernels(book.folder.name)
    book.open()
    output = book.cell(0).locator(".jp-OutputArea-output")
    expect(output).to_contain_text("As it was when it was saved.")
    expect(output.locator("svg, img").first).to_be_visible()
    book.look("labextension-fallback")
    expect(page.get_by_text("model not found")).to_have_count(0)
    press(output, "Run This Cell", exact=False)
    expect(page.locator(".flowbook-canvas")).to_have_attribute("data-nodes", "1", timeout=SLOW)
    book.save()
    book.open()  # the kernel lives: so does the editor
    expect(page.locator(".flowbook-canvas")).to_have_attribute("data-nodes", "1", timeout=SLOW)
