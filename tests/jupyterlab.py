"""JupyterLab as a real server, and its pages in a real Chromium, for the tests that are done with a real mouse."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client import BlockingKernelClient
from playwright.sync_api import Browser, BrowserContext, FloatRect, Locator, Page, WebSocket, expect, sync_playwright

from flowbook.cli.jupyter import EXTENSIONS
from tests.doubles import waited_out
from tests.outlines import spared
from tests.ports import free_port

expect.set_options(timeout=60_000)

SCREENSHOTS = Path(__file__).parent / "browser" / "screenshots"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ACTION = 60_000  # milliseconds for one action, also when the kernel has to answer first and the machine is busy
SAYS = 60  # seconds within which a kernel says what it is asked for, likewise
STARTS = 150  # seconds within which a server starts, also on a busy machine
# What anywidget says of a model that takes two seconds to begin or more; ours hears the kernel all the same: hearing.js
GIVEN_UP = "uncaught: [anywidget] Failed to initialize model."
LOADS = 4  # how often a page is loaded before its widgets count as lost
READY = 120_000  # milliseconds within which a kernel or the browser starts, also on a busy machine

# By the object that JupyterLab gives to pages when it is told so. What is disposed of asks nobody about its changes.
CLOSE_ALL = """() => {
    const { shell } = window.jupyterapp;
    for (const area of ["main", "down"]) {
        try {
            for (const one of [...shell.widgets(area)]) one.dispose();
        } catch (error) {
            if (area === "main") throw error; // older ones know of no other
        }
    }
}"""
OPEN_BESIDE = """async (path) => {
    const { commands, shell } = window.jupyterapp;
    const opened = await commands.execute("docmanager:open", { path, factory: "Notebook" });
    for (const one of [...shell.widgets("main")]) if (one !== opened) one.dispose();
}"""


class Lab:
    """A running JupyterLab server and the folder that it shows."""

    def __init__(self, url: str, token: str, root: Path) -> None:
        self.url = url
        self.token = token
        self.root = root

    def request(self, method: str, path: str, content: dict[str, Any] | None = None) -> Any:
        """What the server's REST interface answers."""
        request = urllib.request.Request(
            f"{self.url}/{path}",
            method=method,
            data=None if content is None else json.dumps(content).encode(),
            headers={"Authorization": f"token {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=STARTS) as response:
            body = response.read()
        return json.loads(body) if body else None

    def use_theme(self, theme: str) -> None:
        """Have pages that are loaded from now on in the "light" theme, or the "dark" one."""
        settings = json.dumps({"theme": f"JupyterLab {theme.title()}"})
        self.request("PUT", "lab/api/settings/@jupyterlab/apputils-extension:themes", {"raw": settings})

    def said_by_kernels(self, folder: str, source: str) -> list[str]:
        """The lines that Python code prints in the kernels of the notebooks in ``folder``.

        A kernel that is busy for more than a minute, or has died, says nothing.
        """
        said = []
        for session in self.request("GET", "api/sessions"):
            connection = self.root.parent / "runtime" / f"kernel-{session['kernel']['id']}.json"
            if session["path"].startswith(folder) and connection.exists():
                said += _said(connection, source)
        return said

    def give_kernel(self, id: str, folder: str) -> None:
        """Have a kernel that runs be the one of the notebook in ``folder``."""
        notebook = {"path": f"{folder}/notebook.ipynb", "name": "notebook.ipynb", "type": "notebook"}
        for session in self.request("GET", "api/sessions"):
            if session["kernel"]["id"] == id:
                self.request("PATCH", f"api/sessions/{session['id']}", notebook)

    def kernels(self, folder: str = "") -> list[str]:
        """The kernels of the notebooks in ``folder``, or all that notebooks have."""
        sessions = self.request("GET", "api/sessions")
        return [one["kernel"]["id"] for one in sessions if one["path"].startswith(folder)]

    def stop_kernels(self, folder: str = "") -> None:
        """Stop the kernels of the notebooks in ``folder``, or all."""
        for session in self.request("GET", "api/sessions"):
            if session["path"].startswith(folder):
                self.request("DELETE", f"api/sessions/{session['id']}")


def _said(connection: Path, source: str) -> list[str]:
    client = BlockingKernelClient(connection_file=str(connection))
    client.load_connection_file()
    client.start_channels()
    lines: list[str] = []

    def take(message: dict[str, Any]) -> None:
        if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
            lines.extend(message["content"]["text"].splitlines())

    try:
        client.wait_for_ready(timeout=SAYS)
        client.execute_interactive(source, store_history=False, allow_stdin=False, output_hook=take, timeout=SAYS)
    except (RuntimeError, TimeoutError):
        return []
    finally:
        client.stop_channels()
    return lines


class NotebookPage:
    """One notebook open in JupyterLab."""

    def __init__(self, lab: Lab, page: Page, folder: Path, address: str = "") -> None:
        self.lab = lab
        self.page = page
        self.folder = folder
        self._address = address
        self.console: list[str] = []
        self.frames: list[bytes] = []  # what the kernel has sent over the page's websockets
        self._asked = self._answered = 0  # how often the page asked the kernel to run a cell, and heard that it had
        self._listeners: dict[Any, Callable[[Any], None]] = {
            "console": lambda message: self.console.append(f"{message.type}: {message.text}"[:1500]),
            "websocket": self._listen,
            "pageerror": lambda error: self.console.append(f"uncaught: {error}"[:1500]),
        }
        for event, listener in self._listeners.items():
            page.on(event, listener)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._note_frame)
        socket.on("framesent", self._note_request)

    def _note_frame(self, payload: bytes | str) -> None:
        self.frames.append(payload if isinstance(payload, bytes) else payload.encode())
        self._answered += b"execute_reply" in self.frames[-1]

    def _note_request(self, payload: bytes | str) -> None:
        self._asked += b"execute_request" in (payload if isinstance(payload, bytes) else payload.encode())

    def frames_with(self, text: str) -> int:
        """How many messages from the kernel had ``text`` in them."""
        return sum(text.encode() in frame for frame in self.frames)

    @property
    def address(self) -> str:
        """Where the page is: at the address it was made with, or else that of ``notebook.ipynb`` in its folder."""
        name = self.folder.name
        return (
            self._address or f"{self.lab.url}/lab/workspaces/{name}/tree/{name}/notebook.ipynb?token={self.lab.token}"
        )

    def open(self, shown: str = "", *, reset: bool = False) -> NotebookPage:
        """Load the page, also again, and wait until the notebook can be used, and a widget with this selector is shown.

        JupyterLab shares its room out as it was last, also when that was in a window of another size; ``reset`` has it
        begin anew. https://jupyterlab.readthedocs.io/en/stable/user/urls.html#resetting-a-workspace-on-load

        ipywidgets gives a kernel four seconds to say what widgets it has, and then shows an error. On a machine that is
        so busy, a person would load the page once more.
        """
        lost = self.page.get_by_text("Error displaying widget: model not found")
        for _ in range(LOADS):
            self._load(reset)
            if not shown:
                break
            self.page.locator(shown).or_(lost).first.wait_for(timeout=READY)
            if not lost.count():
                break
        return self

    def _load(self, reset: bool) -> None:
        self.frames.clear()
        self.page.goto(self.address + "&reset" * reset)
        self._wait_until_usable()

    def open_beside(self) -> NotebookPage:
        """Open the notebook in a page that shows JupyterLab already, in place of what it has open.

        That spares seconds of loading, which no person who goes on to another notebook waits for either.
        """
        self.page.evaluate(OPEN_BESIDE, f"{self.folder.name}/notebook.ipynb")
        self._wait_until_usable()
        return self

    def leave(self) -> None:
        """Close what the page shows in JupyterLab, and hear no more of it; another notebook can be opened in it."""
        self.page.evaluate(CLOSE_ALL)
        for event, listener in self._listeners.items():
            self.page.remove_listener(event, listener)

    def _wait_until_usable(self) -> None:
        self.page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=READY)
        self.wait_for_frames("kernel_info_reply")  # a cell run before this makes JupyterLab ask for a kernel
        self.page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(timeout=READY)

    def wait_for_frames(self, text: str, count: int = 1) -> None:
        """Wait until the kernel has sent so many messages with ``text`` in them since the page was opened."""
        deadline = time.monotonic() + READY / 1000
        while self.frames_with(text) < count:
            if time.monotonic() > deadline:
                raise AssertionError(f"the kernel has not answered; see {self.shot('stuck')}")
            self.page.wait_for_timeout(50)

    def cell(self, index: int) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index)

    def cell_count(self) -> int:
        return self.page.locator(".jp-Notebook .jp-Cell").count()

    def run(self, index: int) -> None:
        """Run one cell and wait until it is done."""
        prompt = self.cell(index).locator(".jp-InputArea-prompt")

        def number() -> str:
            return "".join(re.findall(r"[\d*]", prompt.inner_text()))  # "" before the first run, "*" during one

        asked, answered, pressed = self._asked, self._answered, 0.0
        deadline = time.monotonic() + READY / 1000
        while self._answered == answered or number() in ("*", ""):
            # A page that has just been loaded may not know its shortcuts yet, and then drops the key. One that is busy
            # takes its time: a key that it has taken runs the cell once more when it is pressed again.
            if self._asked == asked and number() != "*" and time.monotonic() - pressed > 1.5:
                prompt.click()
                self.page.keyboard.press("Control+Enter")
                pressed = time.monotonic()
            if time.monotonic() > deadline:
                raise AssertionError(f"cell {index} has not ended; see {self.shot('stuck')}")
            self.page.wait_for_timeout(30)

    def run_all(self) -> None:
        """Run all cells that the notebook's file has: those of a page that has just been loaded come one by one."""
        for index in range(len(nbformat.read(self.folder / "notebook.ipynb", as_version=4).cells)):
            self.run(index)

    def in_toolbar(self, command: str) -> Locator:
        """A button of the notebook's own toolbar, by JupyterLab's command: older ones have no name for it."""
        return self.page.locator(f'.jp-NotebookPanel-toolbar [data-command="{command}"]').first

    def save(self) -> None:
        """Press the notebook's Save, and wait until the file has been written."""
        button = self.in_toolbar("docmanager:save")
        with self.page.expect_response(lambda answer: "api/contents" in answer.url and answer.request.method == "PUT"):
            button.click()

    def records(self, name: str = "intents.jsonl") -> list[dict[str, Any]]:
        """What the notebook's code has written to a file of JSON lines beside it."""
        path = self.folder / name
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def wait_for_record(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first record that ``wanted`` accepts, as soon as it is there."""
        deadline = time.monotonic() + ACTION / 1000
        while time.monotonic() < deadline:
            for record in self.records():
                if wanted(record):
                    return record
            self.page.wait_for_timeout(30)
        raise AssertionError(f"no such record among {self.records()}")

    def tell_failure(self, test: str) -> None:
        """Save and print what was to be seen when a test failed."""
        print(f"\nseen at the failure: {self.shot(f'failed-{test}-{self.folder.name[-6:]}')}")
        print("\n".join(self.console[-20:]))

    def look(self, name: str, locator: Locator | None = None) -> None:
        """Save what a person sees, when somebody will look."""
        look(locator or self.page, name)

    def shot(self, name: str, locator: Locator | None = None) -> Path:
        """Save what a person sees as ``screenshots/<name>.png``."""
        return shot(locator or self.page, name)


def look(what: Page | Locator, name: str) -> None:
    """Save a picture of it, when FLOWBOOK_SCREENSHOTS says that somebody will look: each takes a moment."""
    if os.environ.get("FLOWBOOK_SCREENSHOTS"):
        shot(what, name)


def shot(what: Page | Locator, name: str) -> Path:
    """Save a picture of it as ``screenshots/<name>.png``."""
    SCREENSHOTS.mkdir(exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    what.screenshot(path=path)
    return path


def environment(folder: Path, token: str) -> dict[str, str]:
    """Settings of its own, so that neither the tests nor the person who runs them change each other's JupyterLab."""
    config = folder / "config"
    (config / "labconfig").mkdir(parents=True)
    # With each page it would start Node.js to see whether JupyterLab is to be built anew.
    spared = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}, "buildCheck": False}
    (config / "labconfig" / "page_config.json").write_text(json.dumps(spared))
    # And at its start it would look for language servers. A kernel may take long to say the first word.
    settings = {
        "LanguageServerManager": {"autodetect": False},
        "MappingKernelManager": {"kernel_info_timeout": READY / 1000},
    }
    (config / "jupyter_server_config.json").write_text(json.dumps(settings))
    own = {
        "JUPYTER_CONFIG_DIR": config,
        "JUPYTER_DATA_DIR": folder / "data",
        "JUPYTER_RUNTIME_DIR": folder / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": folder / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
        "IPYTHONDIR": folder / "ipython",
        "JUPYTER_PATH": EXTENSIONS,
        "FLOWBOOK_CONFIG_DIR": folder / "keys",
        "FLOWBOOK_TRUST": f"{folder}/*",  # the cells of a test write integrations, which did not come from elsewhere
    }
    # the token travels in the environment: command lines can be read by others
    return {**os.environ, **{key: str(path) for key, path in own.items()}, "JUPYTER_TOKEN": token}


