"""The queue: runs that were asked for and that a server carries out, each once."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any, Protocol

from flowbook.errors import StoreError
from flowbook.json_text import parse_json
from flowbook.records import NamedTuple
from flowbook.triggers.rows import Rows, Taken, Transaction


class Holder(Protocol):
    """A process as the one that holds what it has taken; others can tell whether it still lives."""

    @property
    def id(self) -> str:
        """Its name, which no other one ever has."""

    def claim(self) -> None:
        """Be seen to live from now on."""

    def is_gone(self, owner: str, /) -> bool:
        """Whether another one lives no more."""

    def release(self) -> None:
        """Be seen to live no more."""


class Queued(NamedTuple):
    """A run that was asked for, by ``source``: "queue", "schedule NAME", "hook NAME" or "form NAME".

    ``run`` is the id that it has in the history once it has begun. ``status`` is queued, taken or done; then
    ``outcome`` says how it ended, as a run's status does or else refused (it did not begin) or skipped, and ``code`` is
    the exit code that ``flowbook run`` would have had.
    """

    run: str
    workflow: str
    inputs: dict[str, Any]
    source: str
    schedule: str | None
    if_running: str
    status: str
    queued_at: float
    owner: str
    outcome: str
    code: int | None
    message: str
    ended_at: float | None


def put(
    rows: Transaction, run: str, workflow: str, inputs: Mapping[str, Any], source: str, now: float,
    schedule: str | None = None, if_running: str = "",
) -> None:  # fmt: skip
    """Ask for a run, within a transaction: it is asked for once that is over."""
    rows.execute(
        "INSERT INTO queue (run, workflow, inputs, source, schedule, if_running, status, queued_at, owner, outcome,"
        " message) VALUES (?, ?, ?, ?, ?, ?, 'queued', ?, '', '', '')",
        (run, workflow, json.dumps(inputs), source, schedule, if_running, now),
    )


def is_there(rows: Rows, run: str) -> bool:
    """Whether a run was asked for, though that was said to have failed: the answer to it may be what was lost."""
    try:
        return bool(rows.read("SELECT run FROM queue WHERE run = ?", (run,)))
    except StoreError:
        return False


class Queue:
    """The queue of a workspace, as the process ``holder`` sees it."""

    def __init__(self, rows: Rows, holder: Holder) -> None:
        self._rows = rows
        self._holder = holder

    def put(self, run: str, workflow: str, inputs: Mapping[str, Any], source: str, now: float) -> None:
        """Ask for a run; when it returns that is on the disk."""
        try:
            with self._rows.transaction() as rows:
                put(rows, run, workflow, inputs, source, now)
        except StoreError:
            if not is_there(self._rows, run):
                raise

    def take(self, but: Collection[str] = ()) -> Queued | None:
        """Take the run that was asked for first, but none of ``but`` and none of a schedule whose last run goes on."""
        self._holder.claim()
        marks = ", ".join("?" * len(but))
        sql = (
            "SELECT * FROM queue WHERE status = 'queued' AND NOT EXISTS (SELECT 1 FROM queue AS other"  # noqa: S608
            " WHERE other.schedule = queue.schedule AND other.status = 'taken')"
            f"{f' AND run NOT IN ({marks})' if but else ''} ORDER BY queued_at, run LIMIT 1 {self._rows.skip_locked}"
        )
        with suppress(Taken), self._rows.transaction() as rows:  # another one took a run of that schedule just now
            for row in rows.read(sql, tuple(but)):
                rows.execute(
                    "UPDATE queue SET status = 'taken', owner = ? WHERE run = ?", (self._holder.id, row["run"])
                )
                return _queued({**row, "status": "taken", "owner": self._holder.id})
        return None

    def give_back(self, run: str, word: str = "") -> None:
        """Have a run that was taken, and did not begin, be taken again; ``word`` is its outcome until then."""
        if word:
            self._change("status = 'queued', owner = '', outcome = ?", run, word)
        else:
            self._change("status = 'queued', owner = ''", run)

    def hand_on(self, run: str, word: str) -> None:
        """Leave a run that is not over to the next process; ``word`` is kept as its outcome until then."""
        self._change("outcome = ?", run, word)

    def end(self, run: str, outcome: str, code: int, message: str, now: float) -> None:
        """Say how a run that was taken ended, or why it did not begin."""
        self._change(
            "status = 'done', outcome = ?, code = ?, message = ?, ended_at = ?", run, outcome, code, message, now
        )

    def _change(self, change: str, run: str, *values: Any) -> None:
        with self._rows.transaction() as rows:
            rows.execute(
                f"UPDATE queue SET {change} WHERE run = ? AND status = 'taken' AND owner = ?",  # noqa: S608 - literals
                (*values, run, self._holder.id),
            )

    def left_behind(self) -> list[Queued]:
        """What processes had taken that are gone, now held by this one: to be gone on with, given back or ended."""
        taken = self._rows.read("SELECT * FROM queue WHERE status = 'taken' AND owner <> ?", (self._holder.id,))
        gone = {owner for owner in {row["owner"] for row in taken} if self._holder.is_gone(owner)}
        if gone:
            self._holder.claim()
        mine = []
        for row in taken:
            if row["owner"] not in gone:
                continue
            with self._rows.transaction() as rows:
                moved = rows.execute(
                    "UPDATE queue SET owner = ? WHERE run = ? AND status = 'taken' AND owner = ?",
                    (self._holder.id, row["run"], row["owner"]),
                )
            if moved:
                mine.append(_queued({**row, "owner": self._holder.id}))
        return mine

    def held(self) -> list[Queued]:
        """All that this process has taken and that is not over, whether it heard of that or not."""
        rows = self._rows.read("SELECT * FROM queue WHERE status = 'taken' AND owner = ?", (self._holder.id,))
        return [_queued(row) for row in rows]

    def holds(self, run: str) -> bool:
        """Whether a run is taken, and by this process."""
        found = self.find(run)
        return found is not None and (found.status, found.owner) == ("taken", self._holder.id)

    def all(self, *, done: bool = False, source: str | None = None, limit: int = 50) -> list[Queued]:
        """What waits and what goes on, the oldest first; with ``done`` what is over too. The newest ``limit``."""
        wanted, values = ([] if done else ["status <> 'done'"]), []
        if source is not None:
            wanted, values = [*wanted, "source = ?"], [source]
        where = f" WHERE {' AND '.join(wanted)}" if wanted else ""
        rows = self._rows.read(
            f"SELECT * FROM queue{where} ORDER BY queued_at DESC, run DESC LIMIT ?",  # noqa: S608 - literals
            (*values, limit),
        )
        return [_queued(row) for row in reversed(rows)]

    def find(self, run: str) -> Queued | None:
        """The run that was asked for with that id."""
        rows = self._rows.read("SELECT * FROM queue WHERE run = ?", (run,))
        return _queued(rows[0]) if rows else None

    def counts(self) -> dict[str, int]:
        """How many wait ("queued") and how many go on ("taken")."""
        rows = self._rows.read("SELECT status, count(*) AS many FROM queue WHERE status <> 'done' GROUP BY status")
        return {"queued": 0, "taken": 0, **{row["status"]: row["many"] for row in rows}}

    def forget(self, before: float) -> None:
        """Forget what was over before that moment."""
        with self._rows.transaction() as rows:
            rows.execute("DELETE FROM queue WHERE status = 'done' AND ended_at < ?", (before,))

    def close(self) -> None:
        """Let go of all that is held."""
        self._holder.release()


def _queued(row: Mapping[str, Any]) -> Queued:
    return Queued(**{**row, "inputs": parse_json(row["inputs"])})
