"""The subscriber that writes one run into the journal."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any

from flowbook.events import (
    Event,
    ItemFinished,
    ItemStarted,
    NodeFinished,
    NodeOutput,
    NodeRetried,
    NodeStarted,
    RunFinished,
    RunStarted,
)
from flowbook.journal.contents import is_short, json_of, keep, leave_out
from flowbook.journal.inputs import keep_display, keep_inputs, keep_params
from flowbook.journal.protocol import Redactor
from flowbook.journal.tables import Connection, Tables
from flowbook.models import Definition
from flowbook.results import NodeResult

_IN_FLIGHT = "cancelled while it was running; what it was doing may have taken effect"


def keep_definition(connection: Connection, definition: Definition) -> None:
    """Keep a workflow's definition, unless it is there."""
    connection.execute(
        "INSERT INTO definitions (hash, workflow, document) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (definition.hash, definition.workflow, definition.text),
    )


class Recorder:
    """Records the events of one run.

    The start of a task that writes is committed before this returns, and so is its end: after a crash it is known
    whether it may have taken effect. All else is committed in batches, in order. Once the run is ``hurried``, since it
    was cancelled, nobody waits for a file that another process has locked.
    """

    def __init__(
        self,
        database: Tables,
        definition: Definition,
        owner: str,
        redact: Redactor,
        opened: Callable[[str], None],
        hurried: Callable[[], bool],
    ) -> None:
        self._database = database
        self._definition = definition
        self._owner = owner
        self._redact = redact
        self._opened = opened
        self._hurried = hurried
        self.number = 0
        self._by_item: set[str] = set()
        self._record: dict[type, Callable[[Any], None]] = {
            RunStarted: self._run_started,
            NodeStarted: self._node_started,
            NodeOutput: self._node_output,
            NodeRetried: self._node_retried,
            ItemStarted: self._item_started,
            ItemFinished: self._item_finished,
            NodeFinished: self._node_finished,
            RunFinished: self._run_finished,
        }

    def __call__(self, event: Event) -> None:
        """Record an event."""
        record = self._record.get(type(event))
        if record is not None:
            record(event)

    def _run_started(self, event: RunStarted) -> None:
        inputs, withheld = keep_inputs(event.inputs, self._redact.redact_json)
        self._opened(event.run_id)
        with self._database.transaction(self._hurried) as connection:
            # In one transaction: no moment in which a definition that no run has yet could be tidied away.
            keep_definition(connection, self._definition)
            connection.execute(
                "INSERT INTO runs"
                " (id, workflow, definition, status, started_at, inputs, withheld, nodes, parent, owner, only_to,"
                " only_node, by_item) VALUES (?, ?, ?, 'running', ?, ?, ?, ?, ?, ?, ?, ?, 1)",
                (event.run_id, event.workflow, self._definition.hash, event.at, inputs, withheld,
                 json.dumps(event.nodes), event.parent, self._owner, event.to, event.only),
            )  # fmt: skip
            row = connection.execute("SELECT number FROM runs WHERE id = ?", (event.run_id,)).fetchone()
        self.number = int(row["number"])  # only now: the number of a run that was not committed is the next one's

    def _node_started(self, event: NodeStarted) -> None:
        self._database.append("started", (self.number, event.node_id, event.at, event.effects))
        if event.effects == "write":
            self._database.commit(self._hurried)

    def _node_output(self, event: NodeOutput) -> None:
        bundle = None if event.data is None else keep_display(event.data)
        row = (self.number, event.node_id, event.at, event.stream, event.text, bundle, event.item)
        self._database.append("output", row)

    def _node_retried(self, event: NodeRetried) -> None:
        row = (
            self.number,
            event.node_id,
            event.at,
            event.attempt,
            event.item,
            event.message,
            event.wait,
            event.cause.value,
        )
        self._database.append("attempt", row)

    def _item_started(self, event: ItemStarted) -> None:
        if event.effects == "write":
            row = (self.number, event.node_id, event.item, event.digest, event.at, event.effects)
            self._by_item.add(event.node_id)
            self._database.append("item started", row)
            self._database.commit(self._hurried)

    def _item_finished(self, event: ItemFinished) -> None:
        place = (self.number, event.node_id, event.item, event.digest)
        self._by_item.add(event.node_id)
        self._database.append("item", (*place, *self._end_of(event.result), event.result.worker))
        if event.result.effects == "write":
            self._database.commit(self._hurried)

    def _node_finished(self, event: NodeFinished) -> None:
        result = event.result
        self._database.append("finished", self.row_of(event.node_id, result))
        if result.status == "succeeded" and self._has_items(event.node_id):  # its data is that of all its items
            self._database.append("items done", (self.number, event.node_id))
        if result.effects == "write" and result.started_at is not None:
            self._database.commit(self._hurried)

    def row_of(self, node: str, result: NodeResult) -> tuple[Any, ...]:
        """How a node ended, as a row."""
        reuse = None if result.reuse is None else json.dumps(result.reuse._asdict())
        return (self.number, node, *self._end_of(result), reuse, result.worker)

    def _has_items(self, node: str) -> bool:
        """Whether calls of the node may be recorded by item."""
        return node in self._by_item

    def _end_of(self, result: NodeResult) -> tuple[Any, ...]:
        """How a node or a call of it ended, as columns."""
        kind, content = self.data_of(result)
        params = result.params
        given = None if params is None else keep_params(params, self._redact.redact_json if self._redact else None)
        return (
            result.status, result.message, kind, content, result.attempts, result.started_at, result.seconds,
            result.effects, int(result.handled), given, None if result.cause is None else result.cause._value_,
            result.source._value_,
        )  # fmt: skip

    def data_of(self, result: NodeResult) -> tuple[str, bytes | str | None]:
        """The kind of its data, and that as it is kept."""
        if result.empty:
            return "none", None
        if not self._redact and is_short(result._data):  # as of thousands of items
            return "json", json_of(result._data)
        if result.omitted is not None:
            return leave_out(result.omitted, self._redact)
        return keep(result.data, self._redact.redact_json if self._redact else None, self._redact)

    def _run_finished(self, event: RunFinished) -> None:
        self._database.append("items left", (_IN_FLIGHT, self.number))
        self._database.append("run", (event.status, event.seconds, event.message, self.number))
        self._database.commit(self._hurried)


class Continued(Recorder):
    """Records a further attempt at the run ``number``: what is recorded of the nodes ``kept`` stays as it is."""

    def __init__(
        self,
        database: Tables,
        redact: Redactor,
        number: int,
        kept: Collection[str],
        hurried: Callable[[], bool],
    ) -> None:
        super().__init__(database, Definition("", "", ""), "", redact, lambda run: None, hurried)
        self.number = number
        self._kept = frozenset(kept)

    def _run_started(self, event: RunStarted) -> None:
        """The run was opened again before it started."""

    def _has_items(self, node: str) -> bool:
        return True  # those of earlier attempts

    def _node_finished(self, event: NodeFinished) -> None:
        if event.node_id not in self._kept:
            super()._node_finished(event)
