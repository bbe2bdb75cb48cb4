"""What is done elsewhere with calls that came together: one after the other, and back with them behind a slow one."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from flowbook.calling.line import Unsendable, packed
from flowbook.calling.making import make_call
from flowbook.calling.order import Answer, Order
from flowbook.errors import FlowbookError
from flowbook.results import Cause
from flowbook.tasks import Result, TaskSpec
from flowbook.tasks.shared import Shared
from flowbook.tasks.stop import Stop

SLOW_SECONDS = 0.2
"""How long a call may take that others wait behind, before these go back."""

Say = Callable[..., None]
"""Tells the process that asked: the place of the call among those that came together, what it is, and more of it."""


def make_calls(orders: Sequence[Order], spec_of: Callable[[int], TaskSpec], say: Say, stop: Stop) -> None:
    """Make the calls one after the other and say what comes of each; ``spec_of(place)`` finds the task of one.

    Said are "begun", what the call tells, and in the end "answer", "unsendable", or "back" for what was not begun.
    """
    waiting = deque(range(len(orders)))
    taking = threading.Lock()
    with _sent_back(waiting, taking, say):
        while True:
            with taking:
                if not waiting:
                    return
                place = waiting.popleft()
            if stop.is_set() and place:
                say(place, "back")
                continue
            if len(orders) > 1:
                say(place, "begun")
            _answer(orders[place], place, spec_of, say, stop)


@contextmanager
def _sent_back(waiting: deque[int], taking: threading.Lock, say: Say) -> Iterator[None]:
    """Have what waits behind a slow call sent back: it must not wait for it, and the call may wait for one of them."""
    if len(waiting) < 2:
        yield
        return
    over = threading.Event()

    def look() -> None:
        left = len(waiting)
        while left and not over.wait(SLOW_SECONDS):
            with taking:
                if len(waiting) == left:
                    for place in waiting:
                        say(place, "back")
                    waiting.clear()
                left = len(waiting)

    threading.Thread(target=look, name="flowbook-slow", daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _answer(order: Order, place: int, spec_of: Callable[[int], TaskSpec], say: Say, stop: Stop) -> None:
    try:
        spec = spec_of(place)
    except Exception as error:  # noqa: BLE001 - a folder's code may fail in any way when it is loaded
        say(place, "answer", refused(f"it could not be begun in its process: {words_of(error)}"))
        return
    teller = _Teller(place, say)
    shared = Shared(lambda secret: say(place, "hide", secret))
    answer = make_call(spec, order, teller, stop, teller.progress, _NoSubWorkflows(), shared)
    try:
        say(place, "answer", answer)
    except Unsendable:
        say(place, "unsendable", answer.result.success, answer.result.message, _why_not(answer.result))


def words_of(error: BaseException) -> str:
    """An error in words, for the message of a result."""
    return str(error) if isinstance(error, FlowbookError) else f"{type(error).__name__}: {error}"


def refused(why: str) -> Answer:
    """What comes of a call that could not be made, nor could be at another try."""
    return Answer(Result.failed(why, permanent=True), Cause.REFUSED)


def _why_not(result: Result) -> str:
    try:
        packed(result, "result")
    except Unsendable as error:
        return str(error)
    return ""


class _NoSubWorkflows:
    """Of a process of its own: the workspace is not here."""

    def __call__(self, name: str, inputs: Mapping[str, Any], parent: Any, /) -> NoReturn:
        raise FlowbookError(
            f"a task that runs in a process of its own cannot run the sub-workflow {name!r}.",
            "Take 'isolate' and 'where' off this node, and give them to nodes of the sub-workflow.",
        )

    def describe(self, name: str) -> NoReturn:
        self(name, {}, None)


class _Teller:
    """What a call tells, said."""

    def __init__(self, place: int, say: Say) -> None:
        self._place = place
        self._say = say

    def write(self, stream: str, text: str) -> None:
        """Say a piece of output."""
        self._say(self._place, "write", stream, text)

    def display(self, bundle: dict[str, Any]) -> None:
        """Say a display."""
        self._say(self._place, "display", bundle)

    def traceback(self, text: str) -> None:
        """Say a traceback."""
        self._say(self._place, "traceback", text)

    def progress(self, done: float, total: float | None, text: str) -> None:
        """Say how far the task is."""
        self._say(self._place, "progress", done, total, text)
