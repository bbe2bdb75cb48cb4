"""Waiting: how long a service asks for, the pauses between tries, a call's budget of time, and its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TypeVar

from flowbook.http.beginning import Beginning, GivenUp
from flowbook.tasks.abandoning import Abandonable
from flowbook.tasks.context import current

T = TypeVar("T")

PAUSES = (0.5, 1.0, 2.0)
"""Seconds between tries when the service does not say; the last one repeats."""

THREAD = "flowbook-http"
_LOOK_AGAIN = 0.25
_EPOCHS_START = 1_000_000_000


def pause(seconds: float) -> bool:
    """Wait; False when the run was cancelled meanwhile. Every wait of a session goes through here."""
    return current().sleep(seconds)


def asked_wait(status: int, headers: Mapping[str, str]) -> float | None:
    """The seconds that an answer asks to wait before the next try, or None when it does not ask.

    Read are ``Retry-After`` (seconds or an HTTP date, RFC 9110 section 10.2.3) of a 429, 503 or 403, and
    ``X-RateLimit-Reset`` of a 429, or of a 403 with nothing remaining (how GitHub, SendGrid and Jira tell of a limit):
    seconds, a Unix time or an ISO 8601 one.
    """
    if status not in (403, 429, 503):
        return None
    told = _seconds(headers.get("Retry-After", ""))
    if told is not None or status == 503:
        return told
    if status == 429 or headers.get("X-RateLimit-Remaining") == "0":
        return _until_reset(headers.get("X-RateLimit-Reset", ""))
    return None


def wait_hint(seconds: float) -> str:
    """What to do when a service asks to wait so long."""
    return f"It asks to wait {seconds:.0f} s: try again then, or give the node a retry with such a wait."


def limited(status: int, headers: Mapping[str, str]) -> bool:
    """Whether the answer says that a rate limit was reached."""
    return status == 429 or (status == 403 and asked_wait(status, headers) is not None)


def _seconds(text: str) -> float | None:
    text = text.strip()
    if text.replace(".", "", 1).isdecimal() and text.isascii():
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=timezone.utc)
    try:
        return max(0.0, when.timestamp() - time.time())
    except (OverflowError, ValueError):
        return None


def _until_reset(text: str) -> float | None:
    if not (text.isascii() and text.isdecimal()):
        return _until(text)
    if len(text) > 12:
        return None
    number = float(text)
    return max(0.0, number - time.time()) if number > _EPOCHS_START else number


def _until(text: str) -> float | None:
    """The seconds until a moment in ISO 8601 that names its time zone."""
    try:
        when = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return max(0.0, when.timestamp() - time.time()) if when.tzinfo else None
    except (ValueError, OverflowError):
        return None


class Budget:
    """What is left of one call's time: ``timeout`` seconds of its own, ``max_wait`` that the service may ask for."""

    def __init__(self, timeout: float, max_wait: float) -> None:
        self.timeout = timeout
        self.cancelled = False
        self._pauses = iter(PAUSES)
        self._end = time.monotonic() + timeout
        self._may_wait = max_wait

    def left(self) -> float:
        """Seconds until its end."""
        return self._end - time.monotonic()

    def next_pause(self) -> float:
        """Seconds to wait before the next try when the service does not say."""
        return next(self._pauses, PAUSES[-1])

    def wait(self, seconds: float, asked: bool) -> bool:
        """Wait, if there is time for it and for another try; False when there is none or the run was cancelled."""
        if asked:
            if seconds > self._may_wait:
                return False
            self._may_wait -= seconds
            self._end += seconds
        elif seconds >= self.left():
            return False
        self.cancelled = not pause(seconds)
        return not self.cancelled


class OutOfTime(Exception):
    """The time is over, or the run was cancelled (``cancelled``); ``begun``: something was sent before."""

    def __init__(self, cancelled: bool, begun: bool) -> None:
        super().__init__()
        self.cancelled = cancelled
        self.begun = begun


def within(seconds: float, function: Callable[[Beginning], T], cancelled: Callable[[], bool]) -> T:
    """What ``function(beginning)`` returns, if it does so in that many seconds; else OutOfTime.

    A timeout on a socket bounds neither a name look-up nor a service that sends a byte now and then; this does.
    ``beginning`` is to be asked before something is sent: what nobody waits for any more never begins. A cancelled run
    ends the wait at once; one that was cancelled before does not call the function.
    """
    if cancelled():
        raise OutOfTime(True, False)
    beginning = Beginning(cancelled)
    call = Abandonable(lambda: function(beginning), THREAD)
    end = time.monotonic() + seconds
    call.start()
    try:
        while not call.woken.wait(min(_LOOK_AGAIN, max(0.0, end - time.monotonic()))):
            stopped = cancelled()
            if stopped or time.monotonic() >= end:
                raise OutOfTime(stopped, beginning.give_up())
    except BaseException:
        beginning.give_up()
        raise
    try:
        return call.outcome()
    except GivenUp:
        begun = beginning.give_up()
    raise OutOfTime(True, begun)
