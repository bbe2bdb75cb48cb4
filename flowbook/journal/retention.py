"""Which runs are kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from flowbook.journal.tables import Connection, Space
from flowbook.records import NamedTuple

TABLES_OF_A_RUN = ("nodes", "items", "output", "attempts")


class Keep:
    """What of the history is to be kept: the newest ``count`` runs, those that began after ``since`` (seconds since the
    epoch), as many as ``size`` bytes hold. What is None sets no limit; a run goes when any of them says so.
    """

    __slots__ = ("count", "since", "size")

    def __init__(self, count: int | None = None, since: float | None = None, size: int | None = None) -> None:
        self.count = count
        self.since = since
        self.size = size


class Pruned(NamedTuple):
    """The ids of the runs that were deleted, the oldest first, and how many bytes of the file that made free."""

    runs: tuple[str, ...]
    freed: int


class _Family:
    """A run with the runs that its nodes made of other workflows; they stay, and go, together."""

    def __init__(self, members: list[tuple[int, str]], began: float, workflow: str, needed: bool) -> None:
        self.members = members
        self.began = began
        self.workflow = workflow
        self.needed = needed


def prune(
    connection: Connection, keep: Keep, workflow: str | None, space: Space, in_between: Callable[[], object]
) -> Pruned:
    """Delete what ``keep`` does not keep, the oldest first, within the transaction that is open.

    Never one that goes on, or that can be resumed. After each, ``in_between`` is called.
    """
    if not _too_much(connection, keep, space):
        return Pruned((), 0)
    before = space.used()
    deleted: list[str] = []
    families = [family for family in _families(connection) if workflow in (None, family.workflow)]
    for family in _going(families, keep, space):
        for number, id in family.members:
            delete_run(connection, number)
            space.deleted(number)
            deleted.append(id)
        in_between()
    if deleted:
        delete_definitions(connection)
    return Pruned(tuple(deleted), before - space.used())


def as_far_as_it_is_sure(connection: Connection, keep: Keep) -> Keep:
    """``keep``, but by the last run but one: a clock that is wrong for once takes no history along."""
    if keep.since is None:
        return keep
    lately = connection.execute("SELECT started_at FROM runs WHERE parent = '' ORDER BY number DESC LIMIT 2").fetchall()
    began = lately[1]["started_at"] if len(lately) > 1 else None
    ahead = time.time() - began if isinstance(began, (int, float)) else 0.0
    return Keep(keep.count, keep.since - max(ahead, 0.0), keep.size)


def _too_much(connection: Connection, keep: Keep, space: Space) -> bool:
    """Whether there may be anything to delete; told without going through the history."""
    if keep.count is not None or (keep.size is not None and space.used() > keep.size):
        return True
    if keep.since is None:
        return False
    return bool(
        connection.execute(
            "SELECT 1 FROM runs WHERE coalesce(resumed_at, started_at) < ? AND (status = 'succeeded' OR parent <> '')"
            " LIMIT 1",
            (keep.since,),
        ).fetchone()
    )


def _going(families: list[_Family], keep: Keep, space: Space) -> Iterator[_Family]:
    """Those that go; each is to be deleted before the next one is asked for."""
    surplus = 0 if keep.count is None else max(len(families) - keep.count, 0)
    for place, family in enumerate(families):
        old = keep.since is not None and family.began < keep.since
        too_much = keep.size is not None and space.used() > keep.size
        if (place < surplus or old or too_much) and not family.needed:
            yield family


def _families(connection: Connection) -> Iterable[_Family]:
    """All families of runs, the oldest first."""
    rows = connection.execute(
        "SELECT number, id, parent, workflow, status, coalesce(resumed_at, started_at) AS began FROM runs"
        " ORDER BY number"
    ).fetchall()
    roots: dict[str, _Family] = {}
    for row in rows:
        parent = row["parent"].partition(".")[0]
        family = roots.get(parent) if parent else None
        if family is None:
            # What is left of a run that is deleted cannot be resumed by itself.
            needed = row["status"] == "running" or (row["status"] != "succeeded" and not parent)
            began = row["began"] if isinstance(row["began"], (int, float)) else 0.0
            family = _Family([], began, row["workflow"], needed)
        family.members.append((row["number"], row["id"]))
        family.needed = family.needed or row["status"] == "running"
        roots[row["id"]] = family
    return {id(family): family for family in roots.values()}.values()


def delete_run(connection: Connection, number: int) -> None:
    """Delete a run with all that is recorded of it."""
    for table in TABLES_OF_A_RUN:
        connection.execute(f"DELETE FROM {table} WHERE run = ?", (number,))  # noqa: S608 - the literals above
    connection.execute("DELETE FROM runs WHERE number = ?", (number,))


def delete_definitions(connection: Connection) -> None:
    """Delete the definitions that no run and no version has any more."""
    connection.execute(
        "DELETE FROM definitions WHERE hash NOT IN (SELECT definition FROM runs)"
        " AND hash NOT IN (SELECT hash FROM versions)"
    )
