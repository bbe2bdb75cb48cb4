"""What is done elsewhere with calls that came together: one after the other, and back with them behind a slow one."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from flowbook.calling.asking import Questions
from flowbook.calling.line import HERE, Unsendable, packed
from flowbook.calling.making import make_call
from flowbook.calling.order import Answer, Late, Order, missing_for, plainly
from flowbook.errors import ExpressionError, FlowbookError
from flowbook.results import Cause
from flowbook.tasks import Result, TaskSpec
from flowbook.tasks.shared import Shared
from flowbook.tasks.stop import Stop

SLOW_SECONDS = 0.2
"""How long a call may take that others wait behind, before these go back."""
ALONG_SECONDS = 1.0
"""How long a worker goes on with calls that go along: when it is lost, so much is made anew at most."""
PARAMS_BYTES = 64_000
"""Params that only the worker knows are told up to this size."""

Say = Callable[..., None]
"""Tells the process that asked: the place of the call among those that came together, what it is, and more of it."""
Keep = Callable[[int, Answer], Answer]
"""Takes what came of the call at a place; what is said of it, when some of it is to stay where it was made."""


def make_calls(
    orders: Sequence[Order],
    spec_of: Callable[[int], TaskSpec],
    say: Say,
    stop: Stop,
    questions: Questions,
    keep: Keep | None = None,
    *,
    begun: bool = True,
) -> None:
    """Make the calls one after the other and say what comes of each; ``spec_of(place)`` finds the task of one.
    What a call asks goes by ``questions``.

    Said are "begun" (without ``begun`` only of those that go along), what the call tells, and in the end "answer", "ok"
    (as :func:`~flowbook.calling.order.plainly` says it), "unsendable", or "back" for what was not begun. Before the
    last of these comes "took": in how many seconds all were made, without the way there and back.
    """
    maker = _Maker(spec_of, _timed(say, len(orders)), stop, questions, keep or (lambda place, answer: answer))
    if orders[-1].along:
        _make_along(orders, maker)
    else:
        _make_each(orders, maker, begun=begun and len(orders) > 1)


_LAST = frozenset({"answer", "ok", "unsendable", "back"})


def _timed(say: Say, count: int) -> Say:
    """``say``, and how long ``count`` calls took before it says of the last one what came of it."""
    began, left = time.monotonic(), count

    def timed(place: int, kind: str, *more: Any) -> None:
        nonlocal left
        if kind in _LAST:
            left -= 1
            if not left:
                say(place, "took", time.monotonic() - began)
        say(place, kind, *more)

    return timed


def _make_along(orders: Sequence[Order], maker: _Maker) -> None:
    """Make calls that each go along with the one before, as long as that succeeds, is quick, and is all told."""
    began, given = time.monotonic(), dict[str, Any]()
    for place, order in enumerate(orders):
        if place and (maker.stop.is_set() or time.monotonic() - began > ALONG_SECONDS):
            answer = None
        else:
            maker.say(place, "begun")
            answer = maker.make(order, place, given)
            place += 1
        if answer is None or not answer.result.success:
            for left in range(place, len(orders)):
                maker.say(left, "back")
            return
        given[order.node_id] = _Succeeded(answer.result.data)


class _Succeeded:
    """A node that succeeded, as expressions see it here: its message is known without secrets where the run is."""

    __slots__ = ("data",)
    status = "succeeded"
    success = True

    def __init__(self, data: Any) -> None:
        self.data = data


def _make_each(orders: Sequence[Order], maker: _Maker, *, begun: bool) -> None:
    say, stop = maker.say, maker.stop
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
            if begun:
                say(place, "begun")
            maker.make(orders[place], place)


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


_NONE: Mapping[str, Any] = {}


class _Maker:
    """Makes single calls of those that came together, and says what comes of each."""

    def __init__(
        self, spec_of: Callable[[int], TaskSpec], say: Say, stop: Stop, questions: Questions, keep: Keep
    ) -> None:
        self.say = say
        self.stop = stop
        self._spec_of = spec_of
        self._questions = questions
        self._keep = keep

    def make(self, order: Order, place: int, nodes: Mapping[str, Any] = _NONE) -> Answer | None:
        """Make a call, whose params see ``nodes`` besides; what came of it, None unless all of that was told."""
        try:
            spec = self._spec_of(place)
        except Exception as error:  # noqa: BLE001 - a folder's code may fail in any way when it is loaded
            why = refused(f"it could not be begun in its process: {words_of(error)}")
            self.say(place, "answer", why._replace(missing=missing_for(error)))
            return None
        ready = order if not isinstance(order.params, Late) else _in_time(order, order.params, nodes)
        if isinstance(ready, Answer):
            self.say(place, "answer", ready)
            return None
        teller = _Teller(place, self.say)
        shared = Shared(lambda secret: self.say(place, "hide", secret))

        def renew(refused: str, /, *, again: bool = False) -> str:
            return self._questions.renew(
                lambda kind, *more: self.say(place, kind, *more), self.stop, refused, again=again
            )

        found = None if ready is order else _params_told(ready.params, order.params)  # as they are before the call
        made = make_call(spec, ready, teller, self.stop, teller.progress, _NoSubWorkflows(), shared, renew)
        answer = self._keep(place, made)
        try:
            if found is not None:
                self.say(place, "answer", answer._replace(params=found))
            elif (plain := plainly(answer)) is not None:
                self.say(place, "ok", *plain)
            else:
                self.say(place, "answer", answer)
        except Unsendable:
            self.say(place, "unsendable", made.result.success, made.result.message, _why_not(made.result))
            return None
        return made if answer is made else None


def _in_time(order: Order, late: Late, nodes: Mapping[str, Any]) -> Order | Answer:
    """The order with its params, which needed data that is here; what comes of it when they cannot be had."""
    try:
        return order._replace(params=late.evaluated(nodes))
    except ExpressionError as error:
        why = Result.failed(f"its params could not be evaluated: {error}", permanent=True)
        return Answer(why, Cause.EXPRESSION)


def _params_told(params: Any, late: Any) -> Mapping[str, Any] | None:
    """Params as they are told, when they are small, and made of nothing that stays here."""
    if late.names["nodes"]:
        return None
    try:
        return dict(params) if len(packed(params)) <= PARAMS_BYTES else None
    except Unsendable:
        return None


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
            f"Use the node core.run_workflow, or {HERE}.",
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

    def traceback(self, text: str, raised: dict[str, str]) -> None:
        """Say a traceback."""
        self._say(self._place, "traceback", text, raised)

    def progress(self, done: float, total: float | None, text: str) -> None:
        """Say how far the task is."""
        self._say(self._place, "progress", done, total, text)
