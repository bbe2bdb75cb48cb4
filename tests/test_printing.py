"""Where the output of a command goes to nothing that takes it: the exit code is that of what was done."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from flowbook.cli.progress import Lines
from flowbook.events import RunFinished
from flowbook.serving.logs import Log
from flowbook.workspace import Workspace
from tests import forks

FLOW = "flowbook: 1\nname: {0}\nnodes:\n  only: {{task: core.{0}, params: {1}}}\n"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the workflows noop, which succeeds, fail, and code, which nobody trusts yet."""
    folder = tmp_path_factory.mktemp("printing")
    (folder / "noop.flow.yaml").write_text(FLOW.format("noop", "{}"))
    (folder / "fail.flow.yaml").write_text(FLOW.format("fail", "{message: no good}"))
    code = FLOW.format("code", "{code: '1'}").replace("core.code", "core.python")
    (folder / "code.flow.yaml").write_text(code)
    return folder


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full is Linux's")
@pytest.mark.parametrize(
    ("line", "code", "complaint"),
    [
        ("run noop.flow.yaml --json >/dev/full", 0, "standard output took not all of it"),
        ("run fail.flow.yaml --json >/dev/full", 1, "standard output took not all of it"),
        ("run noop.flow.yaml --explain >/dev/full", 0, "standard output took not all of it"),
        ("run code.flow.yaml --json >/dev/full", 3, "code is not trusted yet"),
        ("run fail.flow.yaml --json >&-", 1, "node 'only' failed: no good"),
        ("run absent.flow.yaml 2>/dev/full", 2, ""),
    ],
)
def test_the_exit_code_is_that_of_the_run(workspace: Path, line: str, code: int, complaint: str) -> None:
    trust = "FLOWBOOK_TRUST= " if line.startswith("run code") else ""
    command = ["sh", "-c", f'{trust}"$@" {line}', "sh", *forks.python("-m", "flowbook")]
    ended = subprocess.run(command, cwd=workspace, capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, complaint in ended.stderr, "Traceback" in ended.stderr) == (code, True, False), ended


@pytest.mark.parametrize(("arguments", "code"), [(["run", "fail.flow.yaml", "--json"], 1), (["docs", "faq"], 0)])
def test_a_reader_that_went_away_is_no_failure_and_hides_none(workspace: Path, arguments: list[str], code: int) -> None:
    command = [sys.executable, "-m", "flowbook", *arguments]
    process = subprocess.Popen(command, cwd=workspace, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(timeout=120) == code


class Full(io.StringIO):
    """A stream to a full disk."""

    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def test_a_line_that_cannot_be_written_stops_no_run_and_is_remembered() -> None:
    lines = Lines(Full())
    lines.notice(RunFinished("r", "succeeded", 0.0, 0.0))
    assert "No space left" in str(lines.unwritten)


def test_a_log_that_cannot_be_written_stops_no_server() -> None:
    Log(lambda: 0.0, Full())("run_finished", run="r")


LOUD = """
import os, subprocess, sys
from ctypes import CDLL

print("loaded")
os.write(1, b"loaded by C\\n")
subprocess.run(["echo", "loaded by a child"])


def test_connection(credentials):
    \"\"\"Connect.\"\"\"
    os.write(1, b"tried by C\\n")
    sys.stdout.buffer.write(b"\\xff in bytes\\n")
    return {"success": True, "message": "fine"}


def tell(credentials, params):
    \"\"\"Tell.\"\"\"
    return test_connection(credentials)
"""
LOUD_FLOW = "flowbook: 1\nname: loud\nnodes:\n  a: {task: loud.tell}\n  b: {task: core.fail, params: {message: no}}\n"


@pytest.fixture(scope="module")
def loud(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a folder that prints past Python when it is loaded and called, and a failed run of it."""
    root = tmp_path_factory.mktemp("loud")
    (root / "integrations" / "loud").mkdir(parents=True)
    (root / "integrations" / "loud" / "__init__.py").write_text("from .tasks import tell, test_connection\n")
    (root / "integrations" / "loud" / "tasks.py").write_text(LOUD)
    (root / "loud.flow.yaml").write_text(LOUD_FLOW)
    with Workspace(root) as ws:
        ws.create_type("loud")
        ws.create_integration("Loud", "loud", {})
        ws.save(ws.read(root / "loud.flow.yaml").workflow)
    subprocess.run(forks.python("-m", "flowbook", "run", "loud"), cwd=root, capture_output=True, check=False)
    return root


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("runs resume last --json", 1),
        ("run loud --json", 1),
        ("run loud --json --only a", 0),
        ("run loud --json --dry-run", 1),
        ("integrations test Loud --json", 0),
        ("catalog loud --json", 0),
        ("check --integrations loud --json", 0),
        ("check loud --json", 0),
        ("types show loud --json", 0),
        ("workflows show loud --json", 0),
    ],
)
def test_a_document_is_whole_whatever_else_of_the_process_prints(loud: Path, line: str, code: int) -> None:
    command = forks.python("-m", "flowbook", *line.split())
    ended = subprocess.run(command, cwd=loud, capture_output=True, timeout=120, check=False)
    assert ended.returncode == code, ended
    json.loads(ended.stdout)
    assert b"in bytes" not in ended.stdout + ended.stderr  # it is a node's, who hides secrets in it


def test_standard_output_is_as_it_was_after_a_document(tmp_path: Path) -> None:
    script = "import os; from flowbook.cli import run; run(['catalog', 'core', '--json']); print(1); os.write(1, b'2')"
    ended = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, check=True)
    assert json.loads(ended.stdout.decode().rpartition("}")[0] + "}")["name"] == "core"
    assert ended.stdout.rpartition(b"}")[2].split() in ([b"12"], [b"2", b"1"], [b"1", b"2"], [b"21"])


def test_a_recording_that_is_refused_leaves_the_older_one(workspace: Path) -> None:
    (workspace / "old.json").write_text("an older one")
    (workspace / "bad.flow.yaml").write_text("flowbook: 1\nname: bad\nnodes: {a: {task: no.such}}\n")
    recording = forks.python("-m", "flowbook", "run", "bad.flow.yaml", "--record", "old.json")
    assert subprocess.run(recording, cwd=workspace, capture_output=True, check=False).returncode == 2
    assert (workspace / "old.json").read_text() == "an older one"
