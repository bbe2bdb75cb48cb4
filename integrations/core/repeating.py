"""A loop that carries state: another workflow, run again and again, each round with what the one before gave."""

from __future__ import annotations

from typing import Any

from flowbook import Result, TaskFailed, current, named, task
from flowbook.counting import counted

from .models import Repeat
from .tasks import ran_inside


@task(effects="write", network=False, reads_files=False, writes_files=False, runs_code=False)
def repeat(credentials: object, params: Repeat) -> Result:
    """Run another workflow of this workspace again and again, each round with what the one before gave.

    Data: {"rounds": how many, "nodes": {node id: its data in the last round}, "collected": {place: [value of each
    round]}}; after a failure also "failed": {node id: message}.
    """
    context = current()
    inputs, collected = dict(params.inputs), {place: list[Any]() for place in params.collect}
    for number in range(1, params.most + 1):
        done = ran_inside(params.workflow, inputs)
        for place, values in collected.items():
            values.append(named.at(done["nodes"], place))
        context.progress(number, params.most, "rounds")
        if not truth(named.at(done["nodes"], params.again)):
            data = {"rounds": number, "nodes": done["nodes"], "collected": collected}
            return Result.ok(f"{params.workflow} ran {number} time{'' if number == 1 else 's'}", data)
        inputs |= {name: named.at(done["nodes"], place) for name, place in params.carry.items()}
        if number < params.most and params.wait and not context.sleep(params.wait):
            raise TaskFailed(f"Told to stop after {counted(number, 'round')}")
    data = {"rounds": params.most, "nodes": done["nodes"], "collected": collected}
    raise TaskFailed(f"{params.workflow} is to run again after {params.most} rounds, which are the most it may", data)


def truth(value: Any) -> bool:
    """Whether a value calls for another round: a table or list with something in it does, as any true value."""
    try:
        return bool(value)
    except ValueError:  # a DataFrame or an array, which has no truth of its own
        return len(value) > 0
