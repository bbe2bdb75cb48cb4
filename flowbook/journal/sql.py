"""The run history in tables, whichever database they are in: what is recorded, read back and looked after.

The SQL here is such that SQLite and PostgreSQL do the same with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import nullcontext, suppress
from types import MappingProxyType
from typing import Any

from flowbook.errors import InputError, NotFound
from flowbook.events import NodeOutput
from flowbook.journal.protocol import VERSIONS_KEPT, Redactor, RunRecord, RunSummary, Version, still_going, unhurried
from flowbook.journal.recorder import Continued, Recorder, keep_definition
from flowbook.journal.retention import Keep, Pruned, as_far_as_it_is_sure, delete_definitions, delete_run, prune
from flowbook.journal.rows import NO_SENSE, output_of, record_of, result_of, seconds_until, summary_of
from flowbook.journal.statements import ENDED
from flowbook.journal.tables import Connection, RunOwner, Tables
from flowbook.json_text import parse_json
from flowbook.models import Definition, Workflow
from flowbook.results import ItemResults, NodeResult, Source

_ALL = 2**62
"""As the limit of a query: none."""


class SqlJournal:
    """A :class:`~flowbook.journal.protocol.WorkspaceJournal` in the tables ``database``, whose runs are ``owner``'s.

    Rows are one thing and who lives another: which process a run belongs to, and whether that still lives, is the
    owner's.
    """

    def __init__(self, database: Tables, owner: RunOwner) -> None:
        self._database = database
        self._owner = owner
        self._live: set[str] = set()
        database.going = self._live

    # -- recording ---------------------------------------------------------------------------------------------

    def recorder(
        self, workflow: Workflow | Definition, redact: Redactor, hurried: Callable[[], bool] = unhurried
    ) -> Recorder:
        """A subscriber that records one run of a workflow; its definition is kept once, by content."""
        self._database.renew()
        self._owner.claim()
        kept = workflow if isinstance(workflow, Definition) else Definition.of(workflow)
        return Recorder(self._database, kept, self._owner.id, redact, self._live.add, hurried)

    def reopen(
        self, run: RunSummary, redact: Redactor, *, keep: Collection[str], accept: Mapping[str, NodeResult],
        items: Mapping[str, ItemResults], hurried: Callable[[], bool] = unhurried,
        given: Mapping[str, NodeResult] = MappingProxyType({}),
    ) -> Recorder:  # fmt: skip
        """Begin the next attempt at a run that has ended, in the name of this process; a subscriber that records it.

        What is recorded of the nodes ``keep`` stays as it is; of those ``accept`` it becomes a success without data,
        those ``given`` are recorded as they are, and what is recorded of all others is deleted, but for the calls
        ``items`` of them. ``run`` is what was read of
        it before. Raises InputError when it is not like that any more: of all that resume a run at the same time, one
        does.
        """
        self._owner.claim()
        with self._database.transaction() as connection:
            taken = connection.execute(
                "UPDATE runs SET status = 'running', seconds = NULL, message = '', owner = ?, resumed_at = ?,"
                " attempt = attempt + 1, by_item = 1 WHERE id = ? AND status = ? AND attempt = ?",
                (self._owner.id, time.time(), run.id, run.status, run.attempt),
            )
            if not taken.rowcount:
                raise InputError(f"the run {run.id} was resumed by someone else just now.", "Look how it goes on.")
            self._live.add(run.id)
            number = connection.execute("SELECT number FROM runs WHERE id = ?", (run.id,)).fetchone()["number"]
            connection.executemany(
                "UPDATE nodes SET status = 'succeeded', message = ?, kind = 'none', data = NULL, handled = 0,"
                " cause = 'accepted', source = 'accepted' WHERE run = ? AND node = ?",
                [(result.message, number, node) for node, result in accept.items()],
            )
            connection.executemany(
                "UPDATE nodes SET source = 'earlier' WHERE run = ? AND node = ? AND source = 'run'",
                [(number, node) for node in keep],
            )
            rows = connection.execute("SELECT node FROM nodes WHERE run = ?", (number,)).fetchall()
            stand = {*keep, *accept, *given}
            recorder = Continued(self._database, redact, number, stand, hurried)
            connection.executemany(ENDED, [recorder.row_of(node, result) for node, result in given.items()])
            _clear(connection, number, {row["node"] for row in rows} - stand, items)
            connection.executemany(
                "UPDATE items SET kind = ?, data = ? WHERE run = ? AND node = ? AND item = ?",
                [
                    (*recorder.data_of(one.result), number, node, item)
                    for node, calls in items.items()
                    for item, one in calls.items()
                    if one.result.source in (Source.GIVEN, Source.ACCEPTED)
                ],
            )
        return recorder

    def ended(self, run_id: str) -> None:
        """Say that a run of this process is over, whether or not its end could be recorded."""
        self._live.discard(run_id)

    def fill_from(self, other: SqlJournal) -> int:
        """Take over all runs and versions of another history, when there are none here yet; how many runs.

        All of it or nothing. Raises InputError when there are some.
        """
        from flowbook.journal.copying import copy_history  # only who moves a workspace needs it

        return copy_history(other._database, self._database)

    def add_version(self, workflow: Workflow) -> None:
        """Remember the definition that was saved, unless it is the one saved last; the oldest without a name go."""
        definition = Definition.of(workflow)
        with self._database.transaction() as connection:
            keep_definition(connection, definition)
            last = connection.execute(
                "SELECT hash FROM versions WHERE workflow = ? ORDER BY rowid DESC LIMIT 1",
                (workflow.name,),
            ).fetchone()
            if last is None or last["hash"] != definition.hash:
                values = (workflow.name, definition.hash, time.time())
                connection.execute("INSERT INTO versions (workflow, hash, saved_at) VALUES (?, ?, ?)", values)
                self._drop_versions(connection, workflow.name)

    @staticmethod
    def _drop_versions(connection: Connection, workflow: str) -> None:
        dropped = connection.execute(
            "DELETE FROM versions WHERE workflow = ? AND name = '' AND rowid NOT IN (SELECT rowid FROM versions"
            " WHERE workflow = ? AND name = '' ORDER BY rowid DESC LIMIT ?)",
            (workflow, workflow, VERSIONS_KEPT),
        ).rowcount
        if dropped:
            delete_definitions(connection)

    def name_version(self, version: Version, name: str) -> None:
        """Give a version a name, with "" none. NotFound when it is not there (any more)."""
        with self._database.transaction() as connection:
            named = connection.execute(
                "UPDATE versions SET name = ? WHERE workflow = ? AND hash = ? AND saved_at = ?",
                (name, version.workflow, version.hash, version.saved_at),
            ).rowcount
        if not named:
            raise NotFound("version", version.hash[:12])

    def move_versions(self, old: str, new: str) -> None:
        """Have the versions of a workflow be those of another name, as it was renamed."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE versions SET workflow = ? WHERE workflow = ?", (new, old))

    # -- reading -------------------------------------------------------------------------------------------------

    def runs(
        self,
        workflow: str | None = None,
        status: str | None = None,
        *,
        since: float | None = None,
        until: float | None = None,
        limit: int | None = 50,
    ) -> list[RunSummary]:
        """The newest runs first; ``since`` and ``until`` are seconds since the epoch."""
        self.find_interrupted()
        wanted: list[str] = []
        values: list[Any] = []
        for condition, value in (
            ("workflow = ?", workflow),
            ("status = ?", status),
            ("started_at >= ?", since),
            ("started_at <= ?", until),
        ):
            if value is not None:
                wanted.append(condition)
                values.append(value)
        where = f" WHERE {' AND '.join(wanted)}" if wanted else ""
        sql = f"SELECT * FROM runs{where} ORDER BY number DESC LIMIT ?"  # noqa: S608 - made of the literals above
        return [summary_of(row) for row in self._database.read(sql, [*values, _ALL if limit is None else limit])]

    def workflows(self) -> list[str]:
        """The names of the workflows that have runs, sorted."""
        return [row["workflow"] for row in self._database.read("SELECT DISTINCT workflow FROM runs ORDER BY workflow")]

    def find(self, run: str) -> str:
        """The full id of a run named by its id, the beginning of it, or "last". Raises NotFound or InputError."""
        if run == "last":
            rows = self._database.read("SELECT id FROM runs ORDER BY number DESC LIMIT 1")
        else:
            escaped = run.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
            rows = self._database.read(
                "SELECT id FROM runs WHERE id LIKE ? ESCAPE '\\' ORDER BY id = ? DESC LIMIT 3", (escaped + "%", run)
            )
            if len(rows) > 1 and rows[0]["id"] != run:
                raise InputError(f"several runs begin with {run!r}.", "Give more of the run's id.")
        if not rows:
            known = [row["id"] for row in self._database.read("SELECT id FROM runs ORDER BY number DESC LIMIT 20")]
            raise NotFound("run", run, known, hint="" if known else "Nothing was run in this workspace yet.")
        return str(rows[0]["id"])

    def run(self, run: str) -> RunRecord:
        """A run with all its nodes; ``run`` as in :meth:`find`. Raises StoreDamaged when its record makes no sense."""
        self.find_interrupted()
        id = self.find(run)
        for row in self._database.read("SELECT * FROM runs WHERE id = ?", (id,)):
            number = row["number"]
            definition = self._database.read("SELECT document FROM definitions WHERE hash = ?", (row["definition"],))
            nodes = self._database.read("SELECT * FROM nodes WHERE run = ?", (number,))
            items = self._database.read("SELECT * FROM items WHERE run = ? ORDER BY node, item", (number,))
            attempts = self._database.read("SELECT * FROM attempts WHERE run = ? ORDER BY at", (number,))
            if self._database.read("SELECT 1 FROM runs WHERE number = ?", (number,)):  # so that all of it was there
                document = definition[0]["document"] if definition else "null"
                return record_of(row, document, nodes, items, attempts)
        raise NotFound("run", id, hint="It was deleted a moment ago.")

    def children(self, run: str) -> list[RunSummary]:
        """The runs that nodes of a run made of other workflows, the oldest first; ``run`` is its whole id."""
        self.find_interrupted()
        sql = "SELECT * FROM runs WHERE parent <> '' AND substr(parent, 1, ?) = ? ORDER BY number"
        return [summary_of(row) for row in self._database.read(sql, (len(run) + 1, f"{run}."))]

    def results(self, workflow: str, node: str, limit: int = 10) -> list[tuple[str, NodeResult]]:
        """The newest successes of a node with a ``cache`` that it ran for itself, with the runs they are of."""
        sql = (
            "SELECT runs.id, nodes.* FROM runs JOIN nodes ON nodes.run = runs.number AND nodes.node = ?"
            " WHERE runs.workflow = ? AND nodes.status = 'succeeded' AND nodes.reuse IS NOT NULL"
            " AND nodes.source <> 'reused' ORDER BY runs.number DESC LIMIT ?"
        )
        found: list[tuple[str, NodeResult]] = []
        for row in self._database.read(sql, (node, workflow, limit)):
            with suppress(*NO_SENSE):  # what is wrong with one run is in the way of no other
                found.append((row["id"], result_of(row, row["id"])))
        return found

    def output(self, run: str, node: str | None = None) -> list[NodeOutput]:
        """What the nodes of a run (or one of them) printed and displayed, in order."""
        sql = "SELECT output.* FROM output JOIN runs ON runs.number = output.run WHERE runs.id = ?"
        id = self.find(run)
        values = [id]
        if node is not None:
            sql += " AND node = ?"
            values.append(node)
        return [output_of(row, id) for row in self._database.read(sql + " ORDER BY output.rowid", values)]

    def versions(self, workflow: str) -> list[Version]:
        """The definitions a workflow has had, the newest first."""
        sql = "SELECT * FROM versions WHERE workflow = ? ORDER BY rowid DESC"
        rows = self._database.read(sql, (workflow,))
        return [Version(row["workflow"], row["hash"], row["saved_at"], row["name"]) for row in rows]

    def definition(self, hash: str) -> Workflow:
        """The workflow with that definition hash (the beginning of it is enough); NotFound unless it is just one."""
        rows = self._database.read("SELECT document FROM definitions WHERE substr(hash, 1, ?) = ?", (len(hash), hash))
        if len(rows) != 1:
            raise NotFound("version", hash)
        return Workflow.from_document(parse_json(rows[0]["document"]))

    # -- looking after -------------------------------------------------------------------------------------------

    def find_interrupted(self) -> list[str]:
        """Mark runs whose process is gone as interrupted; their ids."""
        rows = self._database.read("SELECT id, owner FROM runs WHERE status = 'running'")
        if self._database.read_only:
            return []
        dead: dict[str, bool] = {}
        gone: dict[str, str] = {}
        for row in rows:
            owner = row["owner"]
            if owner == self._owner.id:
                if row["id"] not in self._live:
                    gone[row["id"]] = owner
                continue
            if owner not in dead:
                dead[owner] = self._owner.is_gone(owner)
            if dead[owner]:
                gone[row["id"]] = owner
        return [id for id, owner in gone.items() if self._interrupt(id, owner)]

    def delete(self, runs: Iterable[str]) -> int:
        """Delete runs by id (as in :meth:`find`); how many. InputError, and none deleted, when one is still going."""
        self.find_interrupted()
        ids = dict.fromkeys(self.find(run) for run in runs)

        def act(connection: Connection, in_between: Callable[[], object]) -> None:
            for id in ids:
                row = connection.execute("SELECT number, status FROM runs WHERE id = ?", (id,)).fetchone()
                if row is None:
                    continue  # another process was faster
                if row["status"] == "running":
                    raise still_going(id)
                delete_run(connection, row["number"])
                in_between()
            delete_definitions(connection)

        self._database.deleting(act)
        self._database.give_back(rewrite=True)
        return len(ids)

    def prune(
        self, keep: Keep, *, workflow: str | None = None, dry_run: bool = False, in_passing: bool = False
    ) -> Pruned:
        """Delete all runs but those that ``keep`` keeps, that go on, or that can be resumed; see the protocol."""
        with self._database.at_once() if in_passing else nullcontext():
            self.find_interrupted()
            if not self._database.read("SELECT 1 FROM runs LIMIT 1"):
                return Pruned((), 0)
            self._database.keep_reserve()

            def act(connection: Connection, in_between: Callable[[], object]) -> Pruned:
                space = self._database.space(connection)
                kept = as_far_as_it_is_sure(connection, keep) if in_passing else keep
                pruned = prune(connection, kept, workflow, space, (lambda: None) if dry_run else in_between)
                if dry_run:
                    connection.rollback()
                return pruned

            pruned = self._database.deleting(act)
            if pruned.runs and not dry_run:
                self._database.give_back(rewrite=not in_passing)
            return pruned

    def close(self) -> None:
        """Write what waits, close the file and let go of the process's lock; StoreError when it cannot be written."""
        try:
            self._database.close()
        finally:
            self._owner.release()

    def let_go(self) -> None:
        """As :meth:`close`, but while a run of this process goes on only write: it is still recorded, and going on."""
        if self._live:
            self._database.commit()
        else:
            self.close()

    def _interrupt(self, id: str, owner: str) -> bool:
        """Mark a run of a process that is gone, unless another one has resumed it meanwhile; whether it was marked."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT number, coalesce(resumed_at, started_at) AS began FROM runs WHERE id = ?", (id,)
            ).fetchone()
            ends = connection.execute(
                "SELECT started_at, seconds FROM nodes WHERE run = ?", (row["number"],)
            ).fetchall()
            seconds = seconds_until(row["began"], ((end["started_at"], end["seconds"]) for end in ends))
            marked = connection.execute(
                "UPDATE runs SET status = 'interrupted', seconds = ?, message = ?"
                " WHERE number = ? AND status = 'running' AND owner = ?",
                (seconds, "its process ended before the run did", row["number"], owner),
            )
            if not marked.rowcount:
                return False
            connection.execute(
                "UPDATE nodes SET status = 'unknown', cause = 'interrupted', message = ?"
                " WHERE run = ? AND status = 'running' AND effects = 'write'",
                ("it was running when the process ended; it may have taken effect", row["number"]),
            )
            connection.execute(
                "UPDATE items SET status = 'unknown', cause = 'interrupted', message = ?"
                " WHERE run = ? AND status = 'running'",
                ("it was running when the process ended; it may have taken effect", row["number"]),
            )
            connection.execute(
                "UPDATE nodes SET status = 'pending', cause = 'interrupted', message = ?"
                " WHERE run = ? AND status = 'running'",
                ("it was running when the process ended; running it again does no harm", row["number"]),
            )
            return True


def _clear(connection: Connection, number: int, nodes: Iterable[str], kept: Mapping[str, ItemResults]) -> None:
    """Delete what is recorded of nodes that run again, but for the calls of them that stand."""
    connection.executemany("DELETE FROM nodes WHERE run = ? AND node = ?", [(number, node) for node in nodes])
    for node in nodes:
        for table in ("items", "output", "attempts"):
            of_node = f"{table} WHERE run = ? AND node = ? AND item"
            ask = f"SELECT DISTINCT item FROM {of_node} IS NOT NULL"  # noqa: S608 - literals
            found = {row["item"] for row in connection.execute(ask, (number, node)).fetchall()}
            connection.execute(f"DELETE FROM {of_node} IS NULL", (number, node))  # noqa: S608 - literals
            delete = f"DELETE FROM {of_node} = ?"  # noqa: S608 - literals
            connection.executemany(delete, [(number, node, item) for item in found - set(kept.get(node, ()))])
        connection.executemany(
            "UPDATE items SET status = ?, message = ?, cause = ?, source = ? WHERE run = ? AND node = ? AND item = ?",
            [
                (one.result.status, one.result.message, one.result.cause and one.result.cause.value,
                 one.result.source.value, number, node, item)
                for item, one in kept.get(node, {}).items()
            ],
        )  # fmt: skip
