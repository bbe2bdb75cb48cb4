"""Which executors a run has: those it is asked for, else what the workspace's settings say.

``{"executor": "processes=4"}`` in ``.flowbook/settings.json``: as ``--executor`` of ``flowbook run``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flowbook.calling.executors import RunExecutors, asked_for
from flowbook.calling.warm import Warm
from flowbook.engine.placing import far_places
from flowbook.errors import InputError
from flowbook.plan import Plan
from flowbook.workspace.options import RunOptions
from flowbook.workspace.settings import text_setting


@contextmanager
def executing(options: RunOptions, plan: Plan, folder: Path | None, warm: Warm) -> Iterator[RunOptions]:
    """The options with the executors that the plan needs, which are there; they are closed again if the block fails.

    Of the workspace with that ``.flowbook`` folder (None for one in memory), which keeps processes ``warm``. A run that
    is inside of another has its executors. Raises InputError when there is no such executor, or it cannot be used, and
    for a ``max_workers`` that would let nothing begin.
    """
    workers = options.max_workers
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise InputError(f"max_workers: {workers!r} is no number of nodes at a time.", "Give a whole number from 1.")
    if options.rehearse or options.taping is not None:  # a cassette is in this process, and so are its calls
        yield options._replace(executor=None)
        return
    given = options.executor
    inside = isinstance(given, RunExecutors)
    if inside:
        executors = given
    else:
        said = text_setting(folder, "executor", "processes=4") if given is None else given
        executors = RunExecutors(asked_for(said), warm)
    try:
        for place in set(far_places(plan.nodes, executors.chosen).values()):
            executors.at(place)
        yield options._replace(executor=executors)
    except BaseException:
        if not inside:
            executors.close()
        raise
