"""Binder: an environment made from the files of ``binder/`` alone, as repo2docker reads them, executes the notebooks.

https://repo2docker.readthedocs.io/en/latest/configuration/ says what is read and where it is run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from flowbook.ui.studio import IN_MEMORY
from flowbook.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
BINDER = ROOT / "binder"
TEST_TOOLS = ("pytest", "hypothesis", "playwright", "moto", "mypy", "ruff")
EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient
there = {"metadata": {"path": "notebooks"}}
for path in sys.argv[1:]:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=there).execute()
    nbformat.write(notebook, path)
    print(path)
"""


@dataclass
class Built:
    """What Binder would have made: the repository's folder, and how to run something there."""

    repository: Path
    environment: dict[str, str]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as repo2docker runs what is in the container: by ``binder/start``."""
        return subprocess.run(
            [str(self.repository / "binder" / "start"), *command],
            cwd=self.repository, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip


@pytest.fixture(scope="session")
def built() -> Iterator[Built]:
    """The steps of repo2docker: copy the repository, install the requirements in it, run ``postBuild`` in it."""
    with tempfile.TemporaryDirectory(prefix="flowbook-binder-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        repository = _checkout(folder / "repository")
        subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("FLOWBOOK_", "VIRTUAL_ENV"))}
        programs = folder / "venv" / "bin"
        installing = {**kept, "PATH": f"{programs}{os.pathsep}{kept['PATH']}"}  # with pip's cache and settings
        home = folder / "home"
        home.mkdir()
        environment = {**installing, "HOME": str(home)}
        # Byte code is left to be made of what is used: repo2docker's call makes all of it, and takes twice as long.
        install = ["python", "-m", "pip", "install", "--quiet", "--no-compile", "-r", "binder/requirements.txt"]
        for step, variables in ((install, installing), (["./binder/postBuild"], environment)):
            done = subprocess.run(step, cwd=repository, env=variables, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
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

    def test_every_notebook_runs_and_leaves_no_credential_on_disk(self, built: Built) -> None:
        names = sorted(path.name for path in (built.repository / "notebooks").glob("*.ipynb"))
        assert {"quickstart.ipynb", "tour.ipynb"} <= set(names)
        done = built.run("python", "-c", EXECUTE, *[f"notebooks/{name}" for name in names])
        assert done.returncode == 0, done.stdout + done.stderr
        assert not list(built.repository.rglob("flowbook.json"))
        assert not list(Path(built.environment["HOME"]).rglob("*.key"))

    def test_a_workspace_there_is_in_memory(self, built: Built) -> None:
        told = built.run("python", "-c", "from flowbook import Workspace; print(Workspace().memory)")
        assert told.stdout.strip() == "True", told.stderr


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
