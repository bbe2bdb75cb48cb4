"""Making a call: the task is called where its order is, and whatever it does comes back as a result."""

from __future__ import annotations

import contextvars
import copy
import traceback
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from flowbook.calling.order import UNCALLED, Answer, Order, missing_for
from flowbook.calling.routing import Sink, sink
from flowbook.cassettes import enter as enter_tape
from flowbook.cassettes import place_of
from flowbook.errors import FlowbookError, TaskFailed
from flowbook.limits import enter
from flowbook.results import Cause
from flowbook.tasks import Context, Intent, Result, TaskSpec, check_result, failure_of
from flowbook.tasks.context import SubWorkflows, _current
from flowbook.tasks.contract import text_of
from flowbook.tasks.intent import Rehearsal, Rehearsed
from flowbook.tasks.renewing import Renew
from flowbook.tasks.shared import Shared
from flowbook.tasks.stop import Stop

Progress = Callable[[float, float | None, str], None]


def make_call(
    spec: TaskSpec,
    order: Order,
    told: Sink,
    stop: Stop,
    progress: Progress,
    run_workflow: SubWorkflows | None = None,
    shared: Shared | None = None,
    renew: Renew | None = None,
) -> Answer:
    """Call the task ``spec`` as ``order`` says, in this thread; its exception is an answer as well.

    What it prints, displays and its traceback go to ``told``; the routers have to be in place
    (:func:`flowbook.calling.in_place.routed`). ``stop`` tells it to stop, ``run_workflow`` runs its sub-workflows,
    ``shared`` is what the calls of the run keep for each other, ``renew`` gets a new token for one that was refused.
    """
    run = order.run
    rehearsal = Rehearsal() if run.rehearsing else None
    context = Context(
        run.run_id, run.workflow, order.node_id, order.attempt, order.position, run.root, run.inputs, run.nodes,
        stop, progress, run_workflow, shared, (order.task.partition(".")[0], order.integration),
        order.limits, rehearsal, renew,
    )  # fmt: skip
    answer: Answer = contextvars.copy_context().run(_make, spec, order, context, told, stop)
    missed = "" if run.tape is None else run.tape.missed(place_of(context))
    if missed:  # whatever the task, or a library, has made of it
        return Answer(Result.failed(missed, permanent=True), Cause.RAISED)
    return answer if rehearsal is None else _rehearsed(spec, answer, rehearsal)


def _rehearsed(spec: TaskSpec, answer: Answer, rehearsal: Rehearsal) -> Answer:
    """What a task came to in a dry run: whatever it made of being ended, it would have made the call."""
    intents = tuple(rehearsal.intents)
    if not rehearsal.ended:
        return answer._replace(intents=intents)
    return would(spec, intents)


def would(spec: TaskSpec, intents: tuple[Intent, ...]) -> Answer:
    """What a dry run says of a call that is not made: the last of ``intents``, and the example that the task has."""
    on = "" if spec.example is None else "; what follows gets the example of the task"
    return Answer(Result.ok(f"would {intents[-1].sentence}{on}", copy.deepcopy(spec.example)), Cause.REHEARSED, intents)


def _make(spec: TaskSpec, order: Order, context: Context, told: Sink, stop: Stop) -> Answer:
    _current.set(context)
    enter(order.limits)
    if order.run.tape is not None:
        enter_tape(order.run.tape)
    sink.set(told)
    if stop.is_set():
        return UNCALLED
    try:
        returned = spec.function(*spec.signature.arguments(order.credentials, order.params))
        if not isinstance(returned, dict) and _is_awaitable(returned):
            returned = _await(returned, stop)
        _tell_of_caught(returned, told)
        return _answer(check_result(spec.name, returned), Cause.RETURNED)
    except (FlowbookError, Rehearsed) as error:
        if isinstance(error, TaskFailed) and error.__cause__ is not None:  # raised "from" what it is to be known by
            told.traceback(traceback_of(error.__cause__), raised(error.__cause__))
        return _answer(failure_of(error), Cause.RAISED)._replace(missing=missing_for(error))
    except BaseException as error:  # noqa: BLE001 - a task may raise anything; it ends as a failed result
        if stop.is_set() and type(error).__name__ == "CancelledError":
            return Answer(Result.failed("the task was told to stop"), Cause.RAISED)
        told.traceback(traceback_of(error), raised(error))
        failed = failure_of(error)
        traceback.clear_frames(error.__traceback__)
        return Answer(failed, Cause.RAISED, missing=missing_for(error))


def _answer(result: Result, cause: Cause) -> Answer:
    data = result.data
    unsure = not result.success and isinstance(data, dict) and data.get("may_have_taken_effect") is True
    return Answer(result, Cause.UNSURE if unsure else cause)


def _tell_of_caught(returned: Any, told: Sink) -> None:
    """Show where the exceptions come from that a task has caught itself and says its failure with."""
    if type(returned) is dict and returned.get("success") is not True:
        for given in returned.values():
            if isinstance(given, BaseException) and given.__traceback__ is not None:
                told.traceback(traceback_of(given), raised(given))


def _is_awaitable(returned: Any) -> bool:
    import inspect

    return inspect.isawaitable(returned)


def _await(awaitable: Any, stop: Stop) -> Any:
    import asyncio

    loop = asyncio.new_event_loop()
    try:
        task = asyncio.ensure_future(awaitable, loop=loop)

        def cancel() -> None:
            loop.call_soon_threadsafe(task.cancel)

        stop.add(cancel)
        try:
            return loop.run_until_complete(task)
        finally:
            stop.remove(cancel)
    finally:
        try:
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            loop.close()


def raised(error: BaseException) -> dict[str, str]:
    """What an exception is, under the names that a notebook's error has: "ename", "evalue".

    https://jupyter-client.readthedocs.io/en/stable/messaging.html#execution-errors
    """
    kind = type(error)
    home = "" if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}."
    return {"ename": f"{home}{kind.__qualname__}", "evalue": text_of(error)}


_OWN_FOLDERS = (PurePath(__file__).parent, PurePath(__file__).parent.parent / "tasks")


def traceback_of(error: BaseException) -> str:
    """The traceback as text, without the frames that called the task and without locals."""
    described = traceback.TracebackException.from_exception(error, capture_locals=False)
    own = 0
    for frame in described.stack:
        if PurePath(frame.filename).parent not in _OWN_FOLDERS:
            break
        own += 1
    described.stack = traceback.StackSummary.from_list(list(described.stack)[own:])
    return "".join(described.format())
