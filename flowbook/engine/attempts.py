"""One attempt at a node: from its params to the order for a caller, and what it gave."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from flowbook.calling import Answer, Call, Caller, Connected, Order, Redact, RunFacts
from flowbook.engine.agenda import Action
from flowbook.engine.decisions import holds
from flowbook.engine.fan import Fan
from flowbook.engine.rehearsing import rehearsable
from flowbook.engine.telling import Telling
from flowbook.errors import ExpressionError, FlowbookError
from flowbook.plan import PlannedNode
from flowbook.results import Cause
from flowbook.tasks import Intent, Result
from flowbook.tasks.shared import Shared
from flowbook.tasks.stop import Stop

if TYPE_CHECKING:
    from flowbook.calling.processes import InProcesses

FAN_PARAMS = 20
Connect = Callable[[PlannedNode], Mapping[str, Any] | Connected]
"""What gives a node its credentials, and says what it may reach with them."""


class Unit:
    """Something a worker does next: begin a node (attempt 0), or make one call of it."""

    __slots__ = ("attempt", "fan", "index", "item", "node", "params", "started")

    def __init__(self, node: PlannedNode, attempt: int = 0, fan: Fan | None = None, index: int | None = None) -> None:
        self.node = node
        self.attempt = attempt
        self.fan = fan
        self.index = index
        self.item: Any = None
        self.params: Any = None
        self.started = 0.0

    def again(self) -> Unit:
        """The next attempt at the same."""
        following = Unit(self.node, self.attempt + 1, self.fan, self.index)
        following.item, following.started = self.item, self.started
        return following


class Attempts:
    """Has the calls of one run made by ``caller``, those of isolated nodes in processes, and hears what they tell.

    ``scope`` are the names that expressions see, ``facts`` what every order of this run says, ``later(seconds,
    action)`` has an action done while the run goes on.
    """

    def __init__(
        self,
        caller: Caller,
        facts: RunFacts,
        scope: Mapping[str, Any],
        connect: Connect,
        telling: Telling,
        redact: Redact,
        later: Callable[[float, Action], None],
        run_workflow: Callable[..., Any] | None,
    ) -> None:
        self.redact = redact
        self.shared = Shared(redact.add)
        self.later = later
        self._caller = caller
        self._isolated: InProcesses | None = None
        self._making = threading.Lock()
        self._facts = facts
        self._scope = scope
        self._connect = connect
        self._telling = telling
        self._run_workflow = run_workflow

    def call_of(self, unit: Unit, stop: Stop) -> Call:
        """The call that a unit of work stands for; not yet made."""
        return Call(unit.node.spec, unit.node.id, unit.index, stop, self, self._run_workflow)

    def answer_to(self, unit: Unit, call: Call) -> Answer:
        """Have the call made; what it gave, or why it could not be made. Leaves the params in ``unit``."""
        node = unit.node
        names = self._scope
        if unit.fan is not None:
            names = {**names, "item": unit.item, "index": unit.index}
        try:
            params = {} if node.params is None else self._params(unit, names)
            connected = self._connect(node)
        except ExpressionError as error:
            if self._facts.rehearsing:
                return Answer(Result.ok(f"a dry run stops here: {error}"), Cause.REHEARSED)
            return Answer(_refused(f"its params could not be evaluated: {error}"), Cause.EXPRESSION)
        except FlowbookError as error:
            return Answer(_refused(str(error)), Cause.REFUSED)
        if self._facts.rehearsing and not rehearsable(node, params):
            return _not_called(node, params)
        integration = node.integration or ""
        if not isinstance(connected, Connected):
            connected = Connected(connected)
        credentials = dict(connected.credentials)
        order = Order(
            node.task, node.id, unit.attempt, unit.index, params, credentials, self._facts, integration,
            connected.limits,
        )  # fmt: skip
        # A tape is in this process: so are the calls that it keeps or answers.
        isolated = node.isolate and self._facts.tape is None
        answer = (self._processes() if isolated else self._caller).make(order, call)
        if node.until is not None and answer.result.success:
            return _until(node, names, answer)
        return answer

    def _params(self, unit: Unit, names: Mapping[str, Any]) -> dict[str, Any]:
        """The params of one call, remembered for the events."""
        assert unit.node.params is not None
        params: dict[str, Any] = unit.node.params.evaluate(names)
        unit.params = dict(params)  # a task may take things out of what it was given
        if unit.fan is not None and unit.index is not None and unit.attempt == 1 and len(unit.fan.params) < FAN_PARAMS:
            unit.fan.params[unit.index] = unit.params
        return params

    def _processes(self) -> InProcesses:
        """Who makes the calls of nodes that have processes of their own."""
        with self._making:
            if self._isolated is None:
                from flowbook.calling.processes import InProcesses  # most runs do without

                self._isolated = InProcesses()
            return self._isolated

    def close(self) -> None:
        """There are no more calls: end the processes that were kept for them."""
        if self._isolated is not None:
            self._isolated.close()

    # -- what calls tell -----------------------------------------------------------------------------------------

    def printed(self, call: Call, stream: str, text: str, bundle: dict[str, Any] | None) -> None:
        """Tell what a call printed or displayed."""
        self._telling.printed(call.node_id, stream, text, bundle, call.index)

    def progressed(self, call: Call, done: float, total: float | None, text: str) -> None:
        """Tell how far a call is."""
        self._telling.progressed(call.node_id, done, total, text)


def _not_called(node: PlannedNode, params: Mapping[str, Any]) -> Answer:
    """What is said of a task in a dry run that is not called, since only it knows what it does."""
    kind, what = ("code", "run code") if node.spec.runs_code else ("task", f"call {node.task}")
    intent = Intent(kind, node.integration or "", what, {"task": node.task, "params": dict(params)})
    return Answer(Result.ok(f"would {intent.sentence}"), Cause.REHEARSED, (intent,))


def _refused(why: str) -> Result:
    """A call that could not be made, nor could it at another try: neither results nor credentials change in a run."""
    return Result.failed(why, permanent=True)


def _until(node: PlannedNode, names: Mapping[str, Any], answer: Answer) -> Answer:
    """``answer``, or a failure that has it retried when ``until`` is not true yet."""
    result = answer.result
    try:
        if holds(node.until, {**names, "result": dict(result)}):
            return answer
    except ExpressionError as error:
        return Answer(Result.failed(f"'until' could not be evaluated: {error}", result.data), Cause.EXPRESSION)
    return Answer(Result.failed(f"'until' is not true yet ({result.message})", result.data), Cause.CONDITION)
