"""What becomes of the nodes of a run that is resumed, by how each ended, and whose data the rest may use. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from flowbook.expressions import Bound, Expression
from flowbook.journal import RunRecord
from flowbook.models import Links
from flowbook.plan import Plan, PlannedNode

Fate = Literal["kept", "again", "held", "given"]


def fates_of(record: RunRecord, plan: Plan, given: Collection[str] = ()) -> dict[str, Fate]:
    """What is to become of each node by how its record ends, in the order of the plan."""
    before = _links(plan).preceding
    fates: dict[str, Fate] = {}
    for node in plan.nodes:
        found = record.nodes.get(node.id)
        if node.id in given:
            fates[node.id] = "given"
        elif found is None:
            fates[node.id] = "again"
        elif found.status == "skipped":
            # What it was skipped for must stand too: else it is decided anew.
            fates[node.id] = "kept" if all(fates[id] == "kept" for id in before[node.id]) else "again"
        elif found.status == "succeeded" or (found.status == "failed" and found.handled):
            fates[node.id] = "kept"
        else:
            fates[node.id] = "again"
    return fates


def _links(plan: Plan) -> Links:
    return Links(plan.index, ((node.id, plan.nodes[edge.target].id) for node in plan.nodes for edge in node.edges))


def needed_by(plan: Plan, running: Collection[str]) -> set[str]:
    """The nodes that those which run, and the conditions of the edges to them, may use the data of."""
    found: set[str] = set()
    for node in plan.nodes:
        if node.id in running:
            for given in (node.params, node.when, node.for_each, node.until):
                if isinstance(given, (Bound, Expression)):
                    found |= given.references
        for edge in node.edges:
            target = plan.nodes[edge.target]
            if target.id in running:
                if isinstance(edge.when, Expression):
                    found |= edge.when.references
                if target.disabled:  # it hands on what the node before it gave
                    found.add(node.id)
    # Code reads any node before it, by a name that it may make up.
    code = [node.id for node in plan.nodes if node.id in running and node.spec.runs_code]
    return found | _links(plan).upstream(*code) if code else found


def harmless(node: PlannedNode) -> bool:
    """Whether a node may run a second time without a word."""
    return node.effects == "read" or node.disabled or node.pinned is not None
