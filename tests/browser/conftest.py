"""A real JupyterLab in a real Chromium, driven with a real mouse.

One server and one browser serve all tests of a session; each test gets its own notebook, kernel and page.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

expect.set_options(timeout=20_000)

SCREENSHOTS = Path(__file__).parent / "screenshots"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ACTION = 10_000  # milliseconds for one action
READY = 40_000  # milliseconds within which a kernel starts, also on a busy machine


class Lab:
    """A running JupyterLab server and the folder that it shows."""

    def __init__(self, url: str, token: str, root: Path) -> None:
        self.url = url
        self.token = token
        self.root = root

    def request(self, method: str, path: str) -> Any:
        """What the server's REST interface answers."""
        request = urllib.request.Request(
            f"{self.url}/{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=20) as response:
            body = response.read()
        return json.loads(body) if body else None

    def stop_kernels(self, folder: str = "") -> None:
        """Stop the kernels of the notebooks in ``folder``, or all."""
        for session in self.request("GET", "api/sessions"):
            if session["path"].startswith(folder):
                self.request("DELETE", f"api/sessions/{session['id']}")


class NotebookPage:
    """One notebook open in JupyterLab."""

    def __init__(self, lab: Lab, page: Page, folder: Path) -> None:
        self.lab = lab
        self.page = page
        self.folder = folder
        self.console: list[str] = []
        self.frames: list[bytes] = []  # what the kernel has sent over the page's websockets
        page.on("console", lambda message: self.console.append(f"{message.type}: {message.text}"[:1500]))
        page.on("websocket", lambda socket: socket.on("framereceived", self._note_frame))
        page.on("pageerror", lambda error: self.console.append(f"uncaught: {error}"[:1500]))

    def _note_frame(self, payload: bytes | str) -> None:
        self.frames.append(payload if isinstance(payload, bytes) else payload.encode())

    def frames_with(self, text: str) -> int:
        """How many messages from the kernel had ``text`` in them."""
        return sum(text.encode() in frame for frame in self.frames)

    @property
    def address(self) -> str:
        name = self.folder.name
        return f"{self.lab.url}/lab/workspaces/{name}/tree/{name}/notebook.ipynb?token={self.lab.token}"

    def open(self) -> NotebookPage:
        """Load the page, also again, and wait until the notebook can be used."""
        self.frames.clear()
        self.page.goto(self.address)
        self.page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=READY)
        deadline = time.monotonic() + READY / 1000
        while not self.frames_with("kernel_info_reply"):  # a cell run before this makes JupyterLab ask for a kernel
            if time.monotonic() > deadline:
                raise AssertionError(f"the kernel has not answered; see {self.shot('stuck')}")
            self.page.wait_for_timeout(50)
        self.page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=READY)
        return self

    def cell(self, index: int) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def cell_count(self) -> int:
        return self.page.locator(".jp-Notebook .jp-Cell").count()

    def run(self, index: int) -> None:
        """Run one cell and wait until it is done."""
        prompt = self.cell(index).locator(".jp-InputArea-prompt")

        def number() -> str:
            return "".join(re.findall(r"[\d*]", prompt.inner_text()))  # "" before the first run, "*" during one

        before, pressed = number(), 0.0
        deadline = time.monotonic() + READY / 1000
        while number() in (before, "*", ""):
            # a page that has just been loaded may not know its shortcuts yet, and then drops the key
            if number() == before and time.monotonic() - pressed > 1.5:
                prompt.click()
                self.page.keyboard.press("Control+Enter")
                pressed = time.monotonic()
            if time.monotonic() > deadline:
                raise AssertionError(f"cell {index} has not ended; see {self.shot('stuck')}")
            self.page.wait_for_timeout(30)

    def run_all(self) -> None:
        for index in range(self.cell_count()):
            self.run(index)

    def records(self, name: str = "intents.jsonl") -> list[dict[str, Any]]:
        """What the notebook's code has written to a file of JSON lines beside it."""
        path = self.folder / name
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def wait_for_record(self, wanted: Callable[[dict[str, Any]], bool], name: str = "intents.jsonl") -> dict[str, Any]:
        """The first record that ``wanted`` accepts, as soon as it is there."""
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            for record in self.records(name):
                if wanted(record):
                    return record
            self.page.wait_for_timeout(30)
        raise AssertionError(f"no such record among {self.records(name)}")

    def tell_failure(self, test: str) -> None:
        """Save and print what was to be seen when a test failed."""
        print(f"\nseen at the failure: {self.shot(f'failed-{test}-{self.folder.name[-6:]}')}")
        print("\n".join(self.console[-20:]))

    def shot(self, name: str, locator: Locator | None = None) -> Path:
        """Save what a person sees as ``screenshots/<name>.png``."""
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        (locator or self.page).screenshot(path=path)
        return path


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _environment(folder: Path, token: str) -> dict[str, str]:
    """Settings of its own, so that neither the tests nor the person who runs them change each other's JupyterLab."""
    config = folder / "config"
    (config / "labconfig").mkdir(parents=True)
    news = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (config / "labconfig" / "page_config.json").write_text(json.dumps(news))
    own = {
        "JUPYTER_CONFIG_DIR": config,
        "JUPYTER_DATA_DIR": folder / "data",
        "JUPYTER_RUNTIME_DIR": folder / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": folder / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
        "IPYTHONDIR": folder / "ipython",
    }
    # the token travels in the environment: command lines can be read by others
    return {**os.environ, **{key: str(path) for key, path in own.items()}, "JUPYTER_TOKEN": token}


