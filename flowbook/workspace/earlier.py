"""What earlier runs of a workflow came to, for running a part of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flowbook import expressions
from flowbook.errors import InputError, NotFound, StoreDamaged
from flowbook.journal import RunRecord, WorkspaceJournal
from flowbook.models import Workflow
from flowbook.plan import Plan
from flowbook.records import NamedTuple
from flowbook.results import Cause, NodeResult, Source
from flowbook.validation import Problem

RUNS_LOOKED_AT = 30
_ENDED = frozenset({"succeeded", "failed", "skipped"})


def names_now(record: RunRecord, workflow: Workflow) -> dict[str, str]:
    """What nodes of a run are called now, by the ids that they had in it; only those that have another id now."""
    if workflow.nodes.keys() >= set(record.node_ids):
        return {}
    from flowbook.view.differences import renamed  # only where something was renamed

    try:
        return renamed(record.workflow, workflow)
    except StoreDamaged:
        return {}


def results_now(record: RunRecord, workflow: Workflow) -> dict[str, NodeResult]:
    """The results of a run by the ids that its nodes have now."""
    names = names_now(record, workflow)
    return {names.get(id, id): result for id, result in record.nodes.items()}


def earlier_records(journal: WorkspaceJournal, workflow: Workflow, nodes: Iterable[str]) -> dict[str, NodeResult]:
    """The newest record of each of these nodes that has ended, among the last runs of a workflow."""
    missing = set(nodes)
    found: dict[str, NodeResult] = {}
    for summary in journal.runs(workflow=workflow.name, limit=RUNS_LOOKED_AT) if missing else ():
        try:
            records = results_now(journal.run(summary.id), workflow)
        except (StoreDamaged, NotFound):
            continue  # what is wrong with one run is in the way of no other; another process may delete one
        for id in [id for id in missing if id in records and records[id].status in _ENDED]:
            found[id] = records[id]
            missing.discard(id)
        if not missing:
            break
    return found


class LastValues(NamedTuple):
    """What the last runs of a workflow gave: ``records`` by node id, and the ``inputs`` and ``run`` of the last one."""

    records: Mapping[str, NodeResult]
    inputs: Mapping[str, Any]
    run: str = ""

    def with_pins(self, workflow: Workflow) -> LastValues:
        """The same where what is pinned stands in for what nodes gave: a run would use that."""
        pins = pinned_results(workflow)
        return self._replace(records={**self.records, **pins}) if pins else self


def last_values(journal: WorkspaceJournal, workflow: Workflow, run: str = "") -> LastValues:
    """The values that a workflow's last runs left in the run history, or one ``run`` of them alone."""
    if run:
        record = journal.run(run)
        ended = {id: result for id, result in results_now(record, workflow).items() if result.status in _ENDED}
        return LastValues(ended, record.inputs, record.summary.id)
    runs = journal.runs(workflow=workflow.name, limit=1)
    if not runs:
        return LastValues({}, {})
    try:
        inputs = journal.run(runs[0].id).inputs
    except (StoreDamaged, NotFound):
        inputs = {}
    return LastValues(earlier_records(journal, workflow, workflow.nodes), inputs, runs[0].id)


def pinned_results(workflow: Workflow, nodes: Iterable[str] | None = None) -> dict[str, NodeResult]:
    """What the nodes (those named, or all) with pinned data give, without a run."""
    wanted = workflow.nodes if nodes is None else nodes
    return {
        id: NodeResult("succeeded", data=pinned, cause=Cause.PINNED, source=Source.PINNED)
        for id in wanted
        if (pinned := workflow.nodes[id].pinned) is not None
    }


def results_for(journal: WorkspaceJournal, workflow: Workflow, plan: Plan, only: str) -> dict[str, NodeResult]:
    """The earlier results that the node ``only`` uses when it runs alone.

    Raises InputError when one that it needs is not there, or its data was not kept.
    """
    before = workflow.upstream(only)
    pins = pinned_results(workflow, before)
    records = {**earlier_records(journal, workflow, before - set(pins)), **pins}
    remedy = f"Run up to {only!r} instead."
    for id in sorted(_needed(plan) & before):
        if id not in records:
            raise InputError(f"{only!r} uses the result of {id!r}, which has not run yet.", remedy)
        omitted = records[id].omitted
        if omitted is not None:
            raise InputError(f"{only!r} uses the data of {id!r}, which was {omitted['why']}.", remedy)
    return {id: loaded(result) for id, result in records.items()}  # code may ask for one that no expression names


def loaded(result: NodeResult) -> NodeResult:
    """A result of the history for a run that goes on from it: with its data at hand, unless that is lost."""
    return result.but(source=_again(result), **({} if result.lost else {"data": result.data}))


def _again(result: NodeResult) -> Source:
    return Source.EARLIER if result.source is Source.RUN else result.source


def _needed(plan: Plan) -> set[str]:
    """The nodes that the expressions of the plan's nodes cannot do without."""
    found: set[str] = set()
    for node in plan.nodes:
        for given in (node.params, node.when, node.for_each, node.until):
            if isinstance(given, (expressions.Bound, expressions.Expression)):
                found |= given.references - given.optional_references
    return found


def concerns(problem: Problem, workflow: Workflow, to: str | None, only: str | None) -> bool:
    """Whether a problem keeps that part of a workflow from running."""
    if not problem.node or (to is None and only is None):
        return True
    part = {only} if only is not None else {to, *workflow.upstream(str(to))}
    return part.issuperset(problem.node.split("→"))
