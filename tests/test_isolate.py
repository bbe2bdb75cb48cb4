"""Nodes in processes of their own: they end for certain, and are otherwise called as every other one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flowbook.calling.line import Unsendable, packed
from flowbook.models import Parameter, Workflow
from flowbook.results import Cause
from flowbook.workspace import Workspace
from tests.waiting import ended, until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="looks at processes and signals as Unix has them")

SECRET = "s3cr3t-value-0123456789"
TASKS = '''
"""Tasks that no thread survives."""

import os, re, signal, subprocess, sys, threading, time
from pathlib import Path

from flowbook import Result, current, task

CALLS = []


class Thing:
    def __init__(self, value):
        self.value = value


def test_connection(credentials):
    return Result.ok("fine")


def begin(params):
    current().path("pid").write_text(f"{os.getpid()}\\n")


def regex(credentials, params):
    """A pattern that goes back for ever, with Python's lock held."""
    begin(params)
    re.match(r"(a+)+$", "a" * 60 + "b")


def stuck(credentials, params):
    """Waits in C with Python's lock held, which takes no processor's time."""
    begin(params)
    import ctypes
    while True:
        ctypes.PyDLL(None).sleep(600)


def parents(credentials, params):
    child = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.pthread_sigmask("
                             "signal.SIG_BLOCK, [signal.SIGTERM]); print('up', flush=True); time.sleep(600)"],
                             stdout=subprocess.PIPE, text=True, start_new_session=params.get("apart", False))
    child.stdout.readline()
    current().path("child").write_text(f"{child.pid}\\n")
    stuck(credentials, params)


