"""``for_each``: one node, many calls."""

from __future__ import annotations

import copy
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from flowbook import expressions
from flowbook.counting import counted
from flowbook.engine.rehearsing import Stopped
from flowbook.errors import ExpressionError
from flowbook.plan import PlannedNode
from flowbook.results import Cause, ItemResults, NodeStatus, digest_of
from flowbook.tasks import Result


class Fan:
    """The calls of a ``for_each`` node: which come next, how they ended; the node's data in the list's order.

    At most ``most`` of them, or of batches of them, go on at the same time: these are its ``lanes``. ``returned`` are
    calls that came back unbegun, ``left`` is how many have not begun. ``workers`` are who made calls elsewhere.

    ``recorded`` are calls of an earlier attempt at the run that succeeded: those for the same items stand.
    """

    __slots__ = (
        "_cancelled", "_failed", "_following", "_lock", "_stand", "_stopped", "attempts", "data", "digests", "done",
        "items", "lanes", "left", "most", "node", "params", "rehearsed", "returned", "workers",
    )  # fmt: skip

    def __init__(self, node: PlannedNode, items: Sequence[Any], recorded: ItemResults) -> None:
        self.node = node
        self.items = items
        self.digests = [digest_of(item) for item in items]
        self.data: list[Any] = [None] * len(items)
        self.attempts = 1
        self.params: dict[int, Any] = {}
        self.rehearsed = 0
        self._stopped: dict[int, str] = {}
        self.lanes = self.most = 0
        self.returned: list[Any] = []
        self.workers: dict[str, None] = {}
        self._stand = {
            index for index, one in recorded.items() if index < len(items) and one.digest == self.digests[index]
        }
        for index in self._stand:
            self.data[index] = recorded[index].result.data
        self.done = len(self._stand)
        self.left = len(items) - self.done
        self._following = -1
        self._failed: dict[int, tuple[str, Cause]] = {}
        self._cancelled = False
        self._lock = threading.Lock()
        self._advance()

    def first_params(self) -> list[Any] | None:
        """What the first calls were given, in the list's order, however they overtook each other; None for nothing."""
        return [self.params[index] for index in sorted(self.params)] or None

    def widen(self, workers: int) -> int:
        """Have as many calls go on at the same time as may now, of those still to make; how many more these are."""
        self.most = min(self.node.max_parallel or workers, workers)
        more = max(min(self.most - self.lanes, self.left), 0)
        self.lanes += more
        return more

    def next(self) -> tuple[int, Any]:
        """The index and item of the next call."""
        index = self._following
        self._advance()
        self.left -= 1
        return index, self.items[index]

    def _advance(self) -> None:
        self._following += 1
        while self._following in self._stand:
            self._following += 1

    def take_back(self, unit: Any) -> None:
        """Have a call made later that came back unbegun."""
        self.returned.append(unit)
        self.left += 1

    def give_again(self) -> Any:
        """The first of the calls that came back, which is made now."""
        self.left -= 1
        return self.returned.pop(0)

    def has_next(self) -> bool:
        """Whether there are calls that have not begun."""
        return self.left > 0

    def finish(self, index: int, attempts: int, status: NodeStatus, result: Result, cause: Cause) -> int:
        """Take in how one call ended; how many have ended now."""
        with self._lock:
            self.data[index] = result.data
            self.rehearsed += cause is Cause.REHEARSED
            self._cancelled |= status == "cancelled"
            if isinstance(result, Stopped):
                self._stopped[index] = result.message
            if not result.success:
                self._failed[index] = (result.message, cause)
            self.attempts = max(self.attempts, attempts)
            self.done += 1
            return self.done

    def outcome(self) -> tuple[NodeStatus, Cause, str, list[Any] | None]:
        """Status, cause, message and data of the node once all its calls have ended."""
        total = len(self.items)
        if self.rehearsed and not self._failed:
            made = self.rehearsed - len(self._stopped)
            said = [f"{counted(made, 'call')} would be made"] if made else []
            if self._stopped:
                said.append(f"{self._stopped[min(self._stopped)]} ({len(self._stopped)} of {counted(total, 'call')})")
            return "succeeded", Cause.REHEARSED, "; ".join(said), self._examples()
        if not self._failed:
            return "succeeded", Cause.RETURNED, f"{counted(total, 'call')} succeeded", self.data
        if self._cancelled:
            causes = {cause for _, cause in self._failed.values()}
            cause = Cause.CANCELLED if Cause.CANCELLED in causes else Cause.REFUSED
            succeeded = counted(total - len(self._failed), "call")
            return "cancelled", cause, f"cancelled after {succeeded} of {total} had succeeded", self.data
        first = min(self._failed)
        why, cause = self._failed[first]
        message = f"{len(self._failed)} of {counted(total, 'call')} failed; the first was index {first}: {why}"
        return "failed", cause, message, self.data

    def _examples(self) -> list[Any] | None:
        """What a dry run hands on: the examples of the task, where it has one."""
        return None if any(one is None for one in self.data) else self.data


_NEVER_CHANGED = frozenset({str, int, float, bool, type(None)})


def items_of(node: PlannedNode, scope: Mapping[str, Any]) -> Sequence[Any]:
    """The list that a node is called for each item of; ExpressionError when the expression gives none."""
    given = node.for_each
    if not isinstance(given, expressions.Expression):
        given = given or []
        return list(given) if all(type(one) in _NEVER_CHANGED for one in given) else copy.deepcopy(given)
    value = expressions.plain(given.evaluate(scope))
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Sequence):
        kind = "nothing (null)" if value is None else f"a {type(value).__name__}"
        raise ExpressionError(
            f"{given.source!r} gives {kind}, not a list.", given.source, "For an object use keys(…) or values(…)."
        )
    return value
