"""What a call elsewhere asks of the process that sent it, and is answered while it goes on: a new access token."""

from __future__ import annotations

import itertools
import pickle
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flowbook.calling.caller import Call
from flowbook.errors import FlowbookError, TaskFailed
from flowbook.tasks.stop import Stop

ANSWER_SECONDS = 150.0
"""How long a call waits for it: longer than another process may take that renews the same tokens."""


class Questions:
    """The far end: asks by ``say``, the answers come to :meth:`take` in another thread."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._open: dict[int, tuple[threading.Event, list[Any]]] = {}

    def renew(self, say: Callable[..., None], stop: Stop, refused: str, *, again: bool) -> str:
        """A new token in place of ``refused``; empty when there is none. Raises TaskFailed."""
        if again:
            say("renew", 0, refused, again)
            return ""
        number = next(self._numbers)
        come, told = self._open[number] = (threading.Event(), [])
        wake = come.set  # one object: it is known again when it is taken out
        stop.add(wake)
        try:
            say("renew", number, refused, again)
            come.wait(ANSWER_SECONDS)
        finally:
            stop.remove(wake)
            del self._open[number]
        if not told:
            return ""
        token, failed = told[0]
        if failed is not None:
            message, hint, permanent = failed
            raise TaskFailed(message, hint=hint, permanent=permanent)
        return str(token)

    def take(self, content: bytes) -> None:
        """Take an answer of :func:`answered`."""
        number, *told = pickle.loads(content)  # noqa: S301 - from the process that sent the call
        if number in self._open:
            come, place = self._open[number]
            place.append(told)
            come.set()


def answered(call: Call, reply: Callable[[bytes], object], number: int, refused: str, again: bool) -> None:
    """The near end: have what a call asks answered, in a thread of its own, since a service is asked."""

    def answer() -> None:
        token, failed = "", None
        try:
            if call.renew is not None:
                token = call.renew(refused, again=again)
        except FlowbookError as error:
            failed = (error.message, error.hint, error.permanent)
        if number:
            with suppress(OSError, ValueError):  # the process is gone
                reply(pickle.dumps((number, token, failed)))

    threading.Thread(target=answer, name="flowbook-renew", daemon=True).start()