def deaf(credentials, params):
    """Ignores SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    stuck(credentials, params)


def polite(credentials, params):
    begin(params)
    whole = current().sleep(60)
    current().path("stopped").write_text("in time")
    return Result(whole, "stopped")


def until_there(credentials, params):
    begin(params)
    while not current().path("go").exists():
        time.sleep(0.01)


def die(credentials, params):
    print("last words")
    if params.get("signal"):
        os.kill(os.getpid(), params["signal"])
    os._exit(3)


def segfault(credentials, params):
    import ctypes
    ctypes.string_at(0)


@task(effects="read")
def die_once(credentials, params):
    mark = current().path("died")
    if not mark.exists():
        mark.touch()
        os._exit(3)
    return Result.ok("the second time")


@task(effects="read")
def die_reading(credentials, params):
    os._exit(3)


def give(credentials, params):
    kind = params["kind"]
    data = {"lock": threading.Lock, "generator": lambda: (x for x in ()), "thing": lambda: Thing(3)}[kind]()
    return Result.ok("given", {"rows": [1, {"it": data}]})


def take(credentials, params):
    return Result.ok("taken", params["thing"].value)


@task(effects="read", isolate=True)
def always(credentials, params):
    return Result.ok("apart", os.getpid())


def big(credentials, params):
    return Result.ok("much", len(bytearray(b"x" * 300_000_000)))


def where(credentials, params):
    CALLS.append(1)
    if params.get("wait"):
        time.sleep(params["wait"])
    return Result.ok("here", {"pid": os.getpid(), "calls": len(CALLS), "n": params.get("n"), "cwd": os.getcwd(),
                              "argv": Path("/proc/self/cmdline").read_bytes().decode("latin-1")
                              + Path("/proc/self/environ").read_bytes().decode("latin-1")
                              if sys.platform == "linux" else ""})


def leak(credentials, params):
    from IPython.display import HTML, display

    print("token", credentials["token"])
    print("and", file=sys.stderr)
    display(HTML("<b>" + credentials["token"] + "</b>"))
    current().progress(1, 2, credentials["token"])
    current().hide("found-on-the-way")
    print("found-on-the-way")
    raise ValueError(credentials["token"] + " is no good")


def native(credentials, params):
    os.write(1, b"from C\\n")
    subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)
    return Result.ok(input() if params.get("ask") else "")


def nested(credentials, params):
    current().run_workflow("inner")


def version(credentials, params):
    return Result.ok("VERSION")
'''


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A workspace with those tasks."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "integrations" / "odd"
    folder.mkdir(parents=True)
    (folder / "tasks.py").write_text(TASKS)
    with Workspace(tmp_path) as workspace:
        yield workspace


def flow_of(task: str, **fields: Any) -> Workflow:
    flow = Workflow(name="flow")
    flow.add("a", f"odd.{task}", isolate=True, **fields)
    return flow


def run(ws: Workspace, flow: Workflow, **inputs: Any) -> Any:
    return ws.start(flow, inputs).wait()


def pid_in(folder: Path, name: str = "pid") -> int:
    file = folder / name
    until(lambda: file.exists() and file.read_text().endswith("\n"))
    return int(file.read_text())


# --- it ends -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["regex", "stuck", "deaf"])
def test_what_holds_pythons_lock_ends_when_its_time_is_over(ws: Workspace, tmp_path: Path, way: str) -> None:
    ran = run(ws, flow_of(way, timeout=3))
    assert (ran["a"].cause, ran["a"].message) == (Cause.TIMED_OUT, "timed out after 3 s")
    pid = pid_in(tmp_path)
    assert pid != os.getpid()
    until(lambda: ended(pid))


def test_what_holds_pythons_lock_ends_when_its_run_is_cancelled(ws: Workspace, tmp_path: Path) -> None:
    going = ws.start(flow_of("stuck"))
    pid = pid_in(tmp_path)
    going.cancel()
    assert going.wait().status == "cancelled"
    assert "may have taken effect" in going["a"].message
    until(lambda: ended(pid))


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_processes_that_it_started_end_with_it(ws: Workspace, tmp_path: Path, apart: bool) -> None:
    going = ws.start(flow_of("parents", params={"apart": apart}))
    pid, child = pid_in(tmp_path), pid_in(tmp_path, "child")
    going.cancel()
    going.wait()
    until(lambda: ended(pid) and ended(child))


def test_one_that_looks_whether_it_is_to_stop_has_time_to(ws: Workspace, tmp_path: Path) -> None:
    ran = run(ws, flow_of("polite", timeout=3))
    assert ran["a"].cause is Cause.TIMED_OUT
    until((tmp_path / "stopped").exists)


def flowbook(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "flowbook", "-C", str(folder), *arguments], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_the_command_and_the_process(ws: Workspace, tmp_path: Path, number: signal.Signals) -> None:
    ws.save(flow_of("stuck"))
    command = flowbook(tmp_path, "run", "flow")
    pid = pid_in(tmp_path)
    os.killpg(command.pid, number)
    command.communicate(timeout=30)
    assert command.returncode == 130
    until(lambda: ended(pid))


@pytest.mark.skipif(sys.platform != "linux", reason="the system tells a process of its parent's end only there")
def test_it_ends_when_the_run_s_own_process_is_killed(ws: Workspace, tmp_path: Path) -> None:
    ws.save(flow_of("stuck"))
    command = flowbook(tmp_path, "run", "flow")
    pid = pid_in(tmp_path)
    command.kill()
    command.communicate(timeout=30)
    until(lambda: ended(pid))


def test_no_process_is_left_when_the_run_is_over(ws: Workspace) -> None:
    ran = run(ws, flow_of("where", for_each=[1, 2, 3]))
    for pid in {each["pid"] for each in ran["a"].data}:
        assert ended(pid)


# --- it ends by itself -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "params", "said"),
    [
        ("die", {}, "its process ended by itself before the task returned (exit status 3)"),
        ("die", {"signal": 9}, "its process was ended by SIGKILL before the task returned, as the system does when"),
        ("segfault", {}, "its process was ended by SIGSEGV before the task returned"),
    ],
)
def test_a_process_that_ends_by_itself_fails_its_node_and_may_have_taken_effect(
    ws: Workspace, task: str, params: dict[str, Any], said: str
) -> None:
    ran = run(ws, flow_of(task, params=params))
    result = ran["a"]
    assert result.message.startswith(said)
    assert result.message.endswith("; what it was doing may have taken effect")
    assert (result.status, result.cause, result.unsure) == ("failed", Cause.INTERRUPTED, True)
    assert task != "die" or "last words" in ran.output("a")[0].text


def test_killed_from_outside_it_fails_its_node_and_nothing_else(ws: Workspace, tmp_path: Path) -> None:
    flow = flow_of("stuck")
    flow.add("b", "odd.where")
    going = ws.start(flow)
    os.kill(pid_in(tmp_path), signal.SIGKILL)
    going.wait()
    assert "SIGKILL" in going["a"].message
    assert going["b"].success


def test_it_is_held_when_the_run_is_resumed_and_a_read_is_not(ws: Workspace) -> None:
    from flowbook.errors import RunHeld

    held = run(ws, flow_of("die"))
    with pytest.raises(RunHeld, match="may have taken effect"):
        ws.resume(held.id)
    again = run(ws, flow_of("die_reading"))
    assert not again["a"].unsure


def test_a_retry_gets_another_process(ws: Workspace) -> None:
    ran = run(ws, flow_of("die_once", retry={"attempts": 2, "wait": 0}))
    assert (ran["a"].message, ran["a"].attempts) == ("the second time", 2)


# --- what goes there and comes back ------------------------------------------------------------------------------


def test_items_go_to_as_many_processes_as_may_run_at_once_and_find_them_warm(ws: Workspace) -> None:
    ran = run(ws, flow_of("where", params={"n": "${{ item }}", "wait": 0.2}, for_each=list(range(6)), max_parallel=2))
    assert [each["n"] for each in ran["a"].data] == list(range(6))
    assert 1 <= len({each["pid"] for each in ran["a"].data}) <= 2
    assert max(each["calls"] for each in ran["a"].data) >= 3


def test_what_cannot_be_sent_back_fails_in_words(ws: Workspace) -> None:
    result = run(ws, flow_of("give", params={"kind": "lock"}))["a"]
    assert result.message.startswith("result.data.rows[1].it (a _thread.lock) cannot be sent to another process: ")
    assert result.message.endswith("; what it did has taken effect")
    assert (result.cause, result.unsure) == (Cause.INTERRUPTED, True)


def test_what_cannot_be_sent_there_fails_in_words_and_is_not_called(ws: Workspace) -> None:
    flow = Workflow(name="flow")
    flow.add("before", "odd.give", params={"kind": "generator"})
    flow.add("a", "odd.take", isolate=True, params={"thing": "${{ nodes.before.data.rows[1].it }}"})
    flow.connect("before", "a")
    result = run(ws, flow)["a"]
    assert result.message.startswith("not called: params.thing (a generator) cannot be sent")
    assert result.message.endswith(
        "Give it plain data, or have the node's calls made here: 'where: here' and no 'isolate'"
    )
    assert result.cause is Cause.REFUSED


def test_code_sees_the_nodes_before_it_and_hears_why_it_cannot_see_one(ws: Workspace) -> None:
    def flow(code: str) -> Workflow:
        flow = Workflow(name="flow")
        flow.add("before", "odd.give", params={"kind": "lock"})
        flow.add("fine", "core.set", params={"values": [1, 2]})
        flow.add("a", "core.python", isolate=True, params={"code": code})
        flow.connect("before", "a")
        flow.connect("fine", "a")
        return flow

    assert run(ws, flow("import os\nnodes.fine.data + [os.getpid()]"))["a"].data[:2] == [1, 2]
    result = run(ws, flow("nodes.before.data"))["a"]
    assert "nodes.before.data.rows[1].it (a _thread.lock) cannot be sent to another process" in result.message


def test_objects_of_the_folder_s_own_classes_go_there_and_back(ws: Workspace) -> None:
    flow = flow_of("give", params={"kind": "thing"})
    flow.add("b", "odd.take", params={"thing": "${{ nodes.a.data.rows[1].it }}"}, isolate=True)
    flow.connect("a", "b")
    assert run(ws, flow)["b"].data == 3


def test_the_code_is_that_of_the_folder_as_it_was_when_the_run_began(ws: Workspace, tmp_path: Path) -> None:
    tasks = tmp_path / "integrations" / "odd" / "tasks.py"
    for version in ("one", "second"):
        tasks.write_text(TASKS.replace("VERSION", version))
        assert run(ws, flow_of("version"))["a"].message == version


def test_no_secret_shows_and_none_is_in_arguments_or_environment(ws: Workspace) -> None:
    ws.create_type("odd", [Parameter(name="token", type="password", required=True)])
    ws.create_integration("mine", "odd", {"token": SECRET})
    ran = run(ws, flow_of("leak", integration="mine"))
    shown = repr(list(ran.events())) + ran["a"].message
    assert SECRET not in shown
    assert "found-on-the-way" not in shown
    said = {piece.stream: piece.text for piece in ran.output("a")}
    assert "token ***" in "".join(piece.text for piece in ran.output("a"))
    assert said.keys() == {"stdout", "stderr", "display", "traceback"}
    assert "in leak" in said["traceback"]
    where = run(ws, flow_of("where", integration="mine"))["a"].data["argv"]
    assert SECRET not in where


def test_what_does_not_go_through_python_s_streams_hurts_nobody(ws: Workspace) -> None:
    assert run(ws, flow_of("native"))["a"].success
    assert "EOF" in run(ws, flow_of("native", params={"ask": True}))["a"].message


def test_a_sub_workflow_is_refused_there_in_words_and_the_node_that_waits_for_one_works(ws: Workspace) -> None:
    inner = Workflow(name="inner")
    inner.add("x", "odd.always")
    ws.save(inner)
    assert "cannot run the sub-workflow 'inner'" in run(ws, flow_of("nested"))["a"].message
    outer = Workflow(name="outer")
    outer.add("a", "core.run_workflow", params={"workflow": "inner"}, isolate=True)
    assert run(ws, outer)["a"].success
    (problem,) = [one for one in ws.check(outer).problems if one.field == "isolate"]
    assert problem.severity == "warning"


def test_the_memory_that_it_takes_is_its_process_s(ws: Workspace) -> None:
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert run(ws, flow_of("big"))["a"].data == 300_000_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before * 1.5


def test_a_task_may_ask_for_it_itself(ws: Workspace) -> None:
    flow = Workflow(name="flow")
    flow.add("a", "odd.always")
    assert run(ws, flow)["a"].data != os.getpid()


def test_a_workflow_file_keeps_it(ws: Workspace, tmp_path: Path) -> None:
    ws.save(flow_of("where"))
    assert ws.workflow("flow").nodes["a"].isolate
    assert flow_of("where").to_document()["nodes"]["a"]["isolate"] is True
    plain = Workflow(name="x")
    plain.add("a", "odd.where")
    assert "isolate" not in plain.to_document()["nodes"]["a"]


def test_a_script_without_a_guard_is_not_run_again_there(ws: Workspace, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from flowbook import Workflow, Workspace\nflow = Workflow(name='f')\n"
        "flow.add('a', 'odd.where', isolate=True)\n"
        "with Workspace('.') as ws:\n    print(ws.run(flow).status)\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("succeeded", "", 0)


# --- the journal's lock ------------------------------------------------------------------------------------------

HOLDER = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


# The command line, with a history that is waited for much longer, and a file "waits" as soon as it is.
PATIENT = """
import pathlib, sys
from flowbook.journal import batches, database

