"""What a call started ends with it when the call is given up: processes, and what waits to be told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flowbook.models import Workflow
from flowbook.tasks import Context, running_as
from flowbook.tasks.children import adopt_of_subprocess
from flowbook.tasks.stop import Stop
from flowbook.workspace import Workspace
from tests.waiting import until

TASKS = """
import asyncio, concurrent.futures, contextlib, multiprocessing, pathlib, subprocess, time
import flowbook

BUSY = "import pathlib, os, time; pathlib.Path('pid').write_text(str(os.getpid()) + chr(10)); time.sleep(600)"

def busy():
    exec(BUSY)

def with_subprocess(credentials, params):
    subprocess.run([params["python"], "-c", BUSY], check=False)

def with_shell(credentials, params):
    subprocess.run(f'"{params["python"]}" -c "{BUSY}"; true', shell=True, check=False)

async def with_asyncio(credentials, params):
    process = await asyncio.create_subprocess_exec(params["python"], "-c", BUSY)
    while not flowbook.current().cancelled:
        time.sleep(0.01)  # heeds nobody who cancels the coroutine
    for _ in range(2):  # once it is cancelled; then it lets go of the process, as asyncio wants it
        with contextlib.suppress(asyncio.CancelledError):
            await process.wait()

def with_multiprocessing(credentials, params):
    process = multiprocessing.get_context("fork").Process(target=busy)
    process.start()
    process.join()

def with_executor(credentials, params):
    with concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        pool.submit(busy).result()
"""


def ended(pid: int) -> bool:
    """Whether a process is no more, or waits to be noticed by its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("how", ["cancelled", "timed out"])
@pytest.mark.parametrize("way", ["subprocess", "shell", "asyncio", "multiprocessing", "executor"])
def test_a_process_that_a_task_started_is_told_to_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, how: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "integrations" / "kids").mkdir(parents=True)
    (tmp_path / "integrations" / "kids" / "__init__.py").write_text("from .tasks import *\n")
    (tmp_path / "integrations" / "kids" / "tasks.py").write_text(TASKS)
    flow = Workflow(name="kids")
    flow.add("a", f"kids.with_{way}", params={"python": sys.executable}, timeout=3 if how == "timed out" else None)
    ws = Workspace(tmp_path)
    run = ws.start(flow)
    pid_file = tmp_path / "pid"
    until(lambda: pid_file.exists() and pid_file.read_text().endswith("\n"))
    pid = int(pid_file.read_text())
    assert not ended(pid)
    if how == "cancelled":
        run.cancel()
    run.wait()
    until(lambda: ended(pid))
    ws.close()


def test_a_process_started_after_the_sign_is_ended_at_once() -> None:
    undo = adopt_of_subprocess(subprocess)
    try:
        stop = Stop()
        stop.set()
        with running_as(Context("run", stop=stop)):
            assert subprocess.run([sys.executable, "-c", "import time; time.sleep(600)"]).returncode != 0
    finally:
        undo()


def test_what_a_call_started_and_ended_well_is_left_alone() -> None:
    undo = adopt_of_subprocess(subprocess)
    try:
        other = Stop()
        with running_as(Context("run", stop=Stop())):
            process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        other.set()
        assert process.poll() is None
        process.kill()
        process.wait()
    finally:
        undo()


def test_the_end_of_the_process_waits_for_who_was_told_to_stop() -> None:
    """And for nobody who was not told, or has left."""
    program = """
import threading, time
from flowbook.tasks import Context, running_as
from flowbook.tasks.stop import Stop
stop, told = Stop(), threading.Event()
def task():
    with running_as(Context("run", stop=stop)), Context("run", stop=stop).on_cancel(told.set):
        began.set()
        told.wait()
        time.sleep(0.3)
        print("tidied up", flush=True)
began = threading.Event()
threading.Thread(target=task, daemon=True).start()
began.wait()
stop.set()
"""
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (found.stdout, found.stderr) == ("tidied up\n", "")
