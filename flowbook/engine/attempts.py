"""One attempt at a node's task: from its params to what it gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flowbook.engine.agenda import Action
from flowbook.engine.calls import FLUSH_SECONDS, Call, Output
from flowbook.engine.decisions import holds
from flowbook.engine.fan import Fan
from flowbook.engine.outcome import Redact
from flowbook.engine.telling import Telling
from flowbook.errors import ExpressionError, FlowbookError
from flowbook.plan import PlannedNode
from flowbook.results import Cause
from flowbook.tasks import Context, Result
from flowbook.tasks.stop import Stop

FAN_PARAMS = 20


class Unit:
    """Something a worker does next: begin a node (attempt 0), or make one call of it."""

    __slots__ = ("attempt", "fan", "index", "item", "node", "params")

    def __init__(self, node: PlannedNode, attempt: int = 0, fan: Fan | None = None, index: int | None = None) -> None:
        self.node = node
        self.attempt = attempt
        self.fan = fan
        self.index = index
        self.item: Any = None
        self.params: Any = None

    def again(self) -> Unit:
        """The next attempt at the same."""
        following = Unit(self.node, self.attempt + 1, self.fan, self.index)
        following.item = self.item
        return following


class Attempts:
    """Makes the calls of one run.

    ``scope`` are the names that expressions see, ``context`` makes a task's :class:`~flowbook.tasks.Context` of what
    belongs to its call alone, ``later(seconds, action)`` has an action done while the run goes on.
    """

    def __init__(
        self,
        scope: Mapping[str, Any],
        connect: Callable[[PlannedNode], Mapping[str, Any]],
        context: Callable[..., Context],
        telling: Telling,
        redact: Redact,
        later: Callable[[float, Action], None],
    ) -> None:
        self._scope = scope
        self._connect = connect
        self._context = context
        self._telling = telling
        self._redact = redact
        self._later = later

    def call_of(self, unit: Unit, stop: Stop) -> Call:
        """The call that a unit of work stands for, with somewhere for its output to go; not yet made."""
        call = Call(unit.node, unit.attempt, unit.index, stop)
        call.output = Output(self._emitter_of(call), self._redact, self._flush_later)
        return call

    def result_of(self, unit: Unit, call: Call) -> Result:
        """Make the call; what it gave, or why it could not be made.

        Leaves the params in ``unit``, and why it ended so in ``call``.
        """
        node = unit.node
        names = self._scope
        if unit.fan is not None:
            names = {**names, "item": unit.item, "index": unit.index}
        try:
            params = {} if node.params is None else self._params(unit, names)
            credentials = self._connect(node)
        except ExpressionError as error:
            call.cause = Cause.EXPRESSION
            return Result.failed(f"its params could not be evaluated: {error}")
        except FlowbookError as error:
            call.cause = Cause.REFUSED
            return Result.failed(str(error))
        progress = self._progress_of(call)
        context = self._context(node.id, unit.attempt, unit.index, stop=call.stop, progress=progress)
        result = call.make(dict(credentials), params, context)
        if node.until is not None and result.success:
            return _until(node, names, result, call)
        return result

    def _params(self, unit: Unit, names: Mapping[str, Any]) -> dict[str, Any]:
        """The params of one call, remembered for the events."""
        assert unit.node.params is not None
        params: dict[str, Any] = unit.node.params.evaluate(names)
        unit.params = dict(params)  # a task may take things out of what it was given
        if unit.fan is not None and unit.attempt == 1 and len(unit.fan.params) < FAN_PARAMS:
            unit.fan.params.append(unit.params)
        return params

    def _emitter_of(self, call: Call) -> Callable[[str, str, dict[str, Any] | None], None]:
        def emit(stream: str, text: str, bundle: dict[str, Any] | None) -> None:
            if not call.muted:
                self._telling.printed(call.node.id, stream, text, bundle, call.index)

        return emit

    def _flush_later(self, output: Output) -> None:
        self._later(FLUSH_SECONDS, output.flush)

    def _progress_of(self, call: Call) -> Callable[[float, float | None, str], None]:
        def progress(done: float, total: float | None, text: str) -> None:
            if not call.muted and call.index is None:
                self._telling.progressed(call.node.id, done, total, self._redact(text) if text else "")

        return progress


def _until(node: PlannedNode, names: Mapping[str, Any], result: Result, call: Call) -> Result:
    """``result``, or a failure that has it retried when ``until`` is not true yet."""
    try:
        if holds(node.until, {**names, "result": dict(result)}):
            return result
    except ExpressionError as error:
        call.cause = Cause.EXPRESSION
        return Result.failed(f"'until' could not be evaluated: {error}", result.data)
    call.cause = Cause.CONDITION
    return Result.failed(f"'until' is not true yet ({result.message})", result.data)
