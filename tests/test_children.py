"""What a call started ends with it when the call is given up: processes, and what waits to be told."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flowbook.calling.adopting import adopt_of_subprocess
from flowbook.models import Workflow
from flowbook.tasks import Context, running_as
from flowbook.tasks.stop import Stop
from flowbook.workspace import Workspace
from tests.waiting import ended, until

TASKS = """
import asyncio, concurrent.futures, contextlib, multiprocessing, os, pathlib, subprocess, time
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

def with_posix_spawn(credentials, params):
    pid = os.posix_spawn(params["python"], [params["python"], "-c", BUSY], os.environ)
    os.waitpid(pid, 0)

def with_posix_spawnp(credentials, params):
    os.posix_spawnp(params["python"], [params["python"], "-c", BUSY], os.environ)
    flowbook.current().sleep(600)

def with_fork(credentials, params):
    pid = os.fork()
    if not pid:
        busy()
    os.waitpid(pid, 0)

def with_fork_and_exec(credentials, params):
    pid = os.fork()
    if not pid:
        os.execv(params["python"], [params["python"], "-c", BUSY])
    os.waitpid(pid, 0)

def with_spawnv(credentials, params):
    os.spawnv(os.P_WAIT, params["python"], [params["python"], "-c", BUSY])

def with_spawnlp_nowait(credentials, params):
    os.spawnlp(os.P_NOWAIT, params["python"], params["python"], "-c", BUSY)
    flowbook.current().sleep(600)

def with_pty(credentials, params):
    import pty
    pid, _ = pty.fork()
    if not pid:
        os.execv(params["python"], [params["python"], "-c", BUSY])
    os.waitpid(pid, 0)

def with_forkserver(credentials, params):
    process = multiprocessing.get_context("forkserver").Process(target=time.sleep, args=(600,))
    process.start()
    pathlib.Path("pid").write_text(f"{process.pid}\\n")
    process.join()

def with_spawn(credentials, params):
    process = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(600,))
    process.start()
    pathlib.Path("pid").write_text(f"{process.pid}\\n")
    process.join()

def with_thread(credentials, params):
    import threading
    thread = threading.Thread(target=with_fork_and_exec, args=(credentials, params))
    thread.start()
    thread.join()
"""


WAYS = [
    "subprocess", "shell", "asyncio", "multiprocessing", "executor", "posix_spawn", "posix_spawnp", "fork",
    "fork_and_exec", "spawnv", "spawnlp_nowait", "pty", "forkserver", "spawn", "thread",
]  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize(
    ("way", "how"), [*((way, "cancelled") for way in WAYS), ("shell", "timed out"), ("fork", "timed out")]
)
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


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("way", ["fork", "multiprocessing"])
def test_what_was_forked_off_ends_though_the_run_itself_is_told_by_the_same_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """The command line makes of SIGTERM a cancel: a copy of its process must not go by that."""
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        test_a_process_that_a_task_started_is_told_to_end(tmp_path, monkeypatch, way, "cancelled")
    finally:
        signal.signal(signal.SIGTERM, before)


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
