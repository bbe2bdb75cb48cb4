"""A run of the history as a run panel shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flowbook.events import NodeOutput
from flowbook.journal import RunRecord
from flowbook.models import Workflow
from flowbook.records import NamedTuple
from flowbook.results import NodeResult
from flowbook.ui.runs.live_state import LiveRun


class Around(NamedTuple):
    """The workflow that a run is a part of, and how those of its nodes ended before that are no part of the run.

    ``names`` are nodes of the run that are called otherwise in the workflow by now: id in the run → id now.
    """

    workflow: Workflow
    results: Mapping[str, NodeResult]
    names: Mapping[str, str] = {}

    def nodes(self, run: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
        """The nodes of a run (id, label, task) with those around them that have a result, in the workflow's order."""
        own = {self.names.get(id, id): (id, label, task) for id, label, task in run}
        known = self.workflow.nodes
        others = {id: (id, known[id].label, known[id].task) for id in self.results if id in known and id not in own}
        listed = [own.get(id) or others[id] for id in known if id in own or id in others]
        return [*listed, *(one for id, one in own.items() if id not in known)]

    def show(self, live: LiveRun, own: Iterable[str]) -> None:
        """Show in a run how the others ended."""
        mine = {self.names.get(id, id) for id in own}
        for id, result in self.results.items():
            if id in self.workflow.nodes and id not in mine:
                live.earlier(id, result)


def live_record(record: RunRecord, pieces: Iterable[NodeOutput], around: Around | None = None) -> LiveRun:
    """What is recorded of a run; ``pieces`` is what its nodes printed and displayed."""
    summary = record.summary
    described = record.definition.get("nodes", {})
    own = [(id, _text(described, id, "label"), _text(described, id, "task")) for id in record.node_ids]
    nodes = own if around is None else around.nodes(own)
    live = LiveRun(summary.id, summary.workflow, nodes, lambda value: value, record.inputs)
    live.summarise(
        status=summary.status, started=summary.attempted_at, seconds=summary.seconds, message=summary.message, past=True
    )
    for id, result in record.nodes.items():
        live.ended(id, result)
    if around is not None:
        around.show(live, record.node_ids)
    for piece in pieces:
        live.output(piece.node_id, piece.stream, piece.text, piece.data, piece.item)
    return live


def _text(nodes: Any, id: str, field: str) -> str:
    return str((nodes.get(id) or {}).get(field) or "")
