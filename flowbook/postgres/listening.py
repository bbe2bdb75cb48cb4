"""Hearing of what others save in a schema, at once and without asking again and again.

PostgreSQL tells who listens (LISTEN and NOTIFY). Where that is not to be had, behind some pools and on a replica, the
number of saves is looked at once in a while.
"""

from __future__ import annotations

import contextlib
import inspect
import select
import socket
import threading
import weakref
from collections.abc import Callable
from typing import Any

from flowbook.errors import StoreError
from flowbook.postgres.address import Address
from flowbook.postgres.session import Session

DOCUMENTS = "documents"
RUNS = "runs"
SLOWLY = 60.0
"""How often the number of saves is looked at, in seconds, should nothing be heard."""
TOGETHER = 0.2
"""For how long what is heard is gathered before it is passed on."""
AGAIN = (1.0, 2.0, 5.0, 15.0)
"""After how many seconds a connection that broke is made anew."""

Heard = Callable[[frozenset[str]], object]
"""Is told what others have changed: ``DOCUMENTS``, ``RUNS``, or both."""


def listen(address: Address, heard: Heard) -> Callable[[], None]:
    """Have ``heard`` called, on a thread of its own, whenever somebody else has saved something; what ends that.

    It is called once as soon as there is a connection, for what was saved meanwhile.
    ``heard`` is held weakly where it is a method, so that whoever listens may be dropped without a word.
    """
    held: Any = weakref.WeakMethod(heard) if inspect.ismethod(heard) else lambda: heard
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=_Listener(address, held, theirs).run, name="flowbook-listening", daemon=True)
    thread.start()

    def stop() -> None:
        with contextlib.suppress(OSError):
            ours.close()

    return stop


class _Listener:
    def __init__(self, address: Address, heard: Callable[[], Heard | None], ended: socket.socket) -> None:
        self._address = address
        self._heard = heard
        self._ended = ended
        self._session = Session(address, "the store")
        self._seen: int | None = None
        self._tried = 0

    def run(self) -> None:
        """Listen until nobody wants to hear any more."""
        try:
            while self._heard() is not None:
                try:
                    self._listen()
                except StoreError:
                    self._session.close()
                    if self._is_over(AGAIN[min(self._tried, len(AGAIN) - 1)]):
                        return
                    self._tried += 1
                else:
                    return
        finally:
            self._session.close()
            self._ended.close()

    def _listen(self) -> None:
        """Listen by one connection until it is over. Raises StoreError when the connection breaks."""
        with self._session.errors():
            raw = self._session.connection().raw
            if not self._session.read_only:
                with raw.cursor() as cursor:
                    cursor.execute(f'LISTEN "{self._address.channel}"')
            self._tried = 0
            self._pass_on(self._changed() | {RUNS})  # what came before this, or while the connection was away
            while self._heard() is not None:
                if not raw.notifies:  # else some came with the answer to a question: nothing more wakes who waits
                    readable, _, _ = select.select([raw, self._ended], [], [], SLOWLY)
                    if self._ended in readable:
                        return
                    if not readable:
                        self._pass_on(self._changed())
                        continue
                    raw.poll()
                if self._is_over(TOGETHER):
                    return
                raw.poll()
                told = [notify.payload.partition(" ") for notify in raw.notifies]
                del raw.notifies[:]
                self._changed()
                self._pass_on(frozenset(what for what, _, sender in told if sender != self._address.sender))

    def _changed(self) -> frozenset[str]:
        """What the number of saves says of changes since it was looked at last; at first, that there may be some."""
        row = self._session.connection().execute("SELECT number FROM changes").fetchone()
        before, self._seen = self._seen, int(row["number"])
        return frozenset() if before == self._seen else frozenset({DOCUMENTS})

    def _pass_on(self, what: frozenset[str]) -> None:
        heard = self._heard()
        if what and heard is not None:
            heard(what)

    def _is_over(self, seconds: float) -> bool:
        """Wait, unless it ends meanwhile; whether it did."""
        return bool(select.select([self._ended], [], [], seconds)[0])
