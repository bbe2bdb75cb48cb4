"""Files that a person names: read whole, from pipes too, and never waited for without limit."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flowbook import whole_files
from flowbook.authoring.openapi.document import read_description
from flowbook.cassettes.tape import read as read_cassette
from flowbook.cli.common import read_json_object
from flowbook.cli.resuming import _result
from flowbook.errors import FlowbookError
from flowbook.formats.flowfile import read_document
from flowbook.formats.python import loads as load_python
from flowbook.sharing.archive import read_archive
from flowbook.sharing.template import read_template
from flowbook.vault.keys import _read_chosen_file

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")

READERS: dict[str, Callable[[Path], object]] = {
    "a workflow": read_document,
    "a workflow in Python": lambda path: load_python(path),
    "a template": read_template,
    "a zip": read_archive,
    "a description of an API": lambda path: read_description(str(path)),
    "a cassette": read_cassette,
    "inputs": lambda path: read_json_object(str(path), "--inputs"),
    "a result": lambda path: _result(f"a=@{path}"),
    "a key": _read_chosen_file,
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_files.content_at, "__defaults__", (whole_files.MAX_GIVEN, 0.2))


@pytest.mark.parametrize("what", READERS)
@pytest.mark.parametrize("kind", ["a pipe", "a pipe that is held open", "a socket", "a folder"])
def test_what_is_no_file_is_refused_in_a_moment(tmp_path: Path, what: str, kind: str) -> None:
    path = tmp_path / "x.flow.yaml"
    held = None
    if kind == "a folder":
        path.mkdir()
    elif kind == "a socket":
        held = socket.socket(socket.AF_UNIX)
        here = os.getcwd()
        os.chdir(tmp_path)  # the path of a socket is short
        held.bind(path.name)
        os.chdir(here)
    else:
        os.mkfifo(path)
        held = os.open(path, os.O_RDWR) if kind.endswith("open") else None
    try:
        with pytest.raises(FlowbookError) as caught:
            READERS[what](path)
        assert caught.value.message
    finally:
        if isinstance(held, int):
            os.close(held)
        elif held is not None:
            held.close()


def test_what_comes_out_of_a_pipe_is_read_to_its_end_also_when_it_comes_late(tmp_path: Path) -> None:
    path, content = tmp_path / "pipe", os.urandom(300_000)
    os.mkfifo(path)

    def write() -> None:
        time.sleep(0.05)
        with path.open("wb") as pipe:
            pipe.write(content[:1000])
            pipe.flush()
            time.sleep(0.05)
            pipe.write(content[1000:])

    thread = threading.Thread(target=write)
    thread.start()
    assert whole_files.content_at(path, seconds=30) == content
    thread.join()


def test_an_endless_device_ends_at_the_limit() -> None:
    assert len(whole_files.content_at("/dev/zero", 3_000_000)) == 3_000_000
    assert whole_files.content_at("/proc/self/status").startswith(b"Name")  # it says that it has no bytes


def test_the_command_reads_what_a_shell_gives_it(tmp_path: Path) -> None:
    flow = "flowbook: 1\nname: f\nnodes: {a: {task: core.set, params: {x: 1}}}\n"
    (tmp_path / "f.flow.yaml").write_text(flow)
    shell = f"{sys.executable} -m flowbook check <(cat f.flow.yaml)"
    done = subprocess.run(["bash", "-c", shell], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert "cannot be read" not in done.stderr + done.stdout
