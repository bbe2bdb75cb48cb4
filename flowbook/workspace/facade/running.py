"""What a workspace offers to run a workflow."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from flowbook.engine.interrupts import interrupts_kept
from flowbook.errors import AlreadyRunning, NotFound
from flowbook.events import Event
from flowbook.models import Workflow
from flowbook.workspace.facade.parts import Parts
from flowbook.workspace.limits import Limit
from flowbook.workspace.notebook import run_to_its_end
from flowbook.workspace.options import RunOptions
from flowbook.workspace.reading import Given
from flowbook.workspace.run import Run
from flowbook.workspace.runs_given import GivenRun, id_of
from flowbook.workspace.said import Said, Trust
from flowbook.workspace.starting import Ready
from flowbook.workspace.turns import turn

if TYPE_CHECKING:
    from flowbook.workspace.sweep import Sweep
    from flowbook.workspace.taping import Place, Taping


class RunningFacade(Parts):
    """Runs, sweeps and resumed runs."""

    def run(
        self,
        workflow: Given,
        inputs: Mapping[str, Any] | None = None,
        *,
        to: str | None = None,
        only: str | None = None,
        fresh: bool = False,
        timeout: float | None = None,
        dry_run: bool = False,
        max_workers: int = 8,
        executor: Any = None,
        watch: Callable[[Event], None] | None = None,
        sha256: str | None = None,
        record: Place | None = None,
        replay: Place | None = None,
        **more_inputs: Any,
    ) -> Run:
        """Run a workflow and wait for it: a stored one by name, a ``.flow.yaml`` file by path, or a Workflow.

        Raises RunFailed (its ``run`` holds every node's result) or RunCancelled; before that InvalidWorkflow,
        InvalidInputs, or MissingCredentials and the other VaultErrors: Untrusted for a workflow that came from
        elsewhere and asks for what nobody consented to (:meth:`review`). ``sha256`` has just what was looked at run
        once. Ctrl-C cancels the run.

        ``to`` runs that node and what is before it; ``only`` that node alone, with what those before it gave when
        they ran last (InputError when they have not). With ``fresh`` nodes with a ``cache`` run too, whatever is
        known of them. A run that is not over after ``timeout`` seconds is cancelled. Inputs that are called as one of
        these go into ``inputs``.

        ``executor`` is where calls are made: "threads" of this process, "processes" or "processes=4" beside it, "dask",
        "dask=tcp://…" or a Client of Dask. Nodes may say ``where`` themselves. Without one it is what the workspace's
        settings say, else threads. InputError when it cannot be used.

        With ``dry_run`` what reads is called, and what would change anything outside only says what it would do
        (``run["send"].intents``); what depends on its data stops there. Nothing is recorded in the history.

        ``record`` is a file, a cassette, that what services answer is kept in, without secrets; with ``replay`` the run
        is answered by it: nothing leaves the machine, and nothing is recorded in the history. What is not on it fails
        its node. With both, nodes with a ``cache`` run, and nodes that are ``isolate`` run in this process.
        """
        given, limit = {**(inputs or {}), **more_inputs}, Limit(timeout)
        options = RunOptions(to, only, fresh, dry_run, max_workers, watch, executor, _taping(record, replay))
        ready = self._starter.new(workflow, given, options, Trust(sha256=sha256))
        limit.watch(ready[0])
        with limit.explaining():
            return run_to_its_end(*ready)

    def start(
        self,
        workflow: Given,
        inputs: Mapping[str, Any] | None = None,
        *,
        to: str | None = None,
        only: str | None = None,
        fresh: bool = False,
        timeout: float | None = None,
        dry_run: bool = False,
        max_workers: int = 8,
        executor: Any = None,
        watch: Callable[[Event], None] | None = None,
        sha256: str | None = None,
        restricted: bool = False,
        **more_inputs: Any,
    ) -> Run:
        """As :meth:`run`, but return at once: ``run.wait()``, ``run.cancel()``, ``run.status``.

        A Workflow object is trusted, as whoever has one can do all; ``restricted`` has it asked about like a file.
        """
        options = RunOptions(to, only, fresh, dry_run, max_workers, watch, executor)
        return self._begin(workflow, {**(inputs or {}), **more_inputs}, options, Trust(restricted, sha256), timeout)

    def _begin(
        self, workflow: Given, inputs: Mapping[str, Any], options: RunOptions, trust: Trust, timeout: float | None
    ) -> Run:
        limit = Limit(timeout)
        run = _in_background(self._starter.new(workflow, inputs, options, trust))
        limit.watch(run)
        return run

    def sweep(
        self,
        workflow: Given,
        inputs: Mapping[str, Any] | None = None,
        *,
        parallel: int = 4,
        timeout: float | None = None,
        max_workers: int = 8,
        executor: Any = None,
        **more_inputs: Any,
    ) -> Sweep:
        """Run a workflow with every combination of the lists (or ranges, or columns) that are given for its inputs.

        ``ws.sweep("sales", minimum=range(0, 100, 10), city=["Rome", "Oslo"])`` makes twenty runs, ``parallel`` of them
        at a time, each in the run history; anything else is the same for all, and an input that is a list itself is
        given in a list of one. ``.to_frame("sums")`` has their inputs, how they ended and a node's data as a table.

        A run that fails is a row. Raises InvalidWorkflow and the like before anything runs, NotFound for an input that
        there is not, and RunCancelled after Ctrl-C, which cancels what goes on: its ``run`` is the sweep so far.
        """
        from flowbook.workspace.sweep import Sweeping, grid

        reading = self._reader.read(workflow)
        if reading.workflow is None:
            raise reading.refusal()
        flow, given = reading.workflow, {**(inputs or {}), **more_inputs}
        for name in given:
            if name not in flow.inputs:
                raise NotFound("input", name, flow.inputs)
        options = RunOptions(max_workers=max_workers, executor=executor)
        start = functools.partial(self._begin, workflow, options=options, trust=Trust(), timeout=timeout)
        return Sweeping(flow.name, grid(given), start, parallel).run()

    def resume(
        self,
        run: GivenRun,
        inputs: Mapping[str, Any] | None = None,
        *,
        accept: Collection[str] = (),
        rerun: Collection[str] = (),
        results: Mapping[str, Any] | None = None,
        max_workers: int = 8,
        executor: Any = None,
        watch: Callable[[Event], None] | None = None,
        sha256: str | None = None,
        **more_inputs: Any,
    ) -> Run:
        """Go on with a run that failed, was cancelled or interrupted, and wait for it; ``run`` is its id, the beginning
        of it or "last", or the run itself.

        It keeps its id, its inputs and the definition that it ran with. What is recorded as done stays done; what
        failed, was in flight or did not start runs. Only secret inputs are given again, since they are not recorded.

        Nodes, and items of ``for_each`` nodes (``NODE[3]``), that were in flight and write are held: name them in
        ``accept`` (it happened) or ``rerun`` (run it again),
        else RunHeld names them. ``results`` gives the data of nodes that did not succeed, by id, of items
        (``NODE[3]``) and of nodes inside of runs that nodes made (``SUB/NODE``): they count as succeeded then, and the
        history says that it was given. ``sha256`` as in :meth:`run`. Raises InputError when the run succeeded or still
        goes on; else as :meth:`run`.
        """
        options = RunOptions(max_workers=max_workers, watch=watch, executor=executor)
        said = Said(_several(accept), _several(rerun), results or {}, sha256)
        with interrupts_kept() as interrupts_call:  # it is recorded as going on before it does
            ready = self._starter.again(id_of(run), {**(inputs or {}), **more_inputs}, options, said)
            interrupts_call(ready[0].cancel)
            return run_to_its_end(*ready)

    def start_resuming(
        self,
        run: GivenRun,
        inputs: Mapping[str, Any] | None = None,
        *,
        accept: Collection[str] = (),
        rerun: Collection[str] = (),
        results: Mapping[str, Any] | None = None,
        max_workers: int = 8,
        executor: Any = None,
        watch: Callable[[Event], None] | None = None,
        sha256: str | None = None,
        **more_inputs: Any,
    ) -> Run:
        """As :meth:`resume`, but return at once: ``run.wait()``, ``run.cancel()``, ``run.status``."""
        options = RunOptions(max_workers=max_workers, watch=watch, executor=executor)
        said = Said(_several(accept), _several(rerun), results or {}, sha256)
        with interrupts_kept(raised=True) as interrupts_call:  # as above; whoever wanted a run has none to wait for
            ready = self._starter.again(id_of(run), {**(inputs or {}), **more_inputs}, options, said)
            interrupts_call(ready[0].cancel)
            return _in_background(ready)

    def turn(
        self, workflow: Given, *, waiting: Callable[[AlreadyRunning], object] | None = None
    ) -> AbstractContextManager[None]:
        """Within, no other run of a workflow goes on: none that has begun, and none that asked for its turn too.

        Raises AlreadyRunning when there is one. With ``waiting``, which is told once, its end is waited for instead.
        """
        found = workflow if isinstance(workflow, Workflow) else self._reader.read(workflow).workflow
        return nullcontext() if found is None else turn(self._locks, self.journal, found.name, waiting)


def _in_background(ready: Ready) -> Run:
    run, ended = ready
    run.execute_in_background(ended)
    return run


def _several(given: Collection[str]) -> Collection[str]:
    """``given``, also where it is one name and not in a list."""
    return (given,) if isinstance(given, str) else tuple(given)


def _taping(record: Place | None, replay: Place | None) -> Taping | None:
    if record is None and replay is None:
        return None
    from flowbook.workspace.taping import taping

    return taping(record, replay)
