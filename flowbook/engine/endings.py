"""How nodes of a run end: the results of those that are decided without a call, and of those that were called."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flowbook.calling import Redact
from flowbook.engine.attempts import Unit
from flowbook.engine.decisions import holds
from flowbook.engine.fan import Fan
from flowbook.engine.rehearsing import STOPS
from flowbook.engine.scope import REUSED
from flowbook.engine.settling import Settling
from flowbook.errors import ExpressionError
from flowbook.plan import PlannedNode
from flowbook.results import Cause, NodeResult, NodeStatus, Reuse, Source
from flowbook.tasks import Intent

Recall = Callable[[PlannedNode, Mapping[str, Any]], tuple[Reuse | None, NodeResult | None]]
"""Why a node with a ``cache`` is reused or runs, and the result that is reused; the names are what expressions see."""


class Endings:
    """Makes the results of one run's nodes; ``started`` holds when each of them did, by its place in the plan."""

    def __init__(
        self, settling: Settling, names: Mapping[str, Any], redact: Redact, recall: Recall | None, rehearsing: bool
    ) -> None:
        self._settling = settling
        self._scope = names
        self._redact = redact
        self._recall = recall
        self._rehearsing = rehearsing
        self.started: dict[int, float] = {}
        self._clock: dict[int, float] = {}  # how long something took is no matter of what the clock is set to
        self._reuse: dict[int, Reuse] = {}
        self._intents: dict[int, list[Intent]] = {}

    def of(
        self,
        node: PlannedNode,
        status: NodeStatus,
        cause: Cause,
        message: str,
        data: Any = None,
        attempts: int = 0,
        params: Any = None,
        source: Source = Source.RUN,
        worker: str = "",
    ) -> NodeResult:
        """How a node ended, now."""
        started = self.started.get(node.index)
        seconds = time.monotonic() - self._clock.get(node.index, time.monotonic())
        return NodeResult(
            status, message, data, attempts, seconds, started, cause=cause, source=source, effects=node.effects,
            params=params, reuse=self._reuse.get(node.index), worker=worker,
            intents=tuple(self._intents.get(node.index, ())) if self._intents else (),
        )  # fmt: skip

    def begin(self, node: PlannedNode) -> float:
        """Note that a node starts now, in seconds since the epoch."""
        self.started[node.index] = now = time.time()
        self._clock[node.index] = time.monotonic()
        return now

    def of_item(self, unit: Unit, fan: Fan, status: NodeStatus, cause: Cause, message: str, data: Any) -> NodeResult:
        """How the call for an item ended, now."""
        seconds = time.monotonic() - unit.clock if unit.started else 0.0
        return NodeResult(
            status, message, data, unit.attempt, seconds, unit.started, cause=cause, effects=fan.node.effects,
            params=unit.params, worker=unit.worker,
        )  # fmt: skip

    def note_intents(self, node: PlannedNode, intents: Iterable[Intent]) -> None:
        """Keep what a node's call would have done, for its result."""
        self._intents.setdefault(node.index, []).extend(map(self._without_secrets, intents))

    def without_running(self, node: PlannedNode) -> NodeResult | None:
        """How a node ends that is decided without a call; None when it is to run."""
        if node.disabled:
            return self._passed_on(node)
        if node.when is not None:
            try:
                if not holds(node.when, self._scope):
                    return self.of(node, "skipped", Cause.CONDITION, "its condition ('when') is false")
            except ExpressionError as error:
                return self.unclear(node, f"its condition ('when') could not be evaluated: {error}")
        if node.pinned is not None:
            data = copy.deepcopy(node.pinned)
            return self.of(node, "succeeded", Cause.PINNED, "pinned data was used", data, source=Source.PINNED)
        if self._recall is not None and node.reusable_for is not None:
            return self._recalled(node, self._recall)
        return None

    def _recalled(self, node: PlannedNode, recall: Recall) -> NodeResult | None:
        """What an earlier run made of it, where that can be reused; why it cannot is remembered for its result."""
        reuse, earlier = recall(node, self._scope)
        if reuse is not None:
            self._reuse[node.index] = reuse
        if earlier is None:
            return None
        message = f"{REUSED}{earlier.message}"
        return self.of(
            node, "succeeded", Cause.REUSED, message, earlier.data, params=earlier.params, source=Source.REUSED
        )

    def unclear(self, node: PlannedNode, why: str) -> NodeResult:
        """How a node ends of which an expression could not be evaluated: it fails, but in a dry run that just ends."""
        if self._rehearsing:
            return self.of(node, "succeeded", Cause.REHEARSED, self._redact(f"{STOPS}{why}"))
        return self.of(node, "failed", Cause.EXPRESSION, self._redact(why))

    def _passed_on(self, node: PlannedNode) -> NodeResult:
        """What a disabled node hands on."""
        before = self._settling.passed_to(node)
        message, data = "disabled", None
        if before is not None:
            message, data = f"disabled: {before.message}".rstrip(": "), before.data
        return self.of(node, "succeeded", Cause.DISABLED, message, data, source=Source.PASSED)

    def _without_secrets(self, intent: Intent) -> Intent:
        kind, target, action, detail = intent
        return Intent(kind, self._redact(target), self._redact(action), self._redact.redact_json(dict(detail)))
