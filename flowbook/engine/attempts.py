"""One attempt at a node: from its params to the order for a caller, and what it gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flowbook.calling import Answer, Call, Caller, Connected, Ended, Executor, Late, Order, Redact, RunFacts, would
from flowbook.engine.agenda import Action
from flowbook.engine.decisions import holds
from flowbook.engine.fan import Fan
from flowbook.engine.rehearsing import rehearsable, stopped
from flowbook.engine.telling import Telling
from flowbook.errors import ExpressionError, FlowbookError, TaskFailed
from flowbook.plan import PlannedNode
from flowbook.results import Cause, Stored
from flowbook.tasks import Intent, Result, failure_of
from flowbook.tasks.context import SubWorkflows
from flowbook.tasks.shared import AtEnd, Shared
from flowbook.tasks.stop import Stop

FAN_PARAMS = 20
Connect = Callable[[PlannedNode], Mapping[str, Any] | Connected]
"""What gives a node its credentials, and says what it may reach with them."""


_NONE: frozenset[str] = frozenset()


class Unit:
    """Something a worker does next: begin a node (attempt 0), or make one call of it.

    ``alone`` says that its call travels with no other, ``in_lane`` that it is the one by which a lane of its ``fan``
    goes on, ``worker`` who made it elsewhere, and ``took`` in how many seconds, without the way. ``along`` are the
    nodes that it goes along with, itself included; it follows one of them.
    """

    __slots__ = (
        "alone", "along", "attempt", "clock", "fan", "in_lane", "index", "item", "node", "params", "started", "took",
        "worker",
    )  # fmt: skip

    def __init__(self, node: PlannedNode, attempt: int = 0, fan: Fan | None = None, index: int | None = None) -> None:
        self.node = node
        self.attempt = attempt
        self.fan = fan
        self.index = index
        self.item: Any = None
        self.params: Any = None
        self.started = self.clock = 0.0
        self.alone = False
        self.in_lane = True
        self.along: frozenset[str] = _NONE
        self.worker = ""
        self.took: float | None = None

    @staticmethod
    def next_of(fan: Fan) -> Unit:
        """The next call of a ``for_each`` node, of which there is one."""
        if fan.returned:
            returned: Unit = fan.give_again()
            return returned
        index, item = fan.next()
        unit = Unit(fan.node, 1, fan, index)
        unit.item = item
        return unit

    def again(self) -> Unit:
        """The next attempt at the same."""
        following = Unit(self.node, self.attempt + 1, self.fan, self.index)
        following.item, following.started, following.clock = self.item, self.started, self.clock
        return following


class Attempts:
    """Has the calls of one run made, those of a node by ``caller_of`` it, and hears what they tell.

    ``scope`` are the names that expressions see, ``facts`` what every order of this run says, ``later(seconds,
    action)`` has an action done while the run goes on, ``follows_undone`` says whether something before a node was left
    out by a dry run.
    """

    def __init__(
        self,
        caller_of: Callable[[PlannedNode], Caller],
        facts: RunFacts,
        scope: Mapping[str, Any],
        connect: Connect,
        telling: Telling,
        redact: Redact,
        later: Callable[[float, Action], None],
        run_workflow: SubWorkflows | None,
        at_end: AtEnd | None = None,
        follows_undone: Callable[[PlannedNode], bool] = lambda node: False,
    ) -> None:
        self.redact = redact
        self.shared = Shared(redact.add, at_end)
        self.later = later
        self._caller_of = caller_of
        self._facts = facts
        self._scope = scope
        self._connect = connect
        self._telling = telling
        self._run_workflow = run_workflow
        self._follows_undone = follows_undone

    def call_of(self, unit: Unit, stop: Stop) -> Call:
        """The call that a unit of work stands for; not yet made."""
        return Call(unit.node.spec, unit.node.id, unit.index, stop, self, self._run_workflow)

    def answer_to(self, unit: Unit, call: Call) -> Answer:
        """Have the call made; what it gave, or why it could not be made. Leaves the params in ``unit``."""
        order = self._order(unit, call)
        if isinstance(order, Answer):
            return order
        answer = self._caller_of(unit.node).make(order, call)
        unit.took = call.took
        return self._checked(unit, answer)

    def answers_to(self, units: Sequence[tuple[Unit, Call]], ended: Ended) -> None:
        """As :meth:`answer_to` for several calls of one executor, which travel together."""
        sent: list[tuple[int, Order, Call]] = []
        for place, (unit, call) in enumerate(units):
            order = self._order(unit, call)
            if not isinstance(order, Answer):
                sent.append((place, order, call))
                continue
            if not unit.along:
                ended(place, order)
            if units[-1][0].along:  # what comes of those that go along is not known before they are reached
                for left in range(place if unit.along else place + 1, len(units)):
                    ended(left, None)
                break

        def pass_on(number: int, answer: Answer | None) -> None:
            place = sent[number][0]
            ended(place, None if answer is None else self._checked(units[place][0], answer))

        if sent:
            caller = self._caller_of(units[0][0].node)
            assert isinstance(caller, Executor)
            caller.make_all([(order, call) for _, order, call in sent], pass_on)

    def _names(self, unit: Unit) -> Mapping[str, Any]:
        """The names that expressions of the call see."""
        return self._scope if unit.fan is None else {**self._scope, "item": unit.item, "index": unit.index}

    def _order(self, unit: Unit, call: Call) -> Order | Answer:
        """The order for a call; what comes of it when it cannot be made, or need not be."""
        node = unit.node
        names = self._names(unit)
        try:
            params = {} if node.params is None else self._params(unit, names)
            connected = self._connect(node)
        except ExpressionError as error:
            if self._facts.rehearsing:
                return stopped(str(error))
            return Answer(_refused(f"its params could not be evaluated: {error}"), Cause.EXPRESSION)
        except TaskFailed as error:  # a service did not give what its credentials are renewed with
            return Answer(failure_of(error), Cause.RAISED)
        except FlowbookError as error:
            return Answer(_refused(str(error)), Cause.REFUSED)
        if self._facts.rehearsing and isinstance(params, dict) and not rehearsable(node, params):
            return _not_called(node, params)
        integration = node.integration or ""
        if not isinstance(connected, Connected):
            connected = Connected(connected)
        credentials = dict(connected.credentials)
        call.renew = connected.renew
        return Order(
            node.task, node.id, unit.attempt, unit.index, params, credentials, self._facts, integration,
            connected.limits, bool(unit.along),
        )  # fmt: skip

    def _checked(self, unit: Unit, answer: Answer) -> Answer:
        """What came of a call, once ``until`` was looked at."""
        unit.worker = answer.worker
        if answer.params is not None:
            unit.params = answer.params
        if (unit.fan is not None or unit.node.until is not None) and isinstance(answer.result.data, Stored):
            answer = _fetched(answer)
        if not answer.result.success and self._facts.rehearsing and self._follows_undone(unit.node):
            return stopped(f"{answer.result.message} What comes before it was not done, which may be why.")
        if unit.node.until is not None and answer.result.success:
            return _until(unit.node, self._names(unit), answer)
        return answer

    def _late(self, unit: Unit, names: Mapping[str, Any]) -> Late | None:
        """The params of a call that goes to where the data is that they touch; None for all others."""
        node = unit.node
        if node.params is not None and not node.params.references.isdisjoint(unit.along):
            return Late(node.node.params, {**names, "nodes": {}})
        if node.params is None or not getattr(self._caller_of(node), "evaluates", False):
            return None
        nodes = {id: names["nodes"][id] for id in node.params.references if id in names["nodes"]}
        if not any(getattr(one, "stays", False) for one in nodes.values()):
            return None
        return Late(node.node.params, {**names, "nodes": nodes})

    def _params(self, unit: Unit, names: Mapping[str, Any]) -> dict[str, Any] | Late:
        """The params of one call, remembered for the events."""
        assert unit.node.params is not None
        late = self._late(unit, names)
        if late is not None:
            unit.params = dict(late.given)
            return late
        params: dict[str, Any] = unit.node.params.evaluate(names)
        unit.params = dict(params)  # a task may take things out of what it was given
        if unit.fan is not None and unit.index is not None and unit.attempt == 1 and len(unit.fan.params) < FAN_PARAMS:
            unit.fan.params[unit.index] = unit.params
        return params

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
    return would(node.spec, (intent,))


def _refused(why: str) -> Result:
    """A call that could not be made, nor could it at another try: neither results nor credentials change in a run."""
    return Result.failed(why, permanent=True)


def _fetched(answer: Answer) -> Answer:
    """The answer with its data here: what is made one by one is put together here."""
    try:
        data = answer.result.data.load()
    except FlowbookError as error:
        return Answer(Result.failed(f"it was made, and then {error}", permanent=True), Cause.INTERRUPTED)
    return answer._replace(result=Result(**{**answer.result, "data": data}))


def _until(node: PlannedNode, names: Mapping[str, Any], answer: Answer) -> Answer:
    """``answer``, or a failure that has it retried when ``until`` is not true yet."""
    result = answer.result
    try:
        if holds(node.until, {**names, "result": dict(result)}):
            return answer
    except ExpressionError as error:
        return Answer(Result.failed(f"'until' could not be evaluated: {error}", result.data), Cause.EXPRESSION)
    return Answer(Result.failed(f"'until' is not true yet ({result.message})", result.data), Cause.CONDITION)
