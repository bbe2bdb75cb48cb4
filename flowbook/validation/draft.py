"""What is known of a workflow that may not be one yet: the parts that could be made, and which could not."""

from __future__ import annotations

from dataclasses import dataclass, field

from flowbook.errors import FlowbookError
from flowbook.models import Edge, Node, Note, Parameter, Workflow


@dataclass
class Draft:
    """The parts of a workflow. ``edges`` may lead to nowhere, twice, or round in a circle.

    ``undescribed`` are the inputs that are there, but could not be read; ``taskless`` the nodes whose task could not
    (it is :data:`NO_TASK` then); ``broken`` that something else was left out, so that no workflow can be made.
    """

    name: str = ""
    description: str = ""
    inputs: dict[str, Parameter] = field(default_factory=dict)
    undescribed: set[str] = field(default_factory=set)
    nodes: dict[str, Node] = field(default_factory=dict)
    taskless: set[str] = field(default_factory=set)
    edges: list[tuple[int, Edge]] = field(default_factory=list)
    layout: dict[str, tuple[float, float]] = field(default_factory=dict)
    notes: dict[str, Note] = field(default_factory=dict)
    broken: bool = False
    workflow: Workflow | None = None

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


def draft_of_workflow(workflow: Workflow) -> Draft:
    """The parts of a workflow that is one."""
    return Draft(
        name=workflow.name,
        description=workflow.description,
        inputs=dict(workflow.inputs),
        nodes=dict(workflow.nodes),
        edges=list(enumerate(workflow.edges)),
        workflow=workflow,
    )
