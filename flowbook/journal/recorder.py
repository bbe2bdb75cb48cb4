"""The subscriber that writes one run into the journal."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any, Protocol

from flowbook.events import (
    Event,
    NodeFinished,
    NodeOutput,
    NodeRetried,
    NodeStarted,
    RunFinished,
    RunStarted,
)
from flowbook.journal.contents import json_of, keep
from flowbook.journal.database import Database
from flowbook.journal.inputs import keep_inputs, keep_params


class Redactor(Protocol):
    """Takes secrets out of texts and plain data; false when it knows none."""

    def __call__(self, text: str, /) -> str:
        """The text without secrets."""

    def redact_json(self, value: Any, /) -> Any:
        """The plain data without secrets."""

    def __bool__(self) -> bool: ...


class Recorder:
    """Records the events of one run.

    The start of a task that writes is committed before this returns, and so is its end: after a crash it is known
    whether it may have taken effect. All else is committed in batches, in order.
    """

    def __init__(
        self, database: Database, definition: str, owner: str, redact: Redactor, opened: Callable[[str], None]
    ) -> None:
        self._database = database
        self._definition = definition
        self._owner = owner
        self._redact = redact
        self._opened = opened
        self.number = 0
        self._record: dict[type, Callable[[Any], None]] = {
            RunStarted: self._run_started,
            NodeStarted: self._node_started,
            NodeOutput: self._node_output,
            NodeRetried: self._node_retried,
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
        with self._database.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO runs"
                " (id, workflow, definition, status, started_at, inputs, withheld, nodes, parent, owner, only_to,"
                " only_node) VALUES (?, ?, ?, 'running', ?, ?, ?, ?, ?, ?, ?, ?)",
                (event.run_id, event.workflow, self._definition, event.at, inputs, withheld,
                 json.dumps(event.nodes), event.parent, self._owner, event.to, event.only),
            )  # fmt: skip
            self.number = int(cursor.lastrowid or 0)

    def _node_started(self, event: NodeStarted) -> None:
        self._database.append("started", (self.number, event.node_id, event.at, event.effects))
        if event.effects == "write":
            self._database.commit()

    def _node_output(self, event: NodeOutput) -> None:
        bundle = None if event.data is None else json_of(dict(event.data), default=str)
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

    def _node_finished(self, event: NodeFinished) -> None:
        result, kind, content = event.result, "none", None
        data, params = result.data, result.params
        if data is not None:
            kind, content = keep(data, self._redact.redact_json if self._redact else None, self._redact)
        given = None if params is None else keep_params(params, self._redact.redact_json)
        self._database.append(
            "finished",
            (self.number, event.node_id, result.status, result.message, kind, content, result.attempts,
             result.started_at, result.seconds, result.effects, int(result.handled), given,
             None if result.cause is None else result.cause._value_, result.source._value_),
        )  # fmt: skip
        if result.effects == "write" and result.started_at is not None:
            self._database.commit()

    def _run_finished(self, event: RunFinished) -> None:
        self._database.append("run", (event.status, event.seconds, event.message, self.number))
        self._database.commit()


class Continued(Recorder):
    """Records a further attempt at the run ``number``: what is recorded of the nodes ``kept`` stays as it is."""

    def __init__(self, database: Database, redact: Redactor, number: int, kept: Collection[str]) -> None:
        super().__init__(database, "", "", redact, lambda run: None)
        self.number = number
        self._kept = frozenset(kept)

    def _run_started(self, event: RunStarted) -> None:
        """The run was opened again before it started."""

    def _node_finished(self, event: NodeFinished) -> None:
        if event.node_id not in self._kept:
            super()._node_finished(event)
