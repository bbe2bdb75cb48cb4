"""Running one task as the engine would: typed, checked against the contract, with what it printed."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import io
import traceback as traceback_module
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from flowbook.catalog import Catalog, Folder
from flowbook.errors import FlowbookError, NotFound
from flowbook.tasks.context import Context, running_as
from flowbook.tasks.contract import Result, check_result, failure_of
from flowbook.tasks.reading import read_task
from flowbook.tasks.spec import TaskSpec


class Outcome(Result):
    """The :class:`~flowbook.tasks.Result` of a task, with what else was seen of its call.

    ``output`` is what it printed, to stdout and stderr; ``progress`` a list of the (done, total, text) that it
    reported, where total is None when it is not known; ``traceback`` the text of an unexpected exception's, else
    empty.
    """

    __slots__ = ("output", "progress", "traceback")

    def __init__(
        self, result: Result, output: str, progress: list[tuple[float, float | None, str]], traceback: str
    ) -> None:
        super().__init__(result.success, result.message, result.data, permanent=result.permanent)
        self.output = output
        self.progress = progress
        self.traceback = traceback


def load_folder(path: str | Path) -> Folder:
    """The integration folder at ``path``, read anew: its tasks, credentials and problems.

    A folder that cannot be imported has its ``problem``. Raises NotFound when there is no folder.
    """
    folder = Path(path).absolute()
    if not folder.is_dir():
        raise NotFound("folder", str(path))
    return Catalog(environ={}, extra=(folder,)).folder(folder.name)


def run_task(
    task: Callable[..., Any] | TaskSpec | str | tuple[str | Path, str],
    credentials: Mapping[str, Any] | Any = None,
    params: Mapping[str, Any] | Any = None,
    **context: Any,
) -> Outcome:
    """Call a task as a run would, and return what came of it; an exception becomes a failed result.

    ``task`` is the function itself, ``(folder, "send_message")`` with a folder's path, or "slack.send_message" for one
    that the catalog finds from here. ``context`` are fields of :class:`~flowbook.tasks.Context`, such as ``run_id``,
    ``attempt``, ``root`` or ``stop``. Raises NotFound for a folder or task that is not there, CatalogError for a folder
    that cannot be imported, and TypeError for what is no field of a context.
    """
    progress: list[tuple[float, float | None, str]] = []
    context.setdefault("progress", lambda done, total, text: progress.append((done, total, text)))
    outcome = run_in(Context(**context), _spec_of(task), credentials, params)
    outcome.progress = progress
    return outcome


def run_in(context: Context, spec: TaskSpec, credentials: Any, params: Any) -> Outcome:
    """:func:`run_task` of a task that was found already, in a context that was made already."""
    output = io.StringIO()
    trace = ""
    with running_as(context), contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            arguments = spec.signature.arguments(credentials or {}, params or {})
            result = check_result(spec.function_name, _finished(spec.function(*arguments)))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the contract: every error becomes a failed result
            result = failure_of(error)
            if not isinstance(error, FlowbookError):
                trace = traceback_module.format_exc()
    return Outcome(result, output.getvalue(), [], trace)


def _spec_of(task: Any) -> TaskSpec:
    if isinstance(task, TaskSpec):
        return task
    if isinstance(task, str):
        return Catalog(Path.cwd()).task(task)
    if isinstance(task, tuple):
        folder, name = task
        loaded = load_folder(folder)
        return Catalog(environ={}, extra=(loaded.path,)).task(f"{loaded.name}.{name}")
    return read_task("test", getattr(task, "__name__", "task"), task)


def _finished(returned: Any) -> Any:
    """What a task returned, waited for if it is asynchronous; inside a running event loop a thread waits."""
    if not inspect.isawaitable(returned):
        return returned

    async def wait() -> Any:
        return await returned

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(wait())
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, wait()).result()