batches.PATIENCE_SECONDS = 3600
is_busy = database._is_busy

def noted(error):
    pathlib.Path("waits").touch()
    return is_busy(error)

database._is_busy = noted
from flowbook.cli.main import run
raise SystemExit(run(sys.argv[1:]))
"""


def patient_flowbook(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PATIENT, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=folder,
    )  # fmt: skip


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Another process has the history locked meanwhile."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder / ".flowbook" / "runs.sqlite")], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    try:
        yield
    finally:
        holder.communicate("")


def test_ctrl_c_is_heard_while_the_start_of_a_run_waits_for_the_history(ws: Workspace, tmp_path: Path) -> None:
    ws.save(flow_of("where"))
    run(ws, flow_of("where"))
    with locked(tmp_path):
        command = patient_flowbook(tmp_path, "run", "flow")
        until((tmp_path / "waits").exists)
        command.send_signal(signal.SIGINT)
        _, said = command.communicate(timeout=60)
    assert command.returncode == 130, said
    assert len(ws.runs()) == 1


def test_ctrl_c_is_heard_while_a_write_waits_for_the_history(ws: Workspace, tmp_path: Path) -> None:
    flow = flow_of("until_there")
    flow.add("b", "odd.where")
    flow.connect("a", "b")
    ws.save(flow)
    command = patient_flowbook(tmp_path, "run", "flow")
    pid_in(tmp_path)
    with locked(tmp_path):
        (tmp_path / "go").touch()  # it ends, which cannot be recorded now
        until((tmp_path / "waits").exists)
        command.send_signal(signal.SIGINT)
        _, said = command.communicate(timeout=60)
    assert command.returncode == 130, said
    assert "Warning: the run history" in said


def test_what_is_nested_too_deeply_to_be_sent_is_said_at_once_and_in_few_words() -> None:
    """Each level was packed anew: it took minutes, and the message was as long as the way down."""
    deep: list[Any] = []
    for _ in range(20_000):
        deep = [deep]
    with pytest.raises(Unsendable, match="recursion") as caught:
        packed({"data": deep}, "result")
    assert str(caught.value).startswith("result.data[0][0]")
    assert len(str(caught.value)) < 400
