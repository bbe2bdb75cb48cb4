"""Flowbook's own small files, where somebody put a pipe in the place of one: nothing is waited for."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from flowbook import Workflow, Workspace
from flowbook.paths import OWN_FOLDER, SETTINGS
from tests import forks

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="makes a pipe")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Workspace(tmp_path) as ws:
        flow = Workflow(name="hello")
        flow.add("a", "core.set", params={"values": {"n": 1}})
        ws.save(flow)
        ws.run("hello")
    return tmp_path


def flowbook(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command, which would be waited for longer than a test may take."""
    command = forks.python("-m", "flowbook", "-C", str(folder), *words)
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_of_the_settings_it_is_said_and_nothing_runs(folder: Path) -> None:
    os.mkfifo(folder / OWN_FOLDER / SETTINGS)
    ended = flowbook(folder, "run", "hello")
    assert ended.returncode == 2
    assert "settings.json' cannot be read" in ended.stderr


def test_a_pipe_in_an_integration_folder_is_not_opened(folder: Path) -> None:
    mine = folder / "integrations" / "mine"
    mine.mkdir(parents=True)
    (mine / "tasks.py").write_text("def test_connection(c):\n    return {'success': True, 'message': ''}\n")
    for name in ("helper.py", "icon.svg"):
        os.mkfifo(mine / name)
    assert flowbook(folder, "run", "hello").returncode == 0
    assert "mine" in flowbook(folder, "catalog", "mine").stdout


def test_signatures_in_a_pipe_are_none(folder: Path) -> None:
    signed = folder / OWN_FOLDER / "signed"
    signed.unlink()
    os.mkfifo(signed)
    assert flowbook(folder, "run", "hello").returncode == 0  # it needs no consent


def test_of_what_is_trusted_it_is_said_and_nothing_counts(folder: Path) -> None:
    grants = Path(os.environ["FLOWBOOK_CONFIG_DIR"]) / "trust" / "grants.json"
    grants.parent.mkdir(parents=True, exist_ok=True)
    grants.unlink(missing_ok=True)
    os.mkfifo(grants, 0o600)
    ended = flowbook(folder, "trust", "list")
    assert "cannot be read" in ended.stdout + ended.stderr
