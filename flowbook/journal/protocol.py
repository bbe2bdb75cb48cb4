"""What a workspace needs of a journal, wherever that keeps its runs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from flowbook.errors import InputError, StoreDamaged
from flowbook.events import Event, NodeOutput, NodeRetried
from flowbook.journal.retention import Keep, Pruned
from flowbook.models import Definition, Workflow
from flowbook.records import NamedTuple
from flowbook.results import ItemResults, NodeResult

Records = Callable[[Event], None]
"""A subscriber that records the events of one run.

RunStarted is recorded when it returns, or it raises and there is no such run. So is the start of whatever writes,
before that is called, and its end: after a crash it is known whether it may have taken effect. RunFinished is the last
event, and all is recorded when it returns. In between, events may wait a moment to be written together, in order.
"""


def unhurried() -> bool:
    """There is time."""
    return False


class Redactor(Protocol):
    """Takes secrets out of texts and plain data; false when it knows none."""

    def __call__(self, text: str, /) -> str:
        """The text without secrets."""

    def redact_json(self, value: Any, /) -> Any:
        """The plain data without secrets."""

    def __bool__(self) -> bool: ...


class RunSummary(NamedTuple):
    """One line of the history. ``started_at`` in seconds since the epoch; ``seconds`` is None while it runs.

    A resumed run is at a later ``attempt`` than 1, which began at ``resumed_at``; its status, message and seconds are
    those of that attempt. ``to`` or ``only`` is the node that it was asked for up to, or alone; None for a whole run.
    """

    id: str
    workflow: str
    status: str
    started_at: float
    seconds: float | None
    message: str
    parent: str = ""
    attempt: int = 1
    resumed_at: float | None = None
    to: str | None = None
    only: str | None = None

    @property
    def attempted_at(self) -> float:
        """When its newest attempt began."""
        return self.started_at if self.resumed_at is None else self.resumed_at


class RunRecord(NamedTuple):
    """A run read back: ``nodes`` holds a result for each node that was decided or was running.

    ``items`` are the calls of nodes with ``for_each`` that did not succeed as a whole; ``by_item`` says that they were
    recorded (Flowbook 0.1 did not). ``attempts`` are those that failed before another one. ``withheld`` names the
    inputs whose values are not in ``inputs`` as they were given.
    """

    summary: RunSummary
    definition: dict[str, Any]
    inputs: dict[str, Any]
    node_ids: tuple[str, ...]
    nodes: dict[str, NodeResult]
    attempts: list[NodeRetried]
    withheld: tuple[str, ...] = ()
    items: Mapping[str, ItemResults] = MappingProxyType({})
    by_item: bool = True

    @property
    def workflow(self) -> Workflow:
        """The workflow exactly as it ran. Raises StoreDamaged when what is recorded makes none."""
        try:
            return Workflow.from_document(self.definition)
        except Exception as error:  # noqa: BLE001 - whatever a document that is none does to its reader
            raise damaged(self.summary.id, error) from None


VERSIONS_KEPT = 50
"""Of each workflow: the last so many, and those that have a name."""


class Version(NamedTuple):
    """A definition that a workflow has had; ``saved_at`` in seconds since the epoch, ``name`` if it was given one."""

    workflow: str
    hash: str
    saved_at: float
    name: str = ""


class WorkspaceJournal(Protocol):
    """Runs with all that is known of them, and the definitions that workflows had.

    May be used from any number of threads, and what one process recorded every other one reads at its next call. Runs
    belong to the process that records them: when it is gone without having recorded their end, they are interrupted.
    A run may be named by its id, by the beginning of it when no other begins so, or by "last".

    Every method may raise StoreError when the journal cannot be used, and StoreDamaged when what it holds is not
    readable; nothing is overwritten then.
    """

    # -- recording ---------------------------------------------------------------------------------------------

    def recorder(
        self, workflow: Workflow | Definition, redact: Redactor, hurried: Callable[[], bool] = unhurried
    ) -> Records:
        """A subscriber that records one run of a workflow; its definition is kept once, by content.

        Once ``hurried`` says so it waits for nobody who has the journal locked: what cannot be recorded at once fails.
        """

    def reopen(
        self,
        run: RunSummary,
        redact: Redactor,
        *,
        keep: Collection[str],
        accept: Mapping[str, NodeResult],
        items: Mapping[str, ItemResults],
        hurried: Callable[[], bool] = unhurried,
        given: Mapping[str, NodeResult] = MappingProxyType({}),
    ) -> Records:
        """Begin the next attempt at a run that has ended, in the name of this process; a subscriber that records it.

        What is recorded of the nodes ``keep`` stays as it is; of those ``accept`` it becomes a success without data,
        those ``given`` are recorded as they are, and what is recorded of all others is deleted, but for the calls
        ``items`` of them. ``run`` is what was read of
        it before. Raises InputError when it is not like that any more: of all that resume a run at the same time, one
        does.
        """

    def ended(self, run_id: str) -> None:
        """Say that a run of this process is over, whether or not its end could be recorded."""

    def add_version(self, workflow: Workflow) -> None:
        """Remember the definition that was saved, unless it is the one saved last.

        Of those without a name the last :data:`VERSIONS_KEPT` are kept.
        """

    def name_version(self, version: Version, name: str) -> None:
        """Give a version a name, with "" none. NotFound when it is not there (any more)."""

    def move_versions(self, old: str, new: str) -> None:
        """Have the versions of a workflow be those of another name, as it was renamed."""

    # -- reading -------------------------------------------------------------------------------------------------

    def runs(
        self,
        workflow: str | None = None,
        status: str | None = None,
        *,
        since: float | None = None,
        until: float | None = None,
        limit: int | None = 50,
    ) -> list[RunSummary]:
        """The newest runs first; ``since`` and ``until`` are seconds since the epoch."""

    def workflows(self) -> list[str]:
        """The names of the workflows that have runs, sorted."""

    def find(self, run: str) -> str:
        """The full id of a run. Raises NotFound, and InputError when several begin so."""

    def run(self, run: str) -> RunRecord:
        """A run with all its nodes, else NotFound; StoreDamaged, which names it, when its record makes no sense."""

    def children(self, run: str) -> list[RunSummary]:
        """The runs that nodes of a run made of other workflows, the oldest first; ``run`` is its whole id."""

    def results(self, workflow: str, node: str, limit: int = 10) -> list[tuple[str, NodeResult]]:
        """The newest successes of a node with a ``cache`` that it ran for itself, with the runs they are of."""

    def output(self, run: str, node: str | None = None) -> list[NodeOutput]:
        """What the nodes of a run (or one of them) printed and displayed, in order."""

    def versions(self, workflow: str) -> list[Version]:
        """The definitions a workflow has had, the newest first."""

    def definition(self, hash: str) -> Workflow:
        """The workflow with that definition hash (the beginning of it is enough); NotFound unless it is just one."""

    # -- looking after -------------------------------------------------------------------------------------------

    def find_interrupted(self) -> list[str]:
        """Mark runs whose process is gone as interrupted; their ids."""

    def delete(self, runs: Iterable[str]) -> int:
        """Delete runs; how many. InputError, and none deleted, when one is still going."""

    def prune(
        self, keep: Keep, *, workflow: str | None = None, dry_run: bool = False, in_passing: bool = False
    ) -> Pruned:
        """Delete all runs (of a workflow) but those that ``keep`` keeps; what was deleted.

        Never one that goes on or can be resumed, nor what it needs of the runs inside of it. The space goes back to the
        system. ``in_passing`` nothing is done that takes long: all there is is not rewritten for it, and nobody who has
        the journal locked is waited for (StoreError); and what is kept by its age is so by the last run but one, since
        a clock may be wrong for once. ``dry_run`` deletes nothing.
        """

    def close(self) -> None:
        """Write what waits and let go of all that is held; it may be used again. Else StoreError."""

    def let_go(self) -> None:
        """As :meth:`close`, but while a run of this process goes on only write: it is still recorded, and going on."""


def still_going(run: str) -> InputError:
    """The error for what cannot be done with a run before it is over."""
    return InputError(f"the run {run} is still going.", "Cancel it first, or wait until it is over.")


def damaged(run: str, error: Exception) -> StoreDamaged:
    """The error for a run whose record makes no sense."""
    return StoreDamaged(
        f"the record of the run {run} is damaged: {type(error).__name__}: {error}.",
        f"Other runs are not touched. Delete this one: flowbook runs delete {run}",
    )
