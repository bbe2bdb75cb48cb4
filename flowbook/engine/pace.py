"""How many calls travel together: as many as take a moment, by how quick those before were."""

from __future__ import annotations

from flowbook.plan import PlannedNode

TOGETHER_SECONDS = 0.1
"""How long the calls that travel together may take: others could make some of them meanwhile."""
ALONG_SECONDS = 1.0
"""How long those may take that go along behind one another, and would wait for each other anyway."""
MOST = 1_000
"""How many they are at most."""
GROWTH = 4
"""How many times as many they are at most as the last time."""


class Pace:
    """Of each task, how many calls travelled together last, and how quick they were. The run's lock is held.

    ``seconds`` is how long they may take together.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._room: dict[str, int] = {}

    def room(self, node: PlannedNode) -> int:
        """How many calls of the node may travel together."""
        return self._room.get(_key(node), 1)

    def note(self, node: PlannedNode, count: int, seconds: float) -> None:
        """Take in how long ``count`` calls took that travelled together."""
        fits = int(self._seconds * count / max(seconds, 1e-6))
        self._room[_key(node)] = max(1, min(fits, count * GROWTH, MOST))

    def slow(self, node: PlannedNode) -> None:
        """One was so slow that others came back: the next ones go alone."""
        self._room[_key(node)] = 1


def _key(node: PlannedNode) -> str:
    """Calls for the items of one node are of a kind, and so are those of one task."""
    return node.id if node.for_each is not None else f"{node.task}()"
