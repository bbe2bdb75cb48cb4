"""Runs that the tests of the history tell it, event by event."""

from __future__ import annotations

from typing import Any

from flowbook.events import NodeFinished, NodeOutput, NodeStarted, RunFinished, RunStarted, RunStatus
from flowbook.journal import Records, WorkspaceJournal
from flowbook.models import Workflow
from flowbook.redaction import Redactor
from flowbook.results import Cause, NodeResult

SECRET = "tok-5ecret-9876543210"


def flow_of(name: str = "flow", text: str = "x") -> Workflow:
    flow = Workflow(name=name)
    flow.add("a", "demo.echo", params={"text": text})
    return flow


class Recording:
    """One run being recorded, told event by event."""

    def __init__(
        self,
        journal: WorkspaceJournal,
        id: str = "run-1",
        flow: Workflow | None = None,
        at: float = 100.0,
        parent: str = "",
    ) -> None:
        flow = flow or flow_of()
        self.id, self.at = id, at
        self.recorder: Records = journal.recorder(flow, Redactor([SECRET]))
        self.recorder(RunStarted(id, at, flow.name, tuple(flow.nodes), {"who": "world", "token": SECRET}, parent))

    def started(self, node: str = "a", effects: str = "read") -> None:
        self.recorder(NodeStarted(self.id, node, self.at + 1, "demo.echo", effects))

    def printed(self, text: str, node: str = "a") -> None:
        self.recorder(NodeOutput(self.id, node, self.at + 1, "stdout", text))

    def finished(self, node: str = "a", data: Any = None, effects: str = "read", params: Any = None) -> None:
        result = NodeResult(
            "succeeded", "ok", data, 1, 1.0, self.at + 1, cause=Cause.RETURNED, effects=effects, params=params
        )
        self.recorder(NodeFinished(self.id, node, self.at + 2, result))

    def over(self, status: RunStatus = "succeeded") -> None:
        self.recorder(RunFinished(self.id, self.at + 3, status, 3.0, ""))
