"""``flowbook lab``: JupyterLab opens on a notebook that shows the studio."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.jupyterlab import READY, Lab, NotebookPage, address_in, end, environment, free_port, new_context

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[NotebookPage]:
    """The page at the address that ``flowbook lab --no-browser`` prints."""
    tmp_path = tmp_path_factory.mktemp("flowbook-lab")
    root = tmp_path / "my-automation"
    root.mkdir()
    command = [sys.executable, "-m", "flowbook", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1"]
    around = environment(tmp_path, "")
    del around["JUPYTER_TOKEN"], around["JUPYTER_PATH"]  # it sees to both itself
    log = tmp_path / "server.log"
    with log.open("wb") as file:
        options = [f"--port={free_port()}"]
        server = subprocess.Popen([*command, *options], env=around, stdout=file, stderr=file, cwd=root)
    context = new_context(chromium, viewport={"width": 1280, "height": 860})
    try:
        address = address_in(log, server, "lab/tree/flowbook.ipynb")
        lab = Lab(address.partition("/lab")[0], address.partition("token=")[2], root)
        yield NotebookPage(lab, context.new_page(), root, address)
        lab.stop_kernels()
    finally:
        context.close()
        end(server)


def test_its_jupyterlab_has_flowbooks_tile_however_flowbook_was_installed(book: NotebookPage) -> None:
    book.open()
    listed = book.page.evaluate("JSON.parse(document.getElementById('jupyter-config-data').textContent)")
    assert "jupyter-flowbook" in [one["name"] for one in listed["federated_extensions"]], json.dumps(listed)[:500]
    book.page.get_by_role("button", name="New Launcher").first.click()
    expect(book.page.locator(".jp-LauncherCard", has_text="Flowbook").first).to_be_visible()


def test_the_address_it_prints_is_that_of_a_notebook_that_shows_the_studio(book: NotebookPage) -> None:
    book.open()
    expect(book.page.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute("data-status", "idle")
    book.page.wait_for_timeout(1000)  # for JupyterLab to note in the notebook what the kernel said of itself
    expect(book.page.locator(".lm-TabBar-tab.jp-mod-dirty")).to_have_count(0)
    book.run(1)
    for tab in ("Integration Types", "Integrations", "Workflows", "Runs"):
        expect(book.page.get_by_role("tab", name=tab, exact=True)).to_be_visible(timeout=READY)
    expect(book.page.locator(".lm-TabBar-tab.jp-mod-dirty")).to_have_count(1)
    assert (book.folder / ".flowbook").is_dir()
