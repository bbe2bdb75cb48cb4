"""Resuming a run together with the runs inside of it: those that its nodes made of other workflows. Pure.

What is held inside is named by the node (or item) and what is held there: ``sub/send``, ``each[2]/send``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from flowbook.errors import InputError
from flowbook.journal import RunRecord, RunSummary
from flowbook.journal.inputs import keep_inputs
from flowbook.json_text import parse_json
from flowbook.plan import Plan
from flowbook.trust.permit import OWN, Permit
from flowbook.validation import bind_inputs
from flowbook.workspace.resuming import Place, Resumption, Unsaid, consider, name_of, place_of, refusal

RUNS_WORKFLOW = "core.run_workflow"
"""The task that does nothing but run another workflow once: the record of that run says all that it has done.

That is not so of ``core.repeat``, which makes several: it is gone on with like any task that changes something.
"""


@dataclass(frozen=True)
class Ended:
    """A run that is to be resumed, what it may do, and those inside of it that are, by the place that made them."""

    record: RunRecord
    plan: Plan
    inside: dict[Place, list[Ended]] = field(default_factory=dict)
    permit: Permit = OWN


@dataclass(frozen=True)
class GoingOn:
    """What was decided of such a run, and of those inside of it."""

    record: RunRecord
    plan: Plan
    decided: Resumption
    inside: dict[Place, list[GoingOn]]
    permit: Permit = OWN

    def take(self, place: Place, workflow: str, inputs: Mapping[str, Any]) -> GoingOn | None:
        """The run inside that a place made of a workflow with these inputs; each is given once."""
        for one in self.inside.get(place, ()):
            if one.record.summary.workflow == workflow and _same_inputs(one.record, inputs):
                self.inside[place].remove(one)
                return one
        return None


def decide_all(
    run: Ended, accept: Collection[str], rerun: Collection[str], given: Mapping[str, Any] | None = None
) -> GoingOn:
    """What becomes of a run and all inside of it. Raises as :func:`~flowbook.workspace.resuming.decide`."""
    going, unsaid = _consider(run, accept, rerun, given or {})
    if unsaid:
        raise refusal(run.record, unsaid)
    return going


def places_of(record: RunRecord, plan: Plan, children: Collection[RunSummary]) -> dict[Place, list[RunSummary]]:
    """The runs inside that are to be gone on with: the last that each place made, where that does not stand itself.

    Of runs of Flowbook 0.1 the items of a ``for_each`` node cannot be told apart, so there are none of it.
    """
    last: dict[tuple[Place, str], RunSummary] = {}
    for child in children:
        place = place_of(child.parent[len(record.summary.id) + 1 :])
        node = plan.nodes[plan.index[place[0]]] if place[0] in plan.index else None
        if node is not None and node.task == RUNS_WORKFLOW and (node.for_each is not None) == (place[1] is not None):
            last[place, child.workflow] = child
    found: dict[Place, list[RunSummary]] = {}
    for (place, _), child in last.items():
        if not _stands(record, place):
            found.setdefault(place, []).append(child)
    return found


def may_be_given(run: Ended) -> dict[str, str]:
    """What did not succeed in a run and inside of it, by the names that results are given by, each with how it ended.

    A node, its items (``each[2]``), and what is in the run that it made (``sub/send``); a node that failed and was
    handled only as a whole.
    """
    found: dict[str, str] = {}
    for node in run.plan.nodes:
        result = run.record.nodes.get(node.id)
        if result is not None and result.success:
            continue
        found[node.id] = "pending" if result is None else result.message or result.status
        if result is not None and result.handled:
            continue
        for item, call in run.record.items.get(node.id, {}).items():
            if not call.result.success:
                found[name_of(node.id, item)] = call.result.message or call.result.status
        for place, several in run.inside.items():
            for one in several if place[0] == node.id else ():
                found.update({f"{name_of(*place)}/{name}": how for name, how in may_be_given(one).items()})
    return found


def _stands(record: RunRecord, place: Place) -> bool:
    id, item = place
    result = record.nodes.get(id)
    if result is not None and (result.success or result.handled):
        return True
    call = None if item is None else record.items.get(id, {}).get(item)
    return call is not None and call.result.success


def _consider(
    run: Ended, accept: Collection[str], rerun: Collection[str], given: Mapping[str, Any] | None = None
) -> tuple[GoingOn, dict[str, Unsaid]]:
    given = given or {}
    own = [[name for name in words if not _is_inside(run, name)] for words in (accept, rerun)]
    here = {name: data for name, data in given.items() if not _is_given_inside(run, name)}
    decided, unsaid = consider(run.record, run.plan, own[0], own[1], tuple(run.inside), here)
    inside: dict[Place, list[GoingOn]] = {}
    for place, ended in run.inside.items():
        if place[0] in here or name_of(*place) in here:
            _check_not_both(place, given)
            continue  # what was done there does not matter any more
        for one in ended:
            going, held = _consider(
                one, _words_for(place, one, accept), _words_for(place, one, rerun), _given_for(place, given)
            )
            inside.setdefault(place, []).append(going)
            unsaid.update({f"{name_of(*place)}/{name}": why for name, why in held.items()})
    return GoingOn(run.record, run.plan, decided, inside, run.permit), unsaid


def _is_inside(run: Ended, name: str) -> bool:
    """Whether a name means something inside of a run that a node made, or all of it."""
    first, _, rest = name.partition("/")
    places = [place for place in run.inside if first in (place[0], name_of(*place))]
    return bool(places) and (bool(rest) or any(_held_in(one) for place in places for one in run.inside[place]))


def _named(place: Place) -> str:
    return name_of(*place)


def _is_given_inside(run: Ended, name: str) -> bool:
    """Whether a name means something inside of a run that a node made. Raises InputError when there is no such run."""
    first, inner, _ = name.partition("/")
    if not inner:
        return False
    if first not in map(_named, run.inside):
        there = ", ".join(sorted(map(_named, run.inside))) or "none"
        raise InputError(
            f"{name!r} names something in a run that {first!r} made, and there is none to go on with.",
            f"Nodes and items with such a run: {there}. What succeeded in one, or as a whole, is not set.",
        )
    return True


def _given_for(place: Place, given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given for the inside of a place, by its names there."""
    start = f"{name_of(*place)}/"
    return {name[len(start) :]: data for name, data in given.items() if name.startswith(start)}


def _check_not_both(place: Place, given: Mapping[str, Any]) -> None:
    inner = next(iter(_given_for(place, given)), None)
    if inner is not None:
        name = name_of(*place)
        raise InputError(f"a result is given for {name!r} and for {name}/{inner} inside of it.", "Choose one of them.")


def _words_for(place: Place, run: Ended, words: Collection[str]) -> list[str]:
    """What is said of what is held inside of one run; of the place as a whole, it is said of all of it."""
    whole = name_of(*place)
    if whole in words or place[0] in words:
        return list(_held_in(run))
    return [name[len(whole) + 1 :] for name in words if name.startswith(f"{whole}/")]


def _held_in(run: Ended) -> dict[str, Unsaid]:
    return _consider(run, (), ())[1]


def _same_inputs(record: RunRecord, inputs: Mapping[str, Any]) -> bool:
    kept = parse_json(keep_inputs(bind_inputs(record.workflow, inputs), lambda value: value)[0])
    known = record.inputs.keys() | kept.keys()
    return all(record.inputs.get(name) == kept.get(name) for name in known if name not in record.withheld)