@contextmanager
def running_lab(folder: Path) -> Iterator[Lab]:
    """JupyterLab on a free port, showing ``root``, an empty folder that is made in ``folder``."""
    root = folder / "root"
    root.mkdir()
    port, token = free_port(), secrets.token_hex(16)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}"]
    command += [f"--ServerApp.root_dir={root}", "--ServerApp.port_retries=0", "--allow-root"]
    command += ["--LabApp.expose_app_in_browser=True"]
    lab = Lab(f"http://127.0.0.1:{port}", token, root)
    with serving(lab, command, environment(folder, token), folder / "server.log"):
        yield lab


@contextmanager
def running_app(folder: Path) -> Iterator[str]:
    """``flowbook app`` on the workspace in ``folder``; the address that it prints, also for who has set a token."""
    own = {"FLOWBOOK_CONFIG_DIR": folder / "keys", "JUPYTER_CONFIG_DIR": folder / "config", "JUPYTER_TOKEN": "preset"}
    command = [sys.executable, "-m", "flowbook", "-C", str(folder), "app", "--no-browser", f"--port={free_port()}"]
    log = folder / "app.log"
    with log.open("wb") as file:
        environment = {**os.environ, **{key: str(value) for key, value in own.items()}}
        server = subprocess.Popen(command, stdout=file, stderr=file, env=environment)
    try:
        yield address_in(log, server)
    finally:
        end(server)


