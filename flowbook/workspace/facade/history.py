"""What a workspace offers of the run history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from flowbook.errors import NotFound, StoreDamaged
from flowbook.internal import internal
from flowbook.models import Workflow
from flowbook.workspace.earlier import LastValues, last_values
from flowbook.workspace.facade.rescuing import RescuingFacade
from flowbook.workspace.history import Moment, filters
from flowbook.workspace.runs_given import GivenRun, id_of

if TYPE_CHECKING:
    from flowbook.events import NodeOutput
    from flowbook.journal import Pruned, RunRecord
    from flowbook.workspace.frames import Runs
    from flowbook.workspace.past import PastRun


class HistoryFacade(RescuingFacade):
    """Runs that were: found, looked at, deleted."""

    def runs(
        self,
        workflow: str | None = None,
        status: str | None = None,
        *,
        since: Moment | None = None,
        until: Moment | None = None,
        limit: int | None = 50,
    ) -> Runs:
        """The run history, the newest first: of one workflow, with one status, started between two moments.

        A moment is "7d" or "12h" (so long ago), a date or a time ("2026-01-31", "2026-01-31T08:00", or an object of
        ``datetime``), or seconds since the epoch; ``until`` a day counts that day. Raises InputError for what is none.
        ``limit`` is how many at the most, None for all. It is a list of RunSummary (``started_at`` in seconds since the
        epoch, ``seconds`` None while it runs), with ``to_frame()`` for a table; empty for a workflow without runs.
        Raises InputError for a status or limit that is none, too.
        """
        from flowbook.workspace.frames import Runs

        found = self.journal.runs(**filters(workflow, status, since, until, limit))
        return Runs(found, self._inputs_of)

    def _inputs_of(self, run: str) -> Mapping[str, Any]:
        try:
            return self.journal.run(run).inputs
        except (StoreDamaged, NotFound):  # what is wrong with one run is in the way of no other
            return {}

    def last(self, workflow: str | Workflow, status: str | None = None) -> PastRun:
        """The newest run of a workflow (with one status) in the history: ``ws.last("sales")["sums"].data``.

        Raises NotFound when it has not run yet, InputError for a status that is none.
        """
        from flowbook.workspace.past import PastRun

        name = workflow.name if isinstance(workflow, Workflow) else workflow
        while found := self.runs(name, status, limit=1):
            with suppress(NotFound):  # another process has deleted it: then the one before it is the last
                record = self.journal.run(found[0].id)
                break
        else:
            raise NotFound(
                f"{status} run of the workflow" if status else "run of the workflow", name, self.workflows_run()
            )
        id = record.summary.id
        return PastRun(record, lambda node: self.journal.output(id, node), lambda node: self.as_cell(id, node))

    def run_record(self, run: GivenRun) -> RunRecord:
        """A run of the history, by its id, the beginning of it or "last", or as a run that something gave.

        It has the ``summary``, the ``inputs``, the ``workflow`` as it ran, and the result of each of the ``nodes``.
        Raises NotFound, InputError for what names no run, and StoreDamaged when its record makes no sense.
        """
        return self.journal.run(id_of(run))

    def run_output(self, run: GivenRun, node: str | None = None) -> list[NodeOutput]:
        """What the nodes of a run of the history (or one of them) printed and displayed, in order.

        Each is a NodeOutput: its ``stream`` is "stdout", "stderr", "display" or "traceback", ``at`` seconds since the
        epoch. The run is named as for :meth:`run_record`. Raises NotFound.
        """
        return self.journal.output(id_of(run), node)

    def delete_runs(self, runs: Iterable[GivenRun]) -> int:
        """Delete runs from the history, named as for :meth:`run_record`; how many.

        Raises NotFound for one that is not there, and InputError when one is still going; none is deleted then.
        """
        return self.journal.delete(list(map(id_of, runs)))

    def prune_runs(
        self,
        keep: int | None = None,
        older_than: Moment | None = None,
        *,
        workflow: str | None = None,
        dry_run: bool = False,
    ) -> Pruned:
        """Delete old runs (of one workflow) from the history; their ids, and how many bytes of the file they took.

        All but the ``keep`` newest go, or those that began before ``older_than`` (a moment as for :meth:`runs`, such as
        "30d"), or both; without either, what the workspace's settings do not keep. Runs that go on or can be resumed
        stay, and the runs inside of another go with that one. ``dry_run`` deletes nothing. The space goes back. Raises
        InputError for what is no number of runs or no moment.
        """
        return self._keeper.prune(keep, older_than, workflow=workflow, dry_run=dry_run)

    @internal
    def workflows_run(self) -> list[str]:
        """The names of the workflows that have runs in the history, also of those that are not stored any more."""
        return self.journal.workflows()

    @internal
    def last_values(self, workflow: Workflow, run: str = "") -> LastValues:
        """What the last runs of a workflow gave, for each of its nodes, and the inputs of the last one; or one ``run``.

        Raises NotFound when there is no such run, and StoreDamaged when its record makes no sense.
        """
        return last_values(self.journal, workflow, run)
