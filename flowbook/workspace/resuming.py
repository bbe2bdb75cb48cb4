"""What a resumed run keeps of its earlier attempts, what it runs again, and what waits for a person's word. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from flowbook.errors import InputError, InvalidInputs, NotFound, RunHeld
from flowbook.expressions import Bound, Expression
from flowbook.journal import RunRecord, still_going
from flowbook.models import Links, Workflow
from flowbook.plan import Plan, PlannedNode
from flowbook.results import Cause, NodeResult, Source
from flowbook.workspace.earlier import loaded

Fate = Literal["kept", "again", "held"]


@dataclass(frozen=True)
class Resumption:
    """``kept`` are the results that stand, ``accepted`` those of held nodes that a person says have happened."""

    kept: dict[str, NodeResult]
    accepted: dict[str, NodeResult]


def check_resumable(record: RunRecord) -> None:
    """Raise InputError unless the run has ended and left something to do."""
    summary = record.summary
    if summary.status == "running":
        raise still_going(summary.id)
    if summary.status == "succeeded":
        raise InputError(
            f"the run {summary.id} succeeded: there is nothing to resume.",
            f"Start a new run: flowbook run {summary.workflow}",
        )
    if summary.parent:
        outer = summary.parent.rpartition(".")[0]
        raise InputError(
            f"the run {summary.id} was a part of the run {outer}.", f"Resume that one: flowbook runs resume {outer}"
        )


def inputs_again(record: RunRecord, workflow: Workflow, given: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that the run was started with; ``given`` are those whose values the history does not hold.

    Raises InvalidInputs when one of these is missing, and InputError for one that is recorded.
    """
    wanted = {name for name, one in workflow.inputs.items() if one.secret and record.inputs.get(name) is not None}
    wanted.update(record.withheld)
    for name in given:
        if name not in workflow.inputs:
            raise NotFound("input", name, workflow.inputs)
        if name not in wanted:
            raise InputError(
                f"the input {name!r} cannot be changed: a resumed run has the inputs that it was started with.",
                "Leave it out, or start a new run.",
            )
    missing = [name for name in workflow.inputs if name in wanted and name not in given]
    if missing:
        listed = ", ".join(map(repr, missing))
        raise InvalidInputs(
            f"the run history does not hold the value of the input {listed}, since it is secret or no plain data.",
            f"Give it again, as the run had it: -i {missing[0]}=…, or in a JSON object with --inputs FILE|-",
        )
    return {**{name: value for name, value in record.inputs.items() if value is not None}, **given}


def decide(record: RunRecord, plan: Plan, accept: Collection[str] = (), rerun: Collection[str] = ()) -> Resumption:
    """What of a run that ended as interrupted, failed or cancelled stands when it is resumed; all else runs again.

    ``accept`` and ``rerun`` say what became of held nodes. Raises NotFound and InputError for names that make no sense
    there, and RunHeld for held nodes that are in neither.
    """
    _check_names(plan, accept, rerun)
    fates = _fates(record, plan)
    held = {id: _why_held(record.nodes[id]) for id, fate in fates.items() if fate == "held"}
    fates.update({id: "again" for id in rerun if id in held})
    for id, why in _lost(record, plan, fates):
        if id in rerun:
            held[id], fates[id] = why, "again"
        elif _harmless(plan.nodes[plan.index[id]]):
            fates[id] = "again"
        else:
            held[id], fates[id] = why, "held"
    for id in (*accept, *rerun):
        if id not in held:
            status = record.nodes[id].status if id in record.nodes else "pending"
            raise InputError(
                f"the node {id!r} is not held: it is recorded as {status}, so nothing has to be said about it.",
                "Leave it out.",
            )
    unsaid = {id: why for id, why in held.items() if id not in accept and id not in rerun}
    if unsaid:
        raise _refusal(record, plan, unsaid)
    return Resumption(
        {id: loaded(record.nodes[id]) for id, fate in fates.items() if fate == "kept"},
        {id: _accepted(record.nodes[id]) for id in plan.index if id in accept},
    )


def _check_names(plan: Plan, accept: Collection[str], rerun: Collection[str]) -> None:
    for id in (*accept, *rerun):
        if id not in plan.index:
            raise NotFound("node", id, plan.index)
        if id in accept and id in rerun:
            raise InputError(f"the node {id!r} cannot be both accepted and run again.", "Choose one of them.")


def _fates(record: RunRecord, plan: Plan) -> dict[str, Fate]:
    """What is to become of each node by how its record ends, in the order of the plan."""
    before = _links(plan).preceding
    fates: dict[str, Fate] = {}
    for node in plan.nodes:
        found = record.nodes.get(node.id)
        if found is None:
            fates[node.id] = "again"
        elif found.status == "skipped":
            # What it was skipped for must stand too: else it is decided anew.
            fates[node.id] = "kept" if all(fates[id] == "kept" for id in before[node.id]) else "again"
        elif found.status == "succeeded" or (found.status == "failed" and found.handled):
            fates[node.id] = "kept"
        else:
            fates[node.id] = "held" if found.unsure else "again"
    return fates


def _links(plan: Plan) -> Links:
    return Links(plan.index, ((node.id, plan.nodes[edge.target].id) for node in plan.nodes for edge in node.edges))


def _why_held(result: NodeResult) -> str:
    """What is said of a node of which nobody can tell whether it has taken effect."""
    effect = "it may have taken effect"
    if result.cause is Cause.TIMED_OUT:
        return f"{result.message}; {effect}"
    return result.message or effect


def _lost(record: RunRecord, plan: Plan, fates: Mapping[str, Fate]) -> Iterator[tuple[str, str]]:
    """Yield (id, why) of kept nodes whose data is not there and is needed by what runs, until there are none.

    ``fates`` is looked at anew after each: who takes one out of those that are kept may make others needed.
    """
    lost = {id: record.nodes[id].lost for id, fate in fates.items() if fate == "kept" and record.nodes[id].lost}
    while lost:
        needed = _needed(plan, {id for id, fate in fates.items() if fate == "again"})
        id = next((id for id in lost if id in needed), None)
        if id is None:
            return
        yield id, f"its data was {lost.pop(id)}, and what is still to run uses it"


def _needed(plan: Plan, running: Collection[str]) -> set[str]:
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


def _harmless(node: PlannedNode) -> bool:
    return node.effects == "read" or node.disabled or node.pinned is not None


def _accepted(result: NodeResult) -> NodeResult:
    return result.but(
        status="succeeded", message="accepted by hand: it had happened", data=None, cause=Cause.ACCEPTED,
        source=Source.ACCEPTED, handled=False, params=None,
    )  # fmt: skip


def _refusal(record: RunRecord, plan: Plan, unsaid: Mapping[str, str]) -> RunHeld:
    lines = []
    for id in plan.index:
        if id in unsaid:
            happened = "to go on without its data" if record.nodes[id].lost else "if it happened"
            why = unsaid[id].rstrip(".")
            lines.append(f"  {id}: {why}. Give --accept {id} {happened}, or --rerun {id} to run it again.")
    count = "1 node needs" if len(lines) == 1 else f"{len(lines)} nodes need"
    return RunHeld(
        f"the run {record.summary.id} is not resumed yet: {count} your word.\n" + "\n".join(lines),
        unsaid,
        "Look first what happened: only the service knows.",
    )
