"""What follows from the end of a node: which nodes are ready, skipped, or failed by a condition."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from itertools import repeat
from typing import Any

from flowbook.calling import Redact
from flowbook.engine.attempts import Unit
from flowbook.engine.decisions import Broken, Untaken, Verdict, verdicts, why_skipped
from flowbook.engine.rehearsing import STOPS
from flowbook.engine.scope import visible
from flowbook.engine.telling import Telling
from flowbook.plan import Plan, PlannedNode
from flowbook.results import Cause, NodeResult

Ended = tuple[PlannedNode, NodeResult]


class Settling:
    """Takes in how nodes end and decides what depends on them; ``results`` holds every node that is decided.

    ``recorded`` are results of an earlier attempt at the same run: they stand from the beginning, whatever the edges
    to those nodes say, and what their own edges decide is decided when all before them is. ``lock`` is the run's;
    ``names`` are what expressions see of nodes, ``scope`` all that they see.
    """

    def __init__(
        self,
        plan: Plan,
        lock: threading.Lock,
        telling: Telling,
        redact: Redact,
        names: dict[str, Any],
        scope: Mapping[str, Any],
        recorded: Mapping[str, NodeResult],
        rehearsing: bool = False,
    ) -> None:
        self.results: dict[str, NodeResult] = dict(recorded)
        self.unhandled: list[str] = []
        self.over = False
        self._plan = plan
        self._lock = lock
        self._telling = telling
        self._redact = redact
        self._names = names
        self._scope = scope
        self._recorded = frozenset(recorded)
        self._rehearsing = rehearsing
        self._missing = [node.incoming for node in plan.nodes]
        self._untaken: dict[int, Untaken] = {}
        self._undone: set[int] = set()
        self._passed: dict[int, int] = {node.index: len(plan.nodes) for node in plan.nodes if node.disabled}

    def first(self) -> tuple[int, list[Unit]]:
        """How many nodes are decided before any has run, and the units that can begin. Tells what was recorded."""
        roots = [node for node in self._plan.nodes if not node.incoming]
        if not self._recorded:
            return 0, [Unit(node) for node in roots]
        for node in self._plan.nodes:
            if node.id in self._recorded:
                self._telling.finished(node.id, self.results[node.id])
        kept = [(node, self.results[node.id]) for node in roots if node.id in self._recorded]
        decided, ready = self.settle(kept)
        return decided, [Unit(node) for node in roots if node.id not in self._recorded] + ready

    def passed_to(self, node: PlannedNode) -> NodeResult | None:
        """What the first node gave whose edge to ``node`` was taken; None when there is no such edge."""
        first = self._passed[node.index]
        return None if first == len(self._plan.nodes) else self.results[self._plan.nodes[first].id]

    def follows_undone(self, node: PlannedNode) -> bool:
        """Whether something that comes before a node, however far, was left out by a dry run."""
        return node.index in self._undone

    def settle(self, waiting: list[Ended]) -> tuple[int, list[Unit]]:
        """Record results and decide what follows: how many nodes are decided by it, and the units that are ready.

        Skips (and conditions that cannot be evaluated) are decided here too, one after the other, so that a long
        chain of them needs no recursion. Events are told before anything that depends on them starts.
        """
        ready: list[Unit] = []
        decided, recorded = 0, self._recorded
        edges: Iterable[Verdict | Broken]
        while waiting:
            here, how = waiting.pop()
            stands = bool(recorded) and here.id in recorded
            if not stands:
                self._names[here.id] = visible(how)
            if how.status != "succeeded" or not here.straight:
                how, edges = verdicts(here, how, self._scope)
            else:
                edges = repeat("taken", len(here.edges))
            with self._lock:
                if self.over or (here.id in self.results and not stands):
                    continue
                self.results[here.id] = how
                decided += 1
                if how.status == "failed" and not how.handled:
                    self.unhandled.append(here.id)
                self._decide(here, edges, ready, waiting)
            if not stands:
                self._telling.finished(here.id, how)
        return decided, ready

    def _decide(
        self, node: PlannedNode, edges: Iterable[Verdict | Broken], ready: list[Unit], waiting: list[Ended]
    ) -> None:
        """Give the targets of a node's edges their verdicts; sort those now decided. The lock is held."""
        missing, untaken, passed = self._missing, self._untaken, self._passed
        if self._rehearsing and (node.index in self._undone or self.results[node.id].cause is Cause.REHEARSED):
            self._undone.update(edge.target for edge in node.edges)
        for edge, verdict in zip(node.edges, edges, strict=True):
            index = edge.target
            if verdict != "taken":
                untaken.setdefault(index, Untaken()).admit(verdict, node.id)
            elif passed and index in passed:
                passed[index] = min(passed[index], node.index)
            missing[index] -= 1
            if missing[index]:
                continue
            target = self._plan.nodes[index]
            if target.id in self._recorded:
                waiting.append((target, self.results[target.id]))
                continue
            skipped = self._skipped(target, untaken[index]) if index in untaken else None
            if skipped is None:
                ready.append(Unit(target))
            else:
                waiting.append((target, skipped))

    def _skipped(self, target: PlannedNode, untaken: Untaken) -> NodeResult | None:
        """How a node ends to which not every edge was taken; None when it runs all the same."""
        if untaken.broken is not None:
            return self._broken(target, self._redact(untaken.broken))
        why = why_skipped(target, untaken)
        return None if why is None else NodeResult("skipped", why[0], cause=why[1], effects=target.effects)

    def _broken(self, target: PlannedNode, why: str) -> NodeResult:
        """How a node ends when the condition of an edge to it could not be evaluated."""
        if self._rehearsing:
            return NodeResult("skipped", f"{STOPS}{why}", cause=Cause.REHEARSED, effects=target.effects)
        return NodeResult("failed", why, cause=Cause.EXPRESSION, effects=target.effects)
