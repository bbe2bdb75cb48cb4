"""Whose runs go on, told by rows that their owners renew: the clock is the database's alone."""

from __future__ import annotations

import threading
import weakref
from contextlib import suppress

from flowbook.errors import StoreError
from flowbook.postgres import Address, Session

LEASE_SECONDS = 30
"""How long a process may be silent until others may take it for gone."""
RENEWALS = 3
"""How often it says that it is there in that time."""


class LeaseOwner:
    """This process, as the owner of the runs that it records: it renews a row while it lives.

    ``session`` is used with the lock ``guard`` held; the thread that renews has a connection of its own, so that
    nothing that takes long is in its way.
    """

    def __init__(self, address: Address, session: Session, guard: threading.RLock, id: str) -> None:
        self.id = id
        self.lost = False
        self._address = address
        self._session = session
        self._guard = guard
        self._stop: threading.Event | None = None

    def claim(self) -> None:
        """Hold the lease from now on."""
        with self._guard:
            if self._stop is not None:
                return
            with self._session.transaction(alone=False) as connection:
                connection.execute(
                    "INSERT INTO leases (owner, until) VALUES (?, clock_timestamp() + make_interval(secs => ?))"
                    " ON CONFLICT (owner) DO UPDATE SET until = excluded.until",
                    (self.id, LEASE_SECONDS),
                )
            stop = self._stop = threading.Event()
            renewing = threading.Thread(
                target=_renew,
                args=(weakref.ref(self), self._address, self.id, stop),
                name="flowbook-lease",
                daemon=True,
            )
            weakref.finalize(self, stop.set).atexit = False
            renewing.start()

    def release(self) -> None:
        """Give the lease up; where that cannot be told, it runs out."""
        with self._guard:
            stop, self._stop = self._stop, None
            if stop is None:
                return
            stop.set()
            with suppress(StoreError), self._session.transaction(alone=False) as connection:
                connection.execute("DELETE FROM leases WHERE owner = ?", (self.id,))
            self._session.close()

    def is_gone(self, owner: str) -> bool:
        """Whether another owner lives no more; then its lease is taken away, and it can record nothing any more.

        While the server has not been up for as long as a lease lasts, nobody could renew one, and nobody is gone.
        """
        with self._guard, self._session.transaction(alone=False) as connection:
            connection.execute(
                "DELETE FROM leases WHERE owner = ? AND until < clock_timestamp()"
                " AND pg_postmaster_start_time() < clock_timestamp() - make_interval(secs => ?)",
                (owner, LEASE_SECONDS),
            )
            return connection.execute("SELECT 1 FROM leases WHERE owner = ?", (owner,)).fetchone() is None


def _renew(owner: weakref.ref[LeaseOwner], address: Address, id: str, stop: threading.Event) -> None:
    """Renew a lease until it is given up or was taken away."""
    session = Session(address, "the run history")
    try:
        while not stop.wait(LEASE_SECONDS / RENEWALS):
            try:
                with session.transaction(alone=False) as connection:
                    renewed = connection.execute(
                        "UPDATE leases SET until = clock_timestamp() + make_interval(secs => ?) WHERE owner = ?",
                        (LEASE_SECONDS, id),
                    ).rowcount
            except StoreError:
                continue  # the server is away: it is tried again, and whoever records something is told
            mine = owner()
            if not renewed and mine is not None and not stop.is_set():
                mine.lost = True
            if not renewed:
                return
            del mine
    finally:
        session.close()
