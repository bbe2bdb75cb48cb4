"""Which executors a run has: those it is asked for, else what the workspace's settings say.

``{"executor": "processes=4"}`` in ``.flowbook/settings.json``: as ``--executor`` of ``flowbook run``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flowbook.calling.executors import RunExecutors, asked_for
from flowbook.engine.placing import place_of
from flowbook.errors import InputError
from flowbook.paths import SETTINGS, text_in
from flowbook.plan import Plan
from flowbook.workspace.options import RunOptions


@contextmanager
def executing(options: RunOptions, plan: Plan, folder: Path | None) -> Iterator[RunOptions]:
    """The options with the executors that the plan needs, which are there; they are closed again if the block fails.

    Of the workspace with that ``.flowbook`` folder; None for one in memory. A run that is inside of another has its
    executors. Raises InputError when there is no such executor, or it cannot be used.
    """
    if options.rehearse or options.taping is not None:  # a cassette is in this process, and so are its calls
        yield options._replace(executor=None)
        return
    given = options.executor
    inside = isinstance(given, RunExecutors)
    executors = given if inside else RunExecutors(asked_for(_setting(folder) if given is None else given))
    try:
        for place in {place_of(node, executors.chosen) for node in plan.nodes} - {"here"}:
            executors.at(place)
        yield options._replace(executor=executors)
    except BaseException:
        if not inside:
            executors.close()
        raise


def _setting(folder: Path | None) -> Any:
    if folder is None:
        return None
    try:
        settings = json.loads(text_in(folder / SETTINGS))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"the settings {str(folder / SETTINGS)!r} cannot be read: {error}.") from None
    given = settings.get("executor") if isinstance(settings, dict) else None
    if given is not None and not isinstance(given, str):
        raise InputError(
            f"the settings {str(folder / SETTINGS)!r} are not understood.", 'Write {"executor": "processes=4"}.'
        )
    return given
