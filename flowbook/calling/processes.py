"""Calls in processes of their own, which end for certain: when a call is given up, its process is ended.

A process is begun when there is a call for it and kept for the next one, until :meth:`InProcesses.close`; then for the
next run, where there is a place for it. Orders, with the credentials in them, go through a pipe: nothing of them is in
arguments, the environment or a file.
"""

from __future__ import annotations

import functools
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress

from flowbook.calling.caller import Call, Ended, Here
from flowbook.calling.hearing import Hearing
from flowbook.calling.line import Line, Unsendable, packed, stop_of, told_of
from flowbook.calling.order import UNCALLED, Answer, Order
from flowbook.calling.sending import parcels, without_unsendable
from flowbook.calling.warm import Warm, surroundings
from flowbook.calling.working import refused
from flowbook.models import SUB_WORKFLOW_TASKS
from flowbook.results import Cause
from flowbook.tasks import Result, TaskSpec
from flowbook.tasks.children import kill_all
from flowbook.tasks.spec import Origin

TOLD_SECONDS = 0.5
"""How long a call that was told to stop, and is given up, may take to do so before its process is ended (SIGTERM)."""
TERM_SECONDS = 0.3
"""How long the process may take to end before it is killed (SIGKILL)."""
IDLE_SECONDS = 1.0
"""How long a process may take to end by itself that has no call any more, or hung up."""

_BEGIN = (  # the folder that it begins in may be a stranger's: none of its modules is imported
    "import sys;sys.path[:]=filter(None,sys.path);import os,pickle;"
    "f=os.fdopen(os.dup(0),'rb');sys.path[:]=pickle.load(f);"
    "from flowbook.calling.far import serve;serve(f,int(sys.argv[1]))"
)
_MAY_HAVE = "; what it was doing may have taken effect"


def _origin_of(spec: TaskSpec) -> Origin | None:
    return spec.origin