def end(server: subprocess.Popen[bytes]) -> None:
    """Have a server end, and make it when it takes too long."""
    server.terminate()
    try:
        server.wait(timeout=15)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def address_in(log: Path, server: subprocess.Popen[bytes], path: str = "") -> str:
    """The address with a token that a server prints, of ``path``; as soon as it has."""
    deadline = time.monotonic() + STARTS
    while time.monotonic() < deadline and server.poll() is None:
        found = re.search(rf"http://127\.0\.0\.1:\d+/{re.escape(path)}\?token=\w+", log.read_text())
        if found:
            return found.group()
        time.sleep(0.05)
    raise AssertionError(log.read_text())


@contextmanager
def serving(lab: Lab, command: list[str], environment: dict[str, str], log: Path) -> Iterator[None]:
    """Start a server in ``lab.root`` by this command, and stop it, with all of its kernels, at the end."""
    with log.open("wb") as file:
        server = subprocess.Popen(command, env=environment, stdout=file, stderr=file, cwd=lab.root)
    try:
        _wait_until_up(lab, server, log)
        yield
        lab.stop_kernels()
    finally:
        end(server)


def _wait_until_up(lab: Lab, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 180  # a busy machine takes its time
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
    names = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")
    return next(filter(None, map(shutil.which, names)), None)


def headless_path() -> str | None:
    """Where Chromium is without what it needs for windows, which spares a third of the work, or else as a whole."""
    return shutil.which("chromium-headless-shell") or chromium_path()


@contextmanager
def running_chromium(path: str) -> Iterator[Browser]:
    """Chromium without a window."""
    with spared(ACTION / 1000), waited_out(ACTION / 1000), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS, timeout=READY)
        yield browser
        browser.close()