@contextmanager
def running_lab(folder: Path) -> Iterator[Lab]:
    """JupyterLab on a free port, showing ``root``, an empty folder that is made in ``folder``."""
    root = folder / "root"
    root.mkdir()
    port, token = _free_port(), secrets.token_hex(16)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}"]
    command += [f"--ServerApp.root_dir={root}", "--ServerApp.port_retries=0", "--allow-root"]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=_environment(folder, token), stdout=log, stderr=log, cwd=root)
    lab = Lab(f"http://127.0.0.1:{port}", token, root)
    try:
        _wait_until_up(lab, server, folder / "server.log")
        yield lab
        lab.stop_kernels()
    finally:
        server.terminate()
        try:
            server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab, showing an empty temporary folder."""
    with running_lab(tmp_path_factory.mktemp("jupyterlab")) as lab:
        yield lab


def _wait_until_up(lab: Lab, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert server.poll() is None, f"JupyterLab has ended:\n{log.read_text()}"
        try:
            lab.request("GET", "api/status")
            return
        except OSError:
            assert time.monotonic() < deadline, f"JupyterLab does not answer:\n{log.read_text()}"
            time.sleep(0.1)


def chromium_path() -> str | None:
    """Where Chromium is; None when it is not on the PATH."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium on the PATH (apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def make_notebook(lab: Lab, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., NotebookPage]]:
    """Make a notebook with these code cells and open it: ``make_notebook("1 + 1", "2 + 2")``."""
    yield from _notebooks(lab, chromium, request)


@pytest.fixture(scope="module")
def make_lasting_notebook(
    lab: Lab, chromium: Browser, request: pytest.FixtureRequest
) -> Iterator[Callable[..., NotebookPage]]:
    """The same for a notebook that the tests of a module share, which saves them seconds each."""
    yield from _notebooks(lab, chromium, request)


def write_notebook(folder: Path, *cells: str) -> None:
    """Write ``notebook.ipynb`` with these code cells."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, folder / "notebook.ipynb")


def _notebooks(lab: Lab, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., NotebookPage]]:
    contexts: list[BrowserContext] = []
    books: list[NotebookPage] = []

    def make(
        *cells: str, files: dict[str, str] | None = None, width: int = 1280, height: int = 860, scale: int = 1
    ) -> NotebookPage:
        folder = lab.root / f"{re.sub(r'[^a-z0-9]+', '-', request.node.name.lower())[:60]}-{secrets.token_hex(3)}"
        folder.mkdir()
        for name, text in (files or {}).items():
            (folder / name).write_text(text)
        write_notebook(folder, *cells)
        context = chromium.new_context(viewport={"width": width, "height": height}, device_scale_factor=scale)
        contexts.append(context)
        context.set_default_timeout(ACTION)
        books.append(NotebookPage(lab, context.new_page(), folder))
        return books[-1].open()

    yield make
    for book in books:
        if getattr(request.node, "failed_in_call", False):
            book.tell_failure(request.node.name)
        lab.stop_kernels(book.folder.name)
    for context in contexts:
        context.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Let a fixture know that its test has failed, so that it can save what was to be seen."""
    report = yield
    if report.when == "call" and report.failed:
        item.failed_in_call = True  # type: ignore[attr-defined]
    return report