class InProcesses:
    """An :class:`~flowbook.calling.caller.Executor` that makes calls in other processes, one at a time in each.

    At most ``slots`` processes have calls at the same time (0: as many as there are calls for). ``origin`` says where
    the code of a task comes from, ``warm`` is where processes are kept that other runs may take. ``begun`` are the ids
    of all processes that there were.

    What differs from calls here: objects are copies, what the calls of a run keep for each other is not there, and a
    sub-workflow is not run from there. The tasks that run one are called here, since they only wait.
    """

    def __init__(
        self, origin: Callable[[TaskSpec], Origin | None] = _origin_of, slots: int = 0, warm: Warm | None = None
    ) -> None:
        self.slots = slots
        self._origin = origin
        self._warm = warm
        self._idle: list[_Process] = []
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(slots) if slots else nullcontext()
        self._closed = False
        self.begun: set[int] = set()

    def make(self, order: Order, call: Call) -> Answer:
        """Send the order, pass on what is told, and return the answer."""
        if order.task in SUB_WORKFLOW_TASKS:
            return Here().make(order, call)
        made: list[Answer | None] = [None]
        self.make_all([(order, call)], lambda place, answer: made.__setitem__(0, answer))
        return made[0] or _refused("its process did not begin it")

    def make_all(self, calls: Sequence[tuple[Order, Call]], ended: Ended) -> None:
        """Have calls made by one process, one after the other, and wait for all of them."""
        with self._turns:
            if all(call.stop.is_set() for _, call in calls):
                _all(calls, ended, UNCALLED)
            else:
                self._make_all(calls, ended)

    def _make_all(self, calls: Sequence[tuple[Order, Call]], ended: Ended) -> None:
        origins = [self._origin(call.spec) for _, call in calls]
        reached = False
        while not reached:
            try:
                process = self._take()
            except OSError as error:
                _all(calls, ended, _refused(f"no process could be begun for it: {error}"))
                return
            try:
                parcel = process.parcel(calls, origins)
            except Unsendable as error:
                self._keep(process)
                # Of several, those that can be sent are.
                _all(calls, ended, _refused(f"{error}. {error.advice}") if len(calls) == 1 else None)
                return
            reached = process.answer(parcel, [call for _, call in calls], ended, quick=_told_together(calls))
            if process.lost:
                process.forget()
            else:
                self._keep(process)

    def _take(self) -> _Process:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        kept = None if self._warm is None else self._warm.take()
        process = kept if isinstance(kept, _Process) else _Process()
        self.begun.add(process.id)
        return process

    def _keep(self, process: _Process) -> None:
        """Keep a process for the next call; once this is closed there will be none."""
        process.waited = True
        with self._lock:
            self._idle.append(process)
            late = self._closed
        if late:
            self.close()

    def close(self) -> None:
        """Have the processes that have no call end, or kept, and those of calls that go on once these have ended."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        if self._warm is not None:
            self._warm.keep(list(idle), self.slots)
            return
        for process in idle:
            process.hang_up()
        for process in idle:
            process.gone()


class _Process:
    """The near end of a process that makes calls."""

    def __init__(self) -> None:
        unix = os.name == "posix"
        self.surroundings = surroundings()
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
        self._active = self._given_up = self._got = False
        self.lost = self.waited = False
        with suppress(OSError):  # gone already: the first call finds out
            self._process.stdin.write(pickle.dumps(sys.path))
            self._process.stdin.flush()

    def parcel(self, calls: Sequence[tuple[Order, Call]], origins: Sequence[Origin | None]) -> bytes:
        """Orders as they are sent to this process, with the code of their tasks where that is new to it."""
        known = [origin for origin in origins if origin is not None]
        if len(known) < len(calls):
            why = f"{calls[0][0].task} is in no integration folder, so that no other process can find it"
            raise Unsendable(why, "Put it into one")
        sent = parcels(calls)
        quick = _told_together(calls)
        keys = [origin.key for origin in known]
        new = {origin.key: origin for origin in known if origin.key not in self._known}
        try:
            parcel = packed((sent, keys, new, quick))
        except Unsendable:
            parcel = packed(([without_unsendable(order) for order in sent], keys, new, quick), "its order")
        self._known.update(new)
        return parcel

    def answer(self, parcel: bytes, calls: Sequence[Call], ended: Ended, *, quick: bool) -> bool:
        """Have calls made; False when nothing came of them, since this process had ended while it waited for some.

        It is ``lost`` when it is gone before all calls have ended, or is to be: it is ended then. What ``quick`` ones
        tell comes together.
        """
        self._calls += 1
        self._got, self._active = False, True
        tell = functools.partial(self._tell, self._calls)
        for call in calls:
            call.when_let_go(functools.partial(self._give_up, self._calls))
        stops = list({id(call.stop): call.stop for call in calls}.values())
        hearing = Hearing(calls, ended, f"process {self.id}", lambda worker, content: self._line.send(told_of(content)))
        try:
            self._line.send(parcel)
            for stop in stops:
                stop.add(tell)
            while hearing.open:
                messages = pickle.loads(self._line.receive())  # noqa: S301 - from the process begun here
                self._got = True  # it says so first, with no message
                for message in messages:
                    hearing.take(message)
        except (EOFError, OSError, ValueError):  # ValueError: closed at this end, since it was given up
            pass
        with self._guard:
            self._active = False
        self.lost = bool(hearing.open) or self._given_up
        status = self.end(IDLE_SECONDS) if self.lost else 0
        for stop in stops:
            stop.remove(tell)  # only now: the end of this process waits for it
        if not self._got and self._given_up:  # nor did it say so before it was gone
            for place in sorted(hearing.open):
                hearing.end(place, UNCALLED)
            return True
        if self.waited and not self._got:
            return False
        if quick and len(hearing.open) > 1:
            for place in sorted(hearing.open):  # they only read: whose fault it was shows when they go alone
                hearing.end(place, None)
        hearing.lose(functools.partial(_lost, status))
        return True

    def _tell(self, number: int) -> None:
        with self._guard:
            begins = self._active and number == self._calls and not self._got and not self._given_up
            self._given_up |= begins
        if begins:  # nothing in it has to be told, and nothing will happen any more
            self._process.kill()
            return
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

    def alive(self) -> bool:
        """Whether the process is still there."""
        return self._process.poll() is None

    def gone(self) -> None:
        """Wait for its end, which it was told of, and let go of what belongs to it."""
        self.end(IDLE_SECONDS, children=False)
        self.forget()

    def forget(self) -> None:
        """Close this end, once the process is gone and nobody listens to it."""
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _close_life(self) -> None:
        if self._life >= 0:
            os.close(self._life)
            self._life = -1


def _told_together(calls: Sequence[tuple[Order, Call]]) -> bool:
    """Whether what the calls tell may come a moment later: of what writes it is to be known whether it has begun, and
    of those that go along which one.
    """
    return len(calls) > 1 and all(call.spec.effects != "write" and not order.along for order, call in calls)


def _refused(why: str) -> Answer:
    return refused(f"not called: {why}")


def _all(calls: Sequence[tuple[Order, Call]], ended: Ended, answer: Answer | None) -> None:
    for place in range(len(calls)):
        ended(place, answer)


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
