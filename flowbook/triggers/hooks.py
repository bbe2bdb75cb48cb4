"""Hooks and forms: addresses at which a request from outside asks for a run."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from flowbook.errors import AlreadyExists, NotFound, StoreError
from flowbook.records import NamedTuple
from flowbook.triggers.grouped import Grouped
from flowbook.triggers.queue import is_there, put
from flowbook.triggers.rows import Rows, Taken, Transaction

SIGNED = ("github", "stripe", "slack")
FORM = "form"
MADE = 43  # letters of a secret that is made here: 32 bytes in base64
KINDS = ("secret", *SIGNED, FORM)
RESPOND = ("at-once", "when-done")


class Hook(NamedTuple):
    """An address of a workflow: ``kind`` is who may ask there.

    "secret": whoever knows the address; "github", "stripe", "slack": who signs as they do; "form": whoever knows the
    address of its page. ``digest`` is the SHA-256 of what has to be known, ``sealed`` the secret that signs, sealed.
    """

    id: str
    workflow: str
    kind: str
    respond: str
    digest: str
    sealed: str

    @property
    def source(self) -> str:
        """What the queue calls a run that was asked for here."""
        return f"{'form' if self.kind == FORM else 'hook'} {self.id}"


class Accepted(NamedTuple):
    """A request that was taken in: the run, and whether it is one of a delivery that had come before."""

    run: str
    again: bool


class Asked(NamedTuple):
    """What a request asks for, as :meth:`Hooks.accept` takes it."""

    hook: Hook
    delivery: str
    inputs: Mapping[str, Any]
    now: float
    run: str = ""


def _given(accepted: Accepted | Exception) -> Accepted:
    if isinstance(accepted, Exception):
        raise accepted
    return accepted


def _accepted(rows: Transaction, request: Asked) -> Accepted:
    hook, delivery, inputs, now, run = request
    if delivery and not rows.execute(
        "INSERT INTO deliveries (hook, delivery, run, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (hook.id, delivery, run, now),
    ):
        before = rows.read("SELECT run FROM deliveries WHERE hook = ? AND delivery = ?", (hook.id, delivery))
        return Accepted(before[0]["run"], True)
    put(rows, run, hook.workflow, inputs, hook.source, now)
    return Accepted(run, False)


def digest(secret: str) -> str:
    """By what a secret is known, without being kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret() -> str:
    """A secret that nobody guesses, of :data:`MADE` letters."""
    return secrets.token_urlsafe(32)


class Hooks:
    """The hooks of a workspace; ``new_run`` makes the id of a run."""

    def __init__(self, rows: Rows, new_run: Callable[[], str]) -> None:
        self._rows = rows
        self._new_run = new_run
        self._accept = Grouped(self._accepted)

    def add(self, hook: Hook) -> Hook:
        """Keep a new one. Raises AlreadyExists."""
        try:
            with self._rows.transaction() as rows:
                rows.execute("INSERT INTO hooks VALUES (?, ?, ?, ?, ?, ?)", tuple(hook))
        except Taken:
            raise AlreadyExists(f"there is a hook {hook.id!r} already.", "Give it another name: --as NAME") from None
        return hook

    def all(self, workflow: str | None = None) -> list[Hook]:
        """All of them, or those of a workflow, by their ids."""
        rows = self._rows.read("SELECT * FROM hooks ORDER BY id")
        return [Hook(**row) for row in rows if workflow in (None, row["workflow"])]

    def find(self, id: str) -> Hook:
        """One of them. Raises NotFound."""
        rows = self._rows.read("SELECT * FROM hooks WHERE id = ?", (id,))
        if not rows:
            known = [hook.id for hook in self.all()]
            raise NotFound("hook", id, known, "" if known else "There are no hooks yet: flowbook hooks add NAME")
        return Hook(**rows[0])

    def at(self, place: str) -> Hook | None:
        """The one that the last part of an address means: a secret, or the id of one whose requests are signed."""
        known = digest(place)
        rows = self._rows.read(
            "SELECT * FROM hooks WHERE (kind = 'secret' AND digest = ?) OR (kind NOT IN ('secret', 'form') AND id = ?)",
            (known, place),
        )
        return Hook(**rows[0]) if rows else None

    def reseal(self, id: str, sealed: str) -> None:
        """Keep the secret of one as it is sealed now."""
        with self._rows.transaction() as rows:
            rows.execute("UPDATE hooks SET sealed = ? WHERE id = ?", (sealed, id))

    def remove(self, id: str) -> Hook:
        """Forget it; what it has queued still runs."""
        found = self.find(id)
        with self._rows.transaction() as rows:
            rows.execute("DELETE FROM hooks WHERE id = ?", (id,))
            rows.execute("DELETE FROM deliveries WHERE hook = ?", (id,))
        return found

    def accept(self, hook: Hook, delivery: str, inputs: Mapping[str, Any], now: float, run: str = "") -> Accepted:
        """Take a request in: when it returns, the run that it asks for is on the disk.

        ``delivery`` is by what the sender tells it from others ("": by nothing); one that came before is the run that
        it was then. ``run`` is the id that the run is to have. What comes in at the same moment is committed together.
        """
        return _given(*self.accept_all([Asked(hook, delivery, inputs, now, run)]))

    def accept_all(self, asked: Sequence[Asked]) -> list[Accepted | Exception]:
        """Take in several requests, as :meth:`accept` does one; what is wrong with one does not hurt the others."""
        named = [one if one.run else one._replace(run=self._new_run()) for one in asked]
        return [self._came_of(one, done) for one, done in zip(named, self._accept.all(named), strict=True)]

    def _came_of(self, asked: Asked, done: Future[Accepted]) -> Accepted | Exception:
        error = done.exception()
        if error is None:
            return done.result()
        if isinstance(error, StoreError) and is_there(self._rows, asked.run):
            return Accepted(asked.run, False)
        assert isinstance(error, Exception)
        return error

    def _accepted(self, requests: list[Asked]) -> list[Accepted]:
        with self._rows.transaction() as rows:
            return [_accepted(rows, request) for request in requests]

    def forget(self, before: float) -> None:
        """Forget deliveries before that moment."""
        with self._rows.transaction() as rows:
            rows.execute("DELETE FROM deliveries WHERE at < ?", (before,))
