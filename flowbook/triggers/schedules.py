"""Schedules: which workflow is due when, and that each time that it is due begins one run, whoever looks."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from flowbook.errors import NotFound
from flowbook.json_text import parse_json
from flowbook.records import NamedTuple
from flowbook.triggers.cron import Cron
from flowbook.triggers.queue import put
from flowbook.triggers.rows import Rows, Taken, Transaction

IF_RUNNING: tuple[str, ...] = ("skip", "wait")
CATCH_UP: tuple[str, ...] = ("none", "last", "all")
LATE_SECONDS = 60.0
"""What is due no longer ago than this is not missed yet."""
AT_ONCE = 100
"""So many that were missed are queued in one transaction; the others at the next look."""


class Schedule(NamedTuple):
    """A workflow that runs by the clock; all times in seconds since the epoch.

    ``if_running`` says what becomes of a time that comes while its last run still goes on, ``catch_up`` of those that
    came while no server was there. All times up to ``upto`` are decided; the next one is ``next_at``.
    """

    id: str
    workflow: str
    cron: str
    zone: str
    inputs: dict[str, Any]
    if_running: str = "skip"
    catch_up: str = "last"
    paused: bool = False
    upto: float = 0.0
    next_at: float = 0.0

    def next_times(self, now: float, count: int = 5) -> list[datetime]:
        """When it is due next, in its zone; none while it is paused."""
        return [] if self.paused else cron(self.cron, self.zone).next_times(now, count)


class Fired(NamedTuple):
    """What became of a time at which a schedule was due: ``how`` is queued or skipped."""

    schedule: str
    workflow: str
    due_at: float
    run: str
    how: str


@functools.lru_cache(maxsize=1024)
def cron(expression: str, zone: str) -> Cron:
    """The cron expression in that zone. Raises InputError and NotFound."""
    return Cron(expression, zone)


class Schedules:
    """The schedules of a workspace; ``new_run`` makes the id of a run."""

    def __init__(self, rows: Rows, new_run: Callable[[], str]) -> None:
        self._rows = rows
        self._new_run = new_run

    def add(
        self, workflow: str, expression: str, zone: str, inputs: Mapping[str, Any], if_running: str, catch_up: str,
        now: float,
    ) -> Schedule:  # fmt: skip
        """Have a workflow run by the clock from ``now`` on. Raises InputError and NotFound (the zone)."""
        when = cron(expression, zone)
        while True:
            with suppress(Taken), self._rows.transaction() as rows:  # the name was taken just now: the next
                id = _free(rows, workflow)
                made = Schedule(
                    id, workflow, when.expression, zone, dict(inputs), if_running, catch_up, False, now, when.after(now)
                )
                rows.execute(
                    "INSERT INTO schedules VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?)",
                    (id, workflow, made.cron, zone, json.dumps(made.inputs), if_running, catch_up, now, made.next_at),
                )
                return made

    def all(self, workflow: str | None = None) -> list[Schedule]:
        """All of them, or those of a workflow, by their ids."""
        rows = self._rows.read("SELECT * FROM schedules ORDER BY id")
        return [_schedule(row) for row in rows if workflow in (None, row["workflow"])]

    def find(self, id: str) -> Schedule:
        """One of them. Raises NotFound."""
        found = self.all()
        for one in found:
            if one.id == id:
                return one
        hint = "" if found else "There are no schedules yet: flowbook schedule add NAME --cron …"
        raise NotFound("schedule", id, [one.id for one in found], hint)

    def pause(self, id: str) -> Schedule:
        """Have it not run until it is resumed."""
        return self._set(id, "paused = 1", ())

    def resume(self, id: str, now: float) -> Schedule:
        """Have it run again, from ``now`` on: what was due while it was paused is not caught up on."""
        found = self.find(id)
        return self._set(id, "paused = 0, upto = ?, next_at = ?", (now, cron(found.cron, found.zone).after(now)))

    def remove(self, id: str) -> Schedule:
        """Forget it; what it has queued still runs."""
        found = self.find(id)
        with self._rows.transaction() as rows:
            rows.execute("DELETE FROM schedules WHERE id = ?", (id,))
            # One that is added later under this name is another one: its times are its own.
            rows.execute("DELETE FROM fires WHERE schedule = ?", (id,))
        return found

    def _set(self, id: str, change: str, values: tuple[Any, ...]) -> Schedule:
        self.find(id)
        with self._rows.transaction() as rows:
            rows.execute(f"UPDATE schedules SET {change} WHERE id = ?", (*values, id))  # noqa: S608 - literals
        return self.find(id)

    # -- by the clock ----------------------------------------------------------------------------------------------

    def fire(self, now: float) -> list[Fired]:
        """Queue a run for each time that has come; what became of each of them.

        A time is one row that is written once: of all that look at the same moment, one queues its run. For that
        reason a clock that was set back repeats nothing, and nothing waits until it has come as far again; one that
        was set ahead is as a time without a server.
        """
        sql = "SELECT id FROM schedules WHERE paused = 0 AND (next_at <= ? OR upto > ?) ORDER BY next_at"
        fired: list[Fired] = []
        for row in self._rows.read(sql, (now, now)):
            with self._rows.transaction() as rows:
                fired += self._fire(rows, row["id"], now)
        return fired

    def _fire(self, rows: Transaction, id: str, now: float) -> list[Fired]:
        found = rows.read(
            f"SELECT * FROM schedules WHERE id = ? AND paused = 0 {self._rows.skip_locked}",  # noqa: S608 - literals
            (id,),
        )
        if not found:
            return []  # somebody else is at it, or it was paused or removed just now
        one = _schedule(found[0])
        times, upto = _due(one, now)
        fired = [made for at in times if (made := self._begin(rows, one, at, now)) is not None]
        after = cron(one.cron, one.zone).after(upto)
        rows.execute("UPDATE schedules SET upto = ?, next_at = ? WHERE id = ?", (upto, after, id))
        return fired

    def _begin(self, rows: Transaction, one: Schedule, at: float, now: float) -> Fired | None:
        run = self._new_run()
        busy = "SELECT run FROM queue WHERE schedule = ? AND status <> 'done'"
        how = "skipped" if one.if_running == "skip" and rows.read(busy, (one.id,)) else "queued"
        if not rows.execute(
            "INSERT INTO fires (schedule, due_at, run, how) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (one.id, at, run if how == "queued" else "", how),
        ):
            return None
        if how == "queued":
            put(rows, run, one.workflow, one.inputs, f"schedule {one.id}", now, one.id, one.if_running)
        return Fired(one.id, one.workflow, at, run if how == "queued" else "", how)

    def forget(self, before: float) -> None:
        """Forget times before that moment."""
        with self._rows.transaction() as rows:
            rows.execute("DELETE FROM fires WHERE due_at < ?", (before,))


def _due(one: Schedule, now: float) -> tuple[list[float], float]:
    """The times that are to run now, and up to which moment all are decided then."""
    when, begin = cron(one.cron, one.zone), min(one.upto, now)
    if one.catch_up == "all":
        times = list(itertools.islice(when.between(begin, now), AT_ONCE))
        return times, times[-1] if len(times) == AT_ONCE else now
    last = when.before(now)
    if last is None or last <= begin:
        return [], now
    return [] if one.catch_up == "none" and now - last > LATE_SECONDS else [last], now


def _free(rows: Transaction, workflow: str) -> str:
    """The name of a new schedule: its workflow's, with a number when there is one."""
    taken = {row["id"] for row in rows.read("SELECT id FROM schedules")}
    names = itertools.chain([workflow], (f"{workflow}-{number}" for number in itertools.count(2)))
    return next(name for name in names if name not in taken)


def _schedule(row: Mapping[str, Any]) -> Schedule:
    fields = {**row, "inputs": parse_json(row["inputs"]), "paused": bool(row["paused"])}
    return Schedule(**fields)
