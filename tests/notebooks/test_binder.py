"""Binder: an environment made from the files of ``binder/`` alone, as repo2docker reads them, executes the notebooks.

https://repo2docker.readthedocs.io/en/latest/configuration/ says what is read and where it is run.
"""

from __future__ import annotations

import filecmp
import json
import os
import secrets
import shutil
import struct
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from flowbook.ui.studio import IN_MEMORY
from flowbook.workspace import Workspace
from tests.jupyterlab import GIVEN_UP, Lab, NotebookPage, drag, enter, new_context, press, serving, settled_box
from tests.notebooks.test_notebooks import check_executed, everything
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
BINDER = ROOT / "binder"
ON_DISK = "/var/tmp" if os.path.isdir("/var/tmp") else None
TEST_TOOLS = ("pytest", "hypothesis", "playwright", "moto", "mypy", "ruff")
# Each in a copy of the folder, so that none finds what another one has made.
EXECUTE = """
import os, shutil, sys, nbformat
from nbclient import NotebookClient
left_out = shutil.ignore_patterns(".flowbook", ".ipynb_checkpoints", "__pycache__", "output")
os.environ["PYTHONHASHSEED"] = "0"  # as renew.py has it
for name in sys.argv[2:]:
    folder = f"{sys.argv[1]}/{name}/notebooks"
    shutil.copytree("notebooks", folder, ignore=left_out)
    notebook = nbformat.read(f"{folder}/{name}.ipynb", as_version=4)
    there = {"metadata": {"path": folder}}
    quiet = ["--IPKernelApp.log_level=40"]  # without a warning of its transport
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=there, extra_arguments=quiet).execute()
    nbformat.write(notebook, f"{folder}/{name}.ipynb")
"""
EXECUTED = "executed"  # the folder of those copies, in the repository's
# Filled in where the notebooks make credentials (stand_ins.py): none of them belongs anywhere else.
SECRETS = (b"/services/T00/B00/stand-in", b"stand-in-for-a-token")
FIRST, SECOND = (300, 150), (250, 450)  # where on the canvas the nodes are let go
HOT_DAYS = "53 days in Seattle were hotter than 30 °C"


