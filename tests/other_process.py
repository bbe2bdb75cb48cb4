"""A caller that makes calls in other processes: it proves that nothing of a call needs the engine's memory.

What differs from calls in the engine's own process is what a test that is marked ``here`` names: objects are copies
there, so a task's result is not the very object, what a closure holds is not shared, and a lock or an event is not
sent.
A call that the run no longer waits for ends with its process, sub-workflows are run where the engine is, and what the
calls of a run keep for each other is not there.
"""

from __future__ import annotations

import contextlib
import importlib
import marshal
import multiprocessing
import pickle
import queue
import threading
import types
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from flowbook.calling import Answer, Call, Here, Order, make_call
from flowbook.calling.routing import displays_to_sink, routed
from flowbook.catalog import Catalog
from flowbook.results import Cause
from flowbook.tasks import Result, TaskSpec
from flowbook.tasks.signature import signature_of
from flowbook.tasks.stop import Stop

Shipped = tuple[bytes, str, str, Any, tuple[Any, ...]]


def shipped(function: Callable[..., Any]) -> Shipped | None:
    """A test's function as data: its code, the module that its names are in, its defaults and what it closes over.

    None for a task of an integration folder: that is found by its name.
    """
    if function.__module__.startswith("flowbook_integrations."):
        return None
    held = tuple(cell.cell_contents for cell in function.__closure__ or ())
    return marshal.dumps(function.__code__), function.__module__, function.__name__, function.__defaults__, held


def found(name: str, function: Shipped | None) -> TaskSpec:
    """The task of an order."""
    if function is None:
        return Catalog().task(name)
    code, module, called, defaults, held = function
    names = vars(importlib.import_module(module))
    task = types.FunctionType(marshal.loads(code), names, called, defaults, tuple(map(types.CellType, held)))
    return TaskSpec(name, task, signature_of(task))


class InProcesses:
    """Makes each call in a process of its own choosing, of a few that are kept ready."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._idle: list[_Process] = []
        self._lock = threading.Lock()
        self.processes: set[int] = set()

    def make(self, order: Order, call: Call) -> Answer:
        """Send the order, pass on what is told, and return the answer."""
        if order.task == "core.run_workflow":
            return Here().make(order, call)
        try:
            parcel = pickle.dumps((order.parcel(nodes=call.spec.runs_code), shipped(call.spec.function)))
        except Exception as error:
            return Answer(Result.failed(f"its order cannot be sent: {error}"), Cause.REFUSED)
        process = self._take()
        call.when_let_go(process.end)
        call.stop.add(process.stop)
        try:
            answer = process.call(parcel, call)
        except (EOFError, OSError):
            return Answer(Result.failed("its process was lost while it ran"), Cause.RAISED)
        finally:
            call.stop.remove(process.stop)
        with self._lock:
            self._idle.append(process)
        return answer

    def _take(self) -> _Process:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        process = _Process(self._context)
        self.processes.add(process.id)
        return process

    def close(self) -> None:
        """End the processes that are idle."""
        while self._idle:
            self._idle.pop().end()


class _Process:
    def __init__(self, context: Any) -> None:
        self._line, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._saying = threading.Lock()
        self.id: int = self._process.pid

    def call(self, parcel: bytes, call: Call) -> Answer:
        self._say(("order", parcel))
        if call.stop.is_set():
            self.stop()
        while True:
            kind, *told = self._line.recv()
            if kind == "answer":
                answer: Answer = told[0]
                return answer
            getattr(call, kind)(*told)

    def stop(self) -> None:
        """Tell the task to stop."""
        with contextlib.suppress(OSError):
            self._say(("stop",))

    def end(self) -> None:
        """End it at once, whatever it does."""
        self._process.kill()
        self._process.join()

    def _say(self, message: tuple[Any, ...]) -> None:
        with self._saying:
            self._line.send(message)


class _Teller:
    """The far end of a call: what is told there is sent."""

    def __init__(self, line: Connection) -> None:
        self._line = line
        self._saying = threading.Lock()

    def say(self, *message: Any) -> None:
        with self._saying:
            self._line.send(message)

    def write(self, stream: str, text: str) -> None:
        self.say("write", stream, text)

    def display(self, bundle: dict[str, Any]) -> None:
        self.say("display", bundle)

    def traceback(self, text: str) -> None:
        self.say("traceback", text)

    def progress(self, done: float, total: float | None, text: str) -> None:
        self.say("progress", done, total, text)


def serve(line: Connection) -> None:
    """What a process does: one call after the other."""
    orders: queue.SimpleQueue[tuple[bytes, Stop]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(line, orders), daemon=True).start()
    teller = _Teller(line)
    with routed(), displays_to_sink():
        while True:
            parcel, stop = orders.get()
            if not parcel:
                return
            order, function = pickle.loads(parcel)
            answer = make_call(found(order.task, function), order, teller, stop, teller.progress)
            try:
                teller.say("answer", answer)
            except Exception as error:
                teller.say("answer", Answer(Result.failed(f"its result cannot be sent: {error}"), Cause.RAISED))


def _listen(line: Connection, orders: queue.SimpleQueue[tuple[bytes, Stop]]) -> None:
    stop = Stop()
    while True:
        try:
            kind, *rest = line.recv()
        except (EOFError, OSError):
            orders.put((b"", stop))
            return
        if kind == "stop":
            stop.set()
        else:
            stop = Stop()
            orders.put((rest[0], stop))
