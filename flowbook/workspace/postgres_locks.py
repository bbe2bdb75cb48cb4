"""Locks as rows of PostgreSQL, for those who use a workspace from several machines."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from flowbook.journal.leases import LeaseOwner
from flowbook.postgres import Address, Session
from flowbook.workspace.locks import Taken


class PostgresLocks:
    """A row a lock, which counts for as long as whoever took it renews a lease.

    An advisory lock of the session would be left behind by a pool of connections.
    """

    def __init__(self, address: Address) -> None:
        self._address = address

    @contextmanager
    def held(self, name: str, *, seconds: float | None, every: float = 0.5) -> Iterator[None]:
        """Hold the lock ``name``; see :class:`~flowbook.workspace.locks.Locks`."""
        session, guard = Session(self._address, "the workspace"), threading.RLock()
        owner = LeaseOwner(self._address, session, guard, uuid.uuid4().hex)
        until = None if seconds is None else time.monotonic() + seconds
        owner.claim()
        try:
            while not _take(session, owner, name):
                if until is not None and time.monotonic() >= until:
                    raise Taken(name)
                time.sleep(every)
            yield
        finally:
            with guard, session.transaction(alone=False) as connection:
                connection.execute("DELETE FROM locks WHERE name = ? AND owner = ?", (name, owner.id))
            owner.release()


def _take(session: Session, owner: LeaseOwner, name: str) -> bool:
    """Take the lock, if nobody has it who is still there."""
    with session.transaction(alone=False) as connection:
        held = connection.execute("SELECT owner FROM locks WHERE name = ?", (name,)).fetchone()
    if held is not None and not owner.is_gone(held["owner"]):
        return False
    with session.transaction(alone=False) as connection:
        taken = connection.execute(
            "INSERT INTO locks (name, owner) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET owner = excluded.owner"
            " WHERE locks.owner NOT IN (SELECT owner FROM leases)",
            (name, owner.id),
        )
        return bool(taken.rowcount)