@dataclass
class Built:
    """What Binder would have made: the repository's folder, and how to run something there."""

    repository: Path
    environment: dict[str, str]

    @property
    def start(self) -> str:
        """What repo2docker begins the command of the container with."""
        return str(self.repository / "binder" / "start")

    def run(self, *command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command as repo2docker runs what is in the container: by ``binder/start``."""
        return subprocess.run(
            [self.start, *command],
            cwd=cwd or self.repository, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def kept(self) -> list[Path]:
        """The visitor's files that hold credentials: a store, a key, or any file with one in clear."""
        places = (self.repository / "notebooks", self.repository / EXECUTED, Path(self.environment["HOME"]))
        files = [path for place in places for path in place.rglob("*") if path.is_file()]
        files = [path for path in files if path.name.partition(".")[0] != "stand_ins"]  # its source, and its bytecode
        # trust/user.key opens nothing: it authenticates what was decided about the code of a folder.
        keys = [path for path in files if path.suffix == ".key" and path.parent.name != "trust"]
        stored = [path for path in files if path.name == "flowbook.json"] + keys
        return stored + [path for path in files if any(secret in path.read_bytes() for secret in SECRETS)]


@pytest.fixture(scope="session")
def built() -> Iterator[Built]:
    """The steps of repo2docker: copy the repository, install the requirements in it, run ``postBuild`` in it."""
    # It is large, and uv makes it of links to what it has unpacked before, where both are on one disk.
    with tempfile.TemporaryDirectory(prefix="flowbook-binder-", dir=ON_DISK, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        repository = _checkout(folder / "repository")
        uv = str(Path(sys.executable).with_name("uv"))
        # With pip, as repo2docker's environments are; Python's own venv takes seconds to install the one it carries.
        venv = [uv, "venv", "--quiet", "--seed", "--python", sys.executable, str(folder / "venv")]
        subprocess.run(venv, check=True)
        kept = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("FLOWBOOK_", "JUPYTER", "VIRTUAL_ENV"))
        }
        programs = folder / "venv" / "bin"
        installing = {**kept, "PATH": f"{programs}{os.pathsep}{kept['PATH']}"}  # with pip's cache and settings
        home = folder / "home"
        home.mkdir()
        environment = {**installing, "HOME": str(home)}
        # uv fetches and unpacks in seconds what takes pip a minute and a half; pip, whose call is repo2docker's, then
        # reads the same files, and would fetch what it finds to be missing or of another version.
        unpack = [uv, "pip", "install", "--quiet", "--python", str(programs / "python")]
        unpack += ["--require-hashes", "-r", "binder/requirements.txt"]
        # Byte code is left to be made of what is used: repo2docker's call makes all of it, and takes twice as long.
        # Most has been made already, of the same files in the tests' own environment.
        install = ["python", "-m", "pip", "install", "--quiet", "--no-compile", "-r", "binder/requirements.txt"]
        steps = ((unpack, installing), (install, installing), (["./binder/postBuild"], environment))
        for step, variables in steps:
            done = subprocess.run(step, cwd=repository, env=variables, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
            if step is unpack:
                (site,) = (folder / "venv" / "lib").glob("python*/site-packages")
                _take_over_byte_code(Path(sysconfig.get_path("purelib")), site)
                _take_over_byte_code(ROOT / "flowbook", repository / "flowbook")
        yield Built(repository, environment)


def _checkout(target: Path) -> Path:
    """A copy of what a clone would have: the files that git knows or would take in."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode:
        left_out = shutil.ignore_patterns(".venv", ".git", "__pycache__", ".flowbook", "output", "node_modules")
        return Path(shutil.copytree(ROOT, target, ignore=left_out))
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target


def _take_over_byte_code(ours: Path, theirs: Path) -> None:
    """Put what Python has made of our files beside theirs that are the same.

    It begins with Python's number, flags (0 where it goes by time), and the time and size of the source: PEP 552.
    """
    for made in ours.rglob("__pycache__/*.pyc"):
        source = made.parent.parent / f"{made.name.partition('.')[0]}.py"
        target = theirs / made.relative_to(ours)
        copy = theirs / source.relative_to(ours)
        if not (source.is_file() and copy.is_file() and filecmp.cmp(source, copy, shallow=False)):
            continue
        number, flags, code = (content := made.read_bytes())[:4], content[4:8], content[16:]
        if not any(flags):
            written, size = int(copy.stat().st_mtime) & 0xFFFFFFFF, copy.stat().st_size & 0xFFFFFFFF
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(number + flags + struct.pack("<II", written, size) + code)


@pytest.fixture
def visit(built: Built, chromium: Browser, request: pytest.FixtureRequest) -> Iterator[NotebookPage]:
    """The page that a link to Binder ends at, of a server that is started with the arguments that BinderHub passes."""
    port, token, base = free_port(), secrets.token_hex(16), f"/user/flowbook-{secrets.token_hex(3)}/"
    command = [built.start, "jupyter", "lab", "--ip=127.0.0.1", f"--port={port}", "--no-browser", "--allow-root"]
    command += [f"--ServerApp.base_url={base}", "--ServerApp.trust_xheaders=True", "--ServerApp.port_retries=0"]
    environment = {**built.environment, "JUPYTER_TOKEN": token}  # command lines can be read by others
    lab = Lab(f"http://127.0.0.1:{port}{base.rstrip('/')}", token, built.repository)
    with serving(lab, command, environment, built.repository.parent / "server.log"):
        context = new_context(chromium, viewport={"width": 1440, "height": 1000})
        context.route(lambda url: not url.startswith(lab.url), _refuse)  # there is no other network
        folder = built.repository / "notebooks"
        book = NotebookPage(lab, context.new_page(), folder, f"{lab.url}/?token={token}")
        yield book
        if getattr(request.node, "failed_in_call", False):
            book.tell_failure(request.node.name)
        context.close()


def _refuse(route: Route) -> None:
    route.abort()


def tour(built: Built) -> list[Any]:
    """The tour's cells."""
    return list(json.loads((built.repository / "notebooks" / "tour.ipynb").read_text(encoding="utf-8"))["cells"])


def follow(part: Locator) -> None:
    """The steps of the tour's "The studio" in this studio."""
    press(part.locator("tr[data-row=rain-watch]"), "Open", exact=False)
    expect(part.locator(".flowbook-canvas")).to_have_attribute("data-nodes", "5")
    press(part, "▶ Run")
    enter(part.get_by_label("month", exact=True), "2015-03")
    press(part, "▶ Start")
    expect(part.locator(".fb-run-chip")).to_contain_text("succeeded")
    for node in ("read", "month", "draw", "wettest", "tell"):
        expect(part.locator(f'.fbr-row[data-node="{node}"]')).to_have_attribute("data-status", "succeeded")
    part.locator(".fbr-row", has_text="Draw it").click()
    expect(part.locator(".fbr-detail .fbr-display img")).to_be_visible()
    part.locator(".fbr-row", has_text="Tell the team").click()
    expect(part.locator(".fbr-detail")).to_contain_text("Message sent successfully!")
    part.get_by_role("tab", name="Runs").click()
    expect(part.locator("tr[data-run]")).to_have_count(3)


def draw_ones_own(part: Locator) -> None:
    """The steps of the tour's "A workflow of your own" in this studio."""
    press(part, "Create Workflow")
    enter(part.get_by_label("Workflow Name"), "hot-days")
    press(part, "Create")
    canvas = part.locator(".flowbook-canvas")
    expect(canvas).to_have_attribute("data-nodes", "0")
    drop(part, "csv", "files.read_csv", FIRST)
    enter(part.get_by_label("path", exact=True), "data/seattle-weather.csv")
    press(part, "Run This Node")
    expect(part.locator(".fbr-detail")).to_contain_text("1,461 rows")
    drop(part, "send_message", "slack.send_message", SECOND)
    expect(canvas).to_have_attribute("data-nodes", "2")
    expect(part.get_by_label("Integration", exact=True)).to_have_value("My Slack Workspace")
    hot = "${{ len([day for day in nodes.read_csv.data if day.temp_max > 30]) }}"
    enter(part.get_by_label("text", exact=True), f"{hot} days in Seattle were hotter than 30 °C")
    expect(part.get_by_role("button", name="1 problem")).to_be_visible()
    connect(canvas)
    expect(part.get_by_role("button", name="No problems")).to_be_visible()
    press(part, "Save")
    press(part, "▶ Run")
    expect(part.locator(".fb-run-chip")).to_contain_text("succeeded")
    for node in ("read_csv", "send_message"):
        expect(part.locator(f'.fbr-row[data-node="{node}"]')).to_have_attribute("data-status", "succeeded")
    expect(part.get_by_text(f"✓ “{HOT_DAYS}”")).to_be_visible()


def drop(part: Locator, words: str, task: str, place: tuple[int, int]) -> None:
    """Search the palette for a task, and drag it to a place on the canvas."""
    canvas = part.locator(".flowbook-canvas")
    canvas.scroll_into_view_if_needed()
    enter(part.get_by_role("searchbox", name="Search").first, words)
    expect(part.locator('[data-id="core.wait"]')).to_be_hidden()  # what does not fit has gone, and the rest moved up
    card, area = settled_box(part.locator(f'[data-id="{task}"]')), settled_box(canvas)
    start = card["x"] + card["width"] / 2, card["y"] + card["height"] / 2
    drag(part.page, start, (area["x"] + place[0], area["y"] + place[1]))


def connect(canvas: Locator) -> None:
    """Drag from the handle of the node in the middle of what is seen, where the first one is, to the node below it."""
    canvas.scroll_into_view_if_needed()
    area, inspector = settled_box(canvas), settled_box(canvas.page.locator(".fb-side-right").last)
    right = min(inspector["x"], area["x"] + area["width"])
    x, y = (area["x"] + right) / 2, area["y"] + area["height"] / 2
    drag(canvas.page, (x + 92, y), (area["x"] + SECOND[0], area["y"] + SECOND[1]))
    expect(canvas).to_have_attribute("data-edges", "1")


def see_what_arrived(page: Page) -> None:
    """Run the cell that shows what the stand-in for Slack has got once more."""
    cell = page.locator(".jp-Notebook .jp-CodeCell", has_text="slack.messages")
    cell.locator(".jp-InputArea-prompt").click()
    page.keyboard.press("Control+Enter")
    expect(cell.locator(".jp-OutputArea")).to_contain_text(HOT_DAYS)


@pytest.mark.binder
@pytest.mark.timeout(600)
class TestOnBinder:
    def test_what_is_installed_has_no_test_tools(self, built: Built) -> None:
        listed = json.loads(built.run("python", "-m", "pip", "list", "--format", "json").stdout)
        names = {package["name"].lower() for package in listed}
        assert {"jupyter-flowbook", "jupyterlab", "papermill", "matplotlib"} <= names
        assert not names.intersection(TEST_TOOLS)

    def test_the_widgets_are_there_for_jupyterlab(self, built: Built) -> None:
        listed = built.run("jupyter", "labextension", "list")
        text = listed.stdout + listed.stderr
        for name in ("anywidget", "jupyter-cytoscape", "@jupyter-widgets/jupyterlab-manager"):
            assert f"{name} v" in text, text
        disabled = text.partition("disabled extensions")[2] or text
        assert "announcements" in disabled

    def test_the_link_leads_to_the_tour_whose_steps_lead_by_mouse_to_a_workflow_of_ones_own(
        self, built: Built, visit: NotebookPage
    ) -> None:
        page = visit.open().page
        expect(page.get_by_role("heading", name="A tour of the studio")).to_be_visible()
        visit.look("binder-opened")
        cells = tour(built)
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        visit.wait_for_frames("execute_reply", sum(cell["cell_type"] == "code" for cell in cells))
        studios = page.locator(".jp-Notebook .flowbook")
        expect(studios).to_have_count(2)
        for part, steps, name in ((studios.first, follow, "binder-tour"), (studios.last, draw_ones_own, "binder-own")):
            expect(part.get_by_text(IN_MEMORY)).to_be_visible()
            part.scroll_into_view_if_needed()
            steps(part)
            visit.look(name)
        see_what_arrived(page)
        page.keyboard.press("Control+s")
        expect(page.locator(".lm-TabBar-tab.jp-mod-dirty")).to_have_count(0)
        expect(page.get_by_text("Error displaying widget")).to_have_count(0)
        assert [line for line in visit.console if line.startswith(("error:", "uncaught:")) and line != GIVEN_UP] == []
        assert built.kept() == []

    def test_every_notebook_gives_what_its_page_shows_and_leaves_no_credential_on_disk(
        self, built: Built, renewing: ModuleType
    ) -> None:
        names = sorted(path.stem for path in (built.repository / "notebooks").glob("*.ipynb"))
        assert {"quickstart", "tour"} <= set(names)
        done = built.run("python", "-c", EXECUTE, EXECUTED, *names)
        assert done.returncode == 0, done.stdout + done.stderr
        for name in names:
            place = built.repository / EXECUTED / name
            notebook = nbformat.read(place / "notebooks" / f"{name}.ipynb", as_version=4)
            renewing.tidy(notebook, place)
            for output in everything(notebook):
                if "text/plain" in output.get("data", {}):  # the workspaces here are, and say so
                    output["data"]["text/plain"] = output["data"]["text/plain"].replace(" (in memory)>", ">")
            check_executed(name, notebook, place, renewing)
        assert built.kept() == []

    def test_a_workspace_there_is_in_memory_so_that_the_folder_may_be_read_only(self, built: Built) -> None:
        using = (
            "from flowbook import Workspace; ws = Workspace(); ws.create_type('slack'); print(ws.memory, ws.types())"
        )
        folder = built.repository / "read-only"
        folder.mkdir(mode=0o500)
        unwritable = folder if os.geteuid() else Path("/proc/self")  # no permission stops the superuser
        told = built.run("python", "-c", using, cwd=unwritable)
        assert told.stdout.startswith("True "), told.stderr
        assert "slack" in told.stdout


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_the_scripts_can_be_executed_and_are_sound(name: str) -> None:
    assert os.access(BINDER / name, os.X_OK)
    assert (BINDER / name).read_text(encoding="utf-8").startswith("#!/bin/bash\n")
    subprocess.run(["bash", "-n", str(BINDER / name)], check=True)


def test_the_studio_of_a_workspace_in_memory_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWBOOK_MEMORY_ONLY", "1")
    shown = Workspace(tmp_path).studio()._repr_mimebundle_()
    assert IN_MEMORY in shown["text/plain"]
    assert "gone when that ends" in shown["text/html"]
    kept = Workspace(tmp_path, memory=False).studio()._repr_mimebundle_()
    assert IN_MEMORY not in kept["text/plain"]
