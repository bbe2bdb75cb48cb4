"""A call as an order, and what comes of it: plain data, so that it can be made wherever the task is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowbook.errors import FlowbookError
from flowbook.expressions import compile_value
from flowbook.limits import NONE, Limits
from flowbook.records import NamedTuple
from flowbook.results import Cause
from flowbook.tasks import Intent, Result

if TYPE_CHECKING:
    from flowbook.cassettes import Tape
    from flowbook.tasks.renewing import Renew


class RunFacts(NamedTuple):
    """What all calls of a run have in common, as ``current()`` tells it to the task.

    ``nodes`` is what expressions see of the nodes, and grows while the run goes on. ``tape`` keeps what services
    answer, or answers in their place.
    """

    run_id: str
    workflow: str
    root: Path | None
    inputs: Mapping[str, Any]
    nodes: Mapping[str, Any]
    rehearsing: bool = False
    tape: Tape | None = None


class Connected(NamedTuple):
    """What a call gets to work with: the credentials in clear, and what it may reach with them.

    ``renew`` gets a new access token in place of one that the service refused; None where nobody signs in.
    """

    credentials: Mapping[str, Any]
    limits: Limits = NONE
    renew: Renew | None = None

    def __repr__(self) -> str:
        return f"<Connected, {self.limits}>"


class Late(NamedTuple):
    """Params of which some touch data that is not here: they are evaluated where it is.

    ``given`` is what they are written as, ``names`` what their expressions see.
    """

    given: Mapping[str, Any]
    names: Mapping[str, Any]

    def evaluated(self, nodes: Mapping[str, Any]) -> dict[str, Any]:
        """The params, which see ``nodes`` besides: those that have ended since. Raises ExpressionError."""
        names = {**self.names, "nodes": {**self.names["nodes"], **nodes}}
        params: dict[str, Any] = compile_value(dict(self.given)).evaluate(names)
        return params


class Order(NamedTuple):
    """One call of a task. Whoever finds the task by its name can make it: nothing in it belongs to the engine.

    ``position`` is that in a ``for_each`` list, else None; ``integration`` the name of the one whose ``credentials``
    these are, and ``limits`` what the call may reach with them. ``along`` says that it goes along with the one before
    it: it is made by the same worker once that has succeeded. It can be pickled when the data in it can be;
    :meth:`parcel` is what is sent. The credentials are in clear, so an order is never logged, shown or written
    anywhere, and its ``repr`` is without them.
    """

    task: str
    node_id: str
    attempt: int
    position: int | None
    params: dict[str, Any] | Late
    credentials: dict[str, Any]
    run: RunFacts
    integration: str = ""
    limits: Limits = NONE
    along: bool = False

    def parcel(self, *, nodes: bool) -> Order:
        """The order as it is sent elsewhere: with what is known of the nodes now, or without when nothing asks for
        them (see :attr:`TaskSpec.runs_code <flowbook.tasks.TaskSpec>`).
        """
        known = dict(self.run.nodes) if nodes else {}
        return self._replace(run=self.run._replace(inputs=dict(self.run.inputs), nodes=known))

    def __repr__(self) -> str:
        return f"<Order {self.run.workflow}.{self.node_id}: {self.task}, attempt {self.attempt}>"


class Answer(NamedTuple):
    """What came of an order: the task's result, whether it returned or raised, and what it would do in a dry run.

    ``worker`` names the process elsewhere that made the call; empty when it was made in the run's own. ``params`` are
    those that only it knows, since it evaluated them, ``missing`` is a library that was not there.
    """

    result: Result
    cause: Cause = Cause.RETURNED
    intents: tuple[Intent, ...] = ()
    worker: str = ""
    params: Mapping[str, Any] | None = None
    missing: str = ""


def plainly(answer: Answer) -> tuple[str, Any] | None:
    """Message and data of a task that returned that it did what it is for, and nothing more; None for any other answer.

    Nearly all are like that, and to name the classes in each of them would be most of what is sent.
    """
    result, cause, intents, worker, params, missing = answer
    if cause is not Cause.RETURNED or intents or worker or params is not None or missing:
        return None
    plain = type(result) is Result and len(result) == 3 and result["success"] is True
    return (result["message"], result["data"]) if plain else None


UNCALLED = Answer(Result.failed("cancelled before it was called"), Cause.REFUSED)
"""What comes of an order whose call was to stop before it began: nothing was done."""


def missing_for(error: BaseException | None) -> str:
    """The name of the library whose absence an error, or what it came from, is; empty for all others.

    A folder that says it in its own words, as ``raise TaskFailed(…) from None``, is understood, too.
    """
    while error is not None:
        if isinstance(error, ModuleNotFoundError):
            return error.name or ""
        error = error.__cause__ or (error.__context__ if isinstance(error, FlowbookError) else None)
    return ""
