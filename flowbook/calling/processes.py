"""Calls in processes of their own, which end for certain: when a call is given up, its process is ended.

A process is begun when there is a call for it and kept for the next one, until :meth:`InProcesses.close`. Orders, with
the credentials in them, go through a pipe: nothing of them is in arguments, the environment or a file.
"""

from __future__ import annotations

import functools
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

from flowbook.calling.caller import Call, Here
from flowbook.calling.line import Line, Unsendable, packed, stop_of
from flowbook.calling.order import Answer, Order
from flowbook.errors import FlowbookError
from flowbook.models import SUB_WORKFLOW_TASKS
from flowbook.results import Cause, NodeResult, Stored
from flowbook.tasks import Result, TaskSpec
from flowbook.tasks.children import kill_all
from flowbook.tasks.spec import Origin

TOLD_SECONDS = 0.5
"""How long a call that was told to stop, and is given up, may take to do so before its process is ended (SIGTERM)."""
TERM_SECONDS = 0.3
"""How long the process may take to end before it is killed (SIGKILL)."""
IDLE_SECONDS = 1.0
"""How long a process may take to end by itself that has no call any more, or hung up."""

_BEGIN = (
    "import os,pickle,sys;f=os.fdopen(os.dup(0),'rb');sys.path[:]=pickle.load(f);"
    "from flowbook.calling.far import serve;serve(f,int(sys.argv[1]))"
)
_MAY_HAVE = "; what it was doing may have taken effect"


def _origin_of(spec: TaskSpec) -> Origin | None:
    return spec.origin


