"""The run history in PostgreSQL, which the processes of many machines share."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType

from flowbook.journal.postgres_database import PostgresDatabase
from flowbook.journal.protocol import Redactor, RunSummary, unhurried
from flowbook.journal.recorder import Recorder
from flowbook.journal.sql import SqlJournal
from flowbook.models import Definition, Workflow
from flowbook.postgres import Address
from flowbook.results import ItemResults, NodeResult


class PostgresJournal(SqlJournal):
    """A :class:`~flowbook.journal.protocol.WorkspaceJournal` in the schema at ``address``.

    A process that lost its lease (it was suspended, or cut off from the database, for longer than that lasts) records
    nothing more of the runs that it had then. Runs that it begins after that are another owner's.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        database = PostgresDatabase(address, uuid.uuid4().hex)
        super().__init__(database, database.owner)

    def recorder(
        self, workflow: Workflow | Definition, redact: Redactor, hurried: Callable[[], bool] = unhurried
    ) -> Recorder:
        """A subscriber that records one run of a workflow; its definition is kept once, by content."""
        self._begin_anew()
        return super().recorder(workflow, redact, hurried)

    def reopen(
        self, run: RunSummary, redact: Redactor, *, keep: Collection[str], accept: Mapping[str, NodeResult],
        items: Mapping[str, ItemResults], hurried: Callable[[], bool] = unhurried,
        given: Mapping[str, NodeResult] = MappingProxyType({}),
    ) -> Recorder:  # fmt: skip
        """Begin the next attempt at a run that has ended, in the name of this process; see the protocol."""
        self._begin_anew()
        return super().reopen(run, redact, keep=keep, accept=accept, items=items, hurried=hurried, given=given)

    def _begin_anew(self) -> None:
        """Be another owner, once others have taken this process for gone."""
        if self._owner.lost:  # type: ignore[attr-defined]
            self._database.close()
            database = PostgresDatabase(self._address, uuid.uuid4().hex)
            self._database, self._owner = database, database.owner
            self._live.clear()

    def __repr__(self) -> str:
        return f"<PostgresJournal {self._address}>"