def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """Pages of their own, as in another browser: their acts and their loads may take what a busy machine needs."""
    context = browser.new_context(**options)
    context.set_default_timeout(ACTION)
    context.set_default_navigation_timeout(READY)  # of a page for which a kernel begins, too
    return context


def settled_box(locator: Locator) -> FloatRect:
    """Where an element is on the page, once it is visible and has come to rest."""
    expect(locator).to_be_visible()
    before = None
    while before is None or before != locator.bounding_box():
        before = locator.bounding_box()
        locator.page.wait_for_timeout(60)
    return before


def wait_for_element(locator: Locator, condition: str, *more: Any) -> None:
    """Wait until a function of an element, in JavaScript, says yes; with ``more``, of a list that begins with it."""
    element = locator.element_handle()
    locator.page.wait_for_function(condition, arg=[element, *more] if more else element)
    element.dispose()  # the page would keep the element, with all that was around it, for good


def wait_until_fitted(canvas: Locator) -> None:
    """Wait until all cards and notes are in the middle of a canvas, or of what the inspector leaves of it."""
    expect(canvas).to_be_visible()
    wait_for_element(
        canvas,
        """one => {
            const cy = one._cyreg?.cy;
            if (!cy || cy.animated()) return false;
            const sides = cy.nodes(".fb-card, .fb-note").map((node) => {
                const [at, w, h] = [node.renderedPosition(), node.renderedWidth() / 2, node.renderedHeight() / 2];
                return { left: at.x - w, right: at.x + w, top: at.y - h, bottom: at.y + h };
            });
            const of = (pick, side) => pick(...sides.map((one) => one[side]));
            const [left, right] = [of(Math.min, "left"), of(Math.max, "right")];
            const [top, bottom] = [of(Math.min, "top"), of(Math.max, "bottom")];
            const room = one.clientWidth - (parseFloat(getComputedStyle(one).getPropertyValue("--fb-covered")) || 0);
            const isMiddle = (width) => right < width && Math.abs(left + right - width) < 6;
            return sides.length && left > 0 && top > 0 && bottom < one.clientHeight
                && (isMiddle(room) || isMiddle(one.clientWidth)) && Math.abs(top + bottom - one.clientHeight) < 6;
        }""",
    )


def enter(field: Locator, text: str) -> None:
    """Type ``text`` into a field in place of what is in it, by real keys."""
    keyboard = field.page.keyboard
    field.click()
    keyboard.press("Control+a")
    keyboard.press("Delete")
    keyboard.type(text)


def press(place: Page | Locator, name: str, *, exact: bool = True) -> None:
    """Click the button of this name in a place."""
    place.get_by_role("button", name=name, exact=exact).click()


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Move the mouse to a place, press its button, move it to another and let go, at a hand's pace."""
    mouse = page.mouse
    mouse.move(start[0] - 3, start[1])
    mouse.move(*start)
    page.wait_for_timeout(60)
    mouse.down()
    mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=4)
    mouse.move(*end, steps=4)
    page.wait_for_timeout(80)
    mouse.up()


def write_notebook(folder: Path, *cells: str) -> None:
    """Write ``notebook.ipynb`` with these code cells."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, folder / "notebook.ipynb")
