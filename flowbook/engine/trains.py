"""Trains: calls that go along with the one before them, since the worker that made it goes on along plain edges."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from flowbook.engine.attempts import Unit
from flowbook.engine.placing import Placing
from flowbook.plan import Plan, PlannedNode


class Trains:
    """Which nodes go along with one that is called elsewhere, and how far the run has got to know of them.

    One goes along when nothing but the success of the one before it decides that it runs, and there is nothing to be
    recorded before it begins: it reads, without credentials. ``decided`` are the nodes that have a result already.
    The run's lock is held by whoever calls a method.
    """

    def __init__(self, plan: Plan, placing: Placing, decided: Collection[str]) -> None:
        self._nodes = plan.nodes
        self._placing = placing
        self._decided = decided
        self._followers: dict[int, PlannedNode | None] = {}
        self._reached: dict[int, bool] = {}

    def behind(self, node: PlannedNode, most: int) -> list[PlannedNode]:
        """Up to ``most`` nodes that go along with ``node``."""
        found: list[PlannedNode] = []
        ids = {node.id}
        if _goes_far_alone(node):
            return found
        following = self._follower(node)
        while following is not None and len(found) < most and _sees_data_alone(following, ids):
            found.append(following)
            ids.add(following.id)
            following = self._follower(following)
        return found

    def _follower(self, node: PlannedNode) -> PlannedNode | None:
        """The node that may go along right behind ``node``."""
        if node.index not in self._followers:
            self._followers[node.index] = self._found_follower(node)
        return self._followers[node.index]

    def _found_follower(self, node: PlannedNode) -> PlannedNode | None:
        if len(node.edges) != 1 or not node.straight:
            return None
        target = self._nodes[node.edges[0].target]
        able = target.incoming == 1 and target.plain and not target.spec.runs_code and not _goes_far_alone(target)
        same = self._placing.executor_of(target) is self._placing.executor_of(node)
        return target if able and same and target.id not in self._decided else None

    # -- on the way ----------------------------------------------------------------------------------------------

    def depart(self, nodes: Iterable[PlannedNode]) -> None:
        """The nodes have been sent along."""
        self._reached.update((node.index, False) for node in nodes)

    def without_those_along(self, ready: list[Unit]) -> list[Unit]:
        """Of the units that became ready those that are not on their way already; these are reached."""
        if not self._reached:
            return ready
        left = []
        for unit in ready:
            if unit.node.index in self._reached:
                self._reached[unit.node.index] = True
            else:
                left.append(unit)
        return left

    def reached(self, node: PlannedNode) -> bool:
        """Whether a node that was sent along is to run: the one before it has succeeded here, too."""
        return self._reached.get(node.index, False)

    def arrive(self, node: PlannedNode) -> bool:
        """Something came of a node that was sent along, or it came back: whether it was to run."""
        return self._reached.pop(node.index, False)


def _goes_far_alone(node: PlannedNode) -> bool:
    """Whether something is to be recorded, granted or waited for before the call of a node, or around it."""
    return (
        node.effects == "write"
        or node.integration is not None
        or node.retry is not None
        or node.timeout is not None
        or node.for_each is not None
    )


def _sees_data_alone(node: PlannedNode, along: set[str]) -> bool:
    """Whether the params of a node see nothing of those that it goes along with, or nothing else, and only their data.

    Messages may have secrets in them, which are taken out here.
    """
    if node.params is None or node.params.references.isdisjoint(along):
        return True
    if not node.params.references <= along:
        return False
    return not any("message" in expression.source for _, expression in node.params.expressions)
