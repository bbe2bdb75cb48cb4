"""The near end of calls that are made elsewhere: what is told of them goes to each, and what came of it is taken."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable, Sequence
from typing import Any

from flowbook.calling.asking import answered
from flowbook.calling.caller import Call, Ended
from flowbook.calling.line import HERE
from flowbook.calling.order import Answer
from flowbook.calling.working import refused, words_of
from flowbook.results import Cause
from flowbook.tasks import Result, TaskSpec


class Hearing:
    """Takes what is told of calls that travelled together; ``open`` are those that nothing came of yet, by place."""

    def __init__(self, calls: Sequence[Call], ended: Ended, worker: str, reply: Callable[[str, bytes], object]) -> None:
        """``reply`` sends what answers a call's question to the worker."""
        self._calls = calls
        self._ended = ended
        self._reply = reply
        self.worker = worker
        self.open = set(range(len(calls)))
        self._begun = {0}

    def take(self, message: bytes) -> None:
        """Take a message, a pickle of (place, kind, more …)."""
        try:
            place, kind, *told = pickle.loads(message)  # noqa: S301 - from a task, which could as well run here
        except Exception as error:  # noqa: BLE001 - an object may fail in any way when it is loaded
            self._unreadable(error)
            return
        if kind == "unread":
            self._unread(told[0])
        elif place in self.open:
            self._take(place, kind, told)

    def _take(self, place: int, kind: str, told: list[Any]) -> None:
        call = self._calls[place]
        if kind == "ok":
            self.open.discard(place)
            self._ended(place, Answer(Result(True, *told), Cause.RETURNED, (), self.worker))
        elif kind == "answer":
            self.end(place, told[0])
        elif kind == "took":
            call.took = told[0]
        elif kind == "back":
            self.end(place, None)
        elif kind == "unsendable":
            self.end(place, _unsendable(call.spec, *told))
        elif kind == "begun":
            self.began(place)
            call.begin()
        elif kind == "hide":
            call.shared.hide(told[0])
        elif kind == "renew":
            answered(call, functools.partial(self._reply, self.worker), *told)
        else:
            getattr(call, kind)(*told)

    def began(self, place: int) -> None:
        """A call has begun, or may have."""
        self._begun.add(place)

    def end(self, place: int, answer: Answer | None) -> None:
        """Pass on what came of a call; None when it was not begun."""
        self.open.discard(place)
        self._ended(place, None if answer is None else answer._replace(worker=self.worker))

    def lose(self, lost: Callable[[TaskSpec], Answer]) -> None:
        """Nothing more will be told: what had begun is ``lost``, the rest was not begun."""
        for place in sorted(self.open):
            self.end(place, lost(self._calls[place].spec) if place in self._begun else None)

    def _unreadable(self, error: Exception) -> None:
        """An answer cannot be loaded here: it is that of the call that began last."""
        place = min(self.open & self._begun, default=min(self.open))
        why = f"what it gave cannot be taken from its process: {words_of(error)}"
        self.end(place, unsent(why, self._calls[place].spec))

    def _unread(self, why: str) -> None:
        """The orders cannot be loaded there: whose fault it is shows when each goes alone."""
        alone = len(self._calls) == 1
        for place in sorted(self.open):
            self.end(place, refused(why) if alone else None)


def _unsendable(spec: TaskSpec, success: bool, message: str, why: str) -> Answer:
    if success:
        return unsent(why, spec)
    return Answer(Result.failed(f"{message} (without its data: {why})"))


def unsent(why: str, spec: TaskSpec) -> Answer:
    """For a task that did what it should, and gave what no other process can have."""
    effect = "; what it did has taken effect" if spec.effects == "write" else ""
    hint = f"Have it return plain data, or {HERE}"
    return Answer(Result.failed(f"{why}. {hint}{effect}", permanent=True), Cause.INTERRUPTED)
