"""The studio in each place where notebooks live: the guide's way by keys and mouse, a page that is loaded again, a run.

``make test-places`` gives, in FLOWBOOK_TEST_PLACES, the interpreters of environments with other versions of JupyterLab
and with Notebook 7 ("jupyterlab-4.1=PYTHON notebook-7=PYTHON"). Without it only what is installed here is tried.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, Page, expect

from flowbook.cli.lab import first_notebook
from flowbook.formats.flowfile import dumps
from flowbook.models import Workflow
from tests.jupyterlab import Lab, NotebookPage, environment, free_port, new_context, press, running_app, serving

if TYPE_CHECKING:
    from tests.browser.conftest import Pages

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

SLOW = 120_000  # milliseconds
GIVEN = dict(one.split("=", 1) for one in os.environ.get("FLOWBOOK_TEST_PLACES", "").split())


def serve(place: str) -> tuple[str, str]:
    """The module to start, and the path below which it opens notebooks."""
    return ("notebook", "notebooks") if place.startswith("notebook") else ("jupyterlab", "lab/tree")


def fill(folder: Path) -> None:
    folder.mkdir()
    (folder / "flowbook.ipynb").write_text(json.dumps(first_notebook()))
    (folder / "filed.flow.yaml").write_text(dumps(Workflow(name="filed")))


@contextmanager
def here(lab: Lab, pages: Pages) -> Iterator[NotebookPage]:
    """A notebook in the JupyterLab that other tests use, too."""
    folder = lab.root / f"place-{secrets.token_hex(3)}"
    fill(folder)
    name = folder.name
    address = f"{lab.url}/lab/workspaces/{name}/tree/{name}/flowbook.ipynb?token={lab.token}"
    book = pages.take(lab, folder, 1440, 1000, address=address)
    yield book
    pages.give_back(book, failed=False)
    lab.stop_kernels(name)


@contextmanager
def elsewhere(place: str, folder: Path, chromium: Browser) -> Iterator[NotebookPage]:
    """A notebook in a server of that place."""
    root, port, token = folder / "root", free_port(), secrets.token_hex(16)
    fill(root)
    module, below = serve(place)
    command = [GIVEN[place], "-m", module, "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--allow-root"]
    lab = Lab(f"http://127.0.0.1:{port}", token, root)
    context = new_context(chromium, viewport={"width": 1440, "height": 1000})
    with serving(lab, command, environment(folder, token), folder / "server.log"):
        yield NotebookPage(lab, context.new_page(), root, f"{lab.url}/{below}/flowbook.ipynb?token={token}")
        context.close()


@pytest.fixture(params=GIVEN or ["jupyterlab"])
def place(request: pytest.FixtureRequest, tmp_path: Path, chromium: Browser) -> Iterator[NotebookPage]:
    """A notebook that shows the studio, in one of the places."""
    if GIVEN:
        made = elsewhere(request.param, tmp_path, chromium)
    else:
        made = here(request.getfixturevalue("lab"), request.getfixturevalue("pages"))
    with made as book:
        yield book
        if getattr(request.node, "failed_in_call", False):
            book.tell_failure(request.node.name)


def listing(book: NotebookPage) -> str:
    """Where the files beside the notebook are listed."""
    address = book.address.replace("/flowbook.ipynb", "")
    return address.replace("/notebooks?", "/tree?").replace(f"{book.lab.url}/lab/tree?", f"{book.lab.url}/lab?")


def make_and_run(page: Page) -> None:
    """The guide's way: Create Workflow, a node from the palette, its params, Save, ▶ Run; by keys and mouse."""
    page.get_by_role("tab", name="Workflows", exact=True).click(timeout=SLOW)
    press(page, "Create Workflow")
    page.get_by_label("Workflow Name").click()
    page.keyboard.type("first")
    press(page, "Create")
    canvas = page.locator(".flowbook-canvas")
    expect(canvas).to_have_attribute("data-nodes", "0", timeout=SLOW)
    page.locator(".fb-picker-search:visible").first.click()
    page.keyboard.type("write_text")
    page.locator('[data-id="files.write_text"]').first.click()
    expect(canvas).to_have_attribute("data-nodes", "1", timeout=SLOW)
    inspector = page.locator(".fb-inspector")
    inspector.get_by_label("path", exact=True).click(timeout=SLOW)
    page.keyboard.type("hello.txt")
    inspector.get_by_label("text", exact=True).click()
    page.keyboard.type("one\ntwo")
    page.keyboard.press("ControlOrMeta+Home")
    page.keyboard.type("zero ")
    press(page, "▶ Run")
    expect(page.locator(".fb-run-chip")).to_contain_text("succeeded", timeout=SLOW)
    press(page.locator(".fb-toolbar"), "Save")
    expect(page.locator(".fb-dot")).to_have_text("")


def test_the_guides_way_leads_to_a_run_and_a_loaded_page_shows_it_again(place: NotebookPage) -> None:
    place.open()
    place.run(1)
    make_and_run(place.page)
    assert (place.folder / "hello.txt").read_text() == "zero one\ntwo"
    place.cell(1).locator(".jp-InputArea-prompt").click()
    with place.page.expect_response(lambda answer: "api/contents" in answer.url and answer.request.method == "PUT"):
        place.page.keyboard.press("ControlOrMeta+s")
    place.open()
    expect(place.page.locator(".flowbook-canvas")).to_have_attribute("data-nodes", "1", timeout=SLOW)
    expect(place.page.locator(".fb-name")).to_have_text("first")


def test_a_file_opens_in_the_editor_by_a_double_click(place: NotebookPage) -> None:
    page = place.page
    in_tabs = "/notebooks/" in place.address  # Notebook 7 opens each file in a tab of the browser
    page.goto(listing(place))
    item = page.locator(".jp-DirListing-item").filter(has_text="filed.flow.yaml")
    item.wait_for(timeout=SLOW)
    if in_tabs:
        with page.context.expect_page() as opened:
            item.dblclick()
        page = opened.value
    else:
        item.dblclick()
    expect(page.locator(".flowbook-canvas")).to_have_attribute("data-nodes", "0", timeout=SLOW)


def test_the_app_does_the_same(tmp_path: Path, chromium: Browser) -> None:
    with running_app(tmp_path) as address:
        context = new_context(chromium, viewport={"width": 1440, "height": 1000})
        page = context.new_page()
        page.goto(address)
        make_and_run(page)
        assert (tmp_path / "hello.txt").read_text() == "zero one\ntwo"
        page.reload()
        page.get_by_role("tab", name="Workflows", exact=True).click(timeout=SLOW)
        press(page, "Open first", exact=False)
        expect(page.locator(".flowbook-canvas")).to_have_attribute("data-nodes", "1", timeout=SLOW)
        context.close()