class InProcesses:
    """A :class:`~flowbook.calling.caller.Caller` that makes each call in another process, one at a time in each.

    ``origin`` says where the code of a task comes from. ``begun`` are the ids of all processes that there were.

    What differs from calls here: objects are copies, what the calls of a run keep for each other is not there, and a
    sub-workflow is not run from there. The tasks that run one are called here, since they only wait.
    """

    def __init__(self, origin: Callable[[TaskSpec], Origin | None] = _origin_of) -> None:
        self._origin = origin
        self._idle: list[_Process] = []
        self._lock = threading.Lock()
        self._closed = False
        self.begun: set[int] = set()

    def make(self, order: Order, call: Call) -> Answer:
        """Send the order, pass on what is told, and return the answer."""
        if order.task in SUB_WORKFLOW_TASKS:
            return Here().make(order, call)
        origin = self._origin(call.spec)
        if origin is None:
            return _refused(f"{order.task} is in no integration folder, so that no other process can find it")
        try:
            process = self._take()
        except OSError as error:
            return _refused(f"no process could be begun for it: {error}")
        try:
            parcel = process.parcel(order, origin, nodes=call.spec.runs_code)
        except Unsendable as error:
            self._keep(process)
            return _refused(str(error))
        answer = process.answer(parcel, call)
        if answer is not None:
            self._keep(process)
            return answer
        status = process.end()
        process.forget()
        return _lost(status, call.spec)

    def _take(self) -> _Process:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        process = _Process()
        self.begun.add(process.id)
        return process

    def _keep(self, process: _Process) -> None:
        """Keep a process for the next call; once this is closed there will be none."""
        with self._lock:
            self._idle.append(process)
            late = self._closed
        if late:
            self.close()

    def close(self) -> None:
        """End the processes that have no call, and those of calls that go on once these have ended."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for process in idle:
            process.hang_up()
        for process in idle:
            process.end(IDLE_SECONDS, children=False)
            process.forget()


class _Process:
    """The near end of a process that makes calls."""

    def __init__(self) -> None:
        unix = os.name == "posix"
        theirs, self._life = os.pipe() if unix else (-1, -1)
        try:
            # A session of its own: Ctrl-C at the terminal is for the run, which tells its calls.
            self._process = subprocess.Popen(  # noqa: S603 - this Python
                [sys.executable, "-c", _BEGIN, str(theirs)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                pass_fds=(theirs,) if unix else (), start_new_session=unix,
            )  # fmt: skip
        except OSError:
            self._close_life()
            raise
        finally:
            if unix:
                os.close(theirs)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.id = self._process.pid
        self._line = Line(self._process.stdout, self._process.stdin)  # type: ignore[arg-type]
        self._known: set[str] = set()
        self._guard = threading.Lock()
        self._ending = threading.Lock()
        self._calls = 0
        self._active = self._given_up = False
        with suppress(OSError):  # gone already: the first call finds out
            self._process.stdin.write(pickle.dumps(sys.path))
            self._process.stdin.flush()

    def parcel(self, order: Order, origin: Origin, *, nodes: bool) -> bytes:
        """An order as it is sent to this process, with the code of its task when that is new to it."""
        sent = order.parcel(nodes=nodes)
        code = None if origin.key in self._known else origin
        try:
            parcel = packed((sent, origin.key, code))
        except Unsendable:
            packed(order.params, "params")  # raises for the one that it is, by its name
            packed(sent.run.inputs, "inputs")
            nodes_sent = {id: _sendable(id, node) for id, node in sent.run.nodes.items()}
            parcel = packed((sent._replace(run=sent.run._replace(nodes=nodes_sent)), origin.key, code), "its order")
        self._known.add(origin.key)
        return parcel

    def answer(self, parcel: bytes, call: Call) -> Answer | None:
        """Have a call made; None when the process is gone before there is an answer, or is to be."""
        self._calls += 1
        self._active = True
        tell = functools.partial(self._tell, self._calls)
        answer: Answer | None = None
        call.when_let_go(functools.partial(self._give_up, self._calls))
        try:
            self._line.send(parcel)
            call.stop.add(tell)
            while answer is None:
                answer = _heard(self._line.receive(), call)
        except (EOFError, OSError, ValueError):  # ValueError: closed at this end, since it was given up
            pass
        with self._guard:
            self._active = False
        if answer is None or self._given_up:
            self.end(IDLE_SECONDS)
            answer = None
        call.stop.remove(tell)  # only now: the end of this process waits for it
        return answer

    def _tell(self, number: int) -> None:
        with suppress(OSError, ValueError):
            self._line.send(stop_of(number))

    def _give_up(self, number: int) -> None:
        """Nobody waits for the call any more: end the process, once it had a moment to stop."""
        with self._guard:
            if number != self._calls or not self._active or self._given_up:
                return
            self._given_up = True
        threading.Thread(target=self._end_soon, name="flowbook-end", daemon=True).start()

    def _end_soon(self) -> None:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(TOLD_SECONDS)
        with self._ending:
            below = kill_all(self.id, gently=True)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(TERM_SECONDS)
            if below:
                time.sleep(TERM_SECONDS)
            kill_all(self.id, below)
        self.end()

    def hang_up(self) -> None:
        """Have it end by itself, now that there are no calls for it."""
        self._line.hang_up()

    def end(self, seconds: float = 0, *, children: bool = True) -> int:
        """Wait for its end, and end it for certain after ``seconds``; its exit status, negative for a signal."""
        with self._ending:
            try:
                status = self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                kill_all(self.id)
                status = self._process.wait()
            if children:
                kill_all(self.id)
            self._close_life()
            self._line.hang_up()
            return status

    def forget(self) -> None:
        """Close this end, once the process is gone and nobody listens to it."""
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _close_life(self) -> None:
        if self._life >= 0:
            os.close(self._life)
            self._life = -1


def _heard(message: bytes, call: Call) -> Answer | None:
    """Pass on what a process told; the answer, when it is that."""
    try:
        kind, *told = pickle.loads(message)  # noqa: S301 - from a task, which could as well run here
    except Exception as error:  # noqa: BLE001 - an object may fail in any way when it is loaded
        return _unsent(f"what it gave cannot be taken from its process: {type(error).__name__}: {error}", call.spec)
    if kind == "answer":
        answer: Answer = told[0]
        return answer
    if kind == "unsendable":
        success, message_of_task, why = told
        if success:
            return _unsent(why, call.spec)
        return Answer(Result.failed(f"{message_of_task} (without its data: {why})"))
    if kind == "hide":
        call.shared.hide(told[0])
    else:
        getattr(call, kind)(*told)
    return None


class _NotSent(Stored):
    """Data of a node before, which a call of code may never ask for."""

    def __init__(self, why: str) -> None:
        self._why = why

    def load(self) -> NoReturn:
        """Say why it is not here."""
        raise FlowbookError(f"{self._why}.", "Have that node give plain data, or take 'isolate' off this one.")


def _sendable(id: str, node: Any) -> Any:
    """What is known of a node, without its data when that cannot be sent."""
    try:
        packed(node if not isinstance(node, NodeResult) else node.data, f"nodes.{id}.data")
    except Unsendable as error:
        return node.but(data=_NotSent(str(error)), params=None)
    return node


def _refused(why: str) -> Answer:
    return Answer(Result.failed(f"not called: {why}", permanent=True), Cause.REFUSED)


def _unsent(why: str, spec: TaskSpec) -> Answer:
    """For a task that did what it should, and gave what no other process can have."""
    effect = "; what it did has taken effect" if spec.effects == "write" else ""
    hint = "Have it return plain data, or take 'isolate' off the node"
    return Answer(Result.failed(f"{why}. {hint}{effect}", permanent=True), Cause.INTERRUPTED)


def _lost(status: int, spec: TaskSpec) -> Answer:
    """For a process that ended before the task returned."""
    why = f"its process ended by itself before the task returned (exit status {status})"
    if status < 0:
        import signal

        name = signal.Signals(-status).name if -status in set(signal.Signals) else f"signal {-status}"
        why = f"its process was ended by {name} before the task returned"
        if name == "SIGKILL":
            why += ", as the system does when memory runs out"
    return Answer(Result.failed(why + (_MAY_HAVE if spec.effects == "write" else "")), Cause.INTERRUPTED)
