"""What is known of a workflow that may not be one yet: the parts that could be made, and which could not."""

from __future__ import annotations

from flowbook.errors import FlowbookError
from flowbook.models import Edge, Node, Note, Parameter, Workflow


class Draft:
    """The parts of a workflow. ``edges`` may lead to nowhere, twice, or round in a circle.

    ``undescribed`` are the inputs that are there, but could not be read; ``taskless`` the nodes whose task could not
    (it is :data:`NO_TASK` then); ``broken`` that something else was left out, so that no workflow can be made.
    """

    def __init__(self, workflow: Workflow | None = None) -> None:
        """Empty, or the parts of a workflow that is one."""
        self.workflow = workflow
        self.name = ""
        self.description = ""
        self.inputs: dict[str, Parameter] = {}
        self.undescribed: set[str] = set()
        self.nodes: dict[str, Node] = {}
        self.taskless: set[str] = set()
        self.edges: list[tuple[int, Edge]] = []
        self.layout: dict[str, tuple[float, float]] = {}
        self.notes: dict[str, Note] = {}
        self.broken = False
        if workflow is not None:
            self.name, self.description = workflow.name, workflow.description
            self.inputs, self.nodes = dict(workflow.inputs), dict(workflow.nodes)
            self.edges = list(enumerate(workflow.edges))

    def build(self) -> Workflow | None:
        """The workflow, or None when something was left out or the graph is none."""
        if self.workflow is not None or self.broken:
            return self.workflow
        try:
            return Workflow(
                name=self.name,
                description=self.description,
                inputs=self.inputs,
                nodes=self.nodes,
                edges=tuple(edge for _, edge in self.edges),
                layout=self.layout,
                notes=self.notes,
            )
        except (FlowbookError, ValueError):
            # Edges to nowhere, duplicates and cycles: each is in the report by itself.
            return None


NO_TASK = "unknown.unknown"
