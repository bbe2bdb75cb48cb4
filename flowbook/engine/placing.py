"""Who makes the calls of a run's nodes: its own threads, other processes, or a cluster."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping

from flowbook.calling import Caller, Executor, Here, Resizing
from flowbook.calling.executors import Place, RunExecutors
from flowbook.models import SUB_WORKFLOW_TASKS
from flowbook.plan import PlannedNode


def far_places(nodes: Iterable[PlannedNode], chosen: Place) -> Mapping[int, Place]:
    """Where calls of nodes are made, by their place in the plan, when the run was asked to make them at ``chosen``;
    those that are made here are left out.

    What ``where`` says goes first. What needs credentials stays here, where they are; so does what declares that it
    talks to servers or touches files, as it mostly waits, and relative paths start here; and what takes no time.
    """
    if chosen == "here":
        nodes = [node for node in nodes if node.where]
    places = ((node.index, _place_of(node, chosen)) for node in nodes)
    return {index: place for index, place in places if place != "here"}


def _place_of(node: PlannedNode, chosen: Place) -> Place:
    if node.isolate or node.task in SUB_WORKFLOW_TASKS:
        return "here"
    return node.where or (chosen if _worth_sending(node) else "here")


def _worth_sending(node: PlannedNode) -> bool:
    able = node.spec.capabilities
    if node.integration is not None:
        return False
    if node.spec.folder == "core":
        return node.spec.runs_code
    return not able.said or able.runs_code or not (able.network or able.reads or able.writes)


class Placing:
    """Finds who makes the calls of each node: ``caller`` those of all, else the ``executors`` those that go there.

    Isolated nodes have processes of their own; with ``all_here`` nothing leaves this process.
    """

    def __init__(
        self,
        nodes: Iterable[PlannedNode],
        caller: Caller | None,
        executors: RunExecutors | None,
        *,
        all_here: bool = False,
    ) -> None:
        self._caller = caller or Here()
        self._all_here = all_here
        self._making = threading.Lock()
        self._endings: list[Callable[[], object]] = []
        self._isolated: Executor | None = None
        self._far: Mapping[int, Executor] = {}
        if all_here:
            return
        if isinstance(caller, Executor) and caller.slots:
            self._far = dict.fromkeys(far_places(nodes, "processes"), caller)
        elif executors is not None:
            places = far_places(nodes, executors.chosen)
            self._far = {index: executors.at(place) for index, place in places.items()}

    @property
    def dashboard(self) -> str:
        """The address of a page that shows what goes on elsewhere; empty when there is none."""
        return next((page for one in self._far.values() if (page := getattr(one, "dashboard", ""))), "")

    @property
    def slots(self) -> int:
        """How many batches of calls may go on elsewhere at the same time."""
        return sum(one.slots for one in {id(one): one for one in self._far.values()}.values())

    def when_resized(self, action: Callable[[], object]) -> None:
        """Have ``action`` called, from another thread, when ``slots`` has changed, until this is closed.

        Once it is called here, for what changed before it was asked for.
        """
        for one in {id(one): one for one in self._far.values()}.values():
            if isinstance(one, Resizing):
                self._endings.append(one.when_resized(action))
        if self._endings:
            action()

    def far(self, node: PlannedNode) -> bool:
        """Whether the calls of a node are made by an executor, several of which may travel together."""
        return node.index in self._far

    def executor_of(self, node: PlannedNode) -> Executor | None:
        """The executor that makes the calls of a node; None when that is done here."""
        return self._far.get(node.index)

    def caller_of(self, node: PlannedNode) -> Caller:
        """Who makes the calls of a node."""
        if node.isolate and not self._all_here:
            return self._processes()
        return self._far.get(node.index, self._caller)

    def _processes(self) -> Executor:
        """Who makes the calls of nodes that have processes of their own."""
        with self._making:
            if self._isolated is None:
                from flowbook.calling.processes import InProcesses  # most runs do without

                self._isolated = InProcesses()
            return self._isolated

    def close(self) -> None:
        """There are no more calls: end the processes that were kept for them."""
        for end in self._endings:
            end()
        if self._isolated is not None:
            self._isolated.close()
