"""A run of the history, as one that just ended: its nodes by their ids, shown in the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from flowbook.errors import NotFound
from flowbook.events import NodeOutput
from flowbook.journal import RunRecord
from flowbook.results import NodeResult

if TYPE_CHECKING:
    from flowbook.workspace.cell import Cell


class PastRun:
    """A run that is read back from the history.

    ``run["fetch"]`` is a node's result: ``status``, ``message``, and ``data`` as it was kept, which is read when it is
    asked for. Iterating gives the ids of the nodes.
    """

    def __init__(
        self, record: RunRecord, output: Callable[[str], list[NodeOutput]], as_cell: Callable[[str], Cell]
    ) -> None:
        """``output`` gives what a node printed and displayed, ``as_cell`` a node that did not succeed as a cell."""
        self.record = record
        self.output = output
        self.as_cell = as_cell

    @property
    def id(self) -> str:
        """Its id in the run history."""
        return self.record.summary.id

    @property
    def workflow(self) -> str:
        """The name of the workflow."""
        return self.record.summary.workflow

    @property
    def status(self) -> str:
        """How it stands in the history: succeeded, failed, cancelled, interrupted or running."""
        return self.record.summary.status

    @property
    def in_history(self) -> bool:
        """It is from there."""
        return True

    @property
    def message(self) -> str:
        """Why it failed; empty when it did not."""
        return self.record.summary.message

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        return self.record.summary.seconds

    @property
    def started_at(self) -> float:
        """When it began, in seconds since the epoch."""
        return self.record.summary.started_at

    @property
    def inputs(self) -> dict[str, Any]:
        """The inputs it ran with; secrets are not among them."""
        return dict(self.record.inputs)

    def __getitem__(self, node: str) -> NodeResult:
        if node not in self.record.node_ids:
            raise NotFound("node", node, self.record.node_ids)
        return self.record.nodes.get(node) or NodeResult("pending")

    def __iter__(self) -> Iterator[str]:
        return iter(self.record.node_ids)

    def __len__(self) -> int:
        return len(self.record.node_ids)

    def clean(self, value: Any) -> Any:
        """What was kept, which has no secrets in it."""
        return value

    def show(self, node: str | None = None) -> Any:
        """What a node printed, displayed and gave, as something that a notebook displays; without one, the run."""
        if node is None:
            return self
        from flowbook.view.report import NodeView

        definition = self.record.definition.get("nodes", {}).get(node, {})
        return NodeView(node, self[node], self.output(node), self.clean, str(definition.get("task", "")))

    def __repr__(self) -> str:
        from flowbook.view.report import run_text

        return run_text(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        from flowbook.view.report import run_html, run_text

        return {"text/html": run_html(self), "text/plain": run_text(self)}
