"""What a process does that makes calls for another one: one after the other, until nobody asks any more."""

from __future__ import annotations

import os
import pickle
import queue
import signal
import sys
import threading
from typing import Any, BinaryIO

from flowbook.calling import patches
from flowbook.calling.asking import Questions
from flowbook.calling.in_place import routed
from flowbook.calling.line import Line, is_order, is_stop, packed, told_in
from flowbook.calling.routing import displays_to_sink
from flowbook.calling.together import Together
from flowbook.calling.working import make_calls, words_of
from flowbook.tasks.spec import Origin, TaskSpec
from flowbook.tasks.stop import Stop

_GOT = pickle.dumps([])
"""Said of calls before anything is done with them: no message, so that a process that ended without it did nothing."""
ALONE_SECONDS = 1.0
"""How long a call goes on that nobody waits for any more, since the process that asked for it is gone."""


def serve(incoming: BinaryIO, life: int) -> None:
    """Make the calls that come in; what they tell goes out where this process's standard output went.

    Nothing else may get there: what is not caught as a call's output, such as a library's in C, goes to standard error.
    ``life`` is a descriptor that hangs up when the process at the other end is gone (-1: there is none).
    """
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    _end_with(life)
    line = Line(incoming, outgoing)
    orders: queue.SimpleQueue[tuple[bytes, Stop] | None] = queue.SimpleQueue()
    questions = Questions()
    threading.Thread(target=_listen, args=(line, orders, questions), daemon=True).start()
    origins: dict[str, Origin] = {}
    patches.alone = True
    with routed(), displays_to_sink():
        while (given := orders.get()) is not None:
            _answer(line, origins, questions, *given)


def _end_with(life: int) -> None:
    """Have the system end this process when the other one is gone, also while a call holds the interpreter's lock.

    https://man7.org/linux/man-pages/man2/fcntl.2.html (O_ASYNC: SIGIO, which ends a process, once the pipe hangs up).
    Where SIGIO does not end processes, the line's end does, at the next moment that the lock is free.
    """
    if life < 0 or not hasattr(os, "O_ASYNC"):
        return
    import fcntl

    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | os.O_ASYNC)


def _listen(line: Line, orders: queue.SimpleQueue[tuple[bytes, Stop] | None], questions: Questions) -> None:
    stop, number = Stop(), 0
    while True:
        try:
            message = line.receive()
        except (EOFError, OSError):
            break
        if is_stop(message, number):
            stop.set()
        elif (told := told_in(message)) is not None:
            questions.take(told)
        elif is_order(message):
            stop, number = Stop(), number + 1
            orders.put((message, stop))
    orders.put(None)
    stop.set()
    threading.Event().wait(ALONE_SECONDS)
    os._exit(1)


def _answer(line: Line, origins: dict[str, Origin], questions: Questions, parcel: bytes, stop: Stop) -> None:
    def tell(messages: list[bytes]) -> None:
        _flush(sys.__stdout__, sys.__stderr__)
        line.send(pickle.dumps(messages))

    line.send(_GOT)
    try:
        orders, keys, new, quick = pickle.loads(parcel)  # noqa: S301 - from the process that began this one
    except Exception as error:  # noqa: BLE001 - an object may fail in any way when it is loaded
        tell([packed((0, "unread", f"it could not be begun in its process: {words_of(error)}"))])
        return
    origins.update(new)
    together = Together(tell) if quick else None

    def say(place: int, kind: str, *more: Any) -> None:
        message = packed((place, kind, *more), f"what the task told ({kind})")
        tell([message]) if together is None else together.add(message)

    def spec_of(place: int) -> TaskSpec:
        return origins[keys[place]].task(orders[place].task)

    make_calls(orders, spec_of, say, stop, questions, begun=not quick)
    if together is not None:
        together.close()


def _flush(*streams: Any) -> None:
    for stream in streams:
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):  # none, or closed by the task
            continue
