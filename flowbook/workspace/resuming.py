"""What a resumed run keeps of its earlier attempts, what it runs again, and what waits for a person's word. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from flowbook.counting import counted
from flowbook.errors import InputError, InvalidInputs, NotFound, RunHeld
from flowbook.journal import RunRecord, still_going
from flowbook.models import Workflow
from flowbook.plan import Plan, PlannedNode
from flowbook.records import NamedTuple
from flowbook.results import Cause, ItemResult, NodeResult, Source
from flowbook.workspace.earlier import loaded
from flowbook.workspace.fates import fates_of, harmless, needed_by

Place = tuple[str, int | None]
_ITEM = re.compile(r"(.+)\[(\d{1,9})\]\Z")
_MAY_HAVE = "may have taken effect"
_EFFECT = f"it {_MAY_HAVE}"
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Resumption:
    """``kept`` are the results that stand, ``accepted`` those of held nodes that a person says have happened.

    ``items`` are the calls that stand of nodes with ``for_each`` that run again, ``given`` what a person gave.
    """

    kept: dict[str, NodeResult]
    accepted: dict[str, NodeResult]
    items: dict[str, dict[int, ItemResult]]
    given: dict[str, NodeResult] = field(default_factory=dict)


class Rescued(NamedTuple):
    """What a cell gave in the place of a node, among the results that are given."""

    data: Any


class Unsaid(NamedTuple):
    """Why something is held that nothing was said about, and whether that is since its data is gone."""

    why: str
    lost: bool


def place_of(name: str) -> Place:
    """The node, and the item of it, that ``NODE`` or ``NODE[3]`` names."""
    found = _ITEM.match(name)
    return (found[1], int(found[2])) if found else (name, None)


def name_of(id: str, item: int | None) -> str:
    """How a node, or an item of it, is named."""
    return id if item is None else f"{id}[{item}]"


def check_resumable(record: RunRecord) -> None:
    """Raise InputError unless the run has ended and left something to do."""
    summary = record.summary
    if summary.status == "running":
        raise still_going(summary.id)
    if summary.status == "succeeded":
        raise InputError(
            f"the run {summary.id} succeeded: there is nothing to resume.",
            f"Start a new run: flowbook run {summary.workflow} (or the file, when it was of one).",
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
    wanted = withheld(record, workflow)
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


def withheld(record: RunRecord, workflow: Workflow) -> set[str]:
    """The inputs that the run had and whose values the history does not hold."""
    secret = {name for name, one in workflow.inputs.items() if one.secret and record.inputs.get(name) is not None}
    return secret | {*record.withheld}


def decide(
    record: RunRecord,
    plan: Plan,
    accept: Collection[str] = (),
    rerun: Collection[str] = (),
    given: Mapping[str, Any] = _NOTHING,
) -> Resumption:
    """What of a run that ended as interrupted, failed or cancelled stands when it is resumed; all else runs again.

    ``accept`` and ``rerun`` say what became of what is held: a node, an item of one with ``for_each`` (``NODE[3]``), or
    all its held items (``NODE``). ``given`` is the data of nodes, and of items, that did not succeed: then they did.
    Raises NotFound and InputError for names that make no sense there, and RunHeld for all that is held and in neither,
    with the whole command.
    """
    decided, unsaid = consider(record, plan, accept, rerun, given=given)
    if unsaid:
        raise refusal(record, unsaid)
    return decided


def consider(
    record: RunRecord,
    plan: Plan,
    accept: Collection[str] = (),
    rerun: Collection[str] = (),
    inside: Collection[Place] = (),
    given: Mapping[str, Any] = _NOTHING,
) -> tuple[Resumption, dict[str, Unsaid]]:
    """As :func:`decide`, but what is held and nothing is said about comes back by name in place of being raised.

    ``inside`` are places whose task ran another workflow: what was done there is in the record of that run.
    """
    _check_names(plan, accept, rerun)
    _check_given(record, plan, given, (*accept, *rerun))
    found = _Holds(record, plan, accept, rerun, inside, given)
    superfluous = [name for name in (*accept, *rerun) if not found.is_held(name)]
    if superfluous:
        before = _Holds(record, plan, (), (), inside, given)  # one word can make another needless
        for name in superfluous:
            if not before.is_held(name):
                raise _not_held(record, name)
    decided = Resumption(
        {id: loaded(record.nodes[id]) for id, fate in found.fates.items() if fate == "kept"},
        {id: _accepted(record.nodes[id]) for id in plan.index if (id, None) in found.held and found.accepts(id, None)},
        {id: found.standing(id) for id in found.fans},
        {id: _given(plan.nodes[plan.index[id]], data) for id, data in given.items() if id in plan.index},
    )
    return decided, found.unsaid()


def _check_names(plan: Plan, accept: Collection[str], rerun: Collection[str]) -> None:
    for name in (*accept, *rerun):
        if place_of(name)[0] not in plan.index:
            raise NotFound("node", place_of(name)[0], plan.index)
        if name in accept and name in rerun:
            raise InputError(f"the node {name!r} cannot be both accepted and run again.", "Choose one of them.")


def _check_given(record: RunRecord, plan: Plan, given: Mapping[str, Any], said: Collection[str]) -> None:
    for name in given:
        id, item = place_of(name)
        if id not in plan.index:
            raise NotFound("node", id, plan.index)
        result = record.nodes.get(id)
        if result is not None and result.success:
            raise InputError(
                f"the node {id!r} succeeded: its result stands and is not set.", "Leave it out, or start a new run."
            )
        if item is not None:
            _check_given_item(record, id, item, given)
        elif id in {place_of(one)[0] for one in said}:
            raise InputError(f"a result is given for the node {id!r}: it is not accepted or run again.", "Choose one.")
        if name in said:
            raise InputError(
                f"a result is given for the item {name!r}: it is not accepted or run again.", "Choose one."
            )


def _check_given_item(record: RunRecord, id: str, item: int, given: Mapping[str, Any]) -> None:
    """Raise InputError unless a call for this item was made, did not succeed, and is to be made again."""
    name, calls = name_of(id, item), record.items.get(id, {})
    if id in given:
        raise InputError(f"a result is given for the node {id!r} and for its item {name!r}.", "Choose one of them.")
    result = record.nodes.get(id)
    if result is not None and result.handled:
        raise InputError(
            f"the node {id!r} failed, and that was handled: its calls are not made again.",
            f"Give the data of the whole node: {id}=…",
        )
    if item not in calls:
        known = ", ".join(name_of(id, one) for one in sorted(calls)[:20]) or "none"
        raise InputError(
            f"no call for the item {name!r} is recorded; recorded are: {known}.",
            "Name one of these that did not succeed, or give the data of the whole node.",
        )
    if calls[item].result.success:
        raise InputError(f"the item {name!r} succeeded: its result stands and is not set.", "Leave it out.")


def _not_held(record: RunRecord, name: str) -> InputError:
    id, item = place_of(name)
    result = record.nodes.get(id)
    if item is not None:
        call = record.items.get(id, {}).get(item)
        result = None if call is None else call.result
    status, what = "pending" if result is None else result.status, "node" if item is None else "item"
    return InputError(
        f"the {what} {name!r} is not held: it is recorded as {status}, so nothing has to be said about it.",
        "Leave it out.",
    )


class _Holds:
    """What is to become of each node, and what is held: ``held`` maps a place to why.

    ``fans`` are the nodes with ``for_each`` that run again and whose calls are recorded one by one.
    """

    def __init__(
        self,
        record: RunRecord,
        plan: Plan,
        accept: Collection[str],
        rerun: Collection[str],
        inside: Collection[Place],
        given: Mapping[str, Any] = _NOTHING,
    ) -> None:
        self.fates = fates_of(record, plan, given)
        self.held: dict[Place, str] = {}
        self.fans: list[str] = []
        self._record, self._plan = record, plan
        self._accept, self._rerun = frozenset(accept), frozenset(rerun)
        self._inside = frozenset(inside)
        self._given = given
        self._late = {(one.node_id, one.item): _LEFT[one.cause] for one in record.attempts if one.cause in _LEFT}
        self._dropped: set[Place] = set()
        for node in plan.nodes:
            if self.fates[node.id] == "again" and node.id in record.nodes:
                self._look_at(node, record.nodes[node.id])
        self._hold_what_was_lost()
        order = {place: number for number, place in enumerate(self.held)}
        self.held = dict(sorted(self.held.items(), key=lambda one: (plan.index[one[0][0]], order[one[0]])))

    def accepts(self, id: str, item: int | None) -> bool:
        """Whether a person says that it happened."""
        return name_of(id, item) in self._accept or (id in self._accept and name_of(id, item) not in self._rerun)

    def is_held(self, name: str) -> bool:
        """Whether a name means something that is held."""
        id, item = place_of(name)
        return (id, item) in self.held or (item is None and any(place[0] == id for place in self.held))

    def unsaid(self) -> dict[str, Unsaid]:
        """What is held and nothing was said about, by name."""
        found: dict[str, Unsaid] = {}
        for (id, item), why in self.held.items():
            if not self._said(id, item):
                result = self._record.nodes[id] if item is None else self._record.items[id][item].result
                found[name_of(id, item)] = Unsaid(why, bool(result.lost))
        return found

    def standing(self, id: str) -> dict[int, ItemResult]:
        """The calls of a node that stand."""
        found: dict[int, ItemResult] = {}
        for item, one in self._record.items.get(id, {}).items():
            if name_of(id, item) in self._given:
                node = self._plan.nodes[self._plan.index[id]]
                found[item] = one._replace(result=_given(node, self._given[name_of(id, item)]))
            elif (id, item) in self.held and self.accepts(id, item):
                found[item] = one._replace(result=_accepted(one.result))
            elif one.result.success and (id, item) not in self._dropped and (id, item) not in self.held:
                found[item] = one._replace(result=loaded(one.result))
        return found

    def _said(self, id: str, item: int | None) -> bool:
        names = {id, name_of(id, item)}
        return bool(names & self._accept or names & self._rerun)

    def _look_at(self, node: PlannedNode, result: NodeResult) -> None:
        """Hold a node that runs again, or calls of it, where that may do something twice."""
        id = node.id
        if node.for_each is not None and self._record.by_item:
            self.fans.append(id)
            for item, one in self._record.items.get(id, {}).items():
                why = self._why_unsure(id, item, one.result)
                if why:
                    self.held[id, item] = why
            return
        why = self._why_unsure(id, None, result)
        if not why and node.for_each is not None and _called(result):
            why = f"its calls were not recorded one by one then, and some {_MAY_HAVE}"
        if why:
            self._hold(id, why)

    def _why_unsure(self, id: str, item: int | None, result: NodeResult) -> str:
        """Why nobody can tell whether what did not succeed has taken effect; empty when it has not, or need not."""
        if (id, item) in self._inside or name_of(id, item) in self._given:
            return ""
        if result.unsure:
            late = result.cause is Cause.TIMED_OUT
            return f"{result.message}; {_EFFECT}" if late else result.message or _EFFECT
        if (id, item) in self._late and result.effects == "write" and not result.success:
            return f"an earlier attempt at it {self._late[id, item]}; {_EFFECT}"
        return ""

    def _hold(self, id: str, why: str) -> None:
        self.held[id, None] = why
        self.fates[id] = "again" if id in self._rerun else "held"

    def _hold_what_was_lost(self) -> None:
        """Hold what is kept and writes where its data is gone and used by what may run; what is harmless runs again."""
        fates, record = self.fates, self._record
        lost = {id: record.nodes[id].lost for id, fate in fates.items() if fate == "kept" and record.nodes[id].lost}
        while True:
            may_run = {
                id for id, fate in fates.items() if fate == "again" or (fate == "held" and id not in self._accept)
            }
            needed = needed_by(self._plan, may_run)
            id = next((id for id in lost if id in needed), None)
            if id is None:
                break
            why = _used(lost.pop(id))
            if id not in self._rerun and harmless(self._plan.nodes[self._plan.index[id]]):
                fates[id] = "again"
            else:
                self._hold(id, why)
        for id in self.fans:
            for item, one in record.items.get(id, {}).items():
                if id in needed and one.result.success and one.result.lost:
                    if one.result.effects == "write":
                        self.held[id, item] = _used(one.result.lost)
                    self._dropped.add((id, item))


_LEFT: dict[Cause | None, str] = {
    Cause.TIMED_OUT: "timed out",
    Cause.INTERRUPTED: "lost its process",
    Cause.UNSURE: "did not tell",
}
"""What an attempt did that nobody knows the effect of."""


def _used(lost: str) -> str:
    return f"its data was {lost}, and what is still to run uses it"


def _called(result: NodeResult) -> bool:
    """Whether some call of a node that writes was made."""
    if result.effects != "write" or result.started_at is None:
        return False
    return result.cause not in (Cause.EXPRESSION, Cause.REFUSED, Cause.INTERNAL)


def _accepted(result: NodeResult) -> NodeResult:
    return result.but(
        status="succeeded", message="accepted by hand: it had happened", data=None, cause=Cause.ACCEPTED,
        source=Source.ACCEPTED, handled=False, params=None,
    )  # fmt: skip


def _given(node: PlannedNode, data: Any) -> NodeResult:
    message, cause = "given by hand on resuming", Cause.GIVEN
    if isinstance(data, Rescued):
        message, cause, data = "rescued: a cell gave its result", Cause.RESCUED, data.data
    return NodeResult("succeeded", message, data, cause=cause, source=Source.GIVEN, effects=node.effects)


def refusal(record: RunRecord, unsaid: Mapping[str, Unsaid]) -> RunHeld:
    """The error that names all that is held, with why, what can be said, and the whole command."""
    lines = []
    for name, one in unsaid.items():
        happened, shown = "to go on without its data" if one.lost else "if it happened", shlex.quote(name)
        why = one.why.rstrip(".")
        lines.append(f"  {name}: {why}. Give --accept {shown} {happened}, or --rerun {shown} to run it again.")
    inputs = "".join(f" -i {name}=…" for name in sorted(withheld(record, record.workflow)))
    command = f"flowbook runs resume {record.summary.id}{inputs}"
    accepted = "".join(f" --accept {shlex.quote(name)}" for name in unsaid)
    again = "".join(f" --rerun {shlex.quote(name)}" for name in unsaid)
    count = "1 node needs" if len(lines) == 1 else f"{counted(len(lines), 'node')} need"
    return RunHeld(
        f"the run {record.summary.id} is not resumed yet: {count} your word.\n" + "\n".join(lines),
        {name: one.why for name, one in unsaid.items()},
        "Look first what happened: only the service knows.\n"
        f"If all of it happened: {command}{accepted}\nIf none of it did: {command}{again}",
    )
