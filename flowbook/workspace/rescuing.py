"""A node of a run that did not succeed, worked on in a cell: what it was given, and what is given in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from flowbook.engine.fan import items_of
from flowbook.engine.scope import remembered, scope
from flowbook.errors import InputError, NotFound, TaskFailed
from flowbook.expressions import compile_expression, compile_value
from flowbook.installing import has_studio
from flowbook.journal import RunRecord
from flowbook.models import Node
from flowbook.named import FirstNames, written_by_yaml
from flowbook.results import NodeResult, digest_of
from flowbook.workspace.earlier import loaded
from flowbook.workspace.frontend import frontend
from flowbook.workspace.reached import NodeThen, Reached, plainly, reached
from flowbook.workspace.resuming import Rescued, inputs_again, withheld

if TYPE_CHECKING:
    from flowbook.workspace.run import Run
    from flowbook.workspace.workspace import Workspace

Stand = Callable[[Mapping[str, Any], Mapping[str, Any], int | None], tuple[NodeResult, Callable[[Any], Any]]]
"""Makes the node's call: with the run's inputs, these params, and the place in the list of a ``for_each`` node. How it
ended, and what takes secrets out of that."""


class Rescue:
    """What a cell works with that stands in for a node: ``inputs`` and ``nodes`` as the node's own code has them.

    ``rescue.give(data)`` is what it comes to; a notebook shows that with a button, **Continue**, and
    ``rescue.go_on()`` does the same: the run goes on as if the node had given that.
    """

    def __init__(
        self, workspace: Workspace, record: RunRecord, id: str, given: Mapping[str, Any], stand: Stand
    ) -> None:
        """``given`` are inputs that the history does not hold. Raises NotFound, and InputError for a node that
        succeeded.
        """
        if id not in record.node_ids:
            raise NotFound("node", id, record.node_ids)
        result = record.nodes.get(id) or NodeResult("pending")
        if result.success:
            raise InputError(
                f"the node {id!r} succeeded in the run {record.summary.id}: there is nothing to rescue.",
                "Name one that failed, or that did not run.",
            )
        self.workspace = workspace
        self.record = record
        self.id = id
        self.result = result
        self.given: Given | None = None
        self.clean: Callable[[Any], Any] = lambda value: value  # nothing that came from the history holds a secret
        self._inputs_given = dict(given)
        self._stand = stand
        written_by_yaml(FirstNames, Reached)

    @property
    def node(self) -> Node:
        """The node, as the run had it."""
        return self.record.workflow.nodes[self.id]

    @property
    def withheld(self) -> list[str]:
        """The inputs that the history does not hold and nobody gave."""
        return sorted(withheld(self.record, self.record.workflow) - {*self._inputs_given})

    @property
    def inputs(self) -> FirstNames:
        """The inputs of the run. One that the history does not hold is there when it was given to ``ws.rescue``."""
        known = {name: reached(value) for name, value in self._known_inputs().items()}
        withheld = self.withheld

        def absent(name: str) -> str:
            if name in withheld:
                return f"the run history does not hold the input {name!r}: give it, ws.rescue(run, node, {name}=…)."
            return str(NotFound("input", name, known))

        return FirstNames("input", known, absent)

    @property
    def nodes(self) -> FirstNames:
        """The nodes that had ended: ``nodes.fetch.data``."""
        ended = {id: NodeThen(id, one) for id, one in self.record.nodes.items() if id != self.id and _ended(one)}
        return FirstNames("node", ended, lambda name: str(NotFound("node", name, ended)))

    def params(self, index: int | None = None) -> dict[str, Any]:
        """What the node is called with, expressions filled in; of a ``for_each`` node, ``index`` says for which item.

        Raises ExpressionError for what cannot be filled in.
        """
        return {name: self.param(name, index) for name in self.node.params}

    def param(self, name: str, index: int | None = None) -> Any:
        """One of :meth:`params`."""
        if name not in self.node.params:
            raise NotFound("param", name, self.node.params)
        return compile_value(self.node.params[name]).evaluate(self._scope(index))

    def items(self) -> list[Any]:
        """The list that a ``for_each`` node is called for. Raises InputError for another, and ExpressionError."""
        given = self.node.for_each
        if given is None:
            raise InputError(f"the node {self.id!r} has no for_each: it is called once.")
        planned: Any = _ForEach(compile_expression(given) if isinstance(given, str) else given)
        return list(items_of(planned, self._scope(None)))

    def done(self) -> dict[int, Any]:
        """What the calls of a ``for_each`` node that succeeded gave, by their place in the list."""
        items, calls = self.items(), self.record.items.get(self.id, {})
        return {
            index: one.result.data
            for index, one in calls.items()
            if one.result.success and index < len(items) and one.digest == digest_of(items[index])
        }

    def left(self) -> Iterator[tuple[int, Any]]:
        """The places and items of a ``for_each`` node whose calls did not succeed."""
        done = self.done()
        return ((index, reached(item)) for index, item in enumerate(self.items()) if index not in done)

    def call(self, params: Mapping[str, Any] | None = None, index: int | None = None) -> Any:
        """What the node's task gives when it is called with these params, or its own: with its integration, checked as
        in a run, and recorded nowhere. Raises TaskFailed when it fails, Untrusted, and what a start raises.
        """
        params = self.params(index) if params is None else params
        result, self.clean = self._stand(self._all_inputs(), plainly(dict(params)), index)
        if not result.success:
            raise TaskFailed(result.message, result.data)
        return result.data

    def give(self, data: Any) -> Given:
        """Take ``data`` as what the node gives, once the run goes on with it."""
        self.given = Given(self, plainly(data))
        return self.given

    def go_on(self, **options: Any) -> Run:
        """Go on with the run as :meth:`Workspace.resume <flowbook.workspace.Workspace.resume>` does, which ``options``
        are for, with what was given last in the place of the node. Raises InputError when nothing was.
        """
        return self.workspace.resume(self._outermost()[0], **self._resuming(options))

    def start_going_on(self, **options: Any) -> Run:
        """As :meth:`go_on`, but return at once."""
        return self.workspace.start_resuming(self._outermost()[0], **self._resuming(options))

    def __repr__(self) -> str:
        return f"<Rescue of {self.id} in the run {self.record.summary.id} of {self.record.summary.workflow}>"

    def _resuming(self, options: Mapping[str, Any]) -> dict[str, Any]:
        if self.given is None:
            raise InputError(f"nothing was given for the node {self.id!r} yet.", "Give it: rescue.give(data)")
        results = {**(options.get("results") or {}), self._outermost()[1]: Rescued(self.given.data)}
        return {**options, "inputs": {**self._inputs_given, **(options.get("inputs") or {})}, "results": results}

    def _outermost(self) -> tuple[str, str]:
        """The run that is resumed, and the name of the node in it: of one inside of it ``sub/share``."""
        name, parent, run = self.id, self.record.summary.parent, self.record.summary.id
        while parent:
            run, _, place = parent.rpartition(".")
            name, parent = f"{place}/{name}", self.workspace.run_record(run).summary.parent
        return run, name

    def _known_inputs(self) -> dict[str, Any]:
        hidden = withheld(self.record, self.record.workflow)
        return {
            **{name: value for name, value in self.record.inputs.items() if name not in hidden},
            **self._inputs_given,
        }

    def _all_inputs(self) -> dict[str, Any]:
        return inputs_again(self.record, self.record.workflow, self._inputs_given)

    def _scope(self, index: int | None) -> dict[str, Any]:
        ended = {id: remembered(loaded(one)) for id, one in self.record.nodes.items() if id != self.id and _ended(one)}
        summary = self.record.summary
        names = scope({"id": summary.id, "workflow": summary.workflow}, self._known_inputs(), ended)
        return names if index is None else {**names, "item": self.items()[index], "index": index}


class Given:
    """What a cell gives in the place of a node. A notebook shows it with a button that goes on with the run."""

    def __init__(self, rescue: Rescue, data: Any) -> None:
        self.rescue = rescue
        self.data = data

    def __repr__(self) -> str:
        kind = type(self.data).__name__
        size = f" of {len(self.data)}" if hasattr(self.data, "__len__") else ""
        return f"<{self.rescue.id} gives a {kind}{size}; go on with the run: rescue.go_on()>"

    def _ipython_display_(self) -> None:
        from flowbook.workspace.run import in_notebook

        if not in_notebook() or not has_studio():
            raise NotImplementedError  # IPython then shows the text above
        frontend().show_rescue(self)


class _ForEach:
    """What :func:`items_of` asks of a planned node."""

    def __init__(self, for_each: Any) -> None:
        self.for_each = for_each


def _ended(result: NodeResult) -> bool:
    return result.status not in ("pending", "running") and not result.blocked
